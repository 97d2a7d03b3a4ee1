"""Lists whose length is known only when the program runs, as wholes: made by comprehensions, added up, joined, copied.

in:   xs = [f(v) for v in x if v > 0.0]        out:  xs = []
      return np.sum(np.array(xs))                    for i in range(len(x)):
                                                         if x[i] > 0.0:
                                                             xs.append(f(x[i]))
                                                     items = np.empty(len(xs))
                                                     for k in range(len(xs)):
                                                         items[k] = xs[k]
                                                     return np.sum(items)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from ..errors import UnsupportedCall, UnsupportedSyntax
from ..ir.nodes import (
    Assign,
    Attr,
    Block,
    Call,
    Choice,
    Comprehension,
    Const,
    Display,
    Expr,
    For,
    If,
    Item,
    Name,
    Object,
    Raise,
    Slice,
    Update,
)
from ..ir.types import ListOf, Num, Tup, describe
from ..ir.walk import is_call_of, names, statements, targets
from ..rules import is_spelled
from ..rules.typing import TypeProblem
from ..runtime import array_of, unbroadcast, zeros_like
from .classes import sequence
from .closures import WRITTEN_OUT
from .gathering import Arrays
from .generators import is_computed, split
from .iteration import LEN, MIN, MUL, RANGE, minus, never_runs, plus, range_of, static_items, trips
from .lists import is_dynamic
from .literals import as_value, is_list, literal

EMPTY = Object(np.empty, "np.empty")
SHAPE = Object(np.ndarray.shape, "shape")
MAX = Object(max, "max")
_DTYPES = {"int64": np.int64, "bool": np.bool_, "float32": np.float32}
_WHOLE: tuple[Any, ...] = (np.array, np.asarray, np.copy, np.stack, np.vstack)  # what makes an array of a list
_OF_LISTS: tuple[Any, ...] = (len, list.append, list.pop, zeros_like, array_of)
_JOINERS: tuple[Any, ...] = (np.stack, np.vstack, np.hstack, np.dstack, np.concatenate, np.column_stack, np.block)


class Sequences(Arrays):
    """What one function does with whole lists."""

    # --------------------------------------------------------------------------------------------------- loops

    def each(self, source: Expr, body: Callable[[Expr], None], wish: str = "k") -> None:
        """Emit `body` for each element of a core source."""
        before = len(self.state.walked)
        if never_runs(self, source):
            return
        items = static_items(self, source)
        if items is not None:
            with self.at_rest(source):
                for item in items:
                    body(item)
            return
        plan = trips(self, source)
        counter, done = self.state.fresh(wish), self.done

        def walk() -> Block:
            self.done = dict(done)  # what is in the loop is written at each walk
            self.state.env[counter] = Num("int64", weak=True)
            with self.state.collect() as out:
                body(plan.element(Name(counter)))
            return tuple(out)

        block = self.fixpoint(walk)
        self.done = done
        del self.state.walked[before:]
        self.state.emit(For(Name(counter), range_of(*plan.bounds), block))

    def clauses(self, e: Comprehension, sink: Callable[[Expr], None]) -> None:
        """Emit the loops of a comprehension, with `sink` for each element. What they bind is known inside only."""
        e = split(e)
        outer = dict(self.scope)
        bound = {n for c in e.clauses for n in targets(c.target)}
        for name in bound:
            self.scope[name] = Name(self.state.fresh(name))
        self.clause(e, 0, sink)
        self.scope = {**self.scope, **{n: outer[n] for n in bound & outer.keys()}}
        for name in bound - outer.keys():
            del self.scope[name]

    def clause(self, e: Comprehension, depth: int, sink: Callable[[Expr], None]) -> None:
        if depth == len(e.clauses):
            sink(e.element)
            return
        clause = e.clauses[depth]

        def body(element: Expr) -> None:
            if self.hasty:
                self.assign(clause.target, element)
            else:
                self.bind_clause(clause, element)
            self.under(clause.conditions, lambda: self.clause(e, depth + 1, sink))

        wish = clause.target.id if isinstance(clause.target, Name) and is_call_of(clause.iter, range) else "k"
        self.each(self.source(clause.iter), body, wish)

    def under(self, conditions: tuple[Expr, ...], body: Callable[[], None]) -> None:
        """Emit what stands under the conditions of a comprehension."""
        if not conditions:
            body()
            return

        def inside() -> Block:
            with self.state.collect() as out:
                self.under(conditions[1:], body)
            return tuple(out)

        self.forked(self.tested(self.expr(conditions[0])), inside, lambda: ())

    def grown(self, e: Comprehension) -> Expr:
        if e.kind == "dict":
            return super().grown(e)
        home = self.new_list(self.made_for(e))
        self.clauses(e, lambda element: self.put_in(home, self.expr(element)))
        return home

    def spread_out(self, e: Display) -> Expr:
        """`[a, *xs, b]`."""
        home = self.new_list()
        for item in e.items:
            if isinstance(item, Display) and item.kind == "starred":
                self.extend(home, self.source(item.items[0]))
            else:
                self.put_in(home, self.expr(item))
        return home

    def of_function(self, function: Any, e: Call) -> Expr | None:
        if function is not map or not any(map(self.is_long, e.args[1:])):
            return super().of_function(function, e)
        called, sources = self.expr(e.args[0]), tuple(map(self.source, e.args[1:]))
        source = sources[0] if len(sources) == 1 else Call(Object(zip, "zip"), sources)
        home = self.new_list()

        def put(element: Expr) -> None:
            together = len(sources) > 1 and isinstance(element, Display)
            args = element.items if together and isinstance(element, Display) else (element,)
            self.put_in(home, self.apply(called, args, e.at))

        self.each(source, put)
        return home

    def comprehension(self, e: Comprehension) -> Expr:
        if e.kind != "dict" and e.at is not None and e.at in self.state.growing:
            return self.grown(e)
        return super().comprehension(e)

    # ------------------------------------------------------------------------------------------- copies and parts

    def gathered(self, target: Display, value: Expr, place: int) -> tuple[Display, Expr]:
        """`first, *rest = value` of a list or array whose length is not known: `rest` is a new list."""
        type_ = self.typed(value)
        is_list_name = is_dynamic(type_)
        is_array = isinstance(type_, Num) and type_.shape and not isinstance(type_.shape[0].token, int)
        if isinstance(value, Display) or not (is_list_name or is_array):
            return super().gathered(target, value, place)
        held = self.list_name(value) if is_list_name else self.atom(value, "kept")
        count, after = self.atom(Call(LEN, (held,)), "n"), len(target.items) - place - 1
        few = Call(Object(operator.lt, "<"), (count, Const(place + after)))
        error = Call(Object(ValueError, "ValueError"), (Const("not enough values to unpack"),))
        if place + after:
            self.state.out.extend(self.run((If(few, (Raise(error),)),)))

        def item(k: Expr) -> Expr:
            read = Item(held, k, target.at)
            return self.item_of_list(held, read) if is_list_name else read

        ends = [*map(Const, range(place)), *(Const(k - after) for k in range(after))]
        items = list(map(item, ends))
        home, starred = self.new_list(), target.items[place]
        self.each(Call(RANGE, (Const(place), minus(count, Const(after)))), lambda k: self.put_in(home, item(k)))
        assert isinstance(starred, Display)
        names_ = (*target.items[:place], starred.items[0], *target.items[place + 1 :])
        return replace(target, items=names_), Display("tuple", (*items[:place], home, *items[place:]))

    def extend(self, base: Expr, more: Expr) -> None:
        home = self.list_name(base)
        together = self.state.names_of.get(home.id, {home.id})
        if names(more) & together:
            more = self.copy_of(more)
        self.each(more, lambda item: self.put_in(home, item))

    def copy_of(self, base: Expr) -> Name:
        """A new list of the same items."""
        home = self.new_list()
        self.each(base, lambda item: self.put_in(home, item))
        return home

    def part_of_list(self, base: Expr, index: Slice, e: Item) -> Expr:
        """`xs[a:b:c]`: a new list, or tuple."""
        part = self.part_of_items(base, index, e)
        return self.as_tuple(part) if self.is_tuple(base) else part

    def part_of_items(self, base: Expr, index: Slice, e: Item) -> Name:
        held = self.list_name(base)
        step = index.step or Const(1)
        stride, count = literal(step), Call(LEN, (held,))
        if stride == -1 and index.lower is None and index.upper is None:
            last = minus(self.atom(count, "n"), Const(1))
            return self.taken(held, last, Const(-1), Const(-1))
        if not isinstance(stride, int) or stride < 1:
            raise TypeProblem(
                UnsupportedSyntax,
                "a part of a list that runs backwards between bounds, or in steps that the run decides",
                "lists are cut forwards, in steps that are written out, or turned round as wholes",
                "turn it round with xs[::-1] after cutting, or write a loop",
                e.at,
            )
        lower = Const(0) if index.lower is None else self.within(index.lower, count, index.lower)
        upper = count if index.upper is None else self.within(index.upper, count, index.upper)
        return self.taken(held, lower, upper, step)

    def taken(self, held: Name, start: Expr, stop: Expr, step: Expr) -> Name:
        start, stop = (b if isinstance(b, Const) else self.atom(b, "n") for b in (start, stop))
        home = self.new_list()
        source = Call(RANGE, (start, stop, step))
        self.each(source, lambda k: self.put_in(home, self.place_in(held, k, Item(held, k))))
        return home

    def within(self, found: Expr, count: Expr, e: Expr) -> Expr:
        """A place as slices take it: counted from the end if it is negative, and not beyond either end."""
        value = literal(found)
        if isinstance(value, int):
            if value < 0:
                return Call(MAX, (minus(count, Const(-value)), Const(0)))
            return Const(0) if value == 0 else Call(MIN, (Const(value), count))
        held = self.atom(found, "bound")
        type_ = self.typed(held)
        if not isinstance(type_, Num) or not type_.is_integral:
            raise TypeProblem(
                UnsupportedSyntax,
                f"a {describe(type_)} as a bound of a part of a list",
                "Python itself refuses this",
                "use a whole number",
                getattr(e, "at", None),
            )
        below = Call(Object(operator.lt, "<"), (held, Const(0)))
        counted = Choice(below, plus(held, count), held)
        return Call(MIN, (Call(MAX, (counted, Const(0))), count))

    def is_in(self, held: Name, item: Expr, e: Call) -> Name:
        raise NotImplementedError

    def _builtin(self, e: Call) -> Expr:
        function = e.func.value if isinstance(e.func, Object) else None
        if function is operator.mul and any(map(self.is_list_here, e.args)):
            found = self.repeated(e)
            if found is not None:
                return found
        given = (*e.args, *(v for _, v in e.kwargs))
        if function in _OF_LISTS or not any(map(self.is_list_name, given)):
            return super()._builtin(e)
        return self.of_lists(function, e)

    def _method(self, e: Call, attr: Attr) -> Expr:
        type_ = self.type_apart(attr.base) if attr.name == "tolist" and not e.args else None
        if isinstance(type_, Num) and type_.ndim is not None:
            return self.as_lists(self.expr(attr.base))
        return super()._method(e, attr)

    def assigned(self, s: Assign) -> None:
        if self.is_generated and isinstance(s.target, Name) and is_call_of(s.value, unbroadcast):
            s = replace(s, value=self.of_its_own(s.target.id, s.value))
        super().assigned(s)

    def of_its_own(self, name: str, value: Expr) -> Expr:
        """What `unbroadcast` gives: maybe the very array that it is given, so that a copy of it is what is updated.
        (The text makes none where nobody reads that array any more; the derivative of the text may read it.)"""
        type_ = self.type_apart(value)
        updated = any(isinstance(s, Update) and s.target == Name(name) for s in statements(self.program.function.body))
        is_array = isinstance(type_, Num) and bool(type_.ndim)
        return Call(Object(np.ndarray.copy, "copy"), (value,)) if updated and is_array else value

    def is_list_here(self, e: Expr) -> bool:
        return is_list(e) or self.is_list_name(e)

    def inline(
        self, function: FunctionType, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> Expr:
        if is_spelled(function) and getattr(e.func, "value", None) not in _JOINERS:
            args = tuple(self.as_array(a, e.at) if self.is_list_name(a) else a for a in args)
            kwargs = tuple((k, self.as_array(v, e.at) if self.is_list_name(v) else v) for k, v in kwargs)
        return super().inline(function, args, kwargs, e)

    def is_list_name(self, e: Expr) -> bool:
        return isinstance(e, Name | Item) and is_dynamic(self.typed(e))

    def of_lists(self, function: Any, e: Call) -> Expr:
        """A function of lists that is none of their own: of their items, as an array."""
        if function is operator.add:
            home = self.new_list()
            for part in e.args:
                self.each(part, lambda item: self.put_in(home, item))
            return self.as_tuple(home) if all(map(self.is_tuple, e.args)) else home
        if function in (operator.not_, bool):
            return Call(
                Object(operator.eq, "==") if function is operator.not_ else Object(operator.ne, "!="),
                (Call(LEN, e.args), Const(0)),
            )
        if function in (list, tuple) and len(e.args) == 1:
            return self.as_tuple(self.copy_of(e.args[0])) if function is tuple else self.copy_of(e.args[0])
        if function is operator.contains and is_dynamic(self.typed(e.args[0])):
            return self.is_in(self.list_name(e.args[0]), e.args[1], e)
        if getattr(function, "__module__", None) in ("_operator", "builtins") and function not in (max, min):
            raise TypeProblem(
                UnsupportedCall,
                f"`{getattr(e.func, 'text', function)}` of a list whose length is not known",
                "there is no derivative rule for it",
                "write a loop over the list, or make it an array with np.array(...)",
                e.at,
            )
        if function in (np.concatenate, np.hstack, np.vstack, np.column_stack, np.stack) and is_dynamic(
            self.typed(e.args[0])
        ):
            found = self.gathered_by(function, e)
            if found is not None:
                return found
        args = tuple(self.as_array(a, e.at) if is_dynamic(self.typed(a)) else a for a in e.args)
        kwargs = tuple((k, self.as_array(v, e.at) if is_dynamic(self.typed(v)) else v) for k, v in e.kwargs)
        if function in _WHOLE and len(args) == 1 and not kwargs:
            return args[0]
        if function in _JOINERS:
            raise TypeProblem(
                UnsupportedCall,
                f"`{getattr(e.func, 'text', function)}` of a list whose length is not known",
                "np.stack, concatenate, hstack, vstack and column_stack are followed, with an axis that is written out",
                "use one of these",
                e.at,
            )
        return super()._builtin(replace(e, args=args, kwargs=kwargs))

    def as_tuple(self, home: Name) -> Name:
        """A list that is a tuple for the program."""
        held = self.state.env[home.id]
        assert isinstance(held, ListOf)
        self.state.env[home.id] = replace(held, frozen=True)
        return home

    def is_tuple(self, e: Expr) -> bool:
        type_ = self.typed(e)
        return type_.frozen if isinstance(type_, ListOf) else isinstance(type_, Tup) and type_.form is None

    def repeated(self, e: Call) -> Expr | None:
        """`[v] * n`, and a list repeated; None where how often is known and the list may stay one that is written
        out."""
        whole, count = e.args if self.is_list_here(e.args[0]) else e.args[::-1]
        type_ = self.typed(count)
        known = type_.value if isinstance(type_, Num) and type(type_.value) is int else None
        short = isinstance(whole, Display) and known is not None and len(whole.items) * known <= WRITTEN_OUT
        if short and e.at not in self.state.growing and not self.is_generated:
            return None
        if not isinstance(type_, Num) or not type_.is_integral:
            return None
        items = whole.items if isinstance(whole, Display) else None
        if items is not None and len(items) == 1 and isinstance(items[0], Const) and _is_number(items[0]):
            return self.new_list(self.made_for(e), Call(MUL, (Display("list", items), count)))
        if items is not None and any(is_list(i) or is_dynamic(self.typed(i)) for i in items):
            raise TypeProblem(
                UnsupportedCall,
                "a list of one list many times",
                "all its items are the same list, and change together",
                "write [[0.0] * m for _ in range(n)]",
                e.at,
            )
        held = None if items is None else [self.atom(as_value(i), "item") for i in items]
        home = self.new_list(self.made_for(e))

        def once(_: Expr) -> None:
            if held is None:
                self.each(whole, lambda item: self.put_in(home, item))
            else:
                for item in held:
                    self.put_in(home, item)

        self.each(Call(RANGE, (self.atom(count, "n"),)), once)
        return home

    def listed_anew(self, raw: Expr, e: Call) -> Expr | None:
        """`list(...)` of what has an unknown number of elements; None for anything else."""
        if isinstance(raw, Comprehension):
            return self.comprehension(replace(raw, kind="list"))
        if isinstance(raw, Call) and not isinstance(raw.func, Attr) and is_computed(raw) and self.is_long(raw):
            return self.expr(raw)  # a list of its own
        if is_call_of(raw, enumerate, zip, reversed, range):
            source = self.source(raw)
            items = self.literal_range(source) or static_items(self, source)
            return self.copy_of(source) if items is None else sequence(tuple(items), True, e)
        return self.copy_of(self.expr(raw)) if self.is_long(raw) else None

    def is_long(self, raw: Expr) -> bool:
        """Whether the number of elements of what a raw expression gives is not known."""
        if isinstance(raw, Comprehension):
            with self.on_trial():
                return raw.at in self.state.growing or self.elements(raw) is None
        if isinstance(raw, Display):
            return False
        type_ = self.type_apart(raw)
        unknown = isinstance(type_, Num) and type_.shape and not isinstance(type_.shape[0].token, int)
        return is_dynamic(type_) or bool(unknown) or is_call_of(raw, range)


def _is_number(e: Const) -> bool:
    return isinstance(e.value, int | float)
