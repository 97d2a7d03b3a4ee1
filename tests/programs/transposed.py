"""`zip(*rows)`: rows turned into columns, where the run decides how many there are."""

import numpy as np

from .registry import case, draw


@case(args=(draw(4),), also=((draw(1),),), second=True)
def points_apart(x):
    points = []
    for v in x:
        points.append((v, v * v))
    xs, ys = zip(*points)
    return sum(xs) * ys[0] + np.sum(np.array(ys) * np.array(xs))


@case(args=(draw(4),), second=True)
def list_of_columns(x):
    columns = list(zip(*[(v, 2.0 * v, v**3) for v in x]))
    s = 0.0
    for k, column in enumerate(columns):
        s += (k + 1) * sum(column) * column[0]
    return s * len(columns)


@case(args=(draw(3),), second=True)
def turned_round(x):
    """The transposed matrix as a list of lists, which is written."""
    m = [[v, v * v, v + 1.0, 2.0] for v in x]
    t = [list(row) for row in zip(*m)]
    t[0][0] = t[1][1] * t[2][0]
    s = 0.0
    for k, row in enumerate(t):
        for j, v in enumerate(row):
            s += (k + 1) * (j + 2) * v * v
    return s


@case(args=(draw(4),))
def rows_of_different_lengths(x):
    """There are as many columns as the shortest row is long."""
    rows = []
    for k in range(len(x)):
        rows.append(x[k:] * x[0])
    s = 0.0
    for column in zip(*rows):
        s += sum(column) ** 2
    return s


@case(args=(draw(2, 3),), also=((draw(3, 1),),), second=True)
def columns_of_an_array(a):
    s = 0.0
    for k, column in enumerate(zip(*a)):
        s += (k + 1) * sum(column) ** 2
    return s


@case(args=(draw(3),), second=True)
def vectors_apart(x):
    hs = []
    for v in x:
        hs.append(x[:2] * v)
    a, b = zip(*hs)
    return sum(a) * b[1]


@case(args=(draw(3),), second=True)
def there_and_back(x):
    pairs = list(zip(x, x[::-1]))
    a, b = zip(*pairs)
    return a[0] * b[0] + sum(p * q for p, q in zip(a, b))
