"""What srcdiff refuses after reading a function, and what it says: class, code, place, caret, reason and remedy.

The refusals of the frontend alone (syntax, names, writes to what is captured) are in test_frontend.py. Here are those
that need the types of the arguments, those of calls, and the errors of the public functions.
"""

from __future__ import annotations

import functools
import itertools
import linecache
import math
import pickle
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import errors
from srcdiff.errors import (
    AmbiguousAlias,
    BadArgument,
    BadIndex,
    BadOutput,
    NotDifferentiable,
    Problem,
    Refusal,
    SharedMemory,
    SourceUnavailable,
    UnresolvedName,
    UnsupportedCall,
    UnsupportedMutation,
    UnsupportedSyntax,
    UnsupportedType,
)

_numbers = itertools.count()


class Marked(np.ndarray):
    """A subclass of arrays, as masked arrays and matrices are."""


class Settings:
    """An object of the user's own."""

    rate = 2.0


def program(text: str, name: str = "f", **names: Any) -> Any:
    """The function `name` of a text that is registered in linecache."""
    text = textwrap.dedent(text).strip("\n") + "\n"
    file = f"<refused {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space = {
        "np": np,
        "math": math,
        "srcdiff": srcdiff,
        "__name__": "programs",
        "MARKED": np.ones(3).view(Marked),
        "SETTINGS": Settings(),
        "TABLE": np.ones(3),
        "POWER": functools.partial(math.pow, 2.0),
        **names,
    }
    exec(compile(text, file, "exec"), space)
    return space[name]


def vector() -> Any:
    return np.array([1.0, 2.0, 3.0])


def matrix() -> Any:
    return np.arange(1.0, 7.0).reshape(2, 3)


def refused(function: Callable[..., Any], *args: Any) -> Refusal:
    """The refusal of the gradient by all arguments that hold floats."""
    wrt = tuple(i for i, a in enumerate(args) if np.asarray(a).dtype.kind == "f")
    with pytest.raises(Refusal) as caught:
        srcdiff.grad(function, wrt=wrt)(*args)
    return caught.value


def check_report(problem: Problem, report: str) -> None:
    """The problem is complete, and the report has the caret under the right text of the right line."""
    assert problem.file is not None
    assert problem.line is not None
    assert problem.column is not None
    assert problem.end_column is not None
    assert problem.source_line is not None
    assert problem.why
    assert problem.fix
    assert linecache.getline(problem.file, problem.line).rstrip("\n") == problem.source_line.rstrip("\n")
    rows = report.splitlines()
    place = next(i for i, row in enumerate(rows) if row.endswith(f"line {problem.line}") and problem.file in row)
    shown, carets = rows[place + 1], rows[place + 2]
    assert shown.strip() == problem.source_line.strip()
    start = carets.index("^")
    assert set(carets.strip()) == {"^"}
    first_line = problem.source_line[problem.column : problem.end_column]
    assert shown[start : start + carets.count("^")] == first_line
    assert f"why: {problem.why}" in report
    assert f"fix: {problem.fix}" in report


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    y = x[:, 1:].reshape(-1)\n    y[0] = 2.0\n    return np.sum(x * y[0])",
        "def f(x):\n    y = np.ravel(x.T)\n    y[0] *= 2.0\n    return np.sum(x * x)",
        "def f(x):\n    y = np.transpose(x).reshape(-1)\n    x[0, 0] = 1.0\n    return np.sum(y)",
    ],
)
def test_view_or_copy(text: str) -> None:
    refusal = refused(program(text), matrix())
    (problem,) = refusal.problems
    assert type(refusal) is AmbiguousAlias
    assert "of an array that is not surely contiguous" in problem.what
    assert problem.source_line is not None
    assert problem.source_line[problem.column :].rstrip() == problem.source_line.partition("= ")[2].rstrip()
    check_report(problem, str(refusal))


def test_codes_are_stable_and_different() -> None:
    codes = {
        error.__name__: error.code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.SrcdiffError)
    }
    assert len(set(codes.values())) == len(codes)
    assert codes["SrcdiffError"] == "SD000"
    assert codes["Refusal"] == "SD100"
    assert [codes[e.__name__] for e in (SourceUnavailable, UnsupportedSyntax, UnsupportedCall, UnresolvedName)] == [
        "SD101",
        "SD102",
        "SD103",
        "SD104",
    ]
    assert [codes[e.__name__] for e in (UnsupportedMutation, AmbiguousAlias, UnsupportedType, NotDifferentiable)] == [
        "SD105",
        "SD106",
        "SD107",
        "SD108",
    ]
    assert codes["UnsupportedRecursion"] == "SD109"
    assert [codes[e.__name__] for e in (BadArgument, BadOutput, SharedMemory, BadIndex)] == [
        "SD201",
        "SD202",
        "SD203",
        "SD204",
    ]


