"""Arrays that need not be made: zeros that are added to at once, copies of what is not needed any more.

in:   u_bar = np.zeros_like(u); ...; u_bar += g     out:  u_bar = g.copy()
in:   x_bar = u_bar.copy()   (u_bar is dead)        out:  x_bar = u_bar
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..derive.push import value_is_at_least
from ..derive.terms import COPY
from ..derive.zeros import is_fresh, owned
from ..ir.callee import called, helper_of
from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Choice,
    Comment,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num, Type
from ..ir.walk import (
    assigned,
    expressions,
    is_call_of,
    map_stmt,
    mentioned,
    names,
    ordered_names,
    rename,
    statements,
    subexprs,
    substitute,
    targets,
)
from ..rules import is_view, rule_of
from ..rules.typing import Typer
from ..runtime import first_max, first_min, unbroadcast
from .length_checks import is_check


def first_sums(function: Function, types: dict[str, Type], like: dict[str, str], repeated: bool = False) -> Function:
    """Zeros whose first use is an addition of the whole: the sum is the value. `like` maps seeds to the adjoints whose
    shape they have by contract. If `repeated`, a value that is broadcast takes the place of zeros, too."""

    def block(b: Block) -> Block:
        out: list[Stmt] = list(b)
        for k, s in enumerate(b):
            if isinstance(s, Assign) and isinstance(s.target, Name) and is_call_of(s.value, np.zeros_like, np.zeros):
                later = next((j for j in range(k + 1, len(b)) if s.target.id in mentioned((b[j],))), None)
                if later is not None and _fits(s, b[later], types, like):
                    update = b[later]
                    assert isinstance(update, Update)
                    out[k] = _GONE
                    out[later] = Assign(update.target, owned(update.value), update.origin, update.adjoint_of)
                elif later is not None and repeated and _fills(s, b[k + 1 : later], b[later], types):
                    update = b[later]
                    assert isinstance(update, Update)
                    assert isinstance(s.value, Call)
                    value = filled(update.value, s.value.args[0], types)
                    out[k] = _GONE
                    out[later] = Assign(update.target, value, update.origin, update.adjoint_of)
        return tuple(map_stmt(s, lambda e: e, block) for s in out if s is not _GONE)

    return replace(function, body=block(function.body))


_GONE = Break()
MAKING = {np.zeros_like, np.full_like, np.ndarray.copy, unbroadcast, first_max, first_min}


def _fits(made: Assign, s: Stmt, types: dict[str, Type], like: dict[str, str]) -> bool:
    """Whether a statement adds a value of their shape to zeros."""
    if not (isinstance(s, Update) and s.target == made.target and s.op.value is operator.add):
        return False
    (name,) = names(made.target)
    if name in names(s.value):
        return False
    if isinstance(s.value, Name) and like.get(s.value.id) == name:
        return True
    if is_call_of(made.value, np.zeros):
        return False
    wanted, found = types[name], Typer(types)(s.value)
    if not (isinstance(wanted, Num) and isinstance(found, Num)) or wanted.dtype != found.dtype:
        return False
    if found.ndim is None or found.ndim != wanted.ndim:
        return False
    if s.adjoint_of is None:  # a sum of the user's: whoever adds too few or too many is told so
        return all(a.same(b) for a, b in zip(found.shape, wanted.shape, strict=True))
    return value_is_at_least(found, wanted)


def _fills(made: Assign, between: Block, s: Stmt, types: dict[str, Type]) -> bool:
    """Whether a statement adds a value to zeros that surely broadcasts to their shape; nothing between changes what
    tells that shape."""
    if not (isinstance(s, Update) and s.target == made.target and s.op.value is operator.add):
        return False
    if not is_call_of(made.value, np.zeros_like):
        return False
    wanted, found = Typer(types)(made.value), Typer(types)(s.value)
    if not isinstance(wanted, Num) or not isinstance(found, Num) or not wanted.is_float or wanted.dtype != found.dtype:
        return False
    if found.ndim is None or wanted.ndim is None or names(made.target) & names(s.value):
        return False
    dims = zip(found.shape, wanted.shape[wanted.ndim - found.ndim :], strict=True) if found.ndim <= wanted.ndim else []
    sure = all(a.one is True or a.same(b) for a, b in dims)
    return found.ndim <= wanted.ndim and sure and not names(made.value) & assigned(between)


def filled(value: Expr, like: Expr, types: dict[str, Type]) -> Expr:
    """An array of the shape of another one, filled with a value."""
    type_ = Typer(types)(value)
    if isinstance(type_, Num) and type_.ndim == 0:
        return Call(Object(np.full_like, "np.full_like"), (like, value))
    shape = Call(Object(np.ndarray.shape, "shape"), (like,))
    return Call(COPY, (Call(Object(np.broadcast_to, "np.broadcast_to"), (value, shape)),))


def last_copies(function: Function, types: dict[str, Type]) -> Function:
    """A copy that is read once, by the next statement, is not made; neither is one of a local array of its own that
    nobody reads afterwards, or nobody writes as long as the copy is read."""
    uses = Counter(_occurrences(function.body))
    function = replace(function, body=_read_at_once(function.body, uses))
    params = {p.name for p in function.params}
    shared, views = shared_arrays(function.body, types), _views(function.body, types)
    untouched = _untouched(function.body, types)

    def is_last(source: str, after: set[str]) -> bool:
        """Whether nobody reads an array of the function's own any more, under whatever name."""
        return source not in params | after and (source not in shared or not views.get(source, params | after) & after)

    def block(b: Block, after: set[str]) -> Block:
        """`after` are the variables that may still be read after the block."""
        out: list[Stmt] = []
        for s in reversed(_copied_late(b, shared | params)):
            new = s
            match s:
                case Assign(target=Name(id=made), value=Call(args=(Name(id=source),)) as call) if is_call_of(
                    call, np.ndarray.copy
                ):
                    owned_here = is_last(source, after)
                    if made in untouched and source not in shared and _is_kept(source, made, (s, *out[::-1]), uses):
                        out = list(rename(tuple(out), {made: source}))
                        uses[source] += uses[made] - 2
                        after = after - {made} | {source}
                        continue
                    if owned_here or (source in params and made in untouched):
                        new = replace(s, value=Name(source))
                case If():
                    new = replace(s, body=block(s.body, after), orelse=block(s.orelse, after))
                case For() | While():
                    new = replace(s, body=block(s.body, after | mentioned((s,))))
                case _:
                    pass
            out.append(new)
            after = _before(s, after)
        return tuple(reversed(out))

    return _under_one_name(replace(function, body=block(function.body, set())), types)


