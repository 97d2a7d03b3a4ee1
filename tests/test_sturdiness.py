"""No mistake of a user ends in an error from the inside of srcdiff: wrong values for every argument of the public
functions, and strange function bodies, are differentiated, refused by srcdiff's own errors, or fail as the function
itself does.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import io
import itertools
import linecache
import math
import operator
import os
import threading
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import SrcdiffError
from srcdiff.testing import check_grad


def quadratic(x):
    return np.sum(x * x)


def squares(x):
    return x * x


def two(x, y):
    return np.sum(x) * 1.0


class Plain:
    """An object of no use."""


@dataclasses.dataclass
class Pair:
    a: float = 1.0


class Colour(enum.Enum):
    RED = 1


def generator():
    yield 1.0


def values() -> dict[str, Any]:
    """One of everything."""
    return {
        **{"None": None, "str": "s", "bytes": b"a", "Ellipsis": ..., "NotImplemented": NotImplemented, "type": float},
        **{"list": [1.0, 2.0], "ragged": [[1.0], [1.0, 2.0]], "tuple": (1.0,), "empty list": [], "set": {1.0}},
        **{"dict": {"a": 1.0}, "dict by ints": {1: 2.0}, "mixed dict": {"a": 1.0, 2: 3.0}, "nested": {"a": [(1.0,)]}},
        **{"nan": math.nan, "inf": math.inf, "bool": True, "complex": 1j, "big": 10**30, "range": range(3)},
        **{"float16": np.float16(1), "longdouble": np.longdouble(1), "int8": np.int8(3), "numpy bool": np.bool_(True)},
        **{"empty array": np.array([]), "0-d": np.array(2.0), "0-d of int": np.array(2), "text array": np.array(["a"])},
        **{
            "objects": np.array([1.0, None], object),
            "records": np.zeros(2, [("a", float)]),
            "matrix": np.matrix([[1.0]]),
        },
        **{"masked": np.ma.array([1.0, 2.0], mask=[0, 1]), "read-only": np.broadcast_to(1.0, (3,))},
        **{"dates": np.array(["2020-01-01"], "M8[D]"), "duration": np.timedelta64(1, "D"), "uint64": np.array([2**63])},
        **{"big-endian": np.array([1.0, 2.0], ">f8"), "backwards": np.arange(3.0)[::-1], "20-d": np.ones((1,) * 20)},
        **{"array of a subclass": np.ones(2).view(type("A", (np.ndarray,), {})), "Fortran": np.ones((2, 3)).T},
        **{"class": Plain, "object": Plain(), "dataclass": Pair(), "wrong dataclass": Pair("x"), "enum": Colour.RED},  # type: ignore[arg-type]
        **{"function": quadratic, "generator": generator(), "generator function": generator, "module": math},
        **{"decimal": decimal.Decimal(1), "fraction": fractions.Fraction(1, 2), "date": datetime.date(2020, 1, 1)},
        **{
            "deque": collections.deque([1.0]),
            "ordered": collections.OrderedDict(a=1.0),
            "counter": collections.Counter("a"),
        },
        **{"memoryview": memoryview(b"ab"), "bytearray": bytearray(b"a"), "slice": slice(1), "iterator": iter([1.0])},
        **{
            "draws": np.random.default_rng(0),
            "named": collections.namedtuple("P", "x y")(1.0, 2.0),
            "file": io.StringIO(),
        },
        **{"property": property(lambda s: 1), "exception": ValueError("a"), "lock": threading.Lock(), "builtin": len},
        **{"partial": functools.partial(quadratic, 1.0), "staticmethod": staticmethod(quadratic), "ufunc": np.sin},
        **{"float of a subclass": type("F", (float,), {})(3.0), "int of a subclass": type("I", (int,), {})(3)},
        **{"list of a subclass": type("L", (list,), {})([1.0]), "dict of a subclass": type("D", (dict,), {})(a=1.0)},
        **{"code": compile("1", "x", "eval"), "namespace": types.SimpleNamespace(a=1.0), "method": [].append},
    }


CALLS: dict[str, Callable[[Any], Any]] = {
    "an argument of grad": lambda v: srcdiff.grad(quadratic)(v),
    "an argument of grad of arrays": lambda v: srcdiff.grad(squares)(v),
    "an argument beside": lambda v: srcdiff.grad(two)(2.0, v),
    "an argument of vjp": lambda v: srcdiff.vjp(quadratic, v),
    "an adjoint": lambda v: srcdiff.vjp(squares, np.ones(2))[1](v),
    "an argument of jvp": lambda v: srcdiff.jvp(quadratic, (v,), (v,)),
    "a tangent": lambda v: srcdiff.jvp(quadratic, (np.ones(2),), (v,)),
    "the arguments of jvp": lambda v: srcdiff.jvp(quadratic, v, v),
    "an argument of jacobian": lambda v: srcdiff.jacobian(squares)(v),
    "an argument of hessian": lambda v: srcdiff.hessian(quadratic)(v),
    "a vector of hvp": lambda v: srcdiff.hvp(quadratic)(np.ones(2), v),
    "an argument of elementwise_grad": lambda v: srcdiff.elementwise_grad(squares)(v),
    "an argument of batch_jacobian": lambda v: srcdiff.batch_jacobian(squares, mode="reverse")(v),
    "the function of grad": lambda v: srcdiff.grad(v)(1.0) if v is not None else None,
    "the function of vjp": lambda v: srcdiff.vjp(v, 1.0),
    "the function of jvp": lambda v: srcdiff.jvp(v, (1.0,), (1.0,)),
    "the function of jacobian": lambda v: srcdiff.jacobian(v)(1.0),
    "the function of hessian": lambda v: srcdiff.hessian(v, wrt=(0,))(1.0),
    "the function of hvp": lambda v: srcdiff.hvp(v)(1.0, 1.0),
    "wrt": lambda v: srcdiff.grad(two, wrt=v),
    "wrt of hessian": lambda v: srcdiff.hessian(two, wrt=(v,)),
    "wrt of jvp": lambda v: srcdiff.jvp(two, wrt=v),
    "mode": lambda v: srcdiff.jacobian(quadratic, mode=v),
    "jit": lambda v: srcdiff.grad(quadratic, jit=v),
    "has_aux": lambda v: srcdiff.grad(quadratic, has_aux=v),
    "the derivative of source": srcdiff.source,
    "an argument of source": lambda v: srcdiff.source(srcdiff.grad(quadratic), v),
    "a captured value": lambda v: srcdiff.grad(lambda x: x * v)(2.0),
    "an attribute of a captured value": lambda v: srcdiff.grad(lambda x: x * v.a)(2.0),
    "the result": lambda v: srcdiff.grad(lambda x: v)(2.0),
    "the auxiliary result": lambda v: srcdiff.grad(lambda x: (x * x, v), has_aux=True)(2.0),
}
PRIMALS = {"an argument of grad": quadratic, "an argument of vjp": quadratic, "an argument of hessian": quadratic}
PRIMALS["an attribute of a captured value"] = lambda v: v.a


def kind_of_failure(call: Callable[[], Any]) -> str:
    """The class of what a call raises that is none of srcdiff's errors."""
    try:
        call()
    except SrcdiffError:
        return ""
    except Exception as error:  # noqa: BLE001 (whatever it is)
        return type(error).__name__
    return ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_wrong_values(name: str) -> None:
    inside = {}
    for kind, value in values().items():
        failure = kind_of_failure(functools.partial(CALLS[name], value))
        own = kind_of_failure(functools.partial(PRIMALS.get(name, squares), value)) if name.startswith("an a") else ""
        if failure and failure != own:
            inside[kind] = failure
    assert inside == {}


