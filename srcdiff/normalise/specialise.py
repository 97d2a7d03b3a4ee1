"""From raw to core: one forward walk that knows the types.

in:   def f(x, k=2):  (x a vector)       out:  def f(x, k):
          if x.ndim == 1:                          s = np.sum(x)
              s = x.sum()                          result = s ** k
          else:                                    return result
              s = x
          return s ** k

In comes a function as the frontend read it and the types of its arguments; out comes the core program for those
types: methods are functions, tuples are dissolved, loops run over `range`, user functions are inlined, and what the
types decide (`x.ndim == 1`, `axis is None`) is decided. Every problem met is collected.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..errors import Problem, Refusal, UnsupportedCall
from ..frontend import Program, Reference
from ..ir.nodes import (
    Assign,
    Attr,
    Block,
    Break,
    Call,
    Comment,
    Const,
    Display,
    Effect,
    Expr,
    For,
    Function,
    If,
    Item,
    Name,
    Object,
    Param,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import ListOf, Tup, Type
from ..ir.walk import Fresh, expressions, is_call_of, mentioned, subexprs, targets
from ..rules.registry import writes
from ..rules.typing import TypeProblem, method_of
from ..runtime import add_at
from .calls import Callees
from .exits import single_exit
from .expressions import ADD, user_function
from .loops import Loops
from .state import State, component, merge, to_problem, unknown

SUB = Object(operator.sub, "-")


@dataclass(frozen=True)
class Core:
    """A core program. `captured` are the arrays that became parameters, `references` all that was read from outside."""

    function: Function
    types: dict[str, Type]  # of the parameters
    captured: tuple[tuple[str, object], ...]
    references: tuple[Reference, ...]


def specialise(program: Program, types: Sequence[Type]) -> Core:
    """The core program of `program` for arguments of these types. Raises a Refusal with every problem found."""
    names = [p.name for p in program.function.params]
    env = dict(zip(names, types, strict=True))
    state = State(Fresh(mentioned(program.function.body) | set(names)), {})
    walker = Specialiser(program, state, (program.function.name,), (program,))
    for name, type_ in env.items():
        walker.declare(name, type_)
    body = walker.run(single_exit(program.function).body)
    if state.problems:
        raise report(state.problems)
    captured = tuple(state.captured.values())
    params = (*_parameters(program.function, env), *(Param(name) for name, _ in captured))
    param_types = {p.name: state.env[p.name] for p in params if p.name in walker.declared}
    param_types.update({name: state.env[name] for name, _ in captured})
    for name in walker.declared:
        param_types[name] = walker.declared[name]
    function = replace(program.function, params=params, body=body)
    return Core(function, param_types, captured, tuple(state.references.values()))


def _parameters(function: Function, env: dict[str, Type]) -> list[Param]:
    """The parameters, a tuple argument as its components."""
    return [
        Param(name, p.default if name == p.name else None)
        for p in function.params
        for name in _leaves(p.name, env[p.name])
    ]


def _leaves(name: str, type_: Type) -> list[str]:
    if isinstance(type_, Tup):
        return [leaf for k, item in enumerate(type_.items) for leaf in _leaves(component(name, k), item)]
    return [name]


def report(problems: list[Problem]) -> Refusal:
    """One error for all problems, of the class of the first."""
    unique = list(dict.fromkeys(problems))
    return unique[0].error(unique)


class Specialiser(Loops, Callees):
    """The walk over one function; a callee gets a walker of its own that shares the state."""

    def __init__(
        self,
        program: Program,
        state: State,
        chain: tuple[str, ...],
        callers: tuple[Program, ...],
    ) -> None:
        self.program, self.state, self.chain, self.callers = program, state, chain, callers
        self.scope: dict[str, Expr] = {}
        self.declared: dict[str, Type] = {}
        self.callee = len(callers) > 1
        self.is_generated = program.file.startswith("<srcdiff ")
        for reference in program.references:
            state.references.setdefault((reference.path, id(program)), reference)

    def declare(self, name: str, type_: Type) -> None:
        """A parameter of the differentiated function itself."""
        self.state.env[name] = type_
        if isinstance(type_, Tup):
            for k, item in enumerate(type_.items):
                own = self.state.components[name, k] = component(name, k)
                if own in self.state.fresh.taken and own not in self.state.env:
                    self.scope[own] = Name(self.state.fresh(own))  # the program has a variable of that name, too
                self.state.fresh.taken.add(own)
                self.declare(own, item)
        else:
            self.declared[name] = type_

    def run(self, block: Block) -> Block:
        with self.state.collect() as out:
            for s in block:
                if not self.state.reachable:
                    break
                self.guarded(s)
        return tuple(out)

    def guarded(self, s: Stmt) -> None:
        """One statement; a problem in it is noted and the walk goes on, with the targets of no known type."""
        outer, self.state.origin = self.state.origin, s.origin or self.state.origin
        try:
            self.statement(s)
        except TypeProblem as problem:
            self.state.problems.append(to_problem(self.program, problem, s.origin, self.chain))
            self.forget(s)
        except Refusal as refusal:  # of a callee that cannot be read
            for found in refusal.problems:
                calls = found.calls or (*self.chain, _callee_name(s))
                self.state.problems.append(replace(found, calls=calls))
            self.forget(s)
        finally:
            self.state.origin = outer

    def forget(self, s: Stmt) -> None:
        """What a statement with a problem would have bound is of no known type: one problem is reported once."""
        if isinstance(s, Assign | Update | For):
            for name in targets(s.target):
                target = self.scope.setdefault(name, Name(name))
                if isinstance(target, Name):
                    self.state.env[target.id] = unknown()

    def walker(self, program: Program, name: str) -> Self:
        return type(self)(program, self.state, (*self.chain, name), (*self.callers, program))

    def statement(self, s: Stmt) -> None:
        match s:
            case Assign():
                self.assign(s.target, self.expr(s.value))
            case Update():
                self.update(s)
            case Effect():
                self.effect(s.value)
            case If():
                self.branch(s)
            case For():
                self.for_loop(s)
            case While():
                self.while_loop(s)
            case Break():
                self.state.breaks[-1].append(dict(self.state.env))
                self.state.emit(s)
                self.state.reachable = False
            case Return():
                self.returns(s)
            case Comment():
                pass
            case _:
                raise TypeError(f"not lowered: {s!r}")

    def effect(self, raw: Expr) -> None:
        """A call for what it does: an append or pop of generated code, or a user function that writes into an array."""
        if isinstance(raw, Const | Name):
            return
        called = raw.func if isinstance(raw, Call) else None
        if isinstance(raw, Call) and isinstance(called, Object) and len(raw.args) == 3:
            op = repeated_update(called.value)
            if op is not None:
                array, index, value = raw.args
                self.add_at(self.item(Item(array, index, raw.at)), op, self.expr(value))
                return
        if isinstance(raw, Call) and (writing := self.writing(raw)) is not None:
            for target, value in writing:
                self.write(target, value)
            return
        value = self.expr(raw)
        if isinstance(value, Call) and is_call_of(value, list.append):
            self.append(value)
        elif is_call_of(value, list.pop):
            self.state.emit(Effect(value))
        elif isinstance(value, Call) and user_function(getattr(called, "value", None)) is None:
            function = value.func.value if isinstance(value.func, Object) else None
            raise TypeProblem(
                UnsupportedCall,
                f"a call of `{getattr(function, '__name__', function)}` for its effect",
                "srcdiff does not know what it changes",
                "remove it from the differentiated function, or use its result",
                value.at,
            )

    def writing(self, raw: Call) -> tuple[tuple[Item, Expr], ...] | None:
        """The writes that a call stands for, if it is one of a function that writes into its first argument."""
        func: Expr = raw.func
        first: tuple[Expr, ...] = ()
        if isinstance(func, Attr):
            method = method_of(self.type_apart(func.base), func.name)
            if method is None or writes(method) is None:
                return None
            first = (self.expr(func.base),)
            func = Object(method, func.name)
        found = writes(func.value) if isinstance(func, Object) else None
        if found is None:
            return None
        args, kwargs = self.arguments(raw)
        return found(Call(func, (*first, *args), kwargs, raw.at), self)

    def append(self, value: Call) -> None:
        base, item = value.args
        assert isinstance(base, Name)
        held = self.state.env[base.id]
        self.state.env[base.id] = merge({"item": ListOf(self.typed(item))}, {"item": held})["item"]
        self.state.emit(Effect(value))

    def returns(self, s: Return) -> None:
        value = self.expr(s.value) if s.value is not None else Const(None)
        self.state.emit(Return(self.returned(value, "result"), s.origin))

    def returned(self, value: Expr, wish: str) -> Expr:
        """The result as names: tuples keep their structure."""
        if isinstance(value, Display):
            items = tuple(self.returned(v, f"{wish}_{k}") for k, v in enumerate(value.items))
            return replace(value, items=items)
        self.typed(value)
        return value if isinstance(value, Name | Object) else self.atom(value, wish)


def repeated_update(function: object) -> Object | None:
    """`+` for `np.add.at` (a new object each time it is looked up) and srcdiff's own helper for it, `-` for
    `np.subtract.at`."""
    if function is add_at:
        return ADD
    for ufunc, op in ((np.add, ADD), (np.subtract, SUB)):
        if getattr(function, "__self__", None) is ufunc and function == ufunc.at:
            return op
    return None


def _callee_name(s: Stmt) -> str:
    """The user function that a statement calls, as it is spelled there."""
    for e in (part for top in expressions(s) for part in subexprs(top)):
        if isinstance(e, Call) and isinstance(e.func, Object) and user_function(e.func.value) is not None:
            return e.func.text
    return "a helper"