def _under_one_name(function: Function, types: dict[str, Type]) -> Function:
    """The function with the later name alone for an adjoint that is made, and then handed on to another variable."""
    uses = Counter(_occurrences(function.body))
    bound = Counter(n for s in statements(function.body) if isinstance(s, Assign) for n in targets(s.target))
    bound.update(p.name for p in function.params)

    def block(b: Block) -> Block:
        out = list(b)
        for s in b:
            match s:
                case Assign(target=Name(id=made), value=Name(id=source)) if bound[made] == bound[source] == 1:
                    k = next(i for i, t in enumerate(out) if t is s)
                    first = next((i for i, t in enumerate(out[:k]) if _binds(t, source)), None)
                    here = 0 if first is None else sum(n == source for n in _occurrences(tuple(out[first : k + 1])))
                    type_ = types.get(source)
                    alike = isinstance(type_, Num) and type_.is_array and type_ == types.get(made)
                    if s.adjoint_of is not None and first is not None and alike and here == uses[source]:
                        out[first : k + 1] = rename(tuple(out[first:k]), {source: made})
                        uses[made] += uses.pop(source) - 2
                case _:
                    pass
        return tuple(map_stmt(s, lambda e: e, block) for s in out)

    return replace(function, body=block(function.body))


def _binds(s: Stmt, name: str) -> bool:
    return isinstance(s, Assign) and s.target == Name(name)


def _copied_late(block: Block, shared: set[str]) -> Block:
    """The block with copies right ahead of their first use, where the original is only read until then (and may be
    dead by then)."""
    out = list(block)
    for s in block:
        match s:
            case Assign(target=Name(id=made), value=Call(args=(Name(id=source),)) as call) if is_call_of(
                call, np.ndarray.copy
            ):
                k = next(i for i, t in enumerate(out) if t is s)
                use = next((j for j in range(k + 1, len(out)) if made in mentioned((out[j],))), None)
                between = tuple(out[k + 1 : use])
                read = source not in shared and source in mentioned(between)
                if use is not None and read and not any(_may_change(t, source) for t in statements(between)):
                    out[k:use] = [*between, s]
            case _:
                pass
    return tuple(out)


def _may_change(s: Stmt, name: str) -> bool:
    """Whether a statement itself may bind an array's variable, or write into the array."""
    match s:
        case Assign(target=target, value=value) | Update(target=target, value=value):
            return name in names(target) or (name in names(value) and not only_reads(value))
        case If() | For() | While():
            return any(name in names(e) for e in expressions(s))
        case Comment():
            return False
        case Effect() if is_check(s):
            return False
    return name in mentioned((s,)) or isinstance(s, Break)


def _occurrences(block: Block) -> Iterator[str]:
    return (n for s in statements(block) for e in expressions(s) for n in ordered_names(e))


def _read_at_once(block: Block, uses: Counter[str]) -> Block:
    out: list[Stmt] = []
    for s in block:
        before = out[-1] if out else None
        match before, s:
            case Assign(target=Name(id=made), value=Call(args=(whole,)) as call), Assign(target=Name()) if (
                is_call_of(call, np.ndarray.copy)
                and uses[made] == 2
                and made in names(s.value)
                and is_fresh(s.value)
                and only_reads(s.value)
            ):
                out[-1] = replace(s, value=substitute(s.value, {made: whole}))
            case _:
                out.append(map_stmt(s, lambda e: e, lambda b: _read_at_once(b, uses)))
    return tuple(out)


