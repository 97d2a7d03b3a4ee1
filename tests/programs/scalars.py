"""Scalars: operators, assignment in all its forms, the functions of `math`, integers, constants."""

import math
from math import exp, sqrt

import numpy as np

from .registry import case


@case(args=(1.7,), also=((-0.4,),), second=True)
def cubic(x):
    return 3.0 * x**3 - 2.0 * x * x + x - 5.0


@case(args=(0.9,), second=True)
def square_chain(x):
    x = x * x
    x = x * x + x
    x = x * x
    return x


@case(args=(12.0, 0.6, 9.81), second=True)
def projectile_range(speed, angle, gravity):
    vx = speed * math.cos(angle)
    vy = speed * math.sin(angle)
    return 2.0 * vx * vy / gravity


@case(args=(0.37,), second=True)
def trigonometry(x):
    direct = math.sin(x) * math.cos(2.0 * x) + math.tan(x)
    inverse = math.asin(x) - math.acos(x * x) * math.atan(3.0 * x)
    return direct * inverse


@case(args=(0.6,), second=True)
def hyperbolics(x):
    a = math.sinh(x) + math.cosh(x) * math.tanh(x)
    b = math.asinh(x) - math.acosh(1.0 + x) + math.atanh(0.5 * x)
    return a / b


@case(args=(1.3,), second=True)
def exponentials_and_logarithms(x):
    up = math.exp(-x) + math.expm1(0.1 * x)
    down = math.log(x) + math.log1p(x) + math.log2(x) * math.log10(3.0 * x)
    return up * down


@case(args=(1.3, 3.0), second=True, jit=False, reason="Numba's math.log takes no base")
def logarithm_to_a_base(x, base):
    return math.log(x * x, base) * x


@case(
    args=(1.3,),
    second=True,
    jit=False,
    reason="Numba has neither math.cbrt nor math.exp2",
)
def newer_math(x):
    return math.cbrt(x) * math.exp2(-x)


@case(args=(1.9, 0.7), second=True)
def math_of_two(x, y):
    return math.hypot(x, y) + math.atan2(y, x) * math.pow(x, y)


@case(args=(0.45,), second=True)
def error_functions(x):
    return math.erf(x) * math.erfc(0.5 * x) + x


@case(args=(2.3,), rtol=1e-5)
def gamma_functions(x):
    return math.gamma(x) + x * math.lgamma(x + 1.0)


@case(args=(40.0,), also=((-15.0,),))
def angles_and_magnitudes(deg):
    rad = math.radians(deg)
    return math.fabs(rad) * math.sin(rad) + 0.01 * math.degrees(rad * rad)


@case(args=(1.5, 2.2), also=((0.8, -1.1),), second=True)
def variable_exponent(base, exponent):
    return base**exponent + exponent**2 * base ** (-exponent)


@case(args=(-1.3, 3), also=((-1.3, 2), (0.7, 5), (2.0, 0), (1.4, -2)), wrt=0, second=True)
def negative_base(x, n):
    return x**n + 2.0 * x


@case(args=(-1.3,), also=((0.8,),), second=True)
def integer_powers(x):
    return x**-2 + x**0 + x**1 + x**2 + x**7 + pow(x, 3)


@case(args=(7.3, 1.7), also=((-7.3, 1.7), (7.3, -1.7)))
def wrap_around(x, period):
    phase = x % period
    return phase * phase


@case(args=(7.3, 1.7), also=((-7.3, 1.7),))
def whole_periods(x, period):
    turns = x // period
    return turns * x + (x - turns * period) ** 2


@case(args=(1.2,), also=((-0.7,),))
def absolute_values(x):
    return abs(x) * x + abs(x * x - 3.0)


@case(args=(0.3, 1.9, -0.4), also=((2.0, 1.0, 0.5), (0.1, 0.2, 0.3)))
def largest_and_smallest(a, b, c):
    top = max(a, b, c)
    bottom = min(a, b, c)
    return top * top - bottom * top + max(a * b, 0.05)


@case(args=(1.5, 0.5))
def swap(a, b):
    a, b = b, a
    return a * a * a + b


@case(args=(0.6, 1.1, 7), wrt=(0, 1), second=True)
def generalised_fibonacci(a, b, n):
    for _ in range(n):
        a, b = b, a + b * b * 0.1
    return b


@case(args=(0.6, 1.1, 2.0))
def rotate_three(a, b, c):
    a, b, c = c * a, a * b, b * c
    c, a = a, c
    return a + 2.0 * b + 3.0 * c * c


@case(args=(1.6, 0.7), second=True)
def every_augmented_operator(x, y):
    s = x
    s += y * y
    s -= 3.0 * x * y
    s *= s
    s /= 1.0 + y * y
    s **= 2
    return s


@case(args=(9.4, 1.3))
def augmented_modulo(x, y):
    r = x * y
    r %= 2.0 * y
    k = x * x
    k //= y
    return r * r + k * x


