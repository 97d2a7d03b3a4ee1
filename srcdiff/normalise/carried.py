"""Functions as arguments of recursive functions: what they use goes along with them.

in:   f = lambda x: x * w                    out:  halves_1 = halves(w, a, b)
      halves(f, a, b)

A recursive function is a function of its own, in which the variables around an inner function do not exist. The inner
function becomes an object that holds them and can be called, and as such an argument like any other structure.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from types import FunctionType

from ..errors import UnsupportedRecursion
from ..frontend import Program, stand_in
from ..ir.nodes import Assign, Attr, Block, Call, Display, Expr, Function, Name, Object, Param, Return
from ..ir.types import Form
from ..ir.walk import Fresh, assigned, mentioned
from ..rules.typing import TypeProblem
from .closures import Defined
from .inner_recursion import InnerRecursion
from .nested import DerivativeOf, Lifted
from .records import Bound
from .state import kind_of
from .stdlib import Partial


class Carried(InnerRecursion):
    """The functions that one function hands to recursive ones."""

    def carried(self, program: Program, p: Param, arg: Expr, e: Call) -> Expr:
        match arg:
            case Object(value=Defined() as defined):
                return self.closed(program, p, defined, e)
            case Object(value=DerivativeOf() as of):
                return self.derived(program, p, of, e)
            case Object(value=Bound() as method):
                return self.closed(program, p, self.as_defined(method), e)
            case Object(value=Partial() as partial):
                return self.applied(program, p, partial, e)
            case Display(items=items):
                return replace(arg, items=tuple(self.carried(program, p, item, e) for item in items))
        return arg

    def closed(self, program: Program, p: Param, defined: Defined, e: Call) -> Expr:
        """An inner function with the variables that it uses."""
        try:
            lifted = self.lifted(defined, e)
        except TypeProblem as problem:
            raise not_carried(program, p, problem.why, e) from None
        whole = lifted.program.function
        own = own_name(whole)
        given = tuple(Assign(Name(n), Attr(own, n), whole.origin) for n in lifted.free)
        return self.of_lifted(program, p, defined, lifted, (*given, *whole.body), e)

    def derived(self, program: Program, p: Param, of: DerivativeOf, e: Call) -> Expr:
        """The derivative of an inner function with the variables that this uses."""
        whole = of.lifted.program.function
        own, free = own_name(whole), tuple(of.lifted.free)
        params = whole.params[: len(whole.params) - len(free)]
        args: tuple[Expr, ...] = (*(Name(q.name) for q in params), *(Attr(own, n) for n in free))
        body = (Return(Call(Object(of.made, of.__name__), args, at=e.at), self.state.origin),)
        return self.of_lifted(program, p, of.defined, of.lifted, body, e)

    def of_lifted(self, program: Program, p: Param, defined: Defined, lifted: Lifted, body: Block, e: Call) -> Expr:
        """An object that holds the variables of an inner function, with this body for a call."""
        if defined.defaults:
            raise not_carried(program, p, "it has defaults, which a call may leave out", e)
        try:
            values = tuple(self.outer_value(name, walker, e) for name, walker in lifted.free.items())
        except TypeProblem as problem:
            raise not_carried(program, p, problem.why, e) from None
        whole, free = lifted.program.function, tuple(lifted.free)
        params = (Param(own_name(whole).id), *whole.params[: len(whole.params) - len(free)])
        called = replace(whole, params=params, body=body)
        values = tuple(self.carried(program, p, value, e) for value in values)
        return self.holding(defined.__name__, replace(lifted.program, function=called), free, values)

    def applied(self, program: Program, p: Param, partial: Partial, e: Call) -> Expr:
        """A partial function with the arguments that it has already."""
        function = partial.callee.value if isinstance(partial.callee, Object) else None
        known = [*inspect.signature(function).parameters.values()] if isinstance(function, FunctionType) else []
        places = tuple(q.name for q in known[: len(partial.args)] if q.kind is q.POSITIONAL_OR_KEYWORD)
        if len(places) < len(partial.args) or "callee" in places:
            places = tuple(f"argument_{k}" for k in range(len(partial.args)))
        names = tuple(name for name, _ in partial.kwargs)
        own, rest = Name("self"), Display("starred", (Name("args"),))
        args: tuple[Expr, ...] = (*(Attr(own, name) for name in places), rest)
        call = Call(Attr(own, "callee"), args, tuple((n, Attr(own, n)) for n in names), e.at)
        params = (Param(own.id), Param("args", None, "*"))
        name = getattr(function, "__name__", "partial")
        called = Function(name, params, (Return(call, self.state.origin),), None, self.state.origin)
        fixed = (partial.callee, *partial.args, *(value for _, value in partial.kwargs))
        values = tuple(self.carried(program, p, value, e) for value in fixed)
        whole = replace(self.program, function=called, references=())
        return self.holding(name, whole, ("callee", *places, *names), values)

    def holding(self, name: str, program: Program, names: tuple[str, ...], values: tuple[Expr, ...]) -> Expr:
        """An object of a class that is called as the program says, with its attributes. The same program has the same
        class in every walk: arguments of another class would make another recursive function of it."""
        known = self.state.group.carriers
        cls = next((c for f, keys, c in known if f == program.function and keys == names), None)
        if cls is None:
            cls = type(name, (), {"__call__": stand_in(program)})
            known.append((program.function, names, cls))
        form = Form("object", cls, names)
        return Display(kind_of(form), values, None, form)


def own_name(function: Function) -> Name:
    """A name for the object itself."""
    taken = {q.name for q in function.params} | mentioned(function.body) | assigned(function.body)
    return Name(Fresh(taken)("self"))


def not_carried(program: Program, p: Param, why: str, e: Call) -> TypeProblem:
    return TypeProblem(
        UnsupportedRecursion,
        f"an inner function as the argument `{p.name}` of `{program.function.name}`, which calls itself",
        why,
        "define it at the top level of the module and pass it what it uses",
        e.at,
    )
