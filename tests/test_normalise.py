"""From raw to core: what each pass makes of small programs, that the core computes the same, and what is refused."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import grad
from srcdiff.backend import load, render_module
from srcdiff.errors import (
    Refusal,
    UnsupportedCall,
    UnsupportedMutation,
    UnsupportedRecursion,
    UnsupportedSyntax,
    UnsupportedType,
)
from srcdiff.frontend import read
from srcdiff.ir.nodes import Break, Continue, Function, Return
from srcdiff.ir.walk import statements
from srcdiff.normalise import Core, single_exit, specialise, split_webs, web_types
from srcdiff.normalise.lists import Lists
from srcdiff.rules.typing import type_of_value
from srcdiff.testing import check_grad

X = np.array([0.5, -1.0, 2.0])
A = np.arange(1.0, 13.0).reshape(3, 4) / 5.0
OBJECTS = np.array([1.0, 2.0, 3.0], dtype=object)
COMPLEX = np.array([1.0j, 2.0, 3.0])
HALF = np.ones(3, dtype=np.float16)
SHIFT = 1.0 + 2.0j
SCALE = np.array([2.0, 3.0, 4.0])


def core_of(f: Callable[..., Any], *args: Any) -> Core:
    return specialise(read(f), [type_of_value(a, k) for k, a in enumerate(args)])


def text_of(function: Function) -> str:
    return render_module([function]).text


def core_text(f: Callable[..., Any], *args: Any) -> list[str]:
    """The statements of the core program, without the `def` line."""
    lines = text_of(core_of(f, *args).function).split("\n")
    start = next(k for k, line in enumerate(lines) if line.startswith("def "))
    return [line.strip() for line in lines[start + 1 :] if line.strip()]


def run_core(f: Callable[..., Any], *args: Any) -> Any:
    core = core_of(f, *args)
    rendered = render_module([core.function])
    module = load(rendered, core.function.name)
    captured = [value for _, value in core.captured]
    return module.functions[core.function.name](*copy.deepcopy(args), *captured)


# ------------------------------------------------------------------------------------------------ programs to lower


def bump(y):
    y[0] = y[0] * 2.0
    return y[0]


def half(v):
    return v / 2.0


def clipped_sum(x, cap):
    s = 0.0
    for v in x:
        if v < 0.0:
            continue
        s = s + v
        if s > cap:
            return s
    else:
        s = s * 2.0
    return -s


def pairs(x, y):
    s = 0.0
    for k, (a, b) in enumerate(zip(x, reversed(y)), 1):
        s += k * a * b
    return s


def swapped(a, b):
    t = (a, b * 2.0)
    t = t[1], t[0]
    p, q = t
    return p - q


def joined_tuples(a):
    t = (a, a * a) + (2.0, 3.0)
    return t[1:3][0] * t[-1]


def methods(x):
    return x.sum() + x.reshape(3, 1).T[0, 1] * x.shape[0] + x.ndim


def by_rank(x):
    if x.ndim == 1:
        return x[0]
    return 0.0


def built_ins(a, b, x):
    return max(a, b, 1.0) + min((a, b)) + sum(x) + math.log(b, 2.0) + (1.0 if a in (1.0, 2.0) else 0.0)


def inlined(x, a):
    return half(x[0]) + half(a * a)


def searched(x):
    i = 0
    while x[i] > 0.0 or i < 1:
        i += 1
        if i == 2:
            break
    return x[i] * i


def captured(x):
    return np.sum(x * SCALE)


def used_twice(x):
    u = x * 2.0
    s = np.sum(u)
    u = 3
    return s * u


def writes_in_a_test(x):
    y = x.copy()
    for k in range(3):
        if bump(y) > 2.0 and k > 0:
            continue
        else:
            continue
    return np.sum(y * y)


def writes_in_a_test_that_decides_nothing(x):
    y = x.copy()
    if bump(y) > 2.0:
        pass
    return np.sum(y * y)


def writes_where_asked(x, a):
    y = x.copy()
    a > 1.0 and bump(y)
    bump(y) if a > 3.0 else 0.0
    bump(y)
    return np.sum(y * y)


PROGRAMS = [
    (clipped_sum, (X, 2.2)),
    (clipped_sum, (X, 5.0)),
    (clipped_sum, (-X, 0.2)),
    (pairs, (X, 2.0 * X)),
    (swapped, (2.0, 3.0)),
    (joined_tuples, (2.0,)),
    (methods, (X,)),
    (by_rank, (X,)),
    (by_rank, (A,)),
    (built_ins, (1.0, 4.0, X)),
    (inlined, (X, 3.0)),
    (searched, (X,)),
    (captured, (X,)),
    (used_twice, (X,)),
    (writes_where_asked, (X, 0.5)),
    (writes_where_asked, (X, 2.0)),
    (writes_where_asked, (X, 4.0)),
    (writes_in_a_test, (X,)),
    (writes_in_a_test_that_decides_nothing, (X,)),
]


@pytest.mark.parametrize(("f", "args"), PROGRAMS, ids=[f"{f.__name__}-{k}" for k, (f, _) in enumerate(PROGRAMS)])
def test_the_core_computes_the_same(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    assert run_core(f, *args) == pytest.approx(f(*copy.deepcopy(args)), rel=1e-15)


# -------------------------------------------------------------------------------------------------------- the passes


def test_exits_end_in_one_return() -> None:
    lowered = single_exit(read(clipped_sum).function)
    kinds = [type(s) for s in statements(lowered.body)]
    assert kinds.count(Return) == 1
    assert isinstance(lowered.body[-1], Return)
    assert Continue not in kinds
    assert kinds.count(Break) == 1


def test_a_test_that_writes_stays_though_it_decides_nothing() -> None:
    assert any("y[0] = y[0] * 2.0" in line for line in core_text(writes_in_a_test, X))
    check_grad(writes_in_a_test, (X,))
    check_grad(writes_in_a_test_that_decides_nothing, (X,))
    for number in (0.5, 2.0, 4.0):
        check_grad(writes_where_asked, (X, number))


def test_types_decide_branches() -> None:
    assert core_text(by_rank, X) == ["result = x[0]", "return result"]
    assert core_text(by_rank, A) == ["result = 0.0", "return result"]


def test_tuples_are_dissolved() -> None:
    assert not any("(" in line for line in core_text(swapped, 2.0, 3.0))


def test_callees_are_inlined() -> None:
    assert core_text(inlined, X, 3.0) == ["result = x[0] / 2.0 + a * a / 2.0", "return result"]


def test_loops_count() -> None:
    lines = core_text(pairs, X, X)
    assert lines[1:4] == ["n = len(y)", "for k_1 in range(min(len(x), n)):", "k = k_1 + 1"]
    assert lines[4:6] == ["a = x[k_1]", "b = y[n - 1 - k_1]"]


def test_captured_arrays_become_parameters() -> None:
    core = core_of(captured, X)
    assert core.captured == (("SCALE", SCALE),)
    assert [p.name for p in core.function.params] == ["x", "SCALE"]
    assert "SCALE" in {r.path for r in core.references}


def test_webs_part_the_uses_of_a_name() -> None:
    core = core_of(used_twice, X)
    split, origins = split_webs(core.function)
    types = web_types(split, core.types)
    named = sorted(n for n, origin in origins.items() if origin == "u")
    assert len(named) == 2
    assert {getattr(types[n], "ndim", None) for n in named} == {0, 1}


# -------------------------------------------------------------------------------------------------- forms of a call


def keywords_of_reshape(M):
    return np.sum(np.reshape(M, shape=(2, 6))[0] ** 2)


def keywords_of_full(a):
    return np.sum(np.full(fill_value=a * a, shape=(3,)) ** 2) + np.sum(np.full_like(X, fill_value=a))


def keywords_of_clip(x):
    return np.sum(np.clip(x, a_min=-0.5, a_max=1.0) ** 2) + np.sum(x.clip(max=1.0) ** 2)


def other_keywords_of_clip(x):
    return np.sum(np.clip(x, min=-0.5, max=1.0) ** 2) + np.sum(x.clip(-0.5) ** 2)


def keyword_of_the_first_operand(x):
    return np.sum(a=x * x) * np.mean(a=x, keepdims=False)


def products_of_numbers(x, a):
    return np.sum(np.dot(a, x) ** 2) + np.sum(x.dot(a)) + np.dot(2.0, a) * a


def reductions_of_numbers(a):
    return np.mean(a) * np.sum(a * a) + np.max(a) * np.min(a) + np.prod(a * a)


def transposes(M):
    s = np.sum(np.transpose(M, (1, 0))[1] ** 2) + np.sum(M.transpose(1, 0)[0])
    return s + np.sum(np.transpose(M, axes=(-1, -2))[1]) + np.sum(np.transpose(M, None)[2] ** 3)


def like_with_a_shape(x):
    return np.sum(np.zeros_like(x, shape=(2,)) + x[0] ** 2)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (keywords_of_reshape, (A,)),
        (keywords_of_full, (0.7,)),
        (keywords_of_clip, (X,)),
        (other_keywords_of_clip, (X,)),
        (keyword_of_the_first_operand, (X,)),
        (products_of_numbers, (X, 0.7)),
        (reductions_of_numbers, (0.7,)),
        (transposes, (A,)),
        (like_with_a_shape, (X,)),
    ],
)
def test_forms(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    check_grad(f, args, order=2)


# --------------------------------------------------------------------------------------- `and`, `or` between numbers


def either(a, b):
    return (a or b) * b


def both(a, b):
    return (a and b) * b + a


def and_before_or(a, b):
    return ((a and b) or a * b) * a


def or_then_and(a, b):
    return (a or (b and a * b)) * a


def three(a, b):
    return (a - a or b * b or 3.0) * a


def or_of_a_comparison(a, b):
    return (a > 0.0 or b) * b + a


NUMBERS = [either, both, and_before_or, or_then_and, three, or_of_a_comparison]
POINTS = [(2.0, 3.0), (-1.5, 0.5)]


@pytest.mark.parametrize("f", NUMBERS)
def test_logic_of_numbers(f: Callable[..., Any]) -> None:
    for point in POINTS:
        check_grad(f, point, order=2)
    for point in [(0.0, 3.0), (2.0, 0.0), (0.0, 0.0)]:  # a kink, where only the value is compared
        value, _ = srcdiff.value_and_grad(f)(*point)
        assert value == f(*point)
        assert run_core(f, *point) == f(*point)


@pytest.mark.jit
@pytest.mark.parametrize("f", [and_before_or, or_then_and])
def test_jitted_logic_of_numbers(f: Callable[..., Any]) -> None:
    for point in POINTS:
        check_grad(f, point, order=2, jit=True)


# --------------------------------------------------------------------------------------------------------- refusals


def cube(x):
    return x * x * x


def asks(x):
    input()
    return x * x


def takes_apart(x):
    q, r = np.frexp(x)
    return q * r


def makes_bytes(x):
    return np.asarray([x]).tobytes()


def other_axes(x):
    return np.sum(np.transpose(np.ones((2, 2)) * x, (0, 1), 2))


def sums_with_a_dtype(x):
    return np.sum(np.ones(2) * x, None, np.float64)


def copies_in_an_order(x):
    return np.sum(np.copy(np.ones((2, 2)) * x, "F"))


def makes_no_dimensions(x):
    z = np.zeros(())
    z += x
    return z * x


def makes_an_array_of_a_number(x):
    z = np.array(x)
    return z * x


def uses_objects(x):
    return np.sum(OBJECTS * x)


def sorts_complex_numbers(x):
    return np.abs(np.sort(COMPLEX * x)[0])


def orders_complex_numbers(x):
    return x if x * SHIFT < 1.0 else 2.0 * x


def uses_half_precision(x):
    return np.sum(HALF * x)


def calls_itself(x):
    return x * calls_itself(x / 2.0)


def part_of_a_tuple(x):
    t = (x, x, x)
    s = 0.0
    for k in range(2):
        s += t[k:][0]
    return s


@pytest.mark.parametrize(
    ("f", "error", "what", "fix"),
    [
        (asks, UnsupportedCall, "a call of `input`", ""),
        (takes_apart, UnsupportedCall, "a call of `np.frexp`", "functions that have a rule"),
        (makes_bytes, UnsupportedCall, "the method `tobytes`", "write the operation out"),
        (other_axes, UnsupportedCall, "the number of arguments of `np.transpose`", "np.transpose(x, axes)"),
        (sums_with_a_dtype, UnsupportedCall, "the argument `dtype` of `np.sum`", "axis, keepdims"),
        (copies_in_an_order, UnsupportedCall, "the argument `order` of `np.copy`", "np.copy(x"),
        (makes_no_dimensions, UnsupportedType, "a 0-d array", "the number itself"),
        (makes_an_array_of_a_number, UnsupportedType, "a 0-d array", "the number itself"),
        (uses_objects, UnsupportedType, "the captured `OBJECTS` is an array of object", "float64"),
        (sorts_complex_numbers, UnsupportedType, "`np.sort` of complex numbers", "real and imaginary parts"),
        (orders_complex_numbers, UnsupportedType, "`<` of complex numbers", "real and imaginary parts"),
        (uses_half_precision, UnsupportedType, "the captured `HALF` is an array of float16", "float64"),
        (calls_itself, UnsupportedRecursion, "`calls_itself` calls itself on every path", "without calling it"),
        (part_of_a_tuple, UnsupportedSyntax, "a part of a tuple with bounds", "literals"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_refused_in_one_sentence(f: Callable[..., Any], error: type[Refusal], what: str, fix: str) -> None:
    with pytest.raises(error) as caught:
        grad(f)(0.7)
    (problem,) = caught.value.problems
    assert problem.file == __file__
    assert what in problem.what
    assert fix in problem.fix
    assert problem.source_line is not None


def _tested(f: Callable[..., Any], *args: Any) -> str:
    return srcdiff.source(srcdiff.grad(f, wrt=tuple(range(len(args)))), *args)


def test_a_chained_comparison_stays_as_it_is_written() -> None:
    """Its middle is read once in the text, too; what stands before it, or is done in it, keeps it under a name."""

    def plain(x, k):
        s = 0.0
        for i in range(len(x)):
            if 0.0 < x[i] < k:
                s += x[i] * x[i]
            elif -1.0 < abs(x[i]) * 2 <= k < 7.0:
                s += k * x[i]
        return s

    def drawn(x, k):
        rng = np.random.default_rng(1)
        s = 0.0
        for i in range(len(x)):
            if -0.5 < rng.normal() < 0.5:
                s += x[i] * k
        return s

    def popped(x, k):
        xs = [x[0], x[1], x[2]]
        s = k
        while len(xs) > 1 and -2.0 < xs.pop() < 2.0:
            s += k * xs[-1]
        return s

    x = np.array([0.5, -0.3, 1.5])
    text = _tested(plain, x, 1.0)
    assert "if 0.0 < x[i] < k:" in text
    assert "elif -1.0 < abs(x[i]) * 2 <= k < 7.0:" in text
    assert "middle" not in text
    for f in (plain, drawn, popped):
        srcdiff.testing.check_grad(f, (x, 1.0))
    assert _tested(drawn, x, 1.0).count("rng.normal()") == 1
    assert _tested(popped, x, 1.0).count(" = xs.pop()\n") == 1


def among_starred(*args: Any) -> Any:
    for _ in range(args[2]):
        args[0].append(args[0][-1] * args[1])
    return sum(v * v for v in args[0])


def test_a_list_among_starred_arguments_grows() -> None:
    xs, k, _ = srcdiff.grad(among_starred)([2.0, 3.0], 0.5, 1)
    assert xs == [4.0, 7.5]
    assert k == 9.0


def test_a_walk_that_learns_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lists, "own_list", lambda *_: None)
    with pytest.raises(UnsupportedMutation) as refused:
        srcdiff.grad(among_starred)([2.0, 3.0], 0.5, 1)
    (problem,) = refused.value.problems
    assert problem.what == "`among_starred` makes a list longer or shorter that it has as a part of something else"
    assert problem.why == "how long it is would have to be known where that is read"
    assert problem.fix == "pass the list itself, or work on a copy of it (list(xs))"
