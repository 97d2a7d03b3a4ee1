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

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Self

from ..errors import Problem, Refusal, UnresolvedName, UnsupportedCall, UnsupportedMutation, refusal
from ..frontend import Program
from ..ir.constants import is_passed
from ..ir.marks import deleted
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
    Raise,
    Return,
    Stmt,
    Update,
    While,
)
from ..ir.types import FLOAT, ListOf, Num, Pooled, Static, Tup, Type
from ..ir.walk import Fresh, is_call_of, mentioned, targets
from ..rules.effects import effect_of
from ..rules.registry import writes
from ..rules.typing import TypeProblem, method_of, type_of_value
from .attempts import check_attempts
from .changes import Changed
from .constants import Constants
from .copies import without_copies
from .core import Core, callee_name, not_read, outside
from .expressions import user_function
from .finish import finished, renamed
from .forms import repeated_update
from .groups import Group, Instance, NotYet, Recursive, Writes
from .handed import check_tied, together
from .iterators import put_in_place
from .lists import changes_lists
from .literals import as_value, as_written
from .outline import Recompute, is_marked, without_marks
from .policy import NotRead, Policy, Whole
from .reports import met, no_longer, told, unsettled
from .state import Absent, Empty, Grows, Pools, State, component, placed, to_problem, unknown

Instead = Callable[[Problem], Program]


def specialise(
    program: Program,
    types: Sequence[Type],
    recompute: Recompute = "nothing",
    instead: Instead | None = None,
    guesses: bool = False,
) -> Core:
    """The core program of `program` for arguments of these types, with functions of their own for what is to be
    computed again. Raises a Refusal with every problem found.

    With `instead`, what is refused in a function that the program calls makes that one run on the tape; what is
    refused in the program itself, the program that `instead` gives for it. `guesses`: see `Policy`."""
    policy = Policy(instead is not None, guesses)
    if isinstance(program, Whole):
        policy.functions[id(program.called)] = program.called, program.reason
    changed: frozenset[type] = frozenset()
    growing: frozenset[Hashable] = frozenset()
    pools: dict[Hashable, Pooled] = {}
    absent: dict[str, Num] = {}
    recursive: tuple[Function, ...] = ()
    writes = False
    while True:
        try:
            group = Group(recursive, writes=writes, policy=policy)
            return _converged(program, types, (changed, growing, pools, absent), group, recompute)
        except NotRead as met:
            if not met.functions:
                assert instead is not None
                return specialise(instead(met.problem), types, recompute, None, guesses)
            policy.functions.update({id(f): (f, p) for f, p in met.functions})
        except Writes:
            writes = True
        except Changed as found:
            changed |= {found.cls}
        except Grows as found:
            if found.sites <= growing:
                raise refusal([no_longer(program)]) from None
            growing |= found.sites
        except Pools as found:
            pools = pools | {found.key: Pooled(found.key, found.form, ("",) * found.count)}
        except Absent as found:
            absent = absent | {found.name: found.type}
        except Recursive as met:
            recursive = (*recursive, met.function)


_WALKS = 24  # types of recursive functions are settled after two or three


def _converged(
    program: Program,
    types: Sequence[Type],
    noted: tuple[frozenset[type], frozenset[Hashable], dict[Hashable, Pooled], dict[str, Num]],
    group: Group,
    recompute: Recompute,
) -> Core:
    """The program walked until the types of its recursive functions hold. `noted` are the classes that it changes in
    place, the places where it makes lists whose lengths the run decides, the structures that those hold, and the
    variables that hold None at first."""
    changed, growing, pools, absent = noted
    for _ in range(_WALKS):
        group.begin()
        state = State(_fresh(program, group), {}, changed=changed, group=group, growing=growing, pools=dict(pools))
        state.recomputes, state.absent = recompute != "nothing", absent
        core = _specialised(program, types, state)
        if not group.changed:
            break
    problems = told([*state.problems, *(p for i in group.walked() for p in i.problems)], group.alone)
    problems = problems or [unsettled(i) for i in group.walked() if group.changed or i.result is None]
    if problems and group.policy.enabled and all(p.error is not UnresolvedName for p in problems):
        raise not_read(problems, state.owners, group)
    if problems:
        raise refusal(problems)
    core = replace(core, function=without_marks(core.function, recompute), **group.policy.found())
    for callee in (i.callee for i in group.walked()):
        callee.function = without_marks(callee.function, recompute)
    if not group.instances and not is_marked(core.function.body):
        body = renamed(core.function.body) if core.on_tape else core.function.body
        return replace(core, function=replace(core.function, body=body))
    try:
        done = finished(core.function, core.types, dict(state.captured), group)
    except TypeProblem as problem:
        raise refusal([placed(program, problem)]) from None
    if not group.writes and any(i.callee.written for i in group.walked()):
        raise Writes
    core_types = core.types | {n: type_of_value(v, ("captured", id(v))) for n, v in done.captured}
    return replace(core, function=done.function, captured=done.captured, types=core_types, user_name=done.user_name)


