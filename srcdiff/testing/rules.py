"""Rules checked at their points: `check_rule` for the rules of users, and what the suite tests every rule with.

For each call that a rule is registered with a small program is written, `def f(x0, x1): return F(x0, x1, axis=0)`, and
its derivatives are checked as those of any program.
"""

from __future__ import annotations

import itertools
import linecache
import math
import types
import zlib
from typing import Any

import numpy as np

from srcdiff.errors import BadArgument
from srcdiff.rules.points import Complexes, Example, Points, Reals
from srcdiff.rules.registry import FORMS, JOINS, REWRITTEN, SPELLED, WRITING, Rule, rule_of, writes

from . import GradientMismatch, check_grad

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
        case "distinct":
            values = 0.1 * values + np.diag(1.0 + np.arange(what.shape[-1]))
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
        self.constants: dict[str, Any] = {"np": np, "inf": np.inf, "function": function, "__name__": "rule_programs"}
        self.rng = rng
        self.first = ""
        words = [self.word(a) for a in example.args]
        words += [f"{k}={self.word(v)}" for k, v in example.kwargs]
        is_method = getattr(np.ndarray, getattr(function, "__name__", ""), None) is function
        if isinstance(function, types.GetSetDescriptorType):  # an attribute of arrays
            self.call = f"{words[0]}.{function.__name__}"
        elif is_draw(function):  # from a generator that each call makes anew
            self.call = f"{self.generator(function)}.{function.__name__}({', '.join(words)})"
        elif is_method:
            self.call = f"{words[0]}.{function.__name__}({', '.join(words[1:])})"
        else:
            self.call = f"function({', '.join(words)})"
        if example.part is not None:
            self.call += f"[{example.part}]"
        if writes(function) is not None:  # it has no result: what it has written into is looked at
            self.first = f"    written = {words[0]} * 1.0\n    {self.call.replace('x0', 'written', 1)}\n"
            self.call = "written"

    def generator(self, function: Any) -> str:
        """What draws: a generator, or the module, made anew from one seed in front of the call."""
        if vars(np.random.Generator).get(function.__name__) is function:
            self.first = "    rng = np.random.default_rng(12)\n"
        elif vars(np.random.RandomState).get(function.__name__) is function:
            self.first = "    rng = np.random.RandomState(12)\n"
        else:
            self.first = "    np.random.seed(12)\n"
            return "np.random"
        return "rng"

    def word(self, value: Any) -> str:
        if isinstance(value, Reals):
            return self.operand(drawn(value, self.rng))
        if isinstance(value, Complexes):
            part = Reals(value.shape, value.low, value.high, "")
            parts = [self.operand(drawn(part, self.rng)) for _ in range(2)]
            return f"({parts[0]} + 1j * {parts[1]})"
        if isinstance(value, tuple | list) and (isinstance(value, list) or has_reals(value)):
            inner = ", ".join(map(self.word, value))
            return f"[{inner}]" if isinstance(value, list) else f"({inner},)"
        if isinstance(value, tuple):
            return f"({''.join(f'{self.word(v)}, ' for v in value)})"
        if isinstance(value, int | float | str | type(None) | slice):
            return repr(value)
        name = f"constant_{len(self.constants)}"
        self.constants[name] = value
        return name

    def operand(self, value: Any) -> str:
        """The name of a further argument, which is differentiated."""
        self.wrt.append(len(self.args))
        self.args.append(value)
        return f"x{len(self.args) - 1}"

    def function(self, result: str, first: str = "") -> Any:
        params = ", ".join(f"x{k}" for k in range(len(self.args)))
        text = f"def f({params}):\n{self.first}{first}    return {result}\n"
        file = f"<rule {next(_numbers)}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), self.constants)
        return self.constants["f"]

    def whole(self) -> Any:
        """The call itself; the parts of a list as a tuple, and so those of complex numbers."""
        if "np.random.seed" in self.first:  # of arrays `vjp` takes several runs, for which nobody's state is no good
            return self.weighed()
        results, first = self.results()
        return self.function(", ".join(results), first)

    def results(self) -> tuple[list[str], str]:
        """The real results of the call, and the statement that goes before them."""
        value = self.function(self.call)(*self.args)
        count = len(value) if isinstance(value, list | tuple) else 0
        if not count and not np.iscomplexobj(value):
            return [self.call], ""
        whole = [f"parts[{k}]" for k in range(count)] or ["parts"]
        if any(map(np.iscomplexobj, value if count else (value,))):
            whole = [f"{take}({part})" for part in whole for take in ("np.real", "np.imag")]
        return whole, f"    parts = {self.call}\n"

    def weighed(self) -> Any:
        """A number made of the result, whose second derivatives are not all zero: the sum of sines of the elements."""
        results, first = self.results()
        if first:
            return self.function(" + ".join(f"np.sum(np.sin({k}.0 * {r}))" for k, r in enumerate(results, 1)), first)
        value = self.function(self.call)(*self.args)
        if np.ndim(value) == 0:
            return self.function(f"np.sin({self.call})")
        self.constants["weights"] = self.rng.uniform(0.5, 1.5, np.shape(value))
        return self.function(f"np.sum(weights * np.sin({self.call}))")


