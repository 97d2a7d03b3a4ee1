"""Common factors of a sum of products are written once.

The tangent of `spread * (a + b)` is collected as `spread * a_dot + spread * b_dot`, since like terms are found among
products. It is printed as `spread * (a_dot + b_dot)`, and that of `(a - b) / (2.0 * h)` with one quotient: no more
operations than the expression itself has.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from ..ir.nodes import Expr
from ..rules.typing import Typer
from .terms import Term, adds_up, total


def factored(terms: Sequence[Term], typer: Typer) -> list[Term]:
    """The terms, those that differ in their last factor only as one product, so those that have it in common, then
    those over the same denominators as one quotient. Where every last factor is the same there is nothing to do:
    `total` takes that out."""
    if len({t.factors[-1] for t in terms}) < 2:
        return list(terms)
    for key in (_but_the_last, _the_last, _below):
        groups = _groups(terms, key)
        terms = [t for group in groups for t in _merged(group, key, len(groups) == 1, typer)]
    return list(terms)


def _groups(terms: Iterable[Term], key: Callable[[Term], Hashable]) -> list[list[Term]]:
    """The terms with equal keys together, in order of first appearance."""
    groups: dict[Hashable, list[Term]] = {}
    for t in terms:
        groups.setdefault(key(t), []).append(t)
    return list(groups.values())


def _but_the_last(t: Term) -> Hashable:
    """What stands around the last factor; where that is a number alone, the number. A bare one stands for itself."""
    head = _in_any_order(t.factors[:-1])
    around = head, _in_any_order(t.denominators), frozenset(t.masks)
    if any(around):
        return around
    return t if abs(t.coefficient) == 1 else abs(t.coefficient)


def _the_last(t: Term) -> Hashable:
    """The last factor of a plain product; another term stands for itself."""
    return t if t.denominators or t.masks or len(t.factors) < 2 else t.factors[-1]


def _below(t: Term) -> Hashable:
    """The denominators; a term that has none stands for itself."""
    return (_in_any_order(t.denominators), frozenset(t.masks)) if t.denominators else t


def _in_any_order(factors: Sequence[Expr]) -> tuple[str, ...]:
    return tuple(sorted(map(repr, factors)))


def _merged(group: list[Term], key: Callable[[Term], Hashable], alone: bool, typer: Typer) -> list[Term]:
    """A group as one term."""
    if len(group) == 1:
        return group
    first, outer = group[0], _coefficient(group, alone)
    head = first.factors[:-1] if key is _but_the_last else ()
    tail = first.factors[-1:] if key is _the_last else ()
    parts = [t.factors[len(head) : len(t.factors) - len(tail)] for t in group]
    inner = [Term(part, t.coefficient / outer) for part, t in zip(parts, group, strict=True)]
    if key is _the_last and not adds_up(inner, typer):
        return group
    singular = any(t.singular for t in group)
    return [Term((*head, total(inner, typer), *tail), outer, first.denominators, first.masks, singular)]


def _coefficient(group: list[Term], alone: bool) -> float:
    """The number to take out: the smallest, if the others are multiples of it. A minus stays in where the sum would
    begin with it."""
    least = min(abs(t.coefficient) for t in group)
    if any((t.coefficient / least) % 1 or t.coefficient / least * least != t.coefficient for t in group):
        least = 1.0
    keeps_sign = group[0].coefficient > 0 or (alone and any(t.coefficient > 0 for t in group))
    return least if keeps_sign else -least
