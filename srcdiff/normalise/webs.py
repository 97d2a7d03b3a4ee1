"""Webs: one variable for each connected group of definitions and uses.

in:   u = u.copy(); ...         out:  u_1 = u.copy(); ...

Two uses of one name that never meet become two variables, so that flow-insensitive facts (type, aliases, activity)
are as good as flow-sensitive ones. Generated code gives both the same name again wherever they do not interfere.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from ..ir.nodes import (
    Assign,
    Block,
    Break,
    Call,
    Choice,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Raise,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Num, Tup, Type, TypeMismatch, join
from ..ir.walk import Fresh, children, expressions, is_call_of, map_stmt, mentioned, rebuild, statements
from ..rules.typing import TypeProblem, Typer, settled

Reaching = dict[str, frozenset[int]]


@dataclass
class _Flow:
    """Reaching definitions over structured code. A definition is numbered in text order; a use joins its group."""

    parent: list[int] = field(default_factory=list)
    sites: dict[tuple[int, str], int] = field(default_factory=dict)  # (id of statement, name) -> definition
    uses: dict[tuple[int, str], int] = field(default_factory=dict)  # (id of statement, name) -> one definition
    breaks: list[list[Reaching]] = field(default_factory=list)

    def define(self, key: int, name: str) -> int:
        site = self.sites.get((key, name))
        if site is None:
            site = len(self.parent)
            self.parent.append(site)
            self.sites[key, name] = site
        return site

    def find(self, d: int) -> int:
        while self.parent[d] != d:
            self.parent[d] = self.parent[self.parent[d]]
            d = self.parent[d]
        return d

    def use(self, key: int, name: str, env: Reaching) -> None:
        group = sorted(env.get(name, ()))
        if not group:
            return
        known = self.uses.setdefault((key, name), group[0])
        for d in group:
            a, b = self.find(known), self.find(d)
            self.parent[max(a, b)] = min(a, b)

    def block(self, block: Block, env: Reaching | None) -> Reaching | None:
        for s in block:
            if env is None:
                return None
            env = self.statement(s, env)
        return env

    def statement(self, s: Stmt, env: Reaching) -> Reaching | None:
        match s:
            case Assign() | Effect() | Return():
                self.reads(s, env)
                return self.binds(s, env)
            case Update():
                self.reads(s, env)
                if isinstance(s.target, Name):
                    self.use(id(s), s.target.id, env)
                    site = self.define(id(s), s.target.id)
                    self.use(id(s), s.target.id, {s.target.id: frozenset((site,))})
                    return {**env, s.target.id: frozenset((site,))}
                return env
            case If():
                self.reads(s, env)
                return _meet(self.block(s.body, env), self.block(s.orelse, env))
            case While() | For():
                return self.loop(s, env)
            case Raise():
                self.reads(s, env)
                return None
            case Break():
                self.breaks[-1].append(env)
                return None
        return env

    def loop(self, s: While | For, env: Reaching) -> Reaching:
        head = env
        if isinstance(s, For):
            self.reads_of(s, s.iter, env)
        while True:
            self.breaks.append([])
            inner = head
            if isinstance(s, While):
                self.reads_of(s, s.test, head)
            else:
                inner = self.binds(s, head)
            end = self.block(s.body, inner)
            left = self.breaks.pop()
            again = _meet(head, end)
            assert again is not None
            if again == head:
                break
            head = again
        for other in left:
            head = _meet(head, other) or head
        return head

    def reads(self, s: Stmt, env: Reaching) -> None:
        if isinstance(s, Assign):
            self.reads_of(s, s.value, env)
            self.reads_of(s, s.target, env, target=True)
            return
        for e in expressions(s):
            self.reads_of(s, e, env)

    def reads_of(self, s: Stmt, e: Expr, env: Reaching, target: bool = False) -> None:
        if target and isinstance(e, Name | Display):
            return
        for n in _names(e):
            self.use(id(s), n, env)

    def binds(self, s: Stmt, env: Reaching) -> Reaching:
        if isinstance(s, Assign | For):
            for name in _bound(s.target):
                env = {**env, name: frozenset((self.define(id(s), name),))}
        return env


def _names(e: Expr) -> list[str]:
    if isinstance(e, Name):
        return [e.id]
    return [name for child in children(e) for name in _names(child)]


def _bound(target: Expr) -> list[str]:
    if isinstance(target, Name):
        return [target.id]
    if isinstance(target, Display):
        return [n for item in target.items for n in _bound(item)]
    return []


def _meet(a: Reaching | None, b: Reaching | None) -> Reaching | None:
    if a is None or b is None:
        return a if b is None else b
    return {name: a.get(name, frozenset()) | b.get(name, frozenset()) for name in a.keys() | b.keys()}


def split_webs(function: Function) -> tuple[Function, dict[str, str]]:
    """The function with one name per web, and for each new name the name it had."""
    flow = _Flow()
    env: Reaching = {}
    for p in function.params:
        env[p.name] = frozenset((flow.define(0, p.name),))
    flow.block(function.body, env)
    names: dict[int, str] = {}
    fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
    seen: set[str] = set()
    for (_, name), d in sorted(flow.sites.items(), key=lambda item: item[1]):
        root = flow.find(d)
        if root not in names:
            names[root] = fresh(name) if name in seen else name
            seen.add(name)
    origins: dict[str, str] = {}
    for (_, name), d in flow.sites.items():
        origins[names[flow.find(d)]] = name

    def web(s: Stmt, name: str, defining: bool) -> str:
        table = flow.sites if defining else flow.uses
        d = table.get((id(s), name))
        return name if d is None else names[flow.find(d)]

    def expr(s: Stmt, e: Expr, defining: bool) -> Expr:
        if isinstance(e, Name):
            return Name(web(s, e.id, defining), e.at)
        keep = defining and isinstance(e, Display)
        return rebuild(e, lambda child: expr(s, child, keep))

    def block(b: Block) -> Block:
        return tuple(statement(s) for s in b)

    def statement(s: Stmt) -> Stmt:
        renamed = map_stmt(s, lambda e: expr(s, e, defining=False), block)
        if isinstance(s, Assign | For | Update) and isinstance(renamed, Assign | For | Update):
            return replace(renamed, target=expr(s, s.target, defining=True))
        return renamed

    return Function(function.name, function.params, block(function.body), function.doc, function.origin), origins


def web_types(function: Function, params: dict[str, Type]) -> dict[str, Type]:
    """The type of every variable, joined over its definitions; iterated until nothing changes. What comes out of a list
    gets a type when it is known what the list holds, or that nothing is ever put into it."""
    types: dict[str, Type] = dict(params)
    filled = False
    while True:
        before = dict(types)
        typer = Typer(types)
        waiting = False
        for s in statements(function.body):
            if not filled and _is_from_empty(s, typer):
                waiting = True
                continue
            for name, type_ in ((n, settled(t)) for n, t in _defined(s, typer)):
                try:
                    types[name] = join(types[name], type_) if name in types else type_
                except TypeMismatch as mismatch:
                    raise TypeError(f"web {name} of two kinds: {mismatch}") from mismatch
        if types == before and not waiting:
            return types
        filled = types == before


def _is_from_empty(s: Stmt, typer: Typer) -> bool:
    """Whether a statement takes an item out of a list of which it is not known what it holds."""
    if not isinstance(s, Assign) or not is_call_of(s.value, list.pop) or not isinstance(s.value, Call):
        return False
    with suppress(TypeProblem):
        held = typer(s.value.args[0])
        return isinstance(held, ListOf) and held.item is None
    return False


def _defined(s: Stmt, typer: Typer) -> list[tuple[str, Type]]:
    try:
        match s:
            case Assign(target=Name(id=name)):
                return [(name, type_) for type_ in _found(s.value, typer)] + _of_same_list(name, s.value, typer)
            case Assign(target=Display(items=targets), value=Display(items=values)):
                return [(t.id, typer(v)) for t, v in zip(targets, values, strict=True) if isinstance(t, Name)]
            case Assign(target=Display(items=targets), value=Call() as value):
                type_ = typer(value)
                assert isinstance(type_, Tup)
                return [(t.id, item) for t, item in zip(targets, type_.items, strict=True) if isinstance(t, Name)]
            case Update(target=Name(id=name)):
                before = typer(s.target)
                if isinstance(before, Num) and before.ndim != 0:
                    return []
                return [(name, typer(Call(s.op, (s.target, s.value))))]
            case For(target=Name(id=name)):
                return [(name, Num("int64", weak=True))]
            case Effect(value=Call(func=Object(), args=(Name(id=name) as base, item)) as call) if is_call_of(
                call, list.append
            ):
                found = [(name, _holding(typer(base), typer(item)))]
                held = typer(base)
                if isinstance(item, Name) and isinstance(held, ListOf) and isinstance(held.item, ListOf):
                    found.append((item.id, held.item))
                return found
            case Assign(target=Item(base=Name(id=name) as base), value=value) if isinstance(typer(base), ListOf):
                return [(name, _holding(typer(base), typer(value)))]
    except TypeProblem:
        pass  # a variable that gets its type later in the iteration
    return []


def _holding(held: Type, item: Type) -> Type:
    """The type of a list that an item is put into."""
    return ListOf(item, tape=isinstance(held, ListOf) and held.tape)


def _found(e: Expr, typer: Typer) -> list[Type]:
    """The types that a value may have; a side of a choice may have none yet."""
    if not isinstance(e, Choice):
        return [typer(e)]
    found: list[Type] = []
    for side in (e.then, e.other):
        with suppress(TypeProblem):
            found.extend(_found(side, typer))
    return found


def _of_same_list(name: str, value: Expr, typer: Typer) -> list[tuple[str, Type]]:
    """What the second name of a list, or of a list in a list, tells of the type of the first."""
    known = typer.types.get(name)
    depth = 0
    while isinstance(value, Item) and isinstance(known, ListOf):
        value, depth = value.base, depth + 1
    if not isinstance(value, Name) or not isinstance(known, ListOf) or not isinstance(typer(value), ListOf):
        return []
    type_: Type = known
    for _ in range(depth):
        type_ = ListOf(type_)
    return [(value.id, type_)]
