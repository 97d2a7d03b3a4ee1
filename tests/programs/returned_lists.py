"""Functions whose result is a list of a length that the run decides, or has such lists in it."""

import dataclasses
from typing import NamedTuple

import numpy as np

import srcdiff

from .registry import case, draw, positive


@case(args=(0.3, 1.2, 6), wrt=(0, 1), also=((0.3, 1.2, 0),))
def path(x, v, n):
    """The idiom itself: a trajectory."""
    xs = []
    for _ in range(n):
        v = v - 0.1 * np.sin(x)
        x = x + 0.1 * v
        xs.append(x)
    return xs


@case(args=(draw(3, 4), draw(3, 3, seed=2), 3), wrt=(0, 1))
def activations(x, w, depth):
    """A list of arrays, each computed from the one before in the list."""
    hs = [x]
    for _ in range(depth):
        hs.append(np.tanh(w @ hs[-1]))
    return hs


@case(args=(draw(6),), also=((draw(1),),))
def triangles(x):
    """Arrays of different lengths."""
    rows = []
    for k in range(len(x)):
        rows.append(x[: k + 1] * x[k])
    return rows


@case(args=(draw(5),), also=((draw(1),),), jit=False, reason="Numba returns no lists of lists")
def pascal(x):
    """A list of lists of numbers."""
    rows = [[1.0]]
    for v in x:
        last = rows[-1]
        row = [v]
        for k in range(len(last) - 1):
            row.append(last[k] * last[k + 1] + v)
        row.append(v * v)
        rows.append(row)
    return rows


@case(args=(draw(5),), jit=False, reason="Numba returns no lists of lists")
def one_row_twice(x):
    """A row that is in the list two times has one adjoint."""
    rows = []
    for v in x:
        row = [v, v * v]
        rows.append(row)
        rows.append(row)
        row[0] = row[0] * v
    return rows


@case(args=(draw(7), 0.4))
def loss_and_history(x, rate):
    """A tuple with a list inside."""
    history = []
    s = 0.0
    for v in x:
        s = s + rate * (v - s)
        history.append(s * s)
    return s, history, x * rate


@case(args=(positive(4), 3), also=((positive(2), 0),))
def filtered(x, n):
    """A list that also shrinks."""
    xs = [1.0]
    for _ in range(n):
        for v in x:
            xs.append(xs[-1] * v + 0.1)
            if xs[-1] > 1.5:
                last = xs.pop()
                xs[-1] = xs[-1] + 0.5 * last
    return xs


@case(args=(draw(5), 0.7))
def chosen(x, t):
    """Which of two lists is returned depends on the run."""
    low, high = [], []
    for v in x:
        if v < t:
            low.append(v * t)
        else:
            high.append(v * v)
    result = low if len(low) > len(high) else high
    result.append(t)
    return result


@case(args=(draw(4),))
def returned_early(x):
    """`return` in a loop, an empty list on another way."""
    xs = []
    if len(x) > 10:
        return xs
    for v in x:
        xs.append(np.sin(v))
        if v > 2.0:
            return xs
        xs.append(v * v)
    return xs


@case(args=(0.7, 4), wrt=(0,))
def list_twice(a, n):
    """One list under two names in the result."""
    xs = [a]
    for _ in range(n):
        xs.append(xs[-1] * a)
    ys = xs
    return xs, ys


@case(args=(draw(4),))
def by_comprehension(x):
    return [np.exp(-v * v) for v in x if v < 1.5]


@case(args=(draw(3), 4), wrt=(0,))
def snapshots(u, n):
    """Copies of an array that is written in place."""
    frames = []
    for _ in range(n):
        u[1:-1] += 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        frames.append(u.copy())
    return frames


@case(args=(draw(6), 0.8))
def with_counts(x, a):
    """Whole numbers in a list have no derivative."""
    found, values = [], []
    for k, v in enumerate(x):
        if v * a > 0.0:
            found.append(k)
            values.append(a * v)
    return found, values


def collected(x, out):
    for v in x:
        out.append(v * out[-1])
    return out


