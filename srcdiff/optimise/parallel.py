"""Loops with independent trips run on several cores: which ones, and why others do not.

Of loops in each other the outermost one that is independent is taken; what is in it stays as it is. Loops next to which
others do more are left alone, and what is left has to be worth it for the arguments of a call (`work`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..errors import NotParallel
from ..ir.nodes import Assign, Block, Call, Const, Expr, For, Function, Name, Stmt, While
from ..ir.types import Num, Type
from ..ir.walk import map_stmt, mentioned, statements
from ..normalise.iteration import range_bounds
from ..rules.typing import TypeProblem
from .amounts import Amount, Sized
from .chunked_tapes import ChunkedTapes
from .chunks import CHUNKS, Chunks, has_parts
from .dead import Liveness
from .filled import Filled
from .independence import Nest, Obstacle, Sums
from .inside import Indices
from .storage import Storage
from .work import Region, Work, as_large

_FIX = "leave out `parallel`, or keep what a trip computes apart from what the others do"


@dataclass
class Parallel:
    """What came of the loops of a module: the functions in which some run in parallel, each with the nanoseconds by
    which what these do exceeds what makes up for their starts, and what kept the others from it."""

    gains: list[tuple[Function, dict[str, Type], Amount]] = field(default_factory=list)
    obstacles: list[TypeProblem] = field(default_factory=list)

    def gain(self, names: list[str]) -> Sized | None:
        """That of a module, for the arguments of these names; None where other functions have parallel loops, too."""
        match self.gains:
            case [(function, types, amount)] if [p.name for p in function.params][: len(names)] == names:
                return amount.for_arguments(map(types.get, names))
        return None

    def problems(self) -> list[TypeProblem]:
        """Why there is no parallel loop at all; empty if there is one."""
        if self.gains:
            return []
        what = "a function without a loop"
        why = "jit={'parallel': True} runs the trips of a loop on several cores"
        return self.obstacles or [TypeProblem(NotParallel, what, why, "leave out `parallel`")]


def in_parallel(
    function: Function,
    types: dict[str, Type],
    wished: dict[str, str],
    outcome: Parallel,
    indices: Indices,
    filled: Filled,
) -> Function:
    """The function with its outermost independent loops in chunks that run on several cores; each has those of the
    arrays that it has `filled` for itself."""
    tapes, decided = ChunkedTapes.of(function, types), _Decision(function, types, frozenset(), filled)
    while tapes.names:
        decided = _Decision.of(function, types, tapes.names, filled)
        fit = tapes.within(decided.independent(), decided.storage)
        if fit == tapes:
            break
        tapes = fit
    if not tapes.names:
        decided = _Decision.of(function, types, frozenset(), filled)
    if decided.independent():
        outcome.gains.append((function, types, decided.gain()))
    outcome.obstacles += decided.problems(wished)
    chunks = Chunks(function, indices, wished, tapes.names)
    moved = {name for s in decided.independent() for name in decided.own.get(id(s), ())}

    def block(body: Block, around: tuple[For | While, ...]) -> Block:
        out: list[Stmt] = []
        for s in body:
            match s, decided.verdicts.get(id(s)):
                case For(), Sums() as sums:
                    out += chunks.of(s, sums, around, decided.own.get(id(s), {}))
                case Assign(target=Name(id=name)), _ if name in moved:
                    pass
                case ((For() | While()), _):
                    out.append(replace(s, body=block(s.body, (*around, s))))
                case _:
                    out.append(map_stmt(chunks.made(s), lambda e: e, lambda b: block(b, around)))
        return tuple(out)

    return replace(function, body=block(function.body, ()))


class _Decision(Liveness):
    """A walk that looks at each loop, knowing what is read after it."""

    decides = True

    def __init__(self, function: Function, types: dict[str, Type], tapes: frozenset[str], filled: Filled) -> None:
        super().__init__(types, set())
        self.tapes, self.filled = tapes, filled
        self.storage = Storage(function, types)
        self.around: tuple[For | While, ...] = ()  # the loops that the walk is in
        self.inside = False  # a loop that runs in parallel
        self.loops: dict[int, For | While] = {}
        self.verdicts: dict[int, Sums | Obstacle] = {}  # by the id of the loop; the last one counts
        self.own: dict[int, dict[str, Expr]] = {}  # arrays that each chunk of a loop needs for itself, in the same way
        self.regions: dict[int, Region] = {}  # the loops that are independent, in the same way
        self.work = Work(function, types)

    @classmethod
    def of(cls, function: Function, types: dict[str, Type], tapes: frozenset[str], filled: Filled) -> _Decision:
        """All loops of a function, if these lists and arrays are no reason against one."""
        found = cls(function, types, tapes, filled)
        found.block(function.body, set())
        found.leave_slight_ones()
        return found

    def independent(self) -> list[For]:
        loops = [self.loops[key] for key, verdict in self.verdicts.items() if isinstance(verdict, Sums)]
        return [s for s in loops if isinstance(s, For)]

    def leave_slight_ones(self) -> None:
        """Leave loops with little to do to one core, where others do more."""
        regions = [self.regions[id(s)] for s in self.independent()]
        for r in self.work.slight([r for r in regions if not mentioned(r.loop.body) & self.tapes]):
            self.verdicts[id(r.loop)] = Obstacle("it has less to do than others", r.loop)

    def gain(self) -> Amount:
        return self.work.gain([self.regions[id(s)] for s in self.independent()])

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        if self.inside or self.settling:
            return super().loop(s, live)
        self.loops[id(s)] = s
        verdict = self.verdicts[id(s)] = self.verdict(s, live)
        outer, self.around = self.around, (*self.around, s)
        self.inside = isinstance(verdict, Sums)
        if isinstance(s, For) and isinstance(verdict, Sums):
            self.regions[id(s)] = Region(s, outer, verdict)
        found = super().loop(s, live)
        self.inside, self.around = False, outer
        return found

    def verdict(self, s: For | While, live: set[str]) -> Sums | Obstacle:
        if isinstance(s, While):
            return Obstacle("how many trips it has is only known when it ends", s)
        found = self.too_little(s) or self.independence(s, live, self.tapes)
        own = self.filled.by(s) if isinstance(found, Obstacle) else {}
        if own and isinstance(apart := self.independence(s, live, self.tapes | own.keys()), Sums):
            self.own[id(s)], found = own, apart
        if isinstance(found, Sums):
            return found.mixed or self.unknown(s, found) or _copies(s, found) or found
        return found

    def independence(self, s: For, live: set[str], own: frozenset[str]) -> Sums | Obstacle:
        return Nest(s, live, self.types, self.storage, self.around, own).verdict()

    def too_little(self, s: For) -> Obstacle | None:
        """Why it makes no sense to run a loop in parallel, or no chunks can be made."""
        assert isinstance(s.iter, Call)
        start, stop, step = range_bounds(s.iter)
        if not isinstance(step, Const):
            return Obstacle("its step is only known when it runs", s)
        if isinstance(start, Const) and isinstance(stop, Const):
            count = len(range(start.value, stop.value, step.value))
            if count < CHUNKS:
                return Obstacle(f"it has {count} trips only", s)
        if len(self.around) > 1 and not any(isinstance(i, For | While) for i in statements(s.body)):
            return Obstacle("it is the innermost of several loops, with too little to do each time", s)
        return None

    def unknown(self, s: For, sums: Sums) -> Obstacle | None:
        """What has no kind that an array of partial sums could be made for."""
        for name in (*sums.scalars, *sums.arrays):
            type_ = self.types.get(name)
            if not isinstance(type_, Num) or not has_parts(type_):
                return Obstacle("the kind of `{}` is not known", s, name)
        return None

    def problems(self, wished: dict[str, str]) -> list[TypeProblem]:
        """Why loops do not run in parallel: one reason for each loop of the user's, in their order (that of the forward
        sweep, which is met last, where both sweeps have the loop)."""
        found: dict[object, TypeProblem] = {}
        for key, verdict in self.verdicts.items():
            loop = self.loops[key]
            if isinstance(verdict, Obstacle):
                found[loop.origin] = _problem(loop, verdict, wished)
        return sorted(found.values(), key=_place)


def _copies(s: For, sums: Sums) -> Obstacle | None:
    """An array that would take more to copy for each chunk than the loop takes."""
    large = next((name for name in sums.arrays if as_large(s, name)), None)
    why = "its trips add to elements of `{}` that others add to, and copies of it for each core cost more than the loop"
    return None if large is None else Obstacle(why, s, large)


def _problem(loop: For | While, obstacle: Obstacle, wished: dict[str, str]) -> TypeProblem:
    own, s = loop.origin or loop.adjoint_of, obstacle.statement
    head = "" if own is None else own.text.partition("\n")[0].strip().rstrip(":")
    why = obstacle.why.format(wished.get(obstacle.name, obstacle.name))
    if s is not None and s is not loop and s.adjoint_of is not None:
        why = f"{why} (in the reverse sweep)"
    problem = TypeProblem(NotParallel, f"the trips of the loop `{head}` are not known to be independent", why, _FIX)
    problem.origin = own if s is None else s.origin or s.adjoint_of or own
    return problem


def _place(problem: TypeProblem) -> tuple[str, int, int]:
    origin = problem.origin
    return ("", 0, 0) if origin is None else (origin.file, origin.span.line, origin.span.column)
