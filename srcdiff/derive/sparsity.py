"""The inputs that a core program's result depends on: each statement with the sets of inputs beside it.

in:   y = x[i] * math.exp(z)             out:  y_from = x_from[i] | z_from
      u[i] = y + u[i - 1]                      u_from[i] = y_from | u_from[i - 1]

The counterpart of forward mode, and sound by the same reasoning: it takes the program's own way through branches, loops
and indices, and every statement that has a tangent has sets here. `sets` says what a set is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .. import runtime, sets
from ..ir.callee import Opaque
from ..ir.nodes import Assign, Call, Expr, Item, Name, Object, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, targets
from ..rules.set_types import set_type
from ..rules.typing import Typer, like
from .forward import Writer
from .places import base_of
from .set_terms import EMPTY, OR, Sets, of_sets
from .zeros import owned_like

_SHAPED = (np.zeros, np.empty, np.ones)
_LIKE = (np.zeros_like, np.empty_like, np.ones_like)


class SetWriter(Writer):
    """Writes the sets of inputs beside each variable."""

    suffix = "from"
    ending = "sparsity"
    nothing = EMPTY

    def expressions(self) -> Sets:
        return Sets(self.types, self.aliases, self.dots, self.fresh, self.let)

    def type_beside(self, name: str) -> Type:
        return set_type(like(name, self.types[name]))

    def zero_of(self, e: Expr) -> Expr:
        type_ = Typer(self.types)(e)
        return EMPTY if isinstance(type_, Num) and type_.ndim == 0 else Call(of_sets(sets.empty_like), (e,))

    def first_zero(self, name: str, value: Expr) -> Expr:
        """Empty sets beside a new array; where its shape is written out, the array itself is not read for it."""
        match value:
            case Call(func=Object(value=made), args=(given, *_)) if made in _SHAPED:
                return Call(of_sets(sets.empty), (given,))
            case Call(func=Object(value=made), args=(given, *_)) if made in _LIKE and not value.kwargs:
                return Call(of_sets(sets.empty_like), (given,))
        return self.zero(name)

    def list_of_tangents(self, value: Expr) -> Expr:
        if is_call_of(value, runtime.zeros_like):
            assert isinstance(value, Call)
            return replace(value, func=of_sets(sets.empty_like))
        return super().list_of_tangents(value)

    def owned(self, found: Expr, type_: Num, own: Type) -> Expr:  # noqa: ARG002 (sets are of one type)
        return found if type_.ndim == 0 else owned_like(found, type_)

    def stored(self, place: Item, tangent: Expr) -> Stmt:
        """Sets of complex numbers are united with what is written: it may be the real part alone, through a view."""
        base = base_of(place) or ""
        types = map(self.types.get, self.aliases.members(base))
        parts = any(isinstance(t, Num) and t.is_complex for t in types)
        target = self.tangents.mirrored(place)
        return Update(target, OR, tangent) if parts else Assign(target, tangent)

    def updated(self, s: Update) -> list[Stmt]:
        base = base_of(s.target)
        if base is None or base not in self.dots:
            return []
        self.wish = base
        target = self.tangents.mirrored(s.target)
        found = self.tangent(s.value)
        return [] if found is None else [Update(target, OR, found)]

    def called_as_it_is(
        self,
        s: Assign,
        callee: Opaque,  # noqa: ARG002
        value: Call,
        active: tuple[int, ...],
        asked: tuple[int, ...],
    ) -> list[Stmt]:
        """A function that is not read: its results depend on all of its arguments."""
        assert isinstance(self.tangents, Sets)
        found = self.let(self.tangents.united(self.tangents.whole(value.args[k]) for k in active))
        results = targets(s.target)
        after = [Assign(Name(self.dots[results[k]]), self.tangents.filled(found, Name(results[k]))) for k in asked]
        return [*self.ahead, s, *after]
