"""Views read and written: slices, rows, transposes, reshapes, views of views, views held across writes."""

import numpy as np

from .registry import case, draw


@case(args=(draw(6),), second=True)
def read_through_a_slice(x):
    y = x[1:]
    z = x[:-1]
    return np.sum(y * z * z)


@case(args=(draw(6), 1.5), second=True)
def write_through_a_slice(x, a):
    y = x[2:]
    y[0] = a * x[0]
    y[1] = y[0] * y[2]
    return np.sum(x * x)


@case(args=(draw(6), 1.5), second=True)
def write_the_base_read_the_view(x, a):
    y = x[1:4]
    before = np.sum(y * y)
    x[2] = a * a * x[0]
    return before * y[1] + y[0]


@case(args=(draw(6),))
def view_of_a_view(x):
    y = x[1:]
    z = y[1:-1]
    z[0] = x[0] * z[1]
    y[2] = z[0] * z[0]
    return x


@case(args=(draw(7),), second=True)
def reversed_view(x):
    r = x[::-1]
    r[0] = r[1] * r[2]
    x[0] = r[0] * x[3]
    return np.sum(r * x)


@case(args=(draw(8), draw(4)))
def stepped_view(x, w):
    even = x[::2]
    odd = x[1::2]
    even *= w
    odd += even * even
    return x


@case(args=(draw(3, 4),), second=True)
def row_read_and_written(A):
    row = A[1]
    row[0] = A[0, 0] * row[3]
    row[1:] *= A[2, 1:]
    return np.sum(A * A)


@case(args=(draw(3, 4), 0.5))
def rows_written_in_a_loop(A, k):
    for i in range(1, 3):
        row = A[i]
        above = A[i - 1]
        row += k * above * row
    return A


@case(args=(draw(3, 4),))
def iterated_rows_written(A):
    for row in A:
        row *= row[0]
        row[1] = row[2] * row[3]
    return A


@case(args=(draw(3, 4),))
def column_view(A):
    c = A[:, 2]
    c *= c
    A[1, 2] = c[0] * c[2]
    return np.sum(c * A[:, 0])


@case(args=(draw(3, 4), draw(3)))
def transpose_read(A, w):
    B = A.T
    s = 0.0
    for j in range(4):
        s += np.sum(B[j] * w) ** 2
    return s


@case(args=(draw(3, 4),))
def transpose_written(A):
    B = A.T
    B[0] = B[1] * B[2]
    A[1, 3] = B[0, 1] * B[0, 2]
    return A


@case(args=(draw(12),), second=True)
def reshape_read(x):
    A = x.reshape(3, 4)
    return np.sum(A[0] * A[1] * A[2])


@case(args=(draw(12),))
def reshape_written(x):
    A = x.reshape((3, 4))
    A[1, 2] = A[0, 0] * A[2, 3]
    A[2] *= A[0]
    return x


@case(args=(draw(2, 6),))
def flattened_by_reshape(A):
    flat = A.reshape(-1)
    flat[3] = flat[4] * flat[5]
    s = 0.0
    for i in range(1, flat.size):
        s += flat[i] * flat[i - 1] * A[0, 1]
    return s


@case(args=(draw(4, 4),))
def block_view(A):
    block = A[1:3, 1:3]
    block[0, 0] = A[0, 0] * A[3, 3]
    block[1] += block[0] * block[0]
    return np.sum(A * A)


@case(args=(draw(4, 4),))
def chain_of_views(A):
    x = A.T[1:][::2][0]
    x[1] = x[0] * x[2]
    x[2:] = A[0, :2]
    return A


@case(args=(draw(6),), second=True)
def view_rebound_in_a_loop(x):
    s = 0.0
    while len(x) > 1:
        s += x[0] * x[1] ** 2
        x = x[1:]
    return s * x[0]


@case(args=(draw(8),))
def two_halves(x):
    n = len(x) // 2
    left = x[:n]
    right = x[n:]
    for i in range(n):
        t = left[i] * right[i]
        left[i] = left[i] + right[i]
        right[i] = t
    return x


@case(args=(draw(5),), second=True)
def view_outlives_the_name(x):
    y = x[1:4]
    x = x * 2.0
    x[1] = y[0] * y[2]
    y[1] = x[1] * x[0]
    return np.sum(x) * np.sum(y)


@case(args=(draw(5), True), also=((draw(5), False),), wrt=0, second=True)
def view_or_copy(x, inplace):
    y = x if inplace else x.copy()
    y[0] = y[1] * y[2]
    return np.sum(x * y)


@case(args=(draw(5), True), also=((draw(5), False),), wrt=0, second=True)
def one_of_two_views(x, left):
    if left:
        v = x[:3]
    else:
        v = x[2:]
    v *= v
    return np.sum(x * x)


@case(args=(draw(4), draw(4, seed=1), 3), wrt=(0, 1))
def double_buffer(u, v, steps):
    for _ in range(steps):
        for i in range(4):
            v[i] = 0.5 * (u[i - 1] + u[i]) * u[i]
        u, v = v, u
    return u


@case(args=(draw(3, 3),))
def symmetric_part_in_place(A):
    B = A.copy()
    A += B.T
    A *= 0.5
    return A * A


@case(args=(draw(2, 3, 4),), second=True)
def views_of_a_cube(T):
    plane = T[1]
    line = plane[:, 2]
    line[0] = T[0, 0, 0] * line[1]
    plane[2] *= line[2]
    return np.sum(T * T * T)


@case(args=(draw(6),))
def view_returned(x):
    x[2] = x[1] * x[1]
    return x[1:-1]


@case(args=(draw(6),))
def argument_returned(x):
    return x


@case(args=(draw(3, 2),))
def transposed_result(A):
    return (A * A).T


@case(args=(draw(6), draw(3, seed=4)))
def tuple_of_views(x, w):
    y = x[:3]
    y += w * w
    return x, y * w


@case(args=(draw(5),), second=True)
def scalar_read_before_its_element_changes(x):
    head = x[0]
    y = x[:2]
    y[0] = head * x[1]
    return head * y[0] * x[0]


@case(args=(np.asfortranarray(draw(3, 4)),))
def fortran_order(A):
    s = 0.0
    for j in range(4):
        A[1, j] = A[0, j] * A[2, j]
        s += A[1, j] ** 2
    return s


@case(args=(draw(12)[::2],))
def strided_argument(x):
    x[1] = x[0] * x[2]
    y = x[1:]
    return y * y
