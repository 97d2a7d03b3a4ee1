"""The functions of `srcdiff.runtime` for compiled code: the same numbers, with types that do not depend on shapes.

Results are owned and C-contiguous where they are not the argument itself. The meaning of each is in `srcdiff.runtime`.
"""

# Numba compares the parameters of an implementation with those of the function: all of them, used or not.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from .fitting import fitted
from .lines import lines, unlines
from .register import (
    implements,
    is_array,
    is_axes,
    is_none,
    is_number,
    jitable,
    sample,
    types,
    vectorize,
)

for _helper in (
    *(runtime.polygamma, runtime.next_snapshot, runtime.make_room, runtime.left_at),
    *(runtime.same_length, runtime.long_enough, runtime.all_within, runtime.all_below, runtime.not_empty),
    *(runtime.above, runtime.below, runtime.adjoint_fits),
):
    jitable(_helper)


@implements(runtime.added, jit_options={"fastmath": {"reassoc", "nsz"}})
def added(total: Any, term: Any) -> Any:
    def of_numbers(total: Any, term: Any) -> Any:
        return total + term

    return of_numbers


# ------------------------------------------------------------------------------------------------ shapes and zeros


@implements(runtime.unbroadcast)
def unbroadcast(g: Any, x: Any) -> Any:
    if is_number(x) or (is_array(x) and x.ndim == 0):
        return _to_number(g)
    if not is_array(x):
        return None
    if is_number(g):

        def of_number(g: Any, x: Any) -> Any:
            return np.full(x.shape, g)

        return of_number
    if is_array(g) and g.ndim == 0:

        def of_element(g: Any, x: Any) -> Any:
            return np.full(x.shape, g[()])

        return of_element
    return _to_array(g, x) if is_array(g) else None


@implements(runtime.stack)
def stack(example: Any) -> Any:
    def empty(example: Any) -> Any:
        return [_loose(example) for _ in range(0)]

    return empty


def _loose(example: Any) -> Any:
    """The same with arrays in any memory layout: what is pushed later may be a view."""
    raise NotImplementedError


@implements(_loose)
def _loosened(example: Any) -> Any:
    if isinstance(example, types.BaseTuple):

        def first(example: Any) -> Any:
            return (_loose(example[0]),)

        def all_of(example: Any) -> Any:
            return (_loose(example[0]), *_loose(example[1:]))

        return all_of if len(example) > 1 else first
    if is_array(example):

        def view(example: Any) -> Any:
            return example[::1]

        return view

    def itself(example: Any) -> Any:
        return example

    return itself


def _to_number(g: Any) -> Any:
    """For an `x` without dimensions."""
    if is_number(g):

        def from_number(g: Any, x: Any) -> Any:
            return np.float64(g)

        return from_number
    if not is_array(g):
        return None

    def from_array(g: Any, x: Any) -> Any:
        return float(np.sum(g))

    return from_array


def _to_array(g: Any, x: Any) -> Any:
    """For an `x` with dimensions: `g` with more of them, as many, or fewer."""
    own = _as_own(g)
    if g.ndim == x.ndim:

        def from_as_many(g: Any, x: Any) -> Any:
            whole = own(g)
            return whole if whole.shape == x.shape else fitted(whole, x)

        return from_as_many

    def implementation(g: Any, x: Any) -> Any:
        return fitted(own(g), x)

    return implementation


def _as_own(g: Any) -> Any:
    """A function that gives `g` as the sums would come: C-contiguous, writable, integers in 64 bits."""
    if not isinstance(g.dtype, types.Float | types.Complex):

        def widened(g: Any) -> Any:
            return np.ascontiguousarray(g).astype(np.int64)

        return jitable(widened)
    if g.layout != "C" or not g.mutable:

        def copied(g: Any) -> Any:
            return g.copy()

        return jitable(copied)

    def itself(g: Any) -> Any:
        return g

    return jitable(itself)


@implements(runtime.zeros_like)
def zeros_like(x: Any) -> Any:
    if is_array(x):

        def of_array(x: Any) -> Any:
            return np.zeros_like(x)

        return of_array

    if isinstance(x, types.List):

        def of_list(x: Any) -> Any:
            return [zeros(item) for item in x]

        return of_list

    def of_number(x: Any) -> Any:
        return 0.0

    return of_number if is_number(x) else None


zeros = runtime.zeros_like


@implements(runtime.copied, runtime.stop_gradient)
def copied(x: Any) -> Any:
    if is_array(x):

        def of_array(x: Any) -> Any:
            return x.copy()

        return of_array

    def itself(x: Any) -> Any:
        return x

    return itself if is_number(x) else None


@implements(runtime.one_hot)
def one_hot(position: Any, x: Any) -> Any:
    if not is_array(x):
        return None

    def implementation(position: Any, x: Any) -> Any:
        if position < -x.size or position >= x.size:
            raise IndexError("index is out of bounds for the array")
        result = np.zeros(x.shape, x.dtype)
        result.reshape(-1)[position] = 1
        return result

    return implementation


# ------------------------------------------------------------------------------------------------- partials of powers


@jitable
def _power_base(x: Any, n: Any) -> Any:
    if n == 0:
        return 0.0
    return n * np.float64(x) ** (n - 1.0)


@jitable
def _power_exponent(x: Any, n: Any) -> Any:
    if x == 0 and n > 0:
        return 0.0
    base = np.float64(x)
    return base ** np.float64(n) * np.log(base)  # an integer `n` would be a division for Numba


@jitable
def _power_mixed(x: Any, n: Any) -> Any:
    if x == 0 and n > 1:
        return 0.0
    base = np.float64(x)
    return base ** (n - 1.0) * (1.0 + n * np.log(base))


