"""How long an array and its shadow live, and whether the shadow can be made anew in the reverse sweep.

    for i in range(n):
        u = 2.0 * x                u_bar = np.zeros_like(u)
        u[0] *= x[i]
        w = u                      w_bar = u_bar

A shadow is made again, instead of kept, only if nobody can tell: it and its array, under all their names, live for one
run of the block, and every second name and view of the shadow is made again with it. If `w` is read after the loop, its
adjoint belongs in the shadow that the forward sweep has made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..analysis.aliases import Aliases
from ..ir.nodes import Assign, Display, Effect, Expr, Name, Stmt
from ..ir.types import Type
from ..ir.walk import expressions, is_call_of, names, statements
from .acts import Fork, Node, Round
from .facts import Facts

Second = tuple[str, Stmt, list[Node]]  # a name, the statement that gives it, and the block of that


class Lifetimes(Facts):
    """The questions about names that stand for the same memory."""

    def __init__(
        self,
        nodes: list[Node],
        aliases: Aliases,
        types: dict[str, Type],
        adjoints: set[str],
        zero_of: dict[str, str],
        shadows: dict[str, str],
    ) -> None:
        super().__init__(nodes, aliases, types, adjoints, zero_of, shadows)
        self._mentions: dict[int, tuple[Stmt, Counter[str]]] = {}  # by identity, as in Facts
        self.seconds: dict[str, list[Second]] = {}
        for s, block in _placed(nodes):
            for name, value in _given(s):
                for source in self._sources(name, value):
                    self.seconds.setdefault(source, []).append((name, s, block))

    def is_local(self, name: str, nodes: list[Node]) -> bool:
        """Whether a variable and all that shares its memory are mentioned in this block only, so that each run of the
        block has one of its own."""
        return all(self._is_local(n, nodes) for n in {name, *(second for second, _, _ in self.made_from(name))})

    def _is_local(self, name: str, nodes: list[Node]) -> bool:
        here = sum(self.mentions(n.stmt, name) for n in nodes)
        there = sum(self.mentions(n.stmt, name) for n in self.nodes)
        if here != there or self.definitions.get(name) != 1:
            return False
        inner = [s for n in nodes for s in statements((n.stmt,))]
        appends = (s for s in inner if isinstance(s, Effect) and is_call_of(s.value, list.append))
        return not any(name in names(s.value) for s in appends)  # else it lives on in a list

    def mentions(self, s: Stmt, name: str) -> int:
        """How many expressions of a statement, its blocks included, mention a variable."""
        known = self._mentions.get(id(s))
        if known is None:
            found = Counter(n for inner in statements((s,)) for e in expressions(inner) for n in names(e))
            known = self._mentions[id(s)] = (s, found)
        return known[1][name]

    def made_from(self, name: str) -> list[Second]:
        """The second names and views of an array or shadow and its shadow, those of these, and so on."""
        waiting, met = [name], {name}
        found: list[Second] = []
        for source in waiting:
            for second in self.seconds.get(source, ()):
                found.append(second)
                if second[0] not in met:
                    met.add(second[0])
                    waiting.append(second[0])
        return found

    def _sources(self, name: str, value: Expr) -> set[str]:
        """What a variable that is given a value shares its memory with, or is the shadow of."""
        found = names(value) if name in self.shadow_names else set(self.aliases.shares(value))
        return found - {name}


def _given(s: Stmt) -> Iterator[tuple[str, Expr]]:
    """The variables that a statement binds, each with its value."""
    match s:
        case Assign(target=Name(id=name), value=value):
            yield name, value
        case Assign(target=Display(items=targets), value=Display(items=values)):
            pairs = zip(targets, values, strict=True)
            yield from ((t.id, v) for t, v in pairs if isinstance(t, Name))
        case Assign(target=Display(items=targets), value=value):
            yield from ((t.id, value) for t in targets if isinstance(t, Name))


def _placed(nodes: list[Node]) -> Iterator[tuple[Stmt, list[Node]]]:
    """The simple statements, each with the block that it is in."""
    for node in nodes:
        match node:
            case Fork():
                yield from _placed(node.body)
                yield from _placed(node.orelse)
            case Round():
                yield from _placed(node.body)
            case _:
                yield node.stmt, nodes
