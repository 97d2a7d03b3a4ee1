"""Loops over a space of several axes."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.nodes import Call, Const, Expr, For, Name, Stmt
from ...ir.types import Dim
from ...normalise.iteration import RANGE
from .site import NotElementwise, Site

Loop = tuple[Name, Dim]


def loops(site: Site, shape: Sequence[Dim]) -> tuple[tuple[Expr, ...], list[Loop]]:
    """The counters of a nest over a space, and its loops; an axis of length 1 takes none."""
    if len(shape) > len(site.context.letters):
        raise NotElementwise
    index: list[Expr] = []
    found: list[Loop] = []
    for dim in shape:
        if dim.one is True:
            index.append(Const(0))
            continue
        counter = site.context.counter(len(found), dim, site.equal)
        index.append(counter)
        found.append((counter, dim))
    return tuple(index), found


def nest(site: Site, own: Sequence[Loop], body: Sequence[Stmt]) -> list[Stmt]:
    """The body in the loops, the first one outermost; the loops come from where the first statement does."""
    found = list(body)
    for counter, dim in reversed(own):
        first = found[0]
        header = Call(RANGE, (site.extent(dim),))
        found = [For(counter, header, tuple(found), (), first.origin, first.adjoint_of)]
    return found