def test_every_problem_of_a_function_is_in_one_report() -> None:
    text = """
        def f(x):
            a = np.roots(x)
            b = np.poly(x)
            for i in range(2):
                a = a + x.nbytes
            return a + np.sum(b)
    """
    refusal = refused(program(text), np.eye(3))
    assert [p.what for p in refusal.problems] == [
        "a call of `np.roots`",
        "a call of `np.poly`",
        "the attribute `nbytes` of a 2-D array (float64)",
    ]
    assert str(refusal).startswith("\n3 problems\n")
    for problem in refusal.problems:
        check_report(problem, str(refusal))


@pytest.mark.parametrize("body", ["return np.poly(v)", "w = np.poly(v)\n    return w"])
def test_a_refusal_inside_a_helper(body: str) -> None:
    """The place is in the helper's own file, and the chain of calls leads there."""
    helper = program(f"# far\n# down\n# the\n# file\n\n\ndef helper(v):\n    {body}", name="helper")
    refusal = refused(program("def f(x):\n    return np.sum(helper(x))", helper=helper), np.eye(3))
    (problem,) = refusal.problems
    assert problem.file == helper.__code__.co_filename
    assert problem.line == 8
    assert problem.calls == ("f", "helper")
    assert "called through: f -> helper" in str(refusal)
    check_report(problem, str(refusal))


def test_a_refusal_pickles() -> None:
    refusal = refused(program("def f(x):\n    return np.roots(x)"), np.eye(3))
    again = pickle.loads(pickle.dumps(refusal))
    assert type(again) is type(refusal)
    assert again.problems == refusal.problems


# ------------------------------------------------------------------------------------------------- the public functions


def product(x, y=1.0):
    return np.sum(x * y)


def square(x):
    return x * x


def overwrite(x, y):
    x[0] = y[1]
    return np.sum(x * y)


@pytest.mark.parametrize(
    ("wrt", "message"),
    [
        ("z", r"wrt='z': product\(x, y=1.0\) has no parameter of that name"),
        (2, r"wrt=2 is out of range: product\(x, y=1.0\) has 2 parameters"),
        (-3, "wrt=-3 is out of range"),
        ((0, "x"), "names the same parameter of product twice"),
        ((), "selects no argument of product"),
        ([0], "is a list; write several parameters as a tuple"),
        (True, "is neither a position nor a parameter name"),
        (0.0, "is neither a position nor a parameter name"),
        (None, "is neither a position nor a parameter name"),
    ],
)
def test_wrt(wrt: Any, message: str) -> None:
    for transform in (srcdiff.grad, srcdiff.value_and_grad):
        with pytest.raises(BadArgument, match=message):
            transform(product, wrt=wrt)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("s", "`x` is a str and cannot be differentiated"),
        (True, "`x` is a bool: it has no derivative; leave it out of wrt"),
        (1j, "`x` is complex; derivatives are taken by real numbers: pass its real and imaginary part"),
        ({}, "`x` holds no real number or array of real numbers"),
        (10**400, "`x` is a whole number.* too large for a float"),
        (np.float16(1.0), "`x` is a float16: use float64 or float32"),
        (np.array([1.0j]), "`x` is an array of complex128; derivatives are taken by real numbers"),
        (np.array([True]), "`x` is an array of bool: it has no derivative; leave it out of wrt"),
        (np.array([1.0], np.float16), "`x` is an array of float16: use float64 or float32"),
        (np.array([1.0], object), "`x` is an array of object: use float64 or float32"),
        (np.ones(2).view(Marked), r"`x` is a Marked, a subclass of ndarray .* pass np.asarray\(x\)"),
    ],
)
def test_arguments_to_differentiate(value: Any, message: str) -> None:
    with pytest.raises(BadArgument, match=message):
        srcdiff.grad(product)(value)


def test_other_arguments() -> None:
    derivative = srcdiff.grad(product)
    with pytest.raises(UnsupportedCall, match=r"(?s)a list as an operand of `\*`.*np.array\(...\)"):
        derivative(1.0, [1.0])
    with pytest.raises(BadArgument, match="`y` is a whole number that does not fit into 64 bits; pass it as a float"):
        derivative(1.0, 2**70)
    with pytest.raises(BadArgument, match=r"product\(x, y=1.0\): missing a required argument: 'x'"):
        derivative()
    with pytest.raises(BadArgument, match="too many positional arguments"):
        derivative(1.0, 2.0, 3.0)
    with pytest.raises(BadArgument, match="got an unexpected keyword argument 'z'"):
        derivative(1.0, z=3.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.sin, "sin has no Python source to differentiate"),
        (np.sin, r"np.sin has no Python source to differentiate; wrap it: lambda x: np.sin\(x\)"),
        (3.0, "3.0 is .*float; srcdiff differentiates Python functions"),
        (Settings, "Settings is a .*; srcdiff differentiates Python functions"),
    ],
)
def test_what_can_be_differentiated(value: Any, message: str) -> None:
    with pytest.raises(BadArgument, match=message):
        srcdiff.grad(value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("x * np.ones(3)", r"f returns a 1-D array \(float64\); grad takes a real scalar"),
        ("x, x", "f returns a tuple; grad takes a real scalar. Use has_aux=True"),
        ("None", "f returns .*None; grad takes a real scalar"),
        ("'text'", "f returns a str; grad takes a real scalar"),
        ("x > 0.0", "f returns a .*; grad takes a real scalar"),
        ("int(x)", "f returns a .*; grad takes a real scalar"),
    ],
)
def test_results_that_grad_does_not_take(body: str, message: str) -> None:
    function = program(f"def f(x):\n    return {body}")
    for transform in (srcdiff.grad, srcdiff.value_and_grad):
        with pytest.raises(BadOutput, match=message):
            transform(function)(2.0)


