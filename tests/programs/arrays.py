"""Whole-array NumPy: ufuncs, reductions, creation, methods and attributes, dtypes and odd shapes."""

import numpy as np

from .registry import case, draw, positive


@case(args=(draw(5),), second=True)
def sum_of_squares(x):
    return np.sum(x * x)


@case(args=(draw(5),), second=True)
def methods(x):
    y = x.copy()
    return (y * y).sum() * y.mean() + y.sum() / x.size


@case(args=(draw(6),))
def extremes(x):
    return x.max() * x.min() + np.max(x) ** 2 - np.min(x)


@case(args=(positive(5),), second=True)
def product_and_mean(x):
    return np.prod(x) * np.mean(x * x)


@case(args=(np.array([1.5, 0.0, -2.0, 0.7]),))
def product_with_a_zero(x):
    return np.prod(x) + np.prod(x[2:])


@case(args=(draw(3, 4),))
def sums_by_axis(A):
    rows = A.sum(axis=1)
    columns = np.sum(A * A, axis=0)
    return np.sum(rows * rows) + columns[1] * columns[3]


@case(args=(draw(3, 4),))
def sum_by_last_axis(A):
    return np.sum(A**3, axis=-1)


@case(args=(draw(3, 4),), jit=False, reason="Numba's mean, max, min and prod take no axis")
def reductions_by_axis(A):
    means = A.mean(axis=0)
    tops = A.max(axis=1)
    lows = np.min(A, axis=1)
    products = np.prod(A, axis=0)
    return np.sum(means * products) + np.sum(tops * tops * lows)


@case(args=(draw(2, 3, 4),), jit=False, reason="Numba's mean takes no axis")
def mean_by_middle_axis(T):
    return np.mean(T * T, axis=1)


@case(args=(draw(3, 4),), jit=False, reason="Numba's sum has no keepdims")
def centred_rows(A):
    centred = A - np.sum(A, axis=1, keepdims=True) / A.shape[1]
    return centred * centred


@case(args=(draw(6),), second=True)
def softmax(x):
    e = np.exp(x - x.max())
    return np.sum((e / np.sum(e)) ** 2)


@case(args=(draw(6),))
def log_sum_exp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@case(args=(draw(6),))
def standardised(x):
    centred = x - np.mean(x)
    sd = np.sqrt(np.sum(centred**2) / (len(x) - 1))
    return centred / sd


@case(args=(positive(4) * 0.4,), second=True)
def trigonometric_ufuncs(x):
    a = np.sin(x) * np.cos(x) + np.tan(x)
    b = np.arcsin(x) - np.arccos(x) * np.arctan(x)
    return np.sum(a * b)


@case(args=(positive(4),), second=True)
def exponential_ufuncs(x):
    a = np.sinh(x) - np.cosh(x) * np.tanh(x) + np.exp(-x) + np.expm1(x)
    b = np.log(x) + np.log1p(x) * np.log2(x) - np.log10(x) + np.sqrt(x)
    return np.sum(a * b + np.square(x))


@case(args=(positive(4), draw(4)), second=True)
def ufuncs_of_two(x, y):
    a = np.hypot(x, y) + np.arctan2(y, x)
    b = np.power(x, y) - np.power(y, 3)
    return np.sum(a * b)


@case(args=(draw(6), draw(6, seed=1)))
def maximum_and_minimum(x, y):
    return np.maximum(x, y) * np.minimum(x * x, y) + np.maximum(x, 0.0)


@case(args=(draw(6), 0.3))
def where_selects(x, a):
    return np.where(x > 0.0, x * a, a * a * np.exp(x))


@case(args=(draw(6), draw(6, seed=1), draw(6, seed=2)))
def where_with_a_joint_condition(x, y, z):
    inside = (x < y) & (y > 0.0)
    return np.sum(np.where(inside, x * y, z) * z)


@case(args=(np.array([-0.5, 0.2, 0.4, 1.7, 2.5]),))
def clipped(x):
    return np.sum(np.clip(x, 0.0, 2.0) ** 2 * x)


@case(args=(np.array([-0.5, 0.2, 0.4, 1.7, 2.5]), 0.1, 2.0))
def clipped_to_arguments(x, lo, hi):
    return np.clip(x, lo, hi) * x


@case(args=(draw(6),))
def absolute_and_sign(x):
    return np.sum(np.abs(x) ** 1.5 + np.sign(x) * x * x)


@case(args=(draw(6),), jit=False, reason="Numba's abs takes no array")
def builtin_abs_of_an_array(x):
    return abs(x) * x


@case(args=(draw(4), 2.5))
def powers_of_an_array(x, p):
    return np.sum((x * x + 1.0) ** p + x**2 + x**3 - (2.0 + x * x) ** -1)


@case(args=(positive(4), positive(4, seed=1)))
def array_to_an_array(x, y):
    return x**y


@case(args=(draw(4), 1.7))
def scalar_to_an_array(x, a):
    return np.sum(a**x * a)


