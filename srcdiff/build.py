"""The pipeline from a function and the types of its arguments to a running derivative."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any, NamedTuple

from .backend import Module, load, render_module
from .derive import Derived, Helpers, Reads, Request, derived_helpers, docstring, faster, forward, reverse
from .errors import CompilationFailed, Problem, UnsupportedCall, refusal
from .frontend import AnyReference, Program
from .garbage import rare_collections
from .ir.callee import Helper
from .ir.nodes import Assign, Const, Display, Function, Object, Return
from .ir.types import TAPE, Tup, Type, has_real, held
from .ir.walk import names, statements, targets
from .normalise import Core, specialise
from .normalise.outline import Recompute
from .normalise.policy import OnTape
from .normalise.specialise import Instead
from .normalise.state import placed
from .opaque.parts import Primal
from .optimise import Parallel, Sized, Target, linked, missing
from .records import rebuilt
from .result import check_result
from .rules.effects import calls_with_effect, without_outputs
from .rules.typing import TypeProblem, Typer
from .warned import warnings_of

# Reading and building is done by one thread at a time. A thread that compiles with Numba may ask for this lock (a
# derivative called from compiled code is built then), so nothing is compiled while it is held.
BUILDING = threading.RLock()


@dataclass(frozen=True)
class Built:
    """A derivative for arguments of certain types. `captured` are arrays that are passed after the arguments."""

    function: Function
    text: str
    module: Module
    plain: FunctionType
    captured: tuple[tuple[str, object], ...]
    written: tuple[int, ...]  # places of the parameters that the primal writes in place
    unknown_rank: bool  # whether only the run tells if the result is a scalar
    seed_leaves: tuple[tuple[int, ...], ...]  # for each seed parameter, the leaves of the result that it belongs to
    references: tuple[AnyReference, ...]
    result: Type  # of the primal, with the forms of its structures
    changed: frozenset[type]  # the classes of structures that the primal changes in place
    repeats: Repeats
    warnings: tuple[Problem, ...]
    on_tape: tuple[OnTape, ...] = ()  # the functions that are called without being read
    unknown: tuple[Primal, ...] = ()  # those of them that are still to run once before the derivative can be written
    parts: tuple[Primal, ...] = ()  # those that have
    inside: bool = False  # whether every index is surely inside its array
    gain: Sized | None = None  # of loops on several cores, for certain arguments: nanoseconds, as far as the text tells
    doubts: tuple[Problem, ...] = ()  # where there are any, this is good for finding out results only

    def is_outdated(self) -> bool:
        """Whether more, or something else, is known by now of what the functions on the tape return, or may be for
        other arguments."""
        return bool(self.doubts) or any(p.is_known for p in self.unknown) or any(p.is_outdated for p in self.parts)

    def formed(self, value: Any, *place: int) -> Any:
        """A result of generated code, which knows tuples only, as the structure that the primal returns (or the part
        of it at that place)."""
        type_ = self.result
        for k in place:
            assert isinstance(type_, Tup)
            type_ = type_.items[k]
        return _formed(value, type_)


def _formed(value: Any, type_: Type) -> Any:
    if not isinstance(type_, Tup):
        return value
    return rebuilt(type_.form, tuple(_formed(v, t) for v, t in zip(value, type_.items, strict=True)))


@dataclass(frozen=True)
class Repeats:
    """Whether another run of a function does the same again: `problem` says what differs, `outside` what of it changes
    a state that belongs to nobody (in compiled code it is another one)."""

    problem: Problem | None = None
    outside: str = ""


@rare_collections()
def build(
    program: Program,
    types: Sequence[Type],
    request: Request,
    taped: bool = True,
    instead: Instead | None = None,
    guesses: bool = False,
) -> Built:
    """Write and load the derivative; `taped` says whether recursive functions keep on a tape what their adjoints need
    and loops keep snapshots (such a text is not differentiated again). `instead` gives the program that runs on the
    eager runtime, if that is what happens to one that is refused; `guesses` that the text is only shown.

    Raises a Refusal for what is not supported, BadOutput for a wrong result."""
    recompute: Recompute = "nothing" if request.is_forward else "loops" if taped else "calls"
    core = specialise(program, types, recompute, instead, guesses)
    if request.quiet:
        core = replace(core, function=replace(core.function, body=without_outputs(core.function.body)))
    asked, request = request, _by_leaf(request, core)
    try:
        unknown_rank = check_result(program, core, request)
        again = not any(calls_with_effect(core.function.body))  # what a second run does is done once
        core = faster(core, request.kind != "sparsity", request.compiled and request.equal and again)
        derived, others = _derived(core, request, taped)
        parallel = Parallel() if request.jit is not None and request.jit.parallel and taped and request.wrt else None
        target = Target(request.compiled, request.equal and again, parallel, read=not taped)
        (*called, function), inside = linked(derived, others, target)
        if parallel is not None and (problems := parallel.problems()):
            raise refusal([placed(program, problem) for problem in problems])
    except TypeProblem as problem:
        found = placed(program, problem)
        if instead is None:
            raise refusal([found]) from None
        return build(instead(found), types, asked, taped, None, guesses)
    seeds = [p.name for p in function.params[len(core.function.params) :]]
    function = replace(function, doc=docstring(core, asked, seeds))
    rendered = render_module([*called, function])
    module = load(rendered, function.name)
    for f in (*called, function):
        module.functions[f.name].__dict__["tapes"] = tapes_of(f)
    return Built(
        function,
        rendered.text,
        module,
        module.functions[function.name],
        core.captured,
        tuple(i for i, p in enumerate(core.function.params) if p.name in derived.writes_arguments),
        unknown_rank,
        derived.seed_leaves,
        core.references,
        core.result,
        core.changed,
        _repeats(program, core),
        () if core.on_tape else warnings_of(program, core, asked.wrt, asked.has_aux, chosen=asked.kind != "vjp"),
        core.on_tape,
        core.unknown,
        core.parts,
        inside,
        None if parallel is None else parallel.gain([p.name for p in core.function.params]),
        core.doubts,
    )


def _derived(core: Core, request: Request, taped: bool) -> tuple[Derived, dict[Helper, Derived]]:
    """The derivative and the functions that it calls: written anew until each takes what it reads, and no more."""
    reads: Reads = {}
    while True:
        helpers = Helpers(taped, reads)
        derived = (forward if request.is_forward else reverse)(core, request, helpers)
        others = derived_helpers(helpers)
        more = missing(others)
        if not more:
            return derived, others
        reads |= more


def tapes_of(function: Function) -> frozenset[str]:
    """The variables that hold the tapes of a derivative, for who reads its text."""
    made = (s for s in statements(function.body) if isinstance(s, Assign) and isinstance(s.value, Display))
    return frozenset(
        n for s in made if isinstance(s.value, Display) and s.value.form == TAPE for n in targets(s.target)
    )


def _by_leaf(request: Request, core: Core) -> Request:
    """The request in terms of the generated function's own parameters: a structure is differentiated by its parts."""
    leaves = tuple(
        leaf for name in request.wrt for leaf in core.leaves[name] if leaf == name or has_real(core.types[leaf])
    )
    return replace(request, wrt=leaves, single=request.single and leaves == request.wrt)


