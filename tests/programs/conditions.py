"""Calls in conditions: in chained comparisons, behind `and` and `or`, on the sides of `a if t else b`. What is called
and how often, and in which order, is as Python has it."""

import math

import numpy as np

from .registry import case, draw, positive


def smooth(v):
    w = v * v
    if w > 1.0:
        w = 1.0 + math.log(w)
    return w


def bump(xs, k):
    """Writes into its argument, so that a second call gives something else."""
    xs[k] = 0.5 * xs[k] + 0.3
    return xs[k]


# ------------------------------------------------------------------------------------------------ chained comparisons


@case((0.7, 1.3), also=((2.5, 1.3), (-0.2, 0.1)), second=True)
def call_in_the_middle(x, k):
    if 0.2 < smooth(x) < k:
        return x * k
    return x - k * k


@case((0.7, 1.3), also=((2.5, 1.3), (-0.2, 4.0)), second=True)
def calls_at_three_places(x, k):
    if smooth(x) < smooth(k) < smooth(x + k):
        return smooth(x * k)
    return x - k * k


@case((draw(5), 0.4), also=((draw(5, seed=1), -0.2),), second=True)
def middle_with_a_write(x, level):
    x = x.copy()
    s = 0.0
    for k in range(len(x)):
        if -1.0 < bump(x, k) < level:
            s += x[k] * level
        else:
            s -= x[k] ** 2
    return s


@case((draw(5), 0.4), also=((draw(5, seed=1), -0.2),), second=True)
def end_only_if_asked(x, level):
    x = x.copy()
    s = 0.0
    for k in range(len(x)):
        if level < x[k] < bump(x, 0):
            s += x[k]
    return s + np.sum(x * x)


@case((0.4, 1.2), also=((1.4, 0.3), (-0.5, 0.3)), second=True)
def middle_with_a_nonlocal(x, k):
    count = x

    def grown():
        nonlocal count
        count = 1.5 * count + 0.1
        return count

    s = 0.0
    while s < grown() <= 4.0 * k + 6.0:
        s += 0.4 * k
    return s * count


@case((0.4, 1.2), also=((1.4, 0.3), (-0.5, 2.0)), second=True)
def popped_in_the_middle(x, k):
    xs = [x, k, x * k, k * k]
    s = 0.0
    while len(xs) > 1 and -2.0 < xs.pop() < 2.0:
        s += xs[-1]
    return s * s


@case((draw(6), 0.5), also=((draw(6, seed=3), -0.5),), second=True)
def chain_in_a_comprehension(x, level):
    chosen = [v * v for v in x if -1.0 < smooth(v) - level < 1.0]
    return sum(chosen) * level


@case((0.8, -0.3), also=((-0.8, 0.3), (0.1, 0.2)), second=True)
def chain_of_four(x, y):
    ok = -1.0 < smooth(x) - 1.0 < smooth(y) + 0.5 <= smooth(x + y) + 1.0
    return x * y if ok else x - y


@case((0.8, -0.3), also=((-0.8, 0.3), (0.1, 0.2)), second=True)
def assigned_in_a_chain(x, y):
    if -2.0 < (a := x * y) < (b := smooth(x)) and a < b:
        return a * b
    return a + y


@case((0.8, 1.3), also=((-0.8, 0.3),), second=True)
def chain_in_a_lambda(x, y):
    inside = lambda v: 0.1 < smooth(v) < y
    return (x if inside(x) else y) * (y if inside(y * y) else x)


@case((draw(4),), also=((draw(4, seed=2),),), second=True, jit=False, reason="Numba draws other numbers")
def drawn_in_the_middle(x):
    rng = np.random.default_rng(5)
    s = 0.0
    for k in range(len(x)):
        if -0.8 < rng.normal() < 0.8:
            s += x[k] * rng.normal()
        else:
            s -= x[k] ** 2
    return s


class Gauge:
    def __init__(self, level):
        self.level = level
        self.asked = 0

    def read(self, v):
        self.asked += 1
        return v * self.level


@case((0.8, 1.3), also=((-0.8, 0.3), (2.0, 2.0)), second=True)
def method_in_the_middle(x, level):
    gauge = Gauge(level)
    s = 0.0
    for k in range(4):
        if 0.0 < gauge.read(x + k) < 3.0:
            s += gauge.read(x) * gauge.asked
    return s


# ---------------------------------------------------------------------------------------------- `and`, `or`, choices


@case((draw(5), 0.4), also=((draw(5, seed=1), -0.2),), second=True)
def written_behind_and(x, level):
    x = x.copy()
    for k in range(len(x)):
        if x[k] > level and bump(x, k) > 0.1:
            x[k] *= 2.0
    return np.sum(x * x * level)


@case((draw(5), 0.4), also=((draw(5, seed=1), -0.2),), second=True)
def written_behind_or(x, level):
    x = x.copy()
    s = 0.0
    for k in range(len(x)):
        if x[k] > level or bump(x, k) > 0.3 or bump(x, 0) > 0.5:
            s += x[k] * x[0]
    return s


