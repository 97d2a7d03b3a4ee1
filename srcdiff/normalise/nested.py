"""Derivatives that a function makes of functions it knows, and calls.

in:   def loss(y): return np.sum((y - a) ** 2)     out:  (the statements of the gradient of `loss`,
      g = srcdiff.grad(loss)(x)                           with `a` as one more argument)

The derivative is made once, when the derivative of the function around it is written. Of a function that is defined
inside another one, what it uses of that is passed on as further arguments, so that it is differentiated by these, too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from ..errors import BadArgument, UnsupportedCall
from ..frontend import Program, read, stand_in
from ..ir.nodes import Assign, Attr, Call, Closure, Const, Display, Expr, Function, Name, Object, Param, Return
from ..ir.types import Static
from ..ir.walk import assigned
from ..rules.typing import TypeProblem
from .calls import Callees
from .closures import Closures, Defined
from .literals import literal
from .records import Bound

_MAKERS = {
    *("grad", "value_and_grad", "jacobian", "value_and_jacobian", "elementwise_grad", "hessian", "hvp", "grad_and_hvp"),
}


@dataclass(frozen=True, eq=False)
class Lifted:
    """An inner function as a program of its own: `free` are the variables that it takes along as parameters, with the
    walks that know what they are; `inner` are the other inner functions that it uses."""

    program: Program
    free: dict[str, Callees]
    inner: dict[str, Expr]

    def clashes(self, name: str, user: Defined, definition: Expr | None) -> bool:
        """Whether another one of the functions means something else by a name."""
        if definition is not None:
            return name in self.free or self.inner.get(name, definition) is not definition
        return name in self.inner or self.free.get(name, user.walker) is not user.walker


@dataclass(frozen=True, eq=False)
class DerivativeOf:
    """A derivative of a function that the program defines."""

    made: Any
    defined: Defined
    lifted: Lifted
    raw: Call

    @property
    def __name__(self) -> str:
        return self.defined.__name__


def makes_derivatives(function: Any) -> bool:
    """Whether this is one of srcdiff's own functions that make a derivative of a function."""
    module = str(getattr(function, "__module__", ""))
    return module.startswith("srcdiff.") and getattr(function, "__name__", "") in _MAKERS


