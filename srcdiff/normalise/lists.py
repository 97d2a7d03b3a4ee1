"""Lists whose length is known only when the program runs: what is done to a list and to its items.

in:   xs = []                            out:  xs = []
      for i in range(n):                       for i in range(n):
          xs.append(x[i])                          xs.append(x[i])
      last = xs.pop()                          last = xs.pop()
      y = xs[-1] * last                        y = xs[-1] * last

A list that is written out is a structure, whose items are known one by one, until the walk meets two lengths of it or
a place in it that a variable tells. Then the walk begins anew (`Grows`), with the place noted where the list is made:
from there on it is a list in the core program, too. All its items are of one kind. A second name for it is a second
variable with the same list.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..errors import UnsupportedCall, UnsupportedMutation, UnsupportedType
from ..ir.nodes import (
    Assign,
    Attr,
    Block,
    Call,
    Closure,
    Comprehension,
    Const,
    Display,
    Effect,
    Expr,
    Item,
    Name,
    Object,
    Slice,
    Stmt,
    Update,
)
from ..ir.types import TAPE, ListOf, Num, Tup, Type, describe, join
from ..ir.walk import expressions, is_call_of, names, statements, subexprs
from ..rules.typing import TypeProblem
from .checkpoints import Checkpoints
from .forms import may_change
from .generators import as_sequence, changed_names, check_named, is_iterator
from .literals import as_value, is_list, literal
from .outcomes import Outcomes
from .state import Empty, Grows

APPEND = Object(list.append, "append")
POP = Object(list.pop, "pop")


def is_dynamic(type_: Type | None) -> bool:
    """Whether this is the type of a list of the program, not of one that is known item by item."""
    return isinstance(type_, ListOf)


class Lists(Outcomes, Checkpoints):
    """The lists of one function."""

    into: tuple[Display | Comprehension | Call, str] | None = None  # what makes a list, and the variable that it is for
    direct: Expr | None = None  # what is assigned to a variable as it is
    hasty = True  # whether something in the statement may change a list while its expressions are evaluated

    # ------------------------------------------------------------------------------------------------ statements

    def assigned(self, s: Assign) -> None:
        """`target = value`. A list is made in the variable that it is assigned to."""
        target, value = s.target, s.value
        if isinstance(target, Display) and is_iterator(value):  # they are all asked for, one after the other
            value = as_sequence(value)
            s = replace(s, value=value)
        if not self.is_generated:
            check_named(value)
        if isinstance(target, Name) and target.id not in names(value) and may_make_a_list(value):
            assert isinstance(value, Display | Comprehension | Call)
            self.into = value, self.own(target.id)
        if isinstance(target, Display) and isinstance(value, Display) and makes_lists(target, value):
            for own, item in zip(target.items, value.items, strict=True):
                self.assigned(replace(s, target=own, value=item))
            return
        self.direct = value if isinstance(target, Name) else None
        self.hasty = self.hasty and not (isinstance(target, Name) and is_call_to(value, "pop"))
        found = self.expr(value)
        self.into = None
        is_tape = self.is_generated and isinstance(target, Name) and target.id in self.program.tapes
        if is_tape and found == Display("list", ()):
            found = Display("list", (), form=TAPE)
        self.assign(target, found)

    def update(self, s: Update) -> None:
        if isinstance(s.target, Item) and is_dynamic(base := self.type_apart(s.target.base)):
            self.update_item(s, s.target, base)
            return
        joins = isinstance(s.target, Name) and s.op.value in (operator.add, operator.mul)
        held = self.type_apart(s.target) if joins else None
        form = held.form if isinstance(held, Tup) else None
        if form is not None and form.kind == "list" and form.site is not None:
            raise Grows(frozenset((form.site,)))
        if is_dynamic(held):  # the list stays the same one, under all its names
            self.lengthened(s, self.expr(s.target))
            return
        super().update(s)

    def lengthened(self, s: Update, home: Expr) -> None:
        """`xs += more`, `xs *= 3`."""
        if s.op.value is operator.add:
            self.extend(home, self.source(s.value))
            return
        times = literal(self.expr(s.value))
        if type(times) is not int or times < 1:
            raise TypeProblem(
                UnsupportedMutation,
                "a list repeated in place a number of times that the run decides",
                "only a number that is written out, and is not zero, is followed",
                "make a new list: xs = xs * n",
                getattr(s.value, "at", None),
            )
        once = self.copy_of(home)
        for _ in range(times - 1):
            self.extend(home, once)

    def bind(self, name: str, value: Expr) -> None:
        if isinstance(value, Display) and self.is_growing(value):
            value = self.made(value.items)
        if value == Name(name):
            return
        super().bind(name, value)
        if is_dynamic(self.state.env.get(name)):
            self.share(name)
            for other in lists_in(value, self.state.env):
                self.share(other)
                if value == Name(other):
                    self.state.same_list(name, other)
                else:
                    self.state.held_in.setdefault(name, set()).add(other)

    def share(self, name: str) -> None:
        """Note that a list may have another name, too."""
        held = self.state.env.get(name)
        if isinstance(held, ListOf):
            self.state.env[name] = replace(held, own=False)

    def is_growing(self, e: Display) -> bool:
        return is_list(e) and e.form is not None and e.form.site is not None and e.form.site in self.state.growing

    def argument(self, name: str, arg: Expr, body: Block) -> Expr:
        if isinstance(arg, Display) and arg.kind == "list" and any(name in changed_names(s) for s in statements(body)):
            own = self.state.fresh(name)  # a list that is made for the call, and that the callee changes
            self.bind(own, arg)
            return Name(own)
        return super().argument(name, arg, body)

    def display(self, e: Display) -> Expr:
        stars = [i.items[0] for i in e.items if isinstance(i, Display) and i.kind == "starred"]
        if e.kind == "list" and any(map(self.is_long, stars)):
            return self.spread_out(e)
        found = super().display(e)
        if e.kind == "list" and not self.is_generated and e.at is not None and e.at in self.state.growing:
            assert isinstance(found, Display)
            return self.made(found.items, self.made_for(e))
        return found

    def made_for(self, e: Display | Comprehension | Call) -> str | None:
        """The variable that the list is assigned to which an expression makes."""
        return self.into[1] if self.into is not None and e.at is not None and self.into[0].at == e.at else None

    def listed(self, name: str) -> None:
        """A list among the arguments that the program makes longer or shorter: a list of its own, of the same items."""
        home = self.own_list(name)
        if home is not None:
            self.scope[name] = home

    def own_list(self, name: str) -> Name | None:
        """Such a list; those that `name`, a structure, holds become parts of it."""
        type_ = self.state.env.get(name)
        if not isinstance(type_, Tup):
            return None
        if type_.form is not None and type_.form.site in self.state.growing:
            found = self.state.expanded(name, type_)
            assert isinstance(found, Display)
            return self.made(found.items, self.state.fresh(name))
        items = list(type_.items)
        for k in (k for k in range(len(items)) if (name, k) in self.state.components):
            if (home := self.own_list(self.state.components[name, k])) is not None:
                self.state.components[name, k], items[k] = home.id, self.state.env[home.id]
        self.state.env[name] = replace(type_, items=tuple(items))
        return None

    # ------------------------------------------------------------------------------------------- making, changing

    def made(self, items: Iterable[Expr], name: str | None = None) -> Name:
        """A new list of these items, in a variable."""
        home = self.new_list(name)
        for item in items:
            self.put_in(home, item)
        return home

    def new_list(self, name: str | None = None, value: Expr | None = None) -> Name:
        home = name or self.state.fresh("items")
        value = value or Display("list", ())
        self.state.emit(Assign(Name(home), value))
        type_ = self.typed(value)
        assert isinstance(type_, ListOf)
        self.state.env[home] = replace(type_, own=True)
        return Name(home)

    def list_name(self, base: Expr) -> Name:
        """The variable that holds a list."""
        held = self.atom(base, "row")
        assert isinstance(held, Name)
        return held

    def put_in(self, base: Expr, item: Expr) -> None:
        """`base.append(item)`."""
        home = self.list_name(base)
        self.check_at_rest(home, item)
        item = self.one_item(item)
        self.holds(home, item)
        self.state.emit(Effect(Call(APPEND, (home, item))))
        self.state.effects += 1

    def one_item(self, item: Expr) -> Expr:
        """What is put into a list: a number, an array, or a list, which has a variable."""
        item = item if self.is_generated else as_value(item)
        if is_call_of(item, list.pop):
            item = self.atom(item, "item")
        if isinstance(item, Display) and is_list(item) and not self.is_generated:
            item = self.made_once(item)
        type_ = self.typed(item)
        if is_dynamic(type_):
            return item if isinstance(item, Name) else self.list_name(item)
        if isinstance(type_, Num) and (type_.ndim is not None or self.is_generated):
            return item
        raise TypeProblem(
            UnsupportedType,
            f"a {describe(type_)} as an item of a list whose length is not known",
            "such lists hold numbers, arrays of one rank, or lists",
            "keep one list for each part",
            getattr(item, "at", None),
        )

    def made_once(self, item: Display) -> Name:
        """A list that is written out, as a list of the program from where it is made: others may know it, too."""
        site = item.form.site if item.form is not None else None
        if site is None:
            raise TypeProblem(
                UnsupportedMutation,
                "a list from outside of the function, in a list whose length is not known",
                "who else has it is not followed",
                "put a copy into the list (xs.append(list(row)))",
                item.at,
            )
        if site not in self.state.growing:
            raise Grows(frozenset((site,)))
        return self.made(item.items)

    def holds(self, home: Name, item: Expr) -> None:
        """Note the type of what is put into a list, for all names that it may have."""
        for name in lists_in(item, self.state.env) if is_dynamic(self.typed(item)) else ():
            self.share(name)
        type_ = self.typed(item)
        held = self.state.env[home.id]
        assert isinstance(held, ListOf)
        if not self.is_generated and held.item is not None and not alike(held.item, type_):
            raise TypeProblem(
                UnsupportedType,
                f"a {describe(type_)} put into a list of another kind of items ({describe(held.item)})",
                "a list whose length is not known holds items of one kind",
                "keep a list for each kind",
                getattr(item, "at", None),
            )
        self.note_item(home.id, type_)
        if is_dynamic(type_):
            for other in lists_in(item, self.state.env):
                self.state.held_in.setdefault(other, set()).add(home.id)

    def note_item(self, name: str, item: Type) -> None:
        """Note the type of an item of a list under all its names, and in the lists that hold the list."""
        for own in self.state.names_of.get(name, {name}):
            known = self.state.env.get(own)
            if not isinstance(known, ListOf) or (known.item is not None and not alike(known.item, item)):
                continue
            found = join(known, ListOf(item, known.tape, known.own))
            if found != known:
                self.state.env[own] = found
                for holder in self.state.held_in.get(own, ()):
                    self.note_item(holder, found)

    def check_at_rest(self, home: Expr, at: Expr) -> None:
        """Refuse to make a list longer or shorter while a loop runs over it."""
        together = self.state.names_of.get(home.id, {home.id}) if isinstance(home, Name) else set()
        held = self.typed(home)
        if isinstance(home, Name) and isinstance(held, ListOf) and held.own:
            together = {home.id}
        if together & set(self.state.walked):
            raise TypeProblem(
                UnsupportedMutation,
                "a list that grows or shrinks while a loop runs over it",
                "how often the loop runs is decided when it begins",
                "loop over a copy (xs[:]), or over range(len(xs)), or use a while loop",
                getattr(at, "at", None),
            )

    def list_method(self, base: Display, e: Call, attr: Attr) -> Expr | None:
        form = base.form
        assert form is not None
        if attr.name in ("sort", "index", "count", "remove") and form.site is not None:
            found = super().list_method(base, e, attr)
            if found is not None:
                return found
            raise Grows(frozenset((form.site,)))
        if (
            attr.name in ("pop", "insert", "__delitem__")
            and e.args
            and form.site is not None
            and self.count_of(e.args[0]) is None
        ):
            raise Grows(frozenset((form.site,)))
        if attr.name == "extend" and len(e.args) == 1 and form.site is not None and self.is_long(e.args[0]):
            raise Grows(frozenset((form.site,)))
        return super().list_method(base, e, attr)

    def count_of(self, raw: Expr) -> int | None:
        type_ = self.type_apart(raw)
        return type_.value if isinstance(type_, Num) and isinstance(type_.value, int) else None

    def of_list(self, base: Expr, e: Call, attr: Attr) -> Expr:
        """A method of a list."""
        if e.kwargs:
            raise self.no_method(attr, e)
        match attr.name, e.args:
            case "append", (item,):
                self.put_in(base, self.expr(item))
            case "extend", (more,):
                self.extend(base, self.source(more))
            case "pop", () | (Const(value=-1),):
                return self.pop(base, e)
            case "copy", ():
                return self.copy_of(base)
            case _:
                raise self.no_method(attr, e)
        return Const(None)

    def no_method(self, attr: Attr, e: Call) -> TypeProblem:
        return TypeProblem(
            UnsupportedCall,
            f"`{attr.name}` of a list whose length is not known, in this form",
            "such lists are followed through append, extend, pop() of the last item, copy, and through their items",
            "write the change with these, or make a new list",
            e.at,
        )

    def pop(self, base: Expr, e: Call) -> Expr:
        home = self.list_name(base)
        self.check_at_rest(home, e)
        held = self.item_type(home, e)
        if is_dynamic(held) and not self.is_generated:
            raise TypeProblem(
                UnsupportedMutation,
                "a list that is taken out of a list",
                "whether somebody else has it is not followed",
                "read it by its place: row = t[-1]",
                e.at,
            )
        taken = Call(POP, (home,), at=e.at)
        self.state.effects += 1
        return taken if self.is_generated or not self.hasty else self.atom(taken, "item")

    def spread_out(self, e: Display) -> Expr:
        raise NotImplementedError

    def is_long(self, raw: Expr) -> bool:
        raise NotImplementedError

    def extend(self, base: Expr, more: Expr) -> None:
        raise NotImplementedError

    def copy_of(self, base: Expr) -> Name:
        raise NotImplementedError

    def part_of_list(self, base: Expr, index: Slice, e: Item) -> Expr:
        raise NotImplementedError

    def item_type(self, base: Expr, e: Expr) -> Type:
        type_ = self.typed(base)
        assert isinstance(type_, ListOf)
        if type_.item is None:
            raise Empty(
                UnsupportedType,
                "an item of a list that nothing has been put into",
                "what kind of value comes out is not known when the derivative is written",
                "put something into the list on a way that leads here",
                getattr(e, "at", None),
            )
        return type_.item

    def update_item(self, s: Update, target: Item, held: Type) -> None:
        raise NotImplementedError


def alike(a: Type, b: Type) -> bool:
    """Whether two items may be in one list."""
    match a, b:
        case Num(), Num():
            return a.ndim == b.ndim
        case ListOf(), ListOf():
            return a.item is None or b.item is None or alike(a.item, b.item)
    return a == b


def lists_in(e: Expr, env: dict[str, Type]) -> list[str]:
    """The lists that the value of an expression may be, or be in."""
    return sorted(n for n in names(e) if is_dynamic(env.get(n)))


def is_call_to(e: Expr, method: str) -> bool:
    return isinstance(e, Call) and isinstance(e.func, Attr) and e.func.name == method


def _is_local(e: Expr) -> bool:
    return isinstance(e, Call) and isinstance(e.func, Name)


def may_make_a_list(e: Expr) -> bool:
    """Whether a raw expression makes a list, and calls nothing that could read a variable of this function."""
    made = isinstance(e, Display | Comprehension) and e.kind == "list"
    repeated = isinstance(e, Call) and _object(e.func) is operator.mul
    return (made or repeated) and not any(isinstance(p, Closure) or _is_local(p) for p in subexprs(e))


def makes_lists(target: Display, value: Display) -> bool:
    """Whether `a, b = [], []` may be written as one assignment after the other."""
    own = [t.id for t in target.items if isinstance(t, Name)]
    apart = len(own) == len(target.items) == len(value.items) == len(set(own)) and not set(own) & names(value)
    return apart and value.kind == "tuple" and all(may_make_a_list(v) or isinstance(v, Const) for v in value.items)


def changes_lists(s: Stmt) -> bool:
    """Whether evaluating the expressions of a raw statement may change a list: the others are read before that."""
    own = expressions(s)
    if isinstance(s, Effect) and isinstance(s.value, Call):
        own = s.value.args  # the call itself comes last
    return any(may_change(e) for top in own for e in subexprs(top) if isinstance(e, Call))


def _object(e: Expr) -> Any:
    return e.value if isinstance(e, Object) else None
