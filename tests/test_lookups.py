"""Indices that are read from arrays of whole numbers: held against the lengths once, at the head of compiled texts."""

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadIndex
from srcdiff.testing import check_grad

pytestmark = pytest.mark.jit


def gathered(x, places, w):
    s = 0.0
    for k in range(len(places)):
        i = places[k]
        s += w[k] * np.sin(x[i]) * x[i]
    return s


def rows_times(values, columns, start, x):
    n = len(start) - 1
    y = np.zeros(n)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            y[i] += values[k] * x[columns[k]]
    return np.sum(y * y)


def stretched(x, edges, rest):
    s = 0.0
    for e in range(len(edges)):
        i = edges[e, 0]
        j = edges[e, 1]
        d = x[j] - x[i] - rest[e]
        s += d * d
    return s


def chained(x, parent):
    s = 0.0
    i = parent[0]
    for _ in range(3):
        s = s * x[i] + np.cos(x[i])
        i = parent[i]
    return s


def shuffled(x, places):
    s = 0.0
    for k in range(len(places)):
        places[k] = places[k] // 2
        s += x[places[k]] ** 2
    return s


def guarded(x, places):
    s = 0.0
    for k in range(len(places)):
        i = places[k]
        if i < len(x):
            s += x[i] ** 2
    return s


def shifted(x, places):
    s = 0.0
    for k in range(len(places)):
        i = places[k] + 1
        s += x[i] * x[i - 1]
    return s


def either(x, places, k):
    i = places[k]
    if x[0] > 0.0:
        i = k + 7
    return x[i] * x[0]


RNG = np.random.default_rng(3)
X = RNG.uniform(0.2, 1.0, 6)
START = np.array([0, 2, 2, 5])
MATRIX = RNG.normal(size=5), np.array([1, 5, 0, -1, 2]), START, X
EDGES = np.array([[0, 1], [4, 5], [2, -1]])


def text(f, args, wrt=0):
    return srcdiff.source(srcdiff.grad(f, wrt=wrt, jit=True), *args)


@pytest.mark.parametrize(
    ("f", "args", "wrt", "checks"),
    [
        (gathered, (X, np.array([3, -1, 0, -6]), RNG.normal(size=4)), (0, 2), ["all_within(places, len(x))"]),
        (
            rows_times,
            MATRIX,
            (0, 3),
            [
                "all_below(start, len(values))",
                "all_within(columns, len(x))",
                "all_below(start, len(columns))",
            ],
        ),
        (
            stretched,
            (X, EDGES, RNG.normal(size=3)),
            (0, 2),
            ["all_within(edges[:, 0], len(x))", "(edges[:, 1], len(x))"],
        ),
        (chained, (X, np.array([2, 0, 1])), 0, ["all_within(parent, len(x))", "all_within(parent, len(parent))"]),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_elements_are_held_against_the_length_once(f, args, wrt, checks):
    written = text(f, args, wrt)
    assert all(check in written for check in checks)
    check_grad(f, args, wrt=wrt, jit=True)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (shuffled, (X, np.array([3, 8, 11]))),  # the argument's elements are not those that are indices
        (guarded, (X, np.array([3, 8, 0]))),  # a test keeps them inside
        (shifted, (X, np.array([3, 0]))),  # an index is more than an element
        (either, (X, np.array([3, 0]), 1)),  # or something else
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_other_indices_are_looked_at_where_they_are(f, args):
    assert "all_within" not in text(f, args)


def test_programs_that_are_looked_at_are_right():
    check_grad(guarded, (X, np.array([3, 8, 0])), jit=True)
    check_grad(shifted, (X, np.array([3, 0])), jit=True)


@pytest.mark.parametrize("wrong", [6, -7, 1000])
def test_an_element_outside_is_an_error_and_nothing_is_read_there(wrong):
    df = srcdiff.grad(gathered, jit=True)
    w = np.ones(3)
    assert np.isfinite(df(X, np.array([3, 5, -6]), w)).all()
    with pytest.raises(BadIndex):
        df(X, np.array([3, wrong, 1]), w)
    assert np.isfinite(df(X, np.array([3, 5, -6]), w)).all()


def test_rows_that_end_outside_are_an_error():
    values, columns, start, x = MATRIX
    df = srcdiff.grad(rows_times, jit=True)
    df(values, columns, start, x)
    with pytest.raises(BadIndex):
        df(values, columns, np.array([0, 2, 2, 6]), x)


def test_what_is_never_reached_is_no_error():
    """The first text is left, and the other one looks at what is read alone."""

    def first_two(x, places):
        s = 0.0
        for k in range(2):
            s += x[places[k]] ** 3
        return s

    df = srcdiff.grad(first_two, jit=True)
    places = np.array([1, 2, 99])
    assert "all_within(places, len(x))" in srcdiff.source(df, X, places)
    np.testing.assert_allclose(df(X, places), srcdiff.grad(first_two)(X, places))


def test_no_elements_and_other_kinds_of_whole_numbers():
    df = srcdiff.grad(gathered, jit=True)
    for kind in (np.uint8, np.int32, np.uint64):
        places = np.array([0, 5, 2], dtype=kind)
        expected = srcdiff.grad(gathered)(X, places, np.ones(3))
        np.testing.assert_allclose(df(X, places, np.ones(3)), expected)
    assert not df(X, np.array([], dtype=int), np.ones(0)).any()
