"""Arrays of places and masks as indices, read and written."""

import numpy as np

from .registry import case, draw

SQUARE = draw(3, 3) + 2.0 * np.eye(3)

PLACES = np.array([0, 2, 2, -1])
MANY = "Numba takes one array of places along the first axis, or one mask of the array's own shape"


@case(args=(draw(4), PLACES), wrt=(0,), second=True)
def gathered(x, places):
    return np.sum(x[places] ** 2 * np.arange(4.0))


@case(args=(draw(5),), second=True)
def selected(x):
    return np.sum(x[x > 0.0] ** 3)


@case(args=(draw(4), PLACES), wrt=(0,), second=True)
def overwritten_at_places(x, places):
    y = x * 2.0
    y[places] = x * x
    return np.sum(y * y * x)


@case(args=(draw(5),), second=True)
def masked_updates(x):
    y = x * x
    y[y > 0.1] *= 3.0
    y[x < 0.0] = 0.0
    y[x > 0.5] += np.sin(x[0])
    return np.sum(np.sin(y))


@case(args=(draw(4), np.array([0, 1, 1, 2])), wrt=(0,), second=True, jit=False, reason="Numba has no np.add.at")
def histogram(x, places):
    h = np.zeros(3)
    np.add.at(h, places, x)
    np.add.at(h, places[:2], 1.0)
    return np.sum(h**3)


@case(args=(draw(4, 3), PLACES), wrt=(0,), second=True, jit=False, reason=MANY)
def several_axes(A, places):
    s = np.sum(A[places, 1] * A[[0, 1, 2, 3]][:, 2]) + np.sum(A[:, [0, 2]] ** 2)
    return s + np.sum(A[A > 0.05]) + np.sum(A[1, np.array([0, 1])] ** 2)


@case(args=(draw(4, 3),), second=True, jit=False, reason="Numba does not write through the row of a mask")
def masks_of_rows(A):
    m = A > 0.05
    for i in range(A.shape[0]):
        A[i][m[i]] += A[i, 0]
        A[m] = A[m] * A[0, 2]
    return np.sum(A * A)


@case(args=(draw(4), PLACES), wrt=(0,), second=True)
def buffered_update_in_a_loop(x, places):
    for k in range(3):
        x[places] += np.sin(x[places]) * x[k]
    return np.sum(x * x)


@case(args=(draw(5),))
def a_selection_as_the_result(x):
    return x[x > 0.0] * 2.0


@case(args=(draw(4, 2), np.array([2, 0, 2])), wrt=(0,), second=True)
def rows_gathered(A, places):
    B = A[places]
    B[0] *= B[1, 0]
    return np.sum(B * B)


@case(args=(draw(6), np.array([3, 1, 2])), wrt=(0,), second=True)
def places_that_change(x, places):
    s = 0.0
    for _ in range(3):
        s = s + np.sum(np.sin(x[places]) * s + x[places])
        places = (places + 2) % len(x)
    return s


@case(args=(draw(5),), second=True)
def nothing_selected(x):
    y = x * 1.0
    y[x > 100.0] = 5.0
    return np.sum(y * y) + np.sum(x[x > 100.0])


def doubled_at(y, places):
    i = np.array([3])  # another `i` than the caller's, which `places` stands for
    y[places] *= 2.0
    return y[i[0]]


@case(args=(draw(4),), second=True)
def places_of_the_caller_in_a_helper(x):
    y = x * x
    i = np.array([0, 1])
    s = doubled_at(y, i)
    return np.sum(y) * s


@case(args=(draw(3, 4),), second=True, jit=False, reason=MANY)
def functions_of_places(A):
    B = A * 1.0
    for k in range(2):
        i, j = np.nonzero(B > 0.05 * k)
        B[i, j] += A[j % 3, i]
        np.put_along_axis(B, np.argsort(A, axis=1)[:, :1], A[:, k : k + 1] ** 2, axis=1)
    d = np.array([0, 2])
    B[np.ix_(d, d)] += np.take(A, [1, 1], axis=1)[:2]
    np.copyto(B[1], np.choose(d[[0, 0, 1, 0]] // 2, [A[0], A[2] ** 2]))
    B[2].sort()
    return np.sum(np.select([B > 0.5, B > 0.0], [B * B, B], -B) * A)


# --------------------------------------------------------------------------------- rows and columns, also under Numba


@case((SQUARE, draw(3)), second=True)
def covariance_with_a_ridge(c, v):
    s = c @ c.T
    s[np.diag_indices(3)] += 0.1 + v * v
    deviation = np.sqrt(np.diag(s))
    return np.sum(s / deviation[:, None] / deviation[None, :] * v)


@case((SQUARE, draw(3)), second=True)
def filled_diagonal(c, v):
    c = c.copy()
    np.fill_diagonal(c, v * v)
    return np.sum(np.diag(c) ** 2) + np.sum(c**3)


@case((SQUARE, draw(3)), second=True)
def pairs_of_places_some_twice(c, v):
    c = c.copy()
    rows, columns = np.array([0, 2, 0]), np.array([1, 1, 1])
    c[rows, columns] = v * v
    c[rows, columns] *= 2.0
    c[np.diag_indices(3)] *= v[0]
    c[np.diag_indices(len(v))] = 2.0 * c[np.diag_indices(3)] * v[1]
    c[rows, columns] += v[2]
    return np.sum(np.sin(c) * c) + np.sum(c[rows, columns] * v)
