"""Empty lists in text for Numba, which learns what a list holds from what is put into it.

in:   used = []                          out:  used = stack(0)
      for j in range(n):                       for j in range(n):
          used.append(j)                           used.append(j)
          used = []                                used = stack(0)

Where a variable gets several lists, an append tells it of one of them only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from ..derive.stacks import stack_of
from ..ir.nodes import Assign, Block, Display, Function, Name, Stmt
from ..ir.types import ListOf, Num, Type
from ..ir.walk import map_stmt, statements, targets


def typed_empties(function: Function, types: Mapping[str, Type]) -> Function:
    """The function with the empty lists told what they are for, in variables that get several."""
    bound = Counter(n for s in statements(function.body) if isinstance(s, Assign) for n in targets(s.target))

    def told(s: Stmt) -> Stmt:
        match s:
            case Assign(target=Name(id=name), value=Display(kind="list", items=())) if bound[name] > 1:
                held = types.get(name)
                if isinstance(held, ListOf) and isinstance(held.item, Num) and held.item.ndim is not None:
                    return replace(s, value=stack_of((held.item,)))
        return map_stmt(s, lambda e: e, block)

    def block(b: Block) -> Block:
        return tuple(map(told, b))

    return replace(function, body=block(function.body))
