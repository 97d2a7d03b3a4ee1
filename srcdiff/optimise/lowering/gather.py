"""What the adjoint of a stencil adds to several neighbours, as a sum of what each element gets from its neighbours.

in:   for i in range(len(x) - 2): x_bar[i] += g[i]           out:  g_padded = np.zeros(len(x_bar) + 2)
      for i in range(len(x) - 2): x_bar[i + 1] += g[i]             for i in range(len(x) - 2): g_padded[i + 2] = g[i]
      for i in range(len(x) - 2): x_bar[i + 2] -= g[i]             for i in range(len(x_bar)):
                                                                       x_bar[i] += g_padded[i + 2] + g_padded[i + 1]
                                                                       x_bar[i] -= g_padded[i]

(The sum is written in one statement.) Margins of zeros save the borders loops of their own. They are written once,
ahead of all loops: the nest writes the same elements on every trip. Where there is no loop around, zeros and sums are
two more passes over memory, and the additions stay as they are.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from ...derive.terms import ADD, SUB
from ...ir.nodes import Assign, Block, Call, Const, Display, Expr, For, Item, Name, Object, Stmt, Update, While
from ...ir.types import Dim, Num
from ...ir.walk import map_stmt, names, statements, substitute
from ...normalise.iteration import LEN, RANGE, plus
from ...rules.typing import TypeProblem, Typer
from ..storage import parts
from .lengths import Lengths
from .overlap import form
from .scattered import Scattered, only_in_loops, scattered
from .site import SHAPE, Context

LEAST = 3  # neighbours
_FARTHEST = 8  # they are not further apart than this
_ZEROS = Object(np.zeros, "np.zeros")


@dataclass(frozen=True)
class Term:
    """A nest that adds a value, in terms of its counters, to the elements at an offset, or takes it away."""

    loops: tuple[For, ...]  # from the outermost inwards
    add: Update
    target: str
    offsets: tuple[int, ...]  # for each axis

    @property
    def counters(self) -> tuple[str, ...]:
        return tuple(s.target.id for s in self.loops if isinstance(s.target, Name))

    def value(self, counters: Sequence[str]) -> Expr:
        """The value in terms of other counters."""
        return substitute(self.add.value, {a: Name(b) for a, b in zip(self.counters, counters, strict=True)})


def gathered(context: Context, body: Block) -> Block:
    """A function's body with sums over neighbours in the place of additions to neighbours. The trips of its loops share
    memory, which each of them fills."""
    gather = Gather(context, only_in_loops(body))
    out: list[Stmt] = []
    for s in body:
        new = gather.inside(s) if isinstance(s, For | While) else s
        out += [*gather.ahead, new]
        gather.ahead.clear()
    return tuple(out)


class Gather:
    """The walk. What is to be made ahead of the loop of the function that it is in is collected in `ahead`."""

    def __init__(self, context: Context, free: set[str]) -> None:
        self.context, self.free = context, free
        self.ahead: list[Stmt] = []

    def is_own(self, s: Stmt) -> bool:
        return isinstance(s, For) and isinstance(s.target, Name) and s.target.id in self.context.counters

    def inside(self, s: Stmt) -> Stmt:
        """A statement with its blocks gone through; nests have none of interest."""
        return s if self.is_own(s) else map_stmt(s, lambda e: e, lambda b: tuple(map(self.inside, self.block(b))))

    def block(self, block: Block) -> Block:
        """A block with its own nests gathered."""
        out: list[Stmt] = []
        run: list[Term] = []
        for s in block:
            if isinstance(s, For) and not self.is_own(s) and (found := self.in_program(s)) is not None:
                out += [*self.sums(run), *found]
                run = []
                continue
            term = self.term(s) if self.is_own(s) else None
            if run and (term is None or term.target != run[0].target):
                out += self.sums(run)
                run = []
            if term is not None:
                run.append(term)
            else:
                out.append(s)
        return (*out, *self.sums(run))

    # ------------------------------------------------------------------------------------------------- one nest

    def term(self, s: Stmt) -> Term | None:
        """The term that a nest is, if it adds an adjoint to what it does not read."""
        loops: list[For] = []
        while isinstance(s, For) and self.is_own(s) and len(s.body) == 1:
            loops.append(s)
            s = s.body[0]
        match s:
            case Update(target=Item(base=Name(id=target)) as place, op=op) if s.adjoint_of is not None:
                type_ = self.context.types.get(target)
                offsets = _offsets(place, loops)
                if op.value not in (operator.add, operator.sub) or offsets is None or not self.fits(type_, s.value):
                    return None
                home = self.context.storage.find(target)
                reads = home in map(self.context.storage.find, names(s.value))
                if reads or target not in self.context.lasting:
                    return None
                return Term(tuple(loops), s, target, offsets)
        return None

    def fits(self, type_: object, value: Expr) -> bool:
        """Whether an array of the target's type can keep the value, a number, as it is."""
        try:
            kept = Typer(self.context.types)(value)
        except TypeProblem:
            return False
        return (
            isinstance(type_, Num)
            and isinstance(kept, Num)
            and kept.ndim == 0
            and type_.dtype == kept.dtype == "float64"
        )

    # ------------------------------------------------------------------------------------------------- several

    def sums(self, run: Sequence[Term]) -> list[Stmt]:
        """Nests that follow each other and add to the same array."""
        out: list[Stmt] = []
        left = list(run)
        while left:
            first = left[0]
            same = [t for t in left if self.is_same(first, t)]
            made = self.sum(same) if len({t.offsets for t in same}) >= LEAST else None
            if made is None:
                out.append(first.loops[0])
                left = left[1:]
            else:
                out += made
                left = [t for t in left if t not in same]
        return out

    def is_same(self, a: Term, b: Term) -> bool:
        """Whether two terms add the same value, over the same space."""
        return (
            len(a.loops) == len(b.loops)
            and b.value(a.counters) == a.add.value
            and all(self.lengths(a, b).same(x, y) for x, y in zip(self.space(a), self.space(b), strict=True))
        )

    def space(self, term: Term) -> list[Dim]:
        return [self.context.counters[c][0] for c in term.counters]

    def lengths(self, *terms: Term) -> Lengths:
        """What is known of lengths where the last of some nests is."""
        return self.context.counters[terms[-1].counters[0]][1]

    def sum(self, terms: Sequence[Term]) -> list[Stmt] | None:
        """Terms of the same value as one sum; None where their space is not one that margins make the whole array."""
        first = terms[0]
        found = self.total(terms, [_length(first.target, k, len(first.loops)) for k in range(len(first.loops))])
        if found is None:
            return None
        kept, total = found
        return [_nest(first, [Name(c) for c in first.counters], [s.iter for s in first.loops], kept), total]

    def total(self, terms: Sequence[Term], lengths: Sequence[Expr]) -> tuple[Assign, Stmt] | None:
        """What keeps the value of some terms on each trip, and the nest that adds them up; `lengths` are those of the
        array."""
        first = terms[0]
        type_ = self.context.types[first.target]
        assert isinstance(type_, Num)
        margins = [_margin(a, b, self.lengths(*terms)) for a, b in zip(type_.shape, self.space(first), strict=True)]
        widths = [m for m in margins if m is not None]
        if len(widths) < len(margins) or any(a > m for t in terms for a, m in zip(t.offsets, widths, strict=True)):
            return None
        padded = self.padded(first, type_)
        kept = Assign(_moved(padded, map(Name, first.counters), widths), first.add.value)
        wishes = [self.context.wished[c] for c in first.counters]
        pairs = zip(wishes, type_.shape, strict=True)
        index = [self.context.counter(wish, dim, self.lengths(*terms)) for wish, dim in pairs]
        value, op = _total([(t.add.op, _moved(padded, index, map(operator.sub, widths, t.offsets))) for t in terms])
        update = Update(_moved(Name(first.target), index, [0] * len(index)), op, value)
        shape = _tuple([plus(n, Const(m)) for n, m in zip(lengths, widths, strict=True)])
        self.ahead.append(Assign(padded, Call(_ZEROS, (shape,))))
        return kept, _nest(first, index, [Call(RANGE, (length,)) for length in lengths], update)

    # ----------------------------------------------------------------------------------- loops of the program

    def in_program(self, s: For) -> list[Stmt] | None:
        """A nest of the program with what its adjoints add to neighbours behind it; None where they add to few."""
        adds = Counter(filter(None, map(_added_to, statements((s,)))))
        if not any(count >= LEAST for count in adds.values()):
            return None
        nest = scattered(self.context, s, self.free)
        if nest is None:
            return None
        terms = {k: term for k, i in enumerate(nest.body) if (term := self.program_term(nest, i)) is not None}
        kept: dict[int, Assign] = {}
        behind: list[Stmt] = []
        gone: set[int] = set()
        for k, first in terms.items():
            alike = (n for n, t in terms.items() if t.target == first.target and self.is_same(first, t))
            same = [n for n in alike if n not in gone]
            enough = len({terms[n].offsets for n in same}) >= LEAST
            if not enough or not nest.is_fixed(first.add.value, k, self.context.storage):
                continue
            found = self.total([terms[n] for n in same], nest.wholes)
            if found is not None:
                kept[k] = replace(found[0], origin=first.add.origin, adjoint_of=first.add.adjoint_of)
                behind.append(found[1])
                gone.update(same)
        body = tuple(kept.get(k, i) for k, i in enumerate(nest.body) if k in kept or k not in gone)
        return [nest.nest(body), *behind] if kept else None

    def program_term(self, nest: Scattered, s: Stmt) -> Term | None:
        """The term that a statement in a nest of the program is."""
        match s:
            case Update(target=Item(base=Name(id=target)) as place) if _added_to(s) is not None:
                offsets = _offsets(place, nest.loops)
                if not nest.only_adds(target, self.context.storage) or offsets is None:
                    return None
                if self.fits(self.context.types.get(target), s.value):
                    return Term(nest.loops, s, target, offsets)
        return None

    def padded(self, term: Term, type_: Num) -> Name:
        """The variable for a value with its margins."""
        match term.add.value:
            case Item(base=Name(id=name)):
                wish = f"{self.context.wished.get(name, name)}_padded"
            case _:
                wish = f"{self.context.wished.get(term.target, term.target)}_terms"
        shape = tuple(Dim(None) for _ in type_.shape)
        padded = self.context.name(wish, Num("float64", type_.ndim, shape, contiguous=True))
        self.context.padded.add(padded.id)
        return padded


