"""The needs of one block: which versions of which variables its reversal reads, and when."""

from __future__ import annotations

from collections.abc import Set

from ..ir.nodes import Assign, For, Name, Update, While
from ..ir.walk import names, targets
from .acts import Act, Fork, Node, Round, Step
from .choices import Choices
from .schedule import BlockPlan, Key, moment


class Blocks(Choices):
    """The choices, and a way to plan an inner block."""

    def block(
        self, nodes: list[Node], fresh: set[str] | None, kind: str, in_loop: bool, at_end: Set[Key] = frozenset()
    ) -> BlockPlan:
        raise NotImplementedError


class Needs:
    """What the reversal of one block reads, statement by statement, and which versions that makes wanted."""

    def __init__(
        self,
        planner: Blocks,
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

    def prepare(self, at_end: Set[Key]) -> None:
        """`at_end` is read as it was on entry to the block, when its reversal ends."""
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
                    self.need(after, self.planner.act_keys(node.before) | self.loop_keys(node))
                    inner = self.loop_body(node, p)
                    self.plan.inner[p] = (inner,)
                    for name in inner.intact:
                        self.need(after, {name})
                        self.want(name, p + 1, before)
                    own = set(targets(node.stmt.target)) if isinstance(node.stmt, For) else set()
                    self.need(before, {k for k in inner.outer if k not in own})
        self.need(moment(self.count, -1, False), set(at_end))
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
            self.need(before, self.planner.undo_keys(s))

    def loop_body(self, node: Round, p: int) -> BlockPlan:
        """The plan for one trip. A variable that every reversed trip leaves as the forward trip found it is there
        when the next reversed trip begins, as the forward trip left it: it goes round in a ring."""
        own = set(targets(node.stmt.target)) if isinstance(node.stmt, For) else set()
        ring = {
            key
            for key, places in self.defs.items()
            if places[-1] == p and not key.startswith("*") and (self.fresh is None or key in self.fresh)
        }
        ring -= own | {node.trips or ""}
        while True:
            inner = self.planner.block(node.body, set(ring), "trip", True, self.end_keys(node.end))
            broken = {n for n in ring & inner.intact if inner.final.get(n) != 0}
            if not broken:
                return inner
            ring -= broken

    def end_keys(self, acts: list[Act]) -> set[Key]:
        """What the acts that close a reversed trip or branch read of what the variables held when it began."""
        return {k for k in self.planner.act_keys(acts) if not self.planner.has_one_shape(k)}

    def loop_keys(self, node: Round) -> set[Key]:
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
            inner = tuple(
                planner.block(b, set(fresh), "branch", self.in_loop, self.end_keys(end))
                for b, end in zip((node.body, node.orelse), node.ends, strict=True)
            )
            # what is set back to its value before the branch is not fresh any more when a side is reversed
            set_back = {k for i in inner for k in i.outer | i.delegated} & fresh
            if not set_back:
                break
            fresh -= set_back
        self.plan.inner[p] = inner
        for i in inner:
            for key in i.outer | i.delegated:
                # what only the other side changes is still what it was, if this side was taken
                there = key.startswith("*") or any(key in other.intact for other in inner)
                of_other_side = key in i.outer and key in written and there
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
            elif self.definition(self.version(key, p)) is None and not self.planner.at_hand(key, self.nodes):
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
        definition = self.definition(version)
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

    def definition(self, version: int) -> Assign | None:
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
