"""Structures in lists whose length is known only when the program runs: each part of all of them has a list of its own.

in:   ps.append(Particle(x, v))          out:  particle_x.append(x)
      for p in ps:                             particle_v.append(v)
          p.x += dt * p.v                      ps.append(len(particle_x) - 1)
                                               for k in range(len(ps)):
                                                   p = ps[k]
                                                   particle_x[p] = particle_x[p] + dt * particle_v[p]

What a list or variable holds is the place of the structure in the lists of the parts: two names for one object are two
variables with the same place, whatever becomes of the list. An object of a class that can be changed is kept so from
where it is made; a tuple, which cannot, where it is put into a list. Nothing is taken out of the lists of the parts.
"""

from __future__ import annotations

from collections.abc import Hashable

from ..errors import UnsupportedMutation, UnsupportedType
from ..ir.nodes import Assign, Attr, Block, Call, Display, Expr, Item, Name
from ..ir.types import Form, ListOf, Num, Pooled, describe
from ..rules.typing import TypeProblem
from .folds import Folds
from .iteration import LEN, ONE, minus
from .literals import as_value, is_list
from .state import Pools, component


class Pool(Folds):
    """The structures in the lists of one function."""

    # ------------------------------------------------------------------------------------------------- made, held

    def construct(self, cls: type, e: Call) -> Expr | None:
        found = super().construct(cls, e)
        if isinstance(found, Display) and cls in self.state.pools:
            return self.placed(found, self.state.pools[cls])
        return found

    def kind_of_items(self, item: Display) -> Hashable:
        """What structures are kept together: those of a class that can be changed, tuples of one kind of parts."""
        if item.form is not None and item.form.is_mutable:
            return item.form.cls
        kinds = tuple(
            (t.ndim, t.is_inexact) if isinstance(t := self.typed(i), Num) else describe(t) for i in item.items
        )
        return (None if item.form is None else item.form.cls, kinds)

    def placed(self, item: Display, pool: Pooled) -> Expr:
        """A new structure in the lists of its parts; a variable that holds its place."""
        keys = item.form.keys if item.form is not None else None
        if len(item.items) != len(pool.pool) or keys != (pool.form.keys if pool.form is not None else None):
            raise self.unlike(item)
        values = [self.atom(self.one_item(i), "part") for i in item.items]
        for part, value in zip(pool.pool, values, strict=True):
            self.put_in(Name(part), value)
        wish = "place" if pool.form is None else pool.form.cls.__name__.lower()
        name = self.state.fresh(wish)
        self.state.emit(Assign(Name(name), minus(Call(LEN, (Name(pool.pool[0]),)), ONE)))
        self.state.env[name] = pool
        return self.state.expanded(name, pool)

    def unlike(self, item: Display) -> TypeProblem:
        return TypeProblem(
            UnsupportedType,
            f"a {describe(self.typed(item))} with other parts than the one before, in a list whose length is not known",
            "such lists hold structures of one form",
            "give them the same attributes, in the same order",
            item.at,
        )

    def one_item(self, item: Expr) -> Expr:
        item = item if self.is_generated else as_value(item)
        if self.is_generated or not isinstance(item, Display) or is_list(item):
            is_place = not self.is_generated and isinstance(self.typed(item), Pooled)
            return item if is_place else super().one_item(item)
        if (home := self.place_at(item)) is not None:
            return home
        form = item.form
        if form is not None and form.kind == "dict":
            return super().one_item(item)
        key, mutable = self.kind_of_items(item), form is not None and form.is_mutable
        if key not in self.state.pools:
            for part in item.items:
                if isinstance(part, Display) and is_list(part):
                    self.made_once(part)  # raises: from now on it is a list of the program
            if not item.items or not all(isinstance(self.typed(i), Num | ListOf) for i in item.items):
                return super().one_item(item)  # raises
            raise Pools(key, form, len(item.items))
        if mutable:
            raise TypeProblem(
                UnsupportedMutation,
                f"a {describe(self.typed(item))} from outside of the function, in a list whose length is not known",
                "who else has it is not followed",
                "put a new one with the same values into the list",
                item.at,
            )
        placed = self.placed(item, self.state.pools[key])
        assert isinstance(placed, Display)
        assert isinstance(placed.items[0], Item)
        return placed.items[0].index

    def begin(self) -> None:
        """The lists of the parts, at the begin of the function."""
        for key, pool in list(self.state.pools.items()):
            wish = pool.form.cls.__name__.lower() if pool.form is not None else "part"
            names = [self.state.fresh(component(wish, k, pool.form)) for k, _ in enumerate(pool.pool)]
            self.state.pools[key] = Pooled(key, pool.form, tuple(names))
            for name in names:
                self.new_list(name)

    def argument_placed(self, name: str) -> None:
        """An object among the arguments, of a class whose objects are held by lists."""
        type_ = self.state.env.get(name)
        form = getattr(type_, "form", None)
        if isinstance(form, Form) and form.cls in self.state.pools and type_ is not None:
            found = self.state.expanded(name, type_)
            assert isinstance(found, Display)
            placed = self.placed(found, self.state.pools[form.cls])
            assert isinstance(placed, Display)
            assert placed.home is not None
            self.scope[name] = Name(placed.home)

    # ------------------------------------------------------------------------------------------------ read, written

    def bind(self, name: str, value: Expr) -> None:
        if (home := self.place_at(value)) is None:
            super().bind(name, value)
            return
        if name != home.id:
            self.state.emit(Assign(Name(name), home))
        self.state.env[name] = self.state.env[home.id]

    def place_at(self, value: Expr) -> Name | None:
        """The variable that holds the place of a structure, if it is one that lists hold."""
        home = self.state.home_at(value.home) if isinstance(value, Display) and value.home is not None else None
        return Name(home) if home is not None and isinstance(self.state.env.get(home), Pooled) else None

    def anchored(self, value: Expr) -> Expr:
        if (home := self.place_at(value)) is None:
            return super().anchored(value)
        name = self.state.fresh("kept")
        self.state.emit(Assign(Name(name), home))
        self.state.kept.add(name)
        self.state.env[name] = self.state.env[home.id]
        return self.state.expanded(name, self.state.env[name])

    def now(self, e: Expr, bound: set[str], writes: bool) -> Expr:
        home = self.place_at(e)
        return self.anchored(e) if home is not None and home.id in bound else super().now(e, bound, writes)

    def item_of_list(self, base: Expr, e: Item) -> Expr:
        return self.structure(super().item_of_list(base, e))

    def pop(self, base: Expr, e: Call) -> Expr:
        return self.structure(super().pop(base, e))

    def taken_out(self, held: Name, place: Expr, e: Expr) -> Expr:
        return self.structure(super().taken_out(held, place, e))

    def structure(self, e: Expr) -> Expr:
        """What was read from a list: of a structure, its parts."""
        type_ = self.typed(e)
        if not isinstance(type_, Pooled) or isinstance(e, Display):
            return e
        if isinstance(e, Name):
            return self.state.expanded(e.id, type_)
        name = self.state.fresh("place" if type_.form is None else type_.form.cls.__name__.lower())
        self.bind(name, e)
        return self.state.expanded(name, self.state.env[name])

    def _name(self, e: Name) -> Expr:
        return self.structure(super()._name(e))

    def unpack(self, target: Display, value: Expr) -> None:
        super().unpack(target, self.structure(value) if isinstance(value, Item | Name) else value)

    def attribute(self, base: Display, e: Attr) -> Expr | None:
        found = super().attribute(base, e)
        if found is None or self.place_at(base) is None:
            return found
        is_array = isinstance(t := self.typed(found), Num) and t.ndim != 0
        return self.atom(found, e.name) if is_array else self.structure(found)

    def put(self, base: Expr, key: Hashable, value: Expr, target: Expr) -> None:
        home = self.place_at(base)
        pool = self.state.env[home.id] if home is not None else None
        if not isinstance(pool, Pooled) or home is None:
            super().put(base, key, value, target)
            return
        place = pool.form.place(key) if pool.form is not None else None
        if place is None:
            raise self.missing(pool.form.cls if pool.form else tuple, Attr(base, str(key), getattr(target, "at", None)))
        part = Name(pool.pool[place])
        held, item = self.typed(Item(part, home)), self.one_item(value)
        if isinstance(held, ListOf):
            raise self.unlike_list(target)
        self.holds(part, item)
        self.state.emit(Assign(Item(part, home), item))

    def unlike_list(self, target: Expr) -> TypeProblem:
        return TypeProblem(
            UnsupportedMutation,
            "a list that takes the place of a list in an object that lists hold",
            "whether somebody else has the old one is not followed",
            "write the new items into the list that is there, one by one",
            getattr(target, "at", None),
        )

    def argument(self, name: str, arg: Expr, body: Block) -> Expr:
        return super().argument(name, self.place_at(arg) or arg, body)
