"""Lengths are held against each other once, ahead of the loops.

in:   for k in range(n):                       out:  same_length(len(x), len(y))
          same_length(len(x), len(y))                for k in range(n):
          for i in range(len(x)):                        for i in range(len(x)):
              ...                                            ...

A check that comes sooner, or where the loop has no trip, costs at most that the text runs which follows broadcasting.
"""

from __future__ import annotations

import operator
from collections.abc import Set
from dataclasses import replace

from ...ir.nodes import Block, Call, Const, Effect, Expr, For, If, Object, Stmt, While
from ...ir.walk import is_call_of, names
from ...runtime import long_enough, same_length
from ..length_checks import is_check


def checked_once(block: Block, lasting: Set[str], known: frozenset[Expr] = frozenset()) -> Block:
    """A block without checks that are `known` to hold, and with those of its loops ahead of them; of variables that
    are bound once, in front of all loops (`lasting`)."""
    out: list[Stmt] = []
    for s in block:
        match s:
            case Effect(value=value) if _is_movable(value) and names(value) <= lasting:
                if value not in known:
                    out.append(s)
                    known = known | _both_ways(value)
            case For() | While():
                inner = checked_once(s.body, lasting, known)
                checks = (i for i in inner if isinstance(i, Effect) and _is_movable(i.value))
                ahead = [i for i in checks if names(i.value) <= lasting]
                out += [*ahead, replace(s, body=tuple(i for i in inner if i not in ahead))]
                known = known.union(*(_both_ways(i.value) for i in ahead))
            case If():
                sides = (checked_once(side, lasting, known) for side in (s.body, s.orelse))
                out.append(replace(s, body=next(sides), orelse=next(sides)))
            case _:
                out.append(s)
    return _strongest(out)


def _strongest(block: list[Stmt]) -> Block:
    """A block without checks that say less than one next to them, nothing but checks in between."""
    out: list[Stmt] = []
    first = 0  # of the checks that come last
    for s in block:
        if not is_check(s):
            first = len(out) + 1
        elif any(_implies(other, s) for other in out[first:]):
            continue
        else:
            out[first:] = [other for other in out[first:] if not _implies(s, other)]
        out.append(s)
    return tuple(out)


def _implies(s: Stmt, other: Stmt) -> bool:
    """Whether an array that is long enough for one check surely is for another one: for `2 * n` and for `n`."""
    match s, other:
        case Effect(value=Call(args=(a, more))), Effect(value=Call(args=(b, less))) if a == b and (
            is_call_of(s.value, long_enough) and is_call_of(other.value, long_enough)
        ):
            (one, count), (two, fewer) = _multiple(more), _multiple(less)
            return one == two and count > fewer > 0
    return False


def _multiple(e: Expr) -> tuple[Expr, int]:
    match e:
        case Call(func=Object(value=operator.mul), args=(Const(value=int(count)), rest)):
            return rest, count
    return e, 1


def _both_ways(check: Expr) -> set[Expr]:
    """A check, and the one that says the same."""
    assert isinstance(check, Call)
    if not is_call_of(check, same_length):
        return {check}
    return {check, replace(check, args=check.args[::-1])}


def _is_movable(e: Expr) -> bool:
    return is_call_of(e, same_length, long_enough)
