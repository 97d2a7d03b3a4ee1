"""What srcdiff warns of when it writes a derivative, and what it does not."""

from __future__ import annotations

import itertools
import linecache
import math
import pickle
import textwrap
import warnings
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import (
    AtKink,
    CompilationFailed,
    OnlyThroughComparisons,
    RunsInPython,
    SrcdiffWarning,
    TurnedIntoInteger,
    ZeroGradient,
)

_numbers = itertools.count()


def program(text: str, **names: Any) -> Any:
    """The function `f` of a text that is registered in linecache."""
    text = textwrap.dedent(text).strip("\n") + "\n"
    file = f"<warned {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space = {"np": np, "math": math, "srcdiff": srcdiff, "T": np.arange(10.0), **names}
    exec(compile(text, file, "exec"), space)
    return space["f"]


def given(call: Any) -> list[SrcdiffWarning]:
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        call()
    return [w.message for w in record if isinstance(w.message, SrcdiffWarning)]


def vector() -> Any:
    return np.array([0.5, 1.5, 2.5])


# (program, arguments, class, what, the text under the caret)
WARNED: dict[str, tuple[str, tuple[Any, ...], type[SrcdiffWarning], str, str]] = {
    "int as an index": (
        "def f(x):\n    return T[int(x)] * x",
        (1.5,),
        TurnedIntoInteger,
        "`int` turns a value that is differentiated into a whole number",
        "int(x)",
    ),
    "int of what floor made": (
        "def f(x):\n    k = np.floor(x / 2.0)\n    return T[int(k)] * x",
        (1.5,),
        TurnedIntoInteger,
        "`int` turns a value that is differentiated into a whole number",
        "int(k)",
    ),
    "int as a count": (
        "def f(x):\n    s = 0.0\n    for i in range(int(x / 0.1)):\n        s += x\n    return s",
        (1.5,),
        TurnedIntoInteger,
        "`int` turns a value that is differentiated into a whole number",
        "int(x / 0.1)",
    ),
    "round in arithmetic": (
        "def f(x):\n    return x * round(x)",
        (1.6,),
        TurnedIntoInteger,
        "`round` turns a value that is differentiated into a whole number",
        "round(x)",
    ),
    "astype": (
        "def f(x):\n    k = x.astype(int)\n    return np.sum(T[k] * x)",
        (vector(),),
        TurnedIntoInteger,
        "`astype` turns a value that is differentiated into a whole number",
        "x.astype(int)",
    ),
    "a write into an array of whole numbers": (
        "def f(x):\n    z = np.zeros(3, dtype=int)\n    z[0] = x\n    return z[0] * x",
        (1.5,),
        TurnedIntoInteger,
        "a write into an array of whole numbers turns a value that is differentiated into a whole number",
        "z[0]",
    ),
    "a comparison as an index": (
        "def f(x):\n    return (1.0, 2.0)[x > 0.0] * x",
        (1.5,),
        TurnedIntoInteger,
        "a truth value that depends on what is differentiated picks elements of something that does not",
        "(1.0, 2.0)[x > 0.0]",
    ),
    "a comparison made a number": (
        "def f(x):\n    return T[int(x > 0.0)] * x",
        (1.5,),
        TurnedIntoInteger,
        "a truth value that depends on what is differentiated picks elements of something that does not",
        "T[int(x > 0.0)]",
    ),
    "a mask of something else": (
        "def f(x, w):\n    m = x > 1.0\n    return np.sum(w[m]) + np.sum(x)",
        (vector(), vector()),
        TurnedIntoInteger,
        "a truth value that depends on what is differentiated picks elements of something that does not",
        "w[m]",
    ),
    "only a mean of comparisons": (
        "def f(x):\n    return np.mean(x > 0.5)",
        (vector(),),
        OnlyThroughComparisons,
        "the result of `f` depends on `x` only through comparisons and whole numbers",
        "x > 0.5",
    ),
    "only a branch": (
        "def f(x, y):\n    if x > 0.0:\n        return 2.0 * y\n    return y",
        (1.0, 2.0),
        OnlyThroughComparisons,
        "the result of `f` depends on `x` only through comparisons and whole numbers",
        "x > 0.0",
    ),
    "only the place where a loop ends": (
        "def f(tol, x):\n    while True:\n        x = 0.5 * x\n        if x < tol:\n            break\n    return x",
        (0.1, 2.0),
        OnlyThroughComparisons,
        "the result of `f` depends on `tol` only through comparisons and whole numbers",
        "x < tol",
    ),
    "only floor": (
        "def f(x):\n    return np.floor(x) * 2.0",
        (1.5,),
        OnlyThroughComparisons,
        "the result of `f` depends on `x` only through comparisons and whole numbers",
        "np.floor(x)",
    ),
    "an argument that is not read": (
        "def f(x, y):\n    return y * y",
        (1.0, 2.0),
        ZeroGradient,
        "the result of `f` does not depend on `x`",
        "x",
    ),
    "an argument of which only the length is read": (
        "def f(\n    y,\n    fx=1.0,\n):\n    return len(y) * fx",
        (vector(),),
        ZeroGradient,
        "the result of `f` does not depend on `y`",
        "y",
    ),
    "a structure that is not read": (
        "def f(p, y):\n    return y * y",
        ({"a": 1.0, "b": vector()}, 2.0),
        ZeroGradient,
        "the result of `f` does not depend on `p`",
        "p",
    ),
}


