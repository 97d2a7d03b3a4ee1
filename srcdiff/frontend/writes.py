"""Writes that outlast a call. In: a raw IR function. Out: its in-place writes into captured objects and defaults.

One walk in program order follows which names may stand for (a view of) such an object; a name that is bound to a copy
is free again. What a called function does to its arguments is not followed here: that takes the callee's own program.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import numpy as np

from srcdiff.ir.nodes import (
    Assign,
    Attr,
    Block,
    Break,
    Call,
    Choice,
    Const,
    Continue,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Logic,
    Name,
    Object,
    Raise,
    Return,
    Slice,
    Span,
    Stmt,
    Try,
    Update,
    While,
    With,
)

_MUTATORS = frozenset(
    {
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "clear",
        "sort",
        "reverse",
        "fill",
        "put",
        "itemset",
        "resize",
        "partition",
        "update",
        "setdefault",
        "popitem",
        "add",
        "discard",
        "setfield",
    }
)
_WRITERS = frozenset({"copyto", "put", "place", "putmask", "put_along_axis", "fill_diagonal", "at", "shuffle"})
_VIEWS = frozenset(
    {
        "T",
        "mT",
        "real",
        "imag",
        "flat",
        "transpose",
        "swapaxes",
        "squeeze",
        "view",
        "diagonal",
        "asarray",
        "asanyarray",
        "ascontiguousarray",
        "asfortranarray",
        "expand_dims",
        "moveaxis",
        "atleast_1d",
        "atleast_2d",
        "atleast_3d",
        "matrix_transpose",
        "permute_dims",
        "flip",
        "flipud",
        "fliplr",
        "rot90",
        "broadcast_to",
    }
)
_RESHAPES = frozenset({"reshape", "ravel", "split", "array_split", "hsplit", "vsplit", "dsplit"})
_FACTS = frozenset({"shape", "ndim", "size", "dtype", "itemsize", "nbytes", "strides"})
_SPREAD = ("enumerate", "zip", "reversed", "iter", "list", "tuple")
_FIXED = (
    bool, int, float, complex, str, bytes, range, np.generic, np.dtype, np.ufunc, type(None), type(Ellipsis), type,
    types.ModuleType, types.FunctionType, types.BuiltinFunctionType,
)  # fmt: skip


class Write(NamedTuple):
    """A write in place; `name` is the object's name in the program."""

    kind: Literal["captured", "default"]
    name: str
    span: Span


class _Root(NamedTuple):
    """An object that a name may stand for. After `depth` indices only numbers are left; None where not known."""

    kind: Literal["captured", "default"]
    name: str
    depth: int | None


_Roots = frozenset[_Root]
_State = dict[str, _Roots]
_NONE: _Roots = frozenset()


def lasting_writes(function: Function) -> list[Write]:
    """The in-place writes into objects that outlive the call, in program order."""
    walk = _Walk()
    state: _State = {}
    for param in function.params:
        if param.default is not None:
            state[param.name] = _object_roots("default", param.name, param.default.value)
    walk.block(function.body, state)
    return list(walk.writes)