def _fresh(program: Program, group: Group) -> Fresh:
    return Fresh(mentioned(program.function.body) | {p.name for p in program.function.params} | group.names())


def _specialised(program: Program, types: Sequence[Type], state: State) -> Core:
    names = [p.name for p in program.function.params]
    walker = Specialiser(program, state, (program.function.name,), (program,))
    walker.instances = ((program.function.origin, program.function),)
    leaves = {n: tuple(walker.declare(n, t, names)) for n, t in zip(names, types, strict=True)}
    with state.collect() as first:
        walker.begin()
        for name in names:
            walker.argument_placed(name)
            walker.listed(name)
    body = (*first, *walker.all_of(program))
    if not state.reachable:  # arguments of these types end in an exception, whatever their values
        body, walker.result = (*body, Return(Const(0.0))), FLOAT
    for problem in check_tied(state, body):
        state.problems.append(placed(program, problem))
    if not state.problems:
        try:
            check_attempts(body, state.env)
        except TypeProblem as problem:
            state.problems.append(to_problem(program, problem, problem.origin, ()))
    captured = tuple(state.captured.values())
    own = (Param(n, p.default if n == p.name else None) for p in program.function.params for n in leaves[p.name])
    params = (*own, *(Param(name) for name, _ in captured))
    param_types = walker.declared | {name: state.env[name] for name, _ in captured}
    function = without_copies(replace(program.function, params=params, body=body), state)
    references = tuple(state.references.values())
    return Core(function, param_types, captured, references, leaves, walker.result, state.changed)


