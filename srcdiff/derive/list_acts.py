"""What the adjoints of statements on lists do: what is appended takes its adjoint from the end of the shadow list, what
is popped puts its own there.

forward:  xs.append(a * b)               reverse:  xs_bar_1 = xs_bar.pop(); a_bar += b * xs_bar_1; ...
          v = xs.pop()                             xs_bar.append(v_bar)
          xs[i] = v   (v an array)                 xs_bar_1 = xs_bar[i]; xs_bar[i] = zeros; v_bar += xs_bar_1
"""

from __future__ import annotations

import numpy as np

from ..analysis.aliases import Aliases
from ..ir.nodes import Call, Const, Effect, Expr, Item, Name, Object
from ..ir.types import ListOf, Num, Type
from ..ir.walk import is_call_of
from ..rules.typing import Typer
from .acts import Acc, Act, Adjoints, Do, Kill
from .marked import reversed_mark
from .push import Pusher
from .terms import ZERO, Term

ZEROS_LIKE = Object(np.zeros_like, "np.zeros_like")
APPEND = Object(list.append, "append")
POP = Object(list.pop, "pop")


class ListActs:
    """The part of the builder that knows lists."""

    types: dict[str, Type]
    aliases: Aliases
    active: set[str]
    adjoints: Adjoints
    acts: list[Act]
    wish: str

    def pusher(self, result: Expr | None = None) -> Pusher:
        raise NotImplementedError

    def let(self, value: Expr) -> Name:
        raise NotImplementedError

    def mirrored(self, place: Expr) -> Expr:
        raise NotImplementedError

    def accumulate(self, pusher: Pusher, skip: tuple[Expr, ...] = ()) -> None:
        raise NotImplementedError

    def added(self, leaf: Expr, terms: list[Term]) -> Acc:
        """The accumulation into the adjoint of a place. (That of an array in a list is a new array.)"""
        target = self.mirrored(leaf)
        if self.is_held_array(leaf):
            return Acc(target, (Term((target,)), *terms), assign=True)
        return Acc(target, tuple(terms))

    def is_held_array(self, place: Expr) -> bool:
        """Whether a place is an item of a list that is an array."""
        in_list = isinstance(place, Item) and isinstance(Typer(self.types)(place.base), ListOf)
        return in_list and self.is_array(place)

    def is_array(self, e: Expr) -> bool:
        return isinstance(type_ := Typer(self.types)(e), Num) and type_.ndim != 0

    def put(self, place: Expr, value: Expr) -> None:
        """The adjoint of putting another array into a list: the adjoint of the one before begins with zeros."""
        mirror = self.mirrored(place)
        seed = self.let(mirror)
        self.acts.append(Acc(mirror, (Term((Call(ZEROS_LIKE, (place,)),)),), assign=True))
        pusher = self.pusher()
        pusher.push(value, Term((seed,)))
        self.accumulate(pusher)

    def effect(self, value: Expr) -> None:
        self.acts.extend(reversed_mark(value))
        if is_call_of(value, list.pop):
            self.popped(None, value)
        if not is_call_of(value, list.append):
            return
        assert isinstance(value, Call)
        base, item = value.args
        if not isinstance(base, Name) or base.id not in self.active or self.aliases.points(base.id):
            return  # what is changed in place: the shadows are in the shadow list
        self.wish = base.id
        seed = self.let(Call(POP, (Name(self.adjoints.shadows[base.id]),)))
        pusher = self.pusher()
        pusher.push(item, Term((seed,)))
        self.accumulate(pusher)

    def popped(self, name: str | None, value: Expr) -> None:
        assert isinstance(value, Call)
        base = value.args[0]
        adjoint = self.adjoints.bars.get(name) if name is not None else None
        if not isinstance(base, Name) or base.id not in self.active or self.aliases.points(base.id):
            if adjoint is not None:
                self.acts.append(Kill(adjoint))  # what comes out of the list carries no derivative
            return
        shadow = Name(self.adjoints.shadows[base.id])
        taken = Name(name) if name is not None else Item(base, Const(-1))
        zero = Call(ZEROS_LIKE, (taken,)) if self.is_array(taken) else ZERO
        self.acts.append(Do(Effect(Call(APPEND, (shadow, zero if adjoint is None else Name(adjoint))))))
        if adjoint is not None:
            self.acts.append(Kill(adjoint))
