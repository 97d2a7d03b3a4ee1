"""Where the loops over the directions stand: values go first, so that the tangents of several statements share one.

in:   for d in range(directions):            out:  u = x * x
          u_dot[d] = 2.0 * x * x_dot[d]            v = math.sin(u)
      u = x * x                                    for d in range(directions):
      for d in range(directions):                      u_dot = 2.0 * x * x_dot[d]
          v_dot[d] = math.cos(u) * u_dot[d]            v_dot[d] = math.cos(u) * u_dot
      v = math.sin(u)

A statement of the program that overwrites what tangents before it read stays behind their loop; a number is kept under
a second name instead. A branch is two: one of values, one of tangents inside the loop. The tangent of a number that one
loop alone reads, and always after writing it, needs no array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from ..analysis.aliases import Aliases
from ..ir.callee import called
from ..ir.nodes import Assign, Block, Comment, Display, Expr, For, If, Item, Name, Stmt, Update
from ..ir.types import BOOL, ListOf, Num, Type
from ..ir.walk import Fresh, blocks, expressions, map_block, mentioned, names, rebuild, rename, statements, targets
from ..rules.effects import has_effect
from .places import base_of


@dataclass(frozen=True)
class Value:
    """A statement of the program, which has no part in the tangents."""

    statement: Stmt


@dataclass(frozen=True)
class Tangent:
    """What is done in each direction: the body of a loop."""

    body: Block


@dataclass(frozen=True)
class Fixed:
    """What stays where it is."""

    body: Block


Piece = Value | Tangent | Fixed


@dataclass
class Stretch:
    """Statements in their new order: values, the loop over the directions, values that have to wait for it."""

    first: list[Stmt] = field(default_factory=list)
    loop: Block = ()
    after: list[Stmt] = field(default_factory=list)


@dataclass
class Order:
    """`looped` makes the loop over the directions; new variables get their types in `made`."""

    types: dict[str, Type]
    aliases: Aliases
    fresh: Fresh
    made: dict[str, Type]
    looped: Callable[[Block], Stmt]

    def arranged(self, pieces: Iterable[Piece]) -> Block:
        out: list[Stmt] = []
        for found in self.stretches(pieces):
            if isinstance(found, Fixed):
                out += found.body
            else:
                out += [*found.first, *([self.looped(found.loop)] if found.loop else []), *found.after]
        return tuple(out)

    def branches(self, s: If, then: list[Piece], other: list[Piece]) -> list[Piece]:
        """A branch, as one of values and one of tangents; as it is where these cannot be told apart."""
        sides = [side for side in (self.divided(then), self.divided(other)) if side is not None]
        if len(sides) < 2:
            return [Fixed((replace(s, body=self.arranged(then), orelse=self.arranged(other)),))]
        values, tangents = [tuple(side.first) for side in sides], [side.loop for side in sides]
        if not any(tangents):
            return [Value(replace(s, body=values[0], orelse=values[1]))]
        found: list[Piece] = []
        test = s.test
        if self.written(*values[0], *values[1]) & self.read(test):
            test = Name(self.fresh("test"))
            self.made[test.id] = BOOL
            found.append(Value(Assign(test, s.test, s.origin)))
        if any(values):
            found.append(Value(replace(s, test=test, body=values[0], orelse=values[1])))
        return [*found, Tangent((replace(s, test=test, body=tangents[0], orelse=tangents[1]),))]

    def divided(self, pieces: list[Piece]) -> Stretch | None:
        """One side of a branch as values and then tangents, if it is no more than that."""
        for found in map(list, (self.ordered(pieces, named) for named in (False, True))):
            match found:
                case []:
                    return Stretch()
                case [Stretch(after=[]) as only]:
                    return only
        return None

    def stretches(self, pieces: Iterable[Piece]) -> list[Stretch | Fixed]:
        """The pieces in their new order: with second names for numbers only where that saves loops."""
        given = list(pieces)
        few, plain = list(self.ordered(given, named=True)), list(self.ordered(given, named=False))
        return plain if _loops(plain) <= _loops(few) else few

    def ordered(self, pieces: Iterable[Piece], named: bool) -> Iterator[Stretch | Fixed]:
        now = Stretch()
        for piece in pieces:
            match piece:
                case Fixed():
                    yield now
                    yield piece
                    now = Stretch()
                case Tangent(body=body):
                    if self.read(*_parts(body)) & self.written(*now.after):
                        yield now
                        now = Stretch()
                    now.loop += body
                case Value(statement=s):
                    self.placed(s, now, named)
        if now != Stretch():
            yield now

    def placed(self, s: Stmt, now: Stretch, named: bool) -> None:
        """A value before the loop of its stretch, or behind it; before it where tangents can read what it overwrites
        under another name, if that is wished."""
        reads, writes = self.read(*_parts((s,))), self.written(s)
        needed = self.read(*_parts(now.loop)) & writes
        waits = (reads | writes) & self.written(*now.after) or writes & self.read(*_parts(tuple(now.after)))
        if waits or (needed and not (named and all(map(self.is_number, needed)))):
            now.after.append(s)
            return
        for name in sorted(needed):
            was = self.fresh(f"{name}_was")
            self.made[was] = self.types[name]
            now.first.append(Assign(Name(was), Name(name)))
            now.loop = rename(now.loop, {name: was})
        now.first.append(s)

    # --------------------------------------------------------------------------------------------- reads and writes

    def is_free(self, s: Stmt) -> bool:
        """Whether a statement may change places with tangents: it does no more than to bind or to write. (What is in
        lists may be in several, and has no class of its own.)"""
        if self.has_list(s):
            return False
        parts = list(statements((s,)))
        whole = [e for part in parts for e in expressions(part)]
        if any(has_effect(e) or called(e) is not None for e in whole):
            return False
        places = [p for part in parts if isinstance(part, Assign | Update) for p in _places(part.target)]
        if any(isinstance(p, Item) and not isinstance(p.base, Name) for p in places):
            return False
        return all(isinstance(part, Assign | Update | If | Comment) for part in parts)

    def is_number(self, name: str) -> bool:
        type_ = self.types.get(name)
        return isinstance(type_, Num) and type_.ndim == 0

    def has_list(self, *block: Stmt) -> bool:
        return any(isinstance(self.types.get(n), ListOf) for n in mentioned(block))

    def read(self, *parts: Expr) -> set[str]:
        """The variables that are read, and the arrays whose elements may be."""
        return self.with_contents({n for e in parts for n in names(e)})

    def written(self, *block: Stmt) -> set[str]:
        found: set[str] = set()
        for s in statements(tuple(block)):
            if not isinstance(s, Assign | Update):
                continue
            bound = set(targets(s.target))
            if isinstance(s.target, Item):
                found |= self.with_contents({base_of(s.target) or ""}) - {base_of(s.target)}
            else:
                found |= self.with_contents(bound) if isinstance(s, Update) else bound
        return found

    def with_contents(self, variables: set[str]) -> set[str]:
        return variables | {"*" + self.aliases.find(n) for n in variables if not self.is_number(n)}


def _places(target: Expr) -> tuple[Expr, ...]:
    return target.items if isinstance(target, Display) else (target,)


def _parts(block: Block) -> list[Expr]:
    return [e for s in statements(block) for e in expressions(s)]


def _loops(found: list[Stretch | Fixed]) -> int:
    return sum(isinstance(part, Stretch) and bool(part.loop) for part in found)


# -------------------------------------------------------------------------------------------- numbers without arrays


def private(body: Block, direction: Name, stored: Iterable[str]) -> set[str]:
    """Those of the stored tangents that one loop over the directions alone reads, after it has written them."""
    outside: set[str] = set()
    uses: dict[str, list[For]] = {}

    def walk(block: Block) -> None:
        for s in block:
            if isinstance(s, For) and s.target == direction:
                for name in mentioned(s.body):
                    uses.setdefault(name, []).append(s)
                continue
            outside.update(n for e in expressions(s) for n in names(e))
            for inner in blocks(s):
                walk(inner)

    walk(body)
    alone = {n for n in stored if n not in outside and len(uses.get(n, ())) == 1}
    return {n for n in alone if not _early(uses[n][0].body, {n})}


def _early(block: Block, waiting: set[str]) -> bool:
    """Whether one of the names may be read before it is written; those that are written are taken out of `waiting`."""
    for s in block:
        match s:
            case If():
                then, other = set(waiting), set(waiting)
                if names(s.test) & waiting or _early(s.body, then) or _early(s.orelse, other):
                    return True
                waiting &= then | other
            case Assign(target=target, value=value):
                place = target.base if isinstance(target, Item) else target
                index = target.index if isinstance(target, Item) else None
                if (names(value) | names(index)) & waiting:
                    return True
                if isinstance(place, Name):
                    waiting.discard(place.id)
            case _:
                if any(names(e) & waiting for e in expressions(s)):
                    return True
    return False


def as_numbers(body: Block, found: set[str]) -> Block:
    """The program with numbers for those arrays."""

    def number(e: Expr) -> Expr:
        match e:
            case Item(base=Name(id=name) as base) if name in found:
                return base
        return rebuild(e, number)

    return map_block(body, number)
