"""Quotients whose adjoints are taken through their results: written once it is known what the other adjoints read.

in:   y = a / d       out:  q = y_bar / d            in:   u[i] = a / d       out:  y = u[i]    (before the old
                            a_bar += q                                              ...           element is put back)
                            d_bar -= y * q

By the operands it is `d_bar -= a * y_bar / (d * d)`: a division more, and the value of `a`. But `y` has to be there. It
is where nothing binds it again, or where another adjoint reads it; what is written into an array, where others read
the array.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np

from ..analysis.aliases import Aliases
from ..analysis.lost import SHAPE_ONLY
from ..ir.nodes import Assign, Call, Comment, Const, Display, Expr, For, Item, Name, Object, Slice, Stmt, Update
from ..ir.types import Num, Type
from ..ir.walk import Fresh, children, expressions, is_call_of, names, statements, subexprs, substitute, targets
from ..rules.typing import Typer
from ..runtime import unbroadcast
from .acts import Acc, Act, Do, Fork, Let, Node, Pull, Round, Step, Together, When
from .places import base_of
from .terms import COPY, QUOTIENTS
from .zeros import is_fresh


class Writer(Protocol):
    """What writes the adjoints of statements (the builder)."""

    types: dict[str, Type]
    aliases: Aliases
    fresh: Fresh
    user_name: dict[str, str]
    quotient_at_hand: Expr | None

    def simple(self, s: Stmt) -> list[Act]: ...


class Quotients:
    """The quotients of a function whose adjoints are not written yet."""

    def __init__(self) -> None:
        self.waiting: list[tuple[list[Node], Step, bool]] = []
        self.unasked: set[str] = set()  # results that the derivative does not return: nobody computes them but for this

    def later(self, s: Stmt, block: list[Node], in_loop: bool) -> Step:
        """The step of a quotient in its block, without acts as yet."""
        step = Step(s, [])
        self.waiting.append((block, step, in_loop))
        return step

    def write(self, writer: Writer, nodes: list[Node]) -> None:
        """Give the steps that wait their acts, in order of the program."""
        bound = Counter(n for s in statements(tuple(n.stmt for n in nodes)) for n in _bound(s))
        read = set().union(*map(read_below, nodes))
        for block, step, in_loop in self.waiting:
            match step.stmt:
                case Assign(target=Name(id=name) as y) if name in read or not (
                    in_loop or bound[name] > 1 or name in self.unasked
                ):
                    step.acts = written(writer, step.stmt, y)
                case Assign(target=Item() as place) | Update(target=Item() as place) if _holds(
                    place, step.stmt, writer
                ):
                    self.read_back(writer, block, step, place, read)
                case _:
                    step.acts = written(writer, step.stmt, None)
            read |= read_by(step.acts)
        self.waiting = []

    def read_back(self, writer: Writer, block: list[Node], step: Step, place: Item, read: set[str]) -> None:
        """The acts of a quotient that is written into a place, by what is found there if that is kept anyway: others,
        or these acts, read the array. (For an update, old contents would have to be put back otherwise.)"""
        assert isinstance(step.stmt, Assign | Update)
        taken, known = set(writer.fresh.taken), set(writer.types)
        held = _name_for(place, writer)
        acts = written(writer, step.stmt, held)
        own = read_by(acts)
        if held.id in own and (isinstance(step.stmt, Update) or _is_among(base_of(place), read | own, writer.aliases)):
            step.acts = acts
            # in a step of its own, that is reversed first: what it reads is what the statement has left
            at = next(p for p, node in enumerate(block) if node is step)
            block.insert(at + 1, Step(Comment("", origin=step.stmt.origin), [Let(held.id, _copied(place, writer))]))
            return
        writer.fresh.taken = taken
        for name in set(writer.types) - known:
            del writer.types[name]
        step.acts = written(writer, step.stmt, None)


def written(writer: Writer, s: Stmt, at_hand: Expr | None) -> list[Act]:
    writer.quotient_at_hand = at_hand
    acts = writer.simple(s)
    writer.quotient_at_hand = None
    return _without_steps_between(acts)


def _without_steps_between(acts: list[Act]) -> list[Act]:
    """`a = u_bar[i]; q = a / d` as `q = u_bar[i] / d`, where nothing else reads `a`."""
    match acts:
        case [Let(name=first, value=value), Let(value=divided) as second, *rest]:
            if first in names(divided) and first not in read_by(rest):
                whole = value.args[0] if is_call_of(value, np.ndarray.copy) and isinstance(value, Call) else value
                own = substitute(divided, {first: whole})
                if not is_fresh(own):  # (`unbroadcast` may give back the part, which is set to zero before it is read)
                    own = substitute(divided, {first: value})
                return [Let(second.name, own), *rest]
    return acts


def read_in_place(acts: list[Act], behind: list[Act]) -> list[Act]:
    """The acts of a step with a place for the variable that the acts behind it read back, if it is mentioned once."""
    match behind:
        case [Let(name=name, value=value)]:
            place = value.args[0] if is_call_of(value, np.ndarray.copy) and isinstance(value, Call) else value
            mentioned = sum(1 for e in _expressions(acts) for part in subexprs(e) if part == Name(name))
            if mentioned == 1:
                return [_substituted(act, {name: place}) for act in acts]
    return [*behind, *acts]


def _substituted(act: Act, mapping: dict[str, Expr]) -> Act:
    def changed(several: tuple[Expr, ...]) -> tuple[Expr, ...]:
        return tuple(substitute(e, mapping) for e in several)

    match act:
        case Acc(terms=terms):
            new = (replace(t, factors=changed(t.factors), denominators=changed(t.denominators)) for t in terms)
            return replace(act, terms=tuple(new))
        case Let(value=value):
            return replace(act, value=substitute(value, mapping))
    return act


def is_quotient(s: Stmt) -> bool:
    """Whether a statement gives a variable or a place the value of a quotient."""
    match s:
        case Assign(target=Name(id=name), value=value):
            return is_call_of(value, *QUOTIENTS) and name not in names(value)
        case Assign(target=Item(), value=value):
            return is_call_of(value, *QUOTIENTS)
        case Update(target=Item(), op=Object(value=op)):
            return op in QUOTIENTS
    return False


def _bound(s: Stmt) -> list[str]:
    return targets(s.target) if isinstance(s, Assign | For | Update) else []


def _holds(place: Item, s: Assign | Update, writer: Writer) -> bool:
    """Whether what is found in a place behind the statement is the quotient as it was computed."""
    typer = Typer(writer.types)
    own, base = typer(place), base_of(place)
    if not isinstance(own, Num) or own.ndim is None:
        return False
    if base is None or not writer.aliases.is_array(base) or not _is_plain(place.index, typer):
        return False
    made = typer(s.value) if isinstance(s, Assign) else typer(Call(s.op, (place, s.value)))
    if not isinstance(made, Num) or made.dtype != own.dtype or made.ndim != own.ndim:
        return False
    return all(a.covers(b) for a, b in zip(made.shape, own.shape, strict=True))


def _is_plain(index: Expr, typer: Typer) -> bool:
    """Whether an index consists of numbers and slices: then no element is written twice."""
    parts = index.items if isinstance(index, Display) else (index,)
    types = (None if isinstance(part, Slice) or part == Const(Ellipsis) else typer(part) for part in parts)
    return all(t is None or (isinstance(t, Num) and t.ndim == 0 and t.is_integral) for t in types)


def _is_among(base: str | None, read: set[str], aliases: Aliases) -> bool:
    """Whether an array is read, under whatever name."""
    assert base is not None
    return any(aliases.is_array(n) and aliases.find(n) == aliases.find(base) for n in read)


def _name_for(place: Item, writer: Writer) -> Name:
    """A variable for what is read back, named after the array."""
    base = base_of(place)
    assert base is not None
    wish = writer.user_name.get(base, base)
    name = writer.fresh(wish)
    writer.user_name[name] = wish
    type_ = Typer(writer.types)(place)
    writer.types[name] = type_.plain() if isinstance(type_, Num) else type_
    return Name(name)


def _copied(place: Expr, writer: Writer) -> Expr:
    type_ = Typer(writer.types)(place)
    return Call(COPY, (place,)) if isinstance(type_, Num) and type_.ndim else place


# ------------------------------------------------------------------------------------------------ what adjoints read


def read_below(node: Node) -> set[str]:
    """The variables whose values the acts of a node read, adjoint and primal ones."""
    match node:
        case Step():
            return read_by(node.acts)
        case Fork():
            return read_by((*node.before, *node.ends[0], *node.ends[1])).union(
                *map(read_below, (*node.body, *node.orelse))
            )
        case Round():
            return read_by((*node.before, *node.end)).union(*map(read_below, node.body))


def read_by(acts: Iterable[Act]) -> set[str]:
    found: set[str] = set()
    for e in _expressions(acts):
        _add_read(e, found)
    return found


def _expressions(acts: Iterable[Act]) -> Iterator[Expr]:
    for act in acts:
        match act:
            case Acc(target=target, terms=terms):
                yield target
                yield from (e for t in terms for e in (*t.factors, *t.denominators, *t.masks))
            case Together(parts=parts):
                yield from _expressions(parts)
            case Let(value=value) | Pull(call=value):
                yield value
            case When():
                yield act.test
                yield from _expressions((*act.then, *act.other))
            case Do(stmt=stmt):
                yield from expressions(stmt)
            case _:
                pass


def _add_read(e: Expr, found: set[str]) -> None:
    match e:
        case Name(id=name):
            found.add(name)
        case Call(func=Object(value=function)) if function in SHAPE_ONLY:
            pass
        case Call(func=Object(value=function), args=(given, _)) if function is unbroadcast:
            _add_read(given, found)
        case _:
            for part in children(e):
                _add_read(part, found)
