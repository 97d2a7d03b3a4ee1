"""The examples run, and print what docs/tape.md shows; the docstrings of the tape do, too."""

import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from srcdiff import from_source, optim, tape

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "tape.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"```python\n(?P<code>[^`]*?)```\n\n<!-- output: (?P<name>\w+) -->\n```text\n(?P<output>.*?)\n```", re.DOTALL
)
SHOWN = {m["name"]: m for m in BLOCK.finditer(TEXT)}
SCRIPTS = sorted(p.stem for p in (ROOT / "examples" / "tape").glob("*.py"))


def run(name, *args):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(ROOT / "examples" / "tape" / f"{name}.py"), *args]
    found = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    assert found.returncode == 0, found.stderr
    return found.stdout.rstrip()


def test_all_examples_are_shown():
    assert sorted(SHOWN) == SCRIPTS
    assert len(SCRIPTS) == 9


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_code_shown_is_that_of_the_script(name):
    script = (ROOT / "examples" / "tape" / f"{name}.py").read_text(encoding="utf-8")
    assert script.split('"""', 2)[2].strip() == SHOWN[name]["code"].strip()


@pytest.mark.parametrize("name", [n for n in SCRIPTS if n not in ("sine", "digits")])
def test_it_prints_what_is_shown(name):
    assert run(name) == SHOWN[name]["output"]


def test_the_plot(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot is matplotlib's")
    assert "0.0e+00" in run("sine")
    file = tmp_path / "sine.png"
    assert run("sine", str(file)).startswith("largest difference from the cosine")
    assert file.stat().st_size > 5000


def test_digits():
    pytest.importorskip("sklearn", reason="the images are scikit-learn's")
    printed = run("digits").splitlines()
    assert printed[-1] == "over 95 %: True"
    assert SHOWN["digits"]["output"].splitlines()[-1] == "over 95 %: True"


MODULES = [f"srcdiff.tape.{m.name}" for m in pkgutil.iter_modules(tape.__path__) if m.name != "kernels_numba"]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_docstrings_of_the_modules_above():
    for module in (tape, optim, from_source):
        assert doctest.testmod(sys.modules[getattr(module, "__module__", module.__name__)]).failed == 0


def test_every_operation_has_a_docstring():
    silent = [n for n in tape.__all__ if callable(f := getattr(tape, n)) and not f.__doc__]
    assert silent == []


def test_the_benchmark_runs():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = (
        "import sys; sys.path.insert(0, 'benchmarks'); import tape as b; b.SIZES = {0: 20, 10: 20}; "
        "sys.argv = ['tape.py', '--rounds', '1', '--markdown']; b.main()"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, check=False
    )
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) == 4
