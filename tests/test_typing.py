"""The types of expressions: dtype, rank and what is known of the shape, and the refusals of what has no type."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from srcdiff.errors import NotDifferentiable, UnresolvedName, UnsupportedCall, UnsupportedSyntax, UnsupportedType
from srcdiff.ir.nodes import Call, Choice, Const, Display, Expr, Item, Logic, Name, Object, Slice
from srcdiff.ir.types import FLOAT, INT, Dim, ListOf, Num, Static, Tup, Type
from srcdiff.rules.typing import TypeProblem, Typer, like, method_of, settled, type_of_value

N, M = Dim(("x", 0)), Dim(("A", 1))
TYPES: dict[str, Type] = {
    "a": FLOAT,
    "n": INT,
    "x": Num("float64", 1, (N,), contiguous=True),
    "x32": Num("float32", 1, (N,)),
    "ints": Num("int64", 1, (N,)),
    "A": Num("float64", 2, (N, M), contiguous=True),
    "T": Num("float64", 2, (M, N)),
    "either": Num("float64", None),
    "t": Tup((FLOAT, Num("float64", 1, (N,)))),
    "mixed": Tup((FLOAT, Static(None))),
    "w": ListOf(FLOAT),
    "far": Num("float64", 1, (Dim(None),)),
}


def const(value: Any) -> Expr:
    return Display("tuple", tuple(map(const, value))) if isinstance(value, tuple) else Const(value)


def call(function: Any, *args: Any, **kwargs: Any) -> Call:
    exprs = [Name(a) if isinstance(a, str) else a if isinstance(a, Expr) else const(a) for a in args]
    named = tuple((k, v if isinstance(v, Expr) else const(v)) for k, v in kwargs.items())
    return Call(Object(function, getattr(function, "__name__", "f")), tuple(exprs), named)


def item(name: str, *index: Any) -> Item:
    parts = tuple(i if isinstance(i, Expr) else const(i) for i in index)
    return Item(Name(name), parts[0] if len(parts) == 1 else Display("tuple", parts))


def typed(e: Expr) -> Type:
    return Typer(TYPES)(e)


def array(e: Expr) -> Num:
    type_ = typed(e)
    assert isinstance(type_, Num)
    return type_


@pytest.mark.parametrize(
    ("e", "dtype", "shape"),
    [
        (call(operator.add, "x", "a"), "float64", (N,)),
        (call(operator.mul, "x32", "a"), "float32", (N,)),  # Python's own floats do not widen
        (call(operator.mul, "x32", "x"), "float64", (N,)),
        (call(operator.truediv, "n", 2), "float64", ()),
        (call(operator.lt, "x", 0.0), "bool", (N,)),
        (call(np.sin, "A"), "float64", (N, M)),
        (call(operator.add, "A", "A"), "float64", (N, M)),
        (call(np.where, call(operator.gt, "x", 0.0), "x", 0.0), "float64", (N,)),
        (call(operator.matmul, "A", "T"), "float64", (N, N)),
        (call(operator.matmul, "T", "x"), "float64", (M,)),
        (call(np.dot, "x", "x"), "float64", ()),
        (call(np.outer, "x", "x"), "float64", (N, N)),
        (call(np.zeros, 3), "float64", (Dim.known(3),)),
        (call(np.zeros, (3, 1)), "float64", (Dim.known(3), Dim.known(1))),
        (call(np.full, shape=(2,), fill_value=1), "int64", (Dim.known(2),)),
        (call(np.zeros_like, "ints"), "int64", (N,)),
        (call(np.zeros_like, "ints", Object(np.float64, "np.float64")), "float64", (N,)),
        (call(np.zeros_like, "A", shape=(4,)), "float64", (Dim.known(4),)),
        (call(np.reshape, "A", (2, 6)), "float64", (Dim.known(2), Dim.known(6))),
        (call(np.reshape, "A", shape=(2, 6)), "float64", (Dim.known(2), Dim.known(6))),
        (call(np.transpose, "A"), "float64", (M, N)),
        (call(np.array, Display("list", (Name("a"), Const(1)))), "float64", (Dim.known(2),)),
        (item("A", 0), "float64", (M,)),
        (item("A", 0, 1), "float64", ()),
        (item("A", Ellipsis, 0), "float64", (N,)),
        (item("x", None), "float64", (Dim.known(1), N)),
        (item("x", Slice(Const(1), None, None)), "float64", (N.minus(1),)),
        (item("x", Slice(None, Const(-1), None)), "float64", (N.minus(1),)),
        (item("x", Slice(None, None, Const(-1))), "float64", (N,)),
    ],
)
def test_arrays(e: Expr, dtype: str, shape: tuple[Dim, ...]) -> None:
    found = array(e)
    assert (found.dtype, found.ndim, found.shape) == (dtype, len(shape), shape)


def test_reductions_are_asked() -> None:
    assert array(call(np.sum, "A")).ndim == 0
    assert array(call(np.sum, "A", axis=0)).ndim == 1
    assert array(call(np.mean, "x32")).dtype == "float32"
    assert array(call(np.sum, "either")).ndim == 0
    assert array(call(np.argmax, "x")).dtype == "int64"


def test_lengths_are_values() -> None:
    assert array(call(len, "A")).value == N
    assert typed(call(np.ndarray.shape, "A")) == Tup(
        (Num("int64", weak=True, value=N), Num("int64", weak=True, value=M))
    )
    assert array(call(np.ndarray.ndim, "A")).value == 2
    shorter = array(call(np.zeros, call(operator.sub, call(len, "x"), 1)))
    assert shorter.shape == (N.minus(1),)


def test_integer_arithmetic_keeps_its_value() -> None:
    assert array(call(operator.mul, 3, 4)).value == 12
    assert array(call(operator.floordiv, 7, 2)).value == 3
    assert array(call(operator.lt, 3, 4)).value is True
    assert array(call(operator.add, "n", 1)).value is None


def test_contiguity_is_claimed_only_where_it_is_sure() -> None:
    assert array(call(np.zeros, 3)).contiguous
    assert array(call(np.copy, "A")).contiguous
    assert not array(call(np.copy, "T")).contiguous  # NumPy keeps the layout
    assert array(call(np.ndarray.copy, "T")).contiguous
    assert not array(call(np.transpose, "A")).contiguous


def test_choices_and_logic_join() -> None:
    assert typed(Choice(Const(True), Name("a"), Name("n"))) == Num("float64", weak=True)
    assert array(Logic("or", (Name("a"), Name("n")))).dtype == "float64"
    assert array(Choice(Const(True), Name("a"), Name("x"))).ndim is None
    with pytest.raises(TypeProblem) as caught:
        typed(Choice(Const(True), Name("a"), Name("t")))
    assert caught.value.error is UnsupportedType


def test_tuples_and_lists() -> None:
    assert typed(item("t", 0)) == FLOAT
    assert array(item("t", -1)).ndim == 1
    assert typed(call(list.pop, "w")) == FLOAT
    assert typed(call(list.append, "w", "a")) == Static(None)
    assert typed(Display("list", (Name("a"), Name("n")))) == ListOf(Num("float64", weak=True))


@pytest.mark.parametrize(
    ("e", "error", "words"),
    [
        (Name("nothing"), UnresolvedName, "`nothing` is read"),
        (item("x", 0, 0), UnsupportedType, "2 indices"),
        (item("a", 0), UnsupportedType, "indexing a float"),
        (item("x", Name("a")), NotDifferentiable, "a float is used as an index"),
        (item("x", Name("ints")), UnsupportedSyntax, "indexing with a 1-D array"),
        (item("mixed", Name("n")), UnsupportedType, "a tuple of different kinds"),
        (call(np.zeros, "a"), NotDifferentiable, "a float as a length"),
        (call(np.zeros, 3, Object(float, "float"), Const("F")), UnsupportedCall, "order="),
        (call(np.copy, "A", order="F"), UnsupportedCall, "order="),
        (call(np.sum, "A", axis=Name("n")), UnsupportedCall, "an axis"),
        (call(range, "a"), NotDifferentiable, "range() of a float"),
        (call(float, "x"), UnsupportedCall, "float() of a 1-D array"),
        (call(np.linspace, "x", 1.0, 3), UnsupportedCall, "between arrays"),
        (call(operator.mul, "t", 2), UnsupportedType, "on tuple of"),
        (call(np.sin, "t"), UnsupportedCall, "`sin` on tuple"),
    ],
)
def test_refusals(e: Expr, error: type[Exception], words: str) -> None:
    with pytest.raises(TypeProblem) as caught:
        typed(e)
    assert caught.value.error is error
    assert words in caught.value.what


def test_unknown_lengths_are_the_same_within_a_statement_only() -> None:
    within = array(call(operator.add, "far", "far"))
    assert within.shape[0].token is not None
    assert within.shape == array(Name("far")).shape
    kept = settled(within)
    assert isinstance(kept, Num)
    assert kept.shape == (Dim(None),)


def test_an_adjoint_has_the_lengths_of_its_variable() -> None:
    assert like("far", TYPES["far"]) == array(Name("far"))


def test_values_have_types() -> None:
    assert type_of_value(True) == Num("bool", weak=True, value=True)
    assert type_of_value(3) == Num("int64", weak=True, value=3)
    assert type_of_value(2.0) == FLOAT
    assert type_of_value(np.float32(2.0)) == Num("float32")
    assert type_of_value((1.0, None)) == Tup((FLOAT, Static(None)))
    made = type_of_value(np.ones((2, 1)), "A")
    assert made == Num("float64", 2, (Dim(("A", 0), False), Dim(("A", 1), True)), contiguous=True)


def test_methods_are_functions() -> None:
    assert method_of(TYPES["x"], "sum") is np.ndarray.sum
    assert method_of(TYPES["w"], "pop") is list.pop
    assert method_of(FLOAT, "sum") is None  # Python's own numbers have none
    assert method_of(TYPES["x"], "tobytes") is None
