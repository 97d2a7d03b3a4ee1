"""A rule's own text as expressions over the operands at hand."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from ..errors import UnsupportedType
from ..frontend import read
from ..ir.nodes import (
    Attr,
    Block,
    Call,
    Choice,
    Const,
    Display,
    Expr,
    Function,
    If,
    Item,
    Name,
    Object,
    Return,
    Slice,
)
from ..ir.types import Num, Tup, Type
from ..ir.walk import Fresh, map_block, rebuild
from ..normalise.expressions import Rewriter
from ..normalise.state import State
from ..rules.registry import WRITTEN, Rule
from ..rules.typing import TypeProblem

_PLAIN = {np.sin: math.sin, np.cos: math.cos, np.exp: math.exp, np.sinh: math.sinh, np.cosh: math.cosh}


class _Splicer(Rewriter):
    """The rewriter over a rule's body: what the types decide is decided, the rest is an expression."""

    is_rule = True

    def __init__(self, types: Mapping[str, Type], scope: dict[str, Expr]) -> None:
        self.state = State(Fresh(set()), dict(types))
        self.scope, self.done = scope, {}

    def result(self, block: Block) -> Expr:
        for s in block:
            match s:
                case Return(value=value) if value is not None:
                    return self.expr(value)
                case If():
                    known = self.known(self.expr(s.test))
                    if known is None:
                        raise TypeProblem(
                            UnsupportedType,
                            "an array whose number of dimensions is not known here",
                            "the rule of this function is a different one for each number of dimensions",
                            "give the variable one rank on all paths, for instance by starting it as an array",
                        )
                    if known:
                        return self.result(s.body)
                    if s.orelse:
                        return self.result(s.orelse)
                case _:
                    raise ValueError(f"a rule consists of branches and returns, not of {s!r}")
        raise ValueError("a rule ends without a return")

    def _attribute(self, e: Attr) -> Expr:
        base = self.expr(e.base)
        type_ = self.typed(base)
        if e.name == "ndim" and isinstance(type_, Num) and type_.ndim == 0:
            return Const(0)  # rules ask it of numbers, too
        if e.name == "mT" and isinstance(type_, Num) and type_.ndim == 2:
            e = replace(e, name="T")  # rules are written for stacks, and read for one matrix
        if e.name == "shape" and isinstance(type_, Num) and type_.ndim == 0 and type_.weak:
            return Display("tuple", ())
        return super()._attribute(e)

    def is_read(self, function: Any) -> bool:
        return isinstance(function, FunctionType) and function in WRITTEN  # generated code calls what its rules call

    def _spelled(self, function: Any) -> FunctionType | None:  # noqa: ARG002
        return None  # a rule names functions that have one

    def call_user(self, function: FunctionType, e: Call) -> Expr:
        """A function of literals and shapes, evaluated now."""
        if function not in WRITTEN:
            raise ValueError(f"a rule calls `{function.__name__}`, which is not marked with @written")
        return _as_expr(function(*(self.as_value(self.expr(a)) for a in e.args)))

    def as_value(self, e: Expr) -> Any:
        """A literal, a tuple of what is known of its items, or the expression itself."""
        type_ = self.typed(e)
        match e:
            case Const(value=value):
                return value
            case Display(items=items):
                return tuple(map(self.as_value, items))
        if isinstance(type_, Num) and isinstance(type_.value, int):
            return type_.value
        if isinstance(type_, Tup):
            return tuple(self.as_value(Item(e, Const(k))) for k in range(len(type_.items)))
        return e

    def _checked(self, e: Expr) -> Expr:
        return e  # a rule may call any helper: what it cannot be differentiated by is met when that is asked


def _as_expr(value: Any) -> Expr:
    """What a function of literals and shapes returned, written out."""
    match value:
        case tuple():
            return Display("tuple", tuple(map(_as_expr, value)))
        case slice():
            lower, upper, step = (None if b is None else _as_expr(b) for b in (value.start, value.stop, value.step))
            return Slice(lower, upper, step)
        case None | int():
            return Const(value)
    found: Expr = value
    return found


