"""Recursive functions that take functions: inner ones, methods, partial ones, derivatives, tuples of these."""

import functools
import math

import numpy as np

import srcdiff

from .registry import case, draw, positive


def simpson(f, a, fa, b, fb):
    m = 0.5 * (a + b)
    fm = f(m)
    return m, fm, abs(b - a) / 6 * (fa + 4 * fm + fb)


def refined(f, a, fa, b, fb, eps, whole, m, fm, depth):
    lm, flm, left = simpson(f, a, fa, m, fm)
    rm, frm, right = simpson(f, m, fm, b, fb)
    delta = left + right - whole
    if depth <= 0 or abs(delta) <= 15 * eps:
        return left + right + delta / 15
    return refined(f, a, fa, m, fm, eps / 2, left, lm, flm, depth - 1) + refined(
        f, m, fm, b, fb, eps / 2, right, rm, frm, depth - 1
    )


@case(args=(0.1, 1.5, 0.8), second=True)
def adaptive_quadrature(a, b, w):
    f = lambda x: math.exp(-w * x * x) * math.cos(3 * x)
    fa, fb = f(a), f(b)
    m, fm, whole = simpson(f, a, fa, b, fb)
    return refined(f, a, fa, b, fb, 1e-5, whole, m, fm, 2)


def halves(f, a, b, depth):
    m = 0.5 * (a + b)
    if depth == 0:
        return (b - a) * f(m)
    return halves(f, a, m, depth - 1) + halves(f, m, b, depth - 1)


@case(args=(0.1, 1.0, draw(3)), second=True)
def polynomial_of_an_array(a, b, c):
    return halves(lambda x: math.exp(c[0] * x) + c[1] * x**3 + c[2] * x * x, a, b, 2)


@case(args=(0.1, 1.0, 0.8), second=True)
def inner_functions_that_use_each_other(a, b, w):
    def square(x):
        return w * x * x

    def wave(x):
        return square(x) + math.sin(square(x) * w)

    return halves(wave, a, b, 2)


@case(args=(0.1, 1.0, 0.8), second=True)
def composed_functions(a, b, w):
    def composed(f, g):
        return lambda x: f(g(x)) * math.exp(x)

    return halves(composed(lambda x: x * w, math.sin), a, b, 2)


@case(args=(0.1, 1.0, 0.8), wrt=(0, 1, 2))
def values_of_a_list(a, b, w):
    scales = []
    for k in range(3):
        scales.append(w * k)
    return halves(lambda x: sum(v * x * x for v in scales), a, b, 2)


class Bump:
    def __init__(self, width, height):
        self.width = width
        self.height = height

    def at(self, x):
        return self.height * math.exp(-self.width * x * x)


@case(args=(0.1, 1.0, 0.8), second=True)
def method_of_an_object(a, b, w):
    return halves(Bump(w, a * w).at, a, b, 2)


def power_law(k, p, x):
    return k * x**p


@case(args=(0.1, 1.0, 0.8), second=True)
def partial_functions(a, b, w):
    return halves(functools.partial(power_law, w, 3), a, b, 2) + halves(
        functools.partial(lambda x, k: math.sin(k * x), k=w * w), a, b, 1
    )


def in_turn(functions, x, n):
    if n == 0:
        return x
    f, g = functions
    return in_turn((g, f), f(x), n - 1)


@case(args=(0.3, 0.7), second=True)
def functions_in_turn(a, w):
    return in_turn((lambda x: x * w + a, math.sin), a, 5)


def newton(f, df, x, n):
    if n == 0 or abs(f(x)) < 1e-14:
        return x
    return newton(f, df, x - f(x) / df(x), n - 1)


@case(args=(1.5, 2.0), wrt=(1,), second=True)
def newton_with_the_gradient_of_an_inner_function(x, w):
    def f(y):
        return y * y * y - w

    return newton(f, srcdiff.grad(f), x, 6)


def cubic(y):
    return y * y * y - 2.0 * y


@case(args=(1.8, 2.0), second=True)
def newton_with_the_gradient_of_a_function(x, w):
    return newton(cubic, srcdiff.grad(cubic), x, 2) * w


@case(args=(positive(3), 0.8), second=True)
def another_function_in_every_trip(x, w):
    total = 0.0
    for k in range(3):
        total += halves(lambda v: math.exp(v * w) * (v + k), x[k], x[k] + 1.0, k)
    return total


def deeper(f, n):
    if n == 0:
        return f(1.3)
    return deeper(f, n - 1) * f(0.1 * n)


@case(args=(draw(3, 3),), second=True)
def quadratic_form_in_a_closure(a):
    return deeper(lambda x: np.sum(a @ a.T * x), 2)