def test_a_result_that_is_an_array_only_at_run_time() -> None:
    function = program("def f(x, n):\n    y = 0.0\n    for i in range(n):\n        y = y + x\n    return y")
    assert srcdiff.grad(function)(2.0, 3) == 3.0
    with pytest.raises(
        BadOutput, match=r"f returns an array of shape \(3,\).* [uU]se srcdiff.vjp for results of any shape"
    ):
        srcdiff.grad(function)(vector(), 2)


@pytest.mark.parametrize("body", ["x * x", "(x * x, x, x)"])
def test_no_auxiliary_result(body: str) -> None:
    with pytest.raises(BadOutput, match=r"has_aux=True: f must return a pair \(value, auxiliary result\)"):
        srcdiff.grad(program(f"def f(x):\n    return {body}"), has_aux=True)(2.0)


def test_memory_shared_with_a_written_argument() -> None:
    x = vector()
    message = "overwrite writes into `x`, which shares memory with `y` in this call; pass a copy of one of them"
    for a, b in ((x, x), (x[:2], x[1:])):
        with pytest.raises(SharedMemory, match=message):
            srcdiff.grad(overwrite)(a, b)
        with pytest.raises(SharedMemory, match=message):
            srcdiff.vjp(overwrite, a, b)
    srcdiff.grad(overwrite)(x[:2], x[1:].copy())
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_a_written_argument_that_overlaps_itself() -> None:
    x = np.lib.stride_tricks.as_strided(vector(), (3,), (0,))
    with pytest.raises(SharedMemory, match="overwrite writes into `x`, whose elements overlap in memory"):
        srcdiff.grad(overwrite)(x, vector())


def test_a_written_argument_that_is_captured_too() -> None:
    x = vector()
    function = program("def f(x):\n    x[0] = 2.0\n    return np.sum(x * TABLE)", TABLE=x)
    with pytest.raises(SharedMemory, match="f writes into `x`, which shares memory with `TABLE`"):
        srcdiff.grad(function)(x)


def test_vjp() -> None:
    with pytest.raises(BadArgument, match="vjp needs at least one argument"):
        srcdiff.vjp(product)
    with pytest.raises(BadArgument, match="no argument of this call of product carries a derivative"):
        srcdiff.vjp(product, "text")
    _, pullback = srcdiff.vjp(square, vector())
    with pytest.raises(BadArgument, match=r"the value has shape \(3,\), its adjoint has shape \(2,\)"):
        pullback(np.ones(2))
    with pytest.raises(BadArgument, match="the adjoint 'text' is no number or array"):
        pullback("text")
    with pytest.raises(BadArgument, match="the adjoint is complex, and the value is real"):
        pullback(1j * vector())
    _, pullback = srcdiff.vjp(program("def f(x):\n    return x * x, x"), vector())
    with pytest.raises(BadArgument, match="the value is a tuple of 2; its adjoint has to be one, too"):
        pullback(vector())


def test_source_of_no_derivative() -> None:
    with pytest.raises(BadArgument, match=r"is no derivative; call srcdiff.source\(srcdiff.grad\(f\), ...\)"):
        srcdiff.source(square, 1.0)


def test_an_error_of_the_program_itself_names_the_statement() -> None:
    function = program("def f(x, i):\n    return x[i] * x[0]")
    with pytest.raises(IndexError) as caught:
        srcdiff.grad(function)(vector(), 5)
    (note,) = caught.value.__notes__
    assert note.endswith("line 2: return x[i] * x[0]")


@pytest.mark.jit
@pytest.mark.parametrize("index", [5, 2**62])
def test_an_index_under_numba(index: int) -> None:
    function = program("def f(x, i):\n    return x[i] * x[0]")
    derivative = srcdiff.grad(function, jit=True)
    assert derivative(vector(), 1).tolist() == [2.0, 1.0, 0.0]
    with pytest.raises(BadIndex, match="an index does not fit its array in the derivative of f"):
        derivative(vector(), index)
