"""Programs in which a name is bound while it is still read, and derivatives by whole numbers."""

import numpy as np

import srcdiff

from .registry import case, draw

# ------------------------------------------------------------- an array taken apart into its own name


def taken_apart(x):
    y, x, z = x
    return y * x + z * z


def rows_taken_apart(x):
    y, x, z = x
    return y[0] * x[1] + z[2] * x[0]


@case((draw(3), 0.7), second=True)
def shuffled_in_a_callee(x, k):
    y = taken_apart(x)
    y, x, z = x
    return y * x * k + taken_apart(np.array([z, k, x]))


@case((draw(3, 3), 0.7), second=True)
def rows_shuffled_in_a_callee(x, k):
    y = rows_taken_apart(x) * rows_taken_apart(x.T)
    z, x, y_ = x
    return k * y + np.sum(z * x - y_)


@case((draw(3), 0.7), second=True)
def shuffled_in_a_loop(x, k):
    for _ in range(3):
        y, z, x = x
        x = np.array([z * k, x + y, y])
    return taken_apart(x)


# ------------------------------------------------------------------------ derivatives by whole numbers


def weighted(counts, a):
    return np.sum(counts * counts * a) * a


by_counts = srcdiff.grad(weighted)
by_both = srcdiff.grad(weighted, wrt=(0, 1))


@case((0.7, draw(3)), second=True)
def gradient_by_an_array_of_whole_numbers(a, v):
    counts = np.array([1, 2, 3])
    return np.sum(v * by_counts(counts, a))


@case((0.7, draw(2, 2)), second=True)
def gradients_by_whole_numbers_and_others(a, v):
    counts = np.arange(4).reshape(2, 2)
    first, second = by_both(counts, a)
    return np.sum(v * first) * second