@case(args=(0.8,), second=True)
def annotated(x: float) -> float:
    y: float = x * x
    z: float
    z = y * x
    return z - y


@case(args=(0.8, -1.2), second=True)
def unary_operators(x, y):
    return -x * +y - (-(x**2)) + -((-y) ** 2)


@case(args=(0.8,), second=True)
def overwrite_nonlinear(x):
    y = x
    y = math.sin(y)
    y = y * math.exp(y)
    y = y / (1.0 + y * y)
    return y * x


@case(args=(0.9, 1.4))
def nested_tuples(x, y):
    (a, b), c = (x * y, x + y), x - y
    return a * b / (3.0 + c)


@case(args=(0.9,), second=True)
def two_targets(x):
    a = b = x * x
    a = a * x
    return a - b


@case(args=(3, 1.5), wrt=(0, 1), also=((3.0, 1.5),), second=True)
def prism_volume(height, side):
    return height * side * side * sqrt(3.0) / 4.0


@case(args=(2,), wrt=0, second=True)
def integer_argument(n):
    m = n * n
    return m * n + 1.0 / n


@case(args=(1.2, 3), wrt=(0, 1))
def integer_exponent_differentiated(x, n):
    return x**n / n


@case(args=(2, 3), wrt=(0, 1))
def all_integers(n, m):
    return n * m * m - n


@case(args=(0.4, True), also=((0.4, False),), wrt=0)
def signed_square(x, flip):
    y = x * x
    if flip:
        y = -y
    return y + x


@case(args=(0.4, True, False), also=((0.4, False, False),), wrt=0)
def flags_as_numbers(x, first, second):
    return x * x * first + x * (1 - second)


@case(args=(1.5, 2.5), second=True)
def unused_argument(x, y):
    return x * x


@case(args=(1.5, np.array([1.0, 2.0])))
def unused_array(x, table):
    scale = table[0]
    scale = x
    return scale * scale


@case(args=(1.5,), second=True)
def constant_result(x):
    y = x * x
    y = 2.0
    return y


@case(args=(1.5, 4), wrt=0)
def constant_through_an_integer(x, n):
    count = 0
    for i in range(n):
        if i < x:
            count += 1
    return float(count)


@case(args=(3.7,), also=((-3.7,),))
def fractional_part(x):
    k = int(x)
    frac = x - k
    return frac * frac + round(x) * x


@case(args=(2.345,))
def floor_and_ceil(x):
    lo = math.floor(x)
    hi = math.ceil(x)
    t = (x - lo) / (hi - lo)
    return lo * (1.0 - t) ** 2 + hi * t


@case(args=(1.2, 3), wrt=0)
def conversions(x, n):
    return float(n) * x + float(x) ** 2 / int(n)


@case(args=(0.5, 1.5, 2.5))
def builtin_sum_of_a_tuple(a, b, c):
    parts = (a * a, b * c, a / c)
    return sum(parts)


@case(args=(3.0, 1.7, 0.6), second=True)
def division_chain(a, b, c):
    return a / b / c - a / (b / c)


@case(args=(0.3,), also=((-2.0,), (40.0,)), second=True)
def stable_logistic(x):
    if x >= 0.0:
        return 1.0 / (1.0 + exp(-x))
    e = exp(x)
    return e / (1.0 + e)


@case(args=(0.7,), also=((-1.1,),), second=True)
def gelu(x):
    return 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0)))


@case(args=(0.7,), second=True)
def numpy_functions_of_a_scalar(x):
    a = np.sin(x) * np.exp(-x) + np.tanh(x)
    b = np.sqrt(x) + np.log1p(x) - np.arctan(x)
    return a * b + np.square(x)


@case(args=(np.float64(0.7), 2.0), second=True)
def numpy_scalar_argument(x, y):
    return x * np.cos(y * x)


@case(args=(np.array(0.7),))
def zero_dimensional_argument(x):
    y = x * x
    y = y * x + x
    return y


@case(args=(1.5,), kwargs={"order": 2.0, "scale": 3.0}, wrt=("x", "order"), jit=True)
def keywords_and_defaults(x, scale=1.0, order=1.0):
    return scale * x**order


@case(args=(1.5,), second=True)
def left_at_its_default(x, scale=4.0, shift=0.5):
    return scale * x * x + shift * x


@case(args=(0.2, 1.1))
def tuple_result(x, y):
    r = math.sqrt(x * x + y * y)
    phi = math.atan2(y, x)
    return r, phi


@case(args=(0.2, 1.1, 3), wrt=(0, 1))
def tuple_with_a_count(x, y, n):
    z = x * y
    return z * z, n, x


@case(args=(0.31, 0.57))
def quotient_and_remainder(x, step):
    q, r = x // step, x % step
    return (q + 1.0) * r * x


@case(args=(1.1, 0.2))
def same_value_many_names(x, y):
    a = x
    b = a
    c = b
    b = b * y
    a = a + b
    x = a * c
    return x * a * b * c
