"""What is asked of the derivation, and what it hands on."""

from __future__ import annotations

from dataclasses import dataclass

from ..analysis.aliases import Aliases
from ..ir.nodes import Const, Display, Expr, Function, Return
from ..ir.types import Type
from ..jit_options import Jit
from ..normalise import Core


@dataclass(frozen=True)
class Request:
    """What is asked for: the arguments to differentiate, and what the generated function returns.

    `kind` is "grad" (adjoints only), "value" (result and adjoints) or "vjp" (result and adjoints, a seed for every
    result leaf, all of them positional), or "adjoints" (result and adjoints in many directions, along one more axis of
    seed and adjoints, which code that is `compiled` goes through in loops); forward mode: "jvp" (result and
    tangent) or "tangent" (that alone), with a tangent for every argument in `wrt`, or "tangents" (in many directions,
    as the adjoints), or "sparsity" (the sets of inputs that the result depends on). A `quiet` derivative is one of
    several runs of the function: what the function prints is left out. `jit` says that the text is for Numba, and with
    which options, `equal` that such a text may take lengths to be the same that are, unless one of them is 1: it raises
    LengthsDiffer otherwise."""

    wrt: tuple[str, ...]
    single: bool
    kind: str
    has_aux: bool = False
    quiet: bool = False
    jit: Jit | None = None
    equal: bool = False

    @property
    def compiled(self) -> bool:
        return self.jit is not None

    @property
    def is_forward(self) -> bool:
        return self.kind in ("jvp", "tangent", "tangents", "sparsity")


class OneByOne(Exception):
    """Of a program whose tangents or adjoints in several directions cannot be computed together."""


def leaves(e: Expr) -> list[Expr]:
    """The parts of a result in order; a tuple's parts one by one."""
    if isinstance(e, Display):
        return [leaf for item in e.items for leaf in leaves(item)]
    return [e]


def result_of(function: Function) -> Expr:
    last = function.body[-1]
    assert isinstance(last, Return)
    return last.value or Const(None)


@dataclass(frozen=True)
class Derived:
    """The derivative program with what the optimiser works from: types of its variables, the names they stand for in
    the user's program, and for each seed the adjoint whose shape it has."""

    function: Function
    types: dict[str, Type]
    user_name: dict[str, str]
    like: dict[str, str]
    seed_leaves: tuple[tuple[int, ...], ...]  # for each seed, the leaves of the result that it is the adjoint of
    aliases: Aliases
    writes_arguments: frozenset[str]  # the arguments that the primal writes in place (it gets copies of them)
    tapes: frozenset[str] = frozenset()  # the arrays that keep values of loops, indexed by their counters


def docstring(core: Core, request: Request, seeds: list[str]) -> str:
    """What the generated function says of itself; `seeds` are the names of its seed parameters."""
    wrt = ", ".join(request.wrt) if request.single else f"({', '.join(request.wrt)})"
    primal = core.function
    place = ""
    if primal.origin is not None:
        file = primal.origin.file.replace("\\", "/").rpartition("/")[2]
        generated = file.startswith("<srcdiff ")  # its name carries a number that differs from build to build
        place = f" from {primal.name}" if generated else f" from {file}:{primal.origin.span.line}"
    call = f"{primal.name}({', '.join(p.name for p in primal.params)})"
    first = {
        "grad": f"d {primal.name} / d {wrt}.",
        "value": f"{call} and its derivative with respect to {wrt}.",
        "vjp": f"{call} and the pullback of {', '.join(seeds)} to {wrt}.",
        "jvp": f"{call} and its tangent along {', '.join(seeds)}.",
        "tangent": f"The tangent of {call} along {', '.join(seeds)}.",
        "sparsity": f"The inputs that {call} depends on, of those in {', '.join(seeds)}.",
        "tangents": f"The tangents of {call} in the directions along the last axis of {', '.join(seeds)}.",
        "adjoints": f"{call} and the adjoints of {wrt} in the directions along the last axis of {', '.join(seeds)}.",
    }[request.kind]
    tape = "".join(f" {met.name} runs on srcdiff.tape." for met in core.on_tape)
    return f"{first}  Written by srcdiff{place}.{tape}"


def identifier(name: str) -> str:
    return name if name.isidentifier() else "function"