@jitable
def _power_curvature(x: Any, n: Any) -> Any:
    if x == 0 and n > 0:
        return 0.0
    base = np.float64(x)
    return base ** np.float64(n) * np.log(base) ** 2


def _power_partial(scalar: Any, plain: Any) -> Any:
    """The implementation for numbers and arrays from that for numbers; `plain` says what dtype comes out."""
    elementwise = vectorize(scalar)

    def choose(x: Any, n: Any) -> Any:
        if is_number(x) and is_number(n):

            def of_numbers(x: Any, n: Any) -> Any:
                return scalar(x, n)

            return of_numbers
        if not all(is_array(t) or is_number(t) for t in (x, n)):
            return None
        dtype = plain(sample(x), sample(n)).dtype

        def of_arrays(x: Any, n: Any) -> Any:
            return elementwise(x, n).astype(dtype)

        return of_arrays

    return choose


implements(runtime.power_base)(_power_partial(_power_base, runtime.power_base))
implements(runtime.power_exponent)(_power_partial(_power_exponent, runtime.power_exponent))
implements(runtime.power_mixed)(_power_partial(_power_mixed, runtime.power_mixed))
implements(runtime.power_curvature)(_power_partial(_power_curvature, runtime.power_curvature))

# -------------------------------------------------------------------------------------------- partials of reductions


@jitable
def _others(parts: Any) -> Any:
    """The products of the elements before and after each one of a line."""
    result = np.empty_like(parts)
    n = parts.shape[1]
    one = parts.dtype.type(1)
    for i in range(parts.shape[0]):
        for k in range(parts.shape[2]):
            before, after = one, one
            for j in range(n):
                result[i, j, k] = before
                before *= parts[i, j, k]
            for j in range(n - 1, -1, -1):
                result[i, j, k] *= after
                after *= parts[i, j, k]
    return result


@jitable
def _first_greatest(parts: Any, sign: int) -> Any:
    """1 at the first of the largest elements of `sign * parts`, or at the first NaN, of each line."""
    result = np.zeros_like(parts)
    if parts.shape[1] == 0:
        raise ValueError("attempt to get argmax or argmin of an empty sequence")
    for i in range(parts.shape[0]):
        for k in range(parts.shape[2]):
            at = 0
            best = parts[i, 0, k]
            for j in range(1, parts.shape[1]):
                v = parts[i, j, k]
                if best == best and (v != v or (v > best if sign > 0 else v < best)):  # noqa: PLR0124
                    at, best = j, v
            result[i, at, k] = 1
    return result


@jitable
def _first_max(parts: Any) -> Any:
    return _first_greatest(parts, 1)


@jitable
def _first_min(parts: Any) -> Any:
    return _first_greatest(parts, -1)


def _along_lines(kernel: Any) -> Any:
    """The implementation of a function of an array and an axis from one of lines."""

    def choose(x: Any, axis: Any = None) -> Any:
        if not is_array(x):
            return None
        if is_none(axis):

            def of_all(x: Any, axis: Any = None) -> Any:
                return kernel(np.ravel(x).reshape((1, x.size, 1))).reshape(x.shape)

            return of_all
        if x.ndim == 0 or not (isinstance(axis, types.Integer) or is_axes(axis)):
            return None

        def of_axis(x: Any, axis: Any = None) -> Any:
            return unlines(kernel(lines(x, axis)), x, axis)

        return of_axis

    return choose


implements(runtime.prod_partials)(_along_lines(_others))
implements(runtime.first_max)(_along_lines(_first_max))
implements(runtime.first_min)(_along_lines(_first_min))


@jitable
def _others_pullback(weights: Any, parts: Any) -> Any:
    """For each element, the sum over the others of their weight times the product of all but the two.

    From either end: the product so far, and the sum over the elements so far of weight times product of the rest.
    """
    result = np.empty_like(parts)
    n = parts.shape[1]
    zero, one = parts.dtype.type(0), parts.dtype.type(1)
    products = np.empty(n, parts.dtype)
    sums = np.empty(n, parts.dtype)
    for i in range(parts.shape[0]):
        for k in range(parts.shape[2]):
            product, total = one, zero
            for j in range(n):
                products[j], sums[j] = product, total
                total = total * parts[i, j, k] + weights[i, j, k] * product
                product *= parts[i, j, k]
            product, total = one, zero
            for j in range(n - 1, -1, -1):
                result[i, j, k] = sums[j] * product + products[j] * total
                total = total * parts[i, j, k] + weights[i, j, k] * product
                product *= parts[i, j, k]
    return result


@implements(runtime.prod_partials_pullback)
def prod_partials_pullback(w: Any, x: Any, axis: Any = None) -> Any:
    if not (is_array(w) and is_array(x)) or w.ndim != x.ndim:
        return None
    if is_none(axis):

        def of_all(w: Any, x: Any, axis: Any = None) -> Any:
            if w.shape != x.shape:
                raise ValueError("the adjoint has another shape")
            shape = (1, x.size, 1)
            return _others_pullback(np.ravel(w).reshape(shape), np.ravel(x).reshape(shape)).reshape(x.shape)

        return of_all
    if x.ndim == 0 or not (isinstance(axis, types.Integer) or is_axes(axis)):
        return None

    def of_axis(w: Any, x: Any, axis: Any = None) -> Any:
        if w.shape != x.shape:
            raise ValueError("the adjoint has another shape")
        return unlines(_others_pullback(lines(w, axis), lines(x, axis)), x, axis)

    return of_axis
