"""The page about errors and warnings: every class has its place there, and its example gives it."""

from __future__ import annotations

import linecache
import re
import warnings
from pathlib import Path

import pytest

from srcdiff import errors
from srcdiff.errors import Refusal, SrcdiffError, SrcdiffWarning

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "errors.md").read_text(encoding="utf-8")
SECTION = re.compile(r'<a id="(sd\d+)"></a>\n## (SD\d+) (\w+)\n(.*?)(?=\n<a id|\Z)', re.DOTALL)
SECTIONS = {code: (anchor, name, text) for anchor, code, name, text in SECTION.findall(PAGE)}
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)


BASES = (SrcdiffError, SrcdiffWarning)


def classes() -> dict[str, type[SrcdiffError] | type[SrcdiffWarning]]:
    found = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, BASES)]
    return {c.code: c for c in found if c not in (*BASES, Refusal)}


def test_every_class_has_its_section() -> None:
    assert {code: c.__name__ for code, c in classes().items()} == {
        code: name for code, (_, name, _) in SECTIONS.items()
    }
    for code, (anchor, _, text) in SECTIONS.items():
        assert anchor == code.lower()
        assert "**Cause.**" in text
        assert "**Remedy.**" in text


def test_codes_are_those_of_one_class_each() -> None:
    found = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, BASES)]
    assert len({c.code for c in found}) == len(found)


@pytest.mark.parametrize("code", [code for code, (_, _, text) in SECTIONS.items() if EXAMPLE.search(text)])
def test_the_example_raises_it(code: str) -> None:
    if code in ("SD110", "SD206", "SD405"):
        pytest.importorskip("numba", reason="the example is one of compiled code")
    (example,) = EXAMPLE.findall(SECTIONS[code][2])
    file = f"<errors.md {code}>"
    linecache.cache[file] = (len(example), None, example.splitlines(keepends=True), file)
    with warnings.catch_warnings():
        warnings.simplefilter("error", SrcdiffWarning)
        with pytest.raises(classes()[code]) as caught:
            exec(compile(example, file, "exec"), {"__name__": "example"})
    assert type(caught.value).code == code
    if isinstance(caught.value, Refusal | SrcdiffWarning):
        assert f"docs: docs/errors.md#{code.lower()}" in str(caught.value)
