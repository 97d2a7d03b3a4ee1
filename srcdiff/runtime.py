"""The few helpers that generated code may call: plain Python and NumPy here, the same for Numba in `runtime_numba`."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np

from .runtime_adjoints import adjoint_of, as_it_is, hooked, watched
from .runtime_calls import pulled_back
from .runtime_complex import doubled, halved, resized, unit
from .runtime_largest import above, below, first_max, first_min, larger, not_empty, smaller
from .runtime_lists import array_of, stack, stacks
from .runtime_loops import added, adjoint_fits, all_below, all_within, long_enough, same_length, whole_power
from .runtime_matrices import (
    cofactors,
    cofactors_tangent,
    eigenvectors_adjoint,
    eigenvectors_tangent,
    from_lower,
    full_left_adjoint,
    full_left_tangent,
    full_values_adjoint,
    full_values_tangent,
    inverse_gaps,
    left_vectors_adjoint,
    left_vectors_tangent,
    lower_half,
    onto_lower,
    power_tangent,
    real_eig,
)
from .runtime_parallel import check_finished
from .runtime_quantiles import quantile_back, quantile_of
from .runtime_reductions import (
    cumsum_back,
    diff_back,
    first_places,
    following,
    gradient_back,
    in_full,
    interp_back,
    interp_slope,
    interp_slope_back,
    median_weights,
    ordering,
    part_of_full,
    places_of,
    polyder_back,
    powers,
    previous,
    prod_partials,
    prod_partials_pullback,
    put_along,
    ratio,
    recurrence,
    recurrence_back,
    root,
    running_maxima,
    running_minima,
    square_root,
    tensordot_left,
    tensordot_right,
)
from .runtime_schedules import checkpoint, checkpointed, left_at, make_room, next_snapshot
from .runtime_texts import formatted, text
from .runtime_workspaces import copied_workspace, workspace, zeroed_workspace

__all__ = [
    "above",
    "added",
    "adjoint_fits",
    "adjoint_of",
    "all_below",
    "all_within",
    "array_of",
    "as_it_is",
    "below",
    "check_finished",
    "checkpoint",
    "checkpointed",
    "cofactors",
    "cofactors_tangent",
    "copied",
    "copied_workspace",
    "cumsum_back",
    "diff_back",
    "doubled",
    "duplicate",
    "eigenvectors_adjoint",
    "eigenvectors_tangent",
    "first_max",
    "first_min",
    "first_places",
    "following",
    "formatted",
    "from_lower",
    "full_left_adjoint",
    "full_left_tangent",
    "full_values_adjoint",
    "full_values_tangent",
    "gradient_back",
    "halved",
    "hooked",
    "in_full",
    "interp_back",
    "interp_slope",
    "interp_slope_back",
    "inverse_gaps",
    "larger",
    "left_at",
    "left_vectors_adjoint",
    "left_vectors_tangent",
    "long_enough",
    "lower_half",
    "make_room",
    "median_weights",
    "next_snapshot",
    "not_empty",
    "one_hot",
    "onto_lower",
    "ordering",
    "part_of_full",
    "places_of",
    "polyder_back",
    "polygamma",
    "power_base",
    "power_curvature",
    "power_exponent",
    "power_mixed",
    "power_tangent",
    "powers",
    "previous",
    "prod_partials",
    "prod_partials_pullback",
    "pulled_back",
    "put_along",
    "quantile_back",
    "quantile_of",
    "ratio",
    "real_eig",
    "recurrence",
    "recurrence_back",
    "resized",
    "root",
    "running_maxima",
    "running_minima",
    "same_length",
    "smaller",
    "square_root",
    "stack",
    "stacks",
    "tensordot_left",
    "tensordot_right",
    "text",
    "unbroadcast",
    "unit",
    "watched",
    "whole_power",
    "workspace",
    "zeroed_workspace",
    "zeros_like",
]


def unbroadcast(g: Any, x: Any) -> Any:
    """Sum `g` over the axes along which `x` was broadcast, so that the result has the shape of `x`.

    `g` may also have a smaller shape that broadcasts to that of `x`; then it is expanded.

    >>> unbroadcast(np.ones((3, 2)), np.zeros(2))
    array([3., 3.])
    >>> unbroadcast(np.ones(3), 0.5)
    3.0
    """
    shape = np.shape(x)
    if not shape:
        if isinstance(g, float):
            return g
        total = np.sum(g)
        return complex(total) if total.dtype.kind == "c" else float(total)
    if np.shape(g) == shape:
        return g
    g = np.asarray(g)
    if g.ndim > len(shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    ones = tuple(axis for axis, n in enumerate(shape) if n == 1 and axis >= len(shape) - g.ndim)
    lead = len(shape) - g.ndim
    axes = tuple(axis - lead for axis in ones if g.shape[axis - lead] != 1)
    if axes:
        g = g.sum(axis=axes, keepdims=True)
    return np.broadcast_to(g, shape).copy() if g.shape != shape else g


def zeros_like(x: Any) -> Any:
    """Zero of the shape and dtype of `x`; `0.0` for a number; for a list, the list of the zeros of its items."""
    if isinstance(x, list):
        return [zeros_like(item) for item in x]
    return np.zeros_like(x) if isinstance(x, np.ndarray) else 0.0


def copied(x: Any) -> Any:
    """A copy of an array; a number as it is."""
    return x.copy() if isinstance(x, np.ndarray) else x


def duplicate(rng: Any) -> Any:
    """A random generator of its own in the state of `rng`: it draws what `rng` will draw."""
    return copy.deepcopy(rng)


def stop_gradient(x: Any) -> Any:
    """A copy of `x` (a number as it is) that counts as a constant: no derivative flows through it.

    >>> stop_gradient(2.0)
    2.0
    """
    return copied(x)


def power_base(x: Any, n: Any) -> Any:
    """The partial of `x ** n` in `x`: `n * x ** (n - 1)`, and 0 where `n` is 0, whatever `x` is.

    >>> power_base(0.0, 0), float(power_base(3.0, 2))
    (0.0, 6.0)
    """
    if isinstance(x, np.ndarray) or isinstance(n, np.ndarray):
        x, n = np.asarray(x), np.asarray(n)
        partial = np.where(n == 0, 0.0, n * np.float_power(x, np.where(n == 0, 1.0, n - 1.0)))
        if partial.dtype.kind == "c":
            return partial.astype(np.result_type(x.dtype, n.dtype, np.complex64))
        return partial.astype(np.result_type(x.dtype, n.dtype, np.float32) if x.dtype == np.float32 else np.float64)
    if n == 0:
        return 0.0
    return n * _number(x) ** (n - 1.0)


def _number(x: Any) -> Any:
    """A number of NumPy's, for which a power is infinite where Python raises an error."""
    return np.complex128(x) if isinstance(x, complex | np.complexfloating) else np.float64(x)


