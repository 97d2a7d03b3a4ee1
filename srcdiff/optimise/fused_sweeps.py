"""A loop and its adjoint as one loop, where the trips of the adjoint are independent.

in:   for i in range(n):                        out:  for i in range(n):
          ...                                             ...
          root_tape[i] = root                             s += root
          s += root
      for i in range(n - 1, -1, -1):                      # reverse sweep of this trip
          root = root_tape[i]                             x_bar[i] += s_bar / (2.0 * root)
          x_bar[i] += s_bar / (2.0 * root)

Then what a trip has computed is at hand when its adjoint needs it, and what is kept is kept for one trip. It takes that
the adjoints of what the loop leaves behind (here `s_bar`) are known before the loop runs.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Set
from dataclasses import replace

from ..analysis.dependence import At
from ..ir.callee import called, helper_of, is_opaque
from ..ir.nodes import TRIP, Assign, Block, Break, Call, Comment, Effect, Expr, For, Function, If, Name, Return, Stmt
from ..ir.types import Num, Type
from ..ir.walk import (
    assigned,
    expressions,
    is_call_of,
    map_stmt,
    mentioned,
    rebuild,
    rename,
    statements,
    subexprs,
    targets,
)
from .chunked_tapes import ChunkedTapes, is_reverse, moves
from .dead import has_effect
from .independence import Nest, Obstacle, exposed_reads, known_in
from .length_checks import is_check
from .lowering.effects import Summary, summary
from .storage import Storage
from .tape_rows import Kept, is_conditional, is_once, rows
from .trip_arrays import TripArrays, is_list_of_numbers


def fused(
    function: Function, types: dict[str, Type], wished: dict[str, str], tapes: Set[str], compiled: bool, parallel: bool
) -> Function:
    """The function with such pairs of loops as one. What goes onto lists and comes back keeps loops that are to run in
    `parallel` apart: then each core has lists of its own."""
    return _Fusion(function, types, wished, tapes, compiled, parallel).whole()


class _Fusion:
    def __init__(
        self,
        function: Function,
        types: dict[str, Type],
        wished: dict[str, str],
        tapes: Set[str],
        compiled: bool,
        parallel: bool,
    ) -> None:
        self.function, self.types, self.wished, self.tapes = function, types, wished, tapes
        self.compiled, self.parallel = compiled, parallel
        self.storage = Storage(function, types)
        self.lists = ChunkedTapes.of(function, types, compiled=False).names
        self.known = _known(function, self.lists)
        self.moves = Counter(moves(function.body))
        self.kept = Kept(function, types, wished, tapes | self.lists)

    def whole(self) -> Function:
        if not self.tapes and not self.lists:
            return self.function
        body = self.block(self.function.body, set(), ())
        if self.parallel:
            body = self.kept.whole_again(body)
        return replace(self.function, body=self.kept.applied(body))

    def block(self, block: Block, live: set[str], around: tuple[For, ...]) -> Block:
        """A block, behind which `live` are read, with its pairs of loops as one."""
        body = list(block)
        k = 0
        while k < len(body):
            s = body[k]
            partner = self.partner(body, k) if isinstance(s, For) else None
            together = None
            if partner is not None:
                after = exposed_reads(tuple(body[k + 1 :]), set())[0] | live
                together = self.together(body[partner : k + 1], after, around)
            if together is None or partner is None:
                k += 1
                continue
            body[partner : k + 1] = together
            k = partner + len(together)
        return _without_idle_heading(tuple(body))

    def partner(self, body: list[Stmt], k: int) -> int | None:
        """Where the loop stands that keeps what this one takes back."""
        back = body[k]
        assert isinstance(back, For)
        taken = mentioned(back.body) & (self.tapes | self.lists)
        for j in range(k - 1, -1, -1):
            s = body[j]
            if isinstance(s, For) and mentioned(s.body) & taken:
                return j if not s.orelse and isinstance(s.target, Name) and is_reverse(s, back) else None
        return None

    def together(self, body: list[Stmt], live: set[str], around: tuple[For, ...]) -> list[Stmt] | None:
        """The statements for two loops and all between them; None where trips cannot be taken in turns."""
        first, back = body[0], body[-1]
        assert isinstance(first, For)
        assert isinstance(back, For)
        second = self.apart(first, _with_counter(back, first), live)
        if second is None or not self.is_plain(first):
            return None
        own = self.own(first, second)
        if own is None or not self.may_fuse(first, second, own, live, around):
            return None
        between = self.between(body[1:-1], first, second)
        arrays = self.arrays(own, first, second)
        if between is None or arrays is None:
            return None
        first, second = arrays.written(first), arrays.written(second)
        loop = replace(first, body=(*first.body, Comment(TRIP, blank=True), *second.body))
        self.kept.makers |= {name: arrays.made(name, made) for name in arrays.pairs if (made := self.kept.makers[name])}
        for tape in sorted(own - arrays.pairs.keys()):
            loop = self.kept.for_one_trip(tape, loop)
        loop = replace(loop, body=self.computed_once(loop.body))
        inner = exposed_reads(loop.body, set())[0] | live
        ahead, behind = between
        return [*ahead, replace(loop, body=self.block(loop.body, inner, (*around, loop))), *behind]

    # ------------------------------------------------------------------------------------------------- legality

    def apart(self, first: For, second: For | None, live: set[str]) -> For | None:
        """The second loop with names of its own for variables that the first one passes on to later trips. (What it
        brings back of those that are `live` behind it, it has to bring back.)"""
        if second is None:
            return None
        exposed = exposed_reads(second.body, set())[0]
        passed_on = exposed_reads(first.body, set())[0] & assigned(second.body) - exposed - live
        others = {name: self.kept.another(name) for name in sorted(passed_on)}
        return replace(second, body=rename(second.body, others)) if others else second

    def is_plain(self, loop: For) -> bool:
        """Whether a loop ends with its last trip, and calls nothing that is not looked into."""
        if _ends_early(loop.body):
            return False
        for s in statements(loop.body):
            if isinstance(s, Return) or (isinstance(s, Effect) and not is_check(s) and not _is_push(s)):
                return False
            for part in (part for e in expressions(s) for part in subexprs(e)):
                if called(part) is not None or helper_of(part) is not None or is_opaque(part):
                    return False
        return True

    def own(self, first: For, second: For) -> frozenset[str] | None:
        """The lists and arrays through which each trip of the second loop takes what that trip of the first one has
        kept; None if there are others."""
        lists = self.own_lists(first, second)
        if lists is None or (lists and self.parallel):
            return None
        own = lists | rows(self.function.body, first, second, self.tapes)
        if self.parallel and any(self.is_number(tape) and is_conditional(tape, first.body) for tape in own):
            return None  # a variable that some trips leave as it is would pass on to them what others have
        both = mentioned(first.body) & mentioned(second.body) & (self.tapes | self.lists)
        return own if both <= own else None

    def is_number(self, tape: str) -> bool:
        """Whether a tape keeps one number for each trip."""
        type_ = self.types[tape]
        return isinstance(type_, Num) and type_.ndim == 1

    def arrays(self, own: frozenset[str], first: For, second: For) -> TripArrays | None:
        """The lists that become arrays; None if there are others, for which compiled code would ask for memory."""
        found = TripArrays(first, second, self.types, self.known)
        if self.compiled:
            both = (*first.body, *second.body)
            for name in sorted(own & self.lists):
                if not is_once(name, both) and not found.fits(name) and is_list_of_numbers(self.types[name]):
                    return None
        return found

    def own_lists(self, first: For, second: For) -> frozenset[str] | None:
        """The lists that the first loop alone fills and the second one alone empties; None where others do, too."""
        everywhere, pushed, popped = self.moves, *(Counter(moves(b)) for b in (first.body, second.body))
        found = {name for _, name in (*pushed, *popped)}
        if not found <= self.lists:
            return None
        for name in found:
            for is_push, here in ((True, pushed), (False, popped)):
                if here[is_push, name] != everywhere[is_push, name] or here[not is_push, name]:
                    return None
        return frozenset(found)

    def may_fuse(self, first: For, second: For, own: frozenset[str], live: set[str], around: tuple[For, ...]) -> bool:
        """Whether the trips of the second loop are independent, and none is in the way of another trip of the first."""
        if isinstance(Nest(second, live, self.types, self.storage, around, own).verdict(), Obstacle):
            return False
        one, other = assigned(first.body), assigned(second.body)
        if exposed_reads(second.body, set())[0] & one - own or exposed_reads(first.body, set())[0] & other - own:
            return False
        whole = replace(first, body=(*first.body, *second.body))
        nest = Nest(whole, live, self.types, self.storage, around, own)
        if first.target == Name("_") or set(targets(first.target)) & nest.bound:
            return False
        if self.parallel and isinstance(nest.verdict(), Obstacle):
            return False
        known = known_in((*around, whole), self.types)
        way = (*(At(0, loop) for loop in around), At(0, whole))
        ours = {where for where, accesses in nest.classes().items() if nest.are_own(accesses)}
        for x in self.storage.accesses(first.body, way):
            for y in self.storage.accesses(second.body, way):
                where = self.storage.find(x.name)
                if where in ours or where != self.storage.find(y.name) or x.kind == y.kind == "read":
                    continue
                if nest.meet(x, y, known):
                    return False
        return True

    def computed_once(self, body: Block) -> Block:
        """The body of such a loop without what its second part computes again though it is there."""
        out: list[Stmt] = []
        for s in body:
            if s not in out or not isinstance(s, Assign) or not isinstance(s.target, Name) or has_effect(s.value):
                out.append(s)
                continue
            since = tuple(out[len(out) - out[::-1].index(s) :])
            changed = assigned(since) | {
                self.storage.find(a.name) for a in self.storage.accesses(since) if a.kind != "read"
            }
            if s.target.id in changed or self.storage.reads_any(s.value, changed) or self.makes_array(s):
                out.append(s)
        return tuple(out)

    def makes_array(self, s: Assign) -> bool:
        return any(self.storage.holds(n) for n in targets(s.target))

    # ---------------------------------------------------------------------------------------------------- moves

    def between(self, middle: list[Stmt], first: For, second: For) -> tuple[list[Stmt], list[Stmt]] | None:
        """The statements between the loops: those that go ahead since the second loop needs them, and those that come
        behind; None where they cannot."""
        forward, backward = (self.bare(s) for s in (first, second))
        needed = [backward]
        ahead: list[tuple[int, Stmt]] = []
        behind: list[tuple[int, Stmt]] = []
        effects = [summary(t, self.storage) for t in middle]
        for k in range(len(middle) - 1, -1, -1):
            t, effect = middle[k], effects[k]
            if isinstance(t, Comment) or (not is_check(t) and all(effect.commutes(n) for n in needed)):
                behind.insert(0, (k, t))
            elif effect.commutes(forward):
                needed.append(effect)
                ahead.insert(0, (k, t))
            else:
                return None
        for k, _ in ahead:
            if any(j < k and not effects[k].commutes(effects[j]) for j, t in behind if not isinstance(t, Comment)):
                return None
        return [t for _, t in ahead], [t for _, t in behind]

    def bare(self, loop: For) -> Summary:
        """What a loop does, where lists are like other variables."""

        def expr(e: Expr) -> Expr:
            if is_call_of(e, list.pop) and isinstance(e, Call):
                return e.args[0]
            return rebuild(e, expr)

        def stmt(s: Stmt) -> Stmt:
            if _is_push(s):
                assert isinstance(s, Effect)
                assert isinstance(s.value, Call)
                return Assign(s.value.args[0], s.value.args[1])
            return map_stmt(s, expr, lambda b: tuple(map(stmt, b)))

        found = summary(stmt(loop), self.storage)
        read = {self.storage.find(n) if self.storage.holds(n) else n for n in found.mentioned}
        return replace(found, fixed=False, read=found.read | (read if found.fixed else set()))


def _known(function: Function, lists: Set[str]) -> set[str]:
    """The variables that have one value from the place on where the first of some lists is made."""
    ahead = itertools.takewhile(lambda s: not set(assigned((s,))) & lists, function.body)
    found = {p.name for p in function.params}.union(*(targets(s.target) for s in ahead if isinstance(s, Assign)))
    return found & ChunkedTapes(function, frozenset()).fixed()


def _with_counter(second: For, first: For) -> For | None:
    """The second loop with the counter of the first one."""
    assert isinstance(first.target, Name)
    if not isinstance(second.target, Name):
        return None
    counter, own = first.target.id, second.target.id
    if counter == own:
        return second
    if counter in mentioned(second.body):
        return None
    return replace(second, target=first.target, body=rename(second.body, {own: counter}))


def _without_idle_heading(block: Block) -> Block:
    """A block without a heading under which nothing is left."""
    return block[:-1] if block and block[-1] == Comment(TRIP, blank=True) else block


def _ends_early(block: Block) -> bool:
    """Whether a block has a `break` of the loop that it is the body of."""
    for s in block:
        if isinstance(s, Break):
            return True
        if isinstance(s, If) and (_ends_early(s.body) or _ends_early(s.orelse)):
            return True
    return False


def _is_push(s: Stmt) -> bool:
    return isinstance(s, Effect) and is_call_of(s.value, list.append)
