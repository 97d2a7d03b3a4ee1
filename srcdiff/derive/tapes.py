"""Where values are kept between the sweeps: second names, lists, arrays indexed by the loop variable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..ir.nodes import Assign, Call, Const, Display, Effect, Expr, For, Item, Kept, Name, Object, Origin, Stmt
from ..ir.types import TAPE, Dim, ListOf, Num, Type
from ..normalise.iteration import range_bounds
from ..rules.typing import Typer
from .acts import Round
from .nests import MAX, Nest
from .plan import Planner
from .prepare import Ready
from .schedule import BlockPlan
from .stacks import DTYPES, EMPTY, stack_of

APPEND = Object(list.append, "append")
POP = Object(list.pop, "pop")
HUGE = 1_000_000  # numbers


@dataclass(frozen=True)
class Tape:
    """Where a value is kept: a second name, a preallocated array indexed by the loop variables, or a list.

    `rows` says that a preallocated array keeps arrays."""

    name: str
    index: tuple[str, ...] = ()
    is_list: bool = False
    rows: bool = False
    origin: Origin | None = field(default=None, compare=False)  # the statement that has computed the value

    def push(self, value: Expr) -> Stmt:
        origin = Kept.of(self.origin)
        if self.is_list:
            return Effect(Call(APPEND, (Name(self.name), value)), origin)
        return Assign(self.place(), value, origin)

    def pop(self) -> Expr:
        return Call(POP, (Name(self.name),)) if self.is_list else self.place()

    def place(self) -> Expr:
        match self.index:
            case ():
                return Name(self.name)
            case (one,):
                return Item(Name(self.name), Name(one))
        return Item(Name(self.name), Display("tuple", tuple(map(Name, self.index))))


class Tapes:
    """The tapes of a derivative, each made on first use: in front of the outermost loop around its save."""

    def __init__(self, ready: Ready, planner: Planner, primal: dict[str, str]) -> None:
        self.ready, self.planner, self.primal = ready, planner, primal
        self.types, self.fresh = ready.types, ready.fresh
        self.tapes: dict[tuple[int, object], Tape] = {}
        self.allocations: dict[int, list[Stmt]] = {}  # by id of the outermost loop
        self.bounds: dict[int, Expr] = {}  # the name of a loop's bound, by id of the loop
        self.counters: dict[int, str] = {}  # the variable of a loop that has none of its own, by id of the loop
        self.before: dict[int, set[str]] = {}  # what is surely assigned in front of an outermost loop
        self.indexed = False  # whether the values of nested loops are kept in arrays, too
        self.held: dict[tuple[int, str, int], str] = {}  # what was popped and is brought back again
        self.sure: dict[tuple[int, int], set[str]] = {}  # what is surely assigned in front of a node
        self.unset: dict[str, None] = {}  # variables that may be saved before they are assigned

    # ------------------------------------------------------------------------------------------------------ tapes

    def tape(
        self,
        plan: BlockPlan,
        key: object,
        wish: str,
        type_: Type,
        loops: tuple[Round, ...],
        origin: Origin | None = None,
        copied: bool = False,
    ) -> Tape:
        """The tape of one save, made on first use; `origin` is the statement that computes what is saved, `copied` says
        that elements are, and not which array it is."""
        known = self.tapes.get((id(plan), key))
        if known is not None:
            return known
        user = self.ready.user_name.get(wish, wish)
        origin = origin or self.ready.function.origin
        if not loops:
            made = Tape(self.fresh(f"{user}_was"), origin=origin)
        else:
            name = self.fresh(f"{user}_tape")
            where = self.allocations.setdefault(id(loops[0].stmt), [])
            written = not copied and (wish in self.planner.shadow_names or self.ready.aliases.mutable(wish))
            index, shape = self.index(loops, type_, written)
            if index:
                assert isinstance(type_, Num)
                made = Tape(name, index, False, len(shape) > len(index), origin)
                self.ready.tapes.add(name)
                where.append(Assign(Name(name), self.buffer(shape, type_)))
            else:
                made = Tape(name, is_list=True, origin=origin)
                apart = self.planner.apart  # then compiled code does not see what is pushed where it is made
                where.append(Assign(Name(name), stack_of((type_,)) if apart else Display("list", (), form=TAPE)))
        self.ready.user_name[made.name] = f"{user}_tape" if loops else f"{user}_was"
        self.types[made.name] = self.tape_type(made, type_)
        self.tapes[id(plan), key] = made
        return made

    def tape_type(self, tape: Tape, type_: Type) -> Type:
        if tape.is_list:
            return ListOf(type_, tape=True)
        if not tape.index:
            return type_
        assert isinstance(type_, Num)
        own = (Dim(None),) * len(tape.index)
        return Num(type_.dtype, len(own) + len(type_.shape), own + type_.shape, contiguous=True)

    def index(self, loops: tuple[Round, ...], type_: Type, written: bool) -> tuple[tuple[str, ...], list[Expr]]:
        """The loop variables that index a preallocated tape, and its shape; nothing where there are to be lists.

        What is kept of an array that is written in place, or of its adjoint, is which array it is: that takes a list.

        Python's own numbers are faster in lists: there only a single loop that counts up from a literal has an array.
        """
        nothing: tuple[tuple[str, ...], list[Expr]] = ((), [])
        if not isinstance(type_, Num) or type_.ndim is None:
            return nothing
        s = loops[0].stmt
        sized = isinstance(s, For) and self.counts_from_literal(s) and not (loops[0].trips and self.is_huge(s))
        if type_.ndim == 0 and len(loops) == 1 and sized:
            assert isinstance(s, For)
            assert isinstance(s.target, Name)
            bound = self.bound(s)
            return (s.target.id,), [
                Call(MAX, (bound, Const(0))) if self.is_argument(bound) and not self.is_natural(bound) else bound
            ]
        if not self.indexed or (written and type_.ndim) or (type_.dtype != "float64" and type_.dtype not in DTYPES):
            return nothing
        nest = Nest(loops, self.types, self.before[id(s)])
        shape, own = nest.shape(), nest.lengths(type_)
        if shape is None or own is None:
            return nothing
        return tuple(self.counter(loop) for loop in loops), [*shape, *own]

    def counts_from_literal(self, s: For) -> bool:
        assert isinstance(s.iter, Call)
        start, stop, step = range_bounds(s.iter)
        small = isinstance(start, Const) and isinstance(start.value, int) and 0 <= start.value <= 2
        is_length = self.is_natural(stop) or self.is_argument(stop)
        return small and step == Const(1) and is_length and s.target != Name("_")

    def is_huge(self, s: For) -> bool:
        """Whether the number of trips is a literal beyond what a loop that may be left early should reserve."""
        assert isinstance(s.iter, Call)
        stop = range_bounds(s.iter)[1]
        return isinstance(stop, Const) and stop.value > HUGE

    def is_natural(self, e: Expr) -> bool:
        return Nest((), self.types, set()).is_natural(e)

    def is_argument(self, e: Expr) -> bool:
        """Whether this is a whole number that the caller gives (a negative one, too: then the loop makes no trips)."""
        type_ = self.types.get(e.id) if isinstance(e, Name) else None
        known = type_.value if isinstance(type_, Num) else None
        return isinstance(known, Dim) and isinstance(known.token, tuple) and known.token[0] == "argument"

    def bound(self, s: For) -> Expr:
        """The end of a loop, under a name if it is more than a name."""
        assert isinstance(s.iter, Call)
        _, stop, _ = range_bounds(s.iter)
        if id(s) not in self.bounds and not isinstance(stop, Name | Const):
            name = self.number("n")
            self.types[name] = Typer(self.types)(stop)
            self.allocations[id(s)].insert(0, Assign(Name(name), stop))
            self.bounds[id(s)] = Name(name)
        return self.bounds.get(id(s), stop)

    def counter(self, loop: Round) -> str:
        """The variable of a loop, with a name that can be read."""
        s = loop.stmt
        assert isinstance(s, For)
        assert isinstance(s.target, Name)
        if s.target.id != "_":
            return s.target.id
        name = self.counters.get(id(s))
        if name is None:
            name = self.counters[id(s)] = self.number("t")
        return name

    def number(self, wish: str) -> str:
        """A new variable for a whole number."""
        name = self.fresh(wish)
        self.ready.user_name[name] = wish
        self.types[name] = Num("int64", weak=True)
        return name

    def header(self, s: For) -> For:
        """A loop with a variable that tapes are indexed with."""
        name = self.counters.get(id(s))
        return s if name is None else replace(s, target=Name(name))

    def buffer(self, shape: list[Expr], type_: Num) -> Expr:
        size = shape[0] if len(shape) == 1 else Display("tuple", tuple(shape))
        dtype = DTYPES.get(type_.dtype)
        return Call(EMPTY, (size,) if dtype is None else (size, Object(dtype, f"np.{dtype.__name__}")))