def power_exponent(x: Any, n: Any) -> Any:
    """The partial of `x ** n` in `n`: `x ** n * log(x)`, with its limit 0 at `x = 0` for positive `n`.

    >>> power_exponent(0.0, 2.0), round(float(power_exponent(2.0, 1.0)), 6)
    (0.0, 1.386294)
    """
    if isinstance(x, np.ndarray) or isinstance(n, np.ndarray):
        zero = (np.asarray(x) == 0) & (np.real(n) > 0)
        base = np.where(zero, 1.0, x)
        return np.where(zero, 0.0, np.float_power(base, n) * np.log(base))
    if x == 0 and np.real(n) > 0:
        return 0.0
    number = _number(x)
    return number**n * np.log(number)


def power_mixed(x: Any, n: Any) -> Any:
    """The partial of `x ** n` in both: `x ** (n - 1) * (1 + n * log(x))`, with its limit 0 at `x = 0` for `n > 1`."""
    if isinstance(x, np.ndarray) or isinstance(n, np.ndarray):
        zero = (np.asarray(x) == 0) & (np.real(n) > 1)
        base = np.where(zero, 1.0, x)
        return np.where(zero, 0.0, np.float_power(base, np.asarray(n) - 1.0) * (1.0 + n * np.log(base)))
    if x == 0 and np.real(n) > 1:
        return 0.0
    number = _number(x)
    return number ** (n - 1.0) * (1.0 + n * np.log(number))


