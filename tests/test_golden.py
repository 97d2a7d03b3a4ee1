"""The derivatives of `golden/programs`, to the letter: stored text, format, what it computes, and the two targets.

The same of six benchmark kernels as Numba gets them, in `golden/jitted`: arrays for tapes, statements as loops.

After a change that is meant to change the text: `python -m pytest tests/test_golden.py --update-golden`, then read
the difference before it is committed.
"""

from __future__ import annotations

import ast
import difflib
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from generated_text import changed_by_formatting
from golden.programs import GOLDEN, TARGETS, Golden

import srcdiff
from benchmarks.kernels import KERNELS, Kernel
from srcdiff.testing import check_grad

FOLDER = Path(__file__).parent / "golden"

each = pytest.mark.parametrize("golden", GOLDEN, ids=[g.name for g in GOLDEN])

SIX = ("recurrence", "heat_loops", "heat_slices", "n_body", "lstm", "cholesky")
JITTED = [kernel for kernel in KERNELS if kernel.name in SIX]

each_jitted = pytest.mark.parametrize("kernel", JITTED, ids=lambda k: k.name)

# Where srcdiff's text for a target differs from the target: (what srcdiff writes, what the target has).
DIFFERENCES = {
    "huber_walk": [
        # initialisations in another order: the user's own statements first, then what the loop needs
        (
            "    s = 0.0\n    n = len(x)\n    s_tape = np.empty(n)\n",
            "    n = len(x)\n    s_tape = np.empty(n)\n    s = 0.0\n",
        ),
        ("x_bar[i] = r_bar", "x_bar[i] += r_bar"),  # nothing has been there before
    ],
    "relax": [
        ("relax.py:6", "relax.py:4"),  # the stored program has an import, the target has none
        ("    trips = 0\n    u_tape = []\n", "    u_tape = []  # u[j] before each write\n    trips = 0\n"),
    ],
}


def stored(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@each
def test_text(golden: Golden, request: pytest.FixtureRequest) -> None:
    text = golden.text()
    if request.config.getoption("--update-golden"):
        (FOLDER / f"{golden.name}.txt").write_text(text, encoding="utf-8")
    assert text == stored(golden.name)


def test_every_stored_text_has_its_program() -> None:
    assert {p.stem for p in FOLDER.glob("*.txt")} == {g.name for g in GOLDEN}
    assert len(GOLDEN) >= 16
    assert {"grad", "value_and_grad", "vjp", "second"} == {g.form for g in GOLDEN}


def test_ruff_format_leaves_it_alone(tmp_path: Path) -> None:
    texts = {name: stored(name) for name in [*(g.name for g in GOLDEN), *(f"jitted/{name}" for name in SIX)]}
    (tmp_path / "jitted").mkdir()
    differences = {
        name: "".join(difflib.unified_diff(texts[name].splitlines(True), wanted.splitlines(True), "srcdiff", "ruff"))
        for name, wanted in changed_by_formatting(texts, tmp_path).items()
    }
    assert not differences, "\n".join(differences.values())


@each
def test_it_is_a_module_that_computes_the_derivative(golden: Golden) -> None:
    """The stored text alone, as a reader would paste it into a file, gives what the derivative object gives."""
    text = stored(golden.name)
    last = ast.parse(text).body[-1]
    assert isinstance(last, ast.FunctionDef)
    assert last.name.startswith(golden.name)
    space: dict[str, Any] = {}
    exec(compile(text, f"{golden.name}.txt", "exec"), space)
    for point in range(len(golden.points)):
        if golden.form == "vjp":
            value, pullback = srcdiff.vjp(golden.function, *golden.at(point))
            seeds = [np.full_like(v, 0.5) if np.ndim(v) else 0.5 for v in as_tuple(value)]
            adjoints = pullback(tuple(seeds) if isinstance(value, tuple) else seeds[0])
            got = as_tuple(space[last.name](*golden.at(point), *seeds))[1:]
            names = list(inspect.signature(golden.function).parameters)
            wanted = [names[w] if isinstance(w, int) else w for w in as_tuple(golden.wrt)]
            expected = [adjoints[names.index(w)] for w in wanted]
        else:
            got = flat(space[last.name](*golden.at(point)))
            expected = flat(golden.derivative()(*golden.at(point)))
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


@each
def test_gradient(golden: Golden) -> None:
    order = 2 if golden.form == "second" else 1
    for point in range(len(golden.points)):
        check_grad(golden.function, golden.at(point), wrt=golden.wrt, order=order, rtol=golden.rtol)


@pytest.mark.parametrize("name", TARGETS)
def test_target(name: str) -> None:
    """srcdiff's text is the target's, but for the differences listed above, each of which has to occur."""
    text = stored(name)
    text = text[text.index("def ") :]
    for ours, theirs in DIFFERENCES[name]:
        assert text.count(ours) == 1
        text = text.replace(ours, theirs)
    assert text == (FOLDER / "targets" / f"{name}.txt").read_text(encoding="utf-8")


# ----------------------------------------------------------------------------------------------------- for Numba


def compiled_text(kernel: Kernel) -> str:
    return srcdiff.source(srcdiff.value_and_grad(kernel.f, wrt=kernel.wrt, jit=True), *kernel.arguments("tiny"))


@each_jitted
def test_text_for_numba(kernel: Kernel, request: pytest.FixtureRequest) -> None:
    text = compiled_text(kernel)
    if request.config.getoption("--update-golden"):
        (FOLDER / "jitted" / f"{kernel.name}.txt").write_text(text, encoding="utf-8")
    assert text == stored(f"jitted/{kernel.name}")


def test_every_stored_text_for_numba_has_its_kernel() -> None:
    assert {path.stem for path in (FOLDER / "jitted").glob("*.txt")} == set(SIX) == {k.name for k in JITTED}


@each_jitted
def test_the_text_for_numba_computes_the_derivative_in_plain_python(kernel: Kernel) -> None:
    space: dict[str, Any] = {}
    exec(compile(stored(f"jitted/{kernel.name}"), f"{kernel.name}.txt", "exec"), space)
    got = space[f"{kernel.name}_value_and_grad"](*kernel.arguments("tiny"))
    expected = srcdiff.value_and_grad(kernel.f, wrt=kernel.wrt)(*kernel.arguments("tiny"))
    for a, b in zip(flat(got), flat(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def flat(value: Any) -> list[Any]:
    return [leaf for part in value for leaf in flat(part)] if isinstance(value, tuple) else [value]
