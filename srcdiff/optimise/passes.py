"""The passes in their order."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import NamedTuple

from ..ir.nodes import Assign, Block, Call, Expr, Function
from ..ir.types import Type
from ..ir.walk import is_call_of, map_stmt
from ..runtime import watched
from .carried import with_factors
from .columns_first import columns_first
from .dead import drop_dead
from .dead_zeros import without_dead_zeros
from .distribution import apart
from .dots import as_dots
from .dtypes import of_numpy
from .empties import typed_empties
from .filled import Filled
from .first_writes import with_first_writes
from .fused_sweeps import fused
from .handed_on import handed_on
from .hoist import hoisted
from .inside import Indices, all_inside
from .interchange import along_rows
from .joined import joined
from .kept_at_once import kept_at_once
from .layout import laid_out
from .lowering import lowered
from .masks import masked_once
from .mirrored import turned_round
from .moves import first_sums, last_copies
from .names import coalesce
from .order import in_order
from .outer import added_at_once, turned
from .overlapping import with_old_values
from .parallel import Parallel, in_parallel
from .parts import arranged
from .products import multiplied_once
from .refilled import refilled
from .repeated import computed_once
from .scalars import with_sums
from .sums import in_any_order
from .trip_zeros import without_trip_zeros
from .vectors import in_vectors
from .workspaces import with_workspaces


class Target(NamedTuple):
    """What a text is written for: `compiled` if it is for Numba, `read` if it is differentiated again, `equal` as in
    `derive.Request`; `parallel` takes down which loops run on all cores, where that is asked for."""

    compiled: bool = False
    equal: bool = False
    parallel: Parallel | None = None
    read: bool = False


def optimise(
    function: Function,
    types: dict[str, Type],
    wished: dict[str, str],
    like: dict[str, str],
    target: Target,
    tapes: Set[str],
) -> tuple[Function, bool]:
    """All passes in order, and whether every index is surely inside its array, as far as that is of use. `wished`
    gives variables the names they should have, `like` seeds the adjoints whose shape they have; `tapes` are the arrays
    that keep values."""
    function = without_waste(function, types, like)
    function = fused(function, types, wished, tapes, target.compiled, target.parallel is not None)
    function = without_dead_zeros(function, types, target.compiled)
    function = multiplied_once(turned(computed_once(function, types)), types, wished)
    function = last_copies(function, types)
    if not target.compiled and not target.read:
        function = masked_once(multiplied_once(function, types, wished, elementwise=True), types, wished)
    function = added_at_once(function, types, wished, target.compiled)
    function = first_sums(function, types, like, repeated=target.compiled)
    if not target.compiled:
        function = refilled(joined(function, types), types)
        function = function if target.read else as_dots(function, types)
    counters: set[str] = set()
    filled: set[str] = set()
    if target.compiled:
        function = in_order(function, types)
        function, counters, filled = lowered(function, types, wished, target.equal, target.parallel is not None)
        function = added_at_once(function, types, wished, True, as_loops=True)  # what lowering has left
        function = with_old_values(drop_dead(function, types), types)
        function = laid_out(along_rows(function, types, tapes), types)
        function = without_trip_zeros(apart(in_order(function, types), types), types)
        function = turned_round(function, types)
        function = with_sums(function, types, wished)
        function = hoisted(function, types, wished)
        function, made, rows = in_vectors(function, types, wished)
        tapes, filled = tapes | made, filled | rows
    inside = False
    if target.compiled:
        function, inside = all_inside(function, types, counters, tapes, target.equal)
    if target.parallel is not None:
        indices, own = Indices(types, counters, tapes), Filled(function, filled)
        function = in_parallel(function, types, wished, target.parallel, indices, own)
    if not target.read:
        function = with_first_writes(function, types)
    if target.compiled:
        function = with_factors(handed_on(function, types, wished), types, wished)
        function = of_numpy(function, types)
        function = typed_empties(in_any_order(function, types, counters), types)
        function = with_workspaces(function, types)
    elif not target.read:
        function = columns_first(kept_at_once(function, types), types)
    return arranged(coalesce(function, types, wished)), inside


def without_waste(function: Function, types: dict[str, Type], like: dict[str, str]) -> Function:
    """The function without what nobody reads, its variables under the names that they had."""
    function = replace(function, body=_unwatched(function.body))
    return first_sums(drop_dead(function, types), types, like)


def _unwatched(block: Block) -> Block:
    """The value whose adjoint is looked at, as it is."""
    kept = (s for s in block if not (isinstance(s, Assign) and is_call_of(s.value, watched) and _same(s)))
    return tuple(map_stmt(s, _value, _unwatched) for s in kept)


def _value(e: Expr) -> Expr:
    return e.args[0] if isinstance(e, Call) and is_call_of(e, watched) else e


def _same(s: Assign) -> bool:
    return isinstance(s.value, Call) and s.target == s.value.args[0]
