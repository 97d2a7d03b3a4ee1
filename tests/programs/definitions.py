"""What programs define inside of themselves: functions with decorators, and classes."""

import functools
import math
from collections import namedtuple
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .registry import case, draw

# -------------------------------------------------------------------------------------------------------- decorators


def doubled(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return 2.0 * f(*args, **kwargs)

    return wrapper


def unwrapped(f):
    def wrapper(v):
        return f(v) + 0.5 * v

    return wrapper


def scaled(by, power=1):
    def decorate(f):
        def wrapper(*args):
            return by**power * f(*args)

        return wrapper

    return decorate


def kept_as_it_is(f):
    return f


class Counted:
    """A decorator that is an object."""

    def __init__(self, f):
        self.f = f
        self.calls = 0

    def __call__(self, v):
        self.calls += 1
        return self.f(v) * self.calls


@case((0.7, 1.3), second=True)
def wrapped_inside(x, k):
    @doubled
    def g(v, power=2):
        return v**power * k

    return g(x) + g(k, power=3)


@case((0.7, 1.3), second=True)
def without_wrapped(x, k):
    @unwrapped
    def g(v):
        return v * v * k

    return g(x) * g(k)


@case((0.7, 1.3), second=True)
def decorator_with_arguments(x, k):
    @scaled(k, power=2)
    @doubled
    def g(v, w):
        return v * w

    return g(x, k)


@case((0.7, 1.3), second=True)
def order_of_decorators(x, k):
    @unwrapped
    @scaled(x)
    @kept_as_it_is
    def g(v):
        return math.sin(v)

    return g(k) + g(x)


@case((0.7, 1.3), second=True, jit=False, reason="Numba has no functools.lru_cache")
def cached_inside(x, k):
    @functools.lru_cache(maxsize=None)
    def g(v):
        return v * v * k

    @functools.cache
    def h(v):
        return g(v) + x

    return g(x) * g(x) + h(k) + h(k)


@case((0.7, 1.3), second=True)
def decorator_of_the_function_itself(x, k):
    def shifted(f):
        def wrapper(v):
            return f(v + k)

        return functools.update_wrapper(wrapper, f)

    @shifted
    def g(v):
        return v * v * x

    return g(x) + g(k)


@case((0.7, 1.3), second=True)
def object_as_a_decorator(x, k):
    @Counted
    def g(v):
        return v * v * k

    return g(x) + g(k) + g.calls


@case((draw(4), 1.3), second=True)
def decorated_in_a_loop(x, k):
    s = 0.0
    for v in x:

        @doubled
        def g(w):
            return w * v * k

        s += g(v) + g(k)
    return s


@unwrapped
def of_the_module(v):
    return v * v


@case((0.7, 1.3), second=True)
def module_function_without_wrapped(x, k):
    return of_the_module(x) * of_the_module(k)


# ----------------------------------------------------------------------------------------------------------- classes


@case((0.7, 1.3), second=True)
def plain_class_inside(x, k):
    class Spring:
        rest = 0.5

        def __init__(self, stiffness):
            self.stiffness = stiffness

        def pull(self, u):
            return self.stiffness * (u - self.rest)

    return Spring(k).pull(x) * Spring(x).pull(k)


@case((0.7, 1.3), second=True)
def dataclass_inside(x, k):
    @dataclass
    class State:
        a: float
        b: float = 2.0
        more: list = field(default_factory=list)

        def step(self, h):
            self.a += h * self.b
            self.more.append(self.a)

    state = State(x)
    for _ in range(3):
        state.step(k)
    return state.a * state.b + sum(state.more)


@case((0.7, 1.3), second=True)
def frozen_dataclass_inside(x, k):
    @dataclass(frozen=True)
    class Pair:
        a: float
        b: float

        def __add__(self, other):
            return Pair(self.a + other.a, self.b * other.b)

    total = Pair(x, k) + Pair(k, x) + Pair(x * k, 1.0)
    return total.a * total.b


@case((0.7, 1.3), second=True)
def named_tuple_inside(x, k):
    class Point(NamedTuple):
        x: float
        y: float = 1.0

        def norm2(self):
            return self.x**2 + self.y**2

    a, b = Point(x, k), Point(k)
    u, v = b
    return a.norm2() * b.norm2() + u * v


@case((0.7, 1.3), second=True)
def collections_named_tuple_inside(x, k):
    Point = namedtuple("Point", ["a", "b"])
    p = Point(a=x, b=k)
    q = p._replace(a=k * k)
    return p.a * q.a + q.b


@case((0.7, 1.3), second=True)
def methods_read_the_function(x, k):
    gain = x * k

    class Filter:
        def __init__(self, state):
            self.state = state

        def push(self, v):
            self.state = self.state + gain * (v - self.state)
            return self.state

    f = Filter(0.1)
    s = 0.0
    for n in range(4):
        s += f.push(x * n)
        gain = 0.9 * gain
    return s


@case((0.7, 1.3), second=True)
def derived_class_inside(x, k):
    class Shape:
        def __init__(self, size):
            self.size = size

        def area(self):
            return self.size**2

        @property
        def twice(self):
            return 2.0 * self.area()

    class Circle(Shape):
        def area(self):
            return math.pi * super().area()

        @staticmethod
        def unit():
            return Circle(1.0)

        @classmethod
        def of(cls, v):
            return cls(v * v)

    return Shape(x).twice + Circle(k).twice * Circle.of(x).area() + Circle.unit().area()


@case((draw(4), 1.3), second=True)
def class_in_an_inner_function(x, k):
    def total(values):
        class Sum:
            def __init__(self):
                self.value = 0.0

            def add(self, v):
                self.value += k * v * len(values)

        s = Sum()
        for v in values:
            s.add(v)
        return s.value

    return total(x) * k


def made_in_a_callee(v):
    @dataclass
    class Box:
        inside: float

        def open(self):
            return self.inside**2

    return Box(v)


@case((draw(4), 1.3), second=True)
def class_of_a_callee(x, k):
    s = 0.0
    for v in x:
        s += made_in_a_callee(v * k).open()
    return s + made_in_a_callee(k).inside


@case((np.array([0.3, 0.8, 1.2]),), second=True)
def objects_in_a_list(x):
    class Particle:
        def __init__(self, place):
            self.place = place
            self.speed = 0.0

        def move(self, h):
            self.speed -= h * self.place
            self.place += h * self.speed

    particles = [Particle(v) for v in x]
    for _ in range(3):
        for p in particles:
            p.move(0.1)
    return sum(p.place * p.speed for p in particles)
