"""Programs with the statements of ordinary Python: exceptions, `with`, `match`, `:=`, and effects."""

import contextlib
import logging
import math
import time
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .registry import case, draw, positive

LOG = logging.getLogger(__name__)
GAIN = 1.5
NO_TEXT = "Numba formats no floats"
NO_WITH = "Numba has no context managers"
NO_CLASSES = "Numba catches no exceptions of a class"


class Diverged(ArithmeticError):
    pass


class Point(NamedTuple):
    x: float
    y: float


@dataclass
class Circle:
    r: float


# ------------------------------------------------------------------------------------------------ assert and raise


@case((positive(5), 0.7), second=True)
def checked_mean(x, power):
    assert len(x) > 0, "no data"
    assert x.ndim == 1
    if power == 0.0:
        raise ValueError("the mean of order zero is another one")
    total = 0.0
    for k in range(len(x)):
        if x[k] <= 0.0:
            raise ValueError("a number that is not positive")
        total += x[k] ** power
    return (total / len(x)) ** (1.0 / power)


@case((2.0, 3.0), also=((0.5, 3.0), (1.5, 3.0)), second=True)
def raises_in_the_last_branch(x, y):
    if x < 1.0:
        z = x * y
    elif x < 1.8:
        z = x + y
    elif x < 5.0:
        z = x**2 / y
    else:
        raise OverflowError("x")
    return z * y


@case((0.3,), also=((-0.4,),), second=True)
def raises_in_the_end(x):
    if x > 0.0:
        return math.sin(x)
    if x > -1.0:
        return x**3
    raise ValueError("out of range")


def safe_sqrt(x):
    if x < 0.0:
        raise ValueError("negative")
    return math.sqrt(x)


@case((2.0, 0.4), second=True)
def raises_in_a_callee(x, y):
    s = 0.0
    for _ in range(4):
        s = s + safe_sqrt(x + s)
        assert math.isfinite(s)
    return s * y


@case((positive(4), 0.1), jit=False, reason="the class of the exception is the user's, and its argument is computed")
def a_class_of_the_users(x, h):
    u = x.copy()
    for k in range(3):
        u[1:-1] = u[1:-1] + h * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        if np.max(np.abs(u)) > 1e3:
            raise Diverged("step", k)
    return np.sum(u * u)


@case((1.2,))
def raises_in_a_while(x):
    k = 0
    while abs(x * x - 2.0) > 1e-6:
        x = x - (x * x - 2.0) / (2.1 * x)
        k += 1
        if k > 50:
            raise RuntimeError("no convergence")
    return x * k


@case((draw(3),), second=True)
def decided_by_types(x):
    if not isinstance(x, np.ndarray):
        raise TypeError("an array")
    if x.ndim != 1:
        raise TypeError("of one dimension")
    return x @ x


# ------------------------------------------------------------------------------------------- small things of syntax


@case((0.7, 1.3))
def names_that_go(x, y):
    """A docstring."""
    pass
    t = x * y
    u: float = t + y
    del t
    t = u * x
    del u, y
    return t * t


@case((0.7, 3), second=True)
def imports_inside(x, n):
    import math as m
    from math import exp

    import numpy as xp

    s = 0.0
    for k in range(n):
        s = s + m.sin(k * x) * exp(-x)
    return xp.tanh(s)


@case((0.7,), second=True)
def declared_global(x):
    global GAIN
    return GAIN * x * x


@case((2.0, 30.0), also=((0.1, 1.0),), second=True)
def walrus_in_tests(x, y):
    if (r := x * y) > 1.0 and (q := math.sqrt(r)) > 2.0:
        s = q * r
    elif (t := x + y) > 0.5:
        s = t * r
    else:
        s = 0.0
    return s + (w := s * x) * w


