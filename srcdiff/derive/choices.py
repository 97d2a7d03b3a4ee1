"""The choices of planning: which writes are taken back, and which values are cheap enough to compute again."""

from __future__ import annotations

import numpy as np

from ..analysis.aliases import Aliases
from ..analysis.dependence import Known
from ..ir.nodes import Assign, Call, Display, For, Name, Stmt, Update, While
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, names, statements, targets
from ..rules.effects import has_effect
from .acts import Fork, Node, Round, Step
from .lifetimes import Lifetimes
from .overwritten import Reads
from .schedule import Key


class Choices(Lifetimes):
    """What has been decided so far; a decision that turns out impossible is struck out and planning starts anew."""

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
        self.params: set[str] = set()
        self.apart = False  # whether the reverse sweep is a function of its own: it finds no variable as it was left
        self.banned: set[int] = set()  # definitions that cannot be recomputed
        self.bool_tests: set[int] = set()  # branches whose test is saved
        self.recomputed: set[int] = set()  # definitions that are
        self.marked_for: set[int] = set()  # those that `undo` takes into account
        self.undo: set[int] = set()  # writes that are taken back
        self.harmless: set[int] = set()  # writes that are not, though some contents are read: other elements
        self.cheap: dict[int, bool] = {}  # answers of `recomputable`, good until something is banned

    def has_work(self, node: Node) -> bool:
        """Whether the reversal of a node does anything at all."""
        match node:
            case Step():
                return bool(node.acts) or id(node.stmt) in self.undo
            case Fork():
                own = bool(node.before or node.ends[0] or node.ends[1])
                return own or any(map(self.has_work, (*node.body, *node.orelse)))
            case Round():
                return bool(node.before or node.end) or any(map(self.has_work, node.body))

    def mark_undone(self) -> set[int]:
        """The writes (by id of their statement) whose old contents the reverse sweep reads.

        To take back more writes is more work, for which tests are evaluated and places computed, so the set grows
        until nothing is added.
        """
        self.undo = set()
        while True:
            marked: set[int] = set()
            self._mark(self.nodes, set(), marked)
            self.harmless = self.without_need(marked - self.undo)
            marked -= self.harmless
            if marked <= self.undo:
                return self.undo
            self.undo |= marked

    def without_need(self, writes: set[int]) -> set[int]:
        """Those of the writes whose old contents, element by element, nobody reads."""
        reads = Reads(self, self.recomputed, self.undo, self.bool_tests)
        program = tuple(node.stmt for node in self.nodes)
        bound = {n for s in statements(program) if isinstance(s, For) for n in targets(s.target)} - self.params
        known = Known(self.is_fixed, self.is_whole, lambda n: n in bound and self.definitions[n] == 1, self.types)
        found: set[int] = set()
        for s in statements(program):
            if id(s) in writes and isinstance(s, Assign | Update) and not reads.needs_old(s, known):
                found.add(id(s))
        return found

    def is_whole(self, name: str) -> bool:
        type_ = self.types.get(name)
        return isinstance(type_, Num) and type_.is_integral

    def is_fixed(self, name: str) -> bool:
        """Whether a variable has one value, or stands for one array, from beginning to end."""
        count = self.definitions.get(name, 0)
        return count == 0 if name in self.params else count == 1 and name not in self.loop_defined

    def contents_read(self, node: Node) -> set[Key]:
        match node:
            case Step():
                found = self.act_keys(node.acts)
                if id(node.stmt) in self.recomputed and isinstance(node.stmt, Assign):
                    found = found | self.keys(node.stmt.value)
                if id(node.stmt) in self.undo:
                    found = found | self.undo_keys(node.stmt)
            case Fork():
                found = self.act_keys((*node.before, *node.ends[0], *node.ends[1]))
                if id(node.stmt) not in self.bool_tests and self.has_work(node):
                    found |= self.keys(node.stmt.test)
                found = found.union(*(self.contents_read(n) for n in (*node.body, *node.orelse)))
            case Round():
                found = self.act_keys((*node.before, *node.end)).union(*(self.contents_read(n) for n in node.body))
        return {k for k in found if k.startswith("*")}

    def _mark(self, nodes: list[Node], seen: set[Key], marked: set[int]) -> None:
        for node in nodes:
            own = self.contents_read(node)
            match node:
                case Step():
                    if self.content_written(node.stmt) & (seen | own):
                        marked.add(id(node.stmt))
                case Fork():
                    self._mark(node.body, set(seen | own), marked)
                    self._mark(node.orelse, set(seen | own), marked)
                case Round():
                    self._mark(node.body, set(seen | own), marked)
            seen = seen | own

    # -------------------------------------------------------------------------------------------- recomputation

    def recomputable(self, s: Stmt, nodes: list[Node]) -> bool:
        """Whether running a definition again is cheap and needs nothing that would not be there anyway."""
        if id(s) in self.banned:
            return False
        known = self.cheap.get(id(s))
        if known is None:
            self.cheap[id(s)] = False  # for definitions that need each other from one trip to the next
            known = self.cheap[id(s)] = self._recomputable(s, nodes)
        return known

    def _recomputable(self, s: Stmt, nodes: list[Node]) -> bool:
        if id(s) in self.banned or not isinstance(s, Assign) or not isinstance(s.target, Name) or has_effect(s.value):
            return False
        name, value = s.target.id, s.value
        if is_call_of(value, list.pop) or isinstance(value, Display) or name in names(value):
            return False
        if is_call_of(value, np.zeros_like) and name in self.shadow_names:
            array = value.args[0] if isinstance(value, Call) else None
            own = isinstance(array, Name) and self.is_local(array.id, nodes)
            return own and self.is_made_again(s, name)
        if self.is_pointer(name, value):
            return all(self.is_settled(k, s) or self.at_hand(k, nodes) for k in self.pointer_keys(value))
        type_ = self.types.get(name)
        if not isinstance(type_, Num) or type_.ndim != 0 or not self.is_cheap(value):
            return False
        return all(self.at_hand(k, nodes) for k in self.keys(value))

    def is_made_again(self, s: Stmt, shadow: str) -> bool:
        """Whether all second names and views of a shadow that `s` makes are made again if it is: one that is kept would
        be a part of the shadow that the forward sweep has made."""
        known = dict(self.cheap)
        self.cheap[id(s)] = True  # what they are made from
        if all(self.recomputable(second, block) for _, second, block in self.made_from(shadow)):
            return True
        self.cheap = known
        return False

    def is_settled(self, key: Key, s: Stmt) -> bool:
        """Whether a list of lists is in a statement what it is in the end: made before, outside of loops around it."""
        if not key.startswith("*["):
            return False
        place = next(p for p, node in enumerate(self.nodes) if any(i is s for i in statements((node.stmt,))))
        return all(key not in self.defined(node) for node in self.nodes[place:])

    def at_hand(self, key: Key, nodes: list[Node]) -> bool:
        """Whether keeping this operand costs nothing more: it is read anyway, or no loop ever changes it."""
        if key in self.wanted_anyway or key not in self.loop_defined:
            return True
        if key.startswith("*"):
            return False
        own = [n.stmt for n in nodes if key in self.defined(n)]
        if len(own) == 1 and self.definitions.get(key) == 1:
            if isinstance(own[0], For | While):
                return False
            return self.recomputable(own[0], nodes)
        return self.is_loop_variable(key)

    def is_loop_variable(self, key: Key) -> bool:
        loops = [r.stmt for r in self.all_loops(self.nodes)]
        return any(isinstance(s, For) and s.target == Name(key) for s in loops) and self.definitions.get(key) == 1
