"""Functions as values: closures, lambdas, functions as arguments and in containers; comprehensions; `*args`."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument, Refusal, UnsupportedRecursion
from srcdiff.testing import check_grad


def closures_see_later_values(x, k):
    def scaled(v, p=2.0):
        return k * v**p

    k = k + 1.0
    g = lambda v: scaled(v) + x
    return sum(scaled(v) for v in (x, x + 1.0)) + g(x) * scaled(x, p=3.0)


def nonlocal_total(x):
    total = 0.0

    def add(v):
        nonlocal total
        total += v * x

    for i in range(3):
        add(i + 1.0)
    return total * x


def make(k):
    def inner(x):
        return k * x

    return inner


def returned_functions(x):
    f = make(2.0)
    g = make(x)
    h = compose(f, g)
    return h(x) + f(x)


def compose(f, g):
    return lambda v: f(g(v))


def functions_in_containers(x):
    fs = [lambda v: v**2, np.sin, make(3.0)]
    s = 0.0
    for f in fs:
        s += f(x)
    d = {"sq": lambda v: v * v, "e": np.exp}
    return s * d["sq"](x) + d["e"](x)


def rk4(f, y, t, dt):
    k1 = f(y, t)
    k2 = f(y + dt / 2 * k1, t + dt / 2)
    k3 = f(y + dt / 2 * k2, t + dt / 2)
    k4 = f(y + dt * k3, t + dt)
    return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def runge_kutta_step(y0, w):
    y = y0
    for i in range(4):
        y = rk4(lambda u, t: np.array([u[1], -w * u[0] + t]), y, 0.1 * i, 0.1)
    return np.sum(y**2)


def comprehensions(x):
    xs = [x * i for i in range(4) if i != 2]
    ys = {k: v * x for k, v in zip(("a", "b"), xs)}
    m = list(map(lambda a, b: a * b, xs, xs[1:]))
    r = functools.reduce(lambda a, b: a + b * x, xs, 1.0)
    acc = list(itertools.accumulate(xs))
    nest = [a * b for a in xs for b in (x, 2.0)]
    return (
        sum(xs)
        + ys["b"]
        + m[1]
        + r
        + acc[-1]
        + max(xs)
        + sum(nest)
        + math.prod(v + 1.0 for v in xs)
        + np.sum(np.array([[a * b for a in xs] for b in xs]))
    )


def var(*args, scale=1.0, **kw):
    return sum(args) * scale * kw.get("z", 1.0)


def any_number_of_arguments(x, *rest, k=2.0):
    return var(x, *rest, scale=k, z=x)


def any_and_all(x):
    if any(v > 1.0 for v in (x, 2 * x)):
        x = x * 2
    if all([x > 0, x < 5]):
        x = x * x
    return x


def apply_twice(f, x):
    return f(f(x))


def higher_order_twice(x, a):
    return apply_twice(lambda v: apply_twice(lambda w: a * w * w, v), x)


def tc(f):
    @functools.wraps(f)
    def w(*args, **kw):
        return f(*args, **kw) * 2.0

    return w


@tc
def deco(x, y=1.0):
    return x * x * y


def decorated_helper(x):
    return deco(x) + deco(x, y=3.0)


PROGRAMS = [
    (closures_see_later_values, (1.5, 0.7)),
    (nonlocal_total, (1.5,)),
    (returned_functions, (1.5,)),
    (functions_in_containers, (0.5,)),
    (runge_kutta_step, (np.array([1.0, 0.5]), 2.0)),
    (comprehensions, (1.5,)),
    (any_and_all, (1.5,)),
    (any_and_all, (0.2,)),
    (higher_order_twice, (1.1, 0.6)),
    (decorated_helper, (1.5,)),
]


@pytest.mark.parametrize(("f", "args"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_gradient(f, args):
    check_grad(f, args, order=2)


@pytest.mark.jit
@pytest.mark.parametrize(("f", "args"), PROGRAMS[::3], ids=lambda v: getattr(v, "__name__", ""))
def test_jitted(f, args):
    check_grad(f, args, jit=True)


def test_any_number_of_arguments():
    assert srcdiff.grad(any_number_of_arguments)(1.5, 2.0, 3.0) == 16.0
    found = srcdiff.grad(any_number_of_arguments, wrt=("x", "rest", "k"))(1.5, 2.0, 3.0, k=1.0)
    assert found == (8.0, (1.5, 1.5), 9.75)
    assert srcdiff.grad(deco)(2.0) == (8.0,)
    with pytest.raises(BadArgument, match="takes any number of arguments"):
        srcdiff.grad(srcdiff.grad(any_number_of_arguments))


def the_sum_of_products(x, *rest):
    if not rest:
        return x
    return x * rest[0] + rest[1] ** 2


def test_tangents_of_any_number_of_arguments():
    assert srcdiff.jvp(the_sum_of_products, (1.5, 2.0, 3.0), (1.0, None, 10.0)) == (12.0, 62.0)
    assert srcdiff.jvp(the_sum_of_products, (1.5,), (2.0,)) == (1.5, 2.0)
    assert srcdiff.jvp(the_sum_of_products, [1.5, 2.0, 3.0], [None, 1.0, None], jit=True) == (12.0, 1.5)


def takes_a_function(f, x):
    return f(x) * x


def test_functions_as_arguments():
    df = srcdiff.grad(takes_a_function, wrt=1)
    assert df(np.sin, 0.3) == pytest.approx(np.sin(0.3) + 0.3 * np.cos(0.3))
    assert df(lambda v: v * v, 3.0) == 27.0
    assert df(make(2.0), 3.0) == 12.0
    assert df(make(5.0), 3.0) == 30.0


def never_ends(f, x):
    return never_ends(f, f(x))


def a_function_on_each_path(x):
    if x > 0.0:
        f = np.sin
    else:
        f = np.cos
    return f(x)


@pytest.mark.parametrize(
    ("f", "error"), [(lambda x: never_ends(np.sin, x), UnsupportedRecursion), (a_function_on_each_path, Refusal)]
)
def test_refused(f, error):
    with pytest.raises(error):
        srcdiff.grad(f)(1.0)


def with_a_function_by_default(x, f=np.sin, k=2.0):
    return k * f(x)


def test_a_default_that_is_a_function():
    slope = srcdiff.grad(with_a_function_by_default)
    assert slope(0.3) == pytest.approx(2.0 * np.cos(0.3))
    assert srcdiff.grad(slope)(0.3) == pytest.approx(-2.0 * np.sin(0.3))
    assert srcdiff.grad(slope)(0.3, lambda v: v**3) == pytest.approx(12.0 * 0.3)
    assert srcdiff.hessian(with_a_function_by_default)(0.3) == pytest.approx(-2.0 * np.sin(0.3))
