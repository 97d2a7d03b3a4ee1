"""Which copies of an array are never told apart from it, so that the array may be made where its copy is.

    for k in range(n):
        y = np.exp(x[k])        # made in tape[k]
        tape[k] = y

Nobody may write into the array afterwards: in the next trip, say, before it is made anew, or through a view. And nobody
else may write where the copy is; another trip has a place of its own, since an array that has been kept lives on.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...analysis.affine import affine
from ...analysis.dependence import Instance, Place
from ...ir.nodes import Assign, Effect, Expr, For, Function, Item, Name
from ...ir.types import Type
from ...ir.walk import names, statements
from ..dead_zeros import known_of
from ..storage import Access, Storage, parts


class OnlyCopies:
    """What a function, as it is before its statements are lowered, does to its arrays."""

    def __init__(self, function: Function, types: Mapping[str, Type]) -> None:
        self.storage = Storage(function, types)
        self.known = known_of(function, dict(types))
        self.writes = [a for a in self.storage.accesses(function.body) if a.kind != "read"]
        calls = [s.value for s in statements(function.body) if isinstance(s, Effect)]
        self.handed = {self.storage.find(n) for e in calls for n in names(e) if self.storage.holds(n)}

    def allow(self, store: Assign) -> bool:
        """Whether an array may be made in the place that this statement copies it into."""
        assert isinstance(store.target, Item)
        assert isinstance(store.value, Name)
        held = {self.storage.find(n) for n in (store.value.id, *names(store.target.base))}
        writes = [a for a in self.writes if self.storage.find(a.name) in held]
        alone = len(writes) == 1 and writes[0].statement is store and not held & self.handed
        return alone and self.is_apart(writes[0], store.target)

    def is_apart(self, access: Access, place: Item) -> bool:
        """Whether each trip of the loops around surely comes to a place of its own."""
        assert isinstance(place.base, Name)
        index, loops = parts(place), [at.loop for at in access.way if at.loop is not None]
        instance = Instance(Place(place.base.id, index, access.way), 0, 0, self.known)
        if any(instance.natural(e) is None for e in index):
            return False
        counters = {s.target.id for s in loops if isinstance(s, For) and isinstance(s.target, Name)}
        return len(counters) == len(loops) and all(any(_moves(e, c, counters) for e in index) for c in counters)


def _moves(e: Expr, counter: str, counters: set[str]) -> bool:
    """Whether an index changes with a counter, and with no other one."""
    form = affine(e, lambda v: v)
    held = {} if form is None else {v.id: k for v, k in form.items() if isinstance(v, Name)}
    return bool(held.get(counter)) and not (names(e) & counters - {counter})
