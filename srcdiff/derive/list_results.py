"""Lists that a function returns: their adjoints come as lists of the same structure, their values are kept.

in:   xs = []                            out:  xs = []
      for i in range(n):                       for i in range(n): ...; xs.append(x)
          ...                                  result = list(xs)    (the reverse sweep takes the items out again)
          xs.append(x)
      return xs                                xs_bar = list(xs_bar)
                                               for i in range(n - 1, -1, -1):
                                                   x_bar += xs_bar.pop()
                                                   ...
                                               return result, x_bar

A shadow that is made when the reverse sweep begins is the adjoint itself, as a list of its own; to one that is kept
beside its list the adjoint is added, item by item. The adjoint may come as an array, or as a list of arrays (compiled
code takes those sooner than lists): it is read by place only, and no array of it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..ir.nodes import Assign, Call, Const, Display, Effect, Expr, For, Item, Name, Object, Stmt, Update
from ..ir.types import ListOf, Num, Type
from ..ir.walk import is_call_of, statements
from .places import base_of
from .terms import ADD

LIST = Object(list, "list")
APPEND = Object(list.append, "append")
RANGE, LEN = Object(range, "range"), Object(len, "len")

Counter = Callable[[], Name]  # a new variable for the places in a list


def list_of(e: Expr) -> Expr:
    """A list of its own of the same items."""
    return Call(LIST, (e,))


def copied_into(home: str, source: Expr, type_: Type, counter: Counter) -> list[Stmt]:
    """The statements that make `home` a copy of a list, and of the lists in it."""
    if not isinstance(type_, ListOf) or not isinstance(type_.item, ListOf):
        return [Assign(Name(home), list_of(source))]
    k = counter()
    item = Item(source, k)
    if isinstance(type_.item.item, ListOf):
        inner = counter().id
        body = (*copied_into(inner, item, type_.item, counter), _append(home, Name(inner)))
    else:
        body = (_append(home, list_of(item)),)
    return [Assign(Name(home), Display("list", ())), For(k, _places(source), body)]


def _append(home: str, item: Expr) -> Stmt:
    return Effect(Call(APPEND, (Name(home), item)))


def _places(e: Expr) -> Expr:
    return Call(RANGE, (Call(LEN, (e,)),))


def added(shadow: Expr, seed: Expr, type_: ListOf, counter: Counter) -> Stmt:
    """The statement that adds the adjoint of a list to its shadow."""
    k = counter()
    own, given = Item(shadow, k), Item(seed, k)
    if isinstance(type_.item, ListOf):
        inner = added(own, given, type_.item, counter)
    elif isinstance(type_.item, Num) and type_.item.ndim == 0:
        inner = Update(own, ADD, given)
    else:  # an array in a list is not written itself
        inner = Assign(own, Call(ADD, (own, given)))
    return For(k, _places(shadow), (inner,))


def is_changed(names: Iterable[str], body: Iterable[Stmt]) -> bool:
    """Whether statements change one of these lists, or one of its items."""
    own = set(names)
    return any(_changed(s) in own for s in statements(tuple(body)))


def _changed(s: Stmt) -> str | None:
    """The variable of the list that a statement changes."""
    if isinstance(s, Assign | Update) and isinstance(s.target, Item):
        return base_of(s.target)
    value = s.value if isinstance(s, Assign | Effect) else Const(None)
    if isinstance(value, Call) and is_call_of(value, list.append, list.pop):
        return base_of(value.args[0])
    return None
