"""Branches: if/elif/else, chained comparisons, boolean logic, ternaries, variables defined on one side."""

import math

import numpy as np

from .registry import case, draw


@case(args=(0.4, 1.0), also=((2.0, 1.0), (-3.0, 1.0)), second=True)
def huber(r, delta):
    if abs(r) <= delta:
        loss = 0.5 * r * r
    else:
        loss = delta * (abs(r) - 0.5 * delta)
    return loss


@case(args=(5_000.0,), also=((20_000.0,), (60_000.0,), (200_000.0,)))
def income_tax(income):
    if income < 10_000.0:
        tax = 0.0
    elif income < 40_000.0:
        tax = 0.2 * (income - 10_000.0)
    elif income < 100_000.0:
        tax = 6_000.0 + 0.4 * (income - 40_000.0) + 1e-7 * income * income
    else:
        tax = 30_000.0 + 0.5 * (income - 100_000.0)
    return tax


@case(args=(0.5, 0.0, 1.0), also=((-0.5, 0.0, 1.0), (1.5, 0.0, 1.0)))
def smoothstep(x, left, right):
    if left < x < right:
        t = (x - left) / (right - left)
        return t * t * (3.0 - 2.0 * t)
    if x <= left:
        return 0.0 * x
    return 1.0


@case(args=(1.0, 2.0, 3.0), also=((3.0, 2.0, 1.0), (1.0, 3.0, 2.0)))
def ordered_or_not(a, b, c):
    return a * b * c if a < b <= c else (a + b * c if a >= b > c else a - b * b)


@case(args=(0.3, 0.8), also=((-0.3, 0.8), (-0.3, -0.8), (0.3, -0.8)), second=True)
def quadrants(x, y):
    if x > 0.0 and y > 0.0:
        z = x * y
    elif x > 0.0 or y > 0.0:
        z = x * x - y
    else:
        z = math.exp(x) * y
    return z * z


@case(args=(0.3, 0.8, 2), also=((1.7, 0.8, 2), (0.3, 0.8, 7)), wrt=(0, 1), second=True)
def mixed_logic(x, y, n):
    if not (x > 1.0 or n > 5) and y != 0.0:
        return x / y
    return x * y if n == 2 or x < 0.0 else y**3


@case(args=(0.4,), also=((1.4,), (2.4,), (3.4,)))
def nested_ternaries(x):
    return x if x < 1.0 else x * x if x < 2.0 else math.sqrt(x) if x < 3.0 else 1.0 / x


@case(args=(0.4, True), also=((0.4, False),), wrt=0, second=True)
def assigned_on_one_side(x, extra):
    if extra:
        bonus = x * x
    total = 3.0 * x
    if extra:
        total = total * bonus
    return total


@case(args=(0.4,), also=((-0.4,),), second=True)
def redefined_on_one_side(x):
    y = x * x
    if x > 0.0:
        y = y * math.sin(y)
        x = x + y
    return x * y


@case(args=(0.4,), also=((-0.4,),), second=True)
def branch_swaps(x):
    a = x * x
    b = 2.0 * x
    if a > b:
        a, b = b, a
    return a - 3.0 * b * a


@case(args=(0.5, 0.2), also=((0.2, 0.5), (-0.5, 0.2), (-0.2, -0.5)), second=True)
def nested_ifs(x, y):
    r = 1.0
    if x > y:
        if x > 0.0:
            r = r * x
            if y > 0.0:
                r = r * x + y
        r = r + y
    else:
        r = r - x * y
        if y < 0.0:
            pass
        else:
            r = r * r
    return r


@case(args=(np.array([0.5, -0.3, 2.0]),), also=((np.array([-0.5, -0.3, 2.0]),),), second=True)
def condition_overwritten_by_its_branch(x):
    s = x[0]
    if s > 0.0:
        s = -s * s
    else:
        s = s * s
    if s > 0.0:
        s = s * s * 100.0
    else:
        s = s * x[1]
    return s * x[2]


@case(args=(draw(6),), also=((draw(6, seed=1),),))
def soft_threshold(x):
    out = np.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0.3:
            out[i] = (x[i] - 0.3) ** 2
        elif x[i] < -0.3:
            out[i] = -((x[i] + 0.3) ** 2)
    return out


@case(args=(draw(5), 3), also=((draw(5), 0), (draw(5), 2)), wrt=0)
def integer_decides(x, mode):
    if mode == 0:
        w = x * x
    elif mode in (1, 2):
        w = np.sin(x)
    else:
        w = np.exp(-x)
    return np.sum(w * x)


@case(args=(0.7, 2.0), also=((-0.7, 2.0),))
def ternary_in_an_expression(x, a):
    return a * (x if x > 0.0 else 0.1 * x * x) + (1.0 if a > 3.0 else a) * x


@case(args=(draw(7),))
def runs_of_signs(x):
    positive_part = 0.0
    streak = 0
    for v in x:
        if v > 0.0:
            streak += 1
            positive_part += v * streak
        else:
            streak = 0
            positive_part *= 0.9
    return positive_part


@case(args=(1.2, 0.7), also=((0.2, 0.7),))
def comparison_as_a_number(x, y):
    above = x > y
    weight = 2.0 * above + 1.0
    return weight * x * y


@case(args=(0.3, 2.0), also=((0.001, 2.0),), second=True)
def guarded_division(x, y):
    ratio = y / x if abs(x) > 0.01 else y * y
    return ratio + x


@case(args=(0.7, -0.4), also=((-0.7, 0.4),))
def short_circuit_protects(x, y):
    if x > 0.0 and math.log(x) < y + 1.0:
        return math.log(x) * y
    return x * y * y
