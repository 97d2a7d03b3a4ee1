"""Interpolation in tables, and polynomials with given coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import interp_back, interp_slope, interp_slope_back, polyder_back, powers
from .points import call, reals
from .registry import linear, pullback, pushforward

# ------------------------------------------------------------------------------------------------------ interpolation
#
# Right of a corner the slope is that of the line on the right; it is 0 outside of the table.

_GRID = reals(4, form="sorted")
_TABLE = call(reals(3, low=-1.2, high=1.2), _GRID, reals(4)) + call(reals(low=-0.9, high=0.9), _GRID, reals(4))
_TABLE += call(reals(2, 3, low=-4, high=4), _GRID, reals(4))


@pullback(np.interp, points=_TABLE)
def interp(y_bar: Any, y: Any, x: Any, xp: Any, fp: Any) -> Any:
    return (
        y_bar * interp_slope(x, xp, fp),
        -interp_back(y_bar * interp_slope(x, xp, fp), x, xp),
        interp_back(y_bar, x, xp),
    )


@pullback(interp_slope, points=_TABLE)
def interp_slope_pullback(y_bar: Any, y: Any, x: Any, xp: Any, fp: Any) -> Any:
    return None, -interp_slope_back(y_bar * y, x, xp), interp_slope_back(y_bar, x, xp)


@pullback(interp_back, points=call(reals(3), reals(3, low=-1.2, high=1.2), _GRID))
def interp_back_pullback(y_bar: Any, y: Any, g: Any, x: Any, xp: Any) -> Any:
    return (
        np.interp(x, xp, y_bar),
        g * interp_slope(x, xp, y_bar),
        -interp_back(g * interp_slope(x, xp, y_bar), x, xp),
    )


@pullback(interp_slope_back, points=call(reals(3), reals(3, low=-1.2, high=1.2), _GRID))
def interp_slope_back_pullback(y_bar: Any, y: Any, g: Any, x: Any, xp: Any) -> Any:
    return interp_slope(x, xp, y_bar), None, -interp_slope_back(g * interp_slope(x, xp, y_bar), x, xp)


# -------------------------------------------------------------------------------------------------------- polynomials


@pullback(np.polyval, points=call(reals(4), reals()) + call(reals(4), reals(3)) + call(reals(3), reals(2, 3)))
def polyval(y_bar: Any, y: Any, p: Any, x: Any) -> Any:
    if x.ndim == 0:
        return y_bar * powers(x, p.size), y_bar * np.polyval(np.polyder(p), x)
    if x.ndim == 1:
        return y_bar @ powers(x, p.size), y_bar * np.polyval(np.polyder(p), x)
    return np.ravel(y_bar) @ powers(np.ravel(x), p.size), y_bar * np.polyval(np.polyder(p), x)


@pushforward(np.polyval)
def polyval_tangent(y: Any, p: Any, x: Any, *, p_dot: Any, x_dot: Any) -> Any:
    return np.polyval(p_dot, x) + np.polyval(np.polyder(p), x) * x_dot


@linear(np.polyder, points=call(reals(4)))
def polyder(y_bar: Any, y: Any, p: Any) -> Any:
    return polyder_back(y_bar, p)


@linear(polyder_back, points=call(reals(3), np.zeros(4)))
def polyder_back_transpose(y_bar: Any, y: Any, g: Any, p: Any) -> Any:
    return np.polyder(y_bar), None


@pullback(np.vander, points=call(reals(4)) + call(reals(3), 2) + call(reals(3), 4, increasing=True))
def vander(y_bar: Any, y: Any, x: Any, N: Any = None, increasing: Any = False) -> Any:  # noqa: N803
    return np.sum(y_bar * powers(x, y.shape[1], 1, increasing), axis=1)


@pushforward(np.vander)
def vander_tangent(y: Any, x: Any, N: Any = None, increasing: Any = False, *, x_dot: Any) -> Any:  # noqa: N803
    return np.expand_dims(x_dot, 1) * powers(x, y.shape[1], 1, increasing)


@pullback(powers, points=call(reals(), 4) + call(reals(3), 4, 1) + call(reals(3), 3, 0, True))
def powers_pullback(y_bar: Any, y: Any, x: Any, n: Any, m: Any = 0, increasing: Any = False) -> Any:
    if x.ndim == 0:
        return y_bar @ powers(x, n, m + 1, increasing)
    return np.sum(y_bar * powers(x, n, m + 1, increasing), axis=-1)


@pushforward(powers)
def powers_tangent(y: Any, x: Any, n: Any, m: Any = 0, increasing: Any = False, *, x_dot: Any) -> Any:
    if x.ndim == 0:
        return x_dot * powers(x, n, m + 1, increasing)
    return np.expand_dims(x_dot, -1) * powers(x, n, m + 1, increasing)
