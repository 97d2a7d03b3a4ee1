"""What statements and acts read and define, in terms of variables and of the contents of written arrays."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..analysis.aliases import Aliases
from ..analysis.lost import SHAPE_ONLY
from ..ir.callee import helper_of
from ..ir.nodes import Assign, Call, Choice, Display, Effect, Expr, For, Item, Logic, Name, Object, Slice, Stmt, Update
from ..ir.types import ListOf, Num, Type
from ..ir.walk import assigned, is_call_of, names, statements, subexprs, targets
from ..rules import is_view
from ..rules.typing import Typer, settled
from ..runtime import unbroadcast, zeros_like
from .acts import Acc, Act, Do, Fork, Kill, Let, Node, Pull, Round, Step, Together, When
from .places import base_of
from .schedule import Key

_CHEAP = {
    *(operator.add, operator.sub, operator.mul, operator.neg, operator.pos, operator.not_),
    *(operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge),
    *(len, abs, min, max, float, int, np.ndarray.size, np.ndarray.shape, np.sign, np.maximum, np.minimum),
}
_CHEAP_INT = {operator.floordiv, operator.mod, operator.truediv}


def passed(e: Expr) -> Expr:
    """The call of a reverse function with the arguments that it takes."""
    helper = helper_of(e)
    if helper is None or not isinstance(e, Call) or helper.role != "rev":
        return e
    count = len(helper.callee.function.params)
    return replace(e, args=(*(e.args[k] for k in sorted(helper.reads)), *e.args[count:]))


class Facts:
    """The questions that planning asks of the mirrored program.

    `adjoints` are the adjoint variables and temporaries (no primal values); `zero_of` gives the variable that the zero
    of an adjoint is made like; `shadows` are the adjoints of arrays written in place and of lists, which are planned
    like the primal names that they mirror (and that they give).
    """

    def __init__(
        self,
        nodes: list[Node],
        aliases: Aliases,
        types: dict[str, Type],
        adjoints: set[str],
        zero_of: dict[str, str],
        shadows: dict[str, str],
    ) -> None:
        self.nodes, self.aliases, self.types, self.adjoints = nodes, aliases, types, adjoints
        self.zero_of, self.shadow_names = zero_of, shadows
        # by identity; the object is kept with its answer, so that no other one can take its place
        self._keys: dict[int, tuple[Expr, set[Key]]] = {}
        self._defined: dict[int, tuple[Stmt, set[Key]]] = {}
        self.wanted_anyway = {key for node in nodes for key in self.act_keys_below(node)}
        self.loop_defined = {n for s in self.all_loops(nodes) for n in self.defined(s)}
        self.all_defined = {k for n in nodes for k in self.defined(n)}
        self.definitions = self.count_definitions(nodes)

    # --------------------------------------------------------------------------------------------- what is read

    def keys(self, e: Expr) -> set[Key]:
        """The variables whose binding an expression reads, and the classes whose contents it reads."""
        known = self._keys.get(id(e))
        if known is None:
            read = passed(e)
            found = {n for n in names(read) if n not in self.adjoints}
            self._contents(read, found)
            known = self._keys[id(e)] = (e, found)
        return set(known[1])

    def _contents(self, e: Expr, found: set[Key]) -> None:
        match e:
            case Name(id=name):
                if name not in self.adjoints and self.aliases.is_array(name) and self.aliases.mutable(name):
                    found.add("*" + self.aliases.find(name))
                found |= self.list_keys(name)
            case Call(func=Object(value=function), args=(g, _)) if function is unbroadcast:
                self._contents(g, found)
            case Call(func=Object(value=function), args=args) if function in SHAPE_ONLY:
                for a in args:
                    for part in subexprs(a):
                        if isinstance(part, Item):
                            self._contents(part.index, found)
                        elif isinstance(part, Name):
                            found |= self.list_keys(part.id)
            case Call():
                for a in (*e.args, *(v for _, v in e.kwargs)):
                    self._contents(a, found)
            case Item():
                self._contents(e.base, found)
                self._contents(e.index, found)
            case Slice():
                for bound in (e.lower, e.upper, e.step):
                    if bound is not None:
                        self._contents(bound, found)
            case Display(items=items) | Logic(values=items):
                for item in items:
                    self._contents(item, found)
            case Choice():
                for part in (e.test, e.then, e.other):
                    self._contents(part, found)
            case _:
                pass

    def list_keys(self, name: str) -> set[Key]:
        """What a list of the program holds: a class of contents of its own."""
        owner = self.shadow_names.get(name)
        if owner is not None:  # which shadows the shadow of a list of lists holds; what these hold is adjoints
            return {"*[_" + self.aliases.find(owner)} if self.aliases.points(owner) else set()
        own = self.aliases.is_list(name) and name not in self.adjoints
        return {"*[" + self.aliases.find(name)} if own else set()

    def pointer_keys(self, e: Expr) -> set[Key]:
        """What has to be there to evaluate a view or second name: bindings and indices, no contents."""
        match e:
            case Name(id=name):
                return {name} | self.list_keys(name)
            case Item():
                return self.pointer_keys(e.base) | self.keys(e.index)
            case Call(args=(first, *rest)) if isinstance(e.func, Object) and is_view(e.func.value):
                return self.pointer_keys(first).union(*(self.keys(r) for r in rest))
        return self.keys(e)

    def act_keys(self, acts: Iterable[Act]) -> set[Key]:
        found: set[Key] = set()
        for act in acts:
            match act:
                case Acc():
                    found |= self.acc_keys(act)
                case Together(parts=parts):
                    for part in parts:
                        found |= self.acc_keys(part)
                case Let(value=value) | Pull(call=value):
                    found |= self.keys(value)
                case When():
                    found |= self.keys(act.test) | self.act_keys(act.then) | self.act_keys(act.other)
                case Do(stmt=stmt):
                    assert isinstance(stmt, Effect)
                    found |= self.keys(stmt.value)
                case Kill():
                    pass
        return found

    def acc_keys(self, acc: Acc) -> set[Key]:
        found: set[Key] = set()
        for t in acc.terms:
            for e in (*t.factors, *t.denominators, *t.masks):
                found |= self.keys(e)
        if acc.assign and not acc.terms and isinstance(acc.target, Name) and acc.target.id in self.zero_of:
            primal = self.zero_of[acc.target.id]
            if self.aliases.is_array(primal):
                found.add(primal)
        return found | self.place_keys(acc.target)

    def place_keys(self, place: Expr) -> set[Key]:
        return {k for k in self.pointer_keys(place) if k not in self.adjoints}

    def act_keys_below(self, node: Node) -> set[Key]:
        match node:
            case Step():
                return self.act_keys(node.acts)
            case Fork():
                inner = [self.act_keys_below(n) for n in (*node.body, *node.orelse)]
                return self.act_keys((*node.before, *node.ends[0], *node.ends[1])).union(*inner)
            case Round():
                return self.act_keys((*node.before, *node.end)).union(*(self.act_keys_below(n) for n in node.body))

    # ----------------------------------------------------------------------------------------- what is defined

    def defined(self, node: Node) -> set[Key]:
        """The variables bound, and the contents written, by the forward statement of a node."""
        s = node.stmt
        known = self._defined.get(id(s))
        if known is not None:
            return set(known[1])
        found: set[Key] = set(assigned((s,)))
        for inner in statements((s,)):
            found |= self.content_written(inner)
        found -= self.in_place_only((s,))
        self._defined[id(s)] = (s, found)
        return set(found)

    def in_place_only(self, block: tuple[Stmt, ...]) -> set[str]:
        """Names that occur as targets of in-place array updates only: their binding does not change."""
        updated = {
            s.target.id
            for s in statements(block)
            if isinstance(s, Update) and isinstance(s.target, Name) and self.aliases.is_array(s.target.id)
        }
        bound: set[str] = set()
        for s in statements(block):
            if isinstance(s, Assign | For):
                bound |= set(targets(s.target))
        return updated - bound

    def content_written(self, s: Stmt) -> set[Key]:
        """The contents that a simple statement changes, of arrays and of lists."""
        changed = list_changed(s)
        if changed is not None:
            return self.list_keys(changed)
        place = s.target if isinstance(s, Assign | Update) else None
        match place:
            case Item():
                base = base_of(place) or ""
                if isinstance(Typer(self.types)(place.base), ListOf):
                    return self.list_keys(base)
            case Name(id=name) if isinstance(s, Update) and self.aliases.is_array(name):
                base = name
            case _:
                return set()
        return {"*" + self.aliases.find(base)}

    def undo_keys(self, s: Stmt) -> set[Key]:
        """What has to be there to take a write back, besides the old contents."""
        changed = list_changed(s)
        if changed is not None:
            return {changed}
        return self.place_keys(s.target) if isinstance(s, Assign | Update) else set()

    def all_loops(self, nodes: list[Node]) -> list[Round]:
        found: list[Round] = []
        for node in nodes:
            match node:
                case Round():
                    found.append(node)
                case Fork():
                    found.extend(self.all_loops([*node.body, *node.orelse]))
                case _:
                    pass
        return found

    def count_definitions(self, nodes: list[Node]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for node in nodes:
            for s in statements((node.stmt,)):
                for name in targets(s.target) if isinstance(s, Assign | For | Update) else []:
                    counts[name] = counts.get(name, 0) + 1
        return counts

    # -------------------------------------------------------------------------------------------- kinds of values

    def is_pointer(self, name: str, value: Expr) -> bool:
        if name in self.shadow_names:
            made = is_call_of(value, np.zeros_like, zeros_like, operator.mul)
            return not isinstance(value, Display) and not made
        return self.aliases.is_array(name) and bool(self.aliases.shares(value)) and not is_call_of(value, list.pop)

    def is_cheap(self, e: Expr) -> bool:
        for part in subexprs(e):
            if isinstance(part, Call) and isinstance(part.func, Object) and part.func.value not in _CHEAP:
                integral = part.func.value in _CHEAP_INT and all(self.is_int(a) for a in part.args)
                if not integral:
                    return False
        return True

    def has_one_shape(self, name: Key) -> bool:
        """Whether a variable surely has the same shape wherever it has a value."""
        known = self.types.get(name)
        type_ = known and settled(known)
        return isinstance(type_, Num) and type_.ndim is not None and all(d.token is not None for d in type_.shape)

    def is_int(self, e: Expr) -> bool:
        type_ = Typer(self.types)(e)
        return isinstance(type_, Num) and type_.is_integral


def list_changed(s: Stmt) -> str | None:
    """The list that a statement makes longer or shorter."""
    match s:
        case Effect(value=Call(args=(Name(id=name), *_)) as call) if is_call_of(call, list.append, list.pop):
            return name
        case Assign(value=Call(args=(Name(id=name),)) as call) if is_call_of(call, list.pop):
            return name
    return None
