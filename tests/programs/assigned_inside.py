"""`:=` inside comprehensions and in the arguments of methods; attempts inside of attempts."""

import math

import numpy as np

from .registry import case, draw

X = draw(5)


@case((X, 1.3), also=((X, -0.2),), second=True)
def sum_of_what_is_named_in_a_test(x, a):
    return sum(w * w for v in x if (w := v * a) > 0.1)


@case((X, 1.3), second=True)
def named_in_the_element_and_read_afterwards(x, a):
    ys = [(w := v * v) + w * a for v in x]
    return ys[0] * ys[-1] + w


@case((X, 0.7), second=True)
def carried_from_element_to_element(x, s):
    ys = [s := 0.5 * (s + v * s) for v in x]
    return np.sum(np.array(ys) ** 2) * s


@case((X, 1.3), also=((X, 0.01), (X, -0.4)), second=True)
def the_first_that_any_finds(x, a):
    if any((w := v * a) > 0.2 for v in x):
        return w * w
    return a * w


@case((X, 1.3), also=((X, 0.01),), second=True)
def the_first_that_all_stops_at(x, a):
    return w * w + a if all((w := v * a) > -0.1 for v in x) else a * w


@case((X, 0.8), second=True)
def named_in_a_nested_comprehension(x, a):
    rows = [[w * u for u in (a, 2.0, 3.0) if (w := u * v) > 0.2] for v in x if v > -5.0]
    total = 0.0
    for row in rows:
        for u in row:
            total += u * u
    return total + w


@case((X, 0.8), second=True)
def named_between_two_clauses(x, a):
    pairs = [(w, v) for v in x for k in range(2) if k == 0 or v > 0 if (w := v * a + k) > -9.0]
    return sum(p * q for p, q in pairs) + w


@case((X, 0.8), second=True)
def named_in_an_anonymous_function(x, a):
    f = lambda b: sum((q := v * b) * q for v in x)
    return f(a) * f(x[0])


@case((X, 1.3), second=True)
def extremes_and_products_of_what_is_named(x, a):
    top = max(w for v in x if (w := np.sin(v * a)) < 2.0)
    return top * w + math.prod((u := 0.5 * v) + u * a for v in x[:3]) + u


@case((X, 1.3), also=((X, 0.1),), second=True)
def named_in_the_test_of_a_loop(x, a):
    total = 0.0
    while len([w for v in x if (w := v * a) > 0.05]) > 0 and a > 0.2:
        a = 0.5 * a
        total += a * w
    return total + a


@case((X, 1.3), second=True)
def named_in_what_is_appended(x, a):
    kept = [a]
    kept.append((g := a * a) * np.cos(g))
    kept.append((g := kept.pop() * x[0]) + g)
    return kept[0] + kept[-1] * g


def clamped(level):
    try:
        level = int(level)
    except ValueError:
        level = 1
    return level


@case((X, 2), also=((X, -1),), wrt=0, jit=False, reason="Numba's `try` is a subset")
def an_attempt_inside_of_an_attempt(x, level):
    try:
        power = clamped(level)
        if power < 0:
            raise ValueError("negative")
    except ValueError:
        power = 3
    return np.sum(x**power)