@pytest.mark.parametrize("case", WARNED)
def test_warned(case: str) -> None:
    text, args, kind, what, caret = WARNED[case]
    f = program(text)
    (found,) = [w for w in given(lambda: srcdiff.grad(f)(*args)) if type(w) is kind]
    problem = found.problem
    assert problem.error is kind
    assert problem.what == what
    assert problem.source_line is not None
    assert problem.source_line[problem.column : problem.end_column] == caret
    assert f"docs: docs/errors.md#{kind.code.lower()}" in str(found)
    assert str(found).startswith(f"\n{kind.__name__} [{kind.code}]: {what}")
    again = pickle.loads(pickle.dumps(found))
    assert (type(again), again.problem) == (kind, problem)


def test_the_whole_text() -> None:
    f = program("def f(x):\n    return T[int(x)] * x")
    (found,) = given(lambda: srcdiff.grad(f)(1.5))
    file = f.__code__.co_filename
    assert str(found) == (
        f"\nTurnedIntoInteger [SD401]: `int` turns a value that is differentiated into a whole number\n"
        f'  File "{file}", line 2\n'
        f"    return T[int(x)] * x\n"
        f"             ^^^^^^\n"
        f"  why: whole numbers, truth values and the like are constant almost everywhere, so their derivative is zero\n"
        f"  fix: interpolate between the neighbours, or say that it is meant: pass it through srcdiff.stop_gradient\n"
        f"  docs: docs/errors.md#sd401"
    )


ORDINARY = {
    "a branch": ("def f(x):\n    return x * x if x > 0.0 else -x", (1.0,)),
    "interpolation": (
        "def f(x):\n    i = int(x / 0.1)\n    u = x / 0.1 - i\n    return T[i] * (1.0 - u) + T[i + 1] * u",
        (0.25,),
    ),
    "interpolation in one line": ("def f(x):\n    return T[int(x)] + (x - int(x)) * T[int(x) + 1]", (1.5,)),
    "interpolation with searchsorted": (
        "def f(x):\n    i = np.searchsorted(T, x) - 1\n    return T[i] + (x - T[i]) * 2.0",
        (1.5,),
    ),
    "elements picked from what is differentiated": ("def f(x):\n    return np.sum(x[x > 1.0] ** 2)", (vector(),)),
    "weights picked with them": (
        "def f(x, w):\n    m = x > 1.0\n    return np.sum(w[m] * x[m])",
        (vector(), vector()),
    ),
    "the largest element": ("def f(x):\n    return x[np.argmax(x)]", (vector(),)),
    "meant as a constant": ("def f(x):\n    return T[int(srcdiff.stop_gradient(x))] * x", (1.5,)),
    "all of it meant as a constant": ("def f(x):\n    return srcdiff.stop_gradient(x) * 2.0", (1.5,)),
    "printed only": ("def f(x):\n    print(int(x))\n    return x * x", (1.5,)),
    "a count": ("def f(x, n):\n    for i in range(int(n)):\n        x = x * x\n    return x", (1.5, 3.0)),
    "an array as long as another": ("def f(x):\n    return np.sum(np.ones(len(x)) * x)", (vector(),)),
}


