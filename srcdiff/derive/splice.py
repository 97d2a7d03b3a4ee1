"""A rule's own text as expressions over the operands at hand."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..frontend import read
from ..ir.nodes import Block, Call, Choice, Const, Display, Expr, Function, If, Object, Return
from ..ir.types import Num, Type
from ..ir.walk import Fresh, rebuild
from ..normalise.expressions import Rewriter
from ..normalise.state import State
from ..rules.registry import Rule


class _Splicer(Rewriter):
    """The rewriter over a rule's body: what the types decide is decided, the rest is an expression."""

    def __init__(self, types: Mapping[str, Type], scope: dict[str, Expr]) -> None:
        self.state = State(Fresh(set()), dict(types))
        self.scope = scope

    def result(self, block: Block) -> Expr:
        for s in block:
            match s:
                case Return(value=value) if value is not None:
                    return self.expr(value)
                case If():
                    known = self.known(self.expr(s.test))
                    if known is None:
                        raise ValueError("a rule branches on something that types do not decide")
                    if known:
                        return self.result(s.body)
                    if s.orelse:
                        return self.result(s.orelse)
                case _:
                    raise ValueError(f"a rule consists of branches and returns, not of {s!r}")
        raise ValueError("a rule ends without a return")

    def _checked(self, e: Expr) -> Expr:
        return e  # a rule may call any helper: what it cannot be differentiated by is met when that is asked


@functools.cache
def _body(rule: Rule) -> Function:
    assert rule.body is not None
    return read(rule.body).function


def splice(rule: Rule, call: Call, fixed: dict[str, Expr], types: Mapping[str, Type]) -> list[Expr | None]:
    """The rule's results, one for each operand, for this call; `fixed` binds `y` and `y_bar`."""
    function = _body(rule)
    scope: dict[str, Expr] = dict(fixed)
    scope.update(zip(rule.operands, call.args, strict=False))
    scope.update(call.kwargs)
    for p in function.params:
        if p.name not in scope:
            value: Any = p.default.value if p.default is not None else None
            scope[p.name] = Const(value)
    splicer = _Splicer(types, scope)
    result = splicer.result(function.body)
    items = result.items if isinstance(result, Display) else (result,)
    return [None if item == Const(None) else _scalar(item, splicer) for item in items]


def _scalar(e: Expr, splicer: _Splicer) -> Expr:
    """`np.where` of numbers as a ternary: the same value without an array in between."""
    e = rebuild(e, lambda child: _scalar(child, splicer))
    match e:
        case Call(func=Object(value=f), args=(test, a, b)) if f is np.where:
            types = [splicer.typed(x) for x in (test, a, b)]
            if all(isinstance(t, Num) and t.ndim == 0 for t in types):
                return Choice(test, a, b)
    return e
