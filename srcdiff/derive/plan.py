"""Save or recompute: how each primal value that the reverse sweep reads comes to be there when it is read.

For every block of the mirrored program the planner walks backward through the reversed statements and keeps track of
which version of each variable its name holds. (Version 0 of a variable is what it held on entry to the block, version
`p + 1` what statement `p` gave it.) A version that is read and not there is

* *intact* if nothing has overwritten it since the forward sweep,
* *recomputed* at the first place where its operands are there, if that is cheap and keeps nothing more,
* *saved* in the forward sweep otherwise: under a second name in straight-line code, on a tape in loops.

Arrays that are written in place are restored write by write (`undone`), and only as far back as somebody reads them.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from ..analysis.aliases import Aliases
from ..ir.nodes import (
    Assign,
    Call,
    Choice,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Item,
    Logic,
    Name,
    Object,
    Slice,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num, Type
from ..ir.walk import assigned, is_call_of, names, statements, subexprs
from ..rules import is_view
from ..runtime import unbroadcast
from .skeleton import Acc, Act, Do, Fork, Kill, Let, Node, Round, Step, Together, When

Key = str  # a variable, or "*" + alias class for the contents of the arrays of that class

_CHEAP = {
    *(operator.add, operator.sub, operator.mul, operator.neg, operator.pos, operator.not_),
    *(operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge),
    *(len, abs, min, max, float, int, np.ndarray.size, np.ndarray.shape, np.sign, np.maximum, np.minimum),
}
_CHEAP_INT = {operator.floordiv, operator.mod, operator.truediv}
_SHAPE_ONLY = {
    *(len, np.ndarray.shape, np.ndarray.ndim, np.ndarray.size, np.ndarray.dtype, np.shape, np.size, np.ndim),
    *(np.zeros_like, np.ones_like, np.empty_like),
}


@dataclass(frozen=True)
class Restore:
    """Bring a version back: from the tape of `(name, version)`, or by a statement (its definition run again, or the
    inverse of the permutation that has overwritten it)."""

    name: str
    version: int
    recompute: Assign | None = None

    @property
    def binds(self) -> list[str]:
        return [self.name] if self.recompute is None else _targets(self.recompute.target)


@dataclass
class BlockPlan:
    """What the assembler needs for one block; positions count the block's nodes in forward order."""

    restores: dict[int, list[Restore]] = field(default_factory=dict)  # by moment, see `moment`
    saves: set[tuple[str, int]] = field(default_factory=set)  # (name, version) put on a tape in the forward sweep
    undone: set[int] = field(default_factory=set)  # positions of writes that are taken back
    inner: dict[int, tuple[BlockPlan, ...]] = field(default_factory=dict)
    saved_tests: set[int] = field(default_factory=set)
    outer: set[Key] = field(default_factory=set)  # what must be there from outside while the block is reversed
    intact: set[str] = field(default_factory=set)  # variables that are read as they are when the reversal begins
    final: dict[str, int] = field(default_factory=dict)  # the versions that are there when the reversal ends
    delegated: set[str] = field(default_factory=set)  # entry versions that the enclosing block restores


def moment(count: int, position: int, before: bool) -> int:
    """Reverse time inside a block of `count` nodes: first the state after a node, then the state before it."""
    return 2 * (count - 1 - position) + (1 if before else 0)


def rebound(plan: BlockPlan, nodes: list[Node]) -> set[str]:
    """The variables that the reversal of a block binds: what it brings back, and its loops' counters."""
    found = {n for restores in plan.restores.values() for r in restores for n in r.binds}
    for p, node in enumerate(nodes):
        blocks_ = [node.body, node.orelse] if isinstance(node, Fork) else [node.body] if isinstance(node, Round) else []
        for inner, block in zip(plan.inner.get(p, ()), blocks_, strict=False):
            found |= rebound(inner, block)
        if isinstance(node, Round) and isinstance(node.stmt, For):
            found |= set(_targets(node.stmt.target))
    return found


class _Again(Exception):
    """A choice turned out impossible and has been noted; the planning starts anew."""


