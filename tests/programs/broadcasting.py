"""Broadcasting: scalars against arrays and arrays of different shape, in every operator and in updates of slices."""

import numpy as np

from .registry import case, draw, positive


@case(args=(1.7, draw(4)), second=True)
def scalar_with_array(a, x):
    return np.sum((a + x) * (x - a) / (x * x + a) + (a - x) * a)


@case(args=(1.7, positive(4)))
def scalar_powers(a, x):
    return a**x + x**a + a / x + a % x


@case(args=(draw(4, 1), draw(3)), second=True)
def column_times_row(c, r):
    return np.sum(c * r * r)


@case(args=(draw(4, 1), draw(3)))
def column_plus_row(c, r):
    return (c + r) * (c - r)


@case(args=(positive(4, 1), positive(1, 3)))
def column_over_row(c, r):
    return c / r + r / c


@case(args=(positive(4, 1), positive(3)), second=True)
def column_to_the_row(c, r):
    return np.sum(c**r)


@case(args=(draw(4, 3), draw(3)))
def matrix_and_row(A, b):
    return (A + b) * A - b * b


@case(args=(draw(4, 3), draw(4)))
def matrix_and_column(A, c):
    return np.sum((A * c.reshape(4, 1)) ** 2)


@case(args=(draw(4, 3), draw(4)))
def new_axis(A, c):
    return A * c[:, np.newaxis] + c[:, None] ** 2


@case(args=(draw(1), draw(5)))
def one_against_many(one, x):
    return (one - x) * one


@case(args=(draw(1, 3), draw(4, 1), draw(4, 3)))
def ones_on_both_sides(a, b, C):
    return np.sum(a * b * C + a / (2.0 + b * b))


@case(args=(draw(3), draw(2, 4, 3)))
def vector_against_a_cube(v, T):
    return np.sum(T * v * v)


@case(args=(draw(2, 1, 3), draw(4, 1)))
def cube_against_a_column(T, c):
    return T - c * T


@case(args=(draw(4, 3), draw(3)))
def update_by_a_row(A, b):
    A += b
    A *= b * b
    A -= A * b
    return A


@case(args=(draw(4, 3), 0.5, draw(3)))
def update_of_slices(A, a, b):
    A[1:] += a
    A[:, 1] *= a
    A[1:3] -= b * a
    A[:2, 1:] /= 2.0 + b[1:] * b[1:]
    return A


@case(args=(draw(4, 3), draw(4, 1), draw(1)), second=True)
def update_by_size_one(A, c, one):
    A *= c
    A[1:] += one
    A[0] -= one * c[0]
    return np.sum(A * A)


@case(args=(draw(4, 3), draw(3), 0.7))
def assign_broadcast(A, b, a):
    A[1:3] = b * a
    A[0] = a
    A[:, 2] = a * a
    return A * A


@case(args=(draw(4, 1), draw(3)), second=True)
def ufuncs_broadcast(c, r):
    return np.sum(np.hypot(c, 1.0 + r * r) + np.arctan2(c, 2.0 + r * r) + np.maximum(c, r))


@case(args=(draw(4, 1), draw(3), 0.4))
def where_broadcast(c, r, a):
    return np.where(r > 0.0, c, a) * r


@case(args=(draw(3, 3), draw(3), 2.0))
def mixed_ranks(A, v, s):
    B = s * A + v
    C = B * v - s
    return np.sum(C / (1.0 + B * B))


@case(args=(draw(3), draw(3, seed=1), 0.5))
def accumulated_by_broadcast(x, y, a):
    total = np.zeros((3, 3))
    for k in range(2):
        total += x * a
        total += y.reshape(3, 1) * total
    return total


@case(args=(2.0, draw(3)))
def scalar_becomes_an_array(s, x):
    t = s * s
    u = t + x
    u = u * t
    return np.sum(u)


@case(args=(draw(5, 2), draw(4, 2)))
def pairwise_distances(X, Y):
    D = np.zeros((5, 4))
    for k in range(2):
        D += (X[:, k].copy().reshape(5, 1) - Y[:, k]) ** 2
    return D


@case(args=(draw(3), draw(1, 3)))
def rank_raised(x, A):
    y = x * A
    return y[0] * x


@case(args=(draw(4, 3), draw(3), draw(3, seed=1)))
def affine_normalisation(A, gamma, beta):
    mean = np.sum(A, axis=0) / 4.0
    d = A - mean
    var = np.sum(d * d, axis=0) / 4.0
    return gamma * d / np.sqrt(var + 0.1) + beta
