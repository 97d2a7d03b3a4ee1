"""Functions as values, and comprehensions.

in:   def scaled(v): return k * v          out:  k = 3.0
      k = 3.0                                    y = k * x + k * (x + 1.0)
      y = sum(scaled(v) for v in (x, x + 1.0))

A function that is defined inside another one is a value known when the derivative is written. Where it is called, its
body is inlined like any other's; its free variables are those of the function around it, as they are at the call.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ..errors import UnsupportedCall, UnsupportedSyntax
from ..frontend import Program
from ..ir.nodes import (
    Call,
    Clause,
    Closure,
    Comprehension,
    Const,
    Display,
    Expr,
    Item,
    Logic,
    Name,
    Object,
)
from ..ir.types import describe
from ..ir.walk import is_call_of
from ..rules.typing import TypeProblem
from .calls import Callees, leftover
from .displays import of_pairs
from .exits import single_exit
from .forms import ADD
from .generators import check_arguments, split
from .groups import NotYet
from .iteration import static_items
from .literals import as_value, literal

WRITTEN_OUT = 32  # trips of a comprehension over literal numbers


@dataclass(frozen=True, eq=False)
class Defined:
    """A function that the program itself defines: `walker` is the walk over the function around it."""

    node: Closure
    walker: Callees
    defaults: dict[str, Expr]  # literals, or the variables that hold the values
    program: Program

    @property
    def __name__(self) -> str:
        return self.node.function.name

    @property
    def signature(self) -> inspect.Signature:
        kinds = {
            "": inspect.Parameter.POSITIONAL_OR_KEYWORD,
            "*": inspect.Parameter.VAR_POSITIONAL,
            "**": inspect.Parameter.VAR_KEYWORD,
            "keyword": inspect.Parameter.KEYWORD_ONLY,
        }
        order = ["", "*", "keyword", "**"]
        params = sorted(self.node.function.params, key=lambda p: order.index(p.kind))
        return inspect.Signature(
            [
                inspect.Parameter(
                    p.name, kinds[p.kind], default=None if p.name in self.defaults else inspect.Parameter.empty
                )
                for p in params
            ]
        )


class Closures(Callees):
    """The functions that one function defines, and its comprehensions."""

    def closure(self, e: Closure) -> Expr:
        """A function as a value; what its parameters default to is evaluated now."""
        defaults: dict[str, Expr] = {}
        for name, value in e.defaults:
            default = self.expr(value)
            if not isinstance(default, Const | Object):
                own = self.state.fresh(name)
                self.bind(own, default)
                default = Name(own)
            defaults[name] = default
        program = replace(self.program, function=e.function, references=())
        self.state.nonlocals.extend((self, name) for name in e.nonlocals)
        return Object(Defined(e, self, defaults, program), e.function.name, e.at)

    def call_lifted(self, defined: Defined, e: Call) -> Expr:
        """A call of one that calls itself."""
        raise NotImplementedError

    def call_defined(self, defined: Defined, e: Call) -> Expr:
        """The body of a function that the program defines, for these arguments."""
        node = defined.node
        if self.state.group.holds(node.function):
            return self.call_lifted(defined, e)
        check_arguments(e, node.function.params, node.function.body)
        args, kwargs = self.arguments(e)
        walker = self.entered(defined.program, node.function.name, defined, args, kwargs, e)
        walker.owner = defined.walker.owner
        before = set(self.state.env)
        for name in node.free:
            if name in node.nonlocals:
                walker.scope[name] = Name(defined.walker.own(name))
            else:
                walker.scope[name] = defined.walker.scope.get(name, Name(name))
        lowered = single_exit(node.function)
        try:
            given = self.bound(defined.signature, node.function.name, args, kwargs, e)
            for param in node.function.params:
                if param.name in given:
                    arg = leftover(param, given[param.name])
                elif param.name not in defined.defaults:
                    arg = self.default(param)
                else:
                    arg = defined.defaults[param.name]
                    if isinstance(arg, Name):
                        arg = self.state.expanded(arg.id, self.state.env[arg.id])
                walker.scope[param.name] = self.argument(param.name, arg, lowered.body)
            return walker.result_of(lowered, node.function.name, e)
        finally:
            self.state.left |= self.state.env.keys() - before

    # ------------------------------------------------------------------------------------------ functions as values

    def apply(self, function: Expr, args: tuple[Expr, ...], at: Any) -> Expr:
        """A call of a core value with core arguments."""
        with self.under_names((function, *args)) as names:
            return self.expr(Call(names[0], tuple(names[1:]), at=at))

    @contextmanager
    def under_names(self, values: tuple[Expr, ...]) -> Iterator[list[Name]]:
        """Core expressions under names that raw expressions can mention."""
        outer, names = self.scope, [Name(self.state.fresh("value")) for _ in values]
        self.scope = self.scope | {n.id: v for n, v in zip(names, values, strict=True)}
        try:
            yield names
        finally:
            inner, self.scope = self.scope, outer
            self.scope |= {n: v for n, v in inner.items() if n not in {m.id for m in names}}

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if isinstance(function, Defined):
            return self.call_defined(function, e)
        if function is itertools.accumulate and len(e.args) == 1:
            e = replace(e, args=(*e.args, ADD))
        if function in (map, filter, functools.reduce, itertools.accumulate) and len(e.args) > 1:
            return self.of_function(function, e)
        if function is operator.getitem and len(e.args) == 2 and not e.kwargs:
            return self.expr(Item(e.args[0], e.args[1], e.at))
        if function in (any, all) and len(e.args) == 1:
            items = self.items_or_none(e.args[0])
            if items is not None:
                return self.folded_logic("or" if function is any else "and", items, e)
        if function in (math.prod, math.fsum) and len(e.args) == 1 and (items := self.items_or_none(e.args[0])):
            op = operator.mul if function is math.prod else operator.add
            return functools.reduce(lambda a, b: Call(Object(op, "*" if op is operator.mul else "+"), (a, b)), items)
        return super().special_call(function, e)

    def folded_logic(self, op: str, items: list[Expr], e: Call) -> Expr:
        if not items:
            return Const(op == "and")
        with self.under_names(tuple(items)) as names:
            tests = tuple(Call(Object(bool, "bool"), (n,), at=e.at) for n in names)
            return self.expr(Logic(op, tests, e.at)) if len(tests) > 1 else self.expr(tests[0])

    def items_or_none(self, raw: Expr) -> list[Expr] | None:
        """The elements of what a raw expression iterates over, if they are known one by one."""
        if isinstance(raw, Comprehension):
            return self.elements(raw)
        source = self.source(raw)
        counts = self.literal_range(source)
        return counts if counts is not None else static_items(self, source)

    def literal_range(self, source: Expr) -> list[Expr] | None:
        """The numbers of a short range that is written out in literals."""
        if not is_call_of(source, range):
            return None
        assert isinstance(source, Call)
        bounds = [literal(a) for a in source.args]
        if not all(type(b) is int for b in bounds) or len(range(*bounds)) > WRITTEN_OUT:
            return None
        return list(map(Const, range(*bounds)))

    def of_function(self, function: Any, e: Call) -> Expr | None:
        given = (e.args[1], e.args[0]) if function is itertools.accumulate else e.args
        called = self.expr(given[0])
        sources = [self.items_or_none(a) for a in (given[1:] if function is map else given[1:2])]
        if None in sources:
            name, of = getattr(function, "__name__", str(function)), given[1 + sources.index(None)]
            raise TypeProblem(
                UnsupportedCall,
                f"`{name}` over a {describe(self.typed(self.expr(of)))}",
                "its elements are not known when the derivative is written",
                "pass a list, a tuple or an array",
                e.at,
            )
        columns = [s for s in sources if s is not None]
        if function is map:
            results: list[Expr] = []
            for args in zip(*columns, strict=False):
                results = self.and_then(results, called, args, e)
            return Display("tuple", tuple(results), e.at)
        if function is filter:
            kept = [i for i in columns[0] if self.decided(self.apply(called, (i,), e.at), e)]
            return Display("tuple", tuple(kept), e.at)
        start = [self.expr(e.args[2])] if function is functools.reduce and len(e.args) > 2 else []
        items = [*start, *columns[0]]
        if not items:
            raise TypeProblem(
                UnsupportedCall,
                "`reduce` over no elements",
                "Python itself raises TypeError",
                "give it a value to start with",
                e.at,
            )
        totals = [items[0]]
        for item in items[1:]:
            totals = self.and_then(totals, called, (totals[-1], item), e)
        return totals[-1] if function is functools.reduce else Display("tuple", tuple(totals), e.at)

    def and_then(self, results: list[Expr], called: Expr, args: tuple[Expr, ...], e: Call) -> list[Expr]:
        """Results, and behind them that of a call, which may change what the others are read from."""
        mark = self.here_now(e)
        new = self.value_of(self.apply(called, args, e.at))
        return [*self.read_before(results, mark), new]

    def value_of(self, e: Expr) -> Expr:
        """A value that is read later on: under a name, so that it is computed now and once."""
        return self.atom(e, "item") if isinstance(e, Call) else e

    def decided(self, test: Expr, e: Expr) -> bool:
        known = self.known(test)
        if known is None:
            raise TypeProblem(
                UnsupportedSyntax,
                "a condition that decides how many elements there are",
                "how many there are is not known when the derivative is written",
                "write a loop, with the condition as an `if` in it",
                getattr(e, "at", None),
            )
        return known

    # ---------------------------------------------------------------------------------------------- comprehensions

    def comprehension(self, e: Comprehension) -> Expr:
        items = self.elements(e)
        if items is None:
            return self.grown(e)
        if e.kind == "dict":
            pairs = []
            for item in items:
                assert isinstance(item, Display)
                pairs.append((self.key(item.items[0]), item.items[1]))
            return of_pairs(pairs, e.at)
        return Display("list", tuple(items), e.at)

    def elements(self, e: Comprehension) -> list[Expr] | None:
        """The elements, where their number is known; None where it is not."""
        e = split(e)
        mark = self.state.snapshot()
        outer, outside = dict(self.scope), self.state.out
        with self.state.collect() as out:
            try:
                found = self.of_clauses(e, 0)
            except NotYet:
                outside.extend(out)
                raise
        self.scope = {**self.scope, **outer}
        if found is None:
            self.state.restore(mark)
            self.scope = outer
            return None
        self.state.out.extend(out)
        return found

    def of_clauses(self, e: Comprehension, depth: int) -> list[Expr] | None:
        if depth == len(e.clauses):
            return [self.value_of(as_value(self.expr(e.element)))]
        clause = e.clauses[depth]
        source = self.source(clause.iter)
        counts = self.literal_range(source)
        items = counts if counts is not None else static_items(self, source)
        if items is None:
            return None
        found: list[Expr] = []
        done = dict(self.done)
        with self.at_rest(source):
            for item in items:
                self.done = dict(done)  # what one element has done says nothing of the next
                mark = self.here_now(e)
                self.bind_clause(clause, item)
                kept = [self.known(self.expr(c)) for c in clause.conditions]
                if None in kept:
                    return None
                inner = self.of_clauses(e, depth + 1) if all(kept) else []
                if inner is None:
                    return None
                found = [*self.read_before(found, mark), *inner]
        return found

    def bind_clause(self, clause: Clause, item: Expr) -> None:
        """What a clause binds stands for the parts of the element itself."""
        pairs = [(clause.target, item)]
        while pairs:
            target, value = pairs.pop()
            if isinstance(target, Name):
                self.scope[target.id] = value
            elif isinstance(target, Display) and isinstance(value, Display) and len(target.items) == len(value.items):
                pairs.extend(zip(target.items, value.items, strict=True))
            else:
                self.assign(target, value)

    def grown(self, e: Comprehension) -> Expr:
        raise TypeProblem(
            UnsupportedSyntax,
            "a comprehension whose number of elements is not known",
            "how many there are is known only when the program runs",
            "write the loop out: `out = np.empty(n)`, then `for i in range(n): out[i] = ...`",
            e.at,
        )
