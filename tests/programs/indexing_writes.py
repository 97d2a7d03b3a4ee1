"""Reading and writing elements and slices in place, writes into arguments, overwritten values, aliases."""

import math

import numpy as np

from .registry import case, draw, positive


@case(args=(draw(5), 2.0))
def write_one_element(x, v):
    y = x.copy()
    y[2] = v * v
    return np.sum(y * y)


@case(args=(draw(5),), second=True)
def overwrite_elements_used_before(x):
    s = 0.0
    for i in range(len(x)):
        s += math.exp(x[i])
        x[i] = x[i] * x[i]
        s += x[i] * math.sin(x[i])
        x[i] = s
    return s * x[1]


@case(args=(draw(5), 0.3))
def write_into_the_argument(x, a):
    for i in range(1, len(x)):
        x[i] = x[i] - a * x[i - 1] * x[i]
    return x


@case(args=(draw(5), 0.3), second=True)
def augmented_elements(x, a):
    x[0] += a * a
    x[1] -= a * x[0]
    x[2] *= x[1]
    x[3] /= 2.0 + a
    x[4] **= 2
    return np.sum(x * x)


@case(args=(draw(6), draw(4)))
def slice_update(x, w):
    x[1:-1] += w * x[1:-1]
    x[1:-1] *= w
    return x


@case(args=(draw(6), 0.4))
def slice_assignment(x, k):
    u = x.copy()
    u[1:-1] = x[1:-1] + k * (x[2:] - 2.0 * x[1:-1] + x[:-2])
    return u


@case(args=(draw(6), 0.4), second=True)
def overlapping_slices_of_one_array(u, k):
    for _ in range(2):
        u[1:-1] = u[1:-1] + k * (u[2:] - 2.0 * u[1:-1] + u[:-2]) * u[1:-1]
    return np.sum(u**2)


@case(args=(draw(6),))
def shift_in_place(u):
    u[1:] = u[:-1] * u[1:]
    u[:3] = u[3:]
    return u


@case(args=(draw(7), draw(3)))
def stepped_slices(x, w):
    x[::3] = w
    x[1::3] = x[1::3] * w[:2]
    return np.sum(x * x * x)


@case(args=(draw(6), draw(6, seed=2)))
def negative_steps(x, y):
    x[::-1] += y * y
    z = x[4:1:-1] * y[:3]
    z[::-2] *= 2.0
    return z


@case(args=(draw(6),), second=True)
def negative_indices(x):
    x[-1] = x[-2] * x[-3]
    x[-len(x)] = x[-1] ** 2
    return x[-6] * x[-1] + x[-4]


@case(args=(draw(4, 3), 0.5))
def two_indices(A, c):
    n, m = A.shape
    for i in range(1, n):
        for j in range(m):
            A[i, j] = A[i, j] * A[i - 1, j] + c
    return np.sum(A)


@case(args=(draw(4, 3),))
def chained_indices(A):
    s = 0.0
    for i in range(3):
        s += A[i][0] * A[i + 1][2]
        A[i][1] = s * A[i][1]
    return s + A[0][1] * A[2][1]


@case(args=(draw(4, 3), draw(3)))
def row_assignment(A, r):
    A[1] = r * r
    A[2] = A[1] * A[0]
    A[-1] += A[2]
    return A


@case(args=(draw(4, 3), draw(4)), second=True)
def column_assignment(A, c):
    A[:, 1] = c * A[:, 0]
    A[:, 2] *= A[:, 1]
    A[1:3, 0] = c[:2]
    return np.sum(A * A)


@case(args=(draw(4, 4), 0.7))
def block_assignment(A, k):
    A[1:3, 1:3] = k * A[0:2, 2:4]
    A[::2, ::-1] += A[1::2, :]
    return A


@case(args=(draw(5), draw(5, seed=1)))
def augmented_array_with_another_name(a, b):
    c = a
    a *= b
    return np.sum(c * a)


@case(args=(1.7, 0.6), second=True)
def augmented_scalar_with_another_name(a, b):
    c = a
    a *= b
    return c * a


@case(args=(draw(5), 0.6), second=True)
def rebinding_is_not_writing(a, k):
    c = a
    a = a * k
    a[0] = k * k
    return np.sum(c * a)


@case(args=(draw(5), draw(5, seed=1)), second=True)
def two_names_one_array(x, w):
    y = x
    y[0] = w[0] * w[0]
    x[1] = y[0] * x[1]
    y[2:] = x[:3] * w[2:]
    return np.sum(x * y)


