"""Sets of inputs: what the programs of `srcdiff.sparsity` compute with.

A set is a whole number whose bit `k` stands for input number `k`, so that `a | b` is the union of two sets. The sets of
an array are an array of its shape, of Python's own whole numbers, which hold as many inputs as there are; functions
that only move elements take it as it is. (Compiled code has 64 bits, and takes as many inputs in one run.)

Generated code calls these functions by their module, `sets.union(x_from)`. They have the names of the functions of
numbers whose sets they give.
"""

from __future__ import annotations

import functools
import operator
import string
from typing import Any

import numpy as np


def empty_like(x: Any) -> Any:
    """The empty set for a number, an array of empty sets for an array, a list of these for a list.

    >>> empty_like(2.0), empty_like(np.ones(2))
    (0, array([0, 0], dtype=object))
    """
    if isinstance(x, list):
        return [empty_like(item) for item in x]
    return np.zeros(np.shape(x), object) if np.ndim(x) else 0


def like(s: Any, x: Any) -> Any:
    """An array of the shape of `x` with the set `s` (or sets that broadcast to that shape) everywhere; the set itself
    where `x` is a number.

    >>> like(5, np.ones(2))
    array([5, 5], dtype=object)
    """
    return full(np.shape(x), s) if np.ndim(x) else s


def empty(shape: Any) -> Any:
    """An array of this shape of empty sets."""
    return np.zeros(shape, object)


def full(shape: Any, s: Any) -> Any:
    """An array of this shape with the set `s` everywhere."""
    result = np.empty(shape, object)
    result[...] = s
    return result


def array(items: Any) -> Any:
    """The array of sets that `np.array` of these items makes."""
    return np.array(items, dtype=object)


