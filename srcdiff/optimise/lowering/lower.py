"""A function with its array statements as loop nests.

in:   y = np.exp(x) * w                out:  y = np.empty_like(x)
                                             for i in range(len(x)):
                                                 y[i] = np.exp(x[i]) * w
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from dataclasses import replace

import numpy as np

from ...ir.nodes import (
    Assign,
    Block,
    Call,
    Comment,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Stmt,
    Update,
    While,
)
from ...ir.types import Num, Type
from ...ir.walk import Fresh, assigned, is_call_of, map_stmt, mentioned, names, statements, targets
from ...normalise.iteration import SUB
from ...rules.typing import Typer
from ..dead import drop_dead
from ..length_checks import is_check
from ..storage import Storage
from .beside import Beside
from .bound_last import bound_last
from .checks import checked_once
from .contraction import contracted
from .directly import added_directly
from .fusion import Fusion
from .gather import gathered
from .known_extremes import with_known_extremes
from .lengths import Lengths
from .one_place import only_one_place
from .only_copies import OnlyCopies
from .rows import in_rows
from .site import COUNTERS, Context
from .statements import ahead
from .statements import lowered as lowered_statement
from .unread import without_unread_tapes


def lowered(
    function: Function, types: dict[str, Type], wished: dict[str, str], equal: bool, parallel: bool
) -> tuple[Function, set[str], set[str]]:
    """The function with its array statements lowered, the indices that are inside by construction, those of its new
    loops among them, and the arrays that it fills anew wherever it uses them; `types` and `wished` are told of the new
    variables. `equal` is as in `derive.Request`; where loops run in `parallel` they need no row of each other."""
    params = {p.name for p in function.params}
    taken = mentioned(function.body) | params
    known = taken | {wished.get(n, n) for n in taken}
    letters = [c for c in COUNTERS if c not in known] or list(COUNTERS)
    storage, rebound = Storage(function, types), _rebound(function)
    fresh, copies = Fresh(taken), OnlyCopies(function, types)
    context = Context(
        types, wished, storage, fresh, letters, Lengths(equal), rebound=rebound, only_copies=copies, ahead=ahead
    )
    context.lasting = _lasting(function)
    body, _ = _block(context, function.body, params)
    function = drop_dead(replace(function, body=checked_once(body, context.lasting)), types)
    body = without_unread_tapes(context, function).body
    _note_agreed(context, body)
    context.storage = Storage(replace(function, body=body), types)  # what nests fill shares memory with nothing
    body = contracted(context, Fusion(context).block(added_directly(context, gathered(context, body))))
    body = body if parallel else Beside(context).block(body)
    body = _checked_once(contracted(context, only_one_place(context, in_rows(context, body))))
    body = with_known_extremes(context, body)
    own = {*context.counters, *context.places} - context.counted
    return replace(function, body=body), own, context.buffers | context.padded


def _note_agreed(context: Context, body: Block) -> None:
    """Note for all nests what the checks ahead of the first one hold against each other."""
    for s in itertools.takewhile(lambda s: not isinstance(s, For | While | If), body):
        if isinstance(s, Effect) and s.value in context.agreed:
            for _, lengths in context.counters.values():
                lengths.join(*context.agreed[s.value])


def _block(context: Context, block: Block, defined: set[str]) -> tuple[Block, set[str]]:
    """A block with its statements lowered, and what is surely assigned after it."""
    out: list[Stmt] = []
    outside, context.lengths = context.lengths, context.lengths.inside()
    known, context.searches = context.searches, {}
    stored: set[int] = set()  # the stores into tapes that have become needless
    for k, s in enumerate(block):
        match s:
            case Assign() if id(s) in stored:
                continue
            case Assign() | Update():
                found = lowered_statement(context, s, defined)
                store = _store(context, found, block[k + 1 :])
                if store is not None and _fits(context, store) and context.only_copies.allow(store):
                    stored.add(id(store))
                    found = _in_tape(context, found, store)
                out.extend(found)
                defined = defined | set(targets(s.target))
            case If():
                body, a = _block(context, s.body, defined)
                orelse, b = _block(context, s.orelse, defined)
                out.append(replace(s, body=body, orelse=orelse))
                defined = a & b
            case For():
                body, _ = _block(context, s.body, defined | set(targets(s.target)))
                out.append(replace(s, body=body))
            case While():
                body, _ = _block(context, s.body, defined)
                out.append(replace(s, body=body))
            case _:
                out.append(s)
        _forget(context, s)
    context.lengths, context.searches = outside, known
    return bound_last(context, tuple(out)), defined


def _forget(context: Context, s: Stmt) -> None:
    """Forget the places of largest elements of arrays that a statement may change."""
    if isinstance(s, Assign | Update):
        changed = {context.storage.find(n) for n in names(s.target)}
        for e in [e for e in context.searches if changed & set(map(context.storage.find, names(e)))]:
            del context.searches[e]
    elif not isinstance(s, Comment):
        context.searches.clear()


def _checked_once(block: Block) -> Block:
    """A block without checks that have been made in it before, of what has not changed since."""
    out: list[Stmt] = []
    made: set[Stmt] = set()
    for s in map(_turned, block):
        if s in made:
            continue
        if is_check(s):
            made.add(s)
        elif made:
            changed = assigned((s,))
            made = {m for m in made if not changed & mentioned((m,))}
        out.append(map_stmt(s, lambda e: e, _checked_once))
    return tuple(out)


def _turned(s: Stmt) -> Stmt:
    """`x -= a * b` for `x += -a * b`."""
    match s:
        case Update(op=Object(value=operator.add), value=Call() as value) if (rest := _opposite(value)) is not None:
            return replace(s, op=SUB, value=rest)
    return s


def _opposite(e: Expr) -> Expr | None:
    """What an expression with a sign in front is without it."""
    match e:
        case Call(func=Object(value=operator.neg), args=(inner,)):
            return inner
        case Call(func=Object(value=operator.mul | operator.truediv), args=(first, second)):
            rest = _opposite(first)
            return None if rest is None else replace(e, args=(rest, second))
    return None


def _rebound(function: Function) -> frozenset[str]:
    """The variables that are bound in more than one place."""
    bound = Counter(n for s in statements(function.body) if isinstance(s, Assign) for n in targets(s.target))
    return frozenset(n for n, count in bound.items() if count > 1)


def _lasting(function: Function) -> frozenset[str]:
    """The variables that are bound once, in front of all loops, and the arguments that keep their value."""
    bound = Counter(n for s in statements(function.body) for n in _bound(s))
    first = {n for s in function.body if isinstance(s, Assign) for n in targets(s.target) if bound[n] == 1}
    return frozenset(first | {p.name for p in function.params if not bound[p.name]})


def _bound(s: Stmt) -> list[str]:
    return targets(s.target) if isinstance(s, Assign | Update | For) else []


def _store(context: Context, made: list[Stmt], rest: Block) -> Assign | None:
    """The statement that copies an array, which these statements make, into its place on a tape."""
    own = next((s.target for s in made if isinstance(s, Assign) and _is_buffer(context, s)), None)
    for k, s in enumerate(rest if isinstance(own, Name) else ()):
        match s:
            case Assign(target=Item(base=Name(id=tape), index=index) as place, value=value) if value == own:
                between, later = rest[:k], rest[k + 1 :]
                assert isinstance(own, Name)
                if own.id in names(place):  # (`y[:] = y` is no place for `y`)
                    return None
                home = context.storage.find(tape)  # nothing may read there what is still to be overwritten
                read = (n for n in mentioned((*made, *between)) - {own.id} if context.storage.find(n) == home)
                free = not any(read) and not names(index) & assigned(between)
                return s if free and own.id not in _changed((*between, *later)) else None
            case _:
                pass
    return None


def _fits(context: Context, store: Assign) -> bool:
    """Whether a place surely has the shape of the array that is copied into it, so that nothing is broadcast."""
    typer = Typer(context.types)
    place, own = typer(store.target), typer(store.value)
    if not isinstance(place, Num) or not isinstance(own, Num) or place.dtype != own.dtype or place.ndim != own.ndim:
        return False
    return all(context.lengths.same(a, b) for a, b in zip(place.shape, own.shape, strict=True))


def _is_buffer(context: Context, s: Assign) -> bool:
    """Whether a statement makes an array for a nest to fill. (The variable may hold another array elsewhere.)"""
    new = is_call_of(s.value, np.empty, np.empty_like)
    return new and isinstance(s.target, Name) and s.target.id in context.buffers


def _changed(block: Block) -> set[str]:
    """The variables that are bound, or whose elements are written."""
    written = (s.target for s in statements(block) if isinstance(s, Assign | Update) and isinstance(s.target, Item))
    return assigned(block) | {n for place in written for n in names(place.base)}


def _in_tape(context: Context, made: list[Stmt], store: Assign) -> list[Stmt]:
    """The statements that make an array, with its place on the tape for the array."""
    assert isinstance(store.value, Name)
    assert isinstance(store.target, Item)
    own = store.value.id
    context.buffers.discard(own)
    context.storage.join(own, *sorted(names(store.target.base)))
    return [replace(s, value=store.target) if isinstance(s, Assign) and s.target == store.value else s for s in made]
