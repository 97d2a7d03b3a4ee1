"""Programs that once came out wrong: the names of variables across functions and loops; kinds of numbers."""

from __future__ import annotations

import numpy as np
import scipy.special

from .registry import case, draw

# ------------------------------------------------------------------------------------ names of variables


@case(args=(0.53,), also=((2.3,),))
def a_break_among_exits(x):
    """The inner loop, which is written out, and the `if` around each have a flag that says where they were left."""
    t = x
    for _ in range(5):
        if t < 0.29:
            if t < 10.0:
                break
        else:
            for v in (0.5, 0.6):
                t = t * v
                break
        t = t * 1.1
    return t


def _names_of_the_caller(x):
    for i in range(3):
        if i > 0:
            x = x * y  # noqa: F821
        y = x * 0.5
    return x


@case(args=(1.3,))
def carried_under_a_name_of_the_caller(x):
    """In the loop of the callee `y` is read, as the trip before has left it, ahead of where it is bound."""
    y = np.sin(x)
    z = _names_of_the_caller(x)
    return z * y + _names_of_the_caller(y)


def _names_of_flags(x):
    for i in range(4):
        if i > 1:
            x = x * left  # noqa: F821
        for v in (1.1, 1.2):
            x = x * v
            if x > 3:
                break
        if i < 2:
            left = x * 0.3
    return x


def _names_of_copies(x):
    for i in range(4):
        if i > 1:
            x = x * kept  # noqa: F821
        y = x
        for v in (y, 1.2):
            x = x * v
            y = x
        if i < 2:
            kept = x * 0.3
    return x


def _names_of_elements(x):
    for i in range(3):
        for v in (1.5, 2.5):
            if i > 0:
                x = x * v + element  # noqa: F821
        element = x * 0.1
    return x


@case(args=(0.53,), also=((2.3,),))
def variables_called_as_those_made_here(x):
    return _names_of_flags(x) ** 2 + _names_of_copies(x) + _names_of_elements(x)


# ------------------------------------------------------------------------------------------------ kinds of numbers


@case(args=(1.37,), also=((-0.4,), (12.0,)))
def larger_of_a_whole_number_and_a_real(x):
    """`max(0, x)`, in which a whole number stands first, is a real number all the same."""
    u = np.full(3, max(0, x)) + 0.0
    u[1] = x * x
    v = np.array([min(10, x), 1.0])
    v[1] = x**3
    s = max(0, x)
    for _ in range(3):
        s = s * x + min(2, s)
    return np.sum(u * u) + v @ v + s + max(0, min(10, x)) ** 2 + max(2, 3) * x


@case(args=(1.37,), jit=False, reason="Numba takes no keywords of round")
def rounded_to_digits(x):
    u = np.full(3, round(x, ndigits=1))
    u[0] = x
    return np.sum(u * u) * round(1.25, ndigits=None) + round(x, 1) * x


@case(args=(draw(2), 1.3, 3), wrt=(0, 1))
def powers_of_whole_numbers(x, a, n):
    """They are whole where the exponent is not below zero, and fractions where it is."""
    s = a * 10**-n + a * (-1) ** n
    for i in range(4):
        s = s + a * 2**-i + a**2 * 2**i + 3 ** (i + len(x)) * x[0]
    for i in range(2, -1, -1):
        s = s + 2**i * x[1] ** 2
    u = np.array([2**-i for i in range(3)])
    u[1] = x[0]
    v = np.full(3, 10**-3)
    v[0] = x[1] * a
    for _ in range(2**n):
        s = s * 1.01
    return s + np.sum(u * u) + np.sum(v * v)


@case(args=(draw(3),), jit=False, reason="Numba has no softmax")
def real_numbers_of_whole_ones(x):
    """The shares of whole numbers are no whole numbers."""
    p = scipy.special.softmax(np.array([1, 2, 3]))
    p[0] = x[0]
    q = scipy.special.log_softmax(np.array([1, 2, 3]))
    q[1] = x[1] * x[2]
    return np.sum(p * p) + np.sum(q * q)


# ------------------------------------------------------------------------------------- branches that end everywhere


@case(args=(1.3,), also=((0.3,), (-1.3,)))
def left_on_every_path(x):
    p = x
    for _ in range(3):
        p = p * x
        if x > 1:
            p *= 2
            break
        elif x > 0:
            p *= 3
            break
        else:
            p *= x
            break
    while True:
        if p > 2:
            p = p * x
            break
        else:
            p = p + x * x
            break
    return p


@case(args=(1.3, 0), also=((1.3, 5),), wrt=0)
def left_or_returned_in_the_first_trip(x, n):
    m = 3
    p = x
    while True:
        m -= 1
        if m <= n:
            break
        p = 0.6 * p
        if m < 3 or m % 2 == 1:
            return p * x
    return p
