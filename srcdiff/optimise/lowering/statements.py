"""One array statement -> a loop nest.

in:   u[1:-1] += alpha * laplacian          out:  for i in range(len(u) - 2):
                                                      u[i + 1] += alpha * laplacian[i]

Every value is computed from what was there before the statement: where a nest would read what it has written, the value
goes through an array of its own.
"""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np

from ...derive.zeros import owned
from ...ir.nodes import Assign, Call, Const, Display, Expr, For, Item, Name, Object, Slice, Stmt, Update
from ...ir.types import Dim, Num
from ...ir.walk import is_call_of, names, rebuild, statements, subexprs, targets
from ...rules import is_elementwise
from ...rules.typing import TypeProblem
from ...runtime import first_max, first_min, unbroadcast
from ..storage import parts
from .elements import COPIES, MATRICES, Elements
from .nests import loops, nest
from .overlap import reads_what_it_wrote
from .reductions import Reduction, Reductions, first_factor, is_mean, natural, reduction_of, without_means
from .site import Context, NotElementwise, Site

EMPTY = Object(np.empty, "np.empty")
ZEROS = Object(np.zeros, "np.zeros")
EMPTY_LIKE = Object(np.empty_like, "np.empty_like")
ZEROS_LIKE = Object(np.zeros_like, "np.zeros_like")
FULL = Object(np.full, "np.full")
FULL_LIKE = Object(np.full_like, "np.full_like")
_SUMMED = (operator.add, operator.sub)
_DTYPES = {"float32": np.float32, "bool": np.bool_}