class _Walk:
    def __init__(self) -> None:
        self.writes: dict[Write, None] = {}
        self.exits: list[list[_State]] = []  # the states at `break` and `continue`, by loop

    def block(self, statements: Block, state: _State) -> None:
        for statement in statements:
            self.statement(statement, state)

    def statement(self, statement: Stmt, state: _State) -> None:
        """Notes the writes of a statement, and changes `state` to what holds behind it."""
        match statement:
            case Assign(target, value):
                self.calls(state, target, value)
                self.assign(target, value, state)
            case Update(target, _, value):
                self.calls(state, target, value)
                self.write(_roots(target.base if isinstance(target, Item) else target, state), target)
            case Effect(value) | Return(value):
                self.calls(state, value)
            case If(test, body, orelse):
                self.calls(state, test)
                other = dict(state)
                self.block(body, state)
                self.block(orelse, other)
                _join(state, other)
            case For(target, over, body, orelse):
                self.calls(state, over)
                self.loop(target, over, body, state)
                self.block(orelse, state)
            case While(test, body, orelse):
                self.loop(None, test, body, state)
                self.block(orelse, state)
            case Raise(value, cause):
                for e in (value, cause):
                    if e is not None:
                        self.calls(state, e)
            case With(context, target, body):
                self.calls(state, context)
                if target is not None:
                    self.bind(target, _NONE, state)
                self.block(body, state)
            case Try(body, handlers, orelse, final):
                before = dict(state)
                self.block(body, state)
                for handler in handlers:
                    other = {**before}
                    _join(other, state)
                    self.block(handler.body, other)
                    _join(state, other)
                self.block(orelse, state)
                self.block(final, state)
            case Break() | Continue():
                if self.exits:
                    self.exits[-1].append(dict(state))

    def loop(self, target: Expr | None, head: Expr, body: Block, state: _State) -> None:
        """The body, until a further pass finds nothing new."""
        while True:
            before = dict(state)
            self.exits.append([])
            if target is None:
                self.calls(state, head)
            else:
                self.bind_loop(target, head, state)
            self.block(body, state)
            for other in (before, *self.exits.pop()):
                _join(state, other)
            if state == before:
                return

    def bind_loop(self, target: Expr, over: Expr, state: _State) -> None:
        """The loop variables; those of `enumerate` and `zip` one by one."""
        match target, over:
            case Display(_, (count, item)), Call(Object(text="enumerate"), (inner, *_)):
                self.bind(count, _NONE, state)
                self.bind_loop(item, inner, state)
            case Display(_, items), Call(Object(text="zip"), parts) if len(items) == len(parts):
                for item, part in zip(items, parts, strict=True):
                    self.bind_loop(item, part, state)
            case _:
                self.bind(target, _elements(over, state), state)

    def assign(self, target: Expr, value: Expr, state: _State) -> None:
        if isinstance(target, Display) and isinstance(value, Display) and len(target.items) == len(value.items):
            parts = [_roots(item, state) for item in value.items]
            for item, roots in zip(target.items, parts, strict=True):
                self.bind(item, roots, state)
        elif isinstance(target, Display):
            self.bind(target, _elements(value, state), state)
        else:
            self.bind(target, _roots(value, state), state)

    def bind(self, target: Expr, roots: _Roots, state: _State) -> None:
        if isinstance(target, Name):
            state[target.id] = roots
        elif isinstance(target, Item | Attr):
            self.write(_roots(target.base, state), target)
        elif isinstance(target, Display):
            for item in target.items:
                self.bind(item, roots, state)

    def write(self, roots: _Roots, place: Expr) -> None:
        for root in sorted(roots, key=lambda root: (root.kind, root.name)):
            if place.at is not None:
                self.writes[Write(root.kind, root.name, place.at)] = None

    def calls(self, state: _State, *expressions: Expr | None) -> None:
        """Calls that write: methods like `append`, functions like `np.copyto`, and `out=`."""
        for expression in expressions:
            for call in _calls(expression):
                if isinstance(call.func, Attr) and call.func.name in _MUTATORS:
                    self.write(_roots(call.func.base, state), call)
                elif isinstance(call.func, Object) and call.args and _name(call.func) in _WRITERS | _MUTATORS:
                    self.write(_roots(call.args[0], state), call)
                for key, value in call.kwargs:
                    if key == "out":
                        self.write(_roots(value, state), call)


def _name(function: Object) -> str:
    """`fill_diagonal` for `np.fill_diagonal`, `at` for `np.add.at`; nothing for a user's function."""
    value = function.value
    module = getattr(value, "__module__", None) or getattr(type(getattr(value, "__self__", None)), "__module__", None)
    ours = str(module).partition(".")[0] in ("numpy", "builtins", "random")
    return function.text.rpartition(".")[2] if ours or type(value) is types.MethodDescriptorType else ""


def _calls(expression: Expr | None) -> Iterator[Call]:
    if isinstance(expression, Call):
        yield expression
    for part in _children(expression):
        yield from _calls(part)


def _children(expression: Expr | None) -> Iterable[Expr | None]:
    match expression:
        case Attr(base):
            return (base,)
        case Call(func, args, kwargs):
            return (func, *args, *(value for _, value in kwargs))
        case Item(base, index):
            return (base, index)
        case Slice(lower, upper, step):
            return (lower, upper, step)
        case Display(_, items) | Logic(_, items):
            return items
        case Choice(test, then, other):
            return (test, then, other)
        case _:
            return ()