def _is_kept(source: str, made: str, block: Block, uses: Counter[str]) -> bool:
    """Whether the first statement of a block copies an array that is only read from there on to the last statement that
    reads the copy, which is read in the block alone."""
    if uses[made] != sum(n == made for n in _occurrences(block)):
        return False
    last = max(k for k, s in enumerate(block) if made in mentioned((s,)))
    for s in block[1 : last + 1]:
        match s:
            case Assign(target=place, value=value) | Update(target=place, value=value):
                writes = source in names(place) or not only_reads(value)
            case Comment():
                writes = False
            case _:
                writes = True
        if writes and source in mentioned((s,)):
            return False
    return True


def only_reads(e: Expr) -> bool:
    """Whether nothing is called but functions with a rule and those that make adjoints, none of which writes arrays."""
    calls = (c.func for c in subexprs(e) if isinstance(c, Call))
    return all(isinstance(f, Object) and (f.value in MAKING or rule_of(f.value) is not None) for f in calls)


def _untouched(block: Block, types: dict[str, Type]) -> set[str]:
    """The variables whose array is only read: neither written, nor handed on, nor returned."""
    found: set[str] = set()
    touched: set[str] = set()
    for s in statements(block):
        match s:
            case Assign(target=Item(base=base)) | Update(target=Item(base=base)):
                touched |= names(base)
            case Assign(target=Name(id=name), value=value):
                if name in found:
                    touched.add(name)  # made twice: which array it is depends on the way taken
                found.add(name)
                touched |= set(_bases(value, types))
            case Update(target=Name(id=name)):
                touched.add(name)
            case Assign() | Return():
                for e in expressions(s):
                    touched |= names(e)
            case Effect(value=value) if not is_check(s):
                touched |= names(value)
            case _:
                pass
    return found - touched


def _before(s: Stmt, after: set[str]) -> set[str]:
    match s:
        case Assign():
            return (after - set(targets(s.target))) | names(s.value) | (names(s.target) - set(targets(s.target)))
        case Return() | Update():
            return after.union(*(names(e) for e in expressions(s)))
        case _:
            return after | mentioned((s,))


def shared_arrays(block: Block, types: dict[str, Type]) -> set[str]:
    """The arrays that some other variable may be a view of, or that are views themselves."""
    found: set[str] = set()
    for s in statements(block):
        if isinstance(s, Assign):
            for base in _bases(s.value, types):
                found |= {base, *targets(s.target)}
            found |= _kept(s)
        elif not isinstance(s, If | For | While | Update | Break | Return) and not is_check(s):
            for e in expressions(s):
                found |= names(e)
    return found


def _views(block: Block, types: dict[str, Type]) -> dict[str, set[str]]:
    """The views of each array that has no other names than those of views, which have no views themselves; for all
    others nothing is told."""
    found: dict[str, set[str]] = {}
    lost: set[str] = set()
    for s in statements(block):
        if not isinstance(s, Assign):
            harmless = isinstance(s, If | For | While | Update | Break | Return | Comment) or is_check(s)
            lost |= set() if harmless else mentioned((s,))
            continue
        lost |= _kept(s)
        for base in _bases(s.value, types):
            alone = isinstance(s.target, Name) and isinstance(s.value, Item)
            found.setdefault(base, set()).update(targets(s.target))
            lost |= set() if alone else {base}
            lost.update(targets(s.target))
    return {base: made for base, made in found.items() if base not in lost and not made & found.keys()}


def _kept(s: Assign) -> set[str]:
    """What a recursive function takes and gives, and may keep for its reverse function. (Of what it writes it has made
    a copy, and an adjoint that it returns is nobody else's.)"""
    helper = helper_of(s.value)
    callee = helper.callee if helper is not None else called(s.value)
    if callee is None or not isinstance(s.value, Call) or (helper is not None and helper.role in ("rev", "vjp")):
        return set()
    if helper is not None and helper.role in ("jvp", "sparsity"):
        return {*names(s.value), *targets(s.target)}
    args = [a for k, a in enumerate(s.value.args) if k not in callee.written]
    return {n for a in args for n in names(a)} | {*targets(s.target)[: callee.count - len(callee.written)]}


def _bases(e: Expr, types: dict[str, Type]) -> list[str]:
    match e:
        case Name(id=name):
            type_ = types.get(name)
            return [name] if isinstance(type_, ListOf) or (isinstance(type_, Num) and type_.ndim != 0) else []
        case Call(func=Object(value=function), args=(given, _)) if function is unbroadcast:
            return _bases(given, types)  # (which it gives back as it is where there is nothing to sum)
        case Call(args=(Name(id=name),)) if is_call_of(e, list.pop):
            held = types.get(name)
            return [name] if isinstance(held, ListOf) and not held.tape else []
        case Item(base=base):
            type_ = Typer(types)(e)
            return _bases(base, types) if isinstance(type_, Num) and type_.ndim != 0 else []
        case Choice():
            return _bases(e.then, types) + _bases(e.other, types)
        case Display(items=items):
            return [n for i in items for n in _bases(i, types)]
        case Call(func=Object(value=f), args=(first, *_)) if is_view(f):
            return _bases(first, types)
    return []
