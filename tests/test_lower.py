"""The translator into LLVM's language for generated functions: elements of arrays of every kind, beside Numba's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.jit
RNG = np.random.default_rng(12)


def both(f: Callable[..., Any], **options: Any) -> tuple[Any, Any]:
    """The function compiled by the compiler for generated functions, and by Numba's."""
    from srcdiff.compiled import numba_module
    from srcdiff.runtime_numba.lower import Generated

    options = {"error_model": "numpy", "boundscheck": False, **options}
    return numba_module().njit(pipeline_class=Generated, **options)(f), numba.njit(**options)(f)


def agree(f: Callable[..., Any], *args: Any, **options: Any) -> None:
    own, other = both(f, **options)
    given = [tuple(a.copy("K") if isinstance(a, np.ndarray) else a for a in args) for _ in range(2)]
    results = own(*given[0]), other(*given[1])
    for a, b in zip(results[0], results[1], strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.asarray(a).dtype == np.asarray(b).dtype
    for a, b in zip(*given, strict=True):
        np.testing.assert_array_equal(a, b)


def elements(a, k):
    b = np.empty(a.shape, a.dtype)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j] = a[i - 1, -j - 1]
            a[-i - 1, j] = a[i, j] + a[i, -1]
    b[k, 0] = a[0, k]
    return b, a[k, -2], len(a.shape)


def strided(a: np.ndarray) -> np.ndarray:
    wide = np.zeros((2 * a.shape[0], 3 * a.shape[1]), a.dtype)[::2, ::3]
    wide[...] = a
    return wide


KINDS = ["float64", "float32", "complex128", "int64", "int8", "uint8", "bool"]


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("made", [np.ascontiguousarray, np.asfortranarray, strided])
def test_elements(dtype: str, made: Callable[..., Any]) -> None:
    a = made((3 * RNG.normal(size=(5, 4))).astype(dtype))
    for k in (2, np.uint8(1), np.int32(-1)) if dtype == "float64" else (-3,):
        agree(elements, a, k)


def numbers_into(a, b):
    for i in range(len(a)):
        a[i] = i
        a[i] += i * 0.5
        b[i] = a[i] > 1.0
        b[i] += b[-1]
    return a[0], b[0]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_numbers_are_converted(dtype: str) -> None:
    agree(numbers_into, np.zeros(6, "float64"), np.ones(6, dtype))


def cubes(a, n):
    total = 0.0
    for i in range(a.shape[0]):
        row = a[i]
        for j in range(row.shape[0]):
            line = row[j]
            line[0] += a[i, j, 1]
            for k in range(len(line)):
                total += line[k] * row[j, k] * a[i, -j, n]
    return total, a.shape[2]


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_views_and_three_axes(axes: tuple[int, ...]) -> None:
    agree(cubes, RNG.normal(size=(3, 3, 3)).transpose(axes), -2)


def in_turns(u, steps, which):
    v = np.zeros_like(u)
    if which:
        w = u[1:]
    else:
        w = v
    for t in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i - 1] + u[i + 1] - w[i - 1]
        u, v = v, u
        u[0] = v[0] + 1.0
        if t == 2:
            v = v[: len(v) // 2 + 3].copy()
            v[-1] = u[len(v) - 1]
            u = u[: len(v)]
    return u, v, w[0]


@pytest.mark.parametrize("which", [True, False])
def test_variables_that_change(which: bool) -> None:
    agree(in_turns, RNG.normal(size=12), 7, which)


def branches(a, n):
    total = 0.0
    for i in range(n):
        if a[i] > 0.0:
            total += a[i] * a[i - 1]
            a = a[::-1]
        elif a[i] < -1.0:
            a = a.copy()
            a[i] = total
        total -= a[i] if a[-i] > 0.0 else a[0]
    return total, a


def test_branches() -> None:
    agree(branches, RNG.normal(size=9), 9)


def outside(a, i, j):
    a[i, j] = 1.0
    return a[j, i], a[i, j] + a[0, 0]


def test_indices_are_held_against_lengths_where_asked_for() -> None:
    a = np.zeros((3, 4))
    own, _ = both(outside, boundscheck=True)
    agree(outside, a, 2, -3, boundscheck=True)
    for i, j in ((3, 0), (0, 4), (-4, 0), (0, -5), (1, 3)):
        with pytest.raises(IndexError):
            own(a, i, j)


def holds(a, n):
    kept = [a]
    for i in range(n):
        row = a[i % len(a)]
        kept.append(np.zeros((i + 1, 2)))
        kept[i][0, 0] = row[0]
        pair = (kept[-1], row)
        a = pair[0] if i % 3 else a
        other = kept.pop() if i % 2 else pair[1].copy().reshape(1, -1)
        kept.append(other)
    return kept[0], kept[-1], a


def test_references_are_counted() -> None:
    from numba.core.runtime import _nrt_python, rtsys

    own, _ = both(holds)
    a = RNG.normal(size=(3, 2))
    agree(holds, a, 8)
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        results = [own(a, n) for n in range(9)]
        assert all(np.isfinite(part).all() for result in results for part in result)
        del results
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert after.alloc > before.alloc
    assert after.alloc - before.alloc == after.free - before.free
    assert after.mi_alloc - before.mi_alloc == after.mi_free - before.mi_free


def step(u, steps):
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] += 0.1 * u[i, j] * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
    return np.sum(u * u)


def test_derivatives_are_compiled_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba's own way to an element, through a copy of all that is known of the array, is not taken."""
    monkeypatch.setenv("SRCDIFF_CACHE", "0")
    arrays = pytest.importorskip("numba.np.arrayobj")
    own, asked = arrays.basic_indexing, []

    def spy(context: Any, builder: Any, kind: Any, array: Any, index_types: Any, *rest: Any, **options: Any) -> Any:
        asked.append([str(t) for t in index_types])
        return own(context, builder, kind, array, index_types, *rest, **options)

    monkeypatch.setattr(arrays, "basic_indexing", spy)
    u = RNG.normal(size=(6, 5))
    slope = srcdiff.grad(step, jit=True)(u, 2)
    np.testing.assert_allclose(slope, srcdiff.grad(step)(u, 2), rtol=1e-10)
    assert [kinds for kinds in asked if all("int" in kind for kind in kinds) and len(kinds) == 2] == []