@case(args=(draw(4),))
def through_a_helper(x):
    return collected(x, [2.0])


@case(args=([0.5, -0.3, 1.2], 3), wrt=(0,))
def argument_that_grows(xs, n):
    """The list is an argument, is changed, and returned."""
    for k in range(n):
        xs.append(xs[-1] * xs[k])
    xs[0] = xs[0] * xs[1]
    return xs


@case(args=([0.5, -0.3, 1.2], 0.4), wrt=(0, 1))
def argument_that_is_read(xs, a):
    out = []
    for v in xs:
        out.append(a * v * v)
    return out


@case(args=([np.array([0.5, 1.0]), np.array([0.2, -0.4])], 2), wrt=(0,))
def arrays_that_grow(hs, n):
    for _ in range(n):
        hs.append(hs[-1] * hs[-2])
    return hs


@case(args=(0.3, 1.2, 5), wrt=(0, 1))
def phase_space(x, v, n):
    """A list of tuples."""
    points = [(x, v)]
    for _ in range(n):
        v = v - 0.1 * x
        x = x + 0.1 * v
        points.append((x, v))
    return points


class Point(NamedTuple):
    x: float
    y: float


@dataclasses.dataclass
class State:
    x: float
    weights: np.ndarray
    step: int


@case(args=(draw(4),), jit=False, reason="Numba has no such class")
def named_points(x):
    """A list of named tuples."""
    return [Point(v, v * v) for v in x]


@case(args=(draw(3), 0.5, 4), wrt=(0, 1), jit=False, reason="Numba has no such class")
def log_of_states(w, rate, n):
    """A list of objects with numbers, arrays and counts, beside a number."""
    log = []
    x = rate
    for k in range(n):
        w = w * rate + x
        x = x + np.sum(w)
        log.append(State(x, w, k))
    return log, x


@case(args=(0.5, 4), wrt=(0,), jit=False, reason="Numba has no such dicts")
def in_a_dict(x, n):
    xs = []
    for k in range(n):
        x = x * x + 0.1
        xs.append(x)
    return {"last": x, "all": xs}


def weighed(xs):
    s = 0.0
    for k, v in enumerate(xs):
        s += (k + 1) * np.sum(v * v)
    return s


@case(args=(0.3, 1.2, 5), wrt=(0, 1), also=((0.3, 1.2, 0),), second=True)
def of_its_pullback(x, v, n):
    """The pullback of a function that returns a list, called in a differentiated function."""
    xs, pullback = srcdiff.vjp(path, x, v, n)
    x_bar, v_bar, _ = pullback([2.0 * a for a in xs])
    return x_bar * x_bar + v_bar * x


@case(
    args=(draw(3, 2), draw(3, 3, seed=2)),
    second=True,
    jit=False,
    reason="the text for Numba fills the array that it puts into the list: no second derivative there",
)
def of_its_pullback_by_arrays(x, w):
    hs, pullback = srcdiff.vjp(lambda u: activations(u, w, 2), x)
    (x_bar,) = pullback([h * h for h in hs])
    return np.sum(x_bar * x_bar)


@case(args=(0.3, 1.2, 5), wrt=(0, 1), second=True)
def of_its_tangent(x, v, n):
    xs, dots = srcdiff.jvp(path, (x, v, n), (v, x, None))
    return weighed(xs) + sum(dots)


@case(
    args=(draw(4), 0.7), second=True, jit=False, reason="its text for Numba calls `added`: no second derivative there"
)
def with_an_auxiliary_list(x, a):
    gradient, history = srcdiff.grad(sum_and_history, has_aux=True)(x, a)
    return np.sum(gradient * x) + weighed(history)


def sum_and_history(x, a):
    history, s = [], 0.0
    for v in x:
        s = a * s + v * v
        history.append(s * a)
    return s, history


@case(args=(0.3, 1.2, 4), wrt=(0, 1), second=True)
def of_the_tangent_of_tuples(x, v, n):
    points, dots = srcdiff.jvp(phase_space, (x, v, n), (1.0, x, None))
    return sum(a * b for a, b in points) + sum(a - b for a, b in dots)
