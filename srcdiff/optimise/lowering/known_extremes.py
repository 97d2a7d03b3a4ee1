"""The place of a largest element that is known ends its search.

in:   most = -np.inf                                  out:  most = -np.inf
      for j in range(n):                                    for j in range(n):
          most = larger(most, x[j])                             most = larger(most, x[j])
      ...                                                   ...
      at = 0                                                at = 0
      for j in range(n):                                    for j in range(n):
          if above(x[j], x[at]):                                if not above(most, x[j]):
              at = j                                                at = j
                                                                    break

Both find the first of equal ones, and the first NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ...ir.nodes import Assign, Block, Break, Call, Const, Expr, For, If, Item, Name, Object, Stmt
from ...ir.walk import assigned, map_stmt, names, substitute
from ...normalise import negated
from ..storage import parts
from .reductions import ABOVE, BELOW, LARGER, SMALLER, STARTS
from .site import Context

_SEARCHES = {ABOVE: LARGER, BELOW: SMALLER}


def with_known_extremes(context: Context, block: Block) -> Block:
    """A block in which searches for the place of an element that a variable holds end where it is found."""
    out: list[Stmt] = []
    for k, s in enumerate(block):
        search = _search(s)
        best = None if search is None else _best(context, search, block[:k])
        out.append(s if search is None or best is None else _ended(search, best))
    return tuple(map_stmt(s, lambda e: e, lambda b: with_known_extremes(context, b)) for s in out)


class _Search(NamedTuple):
    """A loop that looks for the place `at` of the element that is furthest, by the test of `found`; `further` takes one
    element after the other into the furthest."""

    loop: For
    counter: Name
    found: If
    test: Call
    at: Name
    further: Object

    @property
    def element(self) -> Expr:
        return self.test.args[0]


def _search(s: Stmt) -> _Search | None:
    match s:
        case For(
            target=Name() as counter,
            body=(
                If(
                    test=Call(func=func, args=(Item() as element, other)) as test,
                    body=(Assign(target=Name() as at, value=value),),
                    orelse=(),
                ) as found,
            ),
        ) if (
            isinstance(func, Object)
            and func in _SEARCHES
            and value == counter
            and other == substitute(element, {counter.id: at})
        ):
            if other == substitute(element, {counter.id: at}):
                return _Search(s, counter, found, test, at, _SEARCHES[func])
    return None


def _best(context: Context, search: _Search, before: Block) -> Name | None:
    """The variable that holds the element when the search begins with the first one."""
    if not before or before[-1] != Assign(search.at, Const(0)):
        return None
    for k in range(len(before) - 2, 0, -1):
        s = before[k]
        if isinstance(s, For) and s.iter == search.loop.iter and isinstance(s.target, Name):
            for total in _totals(search, s):
                if _begins(before[:k], total) and not _is_changed(context, search, total, s, before[k + 1 :]):
                    return total
    return None


def _totals(search: _Search, s: For) -> Iterator[Name]:
    """The variables into which a loop takes the same elements."""
    assert isinstance(s.target, Name)
    element = substitute(search.element, {search.counter.id: s.target})
    for i in s.body:
        match i:
            case Assign(target=Name() as total, value=value) if value == Call(search.further, (total, element)):
                yield total
            case _:
                pass


def _begins(before: Block, total: Name) -> bool:
    """Whether a variable is bound to an infinite number ahead of the loop."""
    last = next((s for s in reversed(before) if total.id in assigned((s,))), None)
    return isinstance(last, Assign) and last.target == total and last.value in (STARTS["max"], STARTS["min"])


def _is_changed(context: Context, search: _Search, total: Name, s: For, between: Block) -> bool:
    """Whether there is another element in one of the places, or the variable has another value, at the search."""
    assert isinstance(s.target, Name)
    element = substitute(search.element, {search.counter.id: s.target})
    own = next(k for k, i in enumerate(s.body) if total.id in assigned((i,)))
    if total.id in assigned((*s.body[own + 1 :], *between)) or not isinstance(element, Item):
        return True
    fills = s.target in parts(element)  # each trip an element of its own, ahead of taking it
    rest = [i for k, i in enumerate(s.body) if k != own and not (fills and k < own and _writes(i, element))]
    changed = context.storage.changed((*rest, *between)) - {search.counter.id, s.target.id}
    return bool(names(search.loop.iter) & changed) or context.storage.reads_any(search.element, changed)


def _writes(s: Stmt, element: Expr) -> bool:
    return isinstance(s, Assign) and s.target == element


def _ended(search: _Search, best: Name) -> Stmt:
    test = negated(replace(search.test, args=(best, search.element)))
    found = replace(search.found, test=test, body=(*search.found.body, Break()))
    return replace(search.loop, body=(found,))
