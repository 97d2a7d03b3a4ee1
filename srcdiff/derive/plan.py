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

from collections.abc import Set
from dataclasses import replace

from ..ir.nodes import Assign, Display, For, Name
from ..ir.walk import statements, targets
from .acts import Fork, Node, Round, Step
from .needs import Blocks, Needs
from .schedule import Again, BlockPlan, Key, Restore, moment, rebound


class Planner(Blocks):
    """Plans the blocks of a mirrored program from the inside out, again and again until every choice holds."""

    def plan(self) -> BlockPlan:
        while True:
            self.cheap.clear()
            try:
                self.marked_for = set(self.recomputed)
                self.undo = self.mark_undone()
                extra = self.marked_for
                plan = self.block(self.nodes, set() if self.apart else None, "top", in_loop=False)
                if self.recomputed != extra:
                    continue  # more contents are read now: mark the writes again
                return plan
            except Again:
                continue

    def block(
        self, nodes: list[Node], fresh: set[str] | None, kind: str, in_loop: bool, at_end: Set[Key] = frozenset()
    ) -> BlockPlan:
        """`fresh` are the variables that still hold their last value of this block when its reversal begins (None:
        all of them); `kind` is "top", "branch" or "trip"; `at_end` is read, as it was on entry to the block, when the
        reversal ends."""
        plan = BlockPlan()
        walk = BlockWalk(self, nodes, fresh, kind, in_loop, plan)
        walk.prepare(at_end)
        walk.run()
        return plan


class BlockWalk(Needs):
    """The backward walk through one block."""

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
                        kept_up = self.planner.undo | self.planner.harmless
                        undone = any(id(s) in kept_up for s in statements((node.stmt,)))
                        current[key] = self.version(key, p) if undone else None
                    elif key in self.bound_by(p):
                        inner = self.plan.inner.get(p, ())
                        # (a loop of no trips leaves the name as it was when its reversal began)
                        back = isinstance(node, Round) and inner and inner[0].final.get(key) == 0
                        back = back and current.get(key) == p + 1
                        current[key] = self.version(key, p) if back else None
                        if back and (key, self.version(key, p)) in self.wants:
                            self.plan.intact.add(key)  # it is there only as long as the block's last value is
        self.bring_back(moment(self.count, -1, False), current)
        self.plan.final = {k: v for k, v in current.items() if v is not None and not k.startswith("*")}

    def delegate(self) -> None:
        """An entry version that is the only one wanted is restored by the block around, which has it."""
        for name in sorted({n for n, _ in self.wants}):
            if [v for n, v in self.wants if n == name] == [0]:
                self.plan.delegated.add(name)

    def step_back(self, p: int, node: Step, current: dict[Key, int | None]) -> None:
        for key in self.planner.defined(node):
            if key.startswith("*"):
                there = p in self.plan.undone or id(node.stmt) in self.planner.harmless
                current[key] = self.version(key, p) if there else None

    def bring_back(self, at: int, current: dict[Key, int | None]) -> None:
        restores: list[Restore] = []
        progress = True
        while progress:
            progress = False
            for name, version in self.next_wanted(at):
                if current.get(name) == version or self.clobbered(name, at, self.wants[name, version][0]):
                    continue
                definition = self.definition(version)
                inverse = self.inverse(name, version, current, at)
                if inverse is not None:
                    restores.append(Restore(name, version, inverse))
                    for other in targets(inverse.target):
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
        for n in targets(target):
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
        return sorted(found, key=lambda nv: (self.definition(nv[1]) is not None, nv[1], nv[0]))

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
                found |= set(targets(node.stmt.target))
            self.bound[p] = found
        return self.bound[p]

    def all_there(self, definition: Assign, p: int, current: dict[Key, int | None]) -> bool:
        return all(k not in self.defs or current.get(k) == self.version(k, p) for k in self.operands(definition))

    def give_up(self, key: Key, version: int) -> None:
        """What is needed is not there: recompute less, and plan again."""
        if key.startswith("*") and self.planner.recomputed != self.planner.marked_for:
            raise Again  # more is recomputed than the writes to take back were marked for
        node = self.nodes[version - 1] if version else None
        if (
            node is not None
            and isinstance(node, Step)
            and id(node.stmt) not in self.planner.banned
            and not key.startswith("*")
        ):
            self.planner.banned.add(id(node.stmt))
            raise Again
        if not key.startswith("*"):
            # two versions wanted at once: stop recomputing what wants the other one (or would, if it had to)
            for q in range(self.count):
                definition = self.definition(q + 1)
                if definition is not None and key in self.operands(definition) and self.version(key, q) != version:
                    self.planner.banned.add(id(definition))
                    self.planner.recomputed.discard(id(definition))
                    raise Again
        for other in self.nodes:
            if (
                isinstance(other, Fork)
                and id(other.stmt) not in self.planner.bool_tests
                and key in self.planner.keys(other.stmt.test)
            ):
                self.planner.bool_tests.add(id(other.stmt))
                raise Again
        raise AssertionError(f"no way to have {key} (version {version}) where the reverse sweep reads it")