# --------------------------------------------------------------------------------------------- strange function bodies

BODIES = (Path(__file__).parent / "strange" / "bodies.txt").read_text(encoding="utf-8").rstrip("\n").split("\n---\n")


def function(body: str, number: int) -> Any:
    """A function of this body, or None where Python does not take it."""
    head = "async def f(x):" if "await" in body else "def f(x):"
    text = "\n".join([head, *(f"    {line}" for line in body.splitlines())]) + "\n"
    file = f"<strange {number}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    modules = (math, functools, operator, itertools, os)
    space = {"np": np, "__name__": "strange", **{m.__name__: m for m in modules}}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, file, "exec"), space)
    except SyntaxError:
        return None
    return space["f"]


ENDLESS = ("while True: x=x*2\nreturn x",)  # no value: it is written, and not run


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(len(BODIES)))
def test_strange_bodies(number: int) -> None:
    body = BODIES[number]
    f = function(body, number)
    if f is None or body in ENDLESS:
        return
    for point in (1.5, np.array([1.5, 0.5, 2.0])):

        def copied(point: Any = point) -> Any:
            return point.copy() if isinstance(point, np.ndarray) else point

        calls = {
            "grad": lambda: srcdiff.grad(f)(copied()),
            "jvp": lambda: srcdiff.jvp(f, (copied(),), (copied(),)),
            "vjp": lambda: srcdiff.vjp(f, copied())[1],
        }
        with contextlib.redirect_stdout(io.StringIO()):
            own = kind_of_failure(lambda: f(copied()))
            failures = {name: kind_of_failure(call) for name, call in calls.items()}
        assert {name: kind for name, kind in failures.items() if kind not in ("", own)} == {}


# --------------------------------------------------------------------------------------------- what was found this way


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum((x, x) * x),
        lambda x: np.sum(x + [1.0, 2.0, x[2]]),
        lambda x: np.sum(np.exp([x[0], 2.0])),
        lambda x: np.sum(np.maximum([2.0 * x[0], 5.0, 2.0], x)),
        lambda x: np.sum(np.maximum(((x[0], 2.5), (x[1], 9.0)), x[2])),
        lambda x: np.sum(np.where([True, False, True], x, 0.0)),
        lambda x: np.sum(np.roll(x, (1, 3), axis=0) * x),
    ],
)
def test_lists_beside_arrays(f: Any) -> None:
    check_grad(f, (np.array([1.0, 2.0, 3.0]),))


def test_finally_that_does_nothing() -> None:
    def f(x):
        try:
            return x * x
        finally:
            pass

    assert srcdiff.grad(f)(3.0) == 6.0
    assert srcdiff.jvp(f, (3.0,), (1.0,)) == (9.0, 6.0)
