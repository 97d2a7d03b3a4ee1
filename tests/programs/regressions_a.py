"""Small programs that a derivative once got wrong: writes, sharing, values of several kinds, control flow."""

import numpy as np

from .registry import case, draw


@case(args=(draw(5),), second=True)
def overlapping_shift_left(x):
    x[:-1] += x[1:]
    return np.sum(x * x)


@case(args=(draw(5),), second=True)
def overlapping_shift_right(x):
    x[1:] += x[:-1]
    x[1:] *= x[:-1]
    return np.sum(x * x)


@case(args=(draw(3, 3),), second=True)
def add_own_transpose(A):
    A += A.T
    A[0] -= A[:, 1]
    return np.sum(A * A * A)


@case(args=(draw(3),), second=True)
def buffer_made_in_a_loop(x):
    for _ in range(2):
        y = np.zeros(3)
        y[0] = x[0] * x[0]
        x = x * y
    return np.sum(x)


@case(args=(draw(4),), second=True)
def slice_into_a_buffer_of_fixed_length(x):
    y = np.zeros(4)
    y[1:] = x[1:]
    y[:2] += x[:2] * y[2:]
    return np.sum(y * y)


@case(args=(draw(3, 4),), second=True, jit=False, reason="Numba variables have one type")
def number_that_becomes_an_array(A):
    acc = 0.0
    for row in A:
        acc = acc + row * row
    return np.sum(acc * acc)


@case(args=(draw(5), draw(5), 4), also=((draw(5), draw(5), 0),), wrt=(0, 1), second=True)
def double_buffer(x, y, n):
    a = x
    b = y
    for _ in range(n):
        for j in range(1, 4):
            b[j] = a[j - 1] * a[j + 1] + a[j]
        a, b = b, a
    return np.sum(a * a) + b[1]


@case(args=(draw(4), 3), wrt=(0,), second=True)
def integer_array_assigned_in_the_first_trip(x, n):
    s = x[0]
    for i in range(n):
        if i == 0:
            k = np.zeros(4, dtype=np.int64)
        k[i] = i + k[0]
        k = k + 1
        s = s * x[k[1] % 4]
    return s


@case(
    args=(draw(4), 3),
    wrt=(0,),
    second=True,
    jit=False,
    reason="Numba rejects the function itself: a variable that may be unset",
)
def view_assigned_in_the_first_trip(x, n):
    s = x[0]
    for i in range(n):
        if i == 0:
            v = x[::2]
        else:
            v = w[::-1]  # noqa: F821
        w = v
        w[0] *= s
        s += v[1] * v[0]
    return s


@case(args=(0.5, 2.0), also=((-0.7, 1.5),), second=True)
def logic_returning_numbers(a, b):
    c = a and b * 2
    d = (a > 0 and b) or a * a
    return c * d + (b or 1.0)


@case(args=(draw(3, 3) / 2, draw(3, 3)), jit=False, reason="Numba has no @= for arrays")
def matmul_in_place(A, B):
    A @= B
    return np.sum(A * A * B)


@case(args=(draw(4), True), also=((draw(4), False),), wrt=(0,), second=True)
def array_on_one_path_only(x, flag):
    if flag:
        w = x * x
    s = np.sum(x)
    if flag:
        s = s + np.sum(w * w)
    return s * s


@case(args=(draw(4), 2), also=((draw(4), 0),), wrt=(0,), second=True)
def array_of_a_loop_that_may_not_run(x, n):
    s = x[0]
    for i in range(n):
        w = x * s
        s = s + w[i]
    if n > 0:
        s = s * np.sum(w * w)
    return s


@case(args=(draw(4),), also=((3.0 * draw(4),),), second=True)
def whole_update_on_one_path(x):
    y = x.copy()
    for _ in range(6):
        y = y * x
        y[1] = y[0] * y[2]
    if y[0] > 100.0:
        y *= x
    return np.sum(y * x)


@case(
    args=(draw(4), 4),
    also=((draw(4), 0), (draw(4), 1)),
    wrt=(0,),
    second=True,
    jit=False,
    reason="Numba rejects the function itself: a variable that may be unset",
)
def views_on_some_trips(x, n):
    s = x[0]
    i = 0
    while i < n:
        if i > 0:
            s = s + v[1]  # noqa: F821
        if i == 2:
            u = v * s  # noqa: F821
            v = u[::-1]
        else:
            v = x[1:] * s
        if i > 2:
            s = s * u[0]
        i += 1
    return s


