"""Programs on which an earlier state was wrong, crashed or hung: names reused, ranks and shapes that change."""

import numpy as np

from .registry import case, draw, positive

UNSET = "Numba rejects the function itself: one variable for values of two types"


@case(args=(draw(3),), second=True)
def counter_named_like_its_bound(x):
    s = 1.0
    n = 2
    for n in range(n):
        s = s * x[n] + 1.0
    return s * x[n]


@case(args=(draw(4),), second=True)
def triangular_loop_with_one_name(x):
    for i in range(2):
        for i in range(i, 3):
            x[i] = x[i] * x[0]
    return np.sum(x * x) * x[i]


@case(args=(draw(4),), second=True)
def inner_counter_read_after_its_loop(x):
    s = 1.0
    for i in range(3):
        for i in range(i, 4):
            s = s * x[i] + 0.5
        s = s * x[i]
    return s


@case(args=(draw(4),), second=True, jit=False, reason=UNSET)
def element_named_like_its_array(x):
    s = 1.0
    for x in x:
        s = s * x + 1.0
    return s


@case(args=(draw(4), draw(4)), second=True, jit=False, reason="Numba does not unify the types of the two arrays")
def a_name_assigned_to_itself(x, y):
    for i in range(2):
        if i == 0:
            y = x
        y = y
        y[i] = y[i] * y[3]
    return np.sum(y * y * x)


def _same(v):
    return v


@case(args=(draw(4), draw(4)), second=True)
def a_helper_that_returns_its_argument(x, y):
    for i in range(2):
        if i == 1:
            y = x
        y = _same(y)
    y[1] = x[0] * 2.0
    return np.sum(x * x * y)


@case(args=(draw(4), draw(4), 3), also=((draw(4), draw(4), 0),), wrt=(0, 1), jit=False, reason=UNSET)
def names_that_go_round_in_a_ring(x, y, n):
    w = x
    for v in range(n):
        for i in range(2):
            if i > 5:
                y = x
                break
        else:
            b = y
            w[2] = b[1]
        y, b = b, y
        x = y * 2.0
    return w[-1]


@case(args=(draw(3), 3), also=((draw(3), 2),), wrt=(0,), second=True)
def ternary_stored_into_an_element(x, n):
    a = np.zeros(4)
    for i in range(n + 1):
        a[i] = x[i] ** 2 if i < len(x) else 1.0
    return np.sum(a * a)


@case(args=(draw(4), 0.3, 3), also=((draw(4), 0.3, 1),), wrt=(0, 1), second=True)
def reduction_in_a_ternary(y, s, n):
    a = y * 1.0
    a[1] += (np.sum(y[1:] * y[::2]) if len(y) < 4 else np.sum(y)) if n < 2 else s
    return np.sum(a * a)


@case(args=(draw(3), 9), also=((draw(3), 2),), wrt=(0,), second=True)
def guarded_index_in_a_sum(x, n):
    x[0] += x[1] + (x[n] ** 2 if n < 3 else x[1])
    return x[0]


@case(args=(draw(3), 2.0 * draw(3)), also=((draw(3), 0.1 * draw(3)),), second=True)
def the_better_of_two_arrays(x, y):
    best = x
    value = np.sum(x * x)
    if np.sum(y * y) > value:
        best = y
        value = np.sum(best * best)
    return value * best[0]


@case(args=(draw(3, 4),), second=True)
def mean_written_in_place(A):
    m = A.mean(axis=0)
    m[0] = A[0, 0] * A.max()
    return np.sum(m * m)


@case(args=(draw(6),), second=True)
def flattened_then_written(x):
    A = x.reshape(2, 3)
    g = A.flatten()
    g[2] = g[1] * x[2]
    return np.sum(g * g)


@case(args=(draw(3),), second=True)
def array_unpacked(x):
    a, b, c = x
    return a * b * c + x[0]


@case(args=(positive(3, 4),), second=True)
def rows_unpacked(A):
    s = 0.0
    for a, b, c, d in A:
        s += a * b * np.sin(c) * d
    return s


@case(args=(draw(3), 3), also=((draw(3), 0),), wrt=(0,), second=True)
def array_unpacked_into_its_own_parts(x, n):
    p, q = x[:2]
    for _ in range(n):
        p, q = np.array([q * p, p + q])
    return p * q


@case(args=(draw(3),), second=True)
def array_unpacked_into_its_own_name(x):
    y, x, z = x
    return x * y + z * x


@case(args=(draw(4),), second=True)
def tangent_of_an_array_with_partial_one(y):
    v = y % 0.71
    v[2] *= 0.5
    w = y * 1.0
    w[0] = w[1] * w[2]
    return np.sum(y * v * w)


@case(args=(np.array([-0.114435, 1.587117, -1.49988, 0.467353]),), jit=False, reason="Numba gives q one type, int")
def index_before_a_loop_without_trips(x):
    q = 1
    count = 0
    while count < 3:
        count += 1
        m = 0
        while q > 0.51 and m < 3:
            m += 1
        q = q * x[m]
        for _ in range(3, 1):
            s = 0.5 if m else q
            q = s
            m = 1
    return q


@case(args=(draw(6), np.linspace(0.5, 1.0, 6)), second=True, jit=False, reason="Numba has no concatenate of lists")
def table_made_of_sorted_values(x, w):
    order = np.argsort(x)
    s = x[order]
    c = np.cumsum(w[order]) / np.sum(w)
    middle = np.concatenate([s[:1], 0.5 * (s[1:] + s[:-1])])
    return np.trapezoid(c * middle, s) + np.interp(0.4, c, s)


@case(args=(draw(3, 2), 0.7), second=True)
def updated_by_a_call_whose_name_was_bound_before(x, c):
    norm = c * c
    for j in range(2):
        x[:, j] /= norm + np.linalg.norm(x[:, j])
        norm = np.linalg.norm(x[:, j]) + c
        x[:, j] *= np.sqrt(norm)
    return np.sum(x * x) + norm


def two_by_two(a, length):
    return a / length * np.array([[1.0, -1.0], [-1.0, 2.0]])


@case(args=(draw(2), 2.0), second=True, jit=False, reason="np.ix_ is not in Numba")
def assembled_from_a_function(s, length):
    whole = np.zeros((3, 3))
    for e in range(2):
        dofs = np.arange(e, e + 2)
        whole[np.ix_(dofs, dofs)] += two_by_two(s[e], length / 2.0)
    return np.sum(whole[1] ** 2)