def _join(state: _State, other: _State) -> None:
    for name, roots in other.items():
        state[name] = state.get(name, _NONE) | roots


# ------------------------------------------------------------------------------------ what an expression stands for


def _roots(expression: Expr, state: _State) -> _Roots:
    """The lasting objects that the value of an expression may share memory with."""
    match expression:
        case Name(name):
            return state.get(name, _NONE)
        case Object(value, text):
            return _object_roots("captured", text, value)
        case Attr(base, name):
            return _attribute(base, name, state)
        case Item(base, index):
            return _indexed(_roots(base, state), index)
        case Choice(_, then, other):
            return _roots(then, state) | _roots(other, state)
        case Logic(_, values):
            return frozenset().union(*(_roots(value, state) for value in values))
        case Call(Attr(base, name)):
            return _viewed(_roots(base, state), name)
        case Call(Object(text=text) as function, (first, *_)) if _name(function):
            return _viewed(_roots(first, state), text.rpartition(".")[2])
        case _:
            return _NONE


def _object_roots(kind: Literal["captured", "default"], name: str, value: object) -> _Roots:
    depth = _depth(value)
    return _NONE if depth == 0 else frozenset({_Root(kind, name, depth)})


def _depth(value: object, level: int = 0) -> int | None:
    """How many indices lead from a value to something that cannot be written; 0 for a number."""
    if isinstance(value, _FIXED):
        return 0
    if isinstance(value, np.ndarray):
        return max(1, value.ndim) if value.dtype != object else None
    if isinstance(value, list | tuple) and level < 4:
        sample = {type(item): item for item in value}.values()
        if all(isinstance(item, _FIXED) for item in sample):
            return 1 if isinstance(value, list) else 0
        depths = [_depth(item, level + 1) for item in value]
        known = [depth for depth in depths if depth is not None]
        if max(known, default=0) == 0 and len(known) == len(depths) and isinstance(value, tuple):
            return 0
        return 1 + max(known) if len(known) == len(depths) else None
    return None


def _attribute(base: Expr, name: str, state: _State) -> _Roots:
    if name in _FACTS:
        return _NONE
    if isinstance(base, Object) and not isinstance(base.value, np.ndarray):
        value = inspect.getattr_static(base.value, name, None)
        if not hasattr(type(value), "__get__"):
            return _object_roots("captured", f"{base.text}.{name}", value)
    roots = _roots(base, state)
    return roots if name in _VIEWS else frozenset(root._replace(depth=None) for root in roots)


def _indexed(roots: _Roots, index: Expr) -> _Roots:
    """A view by an index, or nothing where an index takes a number or makes a copy."""
    parts = index.items if isinstance(index, Display) and index.kind == "tuple" else (index,)
    if any(isinstance(part, Display) for part in parts):  # `x[[0, 2]]` is a copy
        return _NONE
    added = sum(isinstance(part, Const) and part.value is None for part in parts)
    kept = sum(isinstance(part, Slice) or (isinstance(part, Const) and part.value is ...) for part in parts)
    return _stepped(roots, len(parts) - kept - added - added)


def _stepped(roots: _Roots, steps: int) -> _Roots:
    """What is left after so many indices."""
    result = set()
    for root in roots:
        left = None if root.depth is None else root.depth - steps
        if left is None or left > 0:
            result.add(root._replace(depth=None if left is None or left > 32 else left))
    return frozenset(result)


def _viewed(roots: _Roots, name: str) -> _Roots:
    """What a method or function that may return a view of its first operand gives."""
    if name in _RESHAPES:
        return frozenset(root._replace(depth=1 if name == "ravel" else None) for root in roots)
    return roots if name in _VIEWS else _NONE


def _elements(expression: Expr, state: _State) -> _Roots:
    """What a loop over a value, or its unpacking, binds."""
    if isinstance(expression, Display):
        return frozenset().union(*(_roots(item, state) for item in expression.items))
    if isinstance(expression, Call) and isinstance(expression.func, Object) and expression.func.text in _SPREAD:
        return frozenset().union(*(_elements(arg, state) for arg in expression.args))
    return _stepped(_roots(expression, state), 1)
