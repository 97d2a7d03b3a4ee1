"""The steps of Numba's that generated functions take in a shorter way: nothing comes out differently."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import numpy as np
import pytest

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.jit
RNG = np.random.default_rng(31)


def both(f: Callable[..., Any], **options: Any) -> tuple[Any, Any]:
    """The function compiled by the compiler for generated functions, and by Numba's."""
    from srcdiff.compiled import numba_module
    from srcdiff.runtime_numba.lower import Generated

    options = {"error_model": "numpy", **options}
    return numba_module().njit(pipeline_class=Generated, **options)(f), numba.njit(**options)(f)


def agree(f: Callable[..., Any], *args: Any, **options: Any) -> None:
    own, other = both(f, **options)
    given = [tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args) for _ in range(2)]
    results = own(*given[0]), other(*given[1])
    np.testing.assert_array_equal(np.asarray(results[0]), np.asarray(results[1]))
    for a, b in zip(*given, strict=True):
        np.testing.assert_array_equal(a, b)


@contextmanager
def statements_of(name: str) -> Iterator[list[int]]:
    """How many statements a function has when its types have been found."""
    from srcdiff.runtime_numba import steps

    counts: list[int] = []
    before = steps.Typing.run_pass

    def run_pass(self: Any, state: Any) -> bool:
        if state.func_id.func_name == name:
            counts.append(sum(len(b.body) for b in state.func_ir.blocks.values()))
        return before(self, state)

    steps.Typing.run_pass = run_pass
    try:
        yield counts
    finally:
        steps.Typing.run_pass = before


def stencil(u, v):
    for i in range(u.shape[0] - 2):
        for j in range(u.shape[1] - 2):
            v[i + 1, j + 1] = u[i + 1, j + 2] - 2.0 * u[i + 1, j + 1] + u[i + 1, j]
            v[i + 1, j + 1] += 2.0 * u[i + 1, j + 1] * v[i + 1, j + 1]
    return u.shape[0] + u.shape[1]


def said_apart(u, v):
    for i in range(u.shape[0] - 2):
        for j in range(u.shape[1] - 2):
            a, b, c = j + 2, j + 1, j
            k = i + 1
            v[k, b] = u[k, a] - 2.0 * u[k, b] + u[k, c]
            v[k, b] += 2.0 * u[k, b] * v[k, b]
    return u.shape[0] + u.shape[1]


@pytest.mark.parametrize("boundscheck", [False, True])
def test_places_are_said_once(boundscheck: bool) -> None:
    u = RNG.normal(size=(6, 5))
    agree(stencil, u, np.zeros((6, 5)), boundscheck=boundscheck)
    with statements_of("stencil") as counts:
        both(stencil)[0](u, np.zeros((6, 5)))
    with statements_of("said_apart") as apart:
        both(said_apart)[0](u, np.zeros((6, 5)))
    assert counts[0] <= apart[0]


def changed_between(x, i):
    a = x[i + 1, 0] + x.shape[0]
    x = x[1:]
    i = i + 1
    b = x[i + 1, 0] + x.shape[0]
    i += 1
    c = x[i + 1, 0]
    x[i + 1, 0] = a
    return a, b, c, x[i + 1, 0], x[i + 1, 1]


def test_what_has_changed_is_made_again() -> None:
    agree(changed_between, RNG.normal(size=(9, 2)), 1)


def two_arrays(x, i):
    a = x + 1.0
    b = x + 1.0
    a[i + 1] = 5.0
    b[i + 1] += a[i + 1]
    p = [i + 1, i + 1]
    q = [i + 1, i + 1]
    p[0] = 7
    t = (i + 1, i + 1)
    return a[i + 1], b[i + 1], b[i], p[0] + q[0] + t[0]


def test_what_is_more_than_a_place_is_made_each_time() -> None:
    agree(two_arrays, RNG.normal(size=5), 1)


