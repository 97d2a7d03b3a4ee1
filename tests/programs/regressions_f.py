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


# ------------------------------------------------- whole numbers and masks that have the shape of what is summed


@case((1.3, 0.4, 0.9, 0.7), second=True)
def powers_of_two_numbers(s0, r, u, d):
    """The adjoint of the first product is summed to the shape of whole numbers; it is not made of them."""
    values = s0 * u ** np.arange(2, -1, -1) * d ** np.arange(0, 3)
    for _ in range(2):
        values = r * values[:-1] + values[1:]
    return values[0]


@case((draw(3), 0.4, draw(3), draw(2, 3)), second=True)
def chosen_by_a_mask_of_its_shape(mask, a, b, rows):
    total = 0.0
    for row in rows:
        total += np.sum(np.where(mask > 0.0, a * b[0], b[1] * b[1]) * a * (row * b) ** 2)
    return total


@case((0.4, 0.9, draw(2, 3)), second=True)
def whole_numbers_times_numbers(a, b, rows):
    total = 0.0
    for row in rows:
        scaled = (np.arange(3) * a * b) * (row * a)
        total += np.sum(scaled[:-1] * scaled[1:])
    return total


@case((0.4, draw(3), draw(2, 3)), second=True)
def size_of_complex_numbers(a, x, rows):
    z = x * (1.0 + 2.0j)
    total = 0.0
    for row in rows:
        total += np.sum(np.abs(z * a) * (row * a) ** 2)
    return total


# ------------------------------------------------------------------- a list as an index, whatever holds it

FIRST_TWO = [0, 1]


@case((draw(3, 2), 0.5), second=True)
def list_under_a_name_as_an_index(x, a):
    """`x[[0, 1]]` are two rows, and `x[0, 1]` is one number."""
    groups = [0, 1]
    mean = x * a
    mean[groups] = mean[groups] * mean[[1, 2]]
    mean[groups] *= a
    return np.sum(mean[groups] ** 2) + np.sum(mean[groups, 0])


@case((draw(3, 2), [2, 0]), wrt=(0,), second=True)
def lists_of_places_from_elsewhere(x, given):
    some = [k for k in range(2)]
    table = {"rows": [True, False, True]}
    return np.sum(x[FIRST_TWO] ** 2 * x[given]) + np.sum(x[some] ** 3) + np.sum(x[table["rows"]] ** 4)


@case((draw(3, 2), draw(3)), second=True)
def labels_in_a_loop_and_as_an_index(x, w):
    labels = [0, 1, 0]
    total = np.zeros((2, 2))
    for k, row, weight in zip(labels, x, w):
        total[k] += weight * row
    return np.sum((x - total[labels]) ** 2)


# ------------------------------------------------------------------------- lists of arrays that are dropped


@case((draw(3),), second=True)
def window_of_arrays(x):
    """The adjoint of what nobody takes out of the list is an array of zeros, not a number."""
    last = []
    total = 0.0
    for _ in range(4):
        q = x * 0.5
        for y in last:
            q += y * 0.3
        new = np.sin(q)
        last.append(new - x)
        total += last[-1] @ last[-1]
        if len(last) > 2:
            last.pop(0)
        x = new
    return total


@case((draw(3),), second=True)
def last_array_dropped(x):
    kept = [x]
    for k in range(4):
        kept.append(np.sin(kept[-1]) * kept[0])
        if k % 2:
            kept.pop()
    return kept[-1] @ kept[-2]
