"""Calls of recursive functions: statements that call a function of its own (see `groups`).

in:   return x * power(x, n - 1)       out:  power_1 = power(x, n - 1); result = x * power_1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import FunctionType

from ..errors import UnsupportedRecursion
from ..frontend import Program
from ..ir.nodes import Assign, Call, Const, Display, Expr, Name, Object, Param
from ..ir.types import ListOf, Num, Tup, Type, describe
from ..ir.walk import subexprs
from ..rules.typing import TypeProblem
from .groups import Instance, NotYet, is_plain, result_for
from .handed import Handed
from .literals import as_value
from .state import kind_of


class Recursion(Handed):
    """The calls of recursive functions in one function."""

    program: Program

    def walk(self, instance: Instance, read: FunctionType | None) -> None:
        """Make the core program of a recursive function."""
        raise NotImplementedError

    def call_recursive(
        self,
        function: FunctionType | None,
        program: Program,
        pairs: list[tuple[Param, Expr]],
        e: Call,
        wish: str = "",
    ) -> Expr:
        """A call of a recursive function (None: the one that is differentiated) with arguments for its parameters; its
        result, of the name wished."""
        args = [self.whole_argument(program, p, arg, e) for p, arg in pairs]
        types = tuple(map(self.typed, args))
        for (p, _), type_ in zip(pairs, types, strict=True):
            self.check_argument(program, p, type_, e)
        group = self.state.group
        instance = group.instance(program, types)
        if not instance.walked:
            instance.begin()
            self.walk(instance, function)
        if instance.result is None:
            raise NotYet
        found = result_for(instance, types)
        names = [self.state.fresh(wish or program.function.name) for _ in found]
        target: Expr = Name(names[0]) if len(names) == 1 else Display("tuple", tuple(map(Name, names)))
        leaves = tuple(leaf for a in args for leaf in self.numbers_of(a))
        callee = Object(instance.callee, program.function.name)
        self.state.emit(Assign(target, Call(callee, leaves, at=e.at)))
        self.state.env.update(zip(names, found, strict=True))
        left, lists = iter(names), self.lists_in(args)
        value = self.rebuilt(instance.parts()[0], left)
        if lists or self.lists_in([value]):
            self.tie(instance, value, lists, names, e)
            self.take_back(instance, lists, left, e)
        return value

    def carried(self, program: Program, p: Param, arg: Expr, e: Call) -> Expr:
        """An argument with its inner functions as objects."""
        raise NotImplementedError

    def whole_argument(self, program: Program, p: Param, arg: Expr, e: Call) -> Expr:
        """An argument whose parts, if it is a structure, are there one by one; that of a changed class is refused."""
        arg = self.carried(program, p, self.opened(arg, p.name), e)
        arg = self.grown_argument(as_value(arg), e)
        for part in subexprs(arg):
            if isinstance(part, Display) and part.form is not None and part.form.cls in self.state.changed:
                raise TypeProblem(
                    UnsupportedRecursion,
                    f"a {describe(self.typed(part))} as an argument of a recursive function",
                    "the program changes structures of this class in place, and the calls would share it",
                    "pass its parts, and return what changes",
                    e.at,
                )
        return arg

    def opened(self, arg: Expr, wish: str) -> Expr:
        """An argument whose structures, one in another, are written out; a constant of the module is none so far."""
        if isinstance(self.typed(arg), Tup) and not isinstance(arg, Display):
            arg = self.atom(arg, wish)
        if isinstance(arg, Display) and arg.home is None:
            arg = replace(arg, items=tuple(self.opened(item, wish) for item in arg.items))
        return arg

    def check_argument(self, program: Program, p: Param, type_: Type, e: Call) -> None:
        self.check_list(program.function.name, p.name, type_, e)
        if not is_plain(type_):
            raise TypeProblem(
                UnsupportedRecursion,
                f"a {describe(type_)} as the argument `{p.name}` of `{program.function.name}`, which calls itself",
                "recursive functions are differentiated in numbers, arrays and structures of these",
                "pass an array, or write the recursion as a loop",
                e.at,
            )

    def numbers_of(self, e: Expr) -> Iterator[Expr]:
        """The numbers and arrays that an argument consists of."""
        if isinstance(e, Display):
            for item in e.items:
                yield from self.numbers_of(item)
        elif isinstance(self.typed(e), Num):
            yield e
        else:
            yield from self.handed(e)

    def rebuilt(self, type_: Type, names: Iterator[str]) -> Expr:
        """A result of this type, its numbers and arrays under these names."""
        if isinstance(type_, Tup):
            return Display(kind_of(type_.form), tuple(self.rebuilt(t, names) for t in type_.items), None, type_.form)
        if isinstance(type_, Num):
            return Name(next(names))
        if isinstance(type_, ListOf):
            home = self.new_list()
            self.fill(home, self.arrays_for(type_, names), type_)
            return home
        value = getattr(type_, "value", None)
        return Const(value) if value is None or isinstance(value, str) else Object(value, str(value))