@functools.cache
def _body(body: Callable[..., Any]) -> Function:
    assert isinstance(body, FunctionType)  # (rules are registered as such)
    function = read(body).function
    return replace(function, body=map_block(function.body, _placeless))


def _placeless(e: Expr) -> Expr:
    """Without places: those of a rule's text mean nothing in the user's file."""
    return replace(rebuild(e, _placeless), at=None)


def splice(rule: Rule, call: Call, fixed: dict[str, Expr], types: Mapping[str, Type]) -> list[Expr | None]:
    """The rule's results, one for each operand, for this call; `fixed` binds `y` and `y_bar`."""
    assert rule.body is not None
    result, splicer = _spliced(rule, rule.body, call, fixed, types)
    assert isinstance(call.func, Object)
    plain = getattr(call.func.value, "__module__", None) == "math"  # the user's own choice of module for numbers
    items = result.items if isinstance(result, Display) else (result,)
    return [None if item == Const(None) else _scalar(item, splicer, plain) for item in items]


def splice_tangent(rule: Rule, call: Call, fixed: dict[str, Expr], types: Mapping[str, Type]) -> Expr:
    """The tangent of the call's result; `fixed` binds `y` and the tangents of the operands."""
    assert rule.tangent is not None
    result, splicer = _spliced(rule, rule.tangent, call, fixed, types)
    return _scalar(result, splicer, False)


def _spliced(
    rule: Rule, body: Callable[..., Any], call: Call, fixed: dict[str, Expr], types: Mapping[str, Type]
) -> tuple[Expr, _Splicer]:
    function = _body(body)
    scope: dict[str, Expr] = dict(fixed)
    scope.update(zip(rule.operands, call.args, strict=False))
    scope.update(call.kwargs)
    for p in function.params:
        if p.name not in scope:
            value: Any = p.default.value if p.default is not None else None
            scope[p.name] = Const(value)
    splicer = _Splicer(types, scope)
    try:
        result = splicer.result(function.body)
    except TypeProblem as problem:
        problem.at = problem.at or call.at
        raise
    return result, splicer


def _scalar(e: Expr, splicer: _Splicer, plain: bool) -> Expr:
    """`np.where` of numbers as a ternary: the same value without an array in between."""
    e = rebuild(e, lambda child: _scalar(child, splicer, plain))
    match e:
        case Call(func=Object(value=f), args=(a,)) if f is np.conjugate or f is np.real:
            type_ = splicer.typed(a)
            if isinstance(type_, Num) and not type_.is_complex:
                return a
        case Call(func=Object(value=f), args=(test, a, b)) if f is np.where:
            types = [splicer.typed(x) for x in (test, a, b)]
            if all(isinstance(t, Num) and t.ndim == 0 for t in types):
                return Choice(test, a, b)
        case Call(func=Object(value=f), args=(a,)) if plain and f in _PLAIN and isinstance(a, Name | Item | Call):
            type_ = splicer.typed(a)
            if isinstance(type_, Num) and type_.ndim == 0:
                function = _PLAIN[f]
                return Call(Object(function, f"math.{function.__name__}"), (a,))
        case Call(func=Object(value=FunctionType() as f), args=args) if f.__defaults__ and not e.kwargs:
            return replace(e, args=args[: _count_without_defaults(f, args)])
    return e


def _count_without_defaults(function: FunctionType, args: tuple[Expr, ...]) -> int:
    """How many arguments of a helper have to be written: the last ones may be what it takes without them."""
    defaults, first = function.__defaults__ or (), function.__code__.co_argcount - len(function.__defaults__ or ())
    count = len(args)
    while count > first:
        last, default = args[count - 1], defaults[count - 1 - first]
        if not isinstance(last, Const | Object) or type(last.value) is not type(default) or last.value != default:
            break
        count -= 1
    return count