class Nested(Closures):
    """The derivatives that one function makes."""

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if isinstance(function, DerivativeOf):
            return self.call_made(function, e)
        if isinstance(function, FunctionType) and makes_derivatives(function) and len(e.args) == 1:
            return self.make_derivative(function, e)
        return super().special_call(function, e)

    def make_derivative(self, make: Callable[..., Any], e: Call) -> Expr:
        """`srcdiff.grad(f, ...)` as a value."""
        (subject,), kwargs = self.arguments(e)
        options = {name: self.option(value, e) for name, value in kwargs}
        text = f"{make.__name__}_of_{getattr(getattr(subject, 'value', None), '__name__', 'function')}"
        if not isinstance(subject, Object):
            raise not_made("which function it is of is not known when the derivative is written", e)
        if isinstance(subject.value, DerivativeOf):
            raise not_made("it is itself a derivative of such a function", e)
        defined = self.as_defined(subject.value) if isinstance(subject.value, Bound) else subject.value
        if not isinstance(defined, Defined):
            return Object(self.derivative_made(make, defined, options, e), text, e.at)
        lifted = self.lifted(defined, e)
        raw = replace(e, func=Object(make, text), args=(defined.node,))
        made = self.derivative_made(make, lifted.program, options, e)
        return Object(DerivativeOf(made, defined, lifted, raw), text, e.at)

    def derivative_made(self, make: Callable[..., Any], of: Any, options: dict[str, Any], e: Call) -> Any:
        """A derivative of a function, or of a program: the same one in every walk."""
        asked, known = (make, of.function if isinstance(of, Program) else of, options), self.state.group.derivatives
        made = next((d for key, d in known if key == asked), None)
        if made is None:
            try:
                made = make(stand_in(of) if isinstance(of, Program) else of, **options)
            except (BadArgument, TypeError) as problem:
                raise not_made(str(problem), e) from None
            known.append((asked, made))
        return made

    def as_defined(self, method: Bound) -> Defined:
        """A method of a structure as a function that is defined here: `lambda x: owner.method(x)`."""
        owner = self.state.fresh("self_")
        self.scope[owner] = Name(method.owner)
        structure = self.state.expanded(method.owner, self.state.env[method.owner])
        assert isinstance(structure, Display)
        assert structure.form is not None
        found = inspect.getattr_static(structure.form.cls, method.name)
        function = found.__func__ if isinstance(found, classmethod) else getattr(found, "py_func", found)
        if not isinstance(function, FunctionType):
            raise TypeProblem(
                UnsupportedCall,
                f"the method `{method.name}` under a name",
                "it is no function of Python with a source",
                f"write a function that calls it: lambda ...: x.{method.name}(...)",
                None,
            )
        _, *params = read(function).function.params
        given = tuple(Name(p.name) for p in params)
        body = (Return(Call(Attr(Name(owner), method.name), given)),)
        whole = Function(method.name, tuple(replace(p, default=None) for p in params), body, None, self.state.origin)
        defaults: dict[str, Expr] = {p.name: p.default for p in params if p.default is not None}
        program = replace(self.program, function=whole, references=())
        return Defined(Closure(whole, (owner,), (), ()), self, defaults, program)

    def option(self, value: Expr, e: Call) -> Any:
        """An option of the derivative, such as `wrt=`."""
        if isinstance(value, Display) and value.kind == "tuple":
            return tuple(self.option(i, e) for i in value.items)
        return value.value if isinstance(value, Const) else literal(value)

    def lifted(self, defined: Defined, e: Call) -> Lifted:
        """The program of an inner function with what it uses of the functions around it as further parameters."""
        found = Lifted(defined.program, {}, {})
        self.collect(defined, set(), found, e)
        function = defined.node.function
        params = (*(Param(p.name) for p in function.params), *map(Param, found.free))
        definitions = tuple(Assign(Name(n), c, function.origin) for n, c in found.inner.items())
        whole = Function(function.name, params, (*definitions, *function.body), function.doc, function.origin)
        return replace(found, program=replace(defined.program, function=whole))

    def collect(self, defined: Defined, bound: set[str], found: Lifted, e: Call) -> None:
        """What an inner function uses: variables, and other inner functions, which are defined in it. The names in
        `bound` mean something else in the function that is differentiated."""
        node = defined.node
        if node.nonlocals:
            raise not_made(f"`{defined.__name__}` binds `{node.nonlocals[0]}` of the function around it", e)
        if any(p.kind for p in node.function.params) and not bound:
            raise not_made(f"`{defined.__name__}` has parameters that are given by name only, or starred ones", e)
        bound = bound or {p.name for p in node.function.params} | assigned(node.function.body)
        for name in node.free:
            value = defined.walker.scope.get(name, Name(name))
            type_ = self.state.env.get(value.id) if isinstance(value, Name) else None
            function = type_.value if isinstance(type_, Static) else getattr(value, "value", None)
            inner = function.defined if isinstance(function, DerivativeOf) else function
            definition = function.raw if isinstance(function, DerivativeOf) else getattr(function, "node", None)
            if name in bound or found.clashes(name, defined, definition):
                raise not_made(f"`{name}` means different things in the functions that `{defined.__name__}` uses", e)
            if definition is None or not isinstance(inner, Defined):
                found.free[name] = defined.walker
            elif name not in found.inner:
                if not all(isinstance(d, Const | Object) for d in inner.defaults.values()):
                    raise not_made(f"`{name}` has defaults that are variables", e)
                found.inner[name] = definition
                self.collect(inner, bound, found, e)

    def call_made(self, of: DerivativeOf, e: Call) -> Expr:
        """A call of the derivative of an inner function: with what it uses as it is now."""
        args, kwargs = self.arguments(e)
        given, own = dict(kwargs), [p.name for p in of.defined.node.function.params]
        for name in own[len(args) :]:
            if name not in given and name in of.defined.defaults:
                given[name] = of.defined.defaults[name]
        free = {name: self.outer_value(name, walker, e) for name, walker in of.lifted.free.items()}
        if len(args) >= len(own):
            args = (*args[: len(own)], *free.values(), *args[len(own) :])
        else:
            given |= free
        with self.under_names((*args, *given.values())) as names:
            keywords = tuple(zip(given, names[len(args) :], strict=True))
            call = replace(e, func=Object(of.made, of.__name__, e.at), args=tuple(names[: len(args)]), kwargs=keywords)
            return self.expr(call)

    def outer_value(self, name: str, walker: Callees, e: Call) -> Expr:
        """A variable of the function around an inner one, as it is now."""
        value = walker.scope.get(name, Name(name))
        if isinstance(value, Name):
            if value.id not in self.state.env:
                raise not_made(f"it uses `{name}`, which has no value yet", e)
            return self.state.expanded(value.id, self.state.env[value.id])
        return value


def not_made(why: str, e: Call) -> TypeProblem:
    return TypeProblem(
        UnsupportedCall,
        "the derivative of a function that is defined inside the differentiated one",
        why,
        "define it at the top level of the module, and pass it what it uses as arguments",
        e.at,
    )
