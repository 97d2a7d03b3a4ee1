"""Iterators unpacked, and under names that are read once."""

import numpy as np

from .registry import case, positive


def square(v):
    return v * v


@case(args=(positive(3),), second=True)
def map_unpacked(x):
    a, b, c = map(square, (x[0], x[1], x[2]))
    return a * b + c


@case(args=(positive(3), positive(3, seed=1)))
def copies_unpacked(x, y):
    a, b = map(np.array, (x, y))
    a[0] *= b[1]
    return np.sum(a * b)


@case(args=(positive(4),))
def zip_unpacked(x):
    p, q = zip((x[0], x[1]), (x[2], x[3]), strict=True)
    return p[0] * q[1] + p[1] * q[0]


@case(args=(positive(4),))
def columns_of_rows(x):
    ab, cd = zip(*[(x[0], x[1]), (x[2], x[3])], strict=True)
    return ab[0] * ab[1] + cd[0] * cd[1] ** 2


@case(args=(positive(5),))
def several_unpacked(x):
    pair = [x[0], x[1]]
    a, b = map(square, pair)
    c, d = reversed(pair)
    e, *f = enumerate((x[3], x[4]))
    g, h = (square(v) for v in (x[2], x[4]))
    return a * b + c / d + e[1] * f[0][1] + g / h


@case(args=(positive(4),), second=True)
def map_under_a_name(x):
    squares = map(square, x)
    s = 0.0
    for v in squares:
        s = s * 0.5 + v
    return s


@case(args=(positive(5),))
def generator_under_a_name(x):
    great = (v * v for v in x if v > 1.0)
    t = x[0]
    return t * sum(great)


@case(args=(positive(5),))
def pairs_under_a_name(x):
    pairs = zip(x, x[::-1], strict=True)
    return sum(a * b * b for a, b in pairs)