def _added_to(s: Stmt) -> str | None:
    """The array of adjoints that a statement adds to."""
    match s:
        case Update(target=Item(base=Name(id=target)), op=op) if op.value in (operator.add, operator.sub):
            return None if s.adjoint_of is None else target
    return None


def _offsets(place: Item, loops: Sequence[For]) -> tuple[int, ...] | None:
    """By how much each part of an index is ahead of the counter of the loop along that axis."""
    found: list[int] = []
    if len(parts(place)) != len(loops):
        return None
    for part, loop in zip(parts(place), loops, strict=True):
        own = form(part)
        if own is None or own.keys() - {None} != {loop.target} or own[loop.target] != 1 or own.get(None, 0) < 0:
            return None
        found.append(own.get(None, 0))
    return tuple(found)


def _margin(whole: Dim, part: Dim, lengths: Lengths) -> int | None:
    """How many elements an axis has more than the space has trips, if it has any."""
    if isinstance(whole.token, int) and isinstance(part.token, int):
        return whole.token - part.token if 0 <= whole.token - part.token <= _FARTHEST and part.token else None
    return next((m for m in range(_FARTHEST + 1) if lengths.same(whole.minus(m), part)), None)


def _moved(base: Name, index: Iterable[Expr], by: Iterable[int]) -> Item:
    return Item(base, _tuple([plus(e, Const(n)) for e, n in zip(index, by, strict=True)]))


