"""Calls of other functions, of other modules, nested, with keywords and defaults; closures; module constants."""

import math

import numpy as np

from . import helpers
from .helpers import decay, first_above, horner, logistic, mix, normalised, quartic, scale_in_place, square, strict_mix
from .registry import case, draw

GRAVITY = 9.81
WEIGHTS = np.array([0.25, 0.5, 0.25])
ROUNDS = 3


def pressure(depth, density=1000.0):
    return density * GRAVITY * depth


def cube(x):
    return x * square(x)


def square_of(x):
    return 2.0 * x * x


def polar(x, y):
    r = math.sqrt(x * x + y * y)
    return r, math.atan2(y, x)


def add_noise(x, k, amount=0.1):
    x[k] += amount * x[k - 1] ** 2
    return x[k] * amount


def derivative_free(f, x):
    return f(x) * f(x)


def collatz_length(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def smooth(x):
    out = x.copy()
    for i in range(1, len(x) - 1):
        out[i] = WEIGHTS[0] * x[i - 1] + WEIGHTS[1] * x[i] + WEIGHTS[2] * x[i + 1]
    return out


def head_and_tail(x):
    return x[0], x[1:]


@case(args=(1.3,), second=True)
def one_helper(x):
    return square(x) + x


@case(args=(1.3, 0.7), second=True)
def several_call_sites(x, y):
    a = cube(x)
    b = cube(x * y)
    c = cube(a - b)
    return c + cube(y)


@case(args=(0.8,), second=True)
def helper_in_a_module(x):
    return helpers.square(x) * helpers.quartic(x)


@case(args=(0.8,), second=True)
def nested_calls(x):
    return quartic(square(x) + cube(square(x)))


@case(args=(2.0, 6.0))
def default_and_given(t, half_life):
    return decay(t) * decay(t, half_life) + decay(half_life=half_life, t=2.0 * t)


@case(args=(2.0, 0.7, 0.3))
def keywords_in_any_order(a, b, w):
    return mix(a, b) + mix(a, b, power=3) * mix(b=a, a=b, weight=w, power=2)


@case(args=(2.0, 0.7, 0.3), jit=False, reason="Numba mishandles the defaults of keyword-only parameters")
def keyword_only(a, b, w):
    return strict_mix(a, b) * strict_mix(b, a, shift=w) + strict_mix(a, a, shift=b, weight=w)


@case(args=(1.5, 1020.0))
def module_constant(depth, density):
    return pressure(depth) * pressure(depth, density) * 1e-8


@case(args=(draw(3),), second=True)
def module_array(x):
    s = 0.0
    for k in range(ROUNDS):
        s += WEIGHTS[k] * x[k] ** 2
    return s * np.sum(WEIGHTS * x)


@case(args=(0.7,))
def constants_of_another_module(x):
    s = 0.0
    for knot in helpers.KNOTS:
        s += (x - knot) ** 2 * helpers.HALF_LIFE
    return s


@case(args=(1.1, 0.4))
def same_name_elsewhere(x, y):
    return square_of(x) * helpers.square_of(y) + square_of(y)


@case(args=(0.4,), also=((-0.4,),), second=True)
def early_return_in_the_callee(x):
    return logistic(x) * logistic(-2.0 * x)


@case(args=(draw(5), 0.5), also=((draw(5), 9.0),))
def return_in_the_callees_loop(x, level):
    return first_above(x, level) * first_above(x * x, 0.5 * level)


@case(args=(0.8, 1.9))
def callee_returns_a_tuple(x, y):
    r, phi = polar(x, y)
    return r * r * phi + polar(y, x)[0]


@case(args=(draw(4),))
def callee_returns_array_and_scalar(x):
    unit, total = normalised(x)
    return unit * total + unit * unit


@case(args=(draw(4), 1.5))
def callee_writes_its_argument(x, a):
    scale_in_place(x, a)
    scale_in_place(x, 0.5)
    return np.sum(x)


@case(args=(draw(6), 1.5))
def callee_writes_a_view(x, a):
    scale_in_place(x[2:5], a)
    scale_in_place(x[::-2], x[1])
    return x


@case(args=(draw(3, 4), 0.7))
def callee_writes_rows(A, a):
    for i in range(3):
        scale_in_place(A[i], a)
    return np.sum(A * A)


@case(args=(draw(5),))
def writes_and_returns(x):
    s = add_noise(x, 1)
    t = add_noise(x, 2, amount=s)
    return s * t * x[2]


@case(args=(draw(6),))
def called_in_a_loop(x):
    s = 0.0
    for i in range(len(x)):
        s = s + cube(x[i]) * decay(s)
    return s


@case(args=(draw(6), 3), wrt=0)
def array_passed_through_a_loop(x, n):
    for _ in range(n):
        x = smooth(x) * x
    return x


@case(args=(draw(4), 0.6))
def calls_in_expressions(c, x):
    return horner(c, x) / (1.0 + square(horner(c, -x))) if horner(c, 0.0) < 5.0 else x


@case(args=(0.3, 0.9), also=((0.9, 0.3),), second=True)
def call_in_a_condition(x, y):
    if square(x) < cube(y):
        return cube(x) * y
    return square(y) + x


@case(args=(2.0, 0.1))
def call_in_a_while_condition(x, tol):
    while square(x) > tol:
        x = 0.6 * x + 0.01 * cube(x)
    return quartic(x)


@case(args=(0.9, 27), wrt=0)
def callee_of_integers(x, n):
    k = collatz_length(n)
    return x * k + square(x)


@case(args=(draw(4),))
def callee_returns_a_view(x):
    first, rest = head_and_tail(x)
    return np.sum(rest * rest) * first


@case(args=(1.2, 0.5))
def argument_used_after_the_call(x, y):
    z = cube(x)
    x = x + z
    z = cube(x * y)
    return z * x


@case(args=(0.4, draw(3)), wrt=0, second=True)
def result_unused(x, v):
    cube(x)
    smooth(v)
    return x * x


def make_line(slope, intercept):
    def line(x):
        return slope * x + intercept

    return line


def make_filter(kernel, gain):
    def apply(x):
        out = np.zeros(len(x))
        for i in range(len(x)):
            for k in range(len(kernel)):
                if i - k >= 0:
                    out[i] += gain * kernel[k] * x[i - k] ** 2
        return out

    return apply


def make_composed(scale):
    inner = make_line(scale, 1.0)

    def composed(x):
        return inner(inner(x)) * x * scale

    return composed


closure_over_numbers = case(args=(1.5,), second=True)(make_line(2.0, 0.5))
closure_over_an_array = case(args=(draw(5),))(make_filter(np.array([0.6, 0.3, 0.1]), 2.0))
closure_over_a_function = case(args=(1.5,), second=True)(make_composed(0.7))


@case(args=(1.3,))
def function_as_an_argument(x):
    return derivative_free(cube, x) + derivative_free(square, x)


def poly_pair(x, y=2.0, z=3.0):
    return x * y - z * x * x


@case(args=(0.6, 0.2))
def defaults_partly_given(x, s):
    return poly_pair(x) + poly_pair(x, s) + poly_pair(x, z=s) + poly_pair(z=x, x=s, y=x)


def countdown(x, n):
    total = x
    for k in range(n, 0, -1):
        if total > 50.0:
            break
        total = total * x + k
    return total


@case(args=(1.4, 2, 5), wrt=0)
def different_trip_counts(x, n, m):
    return countdown(x, n) + countdown(x * x, m) + countdown(x, 0)
