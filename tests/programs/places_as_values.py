"""Slices that variables and structures hold, and lists of places that have grown or were put in order."""

import numpy as np

from .registry import case, draw

LAYERS = {"weights": slice(0, 4), "bias": slice(4, None)}


@case(args=(draw(6),), second=True)
def parameters_by_layer(theta):
    w = theta[LAYERS["weights"]].reshape(2, 2)
    b = theta[LAYERS["bias"]]
    return np.sum(np.tanh(w @ b + b) ** 2)


@case(args=(draw(6), 2), second=True)
def blocks_of_a_vector(x, width):
    parts = []
    for k in range(3):
        parts.append(slice(k * width, (k + 1) * width))
    total = 1.0
    for part in parts:
        total *= np.sum(x[part] ** 2)
    return total * x[parts[-1]][0]


@case(args=(draw(4, 5), 2))
def bounds_on_one_of_two_ways(A, n):
    rows = slice(0, n) if A[0, 0] > 0.0 else slice(n, 4)
    back = slice(None, None, -1)
    B = A.copy()
    B[rows] *= 2.0
    B[1, back] += A[0]
    step = 0 if back.start is None else 1
    return np.sum(B[rows, slice(1, -1)] ** 2) + step * A[0, 0]


@case(args=(draw(3, 4),))
def index_expressions(A):
    inner, corner = np.s_[1:, 1:-1], np.s_[0, 0]
    B = A.copy()
    B[inner] = A[inner] ** 2
    return np.sum(B) * A[corner]


@case(args=(draw(5), slice(1, 3)), wrt=0)
def a_slice_as_argument(x, part):
    y = x.copy()
    y[part] *= x[0]
    return np.sum(y**2)


@case(args=(draw(7), 3))
def batches_in_order(x, size):
    order = sorted(range(len(x)), key=lambda i: x[i])
    total = 0.0
    for start in range(0, len(x), size):
        total = 0.5 * total + np.sum(x[order[start : start + size]] ** 2)
    return total


@case(args=(draw(5, 3), 0.3), also=((draw(5, 3, seed=3), 5.0),), jit=False, reason="no places beside a number")
def rows_that_were_kept(A, limit):
    kept = []
    for i in range(len(A)):
        if A[i, 0] < limit:
            kept.append(i)
    B = A.copy()
    B[kept] = A[kept] ** 2
    B[kept, 1] += A[0, 0]
    kept.append(-1)
    return np.sum(B[kept] * A[kept])


@case(args=(draw(5),))
def a_list_of_bools(x):
    positive = []
    for v in x:
        positive.append(v > 0.0)
    return np.sum(x[positive] ** 2)


@case(args=(draw(3, 4),), jit=False, reason="no places beside a number")
def places_beside_a_number(A):
    total = 0.0
    for j in range(4):
        total += np.sum(A[[0, 2], j] ** 2) * j
    B = A.copy()
    B[[0, 1], 3] = A[[1, 2], 2]
    return total + np.sum(B[:, 3] ** 2)
