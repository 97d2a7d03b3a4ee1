"""Structures whose class has operators; dates and members of enumerations; arrays and tuples taken apart."""

import dataclasses
import datetime as dt
import enum
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from .registry import case

X = np.array([0.7, 1.1, -0.4])


class Vec(NamedTuple):
    x: float
    y: float

    def __add__(self, other):
        return Vec(self.x + other.x, self.y + other.y)

    def dot(self, other):
        return self.x * other.x + self.y * other.y


@dataclasses.dataclass
class Point:
    x: float
    y: float

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def __mul__(self, c):
        return Point(self.x * c, self.y * c)

    __rmul__ = __mul__

    def __neg__(self):
        return Point(-self.x, -self.y)

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __lt__(self, other):
        return self.x < other.x

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __abs__(self):
        return np.sqrt(self @ self)


class Scale:
    """An object of which everything that Python asks is not what its attributes are."""

    def __init__(self, k):
        self.k = k
        self.mark = 2.0

    def __getitem__(self, i):
        return self.k * (i + 1)

    def __setitem__(self, i, v):
        self.k = v * (i + 2)

    def __len__(self):
        return 0

    def __contains__(self, v):
        return v < self.k

    def __float__(self):
        return self.k * 3.0


class Never:
    def __init__(self, k):
        self.k = k

    def __bool__(self):
        return False


@case(args=(0.7, 1.3), second=True)
def named_tuples_that_add(x, k):
    v = Vec(x, k) + Vec(k, x * x)
    return v.dot(v) + (Vec(x, k) + Vec(x, k))[1] * v[0]


@case(args=(0.7, 1.3), second=True)
def named_tuples_that_multiply_as_tuples(x, k):
    a, b, c, d = Vec(x, k) * 2
    return a * b + c * d * d


@case(args=(0.7, 1.3), second=True)
def points(x, k):
    p = 2.0 * Point(x, k) + Point(k, k) * x + -Point(x * x, 1.0)
    return (p @ p) * abs(p)


@case(args=(0.7, 1.3), second=True)
def points_in_place(x, k):
    p = Point(x, k)
    q = p
    p += Point(k, k * x)
    q = q + p * 0.5
    p += q
    return p.x * q.y


@case(args=(0.7, 1.3), also=((1.3, 0.7),), second=True)
def compared_points(x, k):
    return x * x if Point(x, k) < Point(k, x) else k * k * x


@case(args=(0.7, 1.3), second=True)
def points_in_a_loop(x, k):
    p, v = Point(x, k), Point(k, -x)
    for _ in range(3):
        v = v + -0.1 * p
        p = p + 0.1 * v
    return p @ v


@case(args=(0.7, 1.3), second=True)
def index_of_an_object(x, k):
    s = Scale(x)
    return s[1] * s[2] * k


@case(args=(0.7, 1.3), second=True)
def items_set_of_an_object(x, k):
    s = Scale(k)
    s[0] = x * x
    s[1] += k
    return s.k + s[0]


@case(args=(0.7, 1.3), second=True)
def length_of_an_object(x, k):
    return x * len(Scale(x)) + x * k


@case(args=(0.7, 1.3), second=True)
def truth_by_length(x, k):
    return x if Scale(x) else x * x * k


@case(args=(0.7, 1.3), second=True)
def truth_by_bool(x, k):
    return (x if Never(x) else x * x * k) + (x if not Never(k) else k)


@case(args=(0.7, 1.3), also=((2.5, 1.3),), second=True)
def contained_in_an_object(x, k):
    return x * k if 2.0 in Scale(x) else x * x


@case(args=(0.7, 1.3), second=True)
def object_as_a_number(x, k):
    return float(Scale(x)) * k


# ------------------------------------------------------------------------------------------------ taken apart


@case(args=(X[:2], 1.3), second=True)
def array_unpacked(p, k):
    x, y = p
    return x * y * k


@case(args=(np.array([[0.3, 0.5], [1.1, -0.2], [0.4, 0.9]]),), second=True)
def rows_unpacked(points):
    total = 0.0
    for x, y in points:
        total += x * y * total + x
    return total


@case(args=(X[:2],), second=True)
def state_unpacked_in_a_loop(state):
    for _ in range(3):
        a, b = state
        state = np.array([b, a * b]) + 0.1 * state
    return state[0]


@case(args=(0.7, 1.3), second=True)
def nested_targets(x, k):
    (a, b), *c = (x, k), k, x * x
    return a * b + sum(c)


@case(args=(0.7, 1.3), second=True)
def walrus(x, k):
    if (y := x * k) > 0.5 and (z := y * y) < 3.0:
        return y * z
    return y


@case(args=(0.7, 1.3), second=True)
def compared_tuples(x, k):
    return x * k if (1, 2) < (1, 3) else k


# ------------------------------------------------------------------------------------------------ dates and their kind


class Kind(enum.Enum):
    CALL = 1
    PUT = 2


class Weight(enum.IntEnum):
    ONE = 1
    TWO = 2


DAY = dt.date(2024, 1, 31)


def payoff(s, k, kind):
    if kind is Kind.CALL:
        return max(s - k, 0.0)
    elif kind == Kind.PUT:
        return max(k - s, 0.0)
    return s


@case(args=(1.2, 2.0), second=True)
def members_of_an_enumeration(s, k):
    return payoff(s, k, Kind.PUT) * s + payoff(s, k, Kind.CALL) + payoff(s, k, Kind.PUT) * Kind.PUT.value


@case(args=(1.2, 2.0, Kind.PUT), also=((1.2, 2.0, Kind.CALL),), wrt=(0, 1), second=True)
def member_as_an_argument(s, k, kind):
    match kind:
        case Kind.CALL:
            return s * k
        case Kind.PUT:
            return s + k * k


@case(args=(1.2, 2.0, Weight.ONE), wrt=(0, 1), second=True)
def member_as_a_number(s, k, weight):
    return s * weight + k * s if weight == Weight.ONE else s


@case(args=(1.2, 2.0), second=True)
def members_as_keys(s, k):
    values = {Kind.CALL: s, Kind.PUT: k}
    return values[Kind.CALL] ** 2 * values[Kind.PUT]


@case(args=(1.3, DAY), also=((1.3, dt.date(2023, 12, 1)),), wrt=0, second=True)
def arithmetic_of_dates(s, day):
    end = day + dt.timedelta(weeks=4)
    return s ** ((end - day).days / 10) + (end > day) * s + day.year * s * 1e-3 + day.toordinal() * 1e-5 * s


@case(args=(1.3, DAY), wrt=0, second=True)
def dates_in_a_for_loop(s, day):
    total = 0.0
    for k in range(4):
        total += s**k * day.month
        day = day + dt.timedelta(days=90)
    return total


@case(args=(1.3, DAY), also=((1.3, dt.date(2024, 5, 5)),), wrt=0, second=True)
def dates_in_a_while_loop(s, day):
    end = dt.date(2024, 6, 1)
    value = 0.0
    while day < end:
        value += s * s * (end - day).days / 365
        day += dt.timedelta(days=30)
    return value


@case(args=(1.3, 2.0), second=True)
def times_and_fractions(s, k):
    a, b = dt.datetime(2024, 1, 1), dt.datetime(2024, 3, 1, 12)
    return s**2 * (b - a).total_seconds() / 86400 + k * float(Fraction(1, 3)) * s
