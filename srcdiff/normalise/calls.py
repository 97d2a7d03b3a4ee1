"""Calls of user functions and of derivatives: the callee's statements take the place of the call.

in:   y = scale(x, 2.0)                  out:  scale_1 = x * 2.0; y = scale_1
      def scale(v, k):
          v = v * k
          return v
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from types import FunctionType
from typing import Any, Self

import numpy as np

from ..errors import Problem, Refusal, UnsupportedCall, UnsupportedRecursion
from ..frontend import Program, problem_at, read
from ..ir.nodes import (
    Assign,
    Attr,
    Block,
    Call,
    Closure,
    Comprehension,
    Const,
    Display,
    Expr,
    Function,
    Name,
    Object,
    Param,
    Return,
)
from ..ir.types import Static
from ..ir.walk import assigned, is_call_of, map_stmt, mentioned, rebuild, subexprs
from ..rules import is_spelled
from ..rules.complex_operands import check_complex
from ..rules.nearest import instead, library_of
from ..rules.typing import TypeProblem
from .derivatives import DerivativeCalls
from .displays import of_pairs
from .exits import single_exit
from .forms import may_change
from .generators import check_arguments, is_iterator
from .groups import NotYet, Recursive
from .literals import literal
from .operands import takes_arrays, with_arrays
from .state import to_problem, unknown

_DEPTH = 100  # of calls


class Callees(DerivativeCalls):
    """The user calls in one function. `callers` are the programs being inlined, this one the last; `chain` their
    names."""

    program: Program
    chain: tuple[str, ...]
    callers: tuple[Program, ...]
    instances: tuple[tuple[Any, ...], ...] = ()  # the functions being inlined, each with the functions it was given

    def walker(self, program: Program, name: str) -> Self:
        """The walk over a callee of this function."""
        raise NotImplementedError

    def call_user(self, function: FunctionType, e: Call) -> Expr:
        if any(map(is_iterator, (*e.args, *(v for _, v in e.kwargs)))) and not is_spelled(function):
            read_function = read(function).function
            check_arguments(e, read_function.params, read_function.body)
        args, kwargs = self.arguments(e)
        if library_of(function) is None or is_spelled(function) or self.policy.enabled:
            return self.inline(function, args, kwargs, e)
        before = len(self.state.problems)
        try:
            result = self.inline(function, args, kwargs, e)
        except Refusal as refusal:
            self.state.problems.extend(refusal.problems)
            result = Name(self._placeholder())
        if len(self.state.problems) > before:
            first = self.state.problems[before]
            del self.state.problems[before:]
            raise _of_library(function, first, e)
        return result

    def inline(
        self, function: FunctionType, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> Expr:
        """The body of a Python function for these (core) arguments, emitted here; its result."""
        if self.policy.takes(function):
            return self.call_on_tape(function, args, kwargs, e)
        try:
            program = read(function)
        except Refusal as refusal:
            if not self.policy.enabled or is_spelled(function):
                raise
            return self.call_on_tape(function, args, kwargs, e, refusal.problems[0])
        if self.state.group.holds(program.function):
            return self.call_recursive(function, program, self.pairs(function, program, args, kwargs, e), e)
        lowered = single_exit(program.function)
        if is_spelled(function):
            if isinstance(e.func, Attr) or takes_arrays(getattr(e.func, "value", None)):
                args, kwargs = with_arrays((p.name for p in program.function.params), args, kwargs)
            lowered = replace(lowered, body=_without_places(lowered.body))  # they are the caller's: this one is ours
            self.check_read(lowered, args, kwargs, e)
            check_complex(function, tuple(map(self.typed, (*args, *(v for _, v in kwargs)))), e)
            before = len(self.state.problems)
            result = self.inline_lowered(function, program, lowered, args, kwargs, e)
            found = self.state.problems[before:]
            del self.state.problems[before:]
            for problem in found:
                self.note(self.here(problem, e))
            return result
        return self.inline_lowered(function, program, lowered, args, kwargs, e)

    def entered(
        self,
        program: Program,
        name: str,
        function: Any,
        args: tuple[Expr, ...],
        kwargs: tuple[tuple[str, Expr], ...],
        e: Call,
    ) -> Self:
        """The walker for a callee. Raises Recursive where the same function is being inlined already: with the same
        functions among its arguments, that is, for then there would be no end."""
        given = (*args, *(v for _, v in kwargs))
        functions = (a.value for a in given if isinstance(a, Object) and isinstance(self.typed(a), Static))
        instance = (program.function.origin, function, *functions)
        if len(self.callers) > _DEPTH:
            raise self.too_deep(e)
        if instance in self.instances:
            raise Recursive(program.function)
        walker = self.walker(program, name)
        walker.instances = (*self.instances, instance)
        return walker

    def too_deep(self, e: Call) -> TypeProblem:
        return TypeProblem(
            UnsupportedRecursion,
            f"calls that are more than {_DEPTH} deep",
            "each function is read in the place of its call",
            "write a loop",
            e.at,
        )

    def here(self, problem: Problem, e: Call) -> Problem:
        """A problem in what stands for a function, as one of the call of that function."""
        found = problem_at(self.program, e.at, problem.error, problem.what, problem.why, problem.fix)
        return replace(found, calls=self.chain) if len(self.chain) > 1 else found

    def inline_lowered(
        self,
        function: FunctionType,
        program: Program,
        lowered: Function,
        args: tuple[Expr, ...],
        kwargs: tuple[tuple[str, Expr], ...],
        e: Call,
    ) -> Expr:
        before = set(self.state.env)
        try:
            return self.walked(function, program, lowered, args, kwargs, e)
        finally:
            self.state.left |= self.state.env.keys() - before

    def walked(
        self,
        function: FunctionType,
        program: Program,
        lowered: Function,
        args: tuple[Expr, ...],
        kwargs: tuple[tuple[str, Expr], ...],
        e: Call,
    ) -> Expr:
        walker = self.entered(program, function.__name__, program.function, args, kwargs, e)
        walker.subject = function
        walker.owner = self.owner_of(function)
        if is_spelled(function):
            walker.stands_for = function
        for param, arg in self.pairs(function, program, args, kwargs, e):
            walker.scope[param.name] = self.argument(param.name, arg, lowered.body)
        return walker.result_of(lowered, function.__name__, e)

    def pairs(
        self,
        function: FunctionType,
        program: Program,
        args: tuple[Expr, ...],
        kwargs: tuple[tuple[str, Expr], ...],
        e: Call,
    ) -> list[tuple[Param, Expr]]:
        """Each parameter of a function with its argument."""
        given = self.bound(inspect.signature(function, follow_wrapped=False), function.__name__, args, kwargs, e)
        params = program.function.params
        return [(p, leftover(p, given[p.name]) if p.name in given else self.default(p)) for p in params]

    def result_of(self, lowered: Function, name: str, e: Call) -> Expr:
        """The result of this function for a call in another one, its statements emitted."""
        simple = _one_expression(lowered.body)
        if simple is not None and not self.binds_outside(lowered.body):
            try:
                return _at(self.expr(simple), e)
            except TypeProblem as problem:  # its place is in the callee's own file
                self.note(to_problem(self.program, problem, lowered.body[0].origin, self.chain))
                return Name(self._placeholder())
        return self.inlined(lowered, name)

    def argument(self, name: str, arg: Expr, body: Block) -> Expr:
        """What a parameter stands for in the callee: the argument itself where that is sure to mean the same."""
        constant, simple = name not in assigned(body), _one_expression(body)
        once = simple is not None and _uses(simple, name) <= 1 and _pure(arg)
        changing = simple is None or any(isinstance(p, Call) and may_change(p) for p in subexprs(simple))
        if constant and changing and isinstance(arg, Name) and self.may_be_bound(arg.id):
            return self.kept(arg)
        if constant and changing and once and not isinstance(arg, Name):
            once = False
        if constant and (isinstance(arg, Name | Const | Object) or once or literal(arg) is not None):
            return arg
        if constant and isinstance(arg, Display) and arg.home is None:
            return replace(arg, items=tuple(self.atom(i, name) for i in arg.items))
        own = self.state.fresh(name)
        self.bind(own, arg)
        return Name(own)

    def binds_outside(self, body: Block) -> bool:
        """Whether this function gives a variable of the function around it another value."""
        own = {name for walk, name in self.state.nonlocals if self.scope.get(name) == walk.scope.get(name, Name(name))}
        return not own.isdisjoint(assigned(body))

    def may_be_bound(self, name: str) -> bool:
        """Whether a variable may be given another value by a function that is called: one that is nonlocal there, or
        a part of a structure that is changed in place."""
        if any(walk.scope.get(own, Name(own)) == Name(name) for walk, own in self.state.nonlocals):
            return True
        return bool(self.state.changed) and name in self.state.components.values()

    def run_all(self, program: Program) -> Block:
        """The body of a function whose variables keep their names; so do the flags that its exits have been given."""
        lowered = single_exit(program.function)
        self.words = mentioned(lowered.body)
        self.state.fresh.taken |= self.words
        return self.run(lowered.body)

    def inlined(self, lowered: Function, name: str) -> Expr:
        """The callee's statements emitted here; its result as an expression."""
        self.words = mentioned(lowered.body)
        *body, last = lowered.body
        assert isinstance(last, Return)
        if isinstance(last.value, Name) and last.value.id.startswith("result"):
            self.scope.setdefault(last.value.id, Name(self.state.fresh(name)))
        before = len(self.state.problems)
        self.state.out.extend(self.run(tuple(body)))
        if not self.state.reachable:
            raise NotYet
        if len(self.state.problems) > before:
            return Name(self._placeholder())
        return self.expr(last.value or Const(None))

    def check_read(
        self, spelled: Function, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> None:
        """Refuse an argument that what stands for the function does not read."""
        given = {**dict(zip((p.name for p in spelled.params), args, strict=False)), **dict(kwargs)}
        defaults = {p.name: None if p.default is None else p.default.value for p in spelled.params}
        for name in sorted(given.keys() - mentioned(spelled.body)):
            if given[name] not in (Const(None), Const(defaults.get(name))):
                assert isinstance(e.func, Object | Attr)
                text = e.func.text if isinstance(e.func, Object) else e.func.name
                covered = ", ".join(p.name for p in spelled.params if p.name in mentioned(spelled.body))
                raise TypeProblem(
                    UnsupportedCall,
                    f"the argument `{name}=` of `{text}`",
                    "the derivative rule does not cover this form",
                    f"use the form {text}({covered})",
                    e.at,
                )

    def _placeholder(self) -> str:
        name = self.state.fresh("unknown")
        self.state.env[name] = unknown()
        return name

    def bound(
        self,
        signature: inspect.Signature,
        name: str,
        args: tuple[Expr, ...],
        kwargs: tuple[tuple[str, Expr], ...],
        e: Call,
    ) -> dict[str, Any]:
        """The arguments that are given, by parameter. Raises TypeProblem where Python would raise TypeError."""
        try:
            return dict(signature.bind(*args, **dict(kwargs)).arguments)
        except TypeError as problem:
            raise TypeProblem(
                UnsupportedCall,
                f"the call of `{name}`: {problem}",
                "Python itself refuses this call",
                f"call {name}{signature}",
                e.at,
            ) from None

    def default(self, param: Param) -> Expr:
        if param.kind in ("*", "**"):
            return leftover(param, () if param.kind == "*" else {})
        assert param.default is not None
        return self.constant(param.default.value, param.name)

    def constant(self, value: object, name: str) -> Expr:
        """The value of a default as an expression."""
        if isinstance(value, np.ndarray):
            return self._captured(Object(value, name))
        if isinstance(value, tuple):
            return Display("tuple", tuple(self.constant(v, f"{name}_{k}") for k, v in enumerate(value)))
        if value is None or isinstance(value, bool | int | float | str):
            return Const(value)
        return Object(value, name)


def _of_library(function: FunctionType, first: Problem, e: Call) -> TypeProblem:
    """One problem for all those in the source of NumPy or SciPy, which is not the user's to change."""
    assert isinstance(e.func, Object)
    return TypeProblem(
        UnsupportedCall,
        f"a call of `{e.func.text}`",
        f"it has no derivative rule, and its own source has what srcdiff does not read ({first.what})",
        instead(function),
        e.at,
    )


def leftover(param: Param, arg: Any) -> Expr:
    """The argument of a parameter; what `*args` and `**kwargs` take is a tuple and a dict."""
    if param.kind == "*" and isinstance(arg, tuple):
        return Display("tuple", arg)
    if param.kind == "**" and isinstance(arg, dict):
        return of_pairs(list(arg.items()), None)
    found: Expr = arg
    return found


def _without_places(block: Block) -> Block:
    return tuple(replace(map_stmt(s, _placeless, _without_places), origin=None) for s in block)


def _placeless(e: Expr) -> Expr:
    return replace(rebuild(e, _placeless), at=None)


def _one_expression(body: Block) -> Expr | None:
    """The expression that a callee consists of, if it is one."""
    match body:
        case (Assign(target=Name(id=a), value=value), Return(value=Name(id=b))) if a == b:
            # what a function or comprehension mentions may be read later, or many times
            return value if not any(isinstance(p, Closure | Comprehension) for p in subexprs(value)) else None
    return None


def _uses(e: Expr, name: str) -> int:
    return sum(1 for n in subexprs(e) if isinstance(n, Name) and n.id == name)


def _pure(e: Expr) -> bool:
    return not is_call_of(e, list.pop)


def _at(e: Expr, call: Call) -> Expr:
    return e if isinstance(e, Name) else replace(e, at=call.at)
