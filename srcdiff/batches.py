"""Jacobians of functions that treat every row by itself: a small block for each row, all of them from a few sweeps."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .blocks import SWEEP, WHAT, as_given, check_mode
from .errors import BadArgument, BadOutput
from .jit_options import Jit, JitLike, jit_of
from .ready import Wrt
from .seeded import Seeded
from .sweeps import Array, OtherShape, Shape, Sweeps


@dataclass(frozen=True)
class _Same:
    """The same sum in every row: `count` elements of `rows` rows, one after the other."""

    rows: int
    count: int

    def seeds(self, start: int, stop: int) -> Array:
        make = _kept if self.is_kept(start, stop) else _tiled
        return make(self.rows, self.count, start, stop)

    def is_kept(self, start: int, stop: int) -> bool:
        return self.rows * self.count * (stop - start) <= _KEPT


@dataclass(frozen=True)
class _Sweep:
    """All blocks of a call with arguments like those of an earlier one: one sweep of adjoints."""

    pull: Seeded
    seeds: Array
    result: Shape
    given: Shape

    def __call__(self, args: tuple[Any, ...]) -> Array | None:
        """The blocks, None where the result has another shape than it had."""
        try:
            value, found = self.pull.push(args, (self.seeds,))
        except Exception:  # noqa: BLE001 (adjoints of another shape than the result's: what else it is comes again)
            return None
        if value.shape != self.result:
            return None
        count, *rest = self.given
        blocks: Array = found.reshape(count, math.prod(rest), self.seeds.shape[-1]).transpose(0, 2, 1)
        return blocks.reshape(*self.result, *rest)


def _tiled(rows: int, count: int, start: int, stop: int) -> Array:
    found = np.tile(np.eye(count, stop - start, -start), (rows, 1))
    found.flags.writeable = False
    return found


_KEPT = 1 << 17  # numbers in seeds that are kept for the next call
_SWEEPS = 8  # calls of different shapes whose way is kept
_kept = functools.lru_cache(maxsize=4)(_tiled)


class BatchJacobian(Sweeps):
    """For each row of an argument, the Jacobian of the same row of the result; see `srcdiff.batch_jacobian`."""

    def __init__(
        self, f: Callable[..., Any], wrt: Wrt, mode: str, jit: Jit | None, fallback: str | None = None
    ) -> None:
        check_mode(mode)
        super().__init__(f, wrt, jit, fallback)
        self.mode = mode
        self._shapes: dict[Hashable, Shape] = {}  # of the rows of results, by the rows of arguments
        self._sweeps: dict[Hashable, _Sweep | None] = {}
        self.document(WHAT["batch_jacobian"])

    def __repr__(self) -> str:
        return self.described(WHAT["batch_jacobian"])

    def __reduce__(self) -> Any:
        self.check_importable()
        return BatchJacobian, (self.primal, self.given_wrt, self.mode, self.options.jit, self.options.fallback)

    def with_jit(self, jit: Jit | None) -> BatchJacobian:
        """The same blocks, compiled with these options; in plain Python without."""
        return BatchJacobian(self.primal, self.given_wrt, self.mode, jit, self.options.fallback)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        whole, key = self.keyed(args, kwargs)
        found = [self._blocks(name, whole, key) for name in self.wrt]
        if self.draws(whole):
            self.value(whole)
        return found[0] if self.single else tuple(found)

    def _blocks(self, name: str, args: tuple[Any, ...], call: Hashable) -> Any:
        argument = args[self._names.index(name)]
        given = np.shape(argument)
        sweep = self._sweeps.get((name, call, given))
        if sweep is not None and (blocks := sweep(args)) is not None:
            return as_given(blocks, argument)
        if not given:
            raise BadArgument(f"`{name}` is a number: batch_jacobian takes an array, with a block for each of its rows")
        key = name, call, given[1:]
        row = self._shapes.get(key)
        if row is None:
            row = self._row(name, given[0], np.shape(self.value(self.again(args))))
        while True:
            try:
                found = self._of_shape(name, given, row, args)
            except OtherShape as other:
                row = self._row(name, given[0], other.shape)
                continue
            self._shapes[key] = row
            if len(self._sweeps) >= _SWEEPS:
                self._sweeps.clear()
            self._sweeps[name, call, given] = self._one_sweep(name, given, row, args)
            return as_given(found, argument)

    def _one_sweep(self, name: str, given: Shape, row: Shape, args: tuple[Any, ...]) -> _Sweep | None:
        """The short way to the blocks, where one sweep of adjoints gives them all."""
        (count, *rest), height = given, math.prod(row)
        sums = _Same(count, height)
        if self.way(height, math.prod(rest)) == "forward" or not 0 < height <= SWEEP or not sums.is_kept(0, height):
            return None
        if self.draws(args) or not self.many("adjoints", name, args):
            return None
        result = (count, *row)
        return _Sweep(self.seeded("adjoints", name), sums.seeds(0, height).reshape(*result, height), result, given)

    def _of_shape(self, name: str, given: Shape, row: Shape, args: tuple[Any, ...]) -> Array:
        """The blocks, where a row of the result has that shape. Raises OtherShape."""
        (count, *rest), result = given, (given[0], *row)
        height, width = math.prod(row), math.prod(rest)
        if self.way(height, width) == "forward":
            products, found = self.columns(name, _Same(count, width), args)
            if found != result:
                raise OtherShape(found)
            return products.reshape(*result, *rest)
        products = self.rows(name, _Same(count, height), result, args).reshape(count, width, height)
        return products.transpose(0, 2, 1).reshape(*result, *rest)

    def way(self, height: int, width: int) -> str:
        """The mode for blocks of that size."""
        return self.mode if self.mode != "auto" else "forward" if width <= height else "reverse"

    def _row(self, name: str, count: int, shape: Shape) -> Shape:
        """The shape of a row of the result. Raises BadOutput where there is not one for each row of the argument."""
        if shape[:1] != (count,):
            raise BadOutput(
                f"{self.function.__name__} returns an array of shape {shape}, and `{name}` has {count} rows: "
                f"batch_jacobian is for functions whose result has a row for each row of the argument. Use "
                f"srcdiff.jacobian for others"
            )
        return shape[1:]

    def text_for(self, /, *args: Any, **kwargs: Any) -> str:
        """The text of the program that computes the products, for these arguments."""
        whole = self.bound(args, kwargs)
        name = self.wrt[0]
        given = np.shape(whole[self._names.index(name)])
        row = self._row(name, given[0], np.shape(self.value(self.again(whole))))
        kind = "tangents" if self.way(math.prod(row), math.prod(given[1:])) == "forward" else "adjoints"
        return self.text_of(kind, name, whole)


def batch_jacobian(
    f: Callable[..., Any], *, wrt: Wrt = 0, mode: str = "auto", jit: JitLike = False, fallback: str | None = None
) -> BatchJacobian:
    """For each row of the argument in `wrt`, the Jacobian of the same row of the result: an array of the result's shape
    followed by that of a row of the argument. Rows run along the first axis; a tuple `wrt` gives a tuple of blocks.

    It is for functions that treat every row by itself, as samples, observations or points of a grid: then a few
    sweeps over all rows give all blocks, as many as a row of the argument (`mode="forward"`) or of the result
    (`"reverse"`) has elements, and `"auto"` takes whichever are fewer. Of any other function it gives sums over the
    rows of its Jacobian, as `elementwise_grad` does.

    Raises what `grad` raises, and BadOutput where the result has not as many rows as the argument.

    >>> import numpy as np
    >>> import srcdiff
    >>> def polar(z):
    ...     return np.stack([z[:, 0] * np.cos(z[:, 1]), z[:, 0] * np.sin(z[:, 1])], axis=1)
    >>> srcdiff.batch_jacobian(polar)(np.array([[1.0, 0.0], [2.0, np.pi / 2]])).round(3) + 0.0
    array([[[ 1.,  0.],
            [ 0.,  1.]],
    <BLANKLINE>
           [[ 0., -2.],
            [ 1.,  0.]]])
    """
    return BatchJacobian(f, wrt, mode, jit_of(jit), fallback)
