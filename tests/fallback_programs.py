"""Programs with parts that srcdiff does not read: generators, dynamic attributes, what has no source."""

from dataclasses import dataclass

import numpy as np

import srcdiff


def steps(x, n):
    """The first values of a sequence, one by one."""
    v = x
    for _ in range(n):
        v = np.sin(v) * 1.1
        yield v


def summed(x, n):
    return sum(steps(x, n))


def pair(a, b):
    first, second = list(steps(a, 2))
    return first * b, second - b * b


def straight(x):
    return np.sum(summed(2.0 * x, 3) ** 2)


def in_a_loop(x):
    s = x
    for _ in range(4):
        s = summed(s, 2) * 0.5 + x
    return np.sum(s)


def in_a_while_loop(x):
    s = x
    k = 0
    while k < 3:
        a, b = pair(s, x)
        s = a * b * 0.3
        k += 1
    return np.sum(s)


def with_a_break(x):
    s = x[0]
    for i in range(10):
        s = s + summed(x[1] * s, 2)
        if s > 2.0 or s < -2.0:
            break
        s = s * 1.2 + i
    return s * x[2]


def on_one_branch(x):
    if np.sum(x) > 0.0:
        y = summed(x, 2)
    else:
        y = x * 2.0
    return np.sum(y * x)


def in_a_ternary(x):
    t = x[0]
    y = pair(t, x[1])[0] if t > 0.0 else 1.0
    return y * t


def in_a_condition(x):
    y = x[0]
    if y > 5.0 or summed(y, 2) > 0.1:
        y = y * pair(y, y)[1]
    return y * x[1]


def in_a_test_of_while(x):
    s = x[0]
    while summed(s, 2) < 2.0 and -3.0 < s < 3.0:
        s = s * 1.5 + 0.1 * x[1]
    return s * x[2]


def written_in_place(x):
    u = np.zeros(5)
    for i in range(3):
        u[i + 1] = summed(x[i] * u[i] + x[0], 2)
    y = summed(u, 2)
    y[0] = 3.0 * x[1]
    return np.sum(y * y)


def overwritten(x):
    s = x[0]
    s = summed(s, 3)
    s = s * s
    v = x * 1.0
    v = summed(v, 2)
    v[1] = v[0] * s
    return np.sum(v) + s


def falling(x, n):
    if n == 0:
        return x[0]
    a, b = pair(x[0], x[1])
    return a * 0.5 * falling(np.array([b, a]) * 0.3, n - 1) + b


def in_a_recursion(x):
    return falling(x, 3)


def deeper(x, n):
    return summed(x[0], 2) if n == 0 else deeper(x * 1.1, n - 1) * summed(x[1], 1)


def where_a_recursion_ends(x):
    return deeper(x, 2)


def in_a_comprehension(x):
    return sum([summed(v, 2) * v for v in (x[0], x[1], x[2])])


def in_an_inner_function(x):
    k = x[1]

    def h(v):
        return summed(v * k, 2)

    return h(x[0]) + h(x[2])


@dataclass
class Point:
    mass: float
    place: np.ndarray

    def moved(self, by):
        return Point(self.mass, self.place + sum(steps(by, 2)))

    @property
    def weight(self):
        return next(steps(self.mass, 1))


def settings(p, x):
    _, y = steps(x, 2)
    return {"scaled": p["a"] * y, "pair": (p["b"] + x * x, 3), "name": "settings", "none": None}


def doubled(p):
    (scale,) = steps(2.0, 1)
    return Point(p.mass * scale, [*steps(p.place, 1)][0])


def with_structures(x):
    out = settings({"a": x[0], "b": x[1]}, x)
    p = doubled(Point(x[0], x))
    return np.sum(out["scaled"] * out["pair"][0]) * out["pair"][1] + p.mass * np.sum(p.place)


def with_methods(x):
    p = Point(x[0], x * 2.0).moved(x[1])
    return p.weight * np.sum(p.place**2)


def as_a_whole(x):
    total = 0.0
    for v in steps(x, 3):
        total = total + np.sum(v * v)

    class Box:
        content = total

    return Box.content


def with_an_attribute_by_name(x):
    box = Point(1.0, x)
    for name in ("place", "mass"):
        setattr(box, name, getattr(box, name) * 2.0)
    return np.sum(box.place**2) * box.mass


@srcdiff.dynamic
def marked(x, *, power=2):
    if x.ndim == 0:  # (this could be read, too)
        return x**power
    return np.sum(x**power)


def with_a_marked_function(x):
    return marked(x, power=3) * marked(x[1])


def with_several_arguments(x):
    text, y, count = mixed("scaled", (x[0], [x, 2]), 3)
    return np.sum(y) * count if text == "scaled" else 0.0


@srcdiff.dynamic
def mixed(name, parts, n):
    a, (b, k) = parts
    return name, a * b**k, n + 1


PROGRAMS = [
    straight,
    in_a_loop,
    in_a_while_loop,
    with_a_break,
    on_one_branch,
    in_a_ternary,
    in_a_condition,
    in_a_test_of_while,
    written_in_place,
    overwritten,
    in_a_recursion,
    where_a_recursion_ends,
    in_a_comprehension,
    in_an_inner_function,
    with_structures,
    with_methods,
    as_a_whole,
    with_an_attribute_by_name,
    with_a_marked_function,
    with_several_arguments,
]
