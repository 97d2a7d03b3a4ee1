"""Loops in the order in which arrays lie in memory.

in:   for k in range(1, n):                            out:  for i in range(len(x)):
          for i in range(len(x)):                                for k in range(1, n):
              x[i, k] = a[i, k] * x[i, k - 1]                        x[i, k] = a[i, k] * x[i, k - 1]

A loop becomes the innermost one of a nest if the trips of the others have nothing to do with each other but sums of
adjoints, whatever trip of this loop they are on; if no bound depends on a counter; and if fewer of the places in the
nest then lie apart from one trip to the next. (Permutation of loops: Wolf and Lam, A loop transformation theory and an
algorithm to maximize parallelism, 1991, for vectors of dependence that are zero but in one place.)
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace

from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Comment,
    Display,
    Expr,
    For,
    Function,
    Item,
    Name,
    Stmt,
    Update,
    While,
)
from ..ir.types import Num, Type
from ..ir.walk import assigned, expressions, map_block, names, rebuild, statements, subexprs, targets
from ..rules.typing import Typer
from .dead import Liveness
from .independence import Nest, Sums
from .storage import Storage, parts


def along_rows(function: Function, types: dict[str, Type], tapes: Set[str]) -> Function:
    """The function with the loops of its nests in such an order; `tapes` are the arrays that keep values."""
    body, _ = _Interchange(function, types, tapes).block(function.body, set())
    return replace(function, body=body)


class _Interchange(Liveness):
    """A walk that knows at each loop what is read after it."""

    decides = True

    def __init__(self, function: Function, types: dict[str, Type], tapes: Set[str]) -> None:
        super().__init__(types, set())
        self.storage, self.tapes = Storage(function, types), tapes
        self.around: tuple[For | While, ...] = ()  # the loops that the walk is in

    def loop(self, s: For | While, live: set[str]) -> tuple[list[Stmt], set[str]]:
        self.around = (*self.around, s)
        found, head = super().loop(s, live)
        self.around = self.around[:-1]
        if not self.settling and len(found) == 1 and isinstance(found[0], For):
            found = [self.turned(found[0], live | head)]
        return found, head

    def turned(self, s: For, live: set[str]) -> For:
        """The nest with its outermost loop as the innermost one, if that may be and pays."""
        whole = self.without_views(s, live)
        nest = perfect(whole)
        body = nest[-1].body
        if len(nest) < 2 or not _is_box(nest) or not self.pays(nest, body):
            return s
        turned = _nested((*nest[1:], whole), body)
        around = self.around
        inner: Stmt = turned
        for _ in nest[1:]:
            assert isinstance(inner, For)
            found = Nest(inner, live, self.types, self.storage, around).verdict()
            if not isinstance(found, Sums) or not _may_be_reordered({*found.scalars, *found.arrays}, body):
                return s
            around, inner = (*around, inner), inner.body[0]
        return turned

    def without_views(self, s: For, live: set[str]) -> For:
        """A loop with the rows that it names at the beginning of a trip as elements of their arrays."""
        views: dict[str, Item] = {}
        rest: list[Stmt] = []
        for i in s.body:
            match i:
                case Assign(target=Name(id=name), value=Item() as row) if not rest and self.is_row(row):
                    views[name] = row
                case _:
                    rest.append(i)
        changed = assigned(s.body)
        if not views or any(names(row) & changed or name in live for name, row in views.items()):
            return s
        uses = [part for i in statements(tuple(rest)) for e in expressions(i) for part in subexprs(e)]
        elements = [part.base for part in uses if isinstance(part, Item) and self.is_element(part)]
        if views.keys() & assigned(tuple(rest)) or any(uses.count(Name(n)) != elements.count(Name(n)) for n in views):
            return s
        return replace(s, body=map_block(tuple(rest), lambda e: _without(views, e)))

    def is_row(self, e: Item) -> bool:
        """Whether this is a row of an array that keeps values, which surely exists."""
        return isinstance(e.base, Name) and e.base.id in self.tapes and all(isinstance(p, Name) for p in parts(e))

    def is_element(self, e: Item) -> bool:
        """Whether this is one element of a variable, told by an index of numbers."""
        type_ = Typer(self.types)(e)
        return isinstance(type_, Num) and type_.ndim == 0

    def pays(self, nest: tuple[For, ...], body: Block) -> bool:
        """Whether fewer places lie apart on the trips of the outermost loop than on those of the innermost one."""
        places = {(a.name, a.place) for a in self.storage.accesses(body) if a.place is not None}
        apart = [
            sum(any(names(part) & set(targets(loop.target)) for part in place[:-1]) for _, place in places)
            for loop in (nest[0], nest[-1])
        ]
        return apart[0] < apart[1]


def _without(views: Mapping[str, Item], e: Expr) -> Expr:
    """An expression with elements of views as elements of their arrays."""
    match e:
        case Item(base=Name(id=name)) if name in views:
            own = tuple(_without(views, part) for part in parts(e))
            return Item(views[name].base, Display("tuple", (*parts(views[name]), *own)), e.at)
    return rebuild(e, lambda child: _without(views, child))


def perfect(s: For) -> tuple[For, ...]:
    """A loop and those in it, as long as there is nothing else in each of them."""
    inner = [i for i in s.body if not isinstance(i, Comment)]
    only = inner[0] if len(inner) == 1 else None
    return (s, *perfect(only)) if isinstance(only, For) else (s,)


def _nested(loops: tuple[For, ...], body: Block) -> For:
    found: Block = body
    for loop in reversed(loops):
        found = (replace(loop, body=found),)
    assert isinstance(found[0], For)
    return found[0]


def _is_box(nest: tuple[For, ...]) -> bool:
    """Whether the bounds of all loops stay what they are, and no loop ends early."""
    changed = assigned(nest[:1])
    ends = any(isinstance(s, Break) for s in statements(nest[-1].body))
    return (
        not ends
        and not any(names(loop.iter) & changed for loop in nest)
        and all(isinstance(loop.target, Name) for loop in nest)
    )


def _may_be_reordered(shared: set[str], body: Block) -> bool:
    """Whether what several trips add to is added to by adjoints alone."""
    for s in statements(body):
        if isinstance(s, Assign | Update) and s.adjoint_of is None:
            place = s.target
            while isinstance(place, Item):
                place = place.base
            if names(place) & shared:
                return False
    return True