class Statement:
    """The lowering of one statement. Raises NotElementwise where it stays what it is."""

    def __init__(self, context: Context, s: Assign | Update, defined: set[str]) -> None:
        self.context, self.s = context, s
        target = s.target.base if isinstance(s.target, Item) else s.target
        name = target.id if isinstance(target, Name) else "part"
        self.site = Site(context, defined, context.wished.get(name, name))
        self.elements = Elements(self.site)
        self.reductions = Reductions(self.elements, s)

    def lowered(self) -> list[Stmt]:
        s = self.s = replace(self.s, value=without_means(self.elements, self.s.value))
        if self.site.num(s.target).ndim == 0:
            return self.of_number()
        if not self.is_computed(s.value):
            raise NotElementwise
        if isinstance(s.target, Name) and isinstance(s, Assign):
            return self.made(s.target, s)
        return self.written(s)

    def is_computed(self, e: Expr) -> bool:
        """Whether the value is worth a nest: made element by element, or a sum."""
        is_write = isinstance(self.s, Update) or isinstance(self.s.target, Item)
        if is_write and (isinstance(e, Name | Const | Item) or self.site.num(e).ndim == 0):
            return True
        match e:
            case Call(args=(Item(),)) if is_call_of(e, *COPIES):
                return True
            case Call(func=Object(value=f)):
                own = is_call_of(e, np.where, unbroadcast, np.full_like, np.expand_dims, np.broadcast_to, *MATRICES)
                copied = is_call_of(e, *COPIES) and not isinstance(e.args[0], Name) and self.is_computed(e.args[0])
                reduced = is_call_of(e, first_max, first_min) or reduction_of(self.site, e) is not None
                return own or copied or reduced or is_elementwise(f)
        return False

    # ------------------------------------------------------------------------------------------------ new arrays

    def made(self, target: Name, s: Assign) -> list[Stmt]:
        """`y = e` for a new array `y`."""
        type_, known = self.site.num(s.value), self.context.types[target.id]
        assert isinstance(known, Num)
        if type_.dtype != known.dtype or type_.dtype not in ("float64", "float32", "bool"):
            raise NotElementwise
        own = target
        if target.id in names(s.value):
            own = self.context.name(self.site.wish, replace(type_, contiguous=True))
        self.context.types[own.id] = replace(type_, contiguous=True) if own is not target else known
        self.site.unmade = own.id
        start, body = self.filled(s, own, type_)
        made = Assign(own, self.buffer(type_, s.value, start), s.origin, s.adjoint_of)
        if start is None:
            self.context.buffers.add(own.id)
            for axis, dim in enumerate(type_.shape):
                length = self.site.extent(dim)
                if names(length) <= self.context.lasting:
                    self.context.sizes[own.id, axis] = length
        last: list[Stmt] = [] if own is target else [replace(s, value=own)]
        return [made, *body, *last]

    def filled(self, s: Assign, own: Name, type_: Num) -> tuple[Expr | None, list[Stmt]]:
        """The nests that make a new array what it is to be, and what it is to be filled with before."""
        r = reduction_of(self.site, s.value)
        if r is not None:
            return self.reductions.to_array(s, own, r, type_.dtype)
        first = self.scattered(own, s)
        index, own_loops = loops(self.site, type_.shape)
        if first is not None:
            zero = replace(s, target=_place(own, index), value=Const(0.0))
            return None, [*nest(self.site, own_loops, [zero]), *first]
        element = self.elements.operand(s.value, type_.shape, index)
        return None, nest(self.site, own_loops, [replace(s, target=_place(own, index), value=element)])

    def buffer(self, type_: Num, value: Expr, start: Expr | None) -> Expr:
        """A new array of that type, filled with a number: like one that the value reads, or of a shape that is written
        out."""
        by_shape, by_example = (FULL, FULL_LIKE) if start is not None else (EMPTY, EMPTY_LIKE)
        if start == Const(0.0):
            by_shape, by_example, start = ZEROS, ZEROS_LIKE, None
        filling = () if start is None else (start,)
        for e in sorted(subexprs(value), key=lambda e: bool(names(e) & self.context.buffers)):
            if not isinstance(e, Name | Item) or (isinstance(e, Item) and not self.elements.is_basic(e)):
                continue
            if isinstance(e, Item) and any(isinstance(p, Slice) and p.within for p in parts(e)):
                continue  # the program has a shorter name for its length
            like = self.site.typer(e)
            if not isinstance(like, Num) or like.ndim != type_.ndim or like.dtype != type_.dtype:
                continue
            same = all(self.site.same(a, b) for a, b in zip(like.shape, type_.shape, strict=True))
            stays = not names(e) & self.context.buffers or not all(map(self.is_lasting, type_.shape))
            if same and stays and _is_plain(e) and (isinstance(e, Item) or like.contiguous):
                return Call(by_example, (e, *filling))
        lengths = tuple(natural(self.site.extent(d)) for d in type_.shape)
        shape = lengths[0] if len(lengths) == 1 else Display("tuple", lengths)
        dtype = _DTYPES.get(type_.dtype)
        args = (shape, *filling)
        return Call(by_shape, args if dtype is None else (*args, Object(dtype, f"np.{dtype.__name__}")))

    def is_lasting(self, dim: Dim) -> bool:
        """Whether a length is told without an array that may disappear."""
        return names(self.site.extent(dim)) <= self.context.lasting

    # ---------------------------------------------------------------------------------------------------- writes

    def written(self, s: Assign | Update) -> list[Stmt]:
        """`y[...] = e` and `y[...] += e`, or `y += e`."""
        place = s.target
        type_ = self.site.num(place)
        if type_.ndim == 0 or type_.dtype not in ("float64", "float32"):
            raise NotElementwise
        if not isinstance(place, Name) and not (isinstance(place, Item) and self.elements.is_basic(place)):
            raise NotElementwise
        if isinstance(s, Update) and not _is_arithmetic(s.op):
            raise NotElementwise
        found = self.summed_into(place, s, type_) if isinstance(s, Update) else None
        if found is not None:
            return found
        index, own_loops = loops(self.site, type_.shape)
        own = self.elements.element(place, index)
        element = self.elements.operand(s.value, type_.shape, index)
        body = replace(s, target=own, value=element)
        counters = [c.id for c in index if isinstance(c, Name)]
        if reads_what_it_wrote(body, counters, self.context.storage):
            return self.in_two_steps(s)
        return nest(self.site, own_loops, [body])

    def summed_into(self, place: Expr, s: Update, type_: Num) -> list[Stmt] | None:
        """What is added term by term."""
        if s.op.value not in _SUMMED:
            return None
        r = reduction_of(self.site, s.value)
        if r is None or r.kind != "sum":
            return self.scattered(place, s)
        if not self.fits(s.value, type_):
            return None
        found = self.reductions.into(s, place, r)
        counters = [i.target.id for i in statements(tuple(found)) if isinstance(i, For) and isinstance(i.target, Name)]
        (body,) = (i for i in statements(tuple(found)) if isinstance(i, Update))
        if reads_what_it_wrote(body, counters, self.context.storage):
            raise NotElementwise
        return found

    def fits(self, e: Expr, wanted: Num) -> bool:
        found = self.site.num(e)
        return found.ndim == wanted.ndim and all(
            self.site.same(a, b) or self.site.assume(a, b) for a, b in zip(found.shape, wanted.shape, strict=True)
        )

    def in_two_steps(self, s: Assign | Update) -> list[Stmt]:
        """The value in an array of its own, then the write."""
        value_type = self.site.num(s.value)
        if value_type.ndim == 0 or isinstance(s.value, Name):
            raise NotElementwise
        value = s.value if not isinstance(s.value, Item) else Call(Object(np.ndarray.copy, "copy"), (s.value,))
        kept = self.context.name(f"{self.site.wish}_1", replace(value_type, contiguous=True, value=None))
        defined = self.site.defined
        self.site.ahead.clear()
        self.site.assumed.clear()
        first = Assign(kept, value, s.origin, s.adjoint_of)
        second = replace(s, value=kept)
        return [s2 for part in (first, second) for s2 in lowered(self.context, part, defined)]

    # --------------------------------------------------------------------------------- products with `first_max(...)`

    def in_turn(self) -> list[Assign | Update] | None:
        """A new array that is a sum of which one term is zero but for the places of the largest elements, as two
        statements: the other terms, then that one added in its places."""
        s = self.s
        if not isinstance(s, Assign) or not isinstance(s.target, Name) or not is_call_of(s.value, *_SUMMED):
            return None
        assert isinstance(s.value, Call)
        assert isinstance(s.value.func, Object)
        rest, term = s.value.args
        if first_factor(term) is None and s.value.func.value is operator.add:
            rest, term = term, rest
        if first_factor(term) is None or s.target.id in names(s.value):
            return None
        shapes = [self.site.num(e).shape for e in (s.value, rest)]
        same = len(shapes[0]) == len(shapes[1]) and all(self.site.same(a, b) for a, b in zip(*shapes, strict=True))
        if not same:
            return None
        return [replace(s, value=owned(rest)), Update(s.target, s.value.func, term, s.origin, s.adjoint_of)]

    def scattered(self, place: Expr, s: Assign | Update) -> list[Stmt] | None:
        """`x_bar += y_bar * first_max(x)` where the largest elements are, and nowhere else."""
        found = first_factor(s.value)
        if found is None or (isinstance(s, Update) and s.op.value not in _SUMMED):
            return None
        rest, call = found
        shape = self.site.num(call).shape
        places = self.elements.places(call) if self.fits(call, self.site.num(place)) else None
        if places is None:
            return None
        index, own = loops(self.site, shape)
        at = list(index)
        for axis, where in self.elements.placed(places, index):
            at[axis] = where
        target = self.elements.element(place, tuple(at))
        value = Const(1.0) if rest is None else self.elements.operand(rest, shape, tuple(at))
        body = replace(s, target=target, value=value)
        if reads_what_it_wrote(body, [c.id for c in index if isinstance(c, Name)], self.context.storage):
            raise NotElementwise
        counters = {c.id for axis, c in enumerate(index) if isinstance(c, Name) and axis not in places}
        return nest(self.site, [(c, dim) for c, dim in own if c.id in counters], [body])

    # ------------------------------------------------------------------------------------------------------ numbers

    def of_number(self) -> list[Stmt]:
        """A number computed from reductions of arrays: each of them is a variable."""
        s = self.s
        direct = self.whole(s.value) if isinstance(s.target, Name) else None
        if direct is not None and isinstance(s, Update) and s.op.value in _SUMMED and direct.kind == "sum":
            return self.reductions.into(s, s.target, direct)
        if direct is not None and isinstance(s, Assign) and not set(targets(s.target)) & names(direct.inner):
            assert isinstance(s.target, Name)
            return self.reductions.to_number(s, s.target, direct)
        found: list[Stmt] = []

        def replaced(e: Expr) -> Expr:
            r = self.whole(e)
            if r is None:
                return rebuild(e, replaced)
            total = self.context.name(f"{self.site.wish}_1", Num(self.site.num(e).dtype))
            found.extend(self.reductions.to_number(s, total, r))
            return total

        value = replaced(s.value)
        if not found:
            raise NotElementwise
        return [*found, replace(s, value=value)]

    def whole(self, e: Expr) -> Reduction | None:
        """The reduction to a number that an expression is."""
        try:
            found = reduction_of(self.site, e)
        except NotElementwise:
            return None
        return None if found is None or found.result else found


