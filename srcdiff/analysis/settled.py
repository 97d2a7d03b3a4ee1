"""Arrays that nobody writes any more when they are put into a list.

in:   for k in range(n):                 the list holds what `u` is at the append: whether it holds the array or a copy
          u = x.copy()                   of it makes no difference, and the list is one of values
          u[0] *= 2.0
          us.append(u)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..ir.nodes import Assign, Block, Display, For, Name, Stmt, While
from ..ir.walk import expressions, names, paths

Path = tuple[Stmt, ...]


class Settled:
    """`written` gives the variables whose arrays a statement writes."""

    def __init__(self, body: Block, params: Iterable[str], written: Callable[[Stmt], Iterable[str]]) -> None:
        self.events = list(paths(body))
        self.params = set(params)
        self.writes = [(k, path, set(found)) for k, (s, path) in enumerate(self.events) if (found := list(written(s)))]
        self.local: dict[tuple[int, str], bool] = {}

    def is_settled(self, put: Stmt, members: list[str]) -> bool:
        """Whether no write to an array of this class can come after the statement that puts it into a list."""
        place, path = next((k, path) for k, (s, path) in enumerate(self.events) if s is put)
        for k, other, written in self.writes:
            if written.isdisjoint(members):
                continue
            common = [a for a, b in zip(path, other, strict=False) if a is b and isinstance(a, For | While)]
            if k > place or (common and not all(self.is_local(n, common[-1]) for n in members)):
                return False
        return True

    def is_local(self, name: str, loop: Stmt) -> bool:
        """Whether every trip of a loop gives a variable an array of its own before it is read, and nobody else reads
        it."""
        found = self.local.get((id(loop), name))
        if found is None:
            found = self.local[id(loop), name] = name not in self.params and self.has_its_own(name, loop)
        return found

    def has_its_own(self, name: str, loop: Stmt) -> bool:
        first = True
        for s, path in self.events:
            if not any(name in names(e) for e in expressions(s)):
                continue
            if not any(part is loop for part in path):
                return False
            if first:
                first = False
                target = s.target if isinstance(s, Assign) else None
                bound = target.items if isinstance(target, Display) else (target,)
                read = isinstance(s, Assign) and name in names(s.value)
                if Name(name) not in bound or read or path[-1] is not loop:
                    return False
        return True
