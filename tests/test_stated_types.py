"""What is said of the result of a call when the derivative is written, held against what the call returns: at the
points of the rules, with operands of every kind of number. A result that is said to be whole and is not, or the other
way round, is a derivative lost without a word. An ordinary run takes half of the functions."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest
from test_rules import CALLS
from thinning import share

from srcdiff import runtime
from srcdiff.ir.nodes import Call, Const, Display, Expr, Name, Object
from srcdiff.ir.types import Num, Tup, Type
from srcdiff.rules import spelled_form
from srcdiff.rules.points import Complexes, Example, Reals
from srcdiff.rules.registry import REWRITTEN
from srcdiff.rules.typing import Typer, type_of_value
from srcdiff.testing.rules import name_of

KINDS = ("float64", "float32", "int64", "bool", "negative")
# complex below zero, where Python and NumPy take different ways; see `normalise/powers.py` for those of whole numbers
ROOTS = {"_operator.pow", "builtins.pow", f"{runtime.root.__module__}.root"}
OF_ONE_KIND = {  # helpers for adjoints, which are never whole numbers; eigenvalues, which are real or refused
    *("numpy.linalg.eig", "numpy.linalg.eigvals", "srcdiff.runtime.unbroadcast", "srcdiff.runtime.only_last"),
    *("srcdiff.runtime_reductions.interp_slope", "numpy.linalg.solve", "numpy.linalg.lstsq"),  # float32 and a mask
}


def drawn(what: Reals, kind: str) -> Any:
    """Numbers in the range of an operand, made into others of this kind."""
    random = np.random.default_rng([*what.shape, 7])
    x = random.uniform(what.low, what.high, size=what.shape)
    if what.form == "definite":
        x = x @ x.mT + np.eye(x.shape[-1])
    whole = np.round(3.0 * x).astype(np.int64)
    made = {"float64": x, "float32": x.astype(np.float32), "int64": whole, "bool": x > 0.0, "negative": -np.abs(whole)}
    found = made[kind]
    return found if what.shape or kind == "float32" else found.item()


def as_expr(value: Any) -> Expr:
    if isinstance(value, tuple):
        return Display("tuple", tuple(map(as_expr, value)))
    return Const(value) if isinstance(value, int | float | str | None) else Object(value, "operand")


def untrue(said: Type, value: Any) -> str:
    """What is wrong with what is said of a value; nothing where it is a structure of another make."""
    if isinstance(said, Tup):
        both = zip(said.items, value, strict=False) if isinstance(value, tuple) else ()
        return "; ".join(filter(None, (untrue(t, v) for t, v in both)))
    if not isinstance(said, Num) or not isinstance(value, int | float | complex | np.ndarray | np.generic):
        return ""
    found = np.asarray(value)
    if found.dtype.kind != np.dtype(said.dtype).kind or said.ndim not in (None, found.ndim):
        return f"said to be {said.dtype} of {said.ndim} dimensions, but {found.dtype} of {found.ndim}"
    lengths = zip(said.shape, found.shape, strict=False)
    if any((isinstance(d.token, int) and d.token != n) or d.one is (n != 1) for d, n in lengths):
        return f"said to be {said.shape}, but {found.shape}"
    return "said to be contiguous" if said.contiguous and not found.flags.c_contiguous else ""


def problems(function: Any, example: Example) -> list[str]:
    rest = [*example.args, *(v for _, v in example.kwargs)]
    if spelled_form(function, len(example.args), [k for k, _ in example.kwargs]) is not None or any(
        a is None for a in rest
    ):
        return []  # read as something else
    places = [k for k, a in enumerate(example.args) if isinstance(a, Reals)]
    if any(isinstance(a, Complexes | list | dict) or "Reals" in repr(a) for k, a in enumerate(rest) if k not in places):
        return []
    many = itertools.product(KINDS, repeat=len(places)) if len(places) <= 2 else [(k,) * len(places) for k in KINDS]
    found = []
    for kinds in many:
        args = [*example.args]
        for place, kind in zip(places, kinds, strict=True):
            args[place] = drawn(example.args[place], kind)
        types = {f"x{k}": type_of_value(args[k], ("x", k)) for k in places}
        types = {name: t.plain() if isinstance(t, Num) else t for name, t in types.items()}
        written = tuple(Name(f"x{k}") if k in places else as_expr(a) for k, a in enumerate(args))
        named = tuple((key, as_expr(value)) for key, value in example.kwargs)
        try:
            said = Typer(types)(Call(Object(function, "f"), written, named))
            value = function(*args, **dict(example.kwargs))
        except Exception:  # noqa: BLE001 (refused, or an error in Python itself)
            continue
        wrong = untrue(said, value)
        if wrong and not (isinstance(value, complex) or {"max", "min"} & {getattr(function, "__name__", "")}):
            found.append(f"{name_of(function)} of {kinds}: {wrong}")
    return found


def is_asked(function: Any) -> bool:
    """Draws ask for a generator, and of what is rewritten the types are those of what stands for it."""
    name = name_of(function)
    if function in REWRITTEN:
        return False
    return name not in ROOTS | OF_ONE_KIND and "runtime_matrices" not in name and "random" not in name


CASES = [p for p in CALLS if is_asked(p.values[0])]


@pytest.mark.parametrize(("function", "example"), share(CASES, 2, lambda p: name_of(p.values[0])))
def test_what_is_said_is_true(function: Any, example: Example) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        assert problems(function, example) == []


@pytest.mark.parametrize(("a", "b"), [(0, 0.5), (0.5, 2), (2, -0.5), (True, 0.5)])
def test_one_of_two(a: float, b: float) -> None:
    """`max(0, x)` is said to be real whatever it turns out to be: it is where it has a derivative."""
    for function in (max, min):
        types = {n: type_of_value(v) for n, v in (("a", a), ("b", b))}
        said = Typer(types)(Call(Object(function, function.__name__), (Name("a"), Name("b"))))
        assert isinstance(said, Num)
        assert said.dtype == "float64"
