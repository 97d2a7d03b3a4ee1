"""Copies that a compiled derivative makes for itself come from the pool, too."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import runtime

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.jit
RNG = np.random.default_rng(8)


@pytest.fixture(autouse=True)
def pool() -> Iterator[None]:
    """The pool is there, is empty, and has room."""
    from srcdiff.runtime_numba import pool

    pool.installed()
    before = srcdiff.memory.info().limit
    srcdiff.memory.set_limit(2**28)
    srcdiff.memory.release()
    yield
    assert srcdiff.memory.info().used == 0
    srcdiff.memory.set_limit(before)


# ----------------------------------------------------------------------------------------------------------- the helper


@numba.njit(nogil=True)
def copied(x: Any) -> Any:
    """What the helper makes of an array, and its strides. (The copy here is one that may be returned.)"""
    y = runtime.copied_workspace(x)
    strides = y.strides
    before = y.copy()
    y[...] = x.dtype.type(0)  # of which neither the source nor another copy hears
    return before, strides


WIDE = RNG.normal(size=(120, 110))  # 105 kB: more than the 64 kB from which on memory comes from the pool
SOURCES = {
    "in C order": WIDE,
    "in Fortran's order": np.asfortranarray(WIDE),
    "transposed": WIDE.T,
    "every second": WIDE[::2, 1::2],
    "backwards": WIDE[::-1, ::-1],
    "one column": WIDE[:, 3],
    "read only": np.broadcast_to(WIDE, WIDE.shape),
    "repeated": np.broadcast_to(WIDE[0], (300, 110)),
    "small": WIDE[:2, :3].copy(),
    "three axes": RNG.normal(size=(30, 31, 32)).transpose(2, 0, 1),
    "no rows": np.ones((0, 4)),
    "no columns": np.ones((4, 0)),
    "nothing": np.ones(0),
    "whole numbers": np.arange(40_000).reshape(200, 200)[1:, ::3],
    "small whole numbers": np.arange(90_000, dtype=np.int8),
    "yes and no": WIDE > 0.0,
    "single precision": WIDE.astype(np.float32)[1:],
    "complex": (WIDE + 1j * WIDE[::-1])[:, 2:],
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_copy_is_what_numpy_makes(case: str) -> None:
    x = SOURCES[case]
    kept = x.copy()
    for _ in range(2):  # the second time memory is there, with zeros in it
        found, strides = copied(x)
        np.testing.assert_array_equal(found, kept)
        assert found.dtype == kept.dtype
        assert strides == kept.strides or not x.size
        np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(runtime.copied_workspace(x), kept)
    info = srcdiff.memory.info()
    assert (info.idle > 0) == (x.nbytes >= 2**16)


@numba.njit
def copies_of_copies(x: Any, count: int) -> Any:
    y = runtime.copied_workspace(x)
    wrong = 0
    for k in range(count):
        z = runtime.copied_workspace(y)
        z[k] += 1.0
        wrong += y[k] != x[k]
        y = z
    for k in range(count):
        wrong += y[k] != x[k] + 1.0
    return wrong


def test_copies_of_copies_share_nothing() -> None:
    x = RNG.normal(size=20_000)
    before = srcdiff.memory.info().made
    assert copies_of_copies(x, 50) == 0
    assert srcdiff.memory.info().made - before <= 3  # the copy, the one before it, and none else


def test_copies_in_eight_threads() -> None:
    @numba.njit(nogil=True)
    def work(x: Any, rounds: int) -> int:
        wrong = 0
        for k in range(rounds):
            y = runtime.copied_workspace(x[k % 5 :])
            z = runtime.copied_workspace(x[::2])
            y[:] += 1.0
            for i in range(len(z)):
                wrong += z[i] != x[2 * i]
            for i in range(len(y)):
                wrong += y[i] != x[i + k % 5] + 1.0
        return wrong

    work(np.ones(10), 1)
    found: dict[int, int] = {}
    start = threading.Barrier(8)

    def run(k: int) -> None:
        x = np.full(9000 + 1500 * k, float(k))
        start.wait()
        found[k] = work(x, 300)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(8), 0)


# ------------------------------------------------------------------------------------------------------------ the texts


def spread(u, alpha, steps):
    u = u.copy()
    rows = u.shape[0]
    columns = u.shape[1]
    for _ in range(steps):
        v = u.copy()
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                u[i, j] = v[i, j] + alpha * v[i, j] * (v[i - 1, j] + v[i + 1, j] - 2.0 * v[i, j])
    return np.sum(u * u)


def returned(u, alpha, steps):
    v = u.copy()
    for _ in range(steps):
        w = v.copy()
        for i in range(1, len(u)):
            v[i] = alpha * w[i] * w[i - 1]
    return v


def kept_in_a_list(u, alpha, steps):
    v = u.copy()
    kept = []
    for _ in range(steps):
        w = v.copy()
        w[1:] = alpha * w[1:] * w[:-1]
        kept.append(w)
        v = kept[-1]
    return np.sum(kept[0] * kept[steps - 1])


def seen_through_a_view(u, alpha, steps):
    v = np.copy(u)
    for k in range(steps):
        v[k + 1] = alpha * v[k] * v[k + 1]
    return v[1:]


def tangent(f: Callable[..., Any], jit: bool) -> Any:
    return srcdiff.jvp(f, wrt=("u", "alpha"), jit=jit)


def agree(f: Callable[..., Any], *args: Any) -> tuple[str, str]:
    """The texts of the compiled tangent and, for a number, gradient, after these have been held against plain Python,
    from the second call on with memory that others have written, and the pool's memory against what is returned."""
    u = args[0]
    seeds = (np.cos(np.arange(u.size)).reshape(u.shape), 0.3)
    derivative, plain = tangent(f, True), tangent(f, False)
    wanted = plain(*args, *seeds)
    results = [derivative(*args, *seeds) for _ in range(3)]
    for found in results:
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
    forward = srcdiff.source(derivative, *args, *seeds)
    if np.ndim(wanted[0]):
        return forward, ""
    gradient, plain = (srcdiff.value_and_grad(f, wrt=("u", "alpha"), jit=jit) for jit in (True, False))
    value, bars = plain(*args)
    assert sum(np.sum(a * b) for a, b in zip(bars, seeds, strict=True)) == pytest.approx(wanted[1], rel=1e-9)
    for _ in range(2):
        found = gradient(*args)
        assert found[0] == pytest.approx(value, rel=1e-11)
        for a, b in zip(found[1], bars, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    return forward, srcdiff.source(gradient, *args)


@pytest.mark.parametrize("order", ["C", "F"])
def test_copies_that_nobody_sees_come_from_the_pool(order: Any) -> None:
    u = np.array(RNG.normal(size=(130, 90)), order=order)
    forward, reverse = agree(spread, u, 0.1, 4)
    for line in ("u = copied_workspace(u)", "v = copied_workspace(u)", "v_dot = copied_workspace(u_dot)"):
        assert line in forward
    assert "u = copied_workspace(u)" in reverse
    assert ".copy()" not in forward
    assert "copied_workspace" not in srcdiff.source(tangent(spread, False), u, 0.1, 4, u, 0.3)


@pytest.mark.parametrize("f", [returned, seen_through_a_view])
def test_copies_that_are_returned_are_made_as_ever(f: Callable[..., Any]) -> None:
    forward, _ = agree(f, RNG.normal(size=20_000), 1.1, 3)
    assert "v = copied_workspace" not in forward
    assert "v_dot = copied_workspace" not in forward


def test_copies_in_a_list() -> None:
    agree(kept_in_a_list, RNG.normal(size=20_000), 1.1, 3)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="page faults are counted in other ways elsewhere")
def test_copies_touch_no_new_pages() -> None:
    import resource

    u = RNG.normal(size=(512, 512))
    derivative = tangent(spread, True)

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        derivative(u, 0.1, 20, u, 0.3)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    assert max(faults() for _ in range(3)) < 600  # each copy has 512 pages, and there are 42
