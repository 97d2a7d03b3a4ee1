"""What is refused of structures with operators, of dates, of derivatives made inside, of copies; arrays unpacked."""

import copy
import datetime as dt
import math

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import UnsupportedCall

X = np.array([0.7, 1.1, -0.4])


class Plain:
    def __init__(self, k):
        self.k = k


def item_of_an_object(x):
    return Plain(x)[0]


def length_of_an_object(x):
    return x * len(Plain(x))


def sum_of_objects(x):
    return (Plain(x) + Plain(x)).k


def member_of_an_object(x):
    return x if x in Plain(x) else x * x


def item_set_of_an_object(x):
    p = Plain(x)
    p[0] = x
    return p.k


def negative_object(x):
    return (-Plain(x)).k


@pytest.mark.parametrize(
    ("f", "method"),
    [
        (item_of_an_object, "__getitem__"),
        (length_of_an_object, "__len__"),
        (sum_of_objects, "__add__"),
        (member_of_an_object, "__contains__"),
        (item_set_of_an_object, "__setitem__"),
        (negative_object, "__neg__"),
    ],
)
def test_what_the_class_does_not_say_is_refused(f, method):
    with pytest.raises(UnsupportedCall, match=f"its class has no `{method}` that is written in Python"):
        srcdiff.grad(f)(0.7)


def days_of_a_run(x, n):
    return x * (dt.date(2024, 1, 1) + dt.timedelta(days=n)).month


def today(x):
    return x * dt.date.today().year


def left_by_a_value(x, day):
    total = 0.0
    while day < dt.date(2024, 6, 1):
        total += x
        day += dt.timedelta(days=30)
        if total > 2.0:
            break
    return total


def no_such_day(x):
    return x * dt.date(2024, 13, 1).day


@pytest.mark.parametrize(
    ("f", "args", "what"),
    [
        (days_of_a_run, (1.0, 3), "`timedelta` of a value that is known only when the program runs"),
        (today, (1.0,), "a call of `dt.date.today`"),
        (left_by_a_value, (1.0, dt.date(2024, 1, 1)), "left at a place that only the run knows"),
        (no_such_day, (1.0,), "`date`, which raises ValueError: month must be in 1..12"),
    ],
)
def test_dates_that_are_refused(f, args, what):
    with pytest.raises(UnsupportedCall, match=what):
        srcdiff.grad(f)(*args)


def test_a_date_is_read_at_every_call():
    def accrued(rate, day):
        return rate * (day - dt.date(2024, 1, 1)).days

    df = srcdiff.grad(accrued)
    assert df(0.1, dt.date(2024, 1, 11)) == 10.0
    assert df(0.1, dt.date(2024, 1, 21)) == 20.0
    assert df(0.1, dt.date(2024, 1, 11)) == 10.0


def two_meanings(x, a):
    y = a * 2.0

    def residual(z):
        return z * y

    def loss(y):
        return np.sum(residual(y) ** 2)

    return np.sum(srcdiff.grad(loss)(x))


def of_a_method_of_arrays(x, a):
    return srcdiff.grad(math.sin)(a) * np.sum(x)


@pytest.mark.parametrize(
    ("f", "why"),
    [(two_meanings, "`y` means different things"), (of_a_method_of_arrays, "has no Python source to differentiate")],
)
def test_derivatives_inside_that_are_refused(f, why):
    with pytest.raises(UnsupportedCall, match=why):
        srcdiff.grad(f, wrt=1)(X, 1.3)


def copies_two_arrays(x, y):
    p = copy.deepcopy({"x": x, "y": y})
    p["x"][0] = 1.0
    return np.sum(p["x"] * p["y"])


def test_a_deep_copy_of_several_arrays_is_refused():
    with pytest.raises(UnsupportedCall, match="copy the arrays one by one"):
        srcdiff.grad(copies_two_arrays)(X, X + 1.0)


def product_of_two(x):
    a, b = x
    return a * b


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_too_many_values_to_unpack(jit):
    df = srcdiff.grad(product_of_two, jit=jit)
    assert df(np.array([2.0, 3.0])).tolist() == [3.0, 2.0]
    for wrong in (np.ones(3), np.ones(1)):
        with pytest.raises(ValueError, match="expected 2"):
            df(wrong)


def names_with_numbers(x, y_1):
    x_1 = np.tanh(x)
    x = x_1 + 0.1 * x
    x_1 = 1.3 * x
    x_1_2 = np.exp(-x_1 * y_1)
    x_1 = x_1 / (1.0 + x_1_2) + x_1_2
    return np.sum(x_1 * x)


@pytest.mark.jit
def test_names_that_numba_would_mix_up():
    jitted = srcdiff.jvp(names_with_numbers, (X, 1.3), (X, 1.0), jit=True)
    assert jitted == pytest.approx(srcdiff.jvp(names_with_numbers, (X, 1.3), (X, 1.0)))