@case(args=(draw(4),))
def copy_keeps_the_old_value(x):
    old = x.copy()
    x[0] = old[1] * old[0]
    x[1] = x[0] * old[1]
    return np.sum(x * old)


@case(args=(draw(4), draw(4, seed=1)), second=True)
def element_swaps(x, y):
    x[0], x[3] = x[3], x[0]
    x[1], y[1] = y[1] * y[1], x[1]
    return np.sum(x * x * y)


@case(args=(draw(6),))
def reverse_in_place(x):
    n = len(x)
    for i in range(n // 2):
        x[i], x[n - 1 - i] = x[n - 1 - i], x[i] * x[i]
    return x


@case(args=(draw(5),))
def prefix_sums_in_place(x):
    for i in range(1, len(x)):
        x[i] += x[i - 1]
    return np.sum(x * x)


@case(args=(draw(5), 2), also=((draw(5), 0),), wrt=0)
def filled_with_a_scalar(x, k):
    y = x * x
    y[k:] = x[k] ** 3
    y[:k] = 1.0
    return y


@case(args=(1.3, 5), wrt=0)
def buffer_filled_later(a, n):
    t = np.empty(n)
    t[0] = a
    for i in range(1, n):
        t[i] = t[i - 1] * a + i
    return t


@case(args=(draw(3),), second=True)
def written_twice_read_between(x):
    y = np.zeros(2)
    y[0] = x[0] * x[1]
    s = y[0] * y[0]
    y[0] = x[2] * s
    s = s + y[0] * x[0]
    y[0] = 0.0
    return s + y[0] * x[1]


@case(args=(draw(4), np.array([2, 0, 2, 1, 2])), wrt=0)
def gather_by_an_index_array(x, idx):
    s = 0.0
    for k in range(len(idx)):
        s = s + x[idx[k]] ** 2 * (k + 1)
    return s


@case(args=(draw(5), np.array([1, 3, 1, 0, 3])), wrt=0)
def histogram_of_weights(w, bins):
    h = np.zeros(4)
    for i in range(len(w)):
        h[bins[i]] += w[i] * w[i]
    return h


@case(args=(np.array([0.7, -0.4, 1.1]), 2.0), also=((np.array([0.7, 0.4, 1.1]), 2.0),), second=True)
def index_computed_from_values(x, scale):
    k = 0
    while k < 2 and x[k] > 0.0:
        k += 1
    x[k] = x[k] * scale
    return x[k] * x[2 - k] * scale


@case(args=(draw(5),), also=((-draw(5),),))
def write_on_one_branch(x):
    y = x.copy()
    if x[0] > 0.0:
        y[1:4] = x[1:4] * x[0]
    else:
        y[0] = x[4] * x[3]
    y *= y
    return y


@case(args=(draw(3, 3),), second=True)
def diagonal_overwritten(A):
    for i in range(3):
        A[i, i] = A[i, i] ** 2 + A[i, 0]
    t = 0.0
    for i in range(3):
        t += A[i, i] * A[i, 2 - i]
    return t


@case(args=(draw(6),), second=True)
def ring_buffer(x):
    ring = np.zeros(3)
    out = 0.0
    for t in range(len(x)):
        ring[t % 3] = x[t] * x[t] + 0.5 * ring[(t + 1) % 3]
        out += ring[(t + 2) % 3] * x[t]
    return out


@case(args=(positive(6),), second=True)
def product_table(x):
    n = len(x)
    table = np.ones((n, n))
    for i in range(n):
        for j in range(i, n):
            table[i, j] = x[j] * (table[i, j - 1] if j > i else 1.0)
    return np.sum(table) - table[0, n - 1] ** 2


@case(args=(draw(4).astype(np.float32), np.float32(0.5)), wrt=0)
def single_precision_in_place(x, k):
    for i in range(1, len(x)):
        x[i] = x[i] + k * x[i - 1] * x[i]
    return x


@case(args=(draw(2, 3, 4),))
def three_indices(T):
    T[0, 1:, ::2] = T[1, :2, 1::2] ** 2
    T[:, 0, 1] *= T[:, 2, 3]
    return np.sum(T[0] * T[1])


@case(args=(draw(5),))
def whole_array_slice(x):
    y = np.zeros(5)
    y[:] = x * x
    y[:] = y * x
    y[:] += 1.0
    return y


@case(args=(draw(2, 3),), jit=False, reason="Numba has no a[...] on the left of an augmented assignment")
def ellipsis(A):
    A[...] = A * A
    A[..., 1] *= A[..., 0]
    A[...] += 1.0
    return A[0, ...] * A[1]
