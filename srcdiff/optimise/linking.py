"""The functions of a derivative put together: which of them there are, what goes onto the tapes, and all their names.

in:   power_fwd, power_rev, main        out:  def power_fwd(x, n, power_tape):
      (as they were derived)                      ...
                                                  power_tape.append(power_1)
                                                  return power_2

A frame, what one call of the forward function keeps for one call of the reverse function, is what the latter reads and
does not get from its caller. The reverse calls come in the opposite order of the forward ones, so that one list for
all of them is a stack of frames.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..derive import Derived
from ..derive.facts import passed
from ..derive.helpers import Reads
from ..derive.stacks import stack_of
from ..ir.callee import Callee, Helper, Opaque, Tape, called, helper_of
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Comment,
    Display,
    Effect,
    Expr,
    Function,
    Item,
    Kept,
    Name,
    Object,
    Param,
    Return,
    Stmt,
    Update,
)
from ..ir.types import ListOf, Type
from ..ir.walk import Fresh, expressions, map_block, map_stmt, mentioned, rebuild, rename, statements, subexprs
from ..normalise import split_webs, web_types
from .dead import live_on_entry
from .passes import Target, optimise, without_waste

APPEND = Object(list.append, "append")
POP = Object(list.pop, "pop")


@dataclass
class Draft:
    """A function before it is optimised."""

    function: Function
    types: dict[str, Type]
    user_name: dict[str, str]
    like: dict[str, str]
    tapes: frozenset[str] = frozenset()
    inside: bool = True  # whether every index is surely inside its array


def linked(main: Derived, helpers: Mapping[Helper, Derived], target: Target) -> tuple[list[Function], bool]:
    """The optimised functions of the module, callees before their callers, the derivative itself last, and whether
    every index in them is surely inside its array."""
    drafts = {h: _draft(d, h.role == "fwd") for h, d in helpers.items()}
    last = _draft(main, keeps=True)
    for helper, draft in drafts.items():
        params = draft.function.params
        count = len(helper.callee.function.params)
        kept = (*(params[k] for k in _takes(helper)), *params[count:])
        draft.function = replace(draft.function, params=kept)
    frames = {h: _frame(drafts, h) for h in drafts if h.role == "rev"}
    _tapes(drafts, frames)
    for helper, draft in drafts.items():
        helper.function = draft.function  # from here on it is known which of them fill a tape, or empty it
    last = _trimmed(_with_full_pairs(last) if helpers else last)
    for helper, draft in drafts.items():
        full = _with_full_pairs(draft)
        drafts[helper] = full if helper.role == "fwd" else _trimmed(full)
    order = _ordered(last.function, drafts)
    functions = [drafts[f] if isinstance(f, Helper) else _primal(f) for f in order]
    _name(order, [*functions, last])
    for f, draft in zip(order, functions, strict=True):
        if isinstance(f, Helper):
            _finish(f, draft, frames)
        function = replace(_optimised(draft, target), name=f.name)
        draft.function = replace(function, doc=_doc(f, function, order))
    if helpers:
        _finish_main(last)
    whole = _optimised(last, target)
    alone = order and _hands_on(whole, functions[-1].function)
    if alone:  # the tangent of a recursive function is that function's own
        order[-1].name = whole.name
        whole = replace(functions[-1].function, name=whole.name)
    inside = last.inside and all(d.inside for d in functions)
    return [*(d.function for d in (functions[:-1] if alone else functions)), whole], inside


def _hands_on(main: Function, other: Function) -> bool:
    """Whether a function does nothing but call another one with its own arguments."""
    match main.body:
        case (Assign(target=target, value=Call(args=args) as call), Return(value=value)) if target == value:
            helper = helper_of(call)
            own = tuple(Name(p.name) for p in main.params)
            return helper is not None and helper.name == other.name and args == own and main.params == other.params
    return False


def _optimised(draft: Draft, target: Target) -> Function:
    function = replace(draft.function, body=_added_at_once(draft.function.body))
    function, draft.inside = optimise(function, draft.types, draft.user_name, draft.like, target, draft.tapes)
    ends = function.body[-1] if function.body else None
    nothing = isinstance(ends, Return) and ends.value == Display("tuple", ())
    return replace(function, body=function.body[:-1]) if nothing else function


def _added_at_once(body: Block) -> Block:
    """`x_bar_1 = f_rev(...); x_bar += x_bar_1` as `x_bar += f_rev(...)`."""
    uses = Counter(
        e.id for s in statements(body) for top in expressions(s) for e in subexprs(top) if isinstance(e, Name)
    )

    def block(b: Block) -> Block:
        out: list[Stmt] = []
        for s in b:
            before = out[-1] if out else None
            match before, s:
                case Assign(target=Name(id=made), value=value), Assign() | Update() if (
                    uses[made] == 2 and _reads_once(s.value, made) and _is_adjoint(value) and not _read_first(s, value)
                ):
                    out[-1] = replace(s, value=value)  # (an array that such a function returns is nobody else's)
                case _:
                    out.append(map_stmt(s, lambda e: e, block))
        return tuple(out)

    return block(body)


def _read_first(s: Assign | Update, call: Expr) -> bool:
    """Whether an element is read ahead of a call that may add to it: `x_bar[0] += f_rev(..., x_bar)` loses that."""
    helper = helper_of(call)
    return isinstance(s, Update) and isinstance(s.target, Item) and helper is not None and bool(helper.adds)


def _is_adjoint(e: Expr) -> bool:
    """Whether this is a call of an adjoint: of a function of the module, or of one that is called as it is."""
    helper, callee = helper_of(e), called(e)
    as_it_is = isinstance(callee, Opaque) and callee.like is not None
    return as_it_is or (helper is not None and helper.role in ("rev", "vjp")) or _is_pullback(e)


def _is_pullback(e: Expr) -> bool:
    return isinstance(e, Call) and isinstance(e.func, Name)


def _reads_once(e: Expr, name: str) -> bool:
    """Whether an expression is that variable, times a number or a copy of it at most: nothing is evaluated first that
    the call could change."""
    match e:
        case Name(id=own):
            return own == name
        case Call(func=Object(value=np.ndarray.copy), args=(inner,)):
            return _reads_once(inner, name)
    return False


def _draft(d: Derived, keeps: bool = False) -> Draft:
    """A function as it was derived, without what nobody reads (unless it `keeps` that for now: a part may yet go onto a
    tape)."""
    draft = Draft(replace(d.function, body=_taking(d.function.body)), d.types, d.user_name, d.like, d.tapes)
    return draft if keeps else _trimmed(draft)


def _trimmed(draft: Draft) -> Draft:
    return replace(draft, function=without_waste(draft.function, draft.types, draft.like))


def missing(helpers: Mapping[Helper, Derived]) -> Reads:
    """The reverse functions that read more parameters than they were written to take, with all that they read: by name,
    or by a view that their forward function keeps."""
    found: Reads = {}
    for rev, derived in helpers.items():
        if rev.role == "rev":
            live = live_on_entry(_draft(derived).function.body, derived.types)
            held = {derived.aliases.find(n) for n in live if derived.aliases.is_array(n)}
            own = rev.callee.function.params
            reads = {k for k, p in enumerate(own) if p.name in live or derived.aliases.find(p.name) in held}
            if not reads <= rev.reads:
                found[rev.callee, rev.active, rev.asked] = rev.reads | reads
    return found


def _taking(block: Block) -> Block:
    """Calls of reverse functions with the arguments that they take."""
    return map_block(block, _with_taken)


def _with_taken(e: Expr) -> Expr:
    return passed(e) if helper_of(e) is not None else rebuild(e, _with_taken)


def _frame(drafts: Mapping[Helper, Draft], rev: Helper) -> tuple[str, ...]:
    """What a reverse function reads that its parameters do not give it."""
    draft = drafts[rev]
    given = {p.name for p in draft.function.params}
    return tuple(sorted(live_on_entry(draft.function.body, draft.types) - given))


def _takes(f: Helper) -> list[int]:
    """The places of the callee's parameters that a function takes."""
    return sorted(f.reads)


