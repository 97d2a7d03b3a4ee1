"""What the results of a function that is called may share memory with, and which arguments it writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..analysis.aliases import Aliases, analyse
from ..ir.callee import Callee, Opaque, called
from ..ir.nodes import Assign, Block, Call, Const, Display, Expr, Function, Name, Return
from ..ir.walk import statements
from .webs import split_webs, web_types


class Memory(NamedTuple):
    shares: frozenset[int]
    tied: bool
    written: tuple[int, ...]


def calls(block: Block) -> Iterator[tuple[Assign, Callee, Call]]:
    """The calls of functions of the program, each with its statement."""
    for s in statements(block):
        if isinstance(s, Assign) and isinstance(s.value, Call) and (callee := called(s.value)) is not None:
            if isinstance(callee, Opaque):
                continue
            yield s, callee, s.value


def leaves(e: Expr) -> Iterator[Expr]:
    if isinstance(e, Display):
        for item in e.items:
            yield from leaves(item)
    else:
        yield e


def results_of(function: Function) -> list[Expr]:
    last = function.body[-1]
    assert isinstance(last, Return)
    return list(leaves(last.value or Const(None)))


def settle(callees: Iterable[Callee]) -> None:
    """What the results of each function may share memory with, and which arguments it writes: until it holds for
    functions that call one another."""
    callees = list(callees)
    while True:
        changed = False
        for callee in callees:
            found = memory_of(callee)
            if found != (callee.shares, callee.tied, callee.written):
                callee.shares, callee.tied, callee.written = found
                changed = True
        if not changed:
            return


def memory_of(callee: Callee) -> Memory:
    function, _ = split_webs(callee.function)
    aliases = analyse(function, web_types(function, callee.types), check=False)
    written = written_classes(function, aliases)
    results = [n.id for n in results_of(function) if isinstance(n, Name) and aliases.is_array(n.id)]
    classes = [aliases.find(n) for n in results]
    params = [(k, p.name) for k, p in enumerate(function.params) if aliases.is_array(p.name)]
    return Memory(
        frozenset(k for k, name in params if aliases.find(name) in classes),
        len(set(classes)) < len(classes),
        tuple(k for k, name in params if aliases.find(name) in written),
    )


def written_classes(function: Function, aliases: Aliases) -> set[str]:
    """The classes of arrays that are written in place, here or by what is called."""
    written = set(aliases.mutable_roots)
    for _, other, call in calls(function.body):
        written |= {aliases.find(n) for k in other.written for n in aliases.shares(call.args[k])}
    return written
