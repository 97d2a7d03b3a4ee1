"""Calls of `checkpoint(f)`, and loops over `checkpointed(...)`, marked for what is made of them (`outline`).

in:   y = checkpoint(step)(x)            out:  recomputing("step")
                                               step_1 = ...
                                               recomputed()
                                               y = step_1

      for t in checkpointed(range(n), snapshots=k):      keeping(k)
          ...                                            for t in range(n):
                                                             ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from ..errors import AmbiguousAlias, UnsupportedCall, UnsupportedSyntax
from ..ir.marks import recomputed, recomputing
from ..ir.nodes import Block, Call, Const, Display, Effect, Expr, Name, Object
from ..ir.types import ListOf, Type
from ..ir.walk import assigned, expressions, is_call_of, ordered_names, rename, statements, substitute
from ..rules.typing import TypeProblem
from ..runtime import checkpoint, checkpointed
from .closures import Closures
from .contexts import mark
from .groups import is_nested, is_packed
from .handed import changed_by, changes_inside


@dataclass(frozen=True, eq=False)
class Again:
    """`checkpoint(function)`, where the function is one that the program defines."""

    function: Object

    @property
    def __name__(self) -> str:
        return self.function.text.rpartition(".")[2]


class Checkpoints(Closures):
    """The checkpoints of one function."""

    def _call(self, e: Call) -> Expr:
        made = e.func
        if is_call_of(made, checkpoint) and isinstance(made, Call):
            function = self.checkpointed_function(made)
            name = str(getattr(function, "text", "") or getattr(function, "name", ""))
            inner = replace(e, func=function)
            return self.region(name.rpartition(".")[2], lambda: super(Checkpoints, self)._call(inner))
        return super()._call(e)

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is checkpoint:
            found = self.expr(self.checkpointed_function(e))
            if isinstance(found, Object):
                return Object(Again(found), found.text, e.at)
            raise TypeProblem(
                UnsupportedCall,
                "`checkpoint` of a value that is computed",
                "which function it is has to be known when the derivative is written",
                "call it where it is made, `checkpoint(f)(x)`, or decorate the function",
                e.at,
            )
        if isinstance(function, Again):
            return self.region(function.__name__, lambda: self.expr(replace(e, func=function.function)))
        if function is checkpointed:
            raise TypeProblem(
                UnsupportedSyntax,
                "`checkpointed` outside of the head of a loop",
                "it says how the derivative of a loop is to be computed",
                "write `for t in srcdiff.checkpointed(range(n), snapshots=k):`",
                e.at,
            )
        return super().special_call(function, e)

    def checkpointed_function(self, e: Call) -> Expr:
        if len(e.args) != 1 or e.kwargs:
            raise TypeProblem(
                UnsupportedCall,
                "`checkpoint` of other than one function",
                "Python itself refuses this call",
                "call checkpoint(f)",
                e.at,
            )
        return e.args[0]

    def inline(
        self, function: FunctionType, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> Expr:
        inner = getattr(function, "checkpointed", None)
        if inner is None:
            return super().inline(function, args, kwargs, e)
        keys = [key for key, _ in kwargs]

        def called() -> Expr:
            with self.under_names((*args, *(v for _, v in kwargs))) as names:
                given = tuple(names[: len(args)]), tuple(zip(keys, names[len(args) :], strict=True))
                return self.expr(Call(Object(inner, function.__name__), *given, e.at))

        return self.region(function.__name__, called)

    def region(self, name: str, call: Callable[[], Expr]) -> Expr:
        """A call, its statements between marks; its result under names."""
        if not self.state.recomputes:
            return self.marked(name, call)
        before = dict(self.state.env)
        with self.state.collect() as body:
            result = self.under_own_names(call(), "result")
        return self.crossing(name, tuple(body), result, before)

    def marked(self, name: str, call: Callable[[], Expr]) -> Expr:
        self.state.emit(Effect(mark(recomputing, Const(name))))
        result = self.under_own_names(call(), "result")
        self.state.emit(Effect(mark(recomputed)))
        return result

    # ------------------------------------------------------------------------------- lists, which cross as arrays

    def crossing(self, name: str, body: Block, result: Expr, before: dict[str, Type]) -> Expr:
        """The statements of a call between marks. The lists that it reads come in as arrays, and those that it changes
        or makes go out as arrays: what is computed again takes and returns numbers and arrays."""
        read = [n for n in _in_order(body, result) if isinstance(before.get(n), ListOf) and n not in assigned(body)]
        own = [n.id for n in self.lists_in([result]) if n.id not in read]
        if not all(is_packed(self.state.env[n]) for n in (*read, *own)):
            read, own = [], []  # refused, since it is neither a number nor an array
        changed = self.changed_lists(body, read, own)
        given = {n: self.packed(Name(n)) for n in read}
        self.state.emit(Effect(mark(recomputing, Const(name))))
        table = {n: self.state.fresh(n) for n in read}
        for n, inner in table.items():
            self.new_list(inner)
            self.fill(Name(inner), given[n], _list_type(before[n]))
        for s in rename(body, table):
            self.state.emit(s)
        left = {n: self.taken_out_as(table[n], self.state.env[n]) for n in changed}
        out = {n: self.taken_out_as(n, self.state.env[n]) for n in own}
        self.state.emit(Effect(mark(recomputed)))
        for n, arrays in left.items():
            self.give_back(Name(n), arrays, _list_type(self.state.env[n]))
        made = {n: self.made_of(arrays, _list_type(self.state.env[n])) for n, arrays in out.items()}
        for n, arrays in (left | {home.id: out[n] for n, home in made.items()}).items():
            if is_nested(self.state.env[n]):
                self.note_rows(name, [a.id for a in arrays if isinstance(a, Name)], {n}, None)
        return substitute(result, made)

    def taken_out_as(self, own: str, type_: Type) -> list[Expr]:
        """The arrays for a list of this type, under a name that the list itself has inside."""
        self.state.env[own] = type_
        return self.packed(Name(own))

    def made_of(self, arrays: list[Expr], type_: ListOf) -> Name:
        home = self.new_list()
        self.fill(home, arrays, type_)
        return home

    def changed_lists(self, body: Block, read: list[str], own: list[str]) -> list[str]:
        """Those of the lists from outside that a call changes. Raises TypeProblem where a copy would be another list:
        `own` are the lists among its results."""
        touched = {n for s in statements(body) for n in changed_by(s)}
        together = {n: self.state.names_of.get(n, {n}) for n in read}
        changed = [n for n in read if together[n] & touched]
        if any(len(together[n].intersection((*read, *own))) > 1 for n in read if changed or own):
            raise self.not_one_list("a list under two names")
        if changes_inside(self.state, body, {n for n in read if is_nested(self.state.env[n])}):
            raise self.not_one_list("a list in a list of lists that is changed")
        kept = {n for n in (*changed, *own) if is_nested(self.state.env[n])}
        if any(self.state.held_in.get(m, set()) & kept for n in read for m in together[n]):
            raise self.not_one_list("a list that is put into another list")
        return changed

    def not_one_list(self, what: str) -> TypeProblem:
        return TypeProblem(
            AmbiguousAlias,
            f"{what}, in what the reverse sweep computes again",
            "it is handed over as a copy, and which lists change with it is not followed",
            "let it return a new list, or copies: [list(row) for row in rows]",
            None,
        )

    def under_own_names(self, e: Expr, wish: str) -> Expr:
        if isinstance(e, Display):
            return replace(e, items=tuple(self.under_own_names(i, wish) for i in e.items))
        return e if isinstance(e, Object) else self.atom(e, wish)


def _list_type(type_: Type) -> ListOf:
    assert isinstance(type_, ListOf)
    return type_


def _in_order(body: Block, result: Expr) -> list[str]:
    """The variables that statements and a result mention, in the order of the text."""
    own = (n for s in statements(body) for e in expressions(s) for n in ordered_names(e))
    return list(dict.fromkeys((*own, *ordered_names(result))))