def _tuple(items: Sequence[Expr]) -> Expr:
    return items[0] if len(items) == 1 else Display("tuple", tuple(items))


def _total(terms: Sequence[tuple[Object, Expr]]) -> tuple[Expr, Object]:
    """Terms as one value, and how it is added: those that are added come first."""
    plain = [e for op, e in terms if op.value is operator.add]
    less = [e for op, e in terms if op.value is operator.sub]
    if not plain:
        return reduce(lambda a, b: Call(ADD, (a, b)), less), SUB
    total = reduce(lambda a, b: Call(ADD, (a, b)), plain)
    return reduce(lambda a, b: Call(SUB, (a, b)), less, total), ADD


def _length(name: str, axis: int, ndim: int) -> Expr:
    return Call(LEN, (Name(name),)) if ndim == 1 else Item(Call(SHAPE, (Name(name),)), Const(axis))


def _nest(term: Term, counters: Sequence[Expr], headers: Sequence[Expr], body: Assign | Update) -> Stmt:
    """A statement in loops, which come from where a term does."""
    made: Stmt = replace(body, origin=term.add.origin, adjoint_of=term.add.adjoint_of)
    for counter, header in zip(reversed(counters), reversed(headers), strict=True):
        made = For(counter, header, (made,), (), term.add.origin, term.add.adjoint_of)
    return made
