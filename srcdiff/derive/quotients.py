"""Quotients that several adjoints of one statement have in common: computed once, under a name.

in:   a_bar += b * s_bar / (d * d + c)                  out:  s_1_bar = s_bar / (d * d + c)
      b_bar += a * s_bar / (d * d + c)                        a_bar += b * s_1_bar
      c_bar -= a * b * s_bar / ((d * d + c) * (d * d + c))    b_bar += a * s_1_bar
                                                              c_bar -= a * b * s_1_bar / (d * d + c)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ..ir.nodes import Expr, Name
from ..ir.types import Num
from ..rules.typing import Typer
from .terms import Term, build, is_plain

Sums = list[tuple[Expr, list[Term]]]  # what is added to the adjoint of each leaf


def with_shared_quotients(sums: Sums, typer: Typer, let: Callable[[Expr], Name]) -> Sums:
    """The sums of one statement with a name, given by `let`, for what many of their terms divide by a same number."""
    while True:
        shared = _most_shared([t for _, terms in sums for t in terms], typer)
        if not shared:
            return sums
        common = _common(shared)
        name = let(build(common, typer))
        sums = [(leaf, [_in_terms_of(t, common, name) if t in shared else t for t in terms]) for leaf, terms in sums]


def _most_shared(terms: list[Term], typer: Typer) -> list[Term]:
    """The terms that divide the same adjoint by the same number: two by an expression, three by a variable at least.
    (A division by a literal is cheap, one under a mask may be by zero where the mask does not hold.)"""
    groups: dict[tuple[Expr, Expr], list[Term]] = {}
    for t in terms:
        if t.factors and not t.masks and not t.singular:
            for d in dict.fromkeys(t.denominators):
                if _may_vary(d, typer):
                    groups.setdefault((t.factors[-1], d), []).append(t)
    fitting = [group for (_, d), group in groups.items() if len(group) >= (3 if is_plain(d) else 2)]
    return max(fitting, key=len, default=[])


def _may_vary(e: Expr, typer: Typer) -> bool:
    type_ = typer(e)
    return isinstance(type_, Num) and type_.is_inexact and not isinstance(type_.value, int | float)


def _common(terms: list[Term]) -> Term:
    """The factors and denominators that all terms have, the adjoint last."""
    first, *others = terms
    factors, denominators = Counter(first.factors[:-1]), Counter(first.denominators)
    for t in others:
        factors &= Counter(t.factors[:-1])
        denominators &= Counter(t.denominators)
    return Term((*factors.elements(), first.factors[-1]), 1.0, tuple(denominators.elements()))


def _in_terms_of(t: Term, common: Term, name: Name) -> Term:
    factors = list(t.factors[:-1])
    denominators = list(t.denominators)
    for f in common.factors[:-1]:
        factors.remove(f)
    for d in common.denominators:
        denominators.remove(d)
    return replace(t, factors=(*factors, name), denominators=tuple(denominators))