@case((draw(5), 0.4), also=((draw(5, seed=1), -0.2),), second=True)
def written_on_one_side(x, level):
    x = x.copy()
    s = 0.0
    for k in range(len(x)):
        s += (bump(x, k) if x[k] < level else x[k] ** 2) * x[k]
    return s


@case((0.4, 1.2), also=((1.4, 0.3), (-0.5, 1.9)), second=True)
def numbers_joined_by_or(x, k):
    return (smooth(x) - 0.16 or smooth(k)) + (smooth(k) and smooth(x * k))


class Counted:
    def __init__(self, v):
        self.v, self.n = v, 0

    @property
    def p(self):
        self.n += 1
        return self.v * self.n


class Drawn(Counted):
    def __getitem__(self, i):
        return self.p + i


@case((1.3, 0.7), second=True)
def item_in_the_middle(x, k):
    drawn = Drawn(x)
    return drawn[1] * k if -5.0 < drawn[0] < 5.0 else k


@case((1.3, 0.7), second=True)
def property_in_the_middle(x, k):
    counted = Counted(x)
    return counted.p * k if -5.0 < counted.p < 5.0 else k


@case((0.4, 1.2), also=((1.4, 0.3), (-0.5, 2.0)), second=True)
def popped_on_one_side(x, k):
    xs = [x, k, x * k]
    a = xs.pop() if x > 0.5 else 2.0 * xs[0]
    b = xs.pop() if a > 0.2 and len(xs) > 1 else k
    return a * b + sum(xs)


@case((0.4, 1.2), also=((1.4, 0.3), (-0.5, 2.0)), second=True)
def order_of_sides(x, k):
    s = x

    def grow(by):
        nonlocal s
        s = s * by
        return s

    y = s + (grow(k) if s < 1.0 else grow(0.5)) * s
    ok = (grow(1.1) > 0.5 and grow(1.2) > 0.6) or grow(0.9) < k
    return y * s if ok else y + s


@case((positive(4), 0.9), also=((positive(4, seed=2), 1.6),), second=True)
def while_with_calls(x, tol):
    x = x.copy()
    n = 0
    while n < 6 and (bump(x, n % 4) > 0.2 or x[0] < tol) and not smooth(x[1]) > 3.0:
        n += 1
    return np.sum(x) * tol + n


@case((0.4, 1.2), also=((1.4, 0.3), (-0.5, 2.0)), second=True)
def nested_choices(x, k):
    return smooth(x) if x > k else smooth(k) if k < 1.0 else -smooth(x + k) if smooth(x) < 0.5 else x * k


def first_true(xs, level):
    return any(0.1 < smooth(v) < level for v in xs) and all(v < 10.0 for v in xs)


@case((draw(4), 0.9), also=((draw(4, seed=5), 0.2),), second=True)
def any_of_chains(x, level):
    return np.sum(x) * level if first_true((x[0], x[1], x[2]), level) else np.prod(x)


@case((draw(4), 1.3), second=True)
def in_an_array(x, a):
    t = a * x[0] if a in x else a * x[1]
    ks = np.arange(3)
    for k in range(5):
        if k in ks:
            t = t + x[k % 2] * k
        if k not in ks and x[0] in x:
            t = t * 0.5 * x[3]
    return t * x[2] if 3 in np.array([[1, 2], [3, 4]]) else t


@case((draw(4), "fast"), also=((draw(4), "slow"),), wrt=0, second=True, jit=False, reason="a text as an argument")
def in_a_text(x, how):
    t = x[0]
    if "a" in how:
        t = t * x[1]
    if "dog" not in "cat":
        t = t * t
    return t * x[2] if "slow" in how else t


def scaled_by_the_first(x, *factors):
    if not factors:
        return x * x
    return x * factors[0] if factors else x


def last_weight(x, weights):
    return x * weights["last"] if weights else np.sin(x)


@case((draw(3), 1.3), also=((-draw(3), 0.4),), second=True)
def truth_of_structures(x, a):
    total = scaled_by_the_first(x[0]) + scaled_by_the_first(x[1], a, x[2])
    total = total + last_weight(x[2], {}) * last_weight(a, {"last": x[0]})
    waiting = [x[0], a]
    done = []
    while waiting:
        v = waiting.pop()
        if done and v > 0.0:
            total = total + v * done[-1]
        done.append(v * v)
        if v > 1.0:
            waiting.append(v - 1.0)
    kept = tuple(done)
    none = tuple([v for v in done if v > 100.0])
    return total * kept[0] if kept and not none else total


@case((draw(2, 3), 0.7), second=True)
def numbers_of_shapes(x, a):
    every = x.size == math.prod(x.shape) and all(n > 1 for n in x.shape)
    filled = np.full_like(x, a, float)
    scale = sum(x.shape) * max(np.shape(x)) / math.prod(np.shape(filled))
    return np.sum(filled * x) * scale * np.float64(a) if every else np.int64(3) * a
