"""Functions inside others that call themselves, and read variables of the function around them."""

import numpy as np

from .registry import case, draw


@case(args=(0.7, 4), wrt=0, second=True)
def power_of_an_outer_number(x, n):
    def go(k, y):
        if k == 0:
            return y
        return go(k - 1, y * x)

    return go(n, 1.0)


@case(args=(draw(6),), second=True)
def halves_of_an_outer_array(x):
    def total(low, high):
        if high - low == 1:
            return x[low] ** 2
        middle = (low + high) // 2
        return 0.5 * total(low, middle) + total(middle, high) * x[middle]

    return total(0, len(x))


@case(args=(0.7, 8), wrt=0)
def a_table_that_the_recursion_fills(a, n):
    table, known = np.zeros(n + 1), np.zeros(n + 1, dtype=bool)

    def fib(k):
        if k < 2:
            return a
        if not known[k]:
            table[k] = fib(k - 1) + 0.5 * a * fib(k - 2)
            known[k] = True
        return table[k]

    return fib(n)


@case(args=(draw(5),))
def two_that_call_each_other(x):
    def even(k, s):
        return s if k == 0 else odd(k - 1, s * x[k])

    def odd(k, s):
        return s if k == 0 else even(k - 1, s + x[k])

    return even(4, 1.0)


@case(args=(draw(2), 1.5), second=True)
def adaptive_simpson(c, end):
    def f(t):
        return c[0] * t**2 + np.sin(c[1] * t)

    def simpson(a, b):
        return (b - a) / 6 * (f(a) + 4 * f((a + b) / 2) + f(b))

    def adapt(a, b, whole, depth):
        m = (a + b) / 2
        left, right = simpson(a, m), simpson(m, b)
        if depth == 0 or abs(left + right - whole) < 1e-3:
            return left + right
        return adapt(a, m, left, depth - 1) + adapt(m, b, right, depth - 1)

    return adapt(0.0, end, simpson(0.0, end), 3)


@case(args=(draw(4),))
def defaults_and_a_lambda(x):
    def go(k=3, y=1.0):
        return y if k == 0 else go(k - 1, y * x[k])

    product = lambda k: x[k] if k == 0 else x[k] * product(k - 1)
    return go() + product(2)


@case(args=(draw(4),))
def a_list_that_the_recursion_fills(x):
    seen = []

    def go(k):
        if k < len(x):
            seen.append(x[k] ** 2)
            go(k + 1)

    go(0)
    return sum(seen) * seen[0]


@case(args=(draw(4), 0.7))
def called_with_other_values_of_the_variable(x, scale):
    def go(k):
        return scale if k == 0 else go(k - 1) * x[k] + scale

    first = go(3)
    scale = scale**2
    return first * go(2)