@case((20.0,))
def walrus_in_while(x):
    s = 0.0
    k = 0
    while (r := x / (1 + k * k)) > 1.0 or (k := k + 1) < 3:
        if r > 15.0:
            k += 1
            continue
        s = s + r * r
        k += 1
    else:
        s = 2.0 * s
    return s


@case((3.0, 2.0))
def walrus_in_operands(x, y):
    a = 2.0
    z = a * x + (a := x * y) * a
    return z + max(a, (b := z * 0.1)) + b


@case((2.0, "square"), also=((2.0, "cube"), (2.0, "line"), (2.0, "other")), jit=False, reason="a text as an argument")
def match_of_texts(x, kind):
    match kind:
        case "square":
            y = x * x
        case "cube" | "third":
            y = x**3
        case "line" if x < 0.0:
            y = -x
        case "line":
            y = x
        case _:
            y = 1.0
    return y * x


@case((2.0, 0), also=((2.0, 1), (2.0, 2), (2.0, 7)), second=True)
def match_of_numbers(x, k):
    match k:
        case 0:
            return x
        case 1 | 2:
            return x * x * k
        case other if other > 5:
            return x**other
    return 0.0 * x


@case((2.0, 1.5))
def match_of_sequences(x, y):
    total = 0.0
    for item in ((x, y), (x,), (x, y, 1, 1, x), Point(x, y), [y, x, x, y]):
        match item:
            case Point(x=a, y=b):
                total += a * b**2
            case (a, b):
                total += a * b
            case (p, q, *rest) if len(rest) == 3:
                total += p**2 * q * rest[2]
            case [first, *_, last]:
                total += first - 3.0 * last
            case (only,):
                total += math.sin(only)
    return total


@case((Circle(2.0), {"w": 1.5, "h": 2.5}), wrt=(0, 1), jit=False, reason="the structures are arguments")
def match_of_structures(circle, sizes):
    total = 0.0
    for shape in (circle, sizes):
        match shape:
            case Circle(r=r):
                total += math.pi * r**2
            case {"w": w, "h": h}:
                total += w * h
            case float():
                total = 0.0
    return total


# --------------------------------------------------------------------------------------------------- with and try


@case((draw(4), 2.0), jit=False, reason=NO_WITH)
def quiet(x, p):
    with np.errstate(all="ignore"):
        y = np.where(x > 0.0, np.sqrt(x), x**2)
        s = np.sum(y * p)
    return s * p


@case((2.0,), also=((0.3,),), jit=False, reason=NO_WITH)
def returns_from_a_with(x):
    with np.errstate(divide="raise"), contextlib.nullcontext():
        y = np.log(x) * x
        if y > 1.0:
            return y * y
    for k in range(3):
        with warnings.catch_warnings():
            if k == 2:
                break
            y = y * x
    return y


class Stopwatch:
    def __init__(self, name):
        self.name = name
        self.spent = 0.0

    def __enter__(self):
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.spent += time.perf_counter() - self.start


@contextlib.contextmanager
def section(name):
    LOG.debug("begin %s", name)
    try:
        yield
    finally:
        LOG.debug("end %s", name)


@case((draw(3), 0.5), jit=False, reason=NO_WITH)
def timed(x, a):
    with Stopwatch("first") as watch, section("loop"):
        for k in range(len(x)):
            x[k] = math.tanh(a * x[k])
        LOG.debug("so far %r", x[0])
    with section("last"):
        return np.sum(x) * a


@case((2.0,), also=((-2.0,),), jit=False, reason=NO_CLASSES)
def falls_back(x):
    try:
        y = math.sqrt(x)
    except ValueError:
        y = 3.0 * x
    return y * x


@case(
    (np.array([[2.0, 0.3], [0.3, 1.0]]),),
    also=((np.array([[1.0, 2.0], [2.0, 1.0]]),),),
    jit=False,
    reason=NO_CLASSES,
    second=True,
)
def log_determinant(a):
    try:
        lower = np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return -1e10
    return 2.0 * np.sum(np.log(np.diag(lower)))


