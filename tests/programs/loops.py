"""for loops: range in all forms, rows, enumerate, zip, reversed, loop variables, zero trips, nesting."""

import math

import numpy as np

from .registry import case, draw, positive


@case(args=(draw(5),), second=True)
def sum_of_squares(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
    return s


@case(args=(draw(6), 0.8), second=True)
def huber_walk(x, rate):
    s = 0.0
    for i in range(len(x)):
        r = x[i] - rate * s
        if abs(r) < 1.0:
            s = s + 0.5 * r * r
        else:
            s = s + abs(r) - 0.5
    return s


@case(args=(0.7, 5), also=((0.7, 0), (0.7, 1)), wrt=0, second=True)
def repeated_squaring_sum(x, n):
    total = 0.0
    for _ in range(n):
        x = x * x + 0.1
        total += x
    return total


@case(args=(draw(7), 1.3))
def backward_range(x, base):
    acc = 0.0
    for i in range(len(x) - 1, -1, -1):
        acc = acc * base + x[i] * acc + x[i]
    return acc


@case(args=(draw(11),), second=True)
def range_with_a_step(x):
    s = 1.0
    for i in range(1, len(x), 3):
        s = s * (1.0 + 0.1 * x[i])
    for i in range(10, 0, -4):
        s = s + x[i] * s
    return s


@case(args=(draw(8), 1, 7, 2), also=((draw(8), 7, 1, -3), (draw(8), 5, 5, 1), (draw(8), 6, 2, 1)), wrt=0)
def range_of_arguments(x, start, stop, step):
    p = 1.0
    for i in range(start, stop, step):
        p = p * x[i] + i
    return p


@case(args=(0.4, 6), wrt=0)
def bounds_changed_inside(x, n):
    total = 0.0
    for i in range(n):
        n = n - 1
        total = total * x + n + i
    return total * n


@case(args=(0.4, 3), wrt=0)
def step_changed_inside(x, step):
    s = x
    for i in range(0, 10, step):
        step = 1
        s = s * s + i * x
    return s * step


@case(args=(0.9, 5), wrt=0, second=True)
def loop_variable_reassigned(x, n):
    s = 1.0
    for i in range(n):
        i = 2 * i + 1
        s = s * x + i * x
        i = 0
    return s + i


@case(args=(draw(5), 4), also=((draw(5), 1),), wrt=0, second=True)
def loop_variable_afterwards(x, n):
    s = 0.0
    for i in range(n):
        s += x[i] ** 2
    return s * x[i] * i


@case(args=(draw(5), 3), also=((draw(5), 0),), wrt=0)
def defined_only_by_the_loop(x, n):
    for i in range(n):
        last = x[i] * x[i + 1]
    if n > 0:
        return last * last
    return x[0]


@case(args=(1.7, 0), also=((7.7, 1),), wrt=0)
def zero_trips(x, n):
    y = x
    for i in range(n):
        y = math.log(y - 5.0) * (i + 1)
    return y * x


@case(args=(np.zeros(0), 1.5), also=((np.array([0.4, -0.7]), 1.5),))
def loop_over_nothing(x, a):
    s = a
    for v in x:
        s = s * v
    return s * a


@case(args=(draw(5),), second=True)
def elements(x):
    p = 1.0
    for v in x:
        p = p * (v + 2.0)
    return p


@case(args=(draw(4, 3),))
def rows(A):
    s = 0.0
    for row in A:
        s += row[0] * row[1] + row[2] ** 2
    return s


@case(args=(draw(4, 3),), second=True)
def rows_and_elements(A):
    s = 0.0
    for row in A:
        p = 1.0
        for a in row:
            p = p * a
        s += p * p
    return s


@case(args=(draw(5),))
def enumerated(x):
    s = 0.0
    for i, v in enumerate(x):
        s += (i + 1) * v * v
    return s


@case(args=(draw(4, 3), draw(3)))
def enumerated_rows(A, w):
    out = np.zeros(4)
    for i, row in enumerate(A):
        out[i] = np.sum(row * w) ** 2
    return out


@case(args=(draw(5),))
def enumerated_from_two(x):
    s = 0.0
    for k, v in enumerate(x, 2):
        s += v**k
    return s


@case(args=(draw(5), draw(5, seed=1), positive(5)))
def zipped(x, y, w):
    s = 0.0
    for a, b, c in zip(x, y, w):
        s += c * (a - b) ** 2
    return s


@case(args=(draw(6), draw(4)))
def zipped_unequal(x, y):
    s = 1.0
    for a, b in zip(x, y):
        s = s * a + b
    return s


@case(args=(draw(5), draw(5, seed=3)))
def zip_inside_enumerate(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        s += a * b * b * i
    return s


@case(args=(draw(5), 0.5), jit=False, reason="Numba has no reversed")
def reversed_range(x, z):
    acc = 0.0
    for i in reversed(range(len(x))):
        acc = acc * z + x[i] * x[i]
    return acc


@case(args=(draw(5), 0.5), jit=False, reason="Numba has no reversed")
def reversed_array(x, z):
    acc = 1.0
    for v in reversed(x):
        acc = acc * z + v * acc
    return acc


@case(args=(draw(3, 4), 0.3), second=True)
def nested_ranges(A, c):
    n, m = A.shape
    s = 0.0
    for i in range(n):
        t = 1.0
        for j in range(m):
            t = t * A[i, j] + c
        s = s + t * c
    return s


@case(args=(draw(4),))
def triangular_pairs(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            d = x[i] - x[j]
            s += math.exp(-d * d)
    return s


@case(args=(draw(2, 3, 2),), second=True)
def triple_loop(T):
    s = 0.0
    for i in range(2):
        for j in range(3):
            for k in range(2):
                s = s * 0.9 + T[i, j, k] ** 2 * (i + j + k)
    return s


@case(args=(0.3, 4), wrt=0, second=True)
def inner_depends_on_outer(x, n):
    total = 0.0
    for i in range(n):
        term = 1.0
        for j in range(i, n, 2):
            term = term * (x + j)
        total += term / (i + 1)
    return total


@case(args=(draw(4, 3),), jit=False, reason="Numba cannot join a float and an array under one name")
def accumulator_becomes_a_row(A):
    s = 0.0
    for i in range(A.shape[0]):
        s = s + A[i] * A[i]
    return np.sum(s * s)


@case(args=(draw(4, 3),))
def array_accumulator(A):
    s = np.zeros(3)
    for i in range(A.shape[0]):
        s = s + A[i] * A[i]
    return s


@case(args=(draw(4, 3),))
def array_accumulator_in_place(A):
    s = np.zeros(3)
    for row in A:
        s += row * row
        s *= 0.5
    return s


@case(args=(draw(5), 0.9))
def loop_carried_array(x, a):
    for k in range(3):
        x = a * x * x + x
    return x


@case(args=(draw(6),))
def largest_so_far(x):
    best = x[0]
    total = 0.0
    for i in range(1, len(x)):
        best = max(best, x[i])
        total += best * x[i]
    return total


@case(args=(draw(6),), second=True)
def position_of_the_largest(x):
    k = 0
    for i in range(1, len(x)):
        if x[i] > x[k]:
            k = i
    return x[k] ** 2 + x[k - 1]


@case(args=(positive(5), 3), wrt=0)
def same_name_two_loops(x, n):
    s = 0.0
    for i in range(n):
        s += x[i] * x[i]
    for i in range(n, len(x)):
        s = s * x[i]
    for i in range(2):
        s = s * s
    return s


@case(args=(0.7, 3), wrt=0)
def loop_over_a_tuple_of_constants(x, n):
    s = 0.0
    for k in (1, 2, 5):
        s += x**k / (k + n)
    return s


@case(args=(0.4, 0.9, 1.7))
def loop_over_a_tuple_of_values(a, b, c):
    s = 1.0
    for v in (a, b, c):
        s = s * v + v
    return s


@case(args=(1.2,), second=True)
def loop_over_an_array_of_constants(x):
    s = 0.0
    for w in np.array([0.5, 0.25, 0.125]):
        s = s + w * x
        x = x * x
    return s


@case(args=(draw(6, seed=5), 2), wrt=0, second=True)
def conditional_update_of_carried(x, every):
    s = 1.0
    held = 0.0
    for i in range(len(x)):
        if i % every == 0:
            held = s * x[i]
        s = s + held * x[i]
    return s


@case(args=(draw(3),), second=True)
def variable_local_to_an_iteration(x):
    s = 0.0
    for i in range(len(x)):
        a = x[i]
        b = a * a
        a = b * math.cos(a)
        s += a * b
    return s * a


@case(args=(np.array([3, 1, 2]), draw(4)), wrt=1)
def loop_over_indices(order, x):
    s = 1.0
    for i in order:
        s = s * x[i] + x[0]
    return s


@case(args=(draw(6), 1.1))
def zip_with_a_range(x, a):
    s = a
    for k, v in zip(range(5, -1, -2), x):
        s = s * v + a**k
    return s


@case(args=(draw(9),), second=True)
def enumerated_range(x):
    s = 0.0
    for place, i in enumerate(range(8, 0, -3)):
        s += (place + 1) * x[i] * x[place]
    return s
