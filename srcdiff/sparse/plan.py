"""How the entries of a sparse matrix are had from a few directions, and the matrix put together."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BackendUnavailable, BadArgument
from . import colouring
from .dependence import Array, Pattern, pattern_of


def scipy_sparse() -> Any:
    """`scipy.sparse`. Raises BackendUnavailable without SciPy."""
    try:
        from scipy import sparse
    except ImportError as problem:
        raise BackendUnavailable(f"a sparse matrix needs SciPy: pip install scipy ({problem})") from problem
    return sparse


def is_sparse(sparse: Any, pattern: Any) -> bool:
    """Whether a sparse matrix is asked for. Raises BadArgument for what does not say so."""
    if not isinstance(sparse, bool | np.bool_):
        raise BadArgument(f"sparse is True or False, not {sparse!r}")
    if pattern is not None and not sparse:
        raise BadArgument("a pattern is for sparse=True")
    return bool(sparse)


@dataclass(frozen=True)
class Plan:
    """`given` is the pattern that was asked for, `pattern` the one that is filled. `way` says what the directions are:
    sums of "columns", of "rows", or of columns of a "symmetric" matrix. Each direction is the sum of those of one
    colour, of which there are `count`."""

    given: Pattern
    pattern: Pattern
    way: str
    colours: Array
    count: int

    def seeds(self, start: int, stop: int) -> Array:
        """The directions from `start` to `stop`: a column for each, with a row for every column (or row) summed."""
        found = np.zeros((len(self.colours), stop - start))
        mine = np.flatnonzero((self.colours >= start) & (self.colours < stop))
        found[mine, self.colours[mine] - start] = 1.0
        return found

    @functools.cached_property
    def places(self) -> Array:
        """Where each entry of the pattern stands among all products, one direction after the other in each row."""
        rows, cols = self.pattern.rows, self.pattern.cols
        if self.way == "columns":
            return rows * self.count + self.colours[cols]
        mirrored = cols * self.count + self.colours[rows]
        if self.way == "rows":
            return mirrored
        own = rows * self.count + self.colours[cols]
        return np.where(colouring.alone(rows, cols, self.colours), own, mirrored)

    def entries(self, compressed: Array) -> Array:
        """The entries of the pattern, of the products of the matrix with all directions, one in each column."""
        return np.take(compressed, self.places)


def matrix(pattern: Pattern, entries: Array) -> Any:
    """The matrix with these entries, as a `scipy.sparse.csr_array`."""
    return scipy_sparse().csr_array((entries, pattern.cols.copy(), pattern.starts.copy()), shape=pattern.shape)


def planned(pattern: Pattern, mode: str, symmetric: bool) -> Plan:
    """The plan with the fewest directions that the mode allows; of equal ones that of forward mode."""
    if symmetric:
        return _symmetric(pattern)
    rows, cols, (height, width) = pattern.rows, pattern.cols, pattern.shape
    forward = None if mode == "reverse" else _plan(pattern, pattern, "columns", colouring.columns(rows, cols, width))
    if mode == "forward" and forward is not None:
        return forward
    # no colouring of the rows has fewer colours than the fullest column has entries
    if forward is not None and len(cols) and forward.count <= int(np.bincount(cols).max()):
        return forward
    reverse = _plan(pattern, pattern, "rows", colouring.columns(cols, rows, height))
    return reverse if forward is None or reverse.count < forward.count else forward


def _symmetric(given: Pattern) -> Plan:
    pattern = given.symmetric()
    rows, cols, (_, width) = pattern.rows, pattern.cols, pattern.shape
    plain = _plan(given, pattern, "columns", colouring.columns(rows, cols, width))
    found = colouring.star(rows, cols, width)
    if found is None:
        return plain
    by_star = _plan(given, pattern, "symmetric", found)
    return by_star if by_star.count < plain.count else plain


def _plan(given: Pattern, pattern: Pattern, way: str, colours: Array) -> Plan:
    count = int(colours.max()) + 1 if len(colours) and len(pattern.rows) else 0
    return Plan(given, pattern, way, colours, count)


def stated(given: Any, name: str) -> Pattern:
    """The pattern that the user gives for the block by `name`: a sparse matrix, or an array that is true (or not zero)
    where the derivative may be. Raises BadArgument for anything else."""
    if hasattr(given, "tocoo"):
        found = given.tocoo()
        rows, cols = (np.asarray(k, np.int64) for k in (found.row, found.col))
        return pattern_of(rows, cols, found.shape)
    try:
        matrix = np.asarray(given)
    except (TypeError, ValueError):
        matrix = np.zeros(0)
    if matrix.ndim != 2 or matrix.dtype.kind not in "biuf":
        raise BadArgument(
            f"the pattern for `{name}` is a sparse matrix, or an array of two dimensions, with something other than "
            f"zero where the derivative may be: what srcdiff.sparsity(f)(...) returns"
        )
    rows, cols = np.nonzero(matrix)
    return pattern_of(rows, cols, matrix.shape)
