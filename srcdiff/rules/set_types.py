"""The types of what the programs of `srcdiff.sparsity` compute with: sets of inputs, typed as whole numbers."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np

from .. import runtime, sets
from ..ir.nodes import Object
from ..ir.types import ListOf, Num, Type
from .registry import takes_complex
from .result_types import Asked, states

# functions of numbers whose results have the shape of the results of a function of sets, called in the same way
_AS: dict[Any, Any] = {
    sets.empty: np.zeros,
    sets.full: np.full,
    sets.array: np.array,
    sets.union: np.sum,
    sets.where: np.where,
    sets.running_union: np.copy,
    sets.running_union_back: np.copy,
    sets.unbroadcast: runtime.unbroadcast,
    sets.scattered: runtime.scattered,
    sets.put_along: runtime.put_along,
    sets.diff: np.diff,
    sets.diff_back: runtime.diff_back,
    sets.outer: np.outer,
    sets.tensordot: np.tensordot,
    sets.einsum: np.einsum,
    sets.convolve: np.convolve,
}
takes_complex(*_AS, sets.empty_like, sets.like, sets.product, sets.fixed_times, sets.times_fixed)


def set_type(type_: Type) -> Type:
    """The type of the sets of a value of this type."""
    if isinstance(type_, ListOf):
        return replace(type_, item=None if type_.item is None else set_type(type_.item))
    assert isinstance(type_, Num)
    return Num("int64", type_.ndim, type_.shape, contiguous=type_.contiguous)


@states(*_AS)
def _as_of_numbers(asked: Asked) -> Type:
    args = asked.call.args[:1] if asked.function in (sets.running_union, sets.running_union_back) else asked.call.args
    function = _AS[asked.function]
    return set_type(asked.type_of(replace(asked.call, func=Object(function, function.__name__), args=args)))


@states(sets.product, sets.fixed_times, sets.times_fixed)
def _product(asked: Asked) -> Type:
    numbers = any(isinstance(t, Num) and t.ndim == 0 for t in asked.args)
    function = Object(operator.mul, "*") if numbers else Object(operator.matmul, "@")
    return set_type(asked.type_of(replace(asked.call, func=function)))


@states(sets.empty_like)
def _like_first(asked: Asked) -> Type | None:
    return None if asked.first is None else set_type(asked.first)


@states(sets.like)
def _like_second(asked: Asked) -> Type:
    return set_type(asked.args[1])
