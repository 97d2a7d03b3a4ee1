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
    ("jitted.py", "SharedMemory(message)"): "compiled.txt has it: raised by compiled code, where nobody watches",
    ("derive/tangents.py", "an expression of this form"): "a last resort, as in push.py, which has a case",
    ("rules/calls.py", "arithmetic on tuples and lists"): "test_typing.py::test_refusals; programs are refused before",
    ("rules/shape_types.py", "its rule is for matrices"): "rewritten before it is typed, from programs",
    ("rules/shape_types.py", "its rule is for arrays that are written out"): "rewritten before it is typed, likewise",
}
# Refusals of lists that grow, and of a few other things, that no case reaches yet: words of the site.
STILL_WITHOUT = {
    ("build.py", "Problem(UnsupportedCall, what, why, fix)"),
    ("derivative.py", "is never done with finding out types"),
    ("derivative.py", "which {self.function.__name__} calls, runs on srcdiff.tape"),
    ("normalise/checkpoints.py", "`checkpoint` of a value that is computed"),
    ("normalise/checkpoints.py", "`checkpointed` outside of the head of a loop"),
    ("normalise/checkpoints.py", "`checkpoint` of other than one function"),
    ("normalise/dynamics.py", "which runs on the tape, {part.unfit}"),
    ("normalise/dynamics.py", "in a place where it may be repeated"),
    ("normalise/dynamics.py", "as an argument of a function that runs on the tape"),
    ("normalise/loops.py", "`checkpointed` in another form"),
    ("normalise/outline.py", "binds on some of its paths only"),
    ("normalise/outline.py", "it has to be kept and brought back"),
    ("normalise/outline.py", "what has an effect is to run exactly once"),
    ("normalise/policy.py", "name the parameters"),
    ("normalise/policy.py", "_refused(function, reason)"),
    ("normalise/trips.py", "written in place and bound to another array"),
    ("opaque/graph.py", "catches the error"),
    ("opaque/graph.py", "uses a tensor that is none of its arguments"),
    ("opaque/marks.py", "put @srcdiff.dynamic above a function"),
    ("opaque/problems.py", "Problem(error, what, why, fix, file=place[0]"),
    ("opaque/problems.py", "Problem(error, what, why, fix)"),
    ("ready.py", "fallback is 'tape' or None"),
    ("runtime_schedules.py", "srcdiff.checkpoint takes a function"),
    ("runtime_schedules.py", "`snapshots` is the number of states to keep"),
    ("analysis/aliases.py", "which item of the list changes with it is known only when the program runs"),
    ("normalise/assignments.py", "an update by a call that gives the name of the array to another one"),
    ("normalise/assignments.py", "a write to an element of a list"),
    ("normalise/changes.py", "a view of a dict that is changed in place, under a name"),
    ("normalise/closures.py", "a comprehension whose number of elements is not known"),
    ("normalise/closures.py", "its calls are written out one by one"),
    ("normalise/folds.py", "its elements are tuples, whose number only the run knows"),
    ("normalise/gathering.py", "a list of lists as an array"),
    ("normalise/generators.py", "it gives its elements once"),
    ("normalise/generators.py", "they are made when the loop comes to them"),
    ("normalise/items.py", "a list that takes the place of a list in a list"),
    (
        "normalise/items.py",
        "the array changes under all its names, and which array it is is known only when the program runs",
    ),
    ("normalise/lists.py", "a list from outside of the function, in a list whose length is not known"),
    ("normalise/lists.py", "a list repeated in place a number of times that the run decides"),
    ("normalise/lists.py", "a list that is taken out of a list"),
    ("normalise/order.py", "how often the loop runs is decided when it begins"),
    ("normalise/orders.py", "items are put in order by numbers"),
    ("normalise/places.py", "a list of lists whose items change places"),
    ("normalise/places.py", "only numbers are compared with the items of a list whose length is not known"),
    ("normalise/pools.py", "a list that takes the place of a list in an object that lists hold"),
    ("normalise/pools.py", "such lists hold structures of one form"),
    ("normalise/pools.py", "who else has it is not followed"),
    ("normalise/sequences.py", "Python itself refuses this"),
    (
        "normalise/sequences.py",
        "np.array and np.stack are followed, and np.concatenate, hstack, vstack and column_stack of vectors",
    ),
    ("normalise/sequences.py", "there is no derivative rule for it"),
}
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