def is_draw(function: Any) -> bool:
    """Whether this is a function of `numpy.random`."""
    return str(getattr(function, "__module__", None)).startswith("numpy.random")


def has_reals(value: Any) -> bool:
    return isinstance(value, Reals | Complexes) or (isinstance(value, tuple | list) and any(map(has_reals, value)))


def complexified(example: Example) -> list[Example]:
    """The call with complex numbers in the place of all its reals, and of those of one operand each."""
    drawn = [k for k, a in enumerate(example.args) if has_reals(a)]
    chosen = [drawn, *([k] for k in drawn)] if len(drawn) > 1 else [drawn]
    return [
        Example(
            tuple(_complex(a) if k in places else a for k, a in enumerate(example.args)), example.kwargs, example.part
        )
        for places in chosen
        if places
    ]


def _complex(value: Any) -> Any:
    if isinstance(value, Reals):
        return Complexes(value.shape, value.low, value.high)
    if isinstance(value, tuple | list):
        return type(value)(map(_complex, value))
    return value


def name_of(function: Any) -> str:
    module = getattr(function, "__module__", None) or getattr(function, "__objclass__", np.ndarray).__name__
    return f"{module}.{getattr(function, '__name__', function)}"


def points_of(function: Any) -> Points:
    """The calls that the rule of a function is tested with. Raises BadArgument where there is no rule."""
    rule = rule_of(function)
    points = rule.points if rule is not None else ()
    for table in (SPELLED, REWRITTEN, WRITING):
        points += table[function][1] if not points and function in table else ()
    points += FORMS[function][1] if function in FORMS else ()
    if points:
        return points
    raise BadArgument(f"there is no rule with points for {name_of(function)}")


def operands_and_result(function: Any, rule: Rule, example: Example) -> tuple[dict[str, Any], Any] | None:
    """The operands of one call by the rule's names, numbers as NumPy's, and its result; None for a call in a form that
    the rule itself does not see."""
    rng = np.random.default_rng(zlib.crc32(repr((name_of(function), example)).encode()))

    def value(a: Any) -> Any:
        found = drawn(a, rng) if isinstance(a, Reals) else a
        return np.float64(found) if isinstance(found, float) else found

    numbers_only = getattr(function, "__module__", None) in ("math", "cmath") or function in (max, min, float)
    if any(has_reals(a) and (not isinstance(a, Reals) or (numbers_only and a.shape)) for a in example.args):
        return None
    args, kwargs = [value(a) for a in example.args], {k: value(v) for k, v in example.kwargs}
    given = {**dict(zip(rule.operands, args, strict=False)), **kwargs}
    if function in JOINS or isinstance(function, types.GetSetDescriptorType):
        return None
    several_shifts = function is np.roll and isinstance(given["shift"], tuple)  # they are rolled one by one
    if several_shifts or not set(given) <= set(rule.operands):
        return None
    y = function(*args, **kwargs)
    if isinstance(y, tuple):
        return given, tuple(np.float64(v) if isinstance(v, float) else v for v in y)
    return given, np.float64(y) if isinstance(y, float) else y


def check_shapes(function: Any, rule: Rule, example: Example) -> None:
    """Raise GradientMismatch where the rule gives an operand an adjoint that does not fit its shape."""
    found = operands_and_result(function, rule, example) if rule.body is not None else None
    if found is None or rule.body is None:
        return
    given, y = found
    if isinstance(y, tuple) or y is None:
        return
    parts = rule.body(y, **given) if rule.kind == "partials" else rule.body(np.ones_like(y), y, **given)
    parts = parts if isinstance(parts, tuple) else (parts,)
    for name, part in zip(rule.operands, parts, strict=False):
        if part is None or name not in given:
            continue
        wanted = np.shape(y) if rule.kind == "partials" else np.shape(given[name])
        try:
            fits = np.broadcast_shapes(np.shape(part), wanted) == wanted
        except ValueError:
            fits = False
        if not fits:
            what = "a partial" if rule.kind == "partials" else "an adjoint"
            raise GradientMismatch(
                f"the rule {rule.name} of {name_of(function)} gives `{name}` {what} of shape {np.shape(part)}; "
                f"it has to fit {wanted}"
            )


def check_rule(function: Any) -> None:
    """Check the rule of a function at its points: reverse and forward mode, against finite differences and each other,
    to second order.

    Raises GradientMismatch where a derivative is wrong, and BadArgument where there is no rule.

    >>> import numpy as np
    >>> check_rule(np.tanh)
    """
    rule = rule_of(function)
    for example in points_of(function):
        if rule is not None and rule.kind != "constant" and example in rule.points:
            check_shapes(function, rule, example)
        program = Program(function, example)
        check_grad(program.whole(), tuple(program.args), wrt=tuple(program.wrt))
        if rule is None or not rule.first_order:
            check_grad(program.weighed(), tuple(program.args), wrt=tuple(program.wrt), order=2)