@pytest.mark.parametrize("case", ORDINARY)
def test_ordinary_programs_are_left_alone(case: str) -> None:
    text, args = ORDINARY[case]
    assert given(lambda: srcdiff.grad(program(text))(*args)) == []


def test_once_for_each_place_and_never_at_a_later_call() -> None:
    f = program("def f(x, y):\n    return y * y")
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("default")
        for derivative in (srcdiff.grad(f), srcdiff.value_and_grad(f), srcdiff.grad(f)):
            derivative(1.0, 2.0)
            derivative(np.float32(1.0), 2.0)
        with warnings.catch_warnings():  # (which makes the module `warnings` forget what it has shown)
            pass
        srcdiff.grad(f)(1.0, 2.0)
    assert [w.category for w in record] == [ZeroGradient]
    derivative = srcdiff.grad(f)
    assert len(given(lambda: derivative(1.0, 2.0))) == 1
    assert given(lambda: derivative(1.0, 2.0)) == []


def test_as_an_error_it_comes_every_time() -> None:
    derivative = srcdiff.grad(program("def f(x, y):\n    return y * y"))
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("error", SrcdiffWarning)
            with pytest.raises(ZeroGradient):
                derivative(1.0, 2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SrcdiffWarning)
        assert derivative(1.0, 2.0) == 0.0


def test_the_place_may_be_in_a_callee() -> None:
    helper = program("# a\n# file\ndef f(v):\n    k = int(v)\n    return T[k] * v")
    f = program("def f(x):\n    return helper(x) + x", helper=helper)
    (found,) = given(lambda: srcdiff.grad(f)(1.5))
    assert (found.problem.file, found.problem.line) == (helper.__code__.co_filename, 4)
    assert "int(v)" in str(found)


def test_other_modes() -> None:
    f = program("def f(x, y):\n    return T[int(x)] * x * np.ones(2)")
    x = 1.5
    kinds = lambda call: sorted({type(w).__name__ for w in given(call)})
    assert kinds(lambda: srcdiff.jvp(f, (x, 2.0), (1.0, 1.0))) == ["TurnedIntoInteger", "ZeroGradient"]
    assert kinds(lambda: srcdiff.jacobian(f, wrt=(0, 1))(x, 2.0)) == ["TurnedIntoInteger", "ZeroGradient"]
    # nobody has asked vjp for these arguments: it takes all
    assert kinds(lambda: srcdiff.vjp(f, x, 2.0)) == ["TurnedIntoInteger"]


def test_second_derivatives_are_zero_often_enough() -> None:
    f = program("def f(x):\n    return np.sum(3.0 * x)")
    assert given(lambda: srcdiff.hessian(f)(vector())) == []
    assert given(lambda: srcdiff.hvp(f)(vector(), vector())) == []
    assert given(lambda: srcdiff.grad(srcdiff.grad(program("def f(x):\n    return 2.0 * x")))(1.0)) == []


def test_the_source_can_be_looked_at_without_a_warning() -> None:
    f = program("def f(x, y):\n    return y * y")
    assert given(lambda: srcdiff.source(srcdiff.grad(f))) == []


@pytest.mark.jit
def test_a_compiled_function_within_a_plain_derivative() -> None:
    numba = pytest.importorskip("numba")
    square = numba.njit(program("def f(x):\n    return x * x"))
    f = program("def f(x):\n    return 3.0 * square(x)", square=square)
    (found,) = given(lambda: srcdiff.grad(f)(2.0))
    assert type(found) is RunsInPython
    assert found.problem.what == "`square`, which Numba compiles, runs in plain Python as a part of this derivative"
    assert found.problem.source_line[found.problem.column : found.problem.end_column] == "square(x)"
    assert given(lambda: srcdiff.grad(f, jit=True)(2.0)) == []