class Specialiser(Constants):
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
        self.done: dict[int, tuple[Expr, Expr]] = {}
        self.declared: dict[str, Type] = {}
        self.result: Type = Static(None)
        self.words: set[str] = set()
        self.callee = len(callers) > 1
        self.is_generated = program.file.startswith("<srcdiff ")
        for reference in program.references:
            state.references.setdefault((reference.path, id(program)), reference)

    def declare(self, name: str, type_: Type, names: list[str]) -> Iterator[str]:
        """A parameter of the differentiated function itself; yields what stands for it in the core program, where
        nothing stands for a part of a structure that is known already."""
        self.state.env[name] = type_
        if isinstance(type_, Tup):
            if type_.form is not None and type_.form.kind == "list" and self.instance is None:
                type_ = replace(type_, form=replace(type_.form, site=name))
                self.state.env[name] = type_
            for k, item in enumerate(type_.items):
                own = component(name, k, type_.form)
                if own in names:
                    own = self.state.fresh(own)
                elif own in self.state.fresh.taken and own not in self.state.env:
                    self.scope[own] = Name(self.state.fresh(own))  # the program has a variable of that name, too
                self.state.components[name, k] = own
                self.state.fresh.taken.add(own)
                yield from self.declare(own, item, names)
        elif not isinstance(type_, Static) or (name in names and is_passed(type_.value)):
            self.declared[name] = type_
            yield name

    def all_of(self, program: Program) -> Block:
        """The body of the whole function; of one that calls itself, a call of it."""
        if not self.state.group.holds(program.function):
            return self.run_all(program)
        with self.state.collect() as out:
            try:
                pairs = [(p, self.expr(Name(p.name))) for p in program.function.params]
                value = self.call_recursive(
                    None, program, pairs, Call(Object(None, program.function.name), ()), "result"
                )
                self.result = self.typed(value)
                self.state.emit(Return(self.returned(value, "result"), program.function.origin))
            except NotYet:
                pass
            except TypeProblem as problem:
                self.state.problems.append(to_problem(program, problem, None, self.chain))
        return tuple(out)

    def walk(self, instance: Instance, read: FunctionType | None) -> None:
        program, group = instance.program, self.state.group
        state = self.state.of_another(_fresh(program, group))
        name = program.function.name
        chain = self.chain if self.chain[-1] == name else (*self.chain, name)
        walker = type(self)(program, state, chain, (program,))
        walker.owner, walker.instance = read and self.owner_of(read), instance
        names = [p.name for p in program.function.params]
        leaves = [n for p, t in zip(names, instance.params, strict=True) for n in walker.declare(p, t, names)]
        with state.collect() as first:
            walker.begin()
            params = walker.take(instance, leaves, walker.declared)
        body = walker.run_all(program)
        group.changed |= walker.note_lists(instance, body)
        body = (*first, *body)
        instance.problems, instance.captured = state.problems, state.captured
        for tied in check_tied(state, body, instance):
            walker.note(placed(program, tied))
        function = Function(name, tuple(map(Param, params)), body, None, program.function.origin)
        instance.callee.function = without_copies(function, state)
        instance.callee.types = dict(params)
        for problem in outside(instance, self.chain):
            walker.note(problem)
        group.found(instance, walker.result if state.reachable else None)

    def run(self, block: Block) -> Block:
        with self.state.collect() as out:
            for s in put_in_place(block, self.program.function.body):
                if not self.state.reachable:
                    break
                self.guarded(s)
        return tuple(out)

    def guarded(self, s: Stmt) -> None:
        """One statement; a problem in it is noted and the walk goes on, with the targets of no known type."""
        outer, self.state.origin = self.state.origin, s.origin or self.state.origin
        loops, learning = len(self.state.breaks), self.state.learning
        try:
            try:
                self.statement(s)
            except NotYet:
                del self.state.breaks[loops:]
                self.state.reachable = False
                self.check_path(learning, None)
        except TypeProblem as problem:
            found = met(self.program, problem, s, self.chain, self.scope, self.state)
            if self.policy.unknown and not self.policy.enabled:
                self.postponed(found)
                return
            self.note(found)
            if isinstance(problem, Empty):  # in the first walk of a loop; in the next one it may hold something
                self.state.reachable = False
            else:
                self.forget(s)
        except Refusal as refusal:  # of a callee that cannot be read
            for found in refusal.problems:
                calls = found.calls or (*self.chain, callee_name(s))
                self.note(replace(found, calls=calls))
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
        walker = type(self)(program, self.state, (*self.chain, name), (*self.callers, program))
        walker.owner = self.owner
        return walker

    def statement(self, s: Stmt) -> None:
        self.done.clear()
        self.hasty = changes_lists(s)
        match s:
            case Assign():
                self.alone = s.value if isinstance(s.target, Name) else None
                self.assigned(s)
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
            case Raise():
                value, cause = (None if e is None else self.exception(e) for e in (s.value, s.cause))
                self.state.emit(replace(s, value=value, cause=cause))
                self.state.reachable = False
            case Comment():
                pass
            case _:
                raise TypeError(f"not lowered: {s!r}")

    def effect(self, raw: Expr) -> None:
        """A call for what it does: to a list, or to an array that a user function writes into."""
        if isinstance(raw, Const | Name):
            return
        if isinstance(raw, Call) and is_call_of(raw, deleted):
            (name,) = raw.args
            target = self.scope.get(name.id, name) if isinstance(name, Name) else name
            if isinstance(target, Name):
                self.state.env.pop(target.id, None)
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
        self.alone = raw
        value = self.expr(raw)
        found = effect_of(value)
        if isinstance(value, Call) and found is not None:
            if found.write is not None:
                self.written(*found.write(value, self), value)
            else:
                self.state.emit(Effect(value))
        elif is_call_of(value, list.pop):
            self.bind(self.state.fresh("item"), value)
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
        written = tuple(map(as_written, args)), tuple((k, as_written(v)) for k, v in kwargs)
        return found(Call(func, (*first, *written[0]), written[1], raw.at), self)

    def written(self, array: Expr, content: Expr, e: Call) -> None:
        """A call that writes into an array, as a write of its new content."""
        if not isinstance(array, Name) or array.id in (name for name, _ in self.state.captured.values()):
            raise TypeProblem(
                UnsupportedMutation,
                "a part of an array, or an array from outside of the function, written by a call",
                "the change would be seen by others, or is no write to one variable",
                "let it write into a copy with a name of its own, such as `y = x.copy()`",
                e.at,
            )
        self.state.emit(Assign(Item(array, Const(Ellipsis)), content))

    def returns(self, s: Return) -> None:
        value = self.expr(s.value) if s.value is not None else Const(None)
        value = as_value(value)
        value = self.in_columns(value) if self.instance is None else self.with_contents(value)
        self.result = self.typed(value)
        self.state.emit(Return(self.returned(value, "result"), s.origin))

    def returned(self, value: Expr, wish: str) -> Expr:
        """The result as names, its structures as tuples of them."""
        if isinstance(value, Display):
            parts = enumerate(value.items)
            return Display("tuple", tuple(self.returned(v, component(wish, k, value.form)) for k, v in parts), value.at)
        type_ = self.typed(value)
        if self.instance is not None and isinstance(type_, ListOf):
            return together(self.handed(value))
        return value if isinstance(value, Name | Object) else self.atom(value, wish)
