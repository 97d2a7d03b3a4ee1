"""A variable is bound to its new array behind the statements that read it.

in:   for j in range(n): c_1[j] = keep[j] * c[j]        out:  for j in range(n): c_1[j] = keep[j] * c[j]
      c = c_1                                                 for j in range(n): h[j] = np.tanh(c_1[j])
      for j in range(n): h[j] = np.tanh(c[j])                 c = c_1

Then both nests can be one.
"""

from __future__ import annotations

from ...ir.nodes import Assign, Block, Comment, Effect, For, Name, Stmt, Update
from ...ir.walk import assigned, mentioned, rename
from .site import Context


def bound_last(context: Context, block: Block) -> Block:
    """A block whose bindings of arrays that nests have just filled come as late as they can."""
    out: list[Stmt] = []
    waiting: dict[str, Assign] = {}  # by the variable that is bound
    for s in block:
        match s:
            case Assign(target=Name(id=name), value=Name(id=made)) if made in context.buffers and made != name:
                out += _taken(waiting, {name, made})
                waiting[name] = s
                continue
            case Assign() | Update() | Effect() | Comment() | For():
                bound = assigned((s,))
                out += _taken(waiting, bound)
                new = {name: own.value.id for name, own in waiting.items() if isinstance(own.value, Name)}
                out += rename((s,), new) if new.keys() & mentioned((s,)) else (s,)
            case _:
                out += [*waiting.values(), s]
                waiting.clear()
    return (*out, *waiting.values())


def _taken(waiting: dict[str, Assign], bound: set[str]) -> list[Stmt]:
    """The bindings that have to come now, since one of their two variables is bound next."""
    found = [name for name, s in waiting.items() if {name, *mentioned((s,))} & bound]
    return [waiting.pop(name) for name in found]
