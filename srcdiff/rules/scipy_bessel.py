"""Partials of the Bessel functions of `scipy.special`, in their argument; imported when a program uses SciPy.

The order is a constant: a derivative in it is refused. The formulas are written without a division by the argument, so
that they hold at 0. Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 9.1.27, 9.1.28, 9.6.26, 9.6.27.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from .points import call, over, reals
from .registry import partials

_ORDERS = call(0.0, reals(3, low=0.3, high=4.0)) + call(2, reals(2, 3, low=0.3, high=4.0)) + call(1.5, reals(low=0.3))
_WHOLE = call(0, reals(3, low=0.3, high=4.0)) + call(2, reals(2, 3, low=0.3, high=4.0)) + call(1, reals(low=0.3))


@partials(special.j0, points=over((-3, 3)))
def j0(y: Any, x: Any) -> Any:
    return -special.j1(x)


@partials(special.j1, points=over((-3, 3)))
def j1(y: Any, x: Any) -> Any:
    return 0.5 * (special.j0(x) - special.jv(2.0, x))


@partials(special.jv, points=_ORDERS, unknown=("v",))
def jv(y: Any, v: Any, x: Any) -> Any:
    return None, 0.5 * (special.jv(v - 1.0, x) - special.jv(v + 1.0, x))


@partials(special.y0, points=over((0.3, 3)))
def y0(y: Any, x: Any) -> Any:
    return -special.y1(x)


@partials(special.y1, points=over((0.3, 3)))
def y1(y: Any, x: Any) -> Any:
    return 0.5 * (special.y0(x) - special.yv(2.0, x))


@partials(special.yv, points=_ORDERS, unknown=("v",))
def yv(y: Any, v: Any, x: Any) -> Any:
    return None, 0.5 * (special.yv(v - 1.0, x) - special.yv(v + 1.0, x))


@partials(special.i0, points=over((-3, 3)))
def i0(y: Any, x: Any) -> Any:
    return special.i1(x)


@partials(special.i1, points=over((-3, 3)))
def i1(y: Any, x: Any) -> Any:
    return 0.5 * (special.i0(x) + special.iv(2.0, x))


@partials(special.iv, points=_ORDERS, unknown=("v",))
def iv(y: Any, v: Any, x: Any) -> Any:
    return None, 0.5 * (special.iv(v - 1.0, x) + special.iv(v + 1.0, x))


@partials(special.k0, points=over((0.3, 3)))
def k0(y: Any, x: Any) -> Any:
    return -special.k1(x)


@partials(special.k1, points=over((0.3, 3)))
def k1(y: Any, x: Any) -> Any:
    return -0.5 * (special.k0(x) + special.kv(2.0, x))


@partials(special.kv, points=_ORDERS, unknown=("v",))
def kv(y: Any, v: Any, x: Any) -> Any:
    return None, -0.5 * (special.kv(v - 1.0, x) + special.kv(v + 1.0, x))


# SciPy cuts the orders of these two to whole numbers


@partials(special.yn, points=_WHOLE, unknown=("n",))
def yn(y: Any, n: Any, x: Any) -> Any:
    return None, 0.5 * (special.yv(np.trunc(n) - 1.0, x) - special.yv(np.trunc(n) + 1.0, x))


@partials(special.kn, points=_WHOLE, unknown=("n",))
def kn(y: Any, n: Any, x: Any) -> Any:
    return None, -0.5 * (special.kv(np.trunc(n) - 1.0, x) + special.kv(np.trunc(n) + 1.0, x))


# --------------------------------------------------- scaled: of I by exp(-|x|), of K by exp(x), of J and Y not at all


@partials(special.i0e, points=over((-3, 3)) + call(reals(3, low=800.0, high=900.0)))
def i0e(y: Any, x: Any) -> Any:
    return special.i1e(x) - np.sign(x) * y


@partials(special.i1e, points=over((-3, 3)))
def i1e(y: Any, x: Any) -> Any:
    return 0.5 * (special.i0e(x) + special.ive(2.0, x)) - np.sign(x) * y


@partials(special.ive, points=_ORDERS, unknown=("v",))
def ive(y: Any, v: Any, x: Any) -> Any:
    return None, 0.5 * (special.ive(v - 1.0, x) + special.ive(v + 1.0, x)) - np.sign(x) * y


@partials(special.k0e, points=over((0.3, 3)))
def k0e(y: Any, x: Any) -> Any:
    return y - special.k1e(x)


@partials(special.k1e, points=over((0.3, 3)))
def k1e(y: Any, x: Any) -> Any:
    return y - 0.5 * (special.k0e(x) + special.kve(2.0, x))


@partials(special.kve, points=_ORDERS, unknown=("v",))
def kve(y: Any, v: Any, x: Any) -> Any:
    return None, y - 0.5 * (special.kve(v - 1.0, x) + special.kve(v + 1.0, x))