def places_from_arrays(x, k):
    y = x[k + 1]
    y[0] = 3.0
    return x[k + 1].sum(), y.sum(), x[k + 1][0]


def test_subscripts_that_are_arrays() -> None:
    agree(places_from_arrays, RNG.normal(size=7), np.array([0, 3, 1]))


def numbers(x):
    return (
        x[0] * 1 + 1.0,
        x[1] * -0.0,
        x[1] * 0.0,
        x[0] + 1,
        np.float32(1) + x[2] ** 2,
        x[2] ** 2.0,
        x[1] // 2,
        x[1] / 2,
    )


def test_numbers_of_different_types_are_different() -> None:
    agree(numbers, RNG.normal(size=3))
    agree(numbers, np.arange(1, 4))


def through_closures(x):
    double = lambda v: 2.0 * v
    a = np.array([double(v) for v in x])
    b = [v + 1.0 for v in x]
    return a.sum() + sum(b)


def by_reduce(x):
    return reduce(lambda a, b: max(a, 2.0 * b), x, 0.5)


def test_functions_within_functions() -> None:
    agree(through_closures, RNG.normal(size=4))
    agree(by_reduce, RNG.normal(size=4))


def operators(x, n):
    total = 0
    for i in range(n):
        total += i * n - i // 2 + max(i, 2) + min(i, n - i)
        x[i] = x[i] * 2.0 - x[i] / 3 + i
        x[-i] -= x[i] > 1.0
    return total + x.sum() + (x * 2.0 - x + x * n)[0]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_operators_on_operands_of_many_types(dtype: str) -> None:
    agree(operators, RNG.normal(size=6).astype(dtype), 5)
    agree(operators, RNG.normal(size=6).astype(dtype), np.int32(5))


def product(a, b):
    c = a @ b
    return (a @ b) + c


SHAPES = [
    ((3, 4), (4, 5)),
    ((3, 4), (4,)),
    ((4,), (4, 5)),
    ((1, 4), (4, 5)),
    ((3, 4), (4, 1)),
    ((3, 0), (0, 5)),
    ((0, 4), (4, 5)),
    ((3, 0), (0,)),
]


@pytest.mark.parametrize("order", ["CC", "CF", "FC", "FF"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
def test_products(order: str, dtype: str) -> None:
    own = both(product)[0]
    for shapes in SHAPES:
        a, b = (np.array(RNG.normal(size=n), dtype, order=o) for n, o in zip(shapes, order, strict=True))
        found = own(a, b)
        assert found.dtype == a.dtype and found.shape == (a @ b).shape
        np.testing.assert_allclose(found, 2 * (a @ b), rtol=1e-5)


@pytest.mark.parametrize("shapes", [((3, 4), (5, 5)), ((3, 4), (5,)), ((3,), (4, 5))])
def test_products_that_do_not_fit(shapes: tuple[tuple[int, ...], ...]) -> None:
    given = [RNG.normal(size=n) for n in shapes]
    for compiled in both(product):
        with pytest.raises(ValueError, match="incompatible array sizes"):
            compiled(*given)


def test_products_of_other_operands_are_numbas() -> None:
    wide = RNG.normal(size=(6, 8))[::2, ::2]
    agree(product, wide, np.eye(4))
    agree(product, np.ones(3), np.ones(3))
    agree(product, np.ones((2, 3)), np.ones((3, 2), "float32"))


def many_arrays(a, b, n):
    total = 0.0
    for _ in range(n):
        c = a @ b
        c = (a @ b) + c
        total += c.sum() + np.zeros_like(c).sum() + len(np.empty(n)) + np.zeros((n, n)).sum()
    return total


def test_arrays_are_given_back() -> None:
    from numba.core.runtime import _nrt_python, rtsys

    own, args = both(many_arrays)[0], (np.ones((3, 4)), np.ones((4, 5)), 20)
    own(*args)
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        own(*args)
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert after.alloc - before.alloc == after.free - before.free > 0
