"""Small programs that were once differentiated wrongly: functions, conditions, layouts and captured values."""

import math

import numpy as np

import srcdiff

from .registry import case, positive

FACTOR = 2.0
WEIGHTS = positive(4)


def cubed(x):
    return FACTOR * x**3


cubed_slope = srcdiff.grad(cubed)


def scaled(x, t=(1.5, 2)):
    return np.sum(x * x) * t[0] * t[1]


scaled_slope = srcdiff.grad(scaled)


@case(args=(1.3,))
def arange_from_an_active_start(a):
    return np.sum(np.arange(a, a + 2.5) ** 2)


@case(args=(1.7,))
def arange_with_an_active_step(a):
    return np.sum(np.arange(0.5, 10.0, a) ** 2)


@case(args=(1.3,), second=True)
def power_of_true(x):
    return x**True * x


@case(args=(1.5, 2.0, 1.0), also=((0.5, 2.0, 1.0), (3.0, 2.0, 1.0), (1.5, 1.0, 2.0), (0.5, 1.0, 2.0), (2.5, 1.0, 2.0)))
def clip_with_crossed_bounds(x, low, high):
    return np.clip(x, low, high) * x


@case(args=(positive(4), 1.1))
def clip_without_an_upper_bound(x, low):
    return np.sum(np.clip(x, low, None) * x)


@case(args=(positive(4), 1.1))
def clip_without_a_lower_bound(x, high):
    return np.sum(np.clip(x, None, high) * x)


@case(args=(positive(4), 1.4), second=True)
def dot_with_a_number(x, a):
    return np.sum(np.dot(a, x) * x) + np.dot(a, a) + np.sum(x.dot(a))


@case(args=(1.4,), jit=False, reason="Numba has no reductions of a number")
def reductions_of_a_number(x):
    return np.sum(x) * np.mean(x) + np.max(x) * np.prod(x)


@case(args=(positive(4), np.array([0, 1, 2, 0])))
def where_on_an_integer(x, n):
    return np.sum(np.where(n, x * x, 3.0 * x))


@case(args=(positive(4), np.array([0, 1, 2, 0]), np.array([3, 2, 1, 0])))
def where_on_integers_nested(x, n, m):
    return np.sum(np.where(n, np.where(m, x * x, 3.0 * x), x**3))


@case(args=(positive(4), np.array([0.0, 1.0, 2.0, 0.0]), 2))
def where_on_a_count(x, w, k):
    return np.sum(np.where(w > 0.5, np.where(k, x * x, 3.0 * x), x**3))


@case(args=(positive(4), np.array([math.nan, 1.0, -1.0, 2.0])), wrt=0)
def where_on_missing_data(x, y):
    return np.sum(np.where(y > 0.0, x * x, 3.0 * x)) + np.sum(np.where(y <= 0.0, x, x**3))


@case(args=(1.4, math.nan), wrt=0)
def number_where_on_missing_data(x, y):
    return np.where(y > 0.0, x * x, 3.0 * x)


@case(args=(1.4, math.nan), wrt=0)
def max_and_min_with_a_missing_number(x, y):
    return max(x, y) * x + min(x, y) * x * x


@case(args=(positive(4), np.array([math.nan, 1.0, -1.0, 2.0])), wrt=0)
def fmax_with_missing_data(x, y):
    return np.sum(np.fmax(x, y) * x) + np.sum(np.fmin(x, y) * x * x)


@case(args=(0.5, math.nan), wrt=0)
def branches_on_missing_data(x, y):
    s = x
    if not y > 0.0:
        s = s * x
    if y <= 0.0:
        s = s * 5.0
    else:
        s = s * x
    return s


@case(args=(np.asfortranarray(positive(3, 4)),), jit=False, reason="Numba copies into C order, NumPy keeps the layout")
def copy_of_a_fortran_array(A):
    B = np.copy(A)
    B[0] = 3.0 * B[1] * A[0]
    return np.sum(B * B)


@case(args=(0.0, 0), also=((0.0, 1), (0.0, 2), (0.0, 3), (1.5, 0), (-1.5, 1)), wrt=0, second=True)
def whole_powers_at_zero(x, n):
    return x**n + x


@case(args=(np.array([0.0, -1.0, 2.0]), np.array([0, 1, 2])), wrt=0, second=True)
def whole_powers_of_an_array_at_zero(x, n):
    return np.sum(x**n * x)


@case(args=(2.0,), second=True)
def constants_to_a_power(n):
    return 3**n + 0**n + 1**n + 0.0**n


@case(args=(1.5,))
def derivative_of_a_changing_global(x):
    return cubed_slope(x) * x


@case(args=(positive(3),))
def derivative_with_a_tuple_default(x):
    return np.sum(scaled_slope(x) * x)


@case(args=(0.5, np.full(4, 2.0)))
def update_of_overlapping_slices(a, x):
    y = x * a
    y[1:] += y[:-1]
    y *= y[::-1]
    y[1:-1] -= y[2:] * y[:-2]
    return np.sum(y * y)


@case(args=(np.arange(1.0, 5.0).reshape(2, 2),))
def update_by_its_own_transpose(A):
    B = A * 1.0
    B += B.T
    B *= B[0]
    B[1] -= B[0]
    return np.sum(B * B)


@case(
    args=(2.0, -1),
    also=((2.0, 3), (2.0, 0)),
    wrt=0,
    jit=False,
    reason="in Numba a whole number to a negative whole power is a whole number, for the function itself, too",
)
def whole_number_to_a_whole_power(x, n):
    return x * 2**n + x * x * 10**n


@case(args=(np.array([0.0, 1.0, 2.0]),), wrt=0)
def root_outside_the_chosen_region(x):
    return np.sum(np.where(x > 0.5, np.sqrt(x.reshape(3)), x))


@case(args=(np.array([0.0, 1.0, 2.0]), np.array([1.5])), wrt=0)
def logarithm_outside_the_chosen_region(x, scale):
    return np.sum(np.where(x > 0.5, np.log(x) * scale, x))


@case(args=(np.array([1.0, 2.0, 0.5]),))
def product_of_all_axes_twice(x):
    A = x * x[:, None]
    return np.prod(A, axis=(0, 1)) + np.sum(np.prod(A, axis=-1, keepdims=True) * x)


@case(args=(positive(4),))
def captured_then_scaled(x):
    return np.sum(WEIGHTS * x * x) * FACTOR


@case(args=(np.array([1.3, 0.7, 2.2]),), jit=False, reason="Numba's asarray and array take no dtype of another kind")
def rounded_down_by_a_dtype(x):
    whole = np.asarray(x, dtype=np.int64)
    return np.sum(whole * x) + np.sum(np.array(x, dtype=int) * x * x)


@case(args=(np.array([0.0, 1.0, 4.0]),), wrt=0)
def a_root_that_is_overwritten(x):
    y = np.sqrt(x)
    y[0] = 1.0
    return np.sum(y * y * y)