@case(args=(draw(5) * 3.0, 1.3))
def modulo_of_arrays(x, m):
    return np.sum((x % m) ** 2 + (x // m) * x)


@case(args=(0.4, 1.3), second=True)
def vector_from_scalars(a, b):
    v = np.array([a, b * a, a / b, 1.0])
    return np.sum(v * v * v)


@case(args=(0.4, draw(2)))
def rotation(angle, p):
    c = np.cos(angle)
    s = np.sin(angle)
    R = np.array([[c, -s], [s, c]])
    return R @ p


@case(args=(0.7, 2.0, 5), wrt=(0, 1))
def filled(a, b, n):
    x = np.full(n, a)
    y = np.full((2, n), b * a)
    x[1] = b
    return np.sum(x * x) + np.sum(y * x)


@case(args=(draw(4), 1.5))
def like_another(x, a):
    z = np.zeros_like(x)
    o = np.ones_like(x)
    f = np.full_like(x, 2.0)
    z[1:] = x[1:] * a
    o *= x
    return z * o + f * x


@case(args=(draw(3), 3), wrt=0)
def matrices_from_nothing(x, n):
    A = np.eye(n)
    B = np.zeros((n, n))
    C = np.ones((n, n))
    for i in range(n):
        A[i, 0] += x[i]
        B[0, i] = x[i] * x[i]
    return np.sum((A @ B) * C) + A[1, 0] * B[0, 2]


@case(args=(0.6, 6), wrt=0)
def grids_of_constants(a, n):
    t = np.linspace(0.0, 1.0, n)
    k = np.arange(n)
    return np.sum(np.exp(-a * t) * k) + np.sum(np.arange(1, 7, 2) * a * a)


@case(args=(0.5, 2.0))
def linspace_between_arguments(a, b):
    t = np.linspace(a, b, 5)
    return t * t


@case(args=(draw(3, 4),))
def shape_and_rank(A):
    n, m = A.shape
    scale = n * m / A.size + A.ndim + len(A)
    out = np.zeros((m, n))
    for i in range(n):
        for j in range(m):
            out[j, i] = scale * A[i, j] ** 2
    return out


@case(args=(draw(4), draw(4, seed=1).astype(np.float32)))
def buffers_of_the_same_dtype(x, y):
    a = np.zeros(len(x), dtype=x.dtype)
    b = np.empty(y.shape, dtype=y.dtype)
    for i in range(4):
        a[i] = x[i] * x[i]
        b[i] = y[i] * y[i]
    return np.sum(a * x) + np.sum(b * y)


@case(args=(draw(5).astype(np.float32), draw(5, seed=1).astype(np.float32)))
def single_precision(x, y):
    d = x - y
    return np.sum(d * d * x)


@case(args=(draw(5).astype(np.float32), draw(5, seed=1)))
def mixed_precision(x, y):
    return x * y + x * x


@case(args=(draw(5).astype(np.float32), 1.5))
def single_precision_and_a_number(x, a):
    return x * a + np.exp(x) / 2.0


@case(args=(np.zeros(0), 2.0))
def empty_vector(x, a):
    return np.sum(x * a) + a * a


@case(args=(np.zeros((0, 3)), draw(3)))
def no_rows(A, w):
    return np.sum(A * w, axis=0) + w * w


@case(args=(draw(1), draw(1, 1)))
def single_elements(x, A):
    return x * A + x[0] * A[0, 0]


@case(args=(np.array(1.3), draw(4)))
def zero_dimensional_scale(a, x):
    y = a * x
    y = y * a + x
    return y


@case(args=(np.array([1, 2, 3]), 0.7), wrt=1)
def integer_array_as_data(k, a):
    return np.sum(k * a**2 + a / k)


@case(args=(np.array([1, 2, 3]), 0.7), wrt=(0, 1))
def integer_array_differentiated(k, a):
    return np.sum(k * k * a)


@case(args=(np.array([True, False, True]), draw(3)), wrt=1)
def boolean_array_as_data(mask, x):
    s = 0.0
    for i in range(3):
        if mask[i]:
            s += x[i] ** 2
    return s + np.sum(mask * x)


@case(args=(draw(4),))
def builtins_over_an_array(x):
    return sum(x * x) + max(x[0], x[1]) * min(x[2], x[3]) + abs(x[0])


@case(args=(draw(4),))
def asarray_keeps_the_array(x):
    y = np.asarray(x)
    y[0] = y[1] * y[1]
    z = np.copy(y)
    z[1] = x[0] * x[2]
    return np.sum(z * x)


@case(args=(draw(4),))
def chain_of_array_statements(x):
    x = x * x
    x = x * x - 0.5 * x
    y = np.tanh(x)
    x = y * x
    return x / (1.0 + x * x)


@case(args=(draw(5), draw(5, seed=2)))
def cosine_similarity(x, y):
    nx = np.sqrt(np.sum(x * x))
    ny = np.sqrt(np.sum(y * y))
    return np.sum(x * y) / (nx * ny)


@case(args=(draw(6), 2.0))
def array_and_scalar_results(x, a):
    y = x * a
    return y * y, np.sum(y) * a


@case(args=(draw(4),))
def negated_and_comparisons(x):
    up = -x
    heavier = (x > 0.1) * 2.0 + 1.0
    return np.sum(heavier * up * x)
