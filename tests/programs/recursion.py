"""Functions that call themselves, directly and through others: with numbers, arrays, slices and structures."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .registry import case, draw, positive

STEP = np.array([0.5, 0.25, 0.125])
LEFT = np.array([1, 3, -1, -1, -1])
RIGHT = np.array([2, 4, -1, -1, -1])


@case(args=(1.3, 5), also=((0.7, 0),), second=True)
def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


@case(args=(1.1, 0.9, 13), also=((1.1, 0.9, 0),), second=True)
def power_by_squaring(x, y, n):
    if n == 0:
        return y
    half = power_by_squaring(x, y, n // 2)
    return half * half * x if n % 2 else half * half


@case(args=(0.4, 1.2, 8), second=True)
def fibonacci(a, b, n):
    return a if n == 0 else b if n == 1 else fibonacci(a, b, n - 1) + a * fibonacci(a, b, n - 2)


@case(args=(7.37, 2.2), also=((2.03, 5.5),))
def euclid(a, b):
    """The remainder by subtraction, until it is small."""
    if b < 0.2:
        return a * a
    if a < b:
        return euclid(b, a)
    return euclid(b, a - b * math.floor(a / b)) + b


@case(args=(0.8,), second=True)
def continued_fraction(x):
    return fraction(x, 1, depth=9)


def fraction(x, k, depth=3, scale=1.0):
    if k == depth:
        return scale * k
    return k + x * x / fraction(x, k + 1, depth, scale=scale)


def bump(x, width):
    return np.exp(-x * x / width) + 0.1 * x


def simpson(f, width, a, b):
    return (b - a) / 6.0 * (f(a, width) + 4.0 * f(0.5 * (a + b), width) + f(b, width))


def adaptive(f, width, a, b, whole, tolerance):
    m = 0.5 * (a + b)
    left, right = simpson(f, width, a, m), simpson(f, width, m, b)
    if abs(left + right - whole) < 15.0 * tolerance:
        return left + right + (left + right - whole) / 15.0
    return adaptive(f, width, a, m, left, tolerance / 2.0) + adaptive(f, width, m, b, right, tolerance / 2.0)


@case(args=(0.3, -1.0, 2.0), rtol=1e-4)
def adaptive_simpson(width, a, b):
    return adaptive(bump, width, a, b, simpson(bump, width, a, b), 1e-6)


@case(args=(positive(9), 0), also=((positive(9), 8), (positive(9), 9)), second=True)
def heap(x, i):
    if i >= len(x):
        return 1.0
    return x[i] * heap(x, 2 * i + 1) + np.sin(heap(x, 2 * i + 2))


@case(args=(positive(5), 0), second=True)
def tree_by_children(value, node):
    if node < 0:
        return 0.0
    return value[node] * (1.0 + tree_by_children(value, LEFT[node])) + tree_by_children(value, RIGHT[node]) ** 2


@case(args=(1.2, 2, 3))
def ackermann(x, m, n):
    """The recursion of Ackermann, with a product along the way."""
    return ackermann_pair(x, m, n)[1]


def ackermann_pair(x, m, n):
    if m == 0:
        return n + 1, x + 0.01 * n
    if n == 0:
        k, y = ackermann_pair(x, m - 1, 1)
        return k, 1.001 * y
    k, y = ackermann_pair(x, m, n - 1)
    j, z = ackermann_pair(x * 0.9, m - 1, k)
    return j, z + 0.1 * y * x


@case(args=(0.7, 7), also=((0.7, 6),), second=True)
def even_odd(x, n):
    if n == 0:
        return x
    return x * odd_even(x, n - 1)


def odd_even(x, n):
    if n == 0:
        return x * x
    return np.sin(even_odd(x, n - 1))


KIND = np.array([2, 3, 0, 1, 0, 0])  # 0: a variable, 1: sin, 2: sum, 3: product
FIRST = np.array([1, 2, 0, 4, 1, 2])
SECOND = np.array([3, 5, 0, 0, 0, 0])


def value_of(x, k):
    if KIND[k] < 2:
        return leaf_of(x, k)
    a, b = value_of(x, FIRST[k]), value_of(x, SECOND[k])
    return a + b if KIND[k] == 2 else a * b


def leaf_of(x, k):
    return x[FIRST[k]] if KIND[k] == 0 else np.sin(value_of(x, FIRST[k]))


@case(args=(draw(3),), second=True)
def expression_over_arrays(x):
    return value_of(x, 0)


@case(args=(draw(4, 4),), second=True)
def determinant(a):
    if len(a) == 1:
        return a[0, 0]
    total, sign = 0.0, 1.0
    for j in range(len(a)):
        minor = np.concatenate((a[1:, :j], a[1:, j + 1 :]), axis=1)
        total += sign * a[0, j] * determinant(minor)
        sign = -sign
    return total


def minor_of(a, row, used):
    if row == len(a):
        return 1.0
    total, sign = 0.0, 1.0
    for j in range(len(a)):
        if used[j] == 0:
            used[j] = 1
            total += sign * a[row, j] * minor_of(a, row + 1, used)
            used[j] = 0
            sign = -sign
    return total


@case(args=(draw(3, 3),), second=True)
def determinant_with_places(a):
    return minor_of(a, 0, np.zeros(len(a), np.int64))


@case(args=(draw(7),), also=((draw(1),),), second=True)
def pairwise_sum(x):
    if len(x) == 1:
        return x[0] * x[0]
    m = len(x) // 2
    return pairwise_sum(x[:m]) + np.sin(pairwise_sum(x[m:]))


@case(args=(draw(6), 0, 6))
def maximum_between(x, lo, hi):
    if hi - lo == 1:
        return x[lo] * abs(x[lo])
    mid = (lo + hi) // 2
    a, b = maximum_between(x, lo, mid), maximum_between(x, mid, hi)
    return max(a, b) + 0.1 * min(a, b)


@case(args=(draw(4, 4), draw(4, 4, seed=1)))
def block_product(a, b):
    n = len(a)
    if n == 1:
        return a * b
    h = n // 2
    c = np.zeros((n, n))
    c[:h, :h] = block_product(a[:h, :h], b[:h, :h]) + block_product(a[:h, h:], b[h:, :h])
    c[:h, h:] = block_product(a[:h, :h], b[:h, h:]) + block_product(a[:h, h:], b[h:, h:])
    c[h:, :h] = block_product(a[h:, :h], b[:h, :h]) + block_product(a[h:, h:], b[h:, :h])
    c[h:, h:] = block_product(a[h:, :h], b[:h, h:]) + block_product(a[h:, h:], b[h:, h:])
    return c


@case(args=(draw(4, 4), draw(4, 4, seed=1)))
def strassen(a, b):
    n = len(a)
    if n <= 1:
        return a @ b
    h = n // 2
    a11, a12, a21, a22 = a[:h, :h], a[:h, h:], a[h:, :h], a[h:, h:]
    b11, b12, b21, b22 = b[:h, :h], b[:h, h:], b[h:, :h], b[h:, h:]
    m1 = strassen(a11 + a22, b11 + b22)
    m2 = strassen(a21 + a22, b11)
    m3 = strassen(a11, b12 - b22)
    m4 = strassen(a22, b21 - b11)
    m5 = strassen(a11 + a12, b22)
    m6 = strassen(a21 - a11, b11 + b12)
    m7 = strassen(a12 - a22, b21 + b22)
    c = np.empty((n, n))
    c[:h, :h] = m1 + m4 - m5 + m7
    c[:h, h:] = m3 + m5
    c[h:, :h] = m2 + m4
    c[h:, h:] = m1 - m2 + m3 + m6
    return c


@case(args=(draw(8), draw(8, seed=1)))
def fourier(re, im):
    n = len(re)
    if n == 1:
        return re.copy(), im.copy()
    even_re, even_im = fourier(re[::2], im[::2])
    odd_re, odd_im = fourier(re[1::2], im[1::2])
    out_re, out_im = np.zeros(n), np.zeros(n)
    for k in range(n // 2):
        angle = -2.0 * math.pi * k / n
        t_re = math.cos(angle) * odd_re[k] - math.sin(angle) * odd_im[k]
        t_im = math.cos(angle) * odd_im[k] + math.sin(angle) * odd_re[k]
        out_re[k], out_im[k] = even_re[k] + t_re, even_im[k] + t_im
        out_re[k + n // 2], out_im[k + n // 2] = even_re[k] - t_re, even_im[k] - t_im
    return out_re, out_im


@case(args=(draw(8),))
def haar_in_place(x):
    """A wavelet transform that writes into the first half again and again."""
    y = x * x
    transform(y, len(y))
    return np.sum(y * y * np.arange(8.0))


def transform(y, n):
    if n < 2:
        return
    h = n // 2
    old = y[:n].copy()
    for k in range(h):
        y[k] = old[2 * k] + old[2 * k + 1]
        y[h + k] = old[2 * k] * old[2 * k + 1]
    transform(y, h)


@case(args=(draw(7),))
def quicksort(x):
    y = x * 1.0
    sort(y, 0, len(y) - 1)
    total = 0.0
    for k in range(len(y)):
        total += y[k] ** (k + 1)
    return total


def sort(y, lo, hi):
    if lo >= hi:
        return
    pivot, i = y[hi], lo
    for j in range(lo, hi):
        if y[j] < pivot:
            y[i], y[j] = y[j], y[i]
            i += 1
    y[i], y[hi] = y[hi], y[i]
    sort(y, lo, i - 1)
    sort(y, i + 1, hi)


@case(args=(positive(6), 1.1))
def prefix_in_slices(x, a):
    """Each half is changed in place through a view of it."""
    y = np.sin(x)
    scan(y, a)
    return y


def scan(y, a):
    if len(y) == 1:
        y[0] = y[0] * a
        return 1.0
    m = len(y) // 2
    left = scan(y[:m], a)
    right = scan(y[m:], a * left)
    y[m] += y[m - 1] * right
    return y[0] * right


@case(args=(draw(5), 1.3), second=True)
def horner(c, x):
    return c[0] + x * horner(c[1:], x) if len(c) > 1 else c[0]


@case(args=(draw(4), 0.6), second=True)
def recursion_inside_a_loop(x, a):
    s = a
    for k in range(len(x)):
        s = s * 0.5 + power(s + x[k], k)
    return s


@case(args=(draw(4), 3), second=True)
def loop_inside_recursion(x, n):
    s = 0.0
    for k in range(len(x)):
        s = s * x[k] + np.sin(x[k])
    if n == 0:
        return s
    return s * loop_inside_recursion(x * 0.5, n - 1)


@case(args=(2.7, 9), also=((0.4, 9), (1.3, 9), (1.3, -1)))
def early_returns(x, n):
    if n < 0:
        return x
    if x > 2.0:
        return early_returns(0.5 * x, n - 1) * x
    while x < 1.0:
        x = x * 1.7 + 0.1
        if x > 0.9:
            return early_returns(x, n - 3) + x
    for k in range(n):
        if k == 3:
            return x * k + early_returns(x - 0.1, k - 2)
    return x * x


@case(args=(0.9, 4), second=True)
def several_results(x, n):
    s, c = sine_cosine(x, n)
    return s * c + s


def sine_cosine(x, n):
    if n == 0:
        return x, 1.0 - 0.5 * x * x
    s, c = sine_cosine(0.5 * x, n - 1)
    return 2.0 * s * c, c * c - s * s


class Bounds(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True)
class Material:
    stiffness: float
    density: np.ndarray


@case(args=(1.5, draw(3), -0.4, 0.8))
def records_as_arguments(stiffness, density, low, high):
    return refined(Material(stiffness, density), Bounds(low, high), 3)


def refined(material, bounds, level):
    if level == 0:
        return material.stiffness * bounds.low + np.sum(material.density) * bounds.high
    mid = 0.5 * (bounds.low + bounds.high)
    rest = Material(material.stiffness * 0.5, material.density * mid)
    return refined(rest, Bounds(bounds.low, mid), level - 1) * refined(material, Bounds(mid, bounds.high), level - 1)


@case(args=(1.2, 5))
def structure_returned(x, n):
    p = moved(x, n)
    return p.low * p.high


def moved(x, n):
    if n == 0:
        return Bounds(x, x * x)
    p = moved(x * 0.9, n - 1)
    return Bounds(p.high, low_of(p) * x)


def low_of(p):
    return p.low + 1.0


@case(args=(0.6, 3), second=True)
def captured_array(x, n):
    if n < 0:
        return np.sum(STEP) * x
    return STEP[n % 3] * captured_array(x * STEP[0], n - 1) + x * x


@case(args=(draw(3, 3), draw(3), 4))
def array_results(a, x, n):
    if n == 0:
        return x
    y = np.tanh(a @ array_results(a, x, n - 1))
    return y + x


@case(args=(0.9, 1.1, 3), wrt=(0,), second=True)
def one_argument_of_two(x, y, n):
    if n == 0:
        return x * y
    return one_argument_of_two(x * y, y, n - 1) * y


@case(args=(0.7, 4), second=True)
def twice_recursive(x, n):
    """Two functions that call themselves, and each other."""
    if n <= 0:
        return x
    return twice_recursive(x * 0.5, n - 1) + x * other_recursive(x, n - 1)


def other_recursive(x, n):
    if n <= 0:
        return x * x
    return other_recursive(np.sin(x), n - 1) * twice_recursive(x, n - 2)


@case(args=(0.5, 6), second=True)
def linear_recursion(x, n):
    if n == 0:
        return x
    return 2.0 * x + linear_recursion(x, n - 1)


@case(args=(1.7, 5))
def unused_results(x, n):
    a, _ = pair(x, n)
    return a * x


def pair(x, n):
    if n == 0:
        return x, x * x
    a, b = pair(x, n - 1)
    return a * x, a + b


@case(args=(np.float32(1.25), 4), rtol=1e-2)
def single_precision(x, n):
    if n == 0:
        return x
    return x * single_precision(x, n - 1)
