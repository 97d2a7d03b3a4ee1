"""Powers of whole numbers, which are whole only as long as the exponent is not below zero.

in:   10 ** -k               out:  10.0 ** -k
      2 ** k                       whole_power(2, k)
      2 ** i  for i in range(n)    2 ** i

What `2 ** k` is shows when the program runs: an int, or a float for a `k` below zero, of which a compiled program makes
zero. Where the exponent may be below zero the power is called by a function that, compiled, raises an error there.
"""

from __future__ import annotations

import operator
from collections.abc import Collection
from typing import Protocol

import numpy as np

from ..ir.nodes import Call, Const, Expr, Item, Name, Object
from ..ir.types import Num, Type
from ..ir.walk import is_call_of
from ..runtime import whole_power

_FLOAT, _WHOLE_POWER = Object(float, "float"), Object(whole_power, "whole_power")
_SUMS = (operator.add, operator.mul, operator.floordiv, operator.mod)


class Writer(Protocol):
    """What is asked of the rewriter here; `counters` are variables that are not below zero."""

    def typed(self, e: Expr) -> Type: ...
    @property
    def counters(self) -> Collection[str]: ...


def power(e: Call, writer: Writer) -> Call:
    """`base ** exponent` in a form whose type is known."""
    if len(e.args) != 2 or e.kwargs:
        return e
    base, exponent = e.args
    types = [writer.typed(a) for a in e.args]
    ints = [t for t in types if isinstance(t, Num) and t.is_integral and t.weak]
    if len(ints) < 2 or ints[0].value in (1, -1) or ints[1].dtype == "bool":
        return e
    if _is_count(exponent, writer):
        return e
    if type(ints[1].value) is int or is_call_of(exponent, operator.neg):
        real = Const(float(base.value), base.at) if isinstance(base, Const) else Call(_FLOAT, (base,), at=e.at)
        return Call(e.func, (real, exponent), (), e.at)
    return Call(_WHOLE_POWER, e.args, (), e.at)


def _is_count(e: Expr, writer: Writer) -> bool:
    """Whether a whole number is surely not below zero."""
    if isinstance(e, Name) and e.id in writer.counters:
        return True
    if any(is_call_of(e, operation) for operation in _SUMS):
        assert isinstance(e, Call)
        return all(_is_count(a, writer) for a in e.args)
    if is_call_of(e, len) or (isinstance(e, Item) and is_call_of(e.base, np.ndarray.shape)):
        return True
    value = getattr(writer.typed(e), "value", None)
    return type(value) is int and value >= 0