def power_curvature(x: Any, n: Any) -> Any:
    """The second partial of `x ** n` in `n`: `x ** n * log(x) ** 2`, with its limit 0 at `x = 0` for positive `n`."""
    if isinstance(x, np.ndarray) or isinstance(n, np.ndarray):
        zero = (np.asarray(x) == 0) & (np.real(n) > 0)
        base = np.where(zero, 1.0, x)
        return np.where(zero, 0.0, np.float_power(base, n) * np.log(base) ** 2)
    if x == 0 and np.real(n) > 0:
        return 0.0
    number = _number(x)
    return number**n * np.log(number) ** 2


def polygamma(n: int, x: float) -> float:
    """The polygamma function: derivative number `n + 1` of `log(gamma(x))` (`n = 0`: digamma).

    Recurrence up to `x >= 12`, then the asymptotic series; negative `x` by the recurrence alone.
    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 6.4.6 and 6.4.11. Relative error about 1e-14.

    >>> round(polygamma(0, 1.0), 12), round(polygamma(1, 1.0), 12)
    (-0.577215664902, 1.644934066848)
    """
    sign = -1.0 if n % 2 == 0 else 1.0
    factorial = math.gamma(n + 1.0)
    result = 0.0
    while x < 12.0 + n:
        result += sign * factorial / x ** (n + 1)
        x += 1.0
    if n == 0:
        result += math.log(x) - 0.5 / x
    else:
        result += sign * (math.gamma(float(n)) / x**n + 0.5 * factorial / x ** (n + 1))
    bernoulli = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
    for k in range(1, 9):
        result += sign * bernoulli[k - 1] * math.gamma(2.0 * k + n) / math.gamma(2.0 * k + 1.0) / x ** (2 * k + n)
    return result


def share(a: Any, b: Any) -> Any:
    """The share of `exp(a)` in `exp(a) + exp(b)`, without overflow; equal infinities have one half each.

    >>> float(share(0.0, 0.0)), float(share(-np.inf, -np.inf)), float(share(1000.0, -1000.0))
    (0.5, 0.5, 1.0)
    """
    with np.errstate(invalid="ignore"):
        gap = np.where(np.equal(a, b), 0.0, np.subtract(b, a))
    return np.exp(-np.logaddexp(0.0, gap))[()]


def shares(x: Any, axis: Any = None) -> Any:
    """The share of each `exp(x)` in their sum (along `axis`), without overflow: softmax. The largest elements have
    equal shares also where they are infinite.

    >>> shares(np.array([-np.inf, 0.0, 0.0])), shares(np.array([-np.inf, -np.inf]))
    (array([0. , 0.5, 0.5]), array([0.5, 0.5]))
    """
    top = np.max(x, axis=axis, keepdims=True)
    with np.errstate(invalid="ignore"):
        powers = np.exp(np.where(x == top, 0.0, x - top))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def sinc_derivative(n: int, x: Any) -> Any:
    """Derivative number `n` of `sin(pi * x) / (pi * x)`.

    Near 0 the Taylor series, of which term `k` is `(-1)**k * t**(2k-n) / ((2k-n)! * (2k+1))` for `t = pi * x`;
    elsewhere the recurrence that comes from differentiating `t * sinc = sin(t)` `n` times.

    >>> float(sinc_derivative(1, 1.0)), round(float(sinc_derivative(2, 0.0)), 12)
    (-1.0, -3.289868133696)
    """
    t = math.pi * np.asarray(x)
    far = np.abs(t) > n + 1.0
    large, small = np.where(far, t, 1.0), np.where(far, 0.0, t)
    value = np.sin(large) / large
    for m in range(1, n + 1):
        sine = np.cos(large) if m % 2 else np.sin(large)
        value = ((-sine if m % 4 in (2, 3) else sine) - m * value) / large
    first = (n + 1) // 2
    series = np.zeros_like(small)
    for k in range(first + 20 + 3 * n, first - 1, -1):
        power = 2 * k - n
        series = small * small * series + (-1.0) ** k / (math.factorial(power) * (2.0 * k + 1.0))
    series = small * series if n % 2 else series
    return (math.pi**n * np.where(far, value, series))[()]


