"""From raw to core: one forward walk that knows the types.

In comes a function as the frontend read it (exits already in tail position) and the types of its arguments; out comes
the core program for those types: methods are functions, tuples are dissolved, loops run over `range`, user functions
are inlined, and what the types decide (`x.ndim == 1`, `axis is None`) is decided. Every problem met is collected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import numpy as np

from ..errors import Problem, Refusal, UnsupportedCall, UnsupportedMutation, UnsupportedRecursion, UnsupportedSyntax
from ..frontend import Program, Reference, read
from ..ir.nodes import (
    Assign,
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
from ..ir.types import ListOf, Num, Static, Tup, Type
from ..ir.walk import Fresh, assigned, is_call_of, mentioned, statements, subexprs, targets
from ..rules.typing import TypeProblem
from .exits import negated, single_exit
from .expressions import Rewriter, user_function
from .iteration import RANGE, trips
from .state import State, expanded, merge, to_problem, unknown


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
    scope: dict[str, Expr] = {}
    walker = Specialiser(program, state, scope, (program.function.name,), (program,))
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
    result: list[Param] = []
    for p in function.params:
        for name in _leaves(p.name, env[p.name]):
            result.append(Param(name, p.default if name == p.name else None))
    return result


def _leaves(name: str, type_: Type) -> list[str]:
    if isinstance(type_, Tup):
        return [leaf for k, item in enumerate(type_.items) for leaf in _leaves(f"{name}_{k}", item)]
    return [name]


def report(problems: list[Problem]) -> Refusal:
    """One error for all problems, of the class of the first."""
    unique = list(dict.fromkeys(problems))
    return unique[0].error(unique)


class Specialiser(Rewriter):
    """The walk over one function; a callee gets a walker of its own that shares the state."""

    def __init__(
        self,
        program: Program,
        state: State,
        scope: dict[str, Expr],
        chain: tuple[str, ...],
        callers: tuple[Program, ...],
    ) -> None:
        self.program, self.state, self.scope, self.chain, self.callers = program, state, scope, chain, callers
        self.declared: dict[str, Type] = {}
        self.is_generated = program.file.startswith("<srcdiff ")
        for reference in program.references:
            state.references.setdefault((reference.path, id(program)), reference)

    def declare(self, name: str, type_: Type) -> None:
        """A parameter of the differentiated function itself."""
        self.state.env[name] = type_
        if isinstance(type_, Tup):
            for k, item in enumerate(type_.items):
                self.state.fresh.taken.add(f"{name}_{k}")
                self.declare(f"{name}_{k}", item)
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
            found = to_problem(self.program, problem, s.origin, self.chain)
            self.state.problems.append(found)
            if isinstance(s, Assign | Update | For):
                for name in targets(s.target):
                    target = self.scope.setdefault(name, Name(name))
                    if isinstance(target, Name):
                        self.state.env[target.id] = unknown()
        except Refusal as refusal:
            self.state.problems.extend(refusal.problems)
            if isinstance(s, Assign):
                for name in targets(s.target):
                    target = self.scope.setdefault(name, Name(name))
                    if isinstance(target, Name):
                        self.state.env[target.id] = unknown()
        finally:
            self.state.origin = outer

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

    # ------------------------------------------------------------------------------------------------ assignments

    def assign(self, target: Expr, value: Expr) -> None:
        match target:
            case Name():
                self.assign_name(target.id, value)
            case Item():
                self.store(target, value)
            case Display():
                self.unpack(target, value)
            case _:
                raise TypeError(f"not a target: {target!r}")

    def assign_name(self, name: str, value: Expr) -> None:
        own = self.own(name)
        if isinstance(value, Display) and value.kind == "tuple":
            # `p, q = t` after `t = (q, p)` must read what was there before
            clashing = {f"{own}_{k}" for k, _ in enumerate(value.items)}
            if any(isinstance(i, Name) and i.id in clashing for i in value.items):
                value = replace(value, items=tuple(self.copied(i) for i in value.items))
        self.bind(own, value)

    def own(self, name: str) -> str:
        """The core variable that a name of this function stands for when it is assigned."""
        target = self.scope.get(name)
        if isinstance(target, Name):
            return target.id
        fresh = name if not self.callers[1:] and target is None else self.state.fresh(name)
        self.scope[name] = Name(fresh)
        return fresh

    def copied(self, e: Expr) -> Expr:
        name = self.state.fresh("kept")
        self.bind(name, e)
        return expanded(name, self.state.env[name])

    def store(self, target: Item, value: Expr) -> None:
        place = self.place(target)
        self.typed(place)
        self.typed(value)
        self.state.emit(Assign(place, value))

    def place(self, target: Item) -> Item:
        """The target of a write as an item of a variable: what stands before the last index is a view with a name."""
        base, index = self.expr(target.base), self.expr(target.index)
        type_ = self.typed(base)
        if isinstance(type_, Tup | Static) or (isinstance(type_, Num) and type_.ndim == 0):
            raise TypeProblem(
                UnsupportedMutation,
                "a write into something that is not an array",
                "only arrays have elements that can be written",
                "make it an array with np.array(...)",
                target.at,
            )
        if isinstance(type_, ListOf):
            raise TypeProblem(
                UnsupportedMutation,
                "a write to an element of a list",
                "lists are followed through append and pop only",
                "use a NumPy array",
                target.at,
            )
        return self.joined(base, index) or Item(self.atom(base, "view"), index, target.at)

    def unpack(self, target: Display, value: Expr) -> None:
        if not isinstance(value, Display):
            value = Display("tuple", tuple(Item(value, Const(k)) for k in range(self.width(target, value))))
        if len(value.items) != len(target.items):
            raise TypeProblem(
                UnsupportedSyntax,
                f"{len(value.items)} values for {len(target.items)} names",
                "Python itself refuses this",
                "give as many names as there are values",
                target.at,
            )
        names = [t.id for t in target.items if isinstance(t, Name)]
        plain = len(names) == len(target.items) == len(set(names))
        types = [self.typed(v) for v in value.items]
        if plain and all(isinstance(t, Num) for t in types):
            own = tuple(Name(self.own(n)) for n in names)
            self.state.emit(Assign(Display("tuple", own), Display("tuple", value.items)))
            self.state.env.update(zip((n.id for n in own), types, strict=True))
            return
        kept = [self.atom(v, "kept") if not isinstance(v, Name) else self.copied(v) for v in value.items]
        for t, v in zip(target.items, kept, strict=True):
            self.assign(t, v)

    def width(self, target: Display, value: Expr) -> int:
        type_ = self.typed(value)
        if isinstance(type_, Tup):
            return len(type_.items)
        if isinstance(type_, Num) and type_.shape and type_.shape[0].token == len(target.items):
            return len(target.items)
        raise TypeProblem(
            UnsupportedSyntax,
            "unpacking an array of unknown length",
            "whether there are as many elements as names is known only when the program runs",
            "index the elements: a = x[0]; b = x[1]",
            getattr(value, "at", None) or target.at,
        )

    def update(self, s: Update) -> None:
        value = self.expr(s.value)
        if isinstance(s.target, Item):
            place = self.place(s.target)
            self.typed(Call(s.op, (place, value), at=s.target.at))
            self.state.emit(Update(place, s.op, value))
            return
        current = self.expr(s.target)
        call = Call(s.op, (current, value), at=s.target.at)
        before, after = self.typed(current), self.typed(call)
        assert isinstance(s.target, Name)
        if not (isinstance(before, Num) and isinstance(after, Num) and isinstance(current, Name)):
            self.assign_name(s.target.id, call)
            return
        own = self.own(s.target.id)
        in_place = before.ndim is None or before.ndim > 0
        if current.id == own and (in_place or (before.ndim == 0 and after.ndim == 0)):
            self.state.emit(Update(Name(own), s.op, value))
            if not in_place:
                self.state.env[own] = after
        elif in_place:  # a parameter of an inlined callee that stands for the caller's own array
            self.state.emit(Update(current, s.op, value))
        else:
            self.bind(own, call)

    def effect(self, raw: Expr) -> None:
        if isinstance(raw, Const | Name):
            return
        value = self.expr(raw)
        if is_call_of(value, list.append):
            assert isinstance(value, Call)
            base, item = value.args
            if isinstance(base, Name):
                held = self.state.env[base.id]
                grown = merge({"item": ListOf(self.typed(item))}, {"item": held})["item"]
                self.state.env[base.id] = grown
                self.state.emit(Effect(value))
                return
        if is_call_of(value, list.pop):
            self.state.emit(Effect(value))
            return
        if isinstance(value, Call) and not isinstance(raw, Name):
            function = value.func.value if isinstance(value.func, Object) else None
            if user_function(getattr(raw.func, "value", None)) is not None if isinstance(raw, Call) else False:
                return  # an inlined call whose result is not used
            raise TypeProblem(
                UnsupportedCall,
                f"a call of `{getattr(function, '__name__', function)}` for its effect",
                "srcdiff does not know what it changes",
                "remove it from the differentiated function, or use its result",
                value.at,
            )

    # ---------------------------------------------------------------------------------------------- control flow

    def branch(self, s: If) -> None:
        test = self.expr(s.test)
        self.typed(test)
        if any(is_call_of(e, list.pop) for e in subexprs(test)):
            test = self.atom(test, "popped")  # evaluated once, whatever becomes of the branch
        known = self.known(test)
        if known is not None:
            for inner in self.run(s.body if known else s.orelse):
                self.state.emit(inner)
            return
        if not isinstance(test, Name | Const) and self._rank(test) not in (0, None):
            raise TypeProblem(
                UnsupportedSyntax,
                "an array as the condition of a branch",
                "an array has a truth for each element, not one",
                "use np.where(condition, a, b), or .any() / .all()",
                getattr(s.test, "at", None),
            )
        entry = dict(self.state.env)
        scope = dict(self.scope)
        ends = []
        bodies = []
        for block in (s.body, s.orelse):
            self.state.env = dict(entry)
            self.state.reachable = True
            bodies.append(self.run(block))
            if self.state.reachable:
                ends.append(self.state.env)
        self.scope = {**scope, **self.scope}
        self.state.reachable = bool(ends)
        self.state.env = merge(*ends) if len(ends) == 2 else (ends or [entry])[0]
        if bodies[0]:
            self.state.emit(If(test, bodies[0], bodies[1], s.origin))
        elif bodies[1]:
            self.state.emit(If(negated(test), bodies[1], (), s.origin))

    def _rank(self, test: Expr) -> int | None:
        type_ = self.typed(test)
        return type_.ndim if isinstance(type_, Num) else 0

    def fixpoint(self, body: Callable[[], Block]) -> Block:
        """Walk a loop body until the types at its head no longer change; then they hold for every trip."""
        entry = self.state.env
        while True:
            mark, scope = self.state.snapshot(), dict(self.scope)
            self.state.breaks.append([])
            self.state.env = dict(entry)
            block = body()
            head = merge(entry, self.state.env) if self.state.reachable else entry
            left = self.state.breaks.pop()
            self.state.reachable = True
            if head == entry:
                for env in left:
                    entry = merge(entry, env)
                self.state.env = dict(entry)
                return block
            self.state.restore(mark)
            self.scope = scope
            entry = head

    def while_loop(self, s: While) -> None:
        test: Expr = Const(True)

        def body() -> Block:
            nonlocal test
            with self.state.collect() as out:
                test = self.expr(s.test)
                self.typed(test)
            block = self.run(s.body)
            if not out:
                return block
            inner = If(negated(test), (Break(s.origin),), block, s.origin)
            test = Const(True)
            return (*out, inner)

        block = self.fixpoint(body)
        self.state.emit(While(test, block, (), s.origin))

    def for_loop(self, s: For) -> None:
        source = self.source(s.iter)
        if isinstance(source, Display):
            self.unrolled(s, source)
            return
        changed = {own.id for n in assigned(s.body) if isinstance(own := self.scope.get(n, Name(n)), Name)}
        source = self.stable(source, changed)
        plan = trips(self, source)
        counter = self.counter(s, plan.element)
        bounds = tuple(self.expr_again(b, changed) for b in plan.bounds)

        def body() -> Block:
            self.state.env[counter] = Num("int64", weak=True)
            with self.state.collect() as out:
                element = plan.element(Name(counter))
                if not self.is_counter(s.target, element, counter):
                    self.bind_element(s.target, element, counter)
                out.extend(self.run(s.body))
            return tuple(out)

        block = self.fixpoint(body)
        start, stop, step = bounds
        args = (start, stop, step) if step != Const(1) else (start, stop) if start != Const(0) else (stop,)
        self.state.emit(For(Name(counter), Call(RANGE, args), block, (), s.origin))

    def source(self, raw: Expr) -> Expr:
        """The iterable with the sources inside `enumerate`, `zip` and `reversed` made core."""
        if is_call_of(raw, enumerate, zip, reversed):
            assert isinstance(raw, Call)
            kwargs = tuple((k, self.expr(v)) for k, v in raw.kwargs)
            return replace(raw, args=tuple(map(self.source, raw.args)), kwargs=kwargs)
        return self.expr(raw)

    def stable(self, source: Expr, changed: set[str]) -> Expr:
        """The iterable, with an array whose name the body binds anew held under a second name."""
        if is_call_of(source, enumerate, zip, reversed):
            assert isinstance(source, Call)
            return replace(source, args=tuple(self.stable(a, changed) for a in source.args))
        if isinstance(source, Name) and source.id in changed:
            return self.copied(source)
        return source

    def expr_again(self, e: Expr, changed: set[str]) -> Expr:
        """A loop bound, held under a name where the body changes what it is made of."""
        self.typed(e)
        if any(isinstance(n, Name) and n.id in changed for n in subexprs(e)):
            return self.copied(e)
        return e

    def counter(self, s: For, element: Callable[[Expr], Expr]) -> str:
        """The loop variable: the user's own where it is the counter itself and the body leaves it alone."""
        body = assigned(s.body)
        probe = Name("\0")
        found = element(probe)
        pairs = [(s.target, found)]
        if isinstance(s.target, Display) and isinstance(found, Display) and len(s.target.items) == len(found.items):
            pairs = list(zip(s.target.items, found.items, strict=True))
        for target, value in pairs:
            if value == probe and isinstance(target, Name) and target.id not in body:
                return self.own(target.id)
        return self.state.fresh("k")

    def is_counter(self, target: Expr, element: Expr, counter: str) -> bool:
        return isinstance(target, Name) and element == Name(counter) and self.scope.get(target.id) == Name(counter)

    def bind_element(self, target: Expr, element: Expr, counter: str) -> None:
        if isinstance(target, Display) and isinstance(element, Display) and len(target.items) == len(element.items):
            for t, e in zip(target.items, element.items, strict=True):
                if not self.is_counter(t, e, counter):
                    self.bind_element(t, e, counter)
            return
        self.assign(target, element)

    def unrolled(self, s: For, source: Display) -> None:
        """A loop over a tuple that is written out: its body once for each item."""
        if any(isinstance(i, Break) for i in statements(s.body)):
            raise TypeProblem(
                UnsupportedSyntax,
                "break or return in a loop over a tuple",
                "such a loop is written out item by item",
                "loop over np.array([...]) or a range",
                getattr(s.iter, "at", None),
            )
        for item in source.items:
            self.assign(s.target, item)
            for inner in self.run(s.body):
                self.state.emit(inner)

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

    # ------------------------------------------------------------------------------------------------ user calls

    def call_user(self, function: FunctionType, e: Call) -> Expr:
        args = tuple(map(self.expr, e.args))
        return self.inline(function, args, tuple((k, self.expr(v)) for k, v in e.kwargs), e)

    def inline(
        self, function: FunctionType, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> Expr:
        """The body of a Python function for these (core) arguments, emitted here; its result."""
        program = read(function)
        if any(program.function.origin == p.function.origin and program.function == p.function for p in self.callers):
            raise TypeProblem(
                UnsupportedRecursion,
                f"`{function.__name__}` calls itself"
                + (" through others" if self.chain[-1] != function.__name__ else ""),
                "the derivative of a recursive function is not written yet",
                "write the recursion as a loop",
                e.at,
            )
        lowered = single_exit(program.function)
        walker = Specialiser(program, self.state, {}, (*self.chain, function.__name__), (*self.callers, program))
        changed = assigned(lowered.body)
        simple = _one_expression(lowered.body)
        for param, arg in self.bound(program.function, args, kwargs, e):
            uses = _uses(simple, param.name) if simple is not None else 2
            if param.name not in changed and (isinstance(arg, Name | Const | Object) or uses <= 1 and _pure(arg)):
                walker.scope[param.name] = arg
            elif param.name not in changed and isinstance(arg, Display):
                walker.scope[param.name] = replace(arg, items=tuple(self.atom(i, param.name) for i in arg.items))
            else:
                own = self.state.fresh(param.name)
                self.bind(own, arg)
                walker.scope[param.name] = Name(own)
        if simple is not None:
            return _at(walker.expr(simple), e)
        return walker.inlined(lowered, function.__name__)

    def call_derivative(self, derivative: Any, e: Call) -> Expr:
        """A call of a derivative: the generated function for these types is a user function like any other."""
        args = tuple(map(self.expr, e.args))
        kwargs = {k: self.expr(v) for k, v in e.kwargs}
        try:
            bound = derivative.signature.bind(*args, **kwargs)
        except TypeError as problem:
            raise TypeProblem(
                UnsupportedCall,
                f"the call of {derivative!r}: {problem}",
                "Python itself refuses this call",
                "pass the arguments of the primal function",
                e.at,
            ) from None
        bound.apply_defaults()
        exprs = [
            a if isinstance(a, Name | Const | Object | Call | Item | Display) else Object(a, "default")
            for a in bound.arguments.values()
        ]
        for k, (name, expr) in enumerate(zip(bound.arguments, exprs, strict=True)):
            type_ = self.typed(expr)
            if name in derivative.wrt and isinstance(type_, Num) and type_.is_integral and type_.dtype == "int64":
                exprs[k] = Call(Object(float, "float"), (expr,))
        types = [t.plain() if isinstance(t := self.typed(x), Num) else t for x in exprs]
        built = derivative.built_for_types(types)
        for reference in built.references:
            self.state.references.setdefault((reference.path, id(derivative)), reference)
        extra = tuple(self.expr(Object(value, name)) for name, value in built.captured)
        result = self.inline(built.plain, (*exprs, *extra), (), e)
        if derivative.options.kind == "value" and isinstance(result, Display):
            value, *parts = result.items
            gradient = parts[0] if derivative.single else Display("tuple", tuple(parts))
            return Display("tuple", (value, gradient))
        return result

    def inlined(self, lowered: Function, name: str) -> Expr:
        """The callee's statements emitted here; its result as an expression."""
        *body, last = lowered.body
        assert isinstance(last, Return)
        if isinstance(last.value, Name) and last.value.id.startswith("result"):
            self.scope.setdefault(last.value.id, Name(self.state.fresh(name)))
        before = len(self.state.problems)
        for s in self.run(tuple(body)):
            self.state.emit(s)
        if len(self.state.problems) > before:
            return Name(self._placeholder())
        return self.expr(last.value or Const(None))

    def _placeholder(self) -> str:
        name = self.state.fresh("unknown")
        self.state.env[name] = unknown()
        return name

    def bound(
        self, function: Function, args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...], e: Call
    ) -> list[tuple[Param, Expr]]:
        """Each parameter of the callee with its argument."""
        given = dict(zip((p.name for p in function.params), args, strict=False))
        given.update(kwargs)
        names = {p.name for p in function.params}
        missing = [p.name for p in function.params if p.name not in given and p.default is None]
        if missing or len(args) > len(function.params) or set(dict(kwargs)) - names:
            what = f"missing `{missing[0]}`" if missing else "too many or unknown arguments"
            raise TypeProblem(
                UnsupportedCall,
                f"the call of `{function.name}`: {what}",
                "Python itself refuses this call",
                f"call {function.name}({', '.join(p.name for p in function.params)})",
                e.at,
            )
        pairs: list[tuple[Param, Expr]] = []
        for p in function.params:
            value = given.get(p.name)
            pairs.append((p, value if value is not None else self.default(p)))
        return pairs

    def default(self, param: Param) -> Expr:
        assert param.default is not None
        value: Any = param.default.value
        if isinstance(value, np.ndarray):
            return self._captured(Object(value, param.name))
        if value is None or isinstance(value, bool | int | float | str):
            return Const(value)
        return param.default


def _one_expression(body: Block) -> Expr | None:
    """The expression that a callee consists of, if it is one."""
    match body:
        case (Assign(target=Name(id=a), value=value), Return(value=Name(id=b))) if a == b:
            return value
    return None


def _uses(e: Expr, name: str) -> int:
    return sum(1 for n in subexprs(e) if isinstance(n, Name) and n.id == name)


def _pure(e: Expr) -> bool:
    return not is_call_of(e, list.pop)


def _at(e: Expr, call: Call) -> Expr:
    return e if isinstance(e, Name) else replace(e, at=call.at)
