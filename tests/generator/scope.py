"""The state of a function being written: in, random choices; out, lines of text with their indentation.

Every value that a program computes stays within [-2, 2] by the way expressions are formed (role "value"); only
accumulators (role "acc") grow, and they are read through a contraction. That is what makes a program well defined.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .options import Options


@dataclass(frozen=True)
class Var:
    """A name in scope. Its kind, its number of dimensions and its layout never change: Numba types a name once."""

    name: str
    kind: str  # "float", "int", "bool", "array", "list", "tuple" (of `hi` floats), "function" (of a float), "class",
    # "object" (of the class `of`) or "dict" (with `hi` keys)
    shape: tuple[int, ...] = ()
    lo: int = 0  # an int stays within lo..hi; a list has at least so many items
    hi: int = 0
    role: str = "value"
    fixed: bool = False  # may not be bound again (a counter that ends a loop)
    writable: bool = True  # an array that may be written in place
    contiguous: bool = True  # known to be, which reshape needs under Numba
    of: str = ""


@dataclass(frozen=True)
class Helper:
    """A helper function as its callers see it."""

    name: str
    params: tuple[Var, ...]
    defaults: int  # how many parameters at the end have a default
    result: tuple[Var, ...]  # empty: returns nothing; several: a tuple
    writes: bool  # writes into its first parameter, an array


@dataclass
class Loop:
    """A loop around the statement being written."""

    can_continue: bool
    left: bool = False  # there is a `break`


@dataclass
class Function:
    """What the mix-ins share while one function is written."""

    rng: random.Random
    options: Options
    name: str
    helpers: tuple[Helper, ...]
    used: dict[str, int]
    taken: set[str]
    scope: dict[str, Var] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    indent: int = 1
    budget: int = 10
    trips: int = 1
    loops: list[Loop] = field(default_factory=list)  # innermost last
    retired: dict[tuple[Any, ...], list[str]] = field(default_factory=dict)
    result: tuple[Var, ...] = ()
    list_helpers: tuple[str, ...] = ()
    uses_dataclass: list[bool] = field(default_factory=list)


class Writer:
    """Choices, names and lines; the mix-ins of the other modules add expressions and statements."""

    def __init__(self, state: Function) -> None:
        self.f = state
        self.rng = state.rng
        self.options = state.options

    # ------------------------------------------------------------------------------------------------- choices

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def on(self, feature: str, p: float = 1.0) -> bool:
        """Whether to use a feature here: with probability p times its weight. Counts it when it is used."""
        weight = self.options.weight(feature)
        hit = self.rng.random() < p * weight and weight > 0.0
        if hit:
            self.count(feature)
        return hit

    def count(self, feature: str) -> None:
        self.f.used[feature] = self.f.used.get(feature, 0) + 1

    def pick(self, forms: Sequence[tuple[str, float, Callable[[], Any]]]) -> Any:
        """The result of one of the forms (feature or "", weight, maker); a maker that gives None does not fit here."""
        left = [
            (feature, weight * (self.options.weight(feature) if feature else 1.0), make)
            for feature, weight, make in forms
        ]
        left = [item for item in left if item[1] > 0.0]
        while left:
            chosen = self.rng.choices(left, [weight for _, weight, _ in left])[0]
            made = chosen[2]()
            if made is not None:
                if chosen[0]:
                    self.count(chosen[0])
                return made
            left.remove(chosen)
        return None

    def literal(self, lo: float = -1.5, hi: float = 1.5) -> str:
        """A number with two digits, never a round one: tests against it are not met exactly."""
        hundredths = self.rng.randint(round(lo * 100), round(hi * 100))
        if hundredths % 10 in (0, 5):
            hundredths += 1
        text = f"{abs(hundredths) / 100:.2f}"
        return f"(-{text})" if hundredths < 0 else text

    # --------------------------------------------------------------------------------------------------- names

    def fresh(self, kind: str, pool: str, key: tuple[Any, ...] = ()) -> str:
        """A name that is not in scope: a new one, or sometimes one of the same kind whose scope has ended."""
        old = [name for name in self.f.retired.get((kind, *key), []) if name not in self.f.scope]
        if old and self.chance(0.3):
            return self.rng.choice(old)
        names = pool.split()
        start = self.rng.randrange(len(names))
        for number in range(10_000):
            for k in range(len(names)):
                name = names[(start + k) % len(names)] + (str(number) if number else "")
                if name not in self.f.taken:
                    self.f.taken.add(name)
                    self.f.retired.setdefault((kind, *key), []).append(name)
                    return name
        raise AssertionError("out of names")

    def new(self, kind: str, **facts: Any) -> Var:
        """A variable of a kind, not yet in scope."""
        if kind == "array":
            shape, contiguous = facts["shape"], facts.get("contiguous", True)
            pool = "u v w z" if len(shape) == 1 else "M N P"
            name = self.fresh(kind, pool, (len(shape), contiguous, facts.get("role", "value")))
        elif kind == "list":
            name = self.fresh(kind, "xs ys history", (facts["lo"],))
        elif kind == "float":
            role = facts.get("role", "value")
            name = self.fresh(kind, "acc total" if role == "acc" else "s t p q r", (role,))
        elif kind == "tuple":
            name = self.fresh(kind, "pair state", (facts["hi"],))
        else:
            name = self.fresh(kind, "flag ok" if kind == "bool" else "count m", (facts.get("lo"), facts.get("hi")))
        return Var(name, kind, **facts)

    def loop_variable(self) -> str:
        """A name for a loop variable: those of finished loops are used again, as people do."""
        for name in ["i", "j", "k", "l"] + [f"i{n}" for n in range(1, 100)]:
            if name not in self.f.scope and (name not in self.f.taken or self._is_loop_name(name)):
                self.f.taken.add(name)
                self.f.retired.setdefault(("loop",), []).append(name)
                return name
        raise AssertionError("out of names")

    def _is_loop_name(self, name: str) -> bool:
        return name in self.f.retired.get(("loop",), [])

    # --------------------------------------------------------------------------------------------------- scope

    def bind(self, var: Var) -> Var:
        self.f.scope[var.name] = var
        return var

    def variables(self, kind: str, role: str = "value", ndim: int | None = None) -> list[Var]:
        return [
            v
            for v in self.f.scope.values()
            if v.kind == kind and v.role == role and (ndim is None or len(v.shape) == ndim)
        ]

    def choose(self, kind: str, role: str = "value", **facts: Any) -> Var | None:
        """A variable in scope with these facts, or None."""
        found = [v for v in self.variables(kind, role) if all(getattr(v, k) == x for k, x in facts.items())]
        if len(found) > 2 and self.chance(0.4):
            found = found[-2:]  # what is new is used sooner
        return self.rng.choice(found) if found else None

    def freeze(self, name: str) -> None:
        self.f.scope[name] = replace(self.f.scope[name], fixed=True)

    # --------------------------------------------------------------------------------------------------- lines

    def emit(self, text: str) -> bool:
        self.f.lines.append("    " * self.f.indent + text)
        return True

    def assign(self, target: str, value: str) -> bool:
        return self.emit(f"{target} = {bare(value)}")


def substitute(form: str, operands: Callable[[str, int], str]) -> str:
    """The form with each of its capital letters A, B, C, E, F, L, T replaced; the same letter by the same text."""
    chosen: dict[str, str] = {}
    found = re.findall(r"\b[ABCEFLT]\b", form)
    for letter in found:
        for _ in range(3):
            if letter not in chosen or list(chosen.values()).count(chosen[letter]) > 1:  # operands differ if they can
                chosen[letter] = operands(letter, found.count(letter))
    return re.sub(r"\b[ABCEFLT]\b", lambda match: chosen[match.group()], form)


def bare(text: str) -> str:
    """The text without parentheses around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and position < len(text) - 1:
            return text
    return text[1:-1]
