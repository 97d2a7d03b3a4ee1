"""Loops over an array of which one element is other than zero: only the trip at that element counts.

in:   for j in range(k):                      out:  for j in range(k):
          apart = x[i] - y[j]                           apart = x[i] - y[j]
          square[j] = apart * apart                     square[j] = apart * apart
          square_bar[j] = 0.0                       ...  # the place of the least one: at
      ...  # the place of the least one: at         apart = x[i] - y[at]
      square_bar[at] = least_bar                    y_bar[at] -= 2.0 * apart * least_bar
      for j in range(k):
          y_bar[j] -= 2.0 * apart[j] * square_bar[j]

So it is with the adjoint of a largest or least element. The other trips would add products with zero. (Of an infinite
number and zero, too: what is left out there is no part of the derivative.) What a trip reads of an array that the loop
before has filled is computed once more, if nobody else reads it: one element costs less than to keep them all.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ...ir.nodes import Assign, Block, Call, Choice, Const, Expr, For, If, Item, Name, Object, Stmt, Update
from ...ir.walk import assigned, expressions, map_block, map_stmt, names, rebuild, statements, subexprs, target_reads
from ..storage import parts
from .site import Context

_SUMS, _PRODUCTS = (operator.add, operator.sub), (operator.mul, operator.truediv)


def only_one_place(context: Context, body: Block) -> Block:
    """A function's body, in which loops over an array with one element other than zero are that element's trip."""
    return _Places(context, body).block(body)


class _Spike(NamedTuple):
    """Three statements of a block, by their places: the loop that sets an array to zero, the write of one of its
    elements, and the loop that reads it."""

    array: str
    zeros: int
    write: int
    use: int


class _Places:
    def __init__(self, context: Context, body: Block) -> None:
        self.context = context
        self.mentions = _mentions(body)
        self.writes = Counter(_base(s.target) for s in statements(body) if isinstance(s, Assign | Update))

    def block(self, block: Block) -> Block:
        for k, s in enumerate(block):
            spike = self.spike(block, k, s)
            if spike is not None:
                return self.block(self.without(block, spike))
        return tuple(map_stmt(s, lambda e: e, self.block) for s in block)

    # ------------------------------------------------------------------------------------------------ finding them

    def spike(self, block: Block, k: int, s: Stmt) -> _Spike | None:
        """The write of one element at place `k` of a block, if it is the only one that is other than zero."""
        match s:
            case Assign(target=Item(base=Name(id=name), index=Name(id=at)), value=Name() | Const() as value):
                pass
            case _:
                return None
        if name not in self.context.buffers or at not in self.context.places:
            return None
        zeros = next((p for p in range(k - 1, -1, -1) if name in _mentions((block[p],))), None)
        use = next((p for p in range(k + 1, len(block)) if name in _mentions((block[p],))), None)
        if zeros is None or use is None:
            return None
        first, second = block[zeros], block[use]
        if not isinstance(first, For) or not isinstance(second, For) or first.iter != second.iter:
            return None
        # where it is made, set to zero and written; all else is in the loop that reads it
        if self.mentions[name] != 3 + _mentions((second,))[name] or _zero_of(name, first) is None:
            return None
        if {at, *names(value)} & assigned(block[k + 1 : use + 1]) or names(first.iter) & assigned(block[zeros:use]):
            return None
        return _Spike(name, zeros, k, use) if self.vanishes(name, second) else None

    def vanishes(self, name: str, loop: For) -> bool:
        """Whether a trip of a loop does nothing where the element of the array is zero."""
        assert isinstance(loop.target, Name)
        if loop.target.id in assigned(loop.body):
            return False
        place = Item(Name(name), loop.target)
        everywhere = _mentions((loop,))
        local = {n for n in assigned(loop.body) if everywhere[n] == self.mentions[n]}
        found = Vanishing(place, local)
        at_place = sum(e == place for e in _parts((loop,)))
        return at_place == everywhere[name] and found.block(loop.body)

    # ---------------------------------------------------------------------------------------------- taking them out

    def without(self, block: Block, spike: _Spike) -> Block:
        """The block with one trip in place of the loop, and without the array."""
        first, write, second = block[spike.zeros], block[spike.write], block[spike.use]
        assert isinstance(first, For)
        assert isinstance(second, For)
        assert isinstance(second.target, Name)
        assert isinstance(write, Assign)
        assert isinstance(write.target, Item)
        at, place = write.target.index, Item(Name(spike.array), second.target)
        assert isinstance(at, Name)

        def expr(e: Expr) -> Expr:
            if e == place:
                return write.value
            return at if e == second.target else rebuild(e, expr)

        trip = map_block(second.body, expr)
        between = block[spike.zeros + 1 : spike.use]
        trip = self.computed_again(trip, first, between, at)
        zero = _zero_of(spike.array, first)
        first = replace(first, body=tuple(s for s in first.body if s is not zero))
        out = [first if k == spike.zeros else s for k, s in enumerate(block) if k not in (spike.write, spike.use)]
        out[spike.use - 1 : spike.use - 1] = trip
        return tuple(out)

    def computed_again(self, trip: Block, first: For, between: Block, at: Name) -> Block:
        """The trip with the elements that the first loop has computed for it, and for nobody else, in their place."""
        storage, whole = self.context.storage, _mentions((first,))
        for made, loops in _made(first):
            assert isinstance(made.target, Item)
            assert isinstance(made.target.base, Name)
            name = made.target.base.id
            here = _mentions(trip)[name]
            alone = self.writes[name] == 2 and self.mentions[name] == whole[name] + here + 1  # and where it is made
            if not here or not alone or name not in self.context.buffers or not _is_cheap(made.value):
                continue
            index = [loop.target for loop in loops]
            if list(parts(made.target)) != index or any(_parts_of(first, name) - {made.target}):
                continue
            changed = storage.changed((first, *between, *trip)) - {_id(t) for t in index}
            if any(storage.reads_any(e, changed) for e in (made.value, *(loop.iter for loop in loops))):
                continue
            found = _again(trip, made, loops, at)
            if found is not None:
                trip = found
        return trip


def _again(trip: Block, made: Assign, loops: list[For], at: Name) -> Block | None:
    """The trip with what stands for the elements of an array, if its own loops go the same ways."""
    assert isinstance(made.target, Item)
    index = parts(made.target)
    inner = [s for s in statements(trip) if isinstance(s, For)]
    ways = {s.target: s.iter for s in inner}
    fits = all(ways[s.target] == s.iter for s in inner)

    def expr(e: Expr) -> Expr:
        nonlocal fits
        if isinstance(e, Item) and e.base == made.target.base:  # type: ignore[union-attr]
            own = parts(e)
            fits &= own[0] == at and all(ways.get(o) == loop.iter for o, loop in zip(own[1:], loops[1:], strict=True))
            return _put(made.value, dict(zip(index, own, strict=True)))
        return rebuild(e, expr)

    found = map_block(trip, expr)
    return found if fits else None


def _put(e: Expr, mapping: dict[Expr, Expr]) -> Expr:
    return mapping[e] if e in mapping else rebuild(e, lambda part: _put(part, mapping))


class Vanishing:
    """Whether statements do nothing where a place holds zero; `local` are the variables that nobody reads later, and
    that a trip must not read before it has made them: another trip would have."""

    def __init__(self, place: Item, local: set[str]) -> None:
        self.place, self.local = place, local
        self.zero: set[str] = set()
        self.made: set[str] = set()

    def block(self, block: Block) -> bool:
        return all(map(self.statement, block))

    def statement(self, s: Stmt) -> bool:
        if _read(s) & (self.local - self.made):
            return False
        match s:
            case Assign(target=Name(id=name), value=value):
                if name not in self.local:
                    return False
                self.zero = self.zero | {name} if self.is_zero(value) else self.zero - {name}
                self.made = self.made | {name}
                return True
            case Update(target=target, op=Object(value=op), value=value) if op in _SUMS:
                if self.is_zero(value):
                    return isinstance(target, Name) or not self.depends(target)
                self.zero -= names(target)
                return isinstance(target, Name) and target.id in self.local
            case For(target=Name() as counter):
                before, made = self.zero, self.made
                self.made = made | {counter.id}
                again = self.block(s.body) and self.zero >= before  # (what is zero stays so from trip to trip)
                self.zero, self.made = before, made  # there may be no trip
                return again and counter.id in self.local and not self.depends(s.iter)
            case If(test=test):
                before, made = self.zero, self.made
                one, zero, then = self.block(s.body), self.zero, self.made
                self.zero, self.made = before, made
                both = one and self.block(s.orelse)
                self.zero, self.made = self.zero & zero, self.made & then
                return both and not self.depends(test)
        return False

    def depends(self, e: Expr) -> bool:
        return bool(names(e) & (self.zero | names(self.place.base)))

    def is_zero(self, e: Expr) -> bool:
        match e:
            case Name(id=name):
                return name in self.zero
            case Item():
                return e == self.place
            case Const(value=value):
                return value == 0 and not isinstance(value, bool)
            case Choice(then=then, other=other):
                return self.is_zero(then) and self.is_zero(other)
            case Call(func=Object(value=operator.neg), args=(inner,)):
                return self.is_zero(inner)
            case Call(func=Object(value=operator.mul), args=(a, b)):
                return self.is_zero(a) or self.is_zero(b)
            case Call(func=Object(value=operator.truediv), args=(a, _)):
                return self.is_zero(a)
            case Call(func=Object(value=function), args=(a, b)) if function in _SUMS:
                return self.is_zero(a) and self.is_zero(b)
        return False


def _read(s: Stmt) -> set[str]:
    """The variables that a statement itself reads."""
    match s:
        case Assign(target=target, value=value) | For(target=target, iter=value):
            return names(value) | target_reads(target)
    return {n for e in expressions(s) for n in names(e)}


def _zero_of(name: str, loop: For) -> Assign | None:
    """The statement of a loop that sets the array's element of each trip to zero, if it is its only mention there."""
    assert isinstance(loop.target, Name)
    place = Item(Name(name), loop.target)
    found = [s for s in loop.body if isinstance(s, Assign) and s.target == place and s.value == Const(0.0)]
    alone = _mentions((loop,))[name] == 1 and loop.target.id not in assigned(loop.body)
    return found[0] if found and alone else None


