"""Row and column effects fitted to a table: broadcasting undone by sums over the right axes."""

import numpy as np


def two_way_fit(rows, columns, weight, table):
    fit = rows * columns
    return np.sum(weight * (table - fit) ** 2)


ARGS = (
    np.array([[0.5], [1.5], [-0.3]]),
    np.array([1.0, 0.2, -0.7, 0.4]),
    np.array([1.0, 2.0, 0.5, 1.0]),
    np.linspace(-1.0, 1.0, 12).reshape(3, 4),
)
WRT = ("rows", "columns", "weight")