def _called(block: Block) -> Iterator[Helper | Callee]:
    for s in statements(block):
        for e in (part for top in expressions(s) for part in subexprs(top)):
            found = helper_of(e) or called(e)
            if found is not None and not isinstance(found, Opaque):
                yield found


def _partner(drafts: Mapping[Helper, Draft], rev: Helper) -> Helper:
    key = rev.callee, rev.active, rev.asked
    return next(h for h in drafts if h.role == "fwd" and (h.callee, h.active, h.asked) == key)


def _tapes(drafts: Mapping[Helper, Draft], frames: Mapping[Helper, tuple[str, ...]]) -> None:
    """Every pair hands on its own tape and those of the pairs that it calls."""
    pairs = {rev: _partner(drafts, rev) for rev in frames}
    tapes: dict[Helper, dict[Tape, None]] = {}
    for rev, fwd in pairs.items():
        frame = frames[rev]
        if rev.tape is None and frame:
            rev.tape = fwd.tape = Tape(f"{rev.callee.name}_tape", tuple(drafts[rev].types[n] for n in frame))
        tape = rev.tape
        tapes[rev] = tapes[fwd] = {tape: None} if tape is not None else {}
    while True:
        before = sum(map(len, tapes.values()))
        for helper, found in tapes.items():
            for other in _called(drafts[helper].function.body):
                if isinstance(other, Helper) and other in tapes:
                    found.update(tapes[other])
        if before == sum(map(len, tapes.values())):
            break
    every = [rev.tape for rev in frames if rev.tape is not None]
    for helper, found in tapes.items():
        helper.tapes = tuple(t for t in every if t in found)


