"""The programs that run along with a function: its tangents, in one direction or many, and the inputs it depends on."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.nodes import Function, Name
from ..normalise import Core
from .direction_loops import in_directions
from .forward import Writer
from .helpers import Helpers
from .naming import named
from .request import Derived, Request, leaves, result_of
from .sparsity import SetWriter


def forward(core: Core, request: Request, helpers: Helpers) -> Derived:
    """The function of the arguments, and of what belongs to those in `wrt`, that gives what belongs to the result:
    tangents, or sets of inputs. (Of the kind "jvp", the result and its tangent.)"""

    def results(function: Function) -> list[str]:
        return [leaf.id for leaf in leaves(result_of(function)) if isinstance(leaf, Name)]

    return _derived(core, request, results, helpers)


def pushed(core: Core, request: Request, asked: tuple[int, ...], helpers: Helpers) -> Derived:
    """The results of a recursive function, and after them what belongs to those `asked`."""

    def results(function: Function) -> list[str]:
        found = leaves(result_of(function))
        return [leaf.id for k in asked if isinstance(leaf := found[k], Name)]

    return _derived(core, request, results, helpers, asked)


def _derived(
    core: Core,
    request: Request,
    results: Callable[[Function], list[str]],
    helpers: Helpers,
    asked: tuple[int, ...] | None = None,
) -> Derived:
    program = named(core, request.wrt, results, forward=True)
    kind = SetWriter if request.kind == "sparsity" else Writer
    writer = kind(program, request, helpers, asked)
    derived = writer.derived(core)
    if request.kind != "tangents":
        return derived
    return in_directions(derived, {*writer.dots.values(), *writer.params.values()}, program.fresh, request)
