"""Systems of inequalities between whole numbers, and what they say of the places in a program."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np
import pytest

from srcdiff.analysis.affine import affine, impossible
from srcdiff.analysis.dependence import At, Instance, Known, Place, may_meet_before, meet_on_trips
from srcdiff.ir.nodes import Call, Const, Expr, For, Name, Object
from srcdiff.ir.types import Dim, Num

SUB, ADD = Object(operator.sub, "-"), Object(operator.add, "+")
EQ, GT = Object(operator.eq, "=="), Object(operator.gt, ">")
KNOWN = Known(lambda n: n in "nLxab", lambda n: n not in "ab", lambda n: n in "ijk", {})


def loop(counter: str, *bounds: Expr) -> For:
    return For(Name(counter), Call(Object(range, "range"), bounds), ())


def minus(a: Expr, b: int) -> Expr:
    return Call(SUB, (a, Const(b)))


N, I, J, K = map(Name, "nijk")


@pytest.mark.parametrize("seed", range(12))
def test_what_has_a_solution_is_never_called_impossible(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = "xyz"
    found = {True: 0, False: 0}
    for _ in range(20):
        forms: list[dict[Any, int]] = [
            {v: int(c) for v, c in zip((*names, None), rng.integers(-3, 4, size=4), strict=True) if c}
            for _ in range(rng.integers(2, 6))
        ]
        zero, positive = forms[:1], forms[1:]

        def value(form: dict[Any, int], at: dict[str, int]) -> int:
            return sum(c * (1 if v is None else at[v]) for v, c in form.items())

        points = [dict(zip(names, p, strict=True)) for p in itertools.product(range(-4, 5), repeat=3)]
        solved = any(all(value(f, p) >= 0 for f in positive) and value(zero[0], p) == 0 for p in points)
        answer = impossible(positive, zero)
        found[answer] += 1
        assert not (solved and answer)
    assert found[False]


def test_rounding_proves_what_fractions_do_not() -> None:
    assert impossible([{"x": 2, None: -1}, {"x": -2, None: 1}])  # 2 x = 1
    assert not impossible([{"x": 2, None: -2}, {"x": -2, None: 2}])
    assert impossible([], [{None: 1}])
    assert not impossible([], [{}])


def test_the_form_of_an_expression() -> None:
    two = Call(Object(operator.mul, "*"), (Const(2), Call(ADD, (I, Const(3)))))
    assert affine(two, lambda e: e) == {I: 2, None: 6}
    assert affine(Call(Object(operator.mul, "*"), (I, J)), lambda e: e) is None
    assert affine(Const(0.5), lambda e: e) is None
    assert affine(Const(True), lambda e: e) is None


def test_columns_that_were_ready_are_not_the_one_that_is_made() -> None:
    """Cholesky: L[i, j] -= L[i, k] * L[j, k] for k < j < i."""
    way = (At(0, loop("j", N)), At(0, loop("i", Call(ADD, (J, Const(1))), N)), At(0, loop("k", J)), At(0))
    written = Place("L", (I, J), way)
    assert not may_meet_before(written, Place("L", (I, K), way), KNOWN)
    assert not may_meet_before(written, Place("L", (J, K), way), KNOWN)
    assert may_meet_before(written, Place("L", (I, J), way), KNOWN)
    assert may_meet_before(written, Place("L", None, way), KNOWN)
    assert may_meet_before(written, Place("x", (I, K), way), KNOWN)  # it may be the same array


def test_the_order_in_time_counts() -> None:
    """for i in range(1, n): x[i] = ... x[i - 1]: what is read was written before, not after."""
    way = (At(0, loop("i", Const(1), N)), At(0))
    one, before = Place("x", (I,), way), Place("x", (minus(I, 1),), way)
    assert not may_meet_before(one, before, KNOWN)  # a later trip reads what this one wrote
    assert may_meet_before(before, one, KNOWN)
    down = (At(0, loop("i", minus(N, 1), Const(0), Const(-1))), At(0))
    assert may_meet_before(Place("x", (I,), down), Place("x", (minus(I, 1),), down), KNOWN)
    assert meet_on_trips(before, one, 0, KNOWN)
    assert not meet_on_trips(one, before, 0, KNOWN)


def test_an_index_below_zero_may_be_any() -> None:
    way = (At(0, loop("i", Const(-2), N)), At(0))
    assert may_meet_before(Place("x", (I,), way), Place("x", (minus(I, 5),), way), KNOWN)
    assert may_meet_before(Place("x", (Const(-1),), way), Place("x", (Const(3),), way), KNOWN)


def test_branches() -> None:
    """if i == j: ... else: L[i, j] = ... L[j, j]."""
    loops = (At(0, loop("i", N)), At(0, loop("j", Call(ADD, (I, Const(1))))))
    equal = Call(EQ, (I, J))
    other = (*loops, At(1, side=2, test=equal), At(0))
    one = (*loops, At(1, side=1, test=equal), At(0))
    assert not may_meet_before(Place("L", (I, J), other), Place("L", (J, J), other), KNOWN)
    assert may_meet_before(Place("L", (I, J), one), Place("L", (J, J), one), KNOWN)
    assert not may_meet_before(Place("L", (I, I), one), Place("L", (J, J), other), KNOWN)
    outside = (*loops, At(1))
    assert may_meet_before(Place("L", (I, J), one), Place("L", (I, J), outside), KNOWN)  # a test comes first


def test_numbers_that_are_not_whole_are_not_compared() -> None:
    """a > b does not say that a >= b + 1."""
    above = Call(GT, (Name("a"), Name("b")))
    below = Call(GT, (Call(ADD, (Name("b"), Const(1))), Name("a")))
    way = (At(0, side=1, test=above), At(0, side=1, test=below), At(0))
    assert may_meet_before(Place("x", (Const(0),), way), Place("x", (Const(0),), way), KNOWN)


def test_what_lies_inside_an_array() -> None:
    rows = Dim(("argument", "L", 0))
    known = KNOWN._replace(types={"n": Num("int64", value=rows), "L": Num("float64", 1, (rows,))})
    way = (At(0, loop("i", Const(1), minus(N, 1))), At(0))

    def inside(*index: Expr) -> bool:
        return Instance(Place("L", index, way), 1, 1, known).is_inside((rows,))

    assert inside(I)
    assert inside(minus(I, 1))
    assert inside(Call(ADD, (I, Const(1))))
    assert not inside(minus(I, 2))
    assert not inside(Call(ADD, (I, Const(2))))
    assert not inside(N)
    assert inside(Const(0))  # on a trip of the loop
    assert not Instance(Place("L", (Const(0),), way[1:]), 1, 0, known).is_inside((rows,))
    assert not Instance(Place("L", (I,), way), 1, 1, known).is_inside((Dim(None),))