@case(args=(-0.8, 4), also=((1.3, 4), (0.4, 3), (0.4, 0)), wrt=(0,), second=True)
def inner_loop_without_trips(x, n):
    s = x
    for i in range(n):
        a = s * s
        for _ in range(i):
            if s > 0.0:
                s = s * a * 0.5
            else:
                a = a * s * 0.1
        s = s - a * a * 0.1
    return s * s


@case(args=(draw(7),), also=((draw(4),),))
def bound_that_counts_from_the_end(x):
    n = len(x)
    return np.sum(x[: n - 5]) * np.sum(x[5:]) + np.sum(x * x) + np.sum(x[: n - 5] * x[: n - 5])


@case(args=(draw(4), 4), also=((draw(4), 2), (draw(4), 0)), wrt=(0,), second=True)
def a_shorter_array_from_one_trip_on(x, n):
    u = x * 1.0
    s = x[0]
    for i in range(n):
        s = s + u[-1]
        if i == 2:
            u = x[:2] * s
    return s


@case(args=(draw(4), 2), also=((draw(4), 3), (draw(4), 0)), wrt=(0,), second=True)
def a_shorter_array_in_a_branch(x, n):
    u = x * 1.0
    s = x[0]
    if n > 0:
        s = s + u[-1]
        if n == 2:
            u = x[:2] * s
        s = s + u[1]
    return s


@case(args=(draw(4), 4), also=((draw(4), 1), (draw(4), 0)), wrt=(0,), second=True)
def a_shorter_array_on_every_trip(x, n):
    u = x * 1.0
    s = x[0]
    while n > 0:
        s = s + u[-1]
        u = x[:n] * 2.0
        s = s + u[0]
        n -= 1
    return s


@case(args=(draw(4), 0.3), wrt=(0, 1), second=True)
def recomputed_beside_a_later_value(x, s):
    t = 0.5 * s
    p = x[1] * t
    for _ in range(2):
        t = 0.5 * t
    w = x * t
    q = p**2
    for _ in range(2):
        p *= x[1]
    return np.sum(p + q + w)


@case(args=(draw(3), draw(3), 1), also=((draw(3), draw(3), 0),), wrt=(0, 1), second=True)
def result_read_where_the_older_array_is_too(x, y, n):
    if n:
        y = np.tanh(x)
    for _ in range(n + 1):
        y = y[1:] * x[1:] if n > 1 else np.tanh(y)
    return np.sum(y)


@case(args=(draw(4), 5, 100.0), also=((draw(4), 5, -10.0), (draw(4), 2, 0.0)), wrt=(0,), second=True)
def another_length_before_a_break(x, n, c):
    u = x * 1.0
    s = x[0]
    for i in range(n):
        if i == 2:
            u = x[:2] * s
            if s > c:
                break
            s = s * 1.1
        else:
            s = s * u[-1]
            u = u + x[:1]
    return s + u[-1]


@case(args=(draw(4), 5, 100.0), also=((draw(4), 5, -10.0), (draw(4), 3, 0.5)), wrt=(0,), second=True)
def another_length_on_every_branch(x, n, c):
    u = x * 1.0
    s = x[0]
    i = 0
    while i < n:
        s = s + u[-1]
        if i == 2:
            u = x[:2] * s
            if s > c:
                break
        elif i == 3:
            u = np.sin(u[:1])
            if s > c - 1.0:
                break
            u = x * s
        else:
            if s > c + 5.0:
                s = s * s
                break
            u = x * u[0]
        i += 1
    return s + u[-1]


@case(args=(draw(5, 2), 1.0), also=((draw(5, 2), -1.0),), wrt=(0,), second=True)
def two_names_swapped_on_one_side(A, c):
    N = A
    if c > 0.0:
        b = np.cos(A)
        A, N = N, A
        A[4] *= 0.5
    else:
        A[2] = 0.5
        b = A * 1.0
    return np.sum(b * A + N)
