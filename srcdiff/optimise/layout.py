"""Arrays of the function's own, laid out in memory as its innermost loops go through them.

in:   tape = np.empty((levels, rows))                 out:  tape = np.empty((rows, levels))
      for i in range(rows):                                 for i in range(rows):
          for k in range(levels):                               for k in range(levels):
              tape[k, i] = x[i, k]                                  tape[i, k] = x[i, k]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..ir.nodes import Assign, Block, Call, Display, Expr, For, Function, If, Item, Name, Slice, Stmt, While
from ..ir.types import Num, Type
from ..ir.walk import expressions, is_call_of, map_stmt, names, rebuild, statements, subexprs
from .storage import parts


def laid_out(function: Function, types: dict[str, Type]) -> Function:
    """The function with one axis of such arrays last that was not, where every loop that reaches them runs along it;
    `types` are told of it."""
    made = {
        s.target.id: s.value
        for s in statements(function.body)
        if isinstance(s, Assign) and isinstance(s.target, Name) and _rank(s.value) > 1
    }
    uses = Counter(n.id for s in statements(function.body) for e in expressions(s) for n in _names(e) if n.id in made)
    found: dict[str, list[set[int]]] = {}
    for place, counter in _places(function.body, ""):
        if isinstance(place.base, Name) and place.base.id in made:
            found.setdefault(place.base.id, []).append(_axes(place, counter, _rank(made[place.base.id])))
    last: dict[str, int] = {}
    for name, axes in found.items():
        own = set.intersection(*axes) if len(axes) == uses[name] - 1 else set()
        if len(own) == 1 and not own & {_rank(made[name]) - 1}:
            last[name] = own.pop()
    return _turned(function, types, last) if last else function


def _rank(value: Expr) -> int:
    """How many axes an array has that is made here, its lengths written out; 0 for anything else."""
    match value:
        case Call(args=(Display(kind="tuple", items=items), *_)) if is_call_of(value, np.empty):
            return len(items)
    return 0


def _names(e: Expr) -> Iterator[Name]:
    return (part for part in subexprs(e) if isinstance(part, Name))


def _places(block: Block, counter: str) -> Iterator[tuple[Item, str]]:
    """The places in a block, each with the counter of the innermost loop around it."""
    for s in block:
        for e in expressions(s):
            yield from ((part, counter) for part in subexprs(e) if isinstance(part, Item))
        match s:
            case For(target=Name(id=own), body=body):
                yield from _places(body, own)
            case For(body=body) | While(body=body):
                yield from _places(body, "")
            case If(body=body, orelse=orelse):
                yield from _places((*body, *orelse), counter)
            case _:
                pass


def _axes(place: Item, counter: str, rank: int) -> set[int]:
    """The one axis along which a place moves with a counter; none where it is not a single element."""
    own = parts(place)
    found = {k for k, part in enumerate(own) if counter in names(part)}
    whole = len(own) == rank and not any(isinstance(part, Slice) for part in own)
    return found if whole and len(found) == 1 else set()


def _turned(function: Function, types: dict[str, Type], last: dict[str, int]) -> Function:
    """The function with these axes of arrays as their last ones."""

    def moved(name: str, own: tuple[Expr, ...]) -> Display:
        axis = last[name]
        return Display("tuple", (*own[:axis], *own[axis + 1 :], own[axis]))

    def expr(e: Expr) -> Expr:
        match e:
            case Item(base=Name(id=name)) if name in last:
                return replace(e, index=moved(name, tuple(map(expr, parts(e)))))
        return rebuild(e, expr)

    def statement(s: Stmt) -> Stmt:
        match s:
            case Assign(target=Name(id=name), value=Call(args=(Display(items=lengths), *others)) as made) if (
                name in last
            ):
                return replace(s, value=replace(made, args=(moved(name, lengths), *others)))
        return map_stmt(s, expr, block)

    def block(b: Block) -> Block:
        return tuple(map(statement, b))

    for name, axis in last.items():
        type_ = types[name]
        assert isinstance(type_, Num)
        types[name] = replace(type_, shape=(*type_.shape[:axis], *type_.shape[axis + 1 :], type_.shape[axis]))
    return replace(function, body=block(function.body))