def _with_full_pairs(draft: Draft) -> Draft:
    """A forward function without a tape is the function itself."""

    def expr(e: Expr) -> Expr:
        helper = helper_of(e)
        if helper is not None and helper.role == "fwd" and not helper.tapes and isinstance(e, Call):
            return replace(e, func=Object(helper.callee, helper.callee.name))
        return rebuild(e, expr)

    return replace(draft, function=replace(draft.function, body=map_block(draft.function.body, expr)))


def _ordered(main: Function, drafts: Mapping[Helper, Draft]) -> list[Helper | Callee]:
    """The functions that are called, each behind those that it calls."""
    order: list[Helper | Callee] = []
    seen: set[Helper | Callee] = set()

    def visit(block: Block) -> None:
        for f in _called(block):
            if f not in seen:
                seen.add(f)
                visit(drafts[f].function.body if isinstance(f, Helper) else f.function.body)
                order.append(f)

    visit(main.body)
    return order


def _primal(callee: Callee) -> Draft:
    function, names = split_webs(callee.function)
    user_name = {new: callee.user_name.get(old, old) for new, old in names.items()}
    return Draft(function, web_types(function, callee.types), user_name, {})


# ------------------------------------------------------------------------------------------------------------ names


def _name(order: list[Helper | Callee], drafts: list[Draft]) -> None:
    """Names of functions and tapes that nothing else in the module has."""
    taken = {n for d in drafts for n in (*mentioned(d.function.body), *(p.name for p in d.function.params))}
    taken |= {wish for d in drafts for wish in d.user_name.values()} | {drafts[-1].function.name}
    fresh = Fresh(taken)
    for f in order:
        f.name = fresh(f.name if isinstance(f, Callee) else f"{_identifier(f.callee.function.name)}_{f.role}")
    for tape in dict.fromkeys(t for f in order if isinstance(f, Helper) for t in f.tapes):
        tape.name = fresh(tape.name)


def _identifier(name: str) -> str:
    return name if name.isidentifier() else "function"


