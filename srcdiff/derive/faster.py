"""What is done to a core program before it is differentiated, so that its derivative is fast: its adjoints and tangents
follow by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..analysis.aliases import analyse
from ..ir.nodes import Assign, Block, Expr, Function, Slice, Update
from ..ir.walk import Fresh, expressions, is_call_of, mentioned, names, statements, subexprs
from ..normalise import Core
from .products_of_trips import PRODUCTS, products_of_trips
from .slices_within import with_slices_within


def faster(core: Core, together: bool, checked: bool) -> Core:
    """The core program with the products of all trips of a loop `together`, and with slices that are `checked` to be
    inside of their axes. Raises TypeProblem where it cannot be told which arrays share memory."""
    if not _may_change(core.function, together, checked):
        return core
    function, known, found = core.webs
    types = dict(found)
    user_name = core.user_name | {new: core.user_name.get(old, old) for new, old in known.items()}
    if together:
        fresh = Fresh(mentioned(function.body) | set(types))
        function = products_of_trips(function, types, analyse(function, types), fresh, user_name)
    if checked:
        function = with_slices_within(function, types)
    return replace(core, function=function, user_name=user_name)


def _may_change(function: Function, together: bool, checked: bool) -> bool:
    """Whether there is anything that looks like a case for it."""
    loops = tuple(s for s in function.body if not isinstance(s, Assign | Update))
    return (together and any(is_call_of(e, *PRODUCTS) for e in _parts(loops))) or (
        checked and any(isinstance(e, Slice) and bool(names(e)) for e in _parts(function.body))
    )


def _parts(block: Block) -> Iterator[Expr]:
    return (e for s in statements(block) for top in expressions(s) for e in subexprs(top))
