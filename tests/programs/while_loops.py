"""while loops: counters, convergence tests, exits, else."""

import math

import numpy as np

from .registry import case, draw, positive


@case(args=(2.0,), also=((30.0,),), second=True)
def newton_square_root(a):
    x = a
    while abs(x * x - a) > 1e-13 * a:
        x = 0.5 * (x + a / x)
    return x


@case(args=(0.5, 6), also=((0.5, 0),), wrt=0, second=True)
def counted_while(x, n):
    k = 0
    y = x
    while k < n:
        y = y * x + math.sin(y)
        k += 1
    return y


@case(args=(0.5,), second=True)
def while_with_active_test(x):
    y = x
    while y < 10.0:
        y = y * y + 1.0
    return y


@case(args=(0.1, 9), wrt=0)
def collatz_weights(x, n):
    total = x
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            total = total * (1.0 + x)
        else:
            n = 3 * n + 1
            total = total + x * x
    return total


@case(args=(3.7,), also=((0.2,),))
def subtract_periods(angle):
    turns = 0
    while angle > 1.0:
        angle -= 1.0
        turns += 1
    return angle**2 * (1 + turns)


@case(args=(positive(5), 1.1))
def while_true_with_break(x, growth):
    total = 0.0
    i = 0
    while True:
        total = total * growth + x[i] * x[i]
        i += 1
        if i == len(x):
            break
    return total


@case(args=(draw(8),), also=((np.full(3, 0.1),),), second=True)
def first_exceeding(x):
    i = 0
    running = 0.0
    while i < len(x):
        running += x[i] * x[i]
        if running > 1.5:
            result = running * i
            break
        i += 1
    else:
        result = running * 100.0
    return result


@case(args=(draw(9),))
def skipping_while(x):
    i = -1
    s = 1.0
    while i < len(x) - 1:
        i += 1
        if x[i] < 0.0:
            continue
        s = s * (1.0 + x[i])
    return s


@case(args=(1.3, 1e-9), wrt=0, second=True)
def exponential_series(x, tol):
    term = 1.0
    total = 1.0
    n = 1
    while abs(term) > tol:
        term = term * x / n
        total += term
        n += 1
    return total


@case(args=(24.0, 18.0))
def arithmetic_geometric_mean(a, b):
    while abs(a - b) > 1e-12:
        a, b = 0.5 * (a + b), math.sqrt(a * b)
    return a


@case(args=(0.3, 1.2), also=((0.0, 0.6), (0.05, 1.2)))
def bisection_then_polish(lo, hi):
    f_lo = lo**3 - 0.1
    steps = 0
    while hi - lo > 0.25 and steps < 50:
        mid = 0.5 * (lo + hi)
        f_mid = mid**3 - 0.1
        if f_lo * f_mid <= 0.0:
            hi = mid
        else:
            lo = mid
            f_lo = f_mid
        steps += 1
    return (lo + hi) * (hi - lo) ** 2


@case(args=(draw(4, 4), 0.2), rtol=1e-4)
def nested_whiles(A, w):
    n = A.shape[0]
    total = 0.0
    i = 0
    while i < n:
        j = i
        while j < n:
            total = total + w * A[i, j] ** 2 * total + A[i, j]
            j += 2
        i += 1
    return total


@case(args=(5.0, 2), also=((5.0, 40),), wrt=0, second=True)
def return_from_a_while(x, limit):
    k = 0
    while x > 0.01:
        if k >= limit:
            return x * x
        x = x * 0.5 - 0.001 * x * x
        k += 1
    return 3.0 * x


@case(args=(positive(6),), second=True)
def two_pointers(x):
    i = 0
    j = len(x) - 1
    s = 0.0
    while i < j:
        s += x[i] * x[j] * (j - i)
        i, j = i + 1, j - 1
    return s


@case(args=(0.2,), also=((4.0,),), second=True)
def while_seldom_entered(x):
    y = x * x
    while y > 5.0:
        z = y * 0.5
        y = z / x
    return y * x


@case(args=(draw(6), 2.0))
def relax_until_flat(u, k):
    u = u.copy()
    rounds = 0
    while rounds < 3:
        for j in range(1, len(u) - 1):
            step = 0.1 * k * (u[j - 1] - 2.0 * u[j] + u[j + 1])
            if step < 0.0:
                step = 0.5 * step
            u[j] = u[j] + step
        rounds += 1
    return u
