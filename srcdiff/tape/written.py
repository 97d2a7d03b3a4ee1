"""Rewritten rules on the tape: what is written for a call, evaluated on tensors instead of printed.

in:   np.vstack((a, b))     the rewriting gives     np.concatenate((a[None, :], b[None, :]))     which is run here
"""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir.nodes import Attr, Call, Choice, Const, Display, Expr, Item, Logic, Name, Object, Slice
from ..ir.types import Num, Type
from ..rules.calls import call_type
from ..rules.problem import TypeProblem
from ..rules.typing import Typer, type_of_value
from .refusing import refuse_problem
from .tensor import Tensor, plain


class Evaluator:
    """The writer that a rewriting asks, and the reader of what it writes. `call` runs a call by its rule."""

    def __init__(self, call: Callable[[Any, Any, dict[str, Any]], Any]) -> None:
        self.call = call
        self.values: dict[str, Any] = {}
        self.types: dict[str, Type] = {}
        self.numbers = itertools.count()

    def rewritten(self, rewrite: Any, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """What a rewriting makes of a call."""
        call = self.written(function, args, kwargs)
        try:
            return self.value(rewrite(call, self))
        except TypeProblem as problem:
            refuse_problem(problem)

    def written(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Call:
        """A call as an expression, its arrays and tensors under names."""
        name = getattr(function, "__name__", str(function))
        given = {k: v for k, v in kwargs.items() if v is not np._NoValue}
        return Call(
            Object(function, f"np.{name}"),
            tuple(self.expression(a) for a in args),
            tuple((k, self.expression(v)) for k, v in given.items()),
        )

    def expression(self, value: Any) -> Expr:
        if isinstance(value, list | tuple):
            return Display("list" if isinstance(value, list) else "tuple", tuple(self.expression(v) for v in value))
        if value is None or isinstance(value, bool | int | str) or type(value) is float:
            return Const(value)
        if isinstance(value, slice):
            lower, upper, step = (None if b is None else Const(b) for b in (value.start, value.stop, value.step))
            return Slice(lower, upper, step)
        if isinstance(value, Tensor | np.ndarray | np.generic):
            return self.bound(value)
        return Object(value, getattr(value, "__name__", str(value)))

    def bound(self, value: Any) -> Name:
        name = f"value_{next(self.numbers)}"
        self.values[name] = value
        self.types[name] = _known(plain(value), name)
        return Name(name)

    # ------------------------------------------------------------------------------- what a rewriting asks its writer

    def typed(self, e: Expr) -> Type:
        return Typer(self.types)(e)

    def atom(self, e: Expr, wish: str) -> Expr:  # noqa: ARG002 (nobody reads the names)
        if isinstance(e, Name | Const):
            return e
        value = self.value(e)
        return self.expression(value)

    # ------------------------------------------------------------------------------------------------ its evaluation

    def value(self, e: Expr | None) -> Any:
        match e:
            case None:
                return None
            case Name(id=name):
                return self.values[name]
            case Const(value=value) | Object(value=value):
                return value
            case Display(kind=kind, items=items):
                found = [self.value(i) for i in items]
                return found if kind == "list" else tuple(found)
            case Slice(lower=lower, upper=upper, step=step):
                return slice(self.value(lower), self.value(upper), self.value(step))
            case Item(base=base, index=index):
                return self.value(base)[self.value(index)]
            case Choice(test=test, then=then, other=other):
                return self.value(then) if self.value(test) else self.value(other)
            case Call(func=Object(value=function), args=args, kwargs=kwargs):
                return self._call(function, [self.value(a) for a in args], {k: self.value(v) for k, v in kwargs})
            case Call() | Attr() | Logic():
                raise TypeError(f"a rewriting writes no {type(e).__name__} of this kind")
        raise TypeError(f"not an expression: {e!r}")

    def _call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if isinstance(function, types.GetSetDescriptorType):
            return getattr(args[0], function.__name__)
        if function is np.ndarray.copy:
            return self.call(np.copy, tuple(args), {})
        return self.call(function, tuple(args), kwargs)


def _known(value: Any, name: str) -> Type:
    """The type of a value; a 0-d array counts as a number."""
    found = type_of_value(value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value, name)
    return found.plain() if isinstance(found, Num) and found.is_float else found


def check_types(function: Any, args: Any, kwargs: dict[str, Any]) -> None:
    """Refuse what the rules refuse of this call when they are asked for its type."""
    evaluator = Evaluator(lambda *_: None)
    call = evaluator.written(function, args, kwargs)
    try:
        call_type(Typer(evaluator.types), call)
    except TypeProblem as problem:
        refuse_problem(problem)