def _repeats(program: Program, core: Core) -> Repeats:
    """A generator that comes with the arguments can be copied; others draw something else in every run."""
    captured = {name for name, value in core.captured if held(value) is not None}
    found = Repeats()
    for s, call, effect in calls_with_effect(core.function.body):
        assert isinstance(call.func, Object)
        operands = [*call.args, *(v for _, v in call.kwargs)]
        outside, clock = effect.state == "outside", effect.state == "clock"
        entropy = effect.state == "new" and all(a == Const(None) for a in operands)
        if outside or clock or entropy or any(names(a) & captured for a in operands):
            what = f"`{call.func.text}`, which does not do the same in every run"
            seen = "time" if clock else "draws"
            why = f"this derivative takes several runs of the function, and all of them have to see the same {seen}"
            fix = "pass the generator as an argument: each run gets a copy of it"
            fix = "pass the time as an argument" if clock else fix
            problem = TypeProblem(UnsupportedCall, what, why, fix, call.at)
            problem.origin = s.origin
            found = Repeats(found.problem or placed(program, problem), found.outside or outside * call.func.text)
    return found


class NotRunYet(UnsupportedCall):
    """A function that runs on the tape has to run before the type of the result is known."""


class Outcome(NamedTuple):
    """What is known of a function before its derivative is written."""

    type: Type  # of its result
    repeats: Repeats
    on_tape: bool  # whether a part of it runs on the tape
    warnings: tuple[Problem, ...]


def result_type(program: Program, types: Sequence[Type], wrt: Sequence[str], instead: Instead | None = None) -> Outcome:
    """The type of the function's result for arguments of these types, and what is to be known of it beside that.
    Raises a Refusal for what is not supported."""
    core = specialise(program, types, "nothing", instead)
    if core.unknown:
        what = f"`{core.unknown[0].name}`, which runs on the tape, has not run yet with arguments of these types"
        why = "the rank of the result is not known before it has"
        fix = "call this derivative once by itself before other derivatives use it"
        raise NotRunYet(Problem(UnsupportedCall, what, why, fix))
    function, _, variables = core.webs
    last = function.body[-1]
    assert isinstance(last, Return)
    type_ = Typer(variables)(last.value or Const(None))
    warnings = () if core.on_tape else warnings_of(program, core, wrt, has_aux=False, chosen=True)
    return Outcome(type_, _repeats(program, core), bool(core.on_tape), warnings)


def check_compiled(built: Built, name: str, checked: bool) -> None:
    """Raise CompilationFailed where compiled code would draw from another generator than the function of that name
    does, which is `checked` as in Python."""
    if built.on_tape:
        first = built.on_tape[0].name
        calls = "" if first == name else f", which {name} calls,"
        raise CompilationFailed(
            f"{first}{calls} runs on srcdiff.tape, in plain "
            f"Python: compiled code cannot call it. Call the derivative from Python, or give the function a rule"
        )
    if checked and built.repeats.outside:
        raise CompilationFailed(
            f"{name} calls {built.repeats.outside}, which draws from NumPy's own state, and "
            f"Numba's is another one; pass a generator, `rng = np.random.default_rng(seed)`, as an argument"
        )
