"""Tuples and lists where NumPy takes an array, arrays made lists, and what is joined, taken out and put in."""

import numpy as np

from .registry import case, draw


@case(args=(draw(3, 4), 0.7, -0.4), second=True, jit=False, reason="no places beside a number")
def tuples_written_into_parts(A, p, q):
    B = A.copy()
    for i in range(3):
        B[i, 0:3] = p * i, q, B[i, 3]
    B[1:3, 3] = (p, q * B[0, 0])
    B[0] += [p, q, p * q, 1.0]
    B[[0, 2], 1] = [q, p]
    return np.sum(B**2)


@case(args=(draw(4), 0.1))
def states_of_an_oscillator(force, h):
    states = np.zeros((5, 2))
    states[0] = 1.0, 0.5
    for k in range(4):
        x, v = states[k]
        states[k + 1] = x + h * v, v - h * (np.sin(x) - force[k])
    return states[-1, 0] * states[-1, 1]


@case(args=(draw(5), 3))
def a_grown_list_written(x, n):
    squares = []
    for i in range(n):
        squares.append(x[i] ** 2)
    y = x.copy()
    y[:n] = squares
    y[1 : n + 1] += squares
    return np.sum(y * x)


@case(args=(draw(2, 2), 0.7, -0.4), second=True, jit=False, reason="no np.polyval")
def lists_as_operands(A, a, b):
    turned = A @ [a, b]
    curve = np.polyval([a, b, 2.0], turned)
    return np.dot([a, 1.0], curve) + np.linalg.norm([a, b, turned[0]]) + np.mean((a, a * b))


@case(args=(draw(3, 4),))
def numbers_of_an_array(A):
    rows = A.tolist()
    total = 0.0
    for row in rows:
        for v in row:
            total += v**2
    return total * rows[1][2] + sum((A[0] ** 2).tolist())


@case(args=(draw(3, 4), 3))
def grown_lists_joined(A, n):
    rows, blocks = [], []
    for i in range(n):
        rows.append(A[i] ** 2)
        blocks.append(A[:, i : i + 2] * A[0, i])
    W = np.arange(12.0).reshape(4, 3)
    wide, tall = np.concatenate(blocks, axis=1), np.vstack(blocks)
    total = np.sum(np.stack(rows, axis=1) * W) + np.sum(np.column_stack(rows) * W**2)
    return total + np.sum(wide[:, 3] * np.hstack(blocks)[:, 0]) + np.sum(tall[4] ** 2)


@case(args=(draw(5),), second=True)
def leaving_one_out(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * np.mean(np.delete(x, i)) ** 2
    return total + np.sum(np.delete(x, [0, -1]) ** 3)


@case(args=(draw(4), 0.7))
def knots_put_in(x, t):
    total = 0.0
    for i in range(5):
        total += np.sum(np.insert(x, i, t * i) ** 2 * np.arange(5))
    return total + np.sum(np.diff(x, prepend=t, append=x[:1] ** 2) ** 3)


@case(args=(draw(5),), also=((np.array([0.3, 0.9, 0.4]),),))
def ends_and_middle(w):
    low, *middle, high = sorted(w)
    first, *rest = w
    return low * high + sum(v**2 for v in middle) + first * len(rest)


@case(args=(draw(5),), second=True)
def folded_from_the_front(w):
    values = [v for v in w if v < 10.0]
    while len(values) > 1:
        a, b, *values = values
        values.append(a * b)
    return values[0]


@case(args=(draw(5), 3), wrt=0)
def a_tuple_of_unknown_length(x, n):
    squares = []
    for i in range(n):
        squares.append(x[i] ** 2)
    whole = tuple(squares)
    if isinstance(whole, tuple):
        whole = whole[1:] + tuple(x)
    return whole


@case(args=(draw(3),))
def a_copy_of_a_list_is_an_array(x):
    values = []
    for v in x:
        values.append(v**2)
    twice = np.copy(values) * 2
    return twice[0] * twice[-1]


@case(args=(draw(3, 4),))
def a_shape_as_a_list(A):
    shape, (n, m) = list(A.shape), tuple(A.shape)
    shape[0] = 1
    return np.sum(np.ones(shape) * A[0]) * n + m * A[0, 0]


@case(args=(draw(3), draw(3, seed=1), draw(2, 3)), second=True)
def joined_between_brackets(x, y, A):
    row = np.r_[0.0, x, y[0], 2]
    columns = np.c_[np.ones(3), x, A.T, y]
    below = np.r_[A, A * y]
    return np.sum(np.sin(row)) * np.sum(columns.T @ np.r_[x]) + np.sum(below**2) + np.r_[[1.0, x[1]], y] @ row[:5]