@pytest.mark.jit
def test_a_compiled_function_whose_derivative_numba_cannot_compile() -> None:
    numba = pytest.importorskip("numba")
    text = "def f(x):\n    return np.sum(np.vander(x, 3))"
    f, x = program(text), vector()
    g = numba.njit(f)
    derivative = srcdiff.grad(g)
    (found,) = given(lambda: np.testing.assert_allclose(derivative(x), 2.0 * x + 1.0))
    assert type(found) is RunsInPython
    assert found.problem.what == "the derivative of `f`, which Numba compiles, runs in plain Python"
    assert found.problem.why.startswith("Numba cannot compile it: ")
    assert given(lambda: np.testing.assert_allclose(derivative(x), 2.0 * x + 1.0)) == []
    (pulled,) = given(lambda: np.testing.assert_allclose(srcdiff.vjp(g, x)[1](1.0)[0], 2.0 * x + 1.0))
    assert type(pulled) is RunsInPython
    with pytest.raises(CompilationFailed):
        srcdiff.grad(g, jit=True)(x)  # who asks for it is told


# ------------------------------------------------------------------------------------------------------------ kinks


def kinks(f: Any, *args: Any, derivative: Any = srcdiff.grad) -> list[tuple[int, str]]:
    """The lines that are at a corner, with what is said of them."""
    df = derivative(f)

    def call() -> None:
        with srcdiff.debug_kinks():
            df(*args)

    found = given(call)
    assert all(type(w) is AtKink for w in found)
    return sorted((w.problem.line, w.problem.why.partition("(")[2][:-1]) for w in found)


KINKS = {
    "abs": ("abs(x[0] - 0.5)", "is taken at zero"),
    "np.maximum": ("np.maximum(x[0], 0.5)", "tie"),
    "max": ("max(x[0], 0.5)", "tie"),
    "clip": ("np.sum(np.clip(x, 0.0, 1.5))", "bound"),
    "a largest element": ("np.max(x * np.array([5.0, 1.0, 1.0]))", "tie"),
    "a smallest element": ("(x * np.array([1.0, 1.0, 0.2])).min()", "tie"),
    "a norm": ("np.linalg.norm(x - np.array([0.5, 1.5, 2.5]))", "zero"),
    "where": ("np.sum(np.where(x > 1.5, x, 0.0))", "equal"),
}


@pytest.mark.parametrize("case", KINKS)
@pytest.mark.parametrize("derivative", [srcdiff.grad, srcdiff.value_and_grad])
def test_at_a_kink(case: str, derivative: Any) -> None:
    expression, word = KINKS[case]
    f = program(f"def f(x):\n    y = {expression}\n    return y * x[1]")
    found = kinks(f, vector(), derivative=derivative)
    assert [line for line, _ in found] == [2]
    assert word in found[0][1]
    assert kinks(f, vector() + np.array([0.01, 0.02, 0.04]), derivative=derivative) == []


def test_a_branch_at_its_edge_and_in_a_loop_once() -> None:
    f = program("def f(x):\n    s = 0.0\n    for v in x:\n        if v > 1.0:\n            s += v\n    return s")
    (found,) = kinks(f, np.array([1.0, 1.0, 2.0]))
    assert found[0] == 4
    assert found[1].endswith("compares equal numbers")


def test_whole_numbers_have_no_kinks_and_draws_are_not_repeated() -> None:
    f = program(
        """
        def f(x, n, rng):
            for i in range(n):
                if i > 1:
                    x = x * abs(rng.normal())
            return x
        """
    )
    assert kinks(f, 1.5, 4, np.random.default_rng(0)) == []
    expected = srcdiff.grad(f)(1.5, 4, np.random.default_rng(0))
    with srcdiff.debug_kinks():
        assert srcdiff.grad(f)(1.5, 4, np.random.default_rng(0)) == expected


def test_both_kinds_of_watching_at_once() -> None:
    f = program("def f(x):\n    y = abs(x)\n    return np.sqrt(y)")

    def infinite() -> None:
        with np.errstate(all="ignore"), srcdiff.debug_kinks(), srcdiff.debug_nans():
            srcdiff.value_and_grad(f)(0.0)

    def raised() -> None:
        with pytest.raises(srcdiff.errors.NonFinite):
            infinite()

    assert [type(w) for w in given(raised)] == [AtKink]
    g = program("def f(x):\n    y = abs(x)\n    return y * y")

    def both() -> None:
        with srcdiff.debug_kinks(), srcdiff.debug_nans():
            srcdiff.value_and_grad(g)(0.0)

    assert [type(w) for w in given(both)] == [AtKink]
