"""Lists that go into a checkpointed call, come out of it, and are changed by it."""

import numpy as np

import srcdiff

from .registry import case, draw


@srcdiff.checkpoint
def path(x, n):
    xs = [x]
    for _ in range(n):
        xs.append(np.sin(xs[-1]) * x)
    return xs


@case(args=(draw(3),), second=True)
def list_returned(x):
    s = 0.0
    for v in x:
        for k, u in enumerate(path(v, 3)):
            s += (k + 1) * u * u
    return s


@srcdiff.checkpoint
def weighed(xs):
    s = 0.0
    for k, v in enumerate(xs):
        s += (k + 1) * np.sum(v * v)
    return s


@case(args=(draw(3),), second=True)
def list_read(x):
    xs = []
    for v in x:
        xs.append(np.exp(v))
    return weighed(xs) * weighed(xs)


@case(args=(draw(3),), second=True)
def list_of_arrays_read(x):
    hs = []
    for v in x:
        hs.append(x * v)
    return weighed(hs)


@srcdiff.checkpoint
def longer(state, v):
    state.append(state[-1] * v + np.sin(v))


@case(args=(draw(4),), second=True)
def list_changed(x):
    xs = [1.0]
    for v in x:
        longer(xs, v)
    return sum(v * v for v in xs)


@case(args=(draw(4),))
def list_changed_under_two_names(x):
    xs = [1.0]
    ys = xs
    for v in x:
        longer(xs, v)
    return sum(v * v for v in ys)


@srcdiff.checkpoint
def next_layer(hs, w):
    return hs + [np.tanh(w * hs[-1])]


@case(args=(draw(3),), second=True)
def list_of_arrays_returned(x):
    hs = [x]
    for k in range(3):
        hs = next_layer(hs, x[0] + k)
    return sum(np.sum(h * h) for h in hs)


@srcdiff.checkpoint
def powers(x, n):
    table = []
    for i in range(n):
        row = []
        for v in x:
            row.append(v ** (i + 1))
        table.append(row)
    return table, sum(x)


@case(args=(draw(3),), second=True)
def list_of_lists_returned(x):
    table, s = powers(x, 3)
    return sum(sum(row) ** 2 for row in table) * s


@case(args=(draw(3),))
def list_of_a_function_around(x):
    """The inner function reads and changes a list of the function around it."""
    xs = [x[0]]

    @srcdiff.checkpoint
    def put(v):
        xs.append(xs[-1] * v)
        return v * xs[0]

    s = 0.0
    for v in x:
        s += put(v)
    return s * sum(xs)