def i0_derivative(n: int, x: Any) -> Any:
    """Derivative number `n` of the modified Bessel function `I0`.

    The mean of `cos(t)**n * cosh(x * cos(t))` over a quarter of the circle (for odd `n` of `sinh`): no two terms have
    different signs, and equal steps converge faster than any power. Source: Abramowitz and Stegun, Handbook of
    Mathematical Functions, 9.6.16; Trefethen and Weideman, The Exponentially Convergent Trapezoidal Rule (2014).

    >>> round(float(i0_derivative(0, 1.0)), 12), round(float(i0_derivative(1, 1.0)), 12)
    (1.266065877752, 0.565159103992)
    """
    size = np.abs(x)
    top = float(np.max(size, initial=0.0, where=size < 800.0))  # beyond that it overflows
    steps = 8 + int(3.0 * math.sqrt(top))
    total = 0.0 * np.asarray(x)
    for k in range(steps):
        c = math.cos((k + 0.5) * math.pi / (2 * steps))
        total = total + c**n * (np.sinh(c * x) if n % 2 else np.cosh(c * x))
    return (total / steps)[()]


def on_diagonal(d: Any, x: Any, k: int = 0) -> Any:
    """An array of the shape of the matrix `x` with `d` on its diagonal number `k` and 0 elsewhere.

    >>> on_diagonal(np.array([1.0, 2.0]), np.ones((2, 3)), 1)
    array([[0., 1., 0.],
           [0., 0., 2.]])
    """
    result = np.zeros(x.shape, d.dtype)
    rows = np.arange(d.size) + max(0, -k)
    result[rows, rows + k] = d
    return result


def one_hot(position: int, x: Any) -> Any:
    """An array like `x` with a 1 at the flat index `position` and 0 elsewhere."""
    result = np.zeros_like(x)
    result.reshape(-1)[position] = 1.0
    return result


def add_at(x: Any, index: Any, g: Any) -> None:
    """`x[index] += g` in place, where an element that the index names several times takes every one of the terms.

    >>> x = np.zeros(3)
    >>> add_at(x, np.array([0, 2, 2]), 1.0)
    >>> x
    array([1., 0., 2.])
    """
    np.add.at(x, index, g)


def scattered(g: Any, index: Any, x: Any) -> Any:
    """An array like `x`, zero but for `g` added in at the index: the transpose of `x[index]`."""
    result = np.zeros_like(x)
    np.add.at(result, index, g)
    return result


def replaced(x: Any, index: Any, v: Any) -> Any:
    """A copy of `x` with `v` at the index."""
    result = x.copy()
    result[index] = v
    return result


def only_last(g: Any, index: Any, x: Any) -> Any:
    """`g`, of the shape of `x[index]`, with zeros where a later entry names the same element: what `x[index] = v`
    keeps of `v`.

    >>> only_last(np.ones(3), np.array([0, 2, 2]), np.zeros(3))
    array([1., 0., 1.])
    """
    order = np.arange(x.size).reshape(x.shape)[index]
    last = np.full(x.size, -1)
    places = np.arange(order.size)
    last[order.reshape(-1)] = places  # of equal ones the last is kept
    return np.where((last[order.reshape(-1)] == places).reshape(order.shape), g, 0.0)
