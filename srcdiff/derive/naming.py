"""Names for values: what a rule needs to read, or reads the result of, gets a name of its own.

in:   y = a * np.exp(x)                  out:  y_1 = np.exp(x); y = a * y_1
      x[0] = x[0] * 2.0                        x_1 = x.copy(); x_1[0] = x_1[0] * 2.0

An argument that is written in place is copied first: the caller's data is safe.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..analysis.activity import active_names
from ..analysis.aliases import Aliases, analyse
from ..analysis.effects import check_effects
from ..errors import AmbiguousAlias
from ..ir.callee import Callee, Opaque, called
from ..ir.nodes import (
    Assign,
    Block,
    Call,
    Choice,
    Const,
    Display,
    Effect,
    Expr,
    Function,
    Item,
    Name,
    Object,
    Slice,
    Stmt,
    Update,
)
from ..ir.types import ListOf, Num, Type
from ..ir.walk import Fresh, is_call_of, map_stmt, mentioned, names, rename, targets
from ..normalise import Core, split_webs, web_types
from ..rules import is_read_only, is_view, joins, pushes, rule_of
from ..rules.typing import TypeProblem, Typer, settled
from ..runtime import replaced, scattered
from .complexes import squared_size
from .parts import without_length
from .places import base_of, is_place, is_view_call, may_copy
from .push import Pusher
from .terms import COPY


@dataclass
class Named:
    """A core program in which every value that a rule needs a name for has one."""

    function: Function
    types: dict[str, Type]
    aliases: Aliases
    active: set[str]
    fresh: Fresh
    copied: list[str]
    user_name: dict[str, str]


def named(
    core: Core, wrt: tuple[str, ...], results: Callable[[Function], list[str]], forward: bool, taped: bool = False
) -> Named:
    """`results` tells the names of the result's active leaves from the final program; `forward` says that rules push
    tangents on, for which fewer values need a name; `taped` that the text is not differentiated again."""
    function, origins, types = core.webs
    params, types = core.types, dict(types)
    user_name = {new: core.user_name.get(old, old) for new, old in origins.items()}
    function = replace(function, body=of_one_kind(function.body, types))
    aliases = analyse(function, types)
    if any(isinstance(t, Num) and t.ndim is None for t in types.values()):
        function = replace(function, body=_rebinding(function.body, types, aliases))
        aliases = analyse(function, types)
    copied = [p.name for p in function.params if aliases.mutable(p.name)]
    if copied:
        function, copies = _with_copies(function, copied)
        function, again = split_webs(function)
        user_name = {new: copies.get(old, user_name.get(old, old)) for new, old in again.items()}
        types = web_types(function, params)
        aliases = analyse(function, types)
    check_effects(function, wrt, aliases, user_name)
    fresh = Fresh(mentioned(function.body) | set(types))
    active = active_names(function, wrt, results(function), aliases)
    namer = _Namer(types, active, aliases, fresh, user_name, forward, taped)
    function = replace(function, body=namer.block(function.body))
    types = web_types(function, params)
    aliases = analyse(function, types)
    active = active_names(function, wrt, results(function), aliases)
    return Named(function, types, aliases, active, fresh, copied, user_name)


def _rebinding(block: Block, types: dict[str, Type], aliases: Aliases) -> Block:
    """`s += v` for a variable that is a number at first and an array later is `s = s + v`, if no other name shares
    its value (an array would be changed under that name, too). Raises TypeProblem if one does."""
    out: list[Stmt] = []
    for s in block:
        if isinstance(s, Update) and isinstance(s.target, Name):
            type_ = types.get(s.target.id)
            if isinstance(type_, Num) and type_.ndim is None:
                if len(aliases.members(s.target.id)) > 1:
                    raise TypeProblem(
                        AmbiguousAlias,
                        f"`{s.target.id}` is updated in place, may be a number or an array, and shares its value",
                        "an array would change under the other name, too, a number would not",
                        f"start `{s.target.id}` as an array, or write {s.target.id} = {s.target.id} + ...",
                        s.origin.span if s.origin else None,
                    )
                s = Assign(s.target, Call(s.op, (s.target, s.value)), s.origin)
        out.append(map_stmt(s, lambda e: e, lambda b: _rebinding(b, types, aliases)))
    return tuple(out)


def _with_copies(function: Function, copied: list[str]) -> tuple[Function, dict[str, str]]:
    """Arguments that are written in place, copied first; the copy takes over the name."""
    fresh = Fresh(mentioned(function.body) | {p.name for p in function.params})
    table = {name: fresh(name) for name in copied}
    first = tuple(Assign(Name(table[name]), Call(COPY, (Name(name),))) for name in copied)
    body = first + rename(function.body, table)
    return replace(function, body=body), {new: old for old, new in table.items()}


def of_one_kind(block: Block, types: dict[str, Type]) -> Block:
    """Whole numbers that are put into a list of floats, as floats: in compiled code a list holds one kind of items."""
    typer = Typer(types)

    def fitted(item: Expr, held: Type | None) -> Expr:
        wanted = held.item if isinstance(held, ListOf) else None
        type_ = typer(item) if isinstance(wanted, Num) and wanted.is_float and wanted.ndim == 0 else None
        if not isinstance(type_, Num) or type_.is_float:
            return item
        known = isinstance(item, Const) and isinstance(item.value, int)
        return Const(float(item.value)) if known and isinstance(item, Const) else Call(Object(float, "float"), (item,))

    def statement(s: Stmt) -> Stmt:
        match s:
            case Effect(value=Call(args=(xs, item)) as call) if is_call_of(call, list.append):
                return replace(s, value=replace(call, args=(xs, fitted(item, typer(xs)))))
            case Assign(target=Name(id=name), value=Call(args=(Display(items=(item,)) as one, count)) as call) if (
                is_call_of(call, operator.mul) and isinstance(types[name], ListOf)
            ):
                items = (fitted(item, types[name]),)
                return replace(s, value=replace(call, args=(replace(one, items=items), count)))
            case Assign(target=Item(base=xs)) if isinstance(typer(xs), ListOf):
                return replace(s, value=fitted(s.value, typer(xs)))
        return map_stmt(s, lambda e: e, lambda b: of_one_kind(b, types))

    return tuple(map(statement, block))


class _Namer:
    """Names for sub-expressions of active statements."""

    def __init__(
        self,
        types: dict[str, Type],
        active: set[str],
        aliases: Aliases,
        fresh: Fresh,
        user_name: dict[str, str],
        forward: bool,
        taped: bool,
    ) -> None:
        self.user_name, self.forward, self.taped = user_name, forward, taped
        self.types, self.active, self.aliases, self.fresh = dict(types), active, aliases, fresh
        self.out: list[Stmt] = []
        self.origin = None

    def block(self, block: Block) -> Block:
        out: list[Stmt] = []
        for s in block:
            self.out = []
            if isinstance(s, Assign | Update | Effect):
                new = self.statement(s)
                out.extend(replace(extra, origin=s.origin) for extra in self.out)
                out.append(new)
            else:
                out.append(map_stmt(s, lambda e: e, self.block))
        return tuple(out)

    def statement(self, s: Assign | Update | Effect) -> Stmt:
        if isinstance(s, Assign) and isinstance(s.value, Call) and (callee := called(s.value)) is not None:
            opaque = isinstance(callee, Opaque)
            return self.call_as_it_is(s, callee, s.value) if opaque else self.call(s, callee, s.value)
        match s:
            case Assign(target=Name(id=name)):
                self.wish = name
                value = self.named(s.value, top=True)
                own_root = self.aliases.is_array(name) and self.aliases.mutable(name) and name in self.active
                if own_root and not self.aliases.shares(value) and _mentions(value, name):
                    value = self.let(value)  # the old array and the new one exist side by side
                return replace(s, value=value)
            case Assign(target=Display(items=targets), value=Display(items=values)):
                return replace(s, value=Display("tuple", tuple(map(self.apart, targets, values))))
            case Assign(target=Display(items=targets), value=Call() as value):
                return self.unpacked(s, [t for t in targets if isinstance(t, Name)], value)
            case Assign(target=Item()) | Update():
                self.wish = base_of(s.target) or "value"
                if is_call_of(s.value, list.pop):
                    return replace(s, value=self.let(s.value))
                if isinstance(s.value, Call) and is_call_of(s.value, replaced, scattered):
                    return replace(s, value=self.part_of(s.value))
                if isinstance(s, Update) and self.overlaps(s.target, s.value):
                    s = replace(s, value=Call(COPY, (s.value,)))
                if isinstance(s, Update) and s.op.value is operator.matmul:
                    whole = Item(s.target, Const(Ellipsis)) if isinstance(s.target, Name) else s.target
                    s = Assign(whole, Call(s.op, (s.target, s.value)), s.origin)
                return replace(s, value=self.named(s.value, top=False))
            case Effect(value=Call(args=(base, item)) as call) if is_call_of(call, list.append):
                self.wish = base.id if isinstance(base, Name) else "item"
                return replace(s, value=replace(call, args=(base, self.named(item, top=False))))
        return s

    def part_of(self, e: Call) -> Call:
        """A write to what a mask or an array of places selects: only the value and the index get names."""
        first, index, last = e.args
        parts = index.items if isinstance(index, Display) else (index,)
        plain = tuple(p if isinstance(p, Name | Const | Object | Slice) else self.let(p) for p in parts)
        index = replace(index, items=plain) if isinstance(index, Display) else plain[0]
        if is_call_of(e, scattered):
            return replace(e, args=(self.named(first, top=False), index, last))
        return replace(e, args=(first, index, self.named(last, top=False)))

    def overlaps(self, target: Expr, value: Expr) -> bool:
        """Whether an update reads, as it stands, a part of the array that it writes: NumPy copies it first, Numba does
        not."""
        if not is_place(value) or value == target or not self.aliases.shares(value):
            return False
        related = {self.aliases.find(n) for n in self.aliases.shares(value)}
        return self.aliases.find(base_of(target) or "") in related

    def apart(self, target: Expr, value: Expr) -> Expr:
        """One value of a simultaneous assignment: a new array that is written later is made ahead of it."""
        assert isinstance(target, Name)
        self.wish = target.id
        own_root = self.aliases.is_array(target.id) and self.aliases.mutable(target.id) and target.id in self.active
        value = self.named(value, top=False)
        return self.let(value) if own_root and not self.aliases.shares(value) else value

    def unpacked(self, s: Assign, results: list[Name], value: Call) -> Stmt:
        """A call with several results: rules read them by their names, so those must be neither operands of the call
        nor written in place; else the results have names of their own first."""
        self.wish = results[0].id
        value = self.named_call(value)
        written = {n.id for n in results if self.aliases.is_array(n.id) and self.aliases.mutable(n.id)}
        if not self.is_active(value) or not (written or names(value) & {n.id for n in results}):
            return replace(s, value=value)
        made = self.own_names(results)
        self.out.append(Assign(Display("tuple", tuple(made)), value))
        copies = [Call(COPY, (m,)) if n.id in written else m for n, m in zip(results, made, strict=True)]
        return replace(s, value=Display("tuple", tuple(map(self.apart, results, copies))))

    def call(self, s: Assign, callee: Callee, value: Call) -> Stmt:
        """A call of a recursive function: its adjoint reads the arguments once more. A result that is written in place
        is a copy, since the function may keep what it has returned."""
        results = [Name(n) for n in targets(s.target)]
        self.wish = results[0].id
        value = replace(value, args=tuple(map(self.argument, value.args)))
        added_to = (a for k, a in enumerate(value.args) if not (callee.recomputed or callee.hands_on(k)))
        read = {n for a in added_to for n in names(a)}
        read |= {n.id for n in results if self.is_written(n)} & names(value)  # it has a shadow, made with it
        again = any(n.id in read and self.aliases.is_array(n.id) for n in results)
        fresh = results[callee.count - len(callee.written) :]  # the new contents of what it writes: nobody keeps those
        fresh = fresh if len(results) == 1 else []  # (the shadow of one result is made with it)
        if not self.is_active(value) or not (again or any(self.is_written(n) for n in results if n not in fresh)):
            return replace(s, value=value)
        made = self.own_names(results)
        self.out.append(Assign(made[0] if len(made) == 1 else Display("tuple", tuple(made)), value))
        pairs = zip(made, results, strict=True)
        copies = [Call(COPY, (m,)) if self.is_written(n) and n not in fresh else m for m, n in pairs]
        return replace(
            s, value=copies[0] if len(copies) == 1 else Display("tuple", tuple(map(self.apart, results, copies)))
        )

    def call_as_it_is(self, s: Assign, callee: Callee, value: Call) -> Stmt:
        """A call of a function that is not read. In a text that is not differentiated again its run is recorded, and it
        returns a pullback after its results; in any other one its adjoint reads arguments and results once more."""
        assert isinstance(callee, Opaque)
        results = [Name(n) for n in targets(s.target)]
        self.wish = results[0].id
        value = replace(value, args=tuple(self.operand(a, is_read=not self.taped) for a in value.args))
        active = tuple(k for k, a in enumerate(value.args) if self.is_active(a))
        asked = tuple(k for k, r in enumerate(results) if r.id in self.active)
        if self.forward or not active or not asked:
            return replace(s, value=value)
        call, back = value, []
        if self.taped:
            wish = f"{callee.name}_pullback"
            back.append(Name(self.fresh(wish)))
            self.user_name[back[0].id] = wish
            call = replace(value, func=Object(callee.part.taped(active, asked).callee, callee.name))
        reads = set() if self.taped else names(value)  # by the adjoint, beside the results
        if not any(n.id in reads or self.is_written(n) for n in results):
            return replace(s, target=_together([*results, *back]), value=call)
        made = self.own_names(results)
        self.out.append(Assign(_together([*made, *back]), call))
        copies = [Call(COPY, (m,)) if self.is_written(n) else m for m, n in zip(made, results, strict=True)]
        whole = copies[0] if len(copies) == 1 else Display("tuple", tuple(map(self.apart, results, copies)))
        return replace(s, value=whole)

    def argument(self, e: Expr) -> Expr:
        """An argument: an active array is a variable or a part of one, whose adjoint is the same part."""
        e = self.operand(e, is_read=True)
        if not self.is_active(e):
            return e
        type_ = self.typed(e)
        whole = isinstance(type_, Num) and type_.is_array and not _is_part(e)
        return self.let(e) if whole or _is_dear(e) else e

    def is_written(self, n: Name) -> bool:
        return self.aliases.is_array(n.id) and self.aliases.mutable(n.id)

    def own_names(self, results: list[Name]) -> list[Name]:
        """Names for the results of a call that are not yet those of the variables that take them."""
        made = []
        for n in results:
            wish = f"{self.user_name.get(n.id, n.id)}_1"
            own = self.fresh(wish)
            self.user_name[own], self.types[own] = wish, self.types[n.id]
            if n.id in self.active:
                self.active.add(own)
            made.append(Name(own))
        return made

    def named_call(self, e: Call) -> Call:
        """A call with names for the operands that need one."""
        named = self.named(e, top=True)
        assert isinstance(named, Call)
        return named

    def is_active(self, e: Expr) -> bool:
        return Pusher(self.types, self.active, self.let).is_active(e)

    def let(self, e: Expr) -> Name:
        wish = f"{self.user_name.get(self.wish, self.wish)}_1"
        name = self.fresh(wish)
        self.user_name[name] = wish
        self.types[name] = self.aliases.types[name] = settled(Typer(self.types)(e))
        if self.is_active(e):
            self.active.add(name)
        self.out.append(Assign(Name(name), e))
        return Name(name)

    def named(self, e: Expr, top: bool) -> Expr:
        """`e` with names for the sub-expressions that need one; `top` where its own value has a name already."""
        if not isinstance(e, Call) or not self.is_active(e):
            if isinstance(e, Choice) and not (top or self.forward or _is_plain_choice(e)) and self.is_active(e):
                return self.let(e)  # its adjoint is that of an `if`: the side not taken is not evaluated
            if isinstance(e, Item) and self.is_active(e) and not self.is_part(e):
                return replace(e, base=self.let(self.named(e.base, top=True)))
            return e
        assert isinstance(e.func, Object)
        rule = rule_of(e.func.value)
        if rule is None or rule.kind == "constant":
            return e
        z = squared_size(e, Typer(self.types))
        if z is not None and isinstance(size := e.args[0], Call):
            read = z if is_place(z) else self.let(self.named(z, top=True))
            return replace(e, args=(replace(size, args=(read,)), *e.args[1:]))
        if rule.kind == "partials":
            args = [self.named(a, top=False) for a in e.args]
            for k, (a, p) in enumerate(zip(args, rule.operands, strict=False)):
                others = len(args) == 1 or any(self.is_active(o) for j, o in enumerate(args) if j != k or k == 0)
                if p in rule.reads and others and _is_dear(a):
                    args[k] = self.let(a)  # the adjoint reads its value: it is not to be computed a second time
            inner = replace(e, args=tuple(args))
            return self.let(inner) if rule.reads_result and not top else inner
        if joins(e):
            written = e.args[0]
            assert isinstance(written, Display)
            items = tuple(self.named(i, top=False) for i in written.items)
            if not self.forward:
                unmeasured = without_length(e, items, Typer(self.types))
                items = tuple(self.let(i) if k in unmeasured else i for k, i in enumerate(items))
            inner = replace(e, args=(replace(written, items=items), *e.args[1:]))
            return inner if top else self.let(inner)
        if is_call_of(e, np.ndarray.copy) and is_place(e.args[0]):
            return e
        view = e.args[0] if e.args else e
        if is_call_of(e, np.ndarray.copy) and isinstance(view, Call) and is_view_call(view):
            operand = self.operand(view.args[0], is_read=False)  # (the view gets no name: nobody shares its memory)
            inner = replace(e, args=(replace(view, args=(operand, *view.args[1:])),))
            return inner if top else self.let(inner)
        if self.forward and pushes(e.func.value):
            return replace(e, args=tuple(a if isinstance(a, Display) else self.named(a, top=False) for a in e.args))
        operands = zip(e.args, rule.operands, strict=False)
        inner = replace(e, args=tuple(self.operand(a, p in rule.reads) for a, p in operands))
        place = (is_view(e.func.value) and is_place(inner)) or e.func.value is np.conjugate
        if not top and is_read_only(e.func.value) and any(map(self.aliases.mutable, self.aliases.shares(inner))):
            return self.let(Call(COPY, (inner,)))  # it is read here and now
        return inner if top or place else self.let(inner)

    def operand(self, e: Expr, is_read: bool) -> Expr:
        """An operand of a rule: named if the rule reads its value and that is more than a name."""
        if isinstance(e, Display):
            return e
        if self.is_active(e):
            e = self.named(e, top=False)
        plain = isinstance(e, Name | Const | Object) or is_place(e)
        is_array = isinstance(t := self.typed(e), Num) and t.is_array
        return e if plain or not is_read or not is_array else self.let(e)

    def is_part(self, e: Item) -> bool:
        """Whether an item is that of a variable, so that its adjoint is the same item of the variable's."""
        return is_place(e) and (self.forward or not may_copy(e, Typer(self.types)))

    def typed(self, e: Expr) -> Type:
        return Typer(self.types)(e)


_PLAIN = {operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.pos, len, float, abs}


def _together(names: list[Name]) -> Expr:
    return names[0] if len(names) == 1 else Display("tuple", tuple(names))


def _is_dear(e: Expr) -> bool:
    """Whether an expression is a call that costs more than arithmetic (`sin`, `clip`, a power)."""
    if not isinstance(e, Call) or not isinstance(e.func, Object):
        return False
    if e.func.value is operator.pow and isinstance(e.args[1], Const) and e.args[1].value == 2:
        return False
    rule = rule_of(e.func.value)
    is_transform = getattr(e.func.value, "__module__", None) == "numpy.fft"
    return rule is not None and (rule.kind == "partials" or is_transform) and e.func.value not in _PLAIN


def _is_part(e: Expr) -> bool:
    """Whether this is a variable, or a part of one by an index."""
    return isinstance(e, Name) or (isinstance(e, Item) and _is_part(e.base))


def _is_plain_choice(e: Choice) -> bool:
    """Whether nothing can go wrong on the side that is not taken."""
    sides = [_is_plain_choice(s) if isinstance(s, Choice) else isinstance(s, Name | Const) for s in (e.then, e.other)]
    return all(sides)


def _mentions(e: Expr, name: str) -> bool:
    return name in names(e)
