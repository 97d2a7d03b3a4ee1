"""The pullback of arrays put together: for each operand its part of the adjoint, by the rule."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..rules.registry import rule_of
from .names import name_of
from .record import ABOUT, About


@functools.cache
def join_back(function: Any, count: int, active: tuple[int, ...]) -> Any:
    """The pullback of `np.concatenate` or `np.stack` of `count` arrays, of which these need a gradient."""
    rule = rule_of(function)
    assert rule is not None
    assert rule.body is not None
    body = rule.body

    def part(g: Any, axis: int, span: Any) -> Any:
        if function is np.concatenate:
            return body(g, None, None, axis, start=span[0], stop=span[1])
        found = body(g, None, None, axis, k=span)
        return float(found) if type(found) is np.float64 else found

    def back(g: Any, saved: Any) -> Any:
        axis, spans = saved
        found = [part(g, axis, span) for span in spans]
        return found[0] if len(found) == 1 else tuple(found)

    ABOUT[back] = About(name_of(function), back, active, count)
    return back
