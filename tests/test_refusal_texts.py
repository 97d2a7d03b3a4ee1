"""Every refusal of the package, word for word; and that there is none without a case in `refusals`.

After a change that is meant to change the words: `python -m pytest tests/test_refusal_texts.py --update-golden`, then
read the difference before it is committed.
"""

from __future__ import annotations

import linecache
import re
import sys
import warnings
from dataclasses import dataclass, field

import pytest
from refusals import CASES, FILES, WITHOUT_NUMBA, Refused, read
from refusals.sites import Reached, sites

import srcdiff
from srcdiff.errors import BackendUnavailable, Problem, Refusal, SrcdiffError
from srcdiff.frontend.refusals import TABLE

# Refusals that need another process, another Python or another state of the machine: (file, words) -> the test; and
# the last resorts of a stage against what an earlier one lets through.
OTHERWISE = {
    ("frontend/source.py", ""): "test_sources.py: files and prompts, word for word",
    ("compiled.py", "BackendUnavailable"): "test_without_numba",
    ("normalise/calls.py", "calls that are more than"): "a hundred functions that each call the next one",
    ("jitted.py", "SharedMemory(message)"): "compiled.txt has it: raised by compiled code, where nobody watches",
    ("derive/tangents.py", "an expression of this form"): "a last resort, as in push.py, which has a case",
    ("derivative.py", "a defect of srcdiff"): "it would be an endless loop",
    ("sparse/jacobian.py", "a defect of srcdiff"): "it would be an endless loop",
    ("profiling/report.py", "a plot needs matplotlib"): "test_profile.py::test_a_picture_without_matplotlib",
    ("sparse/plan.py", "a sparse matrix needs SciPy"): "test_sparse.py::test_without_scipy",
    ("turns.py", "ParallelUnavailable"): "test_parallel.py::test_forked_processes",
    ("compiled.py", "arrays of different lengths meet"): "test_parallel.py::test_arrays_that_broadcasting_repeats...",
    ("compiled.py", "TripFailed"): "test_parallel.py::test_an_exception_in_a_trip_is_not_lost",
    ("runtime_parallel.py", "TripFailed"): "the same: raised by compiled code",
    ("rules/calls.py", "arithmetic on tuples and lists"): "test_typing.py::test_refusals; programs are refused before",
    ("rules/shape_types.py", "its rule is for matrices"): "rewritten before it is typed, from programs",
    ("rules/shape_types.py", "its rule is for arrays that are written out"): "rewritten before it is typed, likewise",
}
# Refusals that no case reaches yet: words of the site.
STILL_WITHOUT = {("sweeps.py", "UnsupportedCall([repeats.problem])")}
# Entries of the frontend's table that need a later Python, or a program of thousands of terms (test_frontend.py).
OTHER_ENTRIES = {"TemplateStr", "unknown", "depth"}


@dataclass
class Run:
    """What every case raises, the text of it, and where it is made."""

    reached: Reached = field(default_factory=Reached)
    errors: dict[str, SrcdiffError] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> Run:
    found = Run()
    with found.reached.watching(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in CASES:
            found.errors[case.name] = error = case.error()
            text = str(error).partition(" Numba says:")[0]  # (what it says is another matter)
            found.texts[case.name] = text[1:] if isinstance(error, Refusal) else f"{type(error).__name__}: {text}"
    if request.config.getoption("--update-golden"):
        for file in FILES:
            written = [case.written(found.texts[case.name].rstrip("\n") + "\n") for case in read(file)]
            file.write_text("\n".join(written).rstrip("\n") + "\n", encoding="utf-8")
    return found


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_text(case: Refused, run: Run, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        return
    assert run.texts[case.name].rstrip() == case.text


def test_names_are_those_of_one_case() -> None:
    names = [case.name for case in CASES]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_it_is_complete(case: Refused, run: Run) -> None:
    """Place, reason and remedy; and the caret is under text of the line."""
    error = run.errors[case.name]
    for problem in error.problems if isinstance(error, Refusal) else ():
        check_problem(problem)


def check_problem(problem: Problem) -> None:
    assert problem.why
    assert problem.fix
    if problem.source_line is None:  # what is refused has no source
        return
    assert problem.file is not None
    assert problem.line is not None
    assert linecache.getline(problem.file, problem.line).rstrip("\n") == problem.source_line.rstrip("\n")
    marked = problem.source_line[problem.column : problem.end_column]
    assert marked.strip() == marked
    assert marked


@pytest.mark.skipif(WITHOUT_NUMBA, reason="some refusals are those of compiled code")
def test_every_refusal_has_a_case(run: Run) -> None:
    every = "\n".join(run.texts.values())
    left, still = [], set()
    for site in sites():
        file, line, _, words = site
        if run.reached.holds(site) or (words.startswith("refused(") and said(words) in every):
            continue
        without = {(own, part) for own, part in STILL_WITHOUT if file == own and part in words}
        still |= without
        if not without and not any(file == own and part in words for own, part in OTHERWISE):
            left.append(f"{file}:{line}: {' '.join(words.split())}")
    assert left == []
    assert still == STILL_WITHOUT


def said(words: str) -> str:
    """The first text of a call."""
    found = re.search(r'"((?:[^"\\]|\\.)*)"', words)
    assert found is not None
    return found[1]


def test_every_entry_of_the_frontend_has_a_case(run: Run) -> None:
    assert set(TABLE) - run.reached.entries == OTHER_ENTRIES


def test_without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(BackendUnavailable) as caught:
        srcdiff.grad(lambda x: x * x, jit=True)(2.0)
    assert str(caught.value) == (
        "jit=True needs Numba: pip install 'srcdiff[numba]' (import of numba halted; None in sys.modules)"
    )
