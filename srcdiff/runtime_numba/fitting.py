"""Adjoints in the shape of what they are of, where broadcasting has made a difference. In compiled code only."""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .lines import place, size_of, steps_of
from .register import implements, jitable, tuple_setitem


def fitted(g: Any, x: Any) -> Any:
    """The C-contiguous `g` in the shape of `x`. In compiled code only."""


@implements(fitted)
def _fitted(g: Any, x: Any) -> Any:
    """One loop over all that broadcasts: elements of `g` are added up where `x` has one, repeated where `g` has one."""
    if g.ndim == x.ndim == 1:
        return _of_lines(g, x)
    ndim = max(g.ndim, x.ndim)
    ones = (1,) * ndim

    def implementation(g: Any, x: Any) -> Any:
        of_g, of_x = right_aligned(g.shape, ones), right_aligned(x.shape, ones)
        shape, from_g, to_x = of_g, steps_of(of_g), steps_of(of_x)
        for i in range(ndim):
            if of_g[i] == 1:
                shape = tuple_setitem(shape, i, of_x[i])
                from_g = tuple_setitem(from_g, i, 0)
            elif of_x[i] != 1 and of_x[i] != of_g[i]:
                raise ValueError("operands could not be broadcast together")
            if of_x[i] == 1:
                to_x = tuple_setitem(to_x, i, 0)
        result = np.zeros(x.shape, g.dtype)
        source, target = g.reshape(g.size), result.reshape(x.size)
        n = shape[ndim - 1]
        step_g, step_x = from_g[ndim - 1], to_x[ndim - 1]
        for row in range(size_of(shape, 0, ndim - 1)):
            at_g, at_x = place(row * n, shape, from_g), place(row * n, shape, to_x)
            for k in range(n):
                target[at_x + k * step_x] += source[at_g + k * step_g]
        return result

    return implementation


def _of_lines(g: Any, x: Any) -> Any:
    """For one dimension, the commonest: a tenth of what the loop over places takes to compile."""

    def implementation(g: Any, x: Any) -> Any:
        step_g, step_x = len(g) != 1, len(x) != 1
        if step_g and step_x and len(g) != len(x):
            raise ValueError("operands could not be broadcast together")
        result = np.zeros(len(x), g.dtype)
        for k in range(len(g) if step_g else len(x)):
            result[k * step_x] += g[k * step_g]
        return result

    return implementation


@jitable
def right_aligned(shape: Any, ones: Any) -> Any:
    """`shape` with as many 1 in front as it has fewer elements than `ones`."""
    for i in range(len(shape)):
        ones = tuple_setitem(ones, len(ones) - len(shape) + i, shape[i])
    return ones
