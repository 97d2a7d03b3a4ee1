"""Where values are kept between the sweeps: second names, lists, arrays indexed by the loop variable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..ir.nodes import Assign, Call, Const, Display, Effect, Expr, For, Item, Name, Object, Stmt
from ..ir.types import TAPE, Dim, ListOf, Num, Type
from ..normalise.iteration import range_bounds
from .acts import Round
from .plan import Planner
from .prepare import Ready
from .schedule import BlockPlan
from .stacks import DTYPES, EMPTY, stack_of

APPEND = Object(list.append, "append")
POP = Object(list.pop, "pop")


@dataclass(frozen=True)
class Tape:
    """Where a value is kept: a second name, a preallocated array indexed by the loop variable, or a list."""

    name: str
    index: str | None = None
    is_list: bool = False

    def push(self, value: Expr) -> Stmt:
        if self.is_list:
            return Effect(Call(APPEND, (Name(self.name), value)))
        return Assign(Name(self.name) if self.index is None else Item(Name(self.name), Name(self.index)), value)

    def pop(self) -> Expr:
        if self.is_list:
            return Call(POP, (Name(self.name),))
        return Name(self.name) if self.index is None else Item(Name(self.name), Name(self.index))


class Tapes:
    """The tapes of a derivative, each made on first use: in front of the outermost loop around its save."""

    def __init__(self, ready: Ready, planner: Planner, primal: dict[str, str]) -> None:
        self.ready, self.planner, self.primal = ready, planner, primal
        self.types, self.fresh = ready.types, ready.fresh
        self.tapes: dict[tuple[int, object], Tape] = {}
        self.allocations: dict[int, list[Stmt]] = {}  # by id of the outermost loop
        self.bounds: dict[int, Expr] = {}  # the name of a loop's bound, by id of the loop
        self.held: dict[tuple[int, str, int], str] = {}  # what was popped and is brought back again
        self.sure: dict[tuple[int, int], set[str]] = {}  # what is surely assigned in front of a node
        self.unset: dict[str, None] = {}  # variables that may be saved before they are assigned

    # ------------------------------------------------------------------------------------------------------ tapes

    def tape(self, plan: BlockPlan, key: object, wish: str, type_: Type, loops: tuple[Round, ...]) -> Tape:
        """The tape of one save, made on first use."""
        known = self.tapes.get((id(plan), key))
        if known is not None:
            return known
        user = self.ready.user_name.get(wish, wish)
        if not loops:
            made = Tape(self.fresh(f"{user}_was"))
        else:
            name = self.fresh(f"{user}_tape")
            index = self.index(loops, type_)
            made = Tape(name, index, is_list=index is None)
            where = self.allocations.setdefault(id(loops[0].stmt), [])
            if index is None:
                apart = self.planner.apart  # then compiled code does not see what is pushed where it is made
                where.append(Assign(Name(name), stack_of((type_,)) if apart else Display("list", (), form=TAPE)))
            else:
                where.append(Assign(Name(name), self.buffer(loops[0], type_)))
        self.ready.user_name[made.name] = f"{user}_tape" if loops else f"{user}_was"
        self.types[made.name] = self.tape_type(made, type_)
        self.tapes[id(plan), key] = made
        return made

    def tape_type(self, tape: Tape, type_: Type) -> Type:
        if tape.is_list:
            return ListOf(type_, tape=True)
        if tape.index is None:
            return type_
        assert isinstance(type_, Num)
        return Num(type_.dtype, 1, (Dim(None),), contiguous=True)

    def index(self, loops: tuple[Round, ...], type_: Type) -> str | None:
        """The loop variable that can index a preallocated tape: one loop, counting up by one from a literal."""
        s = loops[0].stmt
        if len(loops) > 1 or not isinstance(s, For) or not isinstance(type_, Num) or type_.ndim != 0:
            return None
        assert isinstance(s.iter, Call)
        assert isinstance(s.target, Name)
        start, stop, step = range_bounds(s.iter)
        small = isinstance(start, Const) and isinstance(start.value, int) and 0 <= start.value <= 2
        if not small or step != Const(1) or not self.is_length(stop) or s.target.id == "_":
            return None
        return s.target.id

    def is_length(self, e: Expr) -> bool:
        """Whether the value is surely not negative."""
        match e:
            case Call(func=Object(value=f)):
                return f is len or f is np.ndarray.size
            case Item(base=Call(func=Object(value=f))):
                return f is np.ndarray.shape
            case Const(value=int(n)):
                return n >= 0
            case Name(id=name):
                type_ = self.types.get(name)
                return isinstance(type_, Num) and type_.value is not None
        return False

    def buffer(self, loop: Round, type_: Type) -> Expr:
        assert isinstance(loop.stmt, For)
        assert isinstance(loop.stmt.iter, Call)
        assert isinstance(type_, Num)
        _, stop, _ = range_bounds(loop.stmt.iter)
        if id(loop.stmt) not in self.bounds and not isinstance(stop, Name | Const):
            name = self.fresh("n")
            self.ready.user_name[name] = "n"
            self.allocations[id(loop.stmt)].insert(0, Assign(Name(name), stop))
            self.bounds[id(loop.stmt)] = Name(name)
            self.types[name] = Num("int64", weak=True)
            stop = Name(name)
        stop = self.bounds.get(id(loop.stmt), stop)
        dtype = DTYPES.get(type_.dtype)
        args: tuple[Expr, ...] = (stop,)
        if dtype is not None:
            args = (stop, Object(dtype, f"np.{dtype.__name__}"))
        return Call(EMPTY, args)
