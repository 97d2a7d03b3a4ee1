"""Quantiles and percentiles: sums of two neighbours in the order of the elements, for any of NumPy's methods.

Where elements are equal, they are ordered by their places. Between the places of two elements a quantile is linear in
`q`; at such a place its derivative by `q` is the one on the right, and 0 where the place is held at the first or the
last element. The methods that pick elements, and the one that takes their mean, are steps in `q`.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np

from ..ir.nodes import Call, Const, Display, Expr, Object
from ..runtime import quantile_back, quantile_of
from .operands import arguments, is_none, literals, needed, place, problem, rank, spelling
from .points import Points, call, reals
from .registry import Writer, pullback, rewritten, written
from .stacking import as_array

# ------------------------------------------------------------------------------------ calls as the rules have them

_QUARTILES = np.array([0.25, 0.5, 0.8])
_PERCENT = call(reals(5), 30) + call(reals(3, 4), [25.0, 70.0], axis=0) + call(reals(4), reals(low=41.0, high=59.0))
_KEPT = call(reals(5), [0.3, 0.6]) + call(reals(3, 4), 0.4, keepdims=True)
_KEPT += call(reals(2, 3, 4), _QUARTILES, axis=(0, -1), keepdims=True)


@rewritten(np.quantile, np.nanquantile, points=_KEPT)
def quantiles(e: Call, writer: Writer) -> Expr:
    return _called(e, writer, e.func, *arguments(e, "a", "q", *_OPTIONS))


@rewritten(np.percentile, points=_PERCENT)
def percentiles(e: Call, writer: Writer) -> Expr:
    a, q, *options = arguments(e, "a", "q", *_OPTIONS)
    return _called(e, writer, Object(np.quantile, "np.quantile"), a, _hundredths(needed(e, q, "q")), *options)


@rewritten(np.nanpercentile, points=_PERCENT)
def nanpercentiles(e: Call, writer: Writer) -> Expr:
    a, q, *options = arguments(e, "a", "q", *_OPTIONS)
    return _called(e, writer, Object(np.nanquantile, "np.nanquantile"), a, _hundredths(needed(e, q, "q")), *options)


@rewritten(np.nanmedian, points=call(reals(5)) + call(reals(3, 4), axis=0) + call(reals(3, 4), axis=1, keepdims=True))
def nanmedian(e: Call, writer: Writer) -> Expr:
    a, axis, out, overwrite, keepdims = arguments(e, "a", "axis", "out", "overwrite_input", "keepdims")
    function = Object(np.nanquantile, "np.nanquantile")
    return _called(e, writer, function, a, Const(0.5), axis, out, overwrite, None, keepdims)


_OPTIONS = ("axis", "out", "overwrite_input", "method", "keepdims")


def _hundredths(q: Expr) -> Expr:
    if isinstance(q, Const) and isinstance(q.value, int | float):
        return Const(q.value / 100)
    if isinstance(q, Display):
        return replace(q, items=tuple(map(_hundredths, q.items)))
    return Call(Object(operator.truediv, "/"), (q, Const(100)))


def _called(e: Call, writer: Writer, function: Expr, *given: Expr | None) -> Expr:
    """The call with the dimensions that are kept put in behind it."""
    a, q, axis, out, overwrite, method, keepdims = given
    a, q = needed(e, a, "a"), as_array(needed(e, q, "q"))
    if not is_none(out):
        raise problem(e, f"the argument `out=` of `{spelling(e)}`", "srcdiff follows the results of calls")
    if overwrite not in (None, Const(False)):
        raise problem(e, f"`overwrite_input=` of `{spelling(e)}`", "what is left of the input is not defined")
    if keepdims not in (None, Const(False), Const(True)):
        raise problem(e, f"`keepdims` of `{spelling(e)}`", "it is not known when the derivative is written")
    kwargs: tuple[tuple[str, Expr], ...] = ()
    if axis is not None and not is_none(axis):
        axes = literals(e, writer, axis, "axis")
        numbers = tuple(place(e, k, rank(e, writer, a)) for k in axes)
        kwargs += (("axis", Display("tuple", tuple(map(Const, axes))) if isinstance(axis, Display) else axis),)
    else:
        numbers = tuple(range(rank(e, writer, a)))
    if method not in (None, Const("linear")):
        kwargs += (("method", method),)
    result = Call(function, (a, q), kwargs, e.at)
    if keepdims != Const(True):
        return result
    before = rank(e, writer, q)
    kept = tuple(Const(before + k) for k in sorted(numbers))
    return Call(Object(np.expand_dims, "np.expand_dims"), (result, Display("tuple", kept)), (), e.at)


# ------------------------------------------------------------------------------------------------------------- rules

_POINTS = call(reals(5), reals(low=0.3, high=0.45)) + call(reals(6), _QUARTILES) + call(reals(3, 4), 0.3, axis=0)
_POINTS += call(reals(3, 4), np.array([0.3, 0.6]), axis=-1) + call(reals(2, 3, 4), 0.3, axis=(0, 2))
_POINTS += call(reals(2, 4), reals(2, 2, low=0.05, high=0.3)) + call(reals(3), reals(2, low=0.05, high=0.3), axis=0)
_POINTS += call(reals(3, 5), reals(2, low=0.3, high=0.45), axis=1) + call(
    reals(3, 5), reals(low=0.3, high=0.45), axis=1
)
for _method in ("hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf"):
    _POINTS += call(reals(6), reals(low=0.37, high=0.4), method=_method)
for _method in ("lower", "higher", "midpoint", "nearest"):
    _POINTS += call(reals(6), 0.33, method=_method)


def _register(function: Any, missing: bool, points: Points) -> None:
    @pullback(function, points=points)
    def quantile(y_bar: Any, y: Any, a: Any, q: Any, axis: Any = None, method: Any = "linear") -> Any:
        if y.ndim == q.ndim:
            return (
                quantile_back(y_bar, a, q, axis, method, 0, missing),
                y_bar * quantile_of(a, a, q, axis, method, 1, missing),
            )
        return (
            quantile_back(y_bar, a, q, axis, method, 0, missing),
            np.sum(y_bar * quantile_of(a, a, q, axis, method, 1, missing), axis=behind(q.ndim, y.ndim)),
        )


_register(np.quantile, False, _POINTS)
_register(np.nanquantile, True, _POINTS)


@written
def behind(first: int, dimensions: int) -> Any:
    """The axes behind the first ones, or the one that there is."""
    axes = tuple(range(first, dimensions))
    return axes if len(axes) != 1 else axes[0]


@pullback(
    quantile_of,
    points=call(reals(5), reals(5), reals(low=0.3, high=0.45))
    + call(reals(3, 4), reals(3, 4), 0.3, 0)
    + call(reals(3, 4), reals(3, 4), reals(2, low=0.05, high=0.3), 1, "linear", 1),
)
def quantile_of_pullback(
    y_bar: Any,
    y: Any,
    v: Any,
    x: Any,
    q: Any,
    axis: Any = None,
    method: Any = "linear",
    m: Any = 0,
    missing: Any = False,
) -> Any:
    if y.ndim == q.ndim:
        return (
            quantile_back(y_bar, x, q, axis, method, m, missing),
            None,
            y_bar * quantile_of(v, x, q, axis, method, m + 1, missing),
        )
    return (
        quantile_back(y_bar, x, q, axis, method, m, missing),
        None,
        np.sum(y_bar * quantile_of(v, x, q, axis, method, m + 1, missing), axis=behind(q.ndim, y.ndim)),
    )


@pullback(
    quantile_back,
    points=call(reals(), reals(5), reals(low=0.3, high=0.45))
    + call(reals(4), reals(3, 4), 0.3, 0)
    + call(reals(2, 3), reals(3, 4), reals(2, low=0.05, high=0.3), 1, "linear", 1),
)
def quantile_back_pullback(
    y_bar: Any,
    y: Any,
    g: Any,
    x: Any,
    q: Any,
    axis: Any = None,
    method: Any = "linear",
    m: Any = 0,
    missing: Any = False,
) -> Any:
    if g.ndim == q.ndim:
        return (
            quantile_of(y_bar, x, q, axis, method, m, missing),
            None,
            g * quantile_of(y_bar, x, q, axis, method, m + 1, missing),
        )
    return (
        quantile_of(y_bar, x, q, axis, method, m, missing),
        None,
        np.sum(g * quantile_of(y_bar, x, q, axis, method, m + 1, missing), axis=behind(q.ndim, g.ndim)),
    )
