"""Every rule at its own points: reverse and forward mode against finite differences and each other, to second order.

The calls come from the registry, so that a rule is tested by being registered. For each function of a rule and each of
its points a small program is written, `def f(x0, x1): return F(x0, x1, axis=0)`, and checked through the public API.
"""

from __future__ import annotations

import contextlib
import itertools
import linecache
import math
import zlib
from typing import Any

import numpy as np
import pytest

from srcdiff.rules.points import Example, Reals
from srcdiff.rules.registry import FORMS, RULES, SPELLED, partials, register_late
from srcdiff.runtime import polygamma
from srcdiff.testing import check_grad

with contextlib.suppress(ImportError):
    import scipy.linalg  # noqa: F401 (its rules are registered with it)
register_late()

_numbers = itertools.count()


def drawn(what: Reals, rng: np.random.Generator) -> Any:
    """Numbers in the range, none of them close to another one: an order among them is the same nearby."""
    size = math.prod(what.shape)
    steps = (np.arange(size) + rng.uniform(0.2, 0.8, size)) / max(size, 1)
    values = (what.low + (what.high - what.low) * rng.permutation(steps)).reshape(what.shape)
    match what.form:
        case "symmetric":
            values = 0.5 * (values + np.swapaxes(values, -1, -2))
        case "definite":
            values = values @ np.swapaxes(values, -1, -2) + what.shape[-1] * np.eye(what.shape[-1])
        case "lower":
            values = np.tril(values) + 2.0 * np.eye(what.shape[-1])
        case "sorted":
            values = np.sort(values, axis=-1)
        case "":
            pass
        case other:
            raise ValueError(f"no such form: {other}")
    return values if what.shape else float(values)


class Program:
    """A call of one function as a program of its own."""

    def __init__(self, function: Any, example: Example) -> None:
        rng = np.random.default_rng(zlib.crc32(repr((name_of(function), example)).encode()))
        self.args: list[Any] = []
        self.wrt: list[int] = []
        self.constants: dict[str, Any] = {"np": np, "function": function, "__name__": "rule_programs"}
        self.rng = rng
        words = [self.word(a) for a in example.args]
        words += [f"{k}={self.word(v)}" for k, v in example.kwargs]
        is_method = getattr(np.ndarray, getattr(function, "__name__", ""), None) is function
        is_attribute = function in (np.ndarray.T,)
        if is_attribute:
            self.call = f"{words[0]}.T"
        elif is_method:
            self.call = f"{words[0]}.{function.__name__}({', '.join(words[1:])})"
        else:
            self.call = f"function({', '.join(words)})"
        if example.part is not None:
            self.call += f"[{example.part}]"

    def word(self, value: Any) -> str:
        if isinstance(value, Reals):
            self.wrt.append(len(self.args))
            self.args.append(drawn(value, self.rng))
            return f"x{len(self.args) - 1}"
        if isinstance(value, tuple | list) and any(isinstance(v, Reals) for v in value):
            inner = ", ".join(map(self.word, value))
            return f"[{inner}]" if isinstance(value, list) else f"({inner},)"
        if isinstance(value, int | float | str | bool | type(None)) or type(value) is tuple:
            return repr(value)
        name = f"constant_{len(self.constants)}"
        self.constants[name] = value
        return name

    def function(self, result: str) -> Any:
        params = ", ".join(f"x{k}" for k in range(len(self.args)))
        text = f"def f({params}):\n    return {result}\n"
        file = f"<rule {next(_numbers)}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self.constants)
        return self.constants["f"]

    def whole(self) -> Any:
        """The call itself."""
        return self.function(self.call)

    def weighed(self) -> Any:
        """A number made of the result, whose second derivatives are not all zero: the sum of sines of the elements."""
        value = self.whole()(*self.args)
        if isinstance(value, tuple):
            pytest.skip("several results: their second derivatives are tested through the programs that use them")
        if np.ndim(value) == 0:
            return self.function(f"np.sin({self.call})")
        self.constants["weights"] = self.rng.uniform(0.5, 1.5, np.shape(value))
        return self.function(f"np.sum(weights * np.sin({self.call}))")


def name_of(function: Any) -> str:
    module = getattr(function, "__module__", None) or getattr(function, "__objclass__", np.ndarray).__name__
    return f"{module}.{getattr(function, '__name__', function)}"


def takes_arrays(function: Any) -> bool:
    """`math` and a few builtins take numbers only."""
    is_math = getattr(function, "__module__", None) == "math" or function in (max, min, float, polygamma)
    return not is_math


def cases() -> list[Any]:
    found = []
    calls = {function: rule.points for function, rule in RULES.items() if rule.kind != "constant"}
    calls.update({function: points for function, (_, points) in SPELLED.items()})
    calls.update({function: calls.get(function, ()) + points for function, (_, points, _) in FORMS.items()})
    for function, points in calls.items():
        for k, example in enumerate(points):
            shapes = [a.shape for a in example.args if isinstance(a, Reals)]
            if any(shapes) and not takes_arrays(function):
                continue
            found.append(pytest.param(function, example, id=f"{name_of(function)}-{k}"))
    return found


CALLS = cases()


@pytest.mark.parametrize(("function", "example"), CALLS)
def test_first_derivatives(function: Any, example: Example) -> None:
    program = Program(function, example)
    check_grad(program.whole(), tuple(program.args), wrt=tuple(program.wrt))


@pytest.mark.parametrize(("function", "example"), CALLS)
def test_second_derivatives(function: Any, example: Example) -> None:
    program = Program(function, example)
    rule = RULES.get(function)
    if rule is not None and rule.first_order:
        pytest.skip(rule.first_order)
    check_grad(program.weighed(), tuple(program.args), wrt=tuple(program.wrt), order=2)


@pytest.mark.parametrize(("function", "example"), CALLS)
def test_single_precision(function: Any, example: Example) -> None:
    program = Program(function, example)
    args = tuple(
        a.astype(np.float32) if k in program.wrt and isinstance(a, np.ndarray) else a
        for k, a in enumerate(program.args)
    )
    if not any(getattr(a, "dtype", None) == np.float32 for a in args):
        return
    check_grad(program.whole(), args, wrt=tuple(program.wrt), rtol=2e-2)


def test_a_rule_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="no points"):
        partials(math.dist, points=())(lambda y, x: 1.0)


def test_every_rule_has_points() -> None:
    assert [rule.name for rule in set(RULES.values()) if rule.kind != "constant" and not rule.points] == []