def union(s: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The union of sets along an axis, along several, or of all.

    >>> union(np.array([[1, 2], [4, 8]], dtype=object), axis=0)
    array([5, 10], dtype=object)
    """
    if isinstance(s, list):
        return functools.reduce(operator.or_, map(union, s), 0)
    if not isinstance(s, np.ndarray):
        return s
    together: Any = np.bitwise_or.reduce
    return together(s, axis=axis, keepdims=keepdims, initial=0)


def running_union(s: Any, axis: int | None = None) -> Any:
    """The union of each set with all that come before it along `axis`, or in the flattened array."""
    return np.bitwise_or.accumulate(np.ravel(s) if axis is None else s, axis=axis or 0)


def running_union_back(s: Any, axis: int) -> Any:
    """The union of each set with all that follow it along `axis`."""
    return np.flip(running_union(np.flip(s, axis), axis), axis)


def where(test: Any, a: Any, b: Any) -> Any:
    """The sets of `np.where(test, ...)`."""
    if np.ndim(test) == np.ndim(a) == np.ndim(b) == 0:
        return a if test else b
    shape = np.broadcast_shapes(np.shape(test), np.shape(a), np.shape(b))
    return np.where(test, full(shape, a), full(shape, b))


def unbroadcast(s: Any, x: Any) -> Any:
    """The sets of `unbroadcast(g, x)`, of those of `g`: the union over what broadcasting has repeated."""
    shape = np.shape(x)
    if not isinstance(s, np.ndarray) or s.shape == shape:
        return like(s, x)
    if not shape:
        return union(s)
    s = union(s, axis=tuple(range(max(0, s.ndim - len(shape)))))
    lead = len(shape) - s.ndim
    ones = tuple(k for k in range(s.ndim) if shape[k + lead] == 1 and s.shape[k] != 1)
    return full(shape, union(s, axis=ones, keepdims=True))


def scattered(s: Any, index: Any, x: Any) -> Any:
    """Empty sets of the shape of `x`, united with `s` at the index, where an element may be named several times.

    >>> scattered(np.array([1, 2], dtype=object), np.array([0, 0]), np.ones(2))
    array([3, 0], dtype=object)
    """
    result = empty_like(x)
    np.bitwise_or.at(result, index, s)
    return result


def put_along(s: Any, places: Any, x: Any, axis: int) -> Any:
    """The sets of `put_along(y, places, x, axis)`, of those of `y`."""
    grid = list(np.ogrid[tuple(map(slice, places.shape))])
    grid[axis] = places
    return scattered(s, tuple(grid), x)


def diff(s: Any, n: int = 1, axis: int = -1) -> Any:
    """The sets of `np.diff(x, n, axis)`: each element depends on two neighbours, `n` times over."""
    lines = np.moveaxis(s, axis, 0)
    for _ in range(n):
        lines = lines[1:] | lines[:-1]
    return np.moveaxis(lines, 0, axis)


def diff_back(s: Any, n: int, axis: int) -> Any:
    """The sets of the transpose of `np.diff(x, n, axis)`: differences with nothing on both sides."""
    widths = [(0, 0)] * s.ndim
    widths[axis] = (n, n)
    return diff(np.pad(s, widths), n, axis)


# ----------------------------------------------------------------------------------------------------------- products


def einsum(subscripts: str, *operands: Any) -> Any:
    """The sets of `np.einsum` of operands with these sets: what an operand sums over is united, what it lacks of the
    result is repeated.

    >>> a, b = np.array([[1, 2]], dtype=object), np.array([[4], [8]], dtype=object)
    >>> einsum("ij,jk->ik", a, b)
    array([[15]], dtype=object)
    """
    given, result = subscripts.replace(" ", "").split("->")
    lengths: dict[str, int] = {}
    for letters, s in zip(given.split(","), operands, strict=True):
        for letter, length in zip(letters, np.shape(s), strict=True):
            lengths[letter] = max(length, lengths.get(letter, 1))
    found = full(tuple(lengths[letter] for letter in result), 0)
    for letters, s in zip(given.split(","), operands, strict=True):
        found = found | _aligned(s, letters, result)
    return found if result else union(found)


def _aligned(s: Any, letters: str, result: str) -> Any:
    """The sets of one operand, along the axes of the result."""
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:  # a diagonal
            first, second = [k for k, own in enumerate(letters) if own == letter][:2]
            s = np.diagonal(s, 0, first, second)
            rest = "".join(own for k, own in enumerate(letters) if k not in (first, second))
            letters = rest + letter
    summed = tuple(k for k, own in enumerate(letters) if own not in result)
    s = union(s, axis=summed) if summed else s
    kept = [own for own in letters if own in result]
    order = [kept.index(own) for own in result if own in kept]
    s = np.transpose(s, order) if order else s
    for k, own in enumerate(result):
        s = s if own in kept else np.expand_dims(s, k)
    return s


def product(a: Any, b: Any) -> Any:
    """The sets of `a @ b` or `np.dot(a, b)` of vectors and matrices, or of stacks of them, that have these sets."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a | b
    rows = union(a, axis=-1)
    columns = union(b, axis=-2 if np.ndim(b) > 1 else 0)
    if np.ndim(a) > 1 and np.ndim(b) > 1:
        return np.expand_dims(rows, -1) | np.expand_dims(columns, -2)
    return rows | columns


def fixed_times(a: Any, b: Any) -> Any:
    """The sets of `a @ b` of numbers `a` that are held fixed, of those of `b`: where `a` is zero nothing comes through.

    >>> fixed_times(np.array([[0.0, 2.0]]), np.array([1, 4], dtype=object))
    array([4], dtype=object)
    """
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return full(np.broadcast_shapes(np.shape(a), np.shape(b)), b)
    if np.ndim(b) == 1:
        return union(np.where(a != 0, b, 0), axis=-1)
    b = np.expand_dims(b, -3) if np.ndim(a) > 1 else b
    return union(np.where(np.expand_dims(a, -1) != 0, b, 0), axis=-2)


def times_fixed(a: Any, b: Any) -> Any:
    """The sets of `a @ b` of numbers `b` that are held fixed, of those of `a`."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return fixed_times(b, a)
    if np.ndim(b) == 1:
        return union(np.where(b != 0, a, 0), axis=-1)
    turned = np.swapaxes(b, -1, -2)
    if np.ndim(a) == 1:
        return fixed_times(turned, a)
    return np.swapaxes(fixed_times(turned, np.swapaxes(a, -1, -2)), -1, -2)


def outer(a: Any, b: Any) -> Any:
    """The sets of `np.outer(a, b)`."""
    return np.expand_dims(np.ravel(a), 1) | np.expand_dims(np.ravel(b), 0)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sets of `np.tensordot(a, b, axes)`."""
    first, second = np.ndim(a), np.ndim(b)
    if isinstance(axes, int):
        from_a, from_b = [*range(first - axes, first)], [*range(axes)]
    else:
        from_a, from_b = ([k] if isinstance(k, int) else list(k) for k in axes)
    left, right = list(string.ascii_letters[:first]), list(string.ascii_letters[first : first + second])
    for k, j in zip(from_a, from_b, strict=True):
        right[j] = left[k]
    result = [own for own in left if own not in right] + [own for own in right if own not in left]
    return einsum(f"{''.join(left)},{''.join(right)}->{''.join(result)}", a, b)


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The sets of `np.convolve(a, v, mode)`: of `a` and `v` one may be numbers that are held fixed, whose zeros let
    nothing through."""
    length = len(a) + len(v) - 1
    found = full(length, 0)
    for k in range(len(v)):
        window = found[k : k + len(a)]
        window |= _met(a, v[k])
    short, long = sorted((len(a), len(v)))
    if mode == "full":
        return found
    start = short - 1 if mode == "valid" else (short - 1) // 2
    return found[start : start + (long - short + 1 if mode == "valid" else long)]


def _met(a: Any, factor: Any) -> Any:
    """The sets of an array times one element of another one, each of them sets or numbers that are held fixed."""
    if a.dtype != object:
        return np.where(a != 0, factor, 0)
    if isinstance(factor, int):  # a set
        return a | factor
    return a if factor != 0 else full(len(a), 0)