@case((1.0, 3), also=((1.5, 3),), jit=False, reason=NO_CLASSES, second=True)
def fails_in_a_loop(x, n):
    s = 0.0
    for k in range(n):
        try:
            t = x / (n - 2 - k)
        except ZeroDivisionError:
            continue
        s += t * t
    return s


@case((1.0, 3), also=((2.0, 6),), jit=False, reason=NO_CLASSES, second=True)
def fails_in_a_while(x, n):
    s = x
    while s < 100.0:
        try:
            t = s * s / n
        except (ZeroDivisionError, OverflowError):
            t = 3.0 * s
        else:
            t = t + 0.1 * s
        finally:
            n = max(n - 1, 0)
        s = s + t
    return s


@case((2.0, 0), also=((2.0, 1), (4.0, 1)), jit=False, reason=NO_CLASSES)
def several_handlers(x, n):
    try:
        y = x / n * math.log(x - 3.0)
    except ZeroDivisionError as error:
        LOG.debug("%s", error)
        y = x
    except ValueError:
        y = x * x
    return y


@case((2.0,), jit=False, reason=NO_CLASSES, second=True)
def another_exception(x):
    try:
        y = math.sqrt(x)
    except ValueError as error:
        raise Diverged("no root") from error
    return y * x


@case((0.5,), also=((2.5,),), jit=False, reason=NO_CLASSES, second=True)
def suppressed(x):
    y = x * x
    with contextlib.suppress(ValueError):
        y = y * math.sqrt(x - 1.0)
    return y * x


@case((1.4,))
def cleans_up(x):
    s = x
    try:
        for _ in range(3):
            s = s * x
            if s > 2.0:
                return s * s
    finally:
        print("done")
    return s


# --------------------------------------------------------------------------------------------------------- effects


@case((1.3, 4), second=True)
def prints_numbers(x, n):
    s = 0.0
    for k in range(n):
        s = s + math.sin(k * x)
        print(k, s)
    return s * s


@case((1.3, 4), jit=False, reason=NO_TEXT)
def prints_texts(x, n):
    s = 1.0
    label = f"{n} steps"
    while s < n:
        s = s * x
        print(f"{label}: {s:.3f} of {n!r}", "%.2f" % s, "{:>8}".format(n), sep=" | ")
    return s


@case((1.3, 2.0), jit=False, reason="Numba has no logging")
def logs(x, y):
    LOG.debug("x = %s", x)
    if x < y:
        logging.debug(f"smaller by {y - x:.1e}")
        z = x * y
    else:
        warnings.warn("larger")
        z = x
    return z


@case((1.3, 5), jit=False, reason="Numba has no clock")
def clocked(x, n):
    start = time.perf_counter()
    s = x
    for _ in range(n):
        s = s * x
    spent = time.perf_counter() - start
    assert spent >= 0.0, f"{spent}"
    return s


def told(x):
    print("at", x)
    return x * x


@case((1.3,))
def prints_in_a_callee(x):
    return told(x) + told(2.0 * x)


# ----------------------------------------------------------------------------------------- attempts, to second order


@case((draw(3), 1.3), second=True, jit=False, reason=NO_CLASSES)
def updates_in_an_attempt(x, k):
    s = 1.0
    for v in x:
        try:
            s += v / k
        except ZeroDivisionError:
            s *= 2.0 * v
    return s * s


@case((draw(3),), jit=False, reason=NO_CLASSES)
def updates_after_a_failure(x):
    s = x[0]
    for n in range(3):
        try:
            s *= x[n] * (1.0 / n)
        except ZeroDivisionError:
            s += x[n] ** 2
    return s * s


@case((np.array([[2.0, 0.3], [0.3, 1.5]]), draw(2)), second=True, jit=False, reason=NO_CLASSES)
def factored_if_possible(a, b):
    try:
        low = np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return np.sum(a)
    y = np.linalg.solve(low, b)
    return np.sum(y * y)