class Planner:
    """`adjoints` are the adjoint variables and temporaries (no primal values); `zero_of` gives the variable that the
    zero of an adjoint is made like; `shadows` are the adjoints of arrays written in place, which are planned like the
    primal names that they mirror."""

    def __init__(
        self,
        nodes: list[Node],
        aliases: Aliases,
        types: dict[str, Type],
        adjoints: set[str],
        zero_of: dict[str, str],
        shadows: set[str],
    ) -> None:
        self.nodes, self.aliases, self.types, self.adjoints = nodes, aliases, types, adjoints
        self.zero_of, self.shadow_names = zero_of, shadows
        self.banned: set[int] = set()  # definitions that cannot be recomputed
        self.bool_tests: set[int] = set()  # branches whose test is saved
        self.wanted_anyway = {key for node in nodes for key in self.act_keys_below(node)}
        self.loop_defined = {n for s in self.all_loops(nodes) for n in self.defined(s)}
        self.all_defined = {k for n in nodes for k in self.defined(n)}
        self.definitions = self.count_definitions(nodes)
        self.recomputed: set[int] = set()

    def plan(self) -> BlockPlan:
        while True:
            try:
                self.marked_for = set(self.recomputed)
                self.undo = self.mark_undone()
                extra = self.marked_for
                plan = self.block(self.nodes, None, "top", in_loop=False)
                if self.recomputed != extra:
                    continue  # more contents are read now: mark the writes again
                return plan
            except _Again:
                continue

    # --------------------------------------------------------------------------------------------- what is read

    def keys(self, e: Expr) -> set[Key]:
        """The variables whose binding an expression reads, and the classes whose contents it reads."""
        found = {n for n in names(e) if n not in self.adjoints}
        self._contents(e, found)
        return found

    def _contents(self, e: Expr, found: set[Key]) -> None:
        match e:
            case Name(id=name):
                if name not in self.adjoints and self.aliases.is_array(name) and self.aliases.mutable(name):
                    found.add("*" + self.aliases.find(name))
            case Call(func=Object(value=function), args=(g, _)) if function is unbroadcast:
                self._contents(g, found)
            case Call(func=Object(value=function), args=args) if function in _SHAPE_ONLY:
                for a in args:
                    for part in subexprs(a):
                        if isinstance(part, Item):
                            self._contents(part.index, found)
            case Call():
                for a in (*e.args, *(v for _, v in e.kwargs)):
                    self._contents(a, found)
            case Item():
                self._contents(e.base, found)
                self._contents(e.index, found)
            case Slice():
                for bound in (e.lower, e.upper, e.step):
                    if bound is not None:
                        self._contents(bound, found)
            case Display(items=items) | Logic(values=items):
                for item in items:
                    self._contents(item, found)
            case Choice():
                for part in (e.test, e.then, e.other):
                    self._contents(part, found)
            case _:
                pass

    def pointer_keys(self, e: Expr) -> set[Key]:
        """What has to be there to evaluate a view or second name: bindings and indices, no contents."""
        match e:
            case Name(id=name):
                return {name}
            case Item():
                return self.pointer_keys(e.base) | self.keys(e.index)
            case Call(args=(first, *rest)) if isinstance(e.func, Object) and is_view(e.func.value):
                return self.pointer_keys(first).union(*(self.keys(r) for r in rest))
        return self.keys(e)

    def act_keys(self, acts: Iterable[Act]) -> set[Key]:
        found: set[Key] = set()
        for act in acts:
            match act:
                case Acc():
                    found |= self.acc_keys(act)
                case Together(parts=parts):
                    for part in parts:
                        found |= self.acc_keys(part)
                case Let(value=value):
                    found |= self.keys(value)
                case When():
                    found |= self.keys(act.test) | self.act_keys(act.then) | self.act_keys(act.other)
                case Do(stmt=stmt):
                    assert isinstance(stmt, Effect)
                    found |= self.keys(stmt.value)
                case Kill():
                    pass
        return found

    def acc_keys(self, acc: Acc) -> set[Key]:
        found: set[Key] = set()
        for t in acc.terms:
            for e in (*t.factors, *t.denominators, *t.masks):
                found |= self.keys(e)
        if acc.assign and not acc.terms and isinstance(acc.target, Name) and acc.target.id in self.zero_of:
            primal = self.zero_of[acc.target.id]
            if self.aliases.is_array(primal):
                found.add(primal)
        return found | self.place_keys(acc.target)

    def place_keys(self, place: Expr) -> set[Key]:
        return {k for k in self.pointer_keys(place) if k not in self.adjoints}

    def act_keys_below(self, node: Node) -> set[Key]:
        match node:
            case Step():
                return self.act_keys(node.acts)
            case Fork():
                inner = [self.act_keys_below(n) for n in (*node.body, *node.orelse)]
                return self.act_keys((*node.before, *node.ends[0], *node.ends[1])).union(*inner)
            case Round():
                return self.act_keys((*node.before, *node.end)).union(*(self.act_keys_below(n) for n in node.body))

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

    # ----------------------------------------------------------------------------------------- what is defined

    def defined(self, node: Node) -> set[Key]:
        """The variables bound, and the contents written, by the forward statement of a node."""
        s = node.stmt
        found: set[Key] = set(assigned((s,)))
        for inner in statements((s,)):
            if isinstance(inner, Assign | Update):
                found |= self.content_written(inner)
        return found - self.in_place_only((s,))

    def in_place_only(self, block: tuple[Stmt, ...]) -> set[str]:
        """Names that occur as targets of in-place array updates only: their binding does not change."""
        updated = {
            s.target.id
            for s in statements(block)
            if isinstance(s, Update) and isinstance(s.target, Name) and self.aliases.is_array(s.target.id)
        }
        bound: set[str] = set()
        for s in statements(block):
            if isinstance(s, Assign | For):
                bound |= set(_targets(s.target))
        return updated - bound

    def content_written(self, s: Stmt) -> set[Key]:
        place = s.target if isinstance(s, Assign | Update) else None
        match place:
            case Item():
                base = _base_name(place)
            case Name(id=name) if isinstance(s, Update) and self.aliases.is_array(name):
                base = name
            case _:
                return set()
        return {"*" + self.aliases.find(base)}

    def all_loops(self, nodes: list[Node]) -> list[Round]:
        found: list[Round] = []
        for node in nodes:
            match node:
                case Round():
                    found.append(node)
                case Fork():
                    found.extend(self.all_loops([*node.body, *node.orelse]))
                case _:
                    pass
        return found

    def count_definitions(self, nodes: list[Node]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for node in nodes:
            for s in statements((node.stmt,)):
                for name in _targets(s.target) if isinstance(s, Assign | For | Update) else []:
                    counts[name] = counts.get(name, 0) + 1
        return counts

    # ------------------------------------------------------------------------------------------------- undoing

    def mark_undone(self) -> set[int]:
        """The writes (by id of their statement) whose old contents the reverse sweep reads.

        To take back more writes is more work, for which tests are evaluated and places computed, so the set grows
        until nothing is added.
        """
        self.undo: set[int] = set()
        while True:
            marked: set[int] = set()
            self._mark(self.nodes, set(), marked)
            if marked <= self.undo:
                return self.undo
            self.undo |= marked

    def contents_read(self, node: Node) -> set[Key]:
        match node:
            case Step():
                found = self.act_keys(node.acts)
                if id(node.stmt) in self.recomputed and isinstance(node.stmt, Assign):
                    found = found | self.keys(node.stmt.value)
                if id(node.stmt) in self.undo and isinstance(node.stmt, Assign | Update):
                    found = found | self.place_keys(node.stmt.target)
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
        if id(s) in self.banned or not isinstance(s, Assign) or not isinstance(s.target, Name):
            return False
        name, value = s.target.id, s.value
        if is_call_of(value, list.pop) or isinstance(value, Display) or name in names(value):
            return False
        if is_call_of(value, np.zeros_like) and name in self.shadow_names:
            array = value.args[0] if isinstance(value, Call) else None
            own = isinstance(array, Name) and self.is_local(array.id, nodes)
            return own and self.is_local(name, nodes)  # else several runs of the block share one shadow
        if self.is_pointer(name, value):
            return all(self.at_hand(k, nodes) for k in self.pointer_keys(value))
        type_ = self.types.get(name)
        if not isinstance(type_, Num) or type_.ndim != 0 or not self.is_cheap(value):
            return False
        return all(self.at_hand(k, nodes) for k in self.keys(value))

    def is_pointer(self, name: str, value: Expr) -> bool:
        if name in self.shadow_names:
            return not isinstance(value, Display) and not is_call_of(value, np.zeros_like)
        return self.aliases.is_array(name) and bool(self.aliases.shares(value)) and not is_call_of(value, list.pop)

    def is_cheap(self, e: Expr) -> bool:
        for part in subexprs(e):
            if isinstance(part, Call) and isinstance(part.func, Object) and part.func.value not in _CHEAP:
                integral = part.func.value in _CHEAP_INT and all(self.is_int(a) for a in part.args)
                if not integral:
                    return False
        return True

    def is_int(self, e: Expr) -> bool:
        from ..rules.typing import Typer

        type_ = Typer(self.types)(e)
        return isinstance(type_, Num) and type_.is_integral

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

    def is_local(self, name: str, nodes: list[Node]) -> bool:
        """Whether a variable is mentioned in this block only, so that each run of the block has one of its own."""
        here = sum(_mentions(n.stmt, name) for n in nodes)
        there = sum(_mentions(n.stmt, name) for n in self.nodes)
        if here != there or self.definitions.get(name) != 1:
            return False
        inner = [s for n in nodes for s in statements((n.stmt,))]
        if any(isinstance(s, Effect) and is_call_of(s.value, list.append) and name in names(s.value) for s in inner):
            return False  # it lives on in a list
        return all(self.is_local(other, nodes) for other in self.pointers_to(name, nodes))

    def pointers_to(self, name: str, nodes: list[Node]) -> set[str]:
        """The other shadows that are made from a shadow: views of it and second names."""
        found: set[str] = set()
        for node in nodes:
            for s in statements((node.stmt,)):
                if isinstance(s, Assign) and name in names(s.value):
                    found |= {t for t in _targets(s.target) if t in self.shadow_names and t != name}
        return found

    # -------------------------------------------------------------------------------------------------- blocks

    def block(self, nodes: list[Node], fresh: set[str] | None, kind: str, in_loop: bool) -> BlockPlan:
        """`fresh` are the variables that still hold their last value of this block when its reversal begins (None:
        all of them); `kind` is "top", "branch" or "trip"."""
        plan = BlockPlan()
        walk = _Walk(self, nodes, fresh, kind, in_loop, plan)
        walk.prepare()
        walk.run()
        return plan


class _Walk:
    """The backward walk through one block."""

    def __init__(
        self,
        planner: Planner,
        nodes: list[Node],
        fresh: set[str] | None,
        kind: str,
        in_loop: bool,
        plan: BlockPlan,
    ) -> None:
        self.planner, self.nodes, self.fresh, self.plan = planner, nodes, fresh, plan
        self.kind, self.in_loop = kind, in_loop
        self.count = len(nodes)
        self.defs: dict[Key, list[int]] = {}
        for p, node in enumerate(nodes):
            for key in planner.defined(node):
                self.defs.setdefault(key, []).append(p)
        self.needs: dict[int, set[Key]] = {}  # moment -> keys
        self.bound: dict[int, set[str]] = {}
        self.wants: dict[tuple[str, int], list[int]] = {}  # (name, version) -> [first, last] moment

    def version(self, key: Key, p: int) -> int:
        """The version of `key` in front of statement `p`."""
        return max((q + 1 for q in self.defs.get(key, ()) if q < p), default=0)

    # --------------------------------------------------------------------------------------------------- needs

    def prepare(self) -> None:
        for p in range(self.count - 1, -1, -1):
            node = self.nodes[p]
            after, before = moment(self.count, p, False), moment(self.count, p, True)
            match node:
                case Step():
                    self.step(p, node, after, before)
                case Fork() | Round() if not self.planner.has_work(node):
                    self.plan.inner[p] = (BlockPlan(), BlockPlan())
                case Fork():
                    self.need(after, self.planner.act_keys(node.before))
                    self.fork(p, node, after, before)
                case Round():
                    self.need(after, self.planner.act_keys(node.before) | self.loop_keys(node, p))
                    inner = self.loop_body(node, p)
                    self.plan.inner[p] = (inner,)
                    for name in inner.intact:
                        self.need(after, {name})
                        self.want(name, p + 1, before)
                    own = set(_targets(node.stmt.target)) if isinstance(node.stmt, For) else set()
                    self.need(before, {k for k in inner.outer if k not in own})
        for (name, version), (first, _) in list(self.wants.items()):
            self.extend(name, version, first)

    def step(self, p: int, node: Step, after: int, before: int) -> None:
        keys = self.planner.act_keys(node.acts)
        results = {n for n in keys if p in self.defs.get(n, ()) and not n.startswith("*")}
        s = node.stmt
        reads = names(s.value) if isinstance(s, Assign | Update) else set()
        if isinstance(s, Update):
            reads = reads | names(s.target)
        results -= reads  # a variable that the statement itself reads is read as it was before
        self.need(after, results)
        for name in results:  # read while the statement is reversed: not to be replaced before that
            self.want(name, p + 1, before)
        self.need(before, keys - results)
        if id(s) in self.planner.undo and self.planner.content_written(s):
            self.plan.undone.add(p)
            assert isinstance(s, Assign | Update)
            self.need(before, self.planner.place_keys(s.target))

    def loop_body(self, node: Round, p: int) -> BlockPlan:
        """The plan for one trip. A variable that every reversed trip leaves as the forward trip found it is there
        when the next reversed trip begins, as the forward trip left it: it goes round in a ring."""
        own = set(_targets(node.stmt.target)) if isinstance(node.stmt, For) else set()
        ring = {
            key
            for key, places in self.defs.items()
            if places[-1] == p and not key.startswith("*") and (self.fresh is None or key in self.fresh)
        }
        ring -= own | {node.trips or ""}
        while True:
            inner = self.planner.block(node.body, set(ring), "trip", True)
            broken = {n for n in inner.intact if inner.final.get(n) != 0}
            if not broken:
                return inner
            ring -= broken

    def loop_keys(self, node: Round, p: int) -> set[Key]:
        """What the header of the reversed loop reads."""
        if isinstance(node.stmt, While):
            return {node.trips} if node.trips else set()
        found = self.planner.keys(node.stmt.iter)
        return found | ({node.trips} if node.trips else set())

    def fork(self, p: int, node: Fork, after: int, before: int) -> None:
        planner = self.planner
        written = planner.defined(node)
        test_keys = planner.keys(node.stmt.test)
        if not self.can_repeat(p, test_keys, written):
            planner.bool_tests.add(id(node.stmt))
        saved = id(node.stmt) in planner.bool_tests
        last = {k for k in written if self.defs[k][-1] == p}
        fresh = {k for k in last if self.fresh is None or k in self.fresh}
        if saved:
            self.plan.saved_tests.add(p)
        else:
            self.need(before, test_keys)
            fresh -= test_keys
        while True:
            inner = tuple(planner.block(b, set(fresh), "branch", self.in_loop) for b in (node.body, node.orelse))
            # what is set back to its value before the branch is not fresh any more when a side is reversed
            set_back = {k for i in inner for k in i.outer | i.delegated} & fresh
            if not set_back:
                break
            fresh -= set_back
        self.plan.inner[p] = inner
        for i in inner:
            for key in i.outer | i.delegated:
                # contents that only the other side writes are still what they were, if this side was taken
                of_other_side = key.startswith("*") and key in written
                self.need(after if of_other_side else before, {key})
            for name in i.intact:  # not to be set back before this side has been reversed
                self.need(after, {name})
                self.want(name, p + 1, before)
        self.need(before, planner.act_keys((*node.ends[0], *node.ends[1])) - written)

    def can_repeat(self, p: int, keys: set[Key], written: set[Key]) -> bool:
        """Whether a test can be evaluated again without keeping more than is kept anyway."""
        for key in keys:
            if key.startswith("*"):
                anyway = key in self.planner.wanted_anyway or key not in self.planner.all_defined
                if key in written or not anyway:
                    return False
            elif not self.in_loop:
                if self.defs.get(key, [-1])[-1] >= p:
                    return False
            elif self.definition(key, self.version(key, p)) is None and not self.planner.at_hand(key, self.nodes):
                return False
        return True

    def need(self, at: int, keys: set[Key]) -> None:
        p = self.count - 1 - at // 2
        for key in keys:
            self.needs.setdefault(at, set()).add(key)
            if key not in self.defs:
                self.plan.outer.add(key)
            elif not key.startswith("*"):
                self.want(key, self.version(key, p if at % 2 else p + 1), at)

    def want(self, name: str, version: int, at: int) -> None:
        span = self.wants.setdefault((name, version), [at, at])
        span[0], span[1] = min(span[0], at), max(span[1], at)

    def extend(self, name: str, version: int, first: int) -> None:
        """A version that is recomputed wants its operands, as they were when it was defined."""
        definition = self.definition(name, version)
        if definition is None or self.is_intact(name, version):
            return
        p = version - 1
        for key in sorted(self.operands(definition)):
            if key not in self.defs:
                self.plan.outer.add(key)
            elif not key.startswith("*"):
                wanted = self.version(key, p)
                known = (key, wanted) in self.wants
                self.want(key, wanted, first)
                if not known or self.wants[key, wanted][0] == first:
                    self.extend(key, wanted, first)

    def operands(self, definition: Assign) -> set[Key]:
        assert isinstance(definition.target, Name)
        if self.planner.is_pointer(definition.target.id, definition.value):
            return self.planner.pointer_keys(definition.value)
        return self.planner.keys(definition.value)

    def definition(self, name: str, version: int) -> Assign | None:
        """The statement to run again for a version, if that is the way to get it."""
        if version == 0:
            return None
        node = self.nodes[version - 1]
        if isinstance(node, Step) and self.planner.recomputable(node.stmt, self.nodes):
            assert isinstance(node.stmt, Assign)
            return node.stmt
        return None

    def is_intact(self, name: str, version: int) -> bool:
        last = self.defs[name][-1] + 1
        return version == last and (self.fresh is None or name in self.fresh)

    # ------------------------------------------------------------------------------------------------ the walk

    def run(self) -> None:
        if self.kind == "branch":
            self.delegate()
        current: dict[Key, int | None] = {}
        for key, places in self.defs.items():
            if key.startswith("*"):
                current[key] = places[-1] + 1
            else:
                intact = self.fresh is None or key in self.fresh
                current[key] = places[-1] + 1 if intact else None
        for name in self.plan.delegated:
            current[name] = 0
        self.plan.intact = {n for n, v in self.wants if current.get(n) == v and n not in self.plan.delegated}
        for p in range(self.count - 1, -1, -1):
            node = self.nodes[p]
            self.bring_back(moment(self.count, p, False), current)
            if isinstance(node, Step):
                self.step_back(p, node, current)
            self.bring_back(moment(self.count, p, True), current)
            if not isinstance(node, Step):
                for key in self.planner.defined(node):
                    if key.startswith("*"):
                        undone = any(id(s) in self.planner.undo for s in statements((node.stmt,)))
                        current[key] = self.version(key, p) if undone else None
                    elif key in self.bound_by(p):
                        inner = self.plan.inner.get(p, ())
                        back = isinstance(node, Round) and inner and inner[0].final.get(key) == 0
                        current[key] = self.version(key, p) if back else None
        self.plan.final = {k: v for k, v in current.items() if v is not None and not k.startswith("*")}

    def delegate(self) -> None:
        """An entry version that is the only one wanted is restored by the block around, which has it."""
        for name in sorted({n for n, _ in self.wants}):
            if [v for n, v in self.wants if n == name] == [0]:
                self.plan.delegated.add(name)

    def step_back(self, p: int, node: Step, current: dict[Key, int | None]) -> None:
        for key in self.planner.defined(node):
            if key.startswith("*"):
                current[key] = self.version(key, p) if p in self.plan.undone else None

    def bring_back(self, at: int, current: dict[Key, int | None]) -> None:
        restores: list[Restore] = []
        progress = True
        while progress:
            progress = False
            for name, version in self.next_wanted(at):
                if current.get(name) == version or self.clobbered(name, at, self.wants[name, version][0]):
                    continue
                definition = self.definition(name, version)
                inverse = self.inverse(name, version, current, at)
                if inverse is not None:
                    restores.append(Restore(name, version, inverse))
                    for other in _targets(inverse.target):
                        current[other] = (
                            version if other == name else self.version(other, self.overwriter(name, version))
                        )
                elif definition is None:
                    self.plan.saves.add((name, version))
                    restores.append(Restore(name, version))
                elif self.all_there(definition, version - 1, current):
                    restores.append(Restore(name, version, definition))
                    self.planner.recomputed.add(id(definition))
                else:
                    continue
                current[name] = version
                progress = True
        if restores:
            self.plan.restores[at] = restores
        p = self.count - 1 - at // 2
        for key in sorted(self.needs.get(at, ())):
            if key in self.defs and current.get(key) != self.version(key, p if at % 2 else p + 1):
                self.give_up(key, self.version(key, p if at % 2 else p + 1))

    def overwriter(self, name: str, version: int) -> int:
        """The position of the statement that overwrites a version."""
        return min((q for q in self.defs[name] if q >= version), default=-1)

    def inverse(self, name: str, version: int, current: dict[Key, int | None], at: int) -> Assign | None:
        """The swap that undoes the permutation by which a version was overwritten, if its results are all there and
        not needed any more."""
        q = self.overwriter(name, version)
        node = self.nodes[q] if q >= 0 else None
        if not isinstance(node, Step) or not isinstance(node.stmt, Assign):
            return None
        target, value = node.stmt.target, node.stmt.value
        if not (isinstance(target, Display) and isinstance(value, Display)):
            return None
        if not all(isinstance(v, Name) for v in value.items) or set(target.items) != set(value.items):
            return None
        for n in _targets(target):
            still = self.wants.get((n, q + 1))
            if current.get(n) != q + 1 or (still is not None and still[1] >= at):
                return None
            if q + 1 == self.defs[n][-1] + 1 and self.kind != "top":
                self.plan.intact.add(n)
        source = dict(zip(value.items, target.items, strict=True))
        return Assign(target, replace(value, items=tuple(source[t] for t in target.items)))

    def next_wanted(self, at: int) -> list[tuple[str, int]]:
        """For each variable the version that is read next, definitions in program order, saved versions first."""
        chosen: dict[str, tuple[int, int]] = {}
        for (name, version), (first, last) in self.wants.items():
            if last >= at and (name not in chosen or first < chosen[name][0]):
                chosen[name] = (first, version)
        found = [(name, version) for name, (_, version) in chosen.items()]
        return sorted(found, key=lambda nv: (self.definition(*nv) is not None, nv[1], nv[0]))

    def clobbered(self, name: str, at: int, first: int) -> bool:
        """Whether a reversed loop or branch still to come binds the variable before it is read."""
        for p in self.defs.get(name, ()):
            if at <= moment(self.count, p, True) < first and name in self.bound_by(p):
                return True
        return False

    def bound_by(self, p: int) -> set[str]:
        """The variables that the reversal of the compound statement at `p` binds."""
        if p not in self.bound:
            node = self.nodes[p]
            blocks = (
                [node.body, node.orelse] if isinstance(node, Fork) else [node.body] if isinstance(node, Round) else []
            )
            found: set[str] = set()
            for inner, block in zip(self.plan.inner.get(p, ()), blocks, strict=False):
                found |= rebound(inner, block)
            if isinstance(node, Round) and isinstance(node.stmt, For):
                found |= set(_targets(node.stmt.target))
            self.bound[p] = found
        return self.bound[p]

    def all_there(self, definition: Assign, p: int, current: dict[Key, int | None]) -> bool:
        return all(k not in self.defs or current.get(k) == self.version(k, p) for k in self.operands(definition))

    def give_up(self, key: Key, version: int) -> None:
        """What is needed is not there: recompute less, and plan again."""
        if key.startswith("*") and self.planner.recomputed != self.planner.marked_for:
            raise _Again  # more is recomputed than the writes to take back were marked for
        node = self.nodes[version - 1] if version else None
        if (
            node is not None
            and isinstance(node, Step)
            and id(node.stmt) not in self.planner.banned
            and not key.startswith("*")
        ):
            self.planner.banned.add(id(node.stmt))
            raise _Again
        if not key.startswith("*"):
            # a version wanted in two places at once: stop recomputing whatever wants it in the second place
            for other in self.nodes:
                if isinstance(other, Step) and id(other.stmt) in self.planner.recomputed - self.planner.banned:
                    self.planner.banned.add(id(other.stmt))
                    self.planner.recomputed.discard(id(other.stmt))
                    raise _Again
        for other in self.nodes:
            if (
                isinstance(other, Fork)
                and id(other.stmt) not in self.planner.bool_tests
                and key in self.planner.keys(other.stmt.test)
            ):
                self.planner.bool_tests.add(id(other.stmt))
                raise _Again
        raise AssertionError(f"no way to have {key} (version {version}) where the reverse sweep reads it")


def _targets(target: Expr) -> list[str]:
    match target:
        case Name(id=name):
            return [name]
        case Display(items=items):
            return [n for item in items for n in _targets(item)]
    return []


def _base_name(place: Expr) -> str:
    match place:
        case Name(id=name):
            return name
        case Item(base=base):
            return _base_name(base)
        case Call(args=(first, *_)):
            return _base_name(first)
    raise TypeError(f"not a place: {place!r}")


def _mentions(s: Stmt, name: str) -> int:
    from ..ir.walk import expressions

    return sum(1 for inner in statements((s,)) for e in expressions(inner) if name in names(e))