def _doc(f: Helper | Callee, function: Function, order: list[Helper | Callee]) -> str:
    callee = f if isinstance(f, Callee) else f.callee
    own = [p.name for p in callee.function.params]
    call = f"{callee.function.name}({', '.join(own)})"
    if isinstance(f, Callee):
        origin = callee.function.origin
        file = origin.file.replace("\\", "/").rpartition("/")[2] if origin is not None else ""
        place = f", from {file}:{origin.span.line}" if origin is not None and not file.startswith("<") else ""
        return f"{call}{place}."
    seeds = [p.name for p in function.params[len(f.reads) + len(f.tapes) + len(f.adds) :]]
    if f.role == "fwd":
        rev = next(h for h in order if isinstance(h, Helper) and h.role == "rev" and h.tape is f.tape and _pair(h, f))
        return f"{call}, with a tape of what {rev.name} needs."
    by = ", ".join(own[k] for k in f.active)
    if f.role == "jvp":
        return f"{call} and its tangent along {', '.join(seeds)}."
    if f.role == "sparsity":
        return f"{call} and the inputs it depends on, of those in {', '.join(seeds)}."
    if f.adds:
        bars = [p.name for p in function.params[len(f.reads) + len(f.tapes) :][: len(f.adds)]]
        first = f"The pullback of {', '.join(seeds)} through {call}, added to {', '.join(bars)}"
        return f"{first}, and to {', '.join(own[k] for k in f.returned)}." if f.returned else f"{first}."
    return f"The pullback of {', '.join(seeds)} through {call} to {by}."


def _pair(a: Helper, b: Helper) -> bool:
    return (a.callee, a.active, a.asked) == (b.callee, b.active, b.asked)


# ------------------------------------------------------------------------------------------------------------ tapes


def _finish(helper: Helper, draft: Draft, frames: Mapping[Helper, tuple[str, ...]]) -> None:
    """The function with its tapes among its parameters, and with the frame that it keeps or takes."""
    if helper.role == "vjp":
        _finish_main(draft)
        return
    function = draft.function
    count = len(helper.reads)
    tapes = tuple(Param(t.name) for t in helper.tapes)
    params = (*function.params[:count], *tapes, *function.params[count:])
    body = _passing(function.body)
    _note_tapes(draft, helper.tapes)
    if helper.tape is not None and helper.tape_name:
        body = rename(body, {helper.tape_name: helper.tape.name})
    elif helper.tape is not None:
        names = next(names for rev, names in frames.items() if _pair(rev, helper))
        parts = tuple(map(Name, names))
        frame: Expr = parts[0] if len(parts) == 1 else Display("tuple", parts)
        tape = Name(helper.tape.name)
        if helper.role == "fwd":
            *head, last = body
            body = (*head, Effect(Call(APPEND, (tape, frame)), Kept.of(function.origin)), last)
        else:
            body = (Assign(frame, Call(POP, (tape,)), function.origin), *body)
        for name in names:  # a second name that only serves the tape goes by the user's own
            draft.user_name[name] = draft.user_name.get(name, name).removesuffix("_was")
    draft.function = replace(function, params=params, body=body)


def _finish_main(draft: Draft) -> None:
    """The derivative itself, or a function that runs both sweeps: it makes the tapes."""
    function = draft.function
    tapes = dict.fromkeys(t for f in _called(function.body) if isinstance(f, Helper) for t in f.tapes)
    body = _passing(function.body)
    _note_tapes(draft, tuple(tapes))
    made: list[Stmt] = [Assign(Name(t.name), stack_of(t.frame)) for t in tapes]
    head = 1 if body and isinstance(body[0], Comment) else 0
    draft.function = replace(function, body=(*body[:head], *made, *body[head:]))


def _note_tapes(draft: Draft, tapes: tuple[Tape, ...]) -> None:
    for tape in tapes:
        draft.types[tape.name] = ListOf(tape.frame[0])


def _passing(block: Block) -> Block:
    """Calls that pass the tapes on."""

    def expr(e: Expr) -> Expr:
        helper = helper_of(e)
        if helper is None or not helper.tapes or not isinstance(e, Call):
            return rebuild(e, expr)
        count = len(helper.reads)
        tapes = tuple(Name(t.name) for t in helper.tapes)
        return replace(e, args=(*e.args[:count], *tapes, *e.args[count:]))

    return map_block(block, expr)
