"""Operators, indices, lengths and tests of structures whose class says what these do.

in:   w = 2.0 * v + u                    out:  (the statements of `Vec.__rmul__` and of `Vec.__add__`)
      n = len(path); p = path[0]               (those of `Path.__len__` and `Path.__getitem__`)

What such a class does not say in Python is refused: a structure is taken apart here, and an index or a length of its
parts would be something else.
"""

from __future__ import annotations

import operator
from types import FunctionType
from typing import Any

from ..errors import UnsupportedCall
from ..ir.nodes import Attr, Call, Const, Display, Expr, Item, Name, Object, Update
from ..ir.types import Form, Tup
from ..rules.typing import TypeProblem
from .pullbacks import Pullbacks

_ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor")
_BINARY = {getattr(operator, n): (f"__{n.strip('_')}__", f"__r{n.strip('_')}__") for n in _ARITHMETIC}
_BINARY |= {
    operator.lt: ("__lt__", "__gt__"),
    operator.gt: ("__gt__", "__lt__"),
    operator.le: ("__le__", "__ge__"),
    operator.ge: ("__ge__", "__le__"),
    operator.eq: ("__eq__", "__eq__"),
    operator.ne: ("__ne__", "__ne__"),
}
_UNARY: dict[Any, str] = {operator.neg: "__neg__", operator.pos: "__pos__", operator.invert: "__invert__"}
_ASKED: dict[Any, str] = {abs: "__abs__", float: "__float__", int: "__int__", round: "__round__", len: "__len__"}
_TRUTH = ("__bool__", "__len__")