def _made(loop: For, around: tuple[For, ...] = ()) -> Iterator[tuple[Assign, list[For]]]:
    """The elements that a nest computes in each of its trips, with the loops around."""
    for s in loop.body:
        match s:
            case Assign(target=Item(base=Name())):
                yield s, [*around, loop]
            case For():
                yield from _made(s, (*around, loop))
            case _:
                pass


def _is_cheap(e: Expr) -> bool:
    match e:
        case Call(func=Object(value=function), args=args):
            return function in (*_SUMS, *_PRODUCTS, operator.neg) and all(map(_is_cheap, args))
        case Item(base=Name(), index=index):
            return not any(isinstance(part, Item | Call) for part in subexprs(index))
    return isinstance(e, Name | Const)


def _parts(block: Block) -> Iterator[Expr]:
    return (e for s in statements(block) for top in expressions(s) for e in subexprs(top))


def _parts_of(loop: For, name: str) -> set[Expr]:
    return {e for e in _parts((loop,)) if isinstance(e, Item) and e.base == Name(name)}


def _mentions(block: Block) -> Counter[str]:
    return Counter(e.id for e in _parts(block) if isinstance(e, Name))


def _base(target: Expr) -> str | None:
    match target:
        case Name(id=name) | Item(base=Name(id=name)):
            return name
    return None


def _id(e: Expr) -> str:
    assert isinstance(e, Name)
    return e.id