def ahead(context: Context, s: Assign, defined: set[str]) -> list[Stmt]:
    """The statements that compute a value ahead of a nest: a number, or a reduction, lowered itself."""
    try:
        site = Site(context, defined, "")
        of_array = bool(site.num(s.target).ndim)
        if of_array and reduction_of(site, s.value) is None and not is_mean(s.value):
            return [s]
    except (NotElementwise, TypeProblem):
        return [s]
    return lowered(context, s, defined)


def lowered(context: Context, s: Assign | Update, defined: set[str]) -> list[Stmt]:
    """The statements that stand for one, itself where it is no array statement or not one that can be lowered."""
    if isinstance(s.target, Display):
        return [s]
    try:
        statement = Statement(context, s, defined)
        parts = statement.in_turn()
        if parts is not None:
            return [found for part in parts for found in lowered(context, part, defined)]
        found = statement.lowered()
        site = statement.site
        checks = site.checks()
        return [*site.ahead, *checks, *found]
    except (NotElementwise, TypeProblem):
        return [s]


def _place(base: Name, index: tuple[Expr, ...]) -> Item:
    return Item(base, index[0] if len(index) == 1 else Display("tuple", index))


def _is_plain(e: Expr) -> bool:
    """Whether a part of an array is one that is quick to take: slices of a variable."""
    return isinstance(e, Name) or (isinstance(e, Item) and isinstance(e.base, Name))


def _is_arithmetic(op: Object) -> bool:
    return op.value in (operator.add, operator.sub, operator.mul, operator.truediv)