class Operators(Pullbacks):
    """What one function does with structures by operators."""

    def own_form(self, type_: object, *methods: str) -> Form | None:
        """The form of a structure that its class speaks for; a named tuple is a tuple otherwise."""
        form = type_.form if isinstance(type_, Tup) else None
        if form is None or not form.by_attribute:
            return None
        if form.kind == "named":
            return form if any(isinstance(self.of_class(form.cls, m), FunctionType) for m in methods) else None
        return form

    def by_class(self, method: str, owner: Expr, args: tuple[Expr, ...], e: Expr) -> Expr | None:
        """A call of a special method of a structure; None where its class has none, or does not take this operand."""
        form = self.own_form(self.typed(owner), method)
        function = self.of_class(form.cls, method) if form is not None else None
        if not isinstance(function, FunctionType) or function.__code__.co_filename == "<string>":
            return None
        at = getattr(e, "at", None)
        result = self.inline(function, (owner, *args), (), Call(Object(function, method), (owner, *args), at=at))
        return None if isinstance(result, Object) and result.value is NotImplemented else result

    def unsaid(self, method: str, e: Expr, *operands: Expr) -> TypeProblem:
        forms = [f for o in operands if (f := self.own_form(self.typed(o), method)) is not None]
        return TypeProblem(
            UnsupportedCall,
            f"`{method.strip('_')}` of a {forms[0].cls.__name__}",
            f"its class has no `{method}` that is written in Python",
            f"write `{method}`, or a method with a name of its own, or use the attributes",
            getattr(e, "at", None),
        )

    # ------------------------------------------------------------------------------------------------- expressions

    def _builtin(self, e: Call) -> Expr:
        function = e.func.value if isinstance(e.func, Object) else None
        if function in _UNARY and self.own_form(self.typed(e.args[0]), _UNARY[function]):
            found = self.by_class(_UNARY[function], e.args[0], (), e)
            if found is None:
                raise self.unsaid(_UNARY[function], e, e.args[0])
            return found
        if (
            self.hashable(function) in _ASKED
            and len(e.args) == 1
            and self.own_form(self.typed(e.args[0]), _ASKED[function])
        ):
            found = self.by_class(_ASKED[function], e.args[0], (), e)
            if found is None:
                raise self.unsaid(_ASKED[function], e, e.args[0])
            return found
        if function is operator.not_ and self.own_form(self.typed(e.args[0]), *_TRUTH):
            return self.of_values(operator.not_, "not", self.truth(e.args[0], e))
        if function in _BINARY and len(e.args) == 2:
            found = self.combined(function, *e.args, e)
            if found is not None:
                return found
        return super()._builtin(e)

    def combined(self, function: Any, left: Expr, right: Expr, e: Expr) -> Expr | None:
        """A binary operator; None where neither operand has a class that speaks for it."""
        method, reflected = _BINARY[function]
        if not any(self.own_form(self.typed(a), method, reflected) for a in (left, right)):
            return None
        for name, owner, other in ((method, left, right), (reflected, right, left)):
            found = self.by_class(name, owner, (other,), e)
            if found is not None:
                return found
        if function is operator.ne and (equal := self.by_class("__eq__", left, (right,), e)) is not None:
            return self.of_values(operator.not_, "not", equal)
        raise self.unsaid(method, e, left, right)

    def of_values(self, function: Any, text: str, *args: Expr) -> Expr:
        with self.under_names(args) as names:
            return self.expr(Call(Object(function, text), tuple(names)))

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is operator.contains:
            return self.contained(e) or super().special_call(function, e)
        if function is len and len(e.args) == 1 and self.own_form(self.type_apart(e.args[0]), "__len__"):
            (owner,), _ = self.arguments(e)
            found = self.by_class("__len__", owner, (), e)
            if found is None:
                raise self.unsaid("__len__", e, owner)
            return found
        if function is bool and len(e.args) == 1 and self.own_form(self.type_apart(e.args[0]), *_TRUTH):
            (owner,), _ = self.arguments(e)
            return self.of_values(bool, "bool", self.truth(owner, e))
        return super().special_call(function, e)

    @staticmethod
    def hashable(function: Any) -> Any:
        """A function as a key."""
        return function if callable(function) else None

    def contained(self, e: Call) -> Expr | None:
        if not self.own_form(self.type_apart(e.args[0]), "__contains__"):
            return None
        (owner, item), _ = self.arguments(e)
        found = self.by_class("__contains__", owner, (item,), e)
        if found is None:
            raise self.unsaid("__contains__", e, owner)
        return found

    def item_of(self, e: Item) -> Expr:
        if not isinstance(e.base, Name | Attr | Object):  # made once
            owner = self.unpacked(self.expr(e.base))
            if not self.own_form(self.typed(owner), "__getitem__"):
                with self.under_names((owner,)) as (name,):
                    return super().item_of(Item(name, e.index, e.at))
        elif not self.own_form(self.type_apart(e.base), "__getitem__"):
            return super().item_of(e)
        else:
            owner = self.expr(e.base)
        index = self.expr(e.index)
        found = self.by_class("__getitem__", owner, (index,), e)
        if found is None:
            raise self.unsaid("__getitem__", e, owner)
        return found

    def known(self, test: Expr) -> bool | None:
        """The truth of a structure: its class may have a word in it."""
        form = self.own_form(self.typed(test), *_TRUTH) if isinstance(test, Display) else None
        if form is None:
            return super().known(test)
        if any(isinstance(self.of_class(form.cls, m), FunctionType) for m in _TRUTH):
            return super().known(self.truth(test, test))
        return True

    def tested(self, e: Expr) -> Expr:
        """A structure as a condition is asked by the method that its class has for that."""
        asked = isinstance(e, Display) and self.own_form(self.typed(e), *_TRUTH)
        return super().tested(self.truth(e, e) if asked else e)

    def truth(self, held: Expr, e: Expr) -> Expr:
        """The truth of a structure, as an expression."""
        for method in _TRUTH:
            found = self.by_class(method, held, (), e)
            if found is not None:
                return found if method == "__bool__" else self.of_values(operator.ne, "!=", found, Const(0))
        return Const(True)

    # -------------------------------------------------------------------------------------------------- statements

    def put_part(self, target: Attr | Item, value: Expr) -> None:
        if not isinstance(target, Item) or not self.own_form(self.type_apart(target.base), "__setitem__"):
            super().put_part(target, value)
            return
        owner, index = self.expr(target.base), self.expr(target.index)
        if self.by_class("__setitem__", owner, (index, value), target) is None:
            raise self.unsaid("__setitem__", target, owner)

    def update_part(self, s: Update, target: Attr | Item) -> None:
        method, _ = _BINARY.get(s.op.value, ("", ""))
        if self.own_form(self.type_apart(target), method, f"__i{method[2:]}"):
            current = self.expr(target)
            found = self.in_place(s, current, self.expr(s.value))
            assert found is not None
            self.put_part(target, found)
        elif isinstance(target, Item) and self.own_form(self.type_apart(target.base), "__setitem__"):
            current = self.atom(self.expr(target), "kept")
            self.put_part(target, self.of_values(s.op.value, s.op.text, current, self.expr(s.value)))
        else:
            super().update_part(s, target)

    def update_sequence(self, target: Name, op: Object, current: Display, value: Expr) -> None:
        found = self.in_place(Update(target, op, value), current, value)
        if found is None:
            super().update_sequence(target, op, current, value)
        else:
            self.assign_name(target.id, found)

    def in_place(self, s: Update, current: Expr, value: Expr) -> Expr | None:
        """`current op= value` of a structure: by its class in place, or else as a new value."""
        method, _ = _BINARY.get(s.op.value, ("", ""))
        if not method or not isinstance(current, Display):
            return None
        found = self.by_class(f"__i{method[2:]}", current, (value,), s.target)
        return found if found is not None else self.combined(s.op.value, current, value, s.target)
