"""One name for variables of one origin that are never alive together.

in:   u_1 = u.copy(); ...; u_bar_1 = u_bar_2.copy()       out:  u = u.copy(); ...; u_bar = u_bar.copy()

Two variables interfere if one is bound while the other is still to be read. Those that stand for the same name of the
user's program, have the same kind of type and do not interfere get that name; what is left gets numbers.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.nodes import Assign, Block, Break, Display, For, Function, If, Name, Raise, Return, Stmt, Update, While
from ..ir.types import Held, ListOf, Num, Type
from ..ir.walk import Fresh, expressions, map_stmt, names, ordered_names, rename, target_reads, targets
from ..normalise.attempts import is_attempt


def coalesce(function: Function, types: dict[str, Type], wished: dict[str, str]) -> Function:
    """Rename the variables of a function to the names that they are wished to have, as far as they can share them."""
    interference = _Interference(types)
    interference.function(function)
    everything = list(dict.fromkeys([p.name for p in function.params] + _in_order(function.body)))
    params = {p.name for p in function.params}
    groups: dict[str, list[set[str]]] = {}
    for name in everything:
        wish = wished.get(name, name)
        places = groups.setdefault(wish, [])
        for group in places:
            fits = all(
                other not in interference.pairs.get(name, ()) and _alike(types.get(name), types.get(other))
                for other in group
            )
            if fits and not (name in params and group & params):
                group.add(name)
                break
        else:
            places.append({name})
    fresh = Fresh(set())
    mapping: dict[str, str] = {}
    # first everything that gets exactly the name it is wished to have, then the numbered rest
    for wish, places in groups.items():
        fresh.taken.add(wish)
        mapping.update(dict.fromkeys(places[0], wish))
    for wish, places in groups.items():
        for group in places[1:]:
            mapping.update(dict.fromkeys(group, fresh(wish)))
    body = _without_self_assignments(rename(function.body, mapping))
    new_params = tuple(replace(p, name=mapping.get(p.name, p.name)) for p in function.params)
    return replace(function, params=new_params, body=body)


def _alike(a: Type | None, b: Type | None) -> bool:
    match a, b:
        case Num(), Num():
            return a.ndim == b.ndim and a.dtype == b.dtype
        case (ListOf(), ListOf()) | (Held(), Held()):
            return a == b
    return False


def _in_order(block: Block) -> list[str]:
    found: dict[str, None] = {}

    def visit(b: Block) -> None:
        for s in b:
            for e in expressions(s):
                for n in ordered_names(e):
                    found.setdefault(n)
            match s:
                case If() | For() | While():
                    visit(s.body)
                    visit(s.orelse)
                case _:
                    pass

    visit(block)
    return list(found)


def _without_self_assignments(block: Block) -> Block:
    out: list[Stmt] = []
    for s in block:
        if isinstance(s, Assign) and isinstance(s.target, Name) and s.target == s.value:
            continue
        if isinstance(s, Assign) and isinstance(s.target, Display) and isinstance(s.value, Display):
            pairs = [(t, v) for t, v in zip(s.target.items, s.value.items, strict=True) if t != v]
            if not pairs:
                continue
            left, right = (tuple(side) for side in zip(*pairs, strict=True))
            one = len(pairs) == 1
            s = replace(s, target=left[0] if one else Display("tuple", left))
            s = replace(s, value=right[0] if one else Display("tuple", right))
        out.append(map_stmt(s, lambda e: e, _without_self_assignments))
    return tuple(out)


class _Interference:
    """Backward liveness that notes, at each definition, what else is alive."""

    def __init__(self, types: dict[str, Type]) -> None:
        self.types = types
        self.pairs: dict[str, set[str]] = {}
        self.breaks: list[set[str]] = []
        self.kept: set[str] = set()  # what is read where the attempt around fails, from any statement on

    def function(self, function: Function) -> None:
        live = self.block(function.body, set())
        for p in function.params:
            self.note(p.name, live | {q.name for q in function.params})

    def note(self, name: str, live: set[str]) -> None:
        for other in live | self.kept:
            if other != name:
                self.pairs.setdefault(name, set()).add(other)
                self.pairs.setdefault(other, set()).add(name)

    def block(self, block: Block, live: set[str]) -> set[str]:
        for s in reversed(block):
            live = self.statement(s, live)
        return live

    def statement(self, s: Stmt, live: set[str]) -> set[str]:
        match s:
            case Assign():
                bound = targets(s.target)
                moved = s.value.id if isinstance(s.value, Name) and isinstance(s.target, Name) else None
                for name in bound:
                    self.note(name, (live | set(bound)) - {moved or name})
                return (live - set(bound)) | target_reads(s.target) | names(s.value)
            case Update(target=Name(id=name)):
                self.note(name, live)
                return live | {name} | names(s.value)
            case If():
                b = self.block(s.orelse, live)
                outer, self.kept = self.kept, self.kept | live | b if is_attempt(s) else self.kept
                a = self.block(s.body, live)
                self.kept = outer
                return a | b | names(s.test)
            case For() | While():
                return self.loop(s, live)
            case Break():
                return set(self.breaks[-1])
            case Return():
                return set() if s.value is None else names(s.value)
            case Raise():
                return {name for e in expressions(s) for name in names(e)}
            case _:
                return live.union(*(names(e) for e in expressions(s)))

    def loop(self, s: For | While, live: set[str]) -> set[str]:
        head = set(live) | (names(s.test) if isinstance(s, While) else set())
        while True:
            self.breaks.append(live)
            entry = self.block(s.body, head)
            self.breaks.pop()
            if isinstance(s, For):
                for name in targets(s.target):
                    self.note(name, entry | head)
                entry = entry - set(targets(s.target))
            if entry <= head:
                break
            head = head | entry
        return head | names(s.iter) if isinstance(s, For) else head
