"""The pool of memory that compiled derivatives take their large arrays from: what comes back, to whom, and how much."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument, BadIndex
from srcdiff.memory import default_limit
from srcdiff.testing import check_grad

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.jit
ROOT = Path(__file__).resolve().parent.parent
MEGABYTE = 2**20


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    """The pool is empty, and has room."""
    before = srcdiff.memory.info().limit
    srcdiff.memory.set_limit(256 * MEGABYTE)
    srcdiff.memory.release()
    yield
    assert srcdiff.memory.info().used == 0
    srcdiff.memory.set_limit(before)


def walk(x, rate):
    s = 0.0
    for i in range(len(x)):
        s = math.sin(s) + rate * x[i] * s + x[i]
    return s


def read(x, places):
    s = 0.0
    for i in range(len(places)):
        s = math.sin(s) * x[places[i]]
    return s


def jitted(f: Callable[..., Any], wrt: Any = 0) -> Any:
    return srcdiff.value_and_grad(f, wrt=wrt, jit=True)


def numbers(n: int) -> np.ndarray:
    return np.random.default_rng(n).normal(size=n)


# ------------------------------------------------------------------------------------------------ which arrays, and why


def test_the_text_says_which_arrays_come_from_the_pool() -> None:
    text = srcdiff.source(jitted(walk, ("x", "rate")), numbers(10), 0.1)
    assert "from srcdiff.runtime import added, workspace" in text
    assert "s_tape = workspace(n)" in text
    assert "x_bar = np.zeros_like(x)" in text  # that is returned
    assert "workspace" not in srcdiff.source(srcdiff.grad(walk), numbers(10), 0.1)


def differences(x):
    d = x[1:, 1:] - x[:-1, 1:]
    e = np.where(d * (x[1:, 1:] - x[1:, :-1]) > 0.0, 0.0, d)
    return np.sum((e[1:] - e[:-1]) ** 3)


def test_arrays_like_parts_of_others_come_from_the_pool() -> None:
    x = np.random.default_rng(3).normal(size=(40, 30))
    text = srcdiff.source(jitted(differences), x)
    assert "workspace(x[1:, 1:].shape)" in text
    assert "np.empty_like" not in text
    expected = srcdiff.value_and_grad(differences)(x)
    for given in (x, np.asfortranarray(x), np.zeros((80, 60))[::2, ::2] + x):
        value, x_bar = jitted(differences)(given)
        assert value == pytest.approx(expected[0], rel=1e-12)
        np.testing.assert_allclose(x_bar, expected[1], rtol=1e-12, atol=1e-14)


def test_an_array_like_a_part_in_another_order_is_made_as_before() -> None:
    text = srcdiff.source(jitted(differences), np.asfortranarray(np.ones((40, 30))))
    assert "workspace(x[1:, 1:].shape)" not in text


def spread(x, steps):
    u = x.copy()
    for _ in range(steps):
        v = u.copy()
        for i in range(1, len(x) - 1):
            u[i] = v[i] + 0.1 * v[i] * (v[i - 1] - 2.0 * v[i] + v[i + 1])
    return np.sum(u * u)


def test_adjoints_of_its_own_are_zeroed_there() -> None:
    derivative = jitted(spread)
    text = srcdiff.source(derivative, numbers(10), 3)
    assert "v_bar = zeroed_workspace(v.shape)" in text
    assert "u_bar = workspace" not in text  # that is returned
    x = numbers(20_000)
    expected = srcdiff.value_and_grad(spread)(x, 5)
    for _ in range(3):  # each time the pool holds what the last call has left there
        value, gradient = derivative(x, 5)
        assert value == pytest.approx(expected[0], rel=1e-12)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-9, atol=1e-12)


def in_single_precision(x, rate):
    s = rate
    for i in range(len(x)):
        s = np.sin(s) + rate * x[i] * s + x[i]
    return s


def with_whole_numbers(x):
    s = 0.0
    for i in range(len(x)):
        k = 0
        alive = True
        while s * s + k < 3.0 and k < 4:
            k += 1
            s = s + math.sin(x[i] * k)
            if s < -1.0:
                alive = False
        if alive and s > 1.0:
            s = s * s - 1.5
    return s


@pytest.mark.parametrize(
    ("f", "args", "kinds"),
    [
        (in_single_precision, (numbers(20_000).astype(np.float32), np.float32(0.1)), ["np.float32"]),
        (with_whole_numbers, (numbers(20_000),), ["np.int64", "np.bool"]),
    ],
)
def test_arrays_of_other_kinds(f: Callable[..., Any], args: tuple[Any, ...], kinds: list[str]) -> None:
    text = srcdiff.source(jitted(f), *args)
    assert [kind for kind in kinds if f", {kind})" in text] == kinds
    expected = srcdiff.value_and_grad(f)(*args)
    derivative = jitted(f)
    for _ in range(2):
        value, gradient = derivative(*args)
        np.testing.assert_allclose(value, expected[0], rtol=1e-4)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-3, atol=1e-5)
        assert gradient.dtype == args[0].dtype


def returns_its_own(x):
    y = np.empty(len(x))
    view = y[1:]
    for i in range(len(x)):
        y[i] = math.sin(x[i])
    return view


def returns_a_list(x):
    kept = []
    for i in range(3):
        y = np.empty(len(x))
        for j in range(len(x)):
            y[j] = x[j] * math.sin(x[j] * i)
        kept.append(y)
    return kept[0]


def of_known_size(x):
    y = np.empty(20)
    s = 0.0
    for i in range(20):
        y[i] = math.sin(x[i]) * s
        s = y[i] * y[i] + x[i]
    return s


@pytest.mark.parametrize("f", [returns_its_own, returns_a_list, of_known_size])
def test_what_may_be_returned_is_made_as_ever(f: Callable[..., Any]) -> None:
    x = numbers(20)
    compiled, plain = (srcdiff.jvp(f, wrt=0, jit=jit) for jit in (True, False))
    assert "workspace" not in srcdiff.source(compiled, x, x)
    for found, expected in zip(compiled(x, x), plain(x, x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_derivatives_with_tapes_in_the_pool_are_right() -> None:
    check_grad(walk, (numbers(12), 0.1), wrt=("x", "rate"), jit=True)


# --------------------------------------------------------------------------------------------------- from call to call


def test_memory_is_used_again() -> None:
    derivative, x = jitted(walk, ("x", "rate")), numbers(300_000)
    first = derivative(x, 0.1)
    made = srcdiff.memory.info()
    assert made.used == 0
    assert made.idle >= x.nbytes
    copies = [np.copy(part) for part in first[1]]
    for k in range(5):
        derivative(x + k, 0.1)
    last = srcdiff.memory.info()
    assert (last.made, last.idle, last.reused) == (made.made, made.idle, made.reused + 5)
    for part, copy in zip(first[1], copies, strict=True):
        np.testing.assert_array_equal(part, copy)  # the caller's is not touched
    again = derivative(x, 0.1)
    assert again[0] == first[0]
    np.testing.assert_array_equal(again[1][0], first[1][0])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="page faults are counted in other ways elsewhere")
def test_pages_are_touched_for_the_first_time_once() -> None:
    import resource

    @numba.njit
    def through_pool(n):
        total = 0.0
        tape = srcdiff.runtime.workspace(n)
        for i in range(n):
            tape[i] = i
        for i in range(n):
            total += tape[i]
        return total

    from srcdiff.runtime_numba import pool

    pool.installed()

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        through_pool(4_000_000)  # 7813 pages
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    assert max(faults() for _ in range(3)) < 100


def test_sizes_that_vary() -> None:
    derivative = jitted(walk, ("x", "rate"))
    for n in (20_000, 30_000, 25_000, 100_000, 20_000):
        x = numbers(n)
        value, (x_bar, _) = derivative(x, 0.1)
        expected, (expected_bar, _) = srcdiff.value_and_grad(walk, wrt=("x", "rate"))(x, 0.1)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(x_bar, expected_bar, rtol=1e-9, atol=1e-12)
    found = srcdiff.memory.info()
    assert found.idle <= 8 * (20_000 + 30_000 + 100_000) + 3 * 4096  # 25,000 go where 30,000 were


def test_small_arrays_are_not_kept() -> None:
    jitted(walk, ("x", "rate"))(numbers(1000), 0.1)
    assert srcdiff.memory.info().idle == 0


# ------------------------------------------------------------------------------------------------------------- bounds


def test_release_gives_everything_back() -> None:
    derivative, x = jitted(walk, ("x", "rate")), numbers(200_000)
    first = derivative(x, 0.1)
    idle = srcdiff.memory.info().idle
    assert srcdiff.memory.release() == idle > 0
    assert srcdiff.memory.info().idle == 0
    assert derivative(x, 0.1)[0] == first[0]


def test_no_more_than_the_limit_lies_idle() -> None:
    derivative = jitted(walk, ("x", "rate"))
    srcdiff.memory.set_limit(4 * MEGABYTE)
    for n in (100_000, 250_000, 400_000, 600_000, 50_000):  # of which the fourth is larger than all
        derivative(numbers(n), 0.1)
        assert srcdiff.memory.info().idle <= 4 * MEGABYTE
    assert srcdiff.memory.info().idle > 0
    srcdiff.memory.set_limit(0)
    assert srcdiff.memory.info().idle == 0
    derivative(numbers(100_000), 0.1)
    assert srcdiff.memory.info().idle == 0


def test_what_was_idle_for_the_longest_time_goes_first() -> None:
    derivative = jitted(walk, ("x", "rate"))
    srcdiff.memory.set_limit(4 * MEGABYTE)
    sizes = (100_000, 300_000, 12_000)
    for n in sizes:
        derivative(numbers(n), 0.1)
    derivative(numbers(400_000), 0.1)  # 3.05 of 4 megabytes: the first two have to go
    before = srcdiff.memory.info()
    derivative(numbers(12_000), 0.1)
    assert srcdiff.memory.info().made == before.made
    derivative(numbers(100_000), 0.1)
    assert srcdiff.memory.info().made == before.made + 1


@pytest.mark.parametrize("limit", [-1, 1.5, True, "1", 2**62 + 1])
def test_a_limit_is_a_number_of_bytes(limit: Any) -> None:
    with pytest.raises(BadArgument, match="number of bytes"):
        srcdiff.memory.set_limit(limit)


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        *(("2", 2 * MEGABYTE), ("0", 0), ("0.5", MEGABYTE // 2), ("-3", 0), ("1e30", 2**62)),
        *(("inf", None), ("nan", None), ("much", None), (None, None)),
    ],
)
def test_the_environment_sets_the_limit(given: str | None, limit: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SRCDIFF_MEMORY", raising=False)
    if given is not None:
        monkeypatch.setenv("SRCDIFF_MEMORY", given)
    found = default_limit()
    assert found == limit if limit is not None else found >= 64 * MEGABYTE


# ------------------------------------------------------------------------------------------------------------ failures


def test_an_exception_loses_nothing() -> None:
    derivative = jitted(read)
    x, places = numbers(50), np.zeros(100_000, np.int64)
    derivative(x, places)
    made = srcdiff.memory.info()
    wrong = places.copy()
    wrong[-1] = 50
    for _ in range(20):
        with pytest.raises(BadIndex):
            derivative(x, wrong)
        assert srcdiff.memory.info().used == 0
    assert srcdiff.memory.info().made == made.made
    assert srcdiff.memory.info().idle == made.idle
    assert np.isfinite(derivative(x, places)[0])


def test_shapes_that_cannot_be_are_the_errors_of_numpy() -> None:
    from srcdiff.runtime_numba import pool

    pool.installed()

    @numba.njit
    def made(n, m):
        return srcdiff.runtime.workspace((n, m), np.float32).shape

    assert made(3, 4) == (3, 4)
    assert made(0, 4) == (0, 4)
    with pytest.raises(ValueError, match="negative dimensions"):
        made(3, -1)
    with pytest.raises(ValueError, match="too big"):
        made(2**40, 2**40)
    with pytest.raises(MemoryError):
        made(2**30, 2**29)
    assert srcdiff.memory.info().used == 0


# ---------------------------------------------------------------------------------------------- threads and processes


def in_threads(work: Callable[[int], None], count: int = 8) -> None:
    """Run it in threads that begin at the same time; what one of them raises is raised."""
    barrier, problems = threading.Barrier(count), []

    def run(k: int) -> None:
        barrier.wait()
        try:
            work(k)
        except BaseException as problem:  # noqa: BLE001 (it is raised below)
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def test_no_two_arrays_share_memory() -> None:
    """Eight threads without the interpreter's lock, each with several arrays at a time, of sizes that vary."""
    from srcdiff.runtime_numba import pool

    pool.installed()

    @numba.njit(nogil=True)
    def work(mark, rounds):
        wrong = 0
        for k in range(rounds):
            a = srcdiff.runtime.workspace(9000 + 700 * (k % 7))
            a[:] = mark
            b = srcdiff.runtime.workspace((100, 100 + k % 3), np.int64)
            b[:] = -mark
            for i in range(len(a)):
                wrong += a[i] != mark
            for i in range(b.shape[0]):
                for j in range(b.shape[1]):
                    wrong += b[i, j] != -mark
        return wrong

    work(1, 1)
    srcdiff.memory.set_limit(2 * MEGABYTE)  # so that blocks come and go
    found = [0] * 8

    def run(k: int) -> None:
        found[k] = work(k + 1, 2000)

    in_threads(run)
    assert found == [0] * 8
    assert 0 < srcdiff.memory.info().idle <= 2 * MEGABYTE


def test_derivatives_in_eight_threads() -> None:
    inner = srcdiff.value_and_grad(walk, jit=True).jitted

    @numba.njit(nogil=True)
    def many(x, rate, count):
        value, gradient = inner(x, rate)
        for _ in range(count):
            again, other = inner(x, rate)
            if again != value or not np.array_equal(gradient, other):
                return value, gradient, False
        return value, gradient, True

    many(numbers(10), 0.1, 1)
    expected = srcdiff.value_and_grad(walk)

    def run(k: int) -> None:
        x = numbers(10_000 + 500 * k)
        value, gradient, same = many(x, 0.1, 50)
        wanted, wanted_bar = expected(x, 0.1)
        assert same
        assert value == pytest.approx(wanted, rel=1e-12)
        np.testing.assert_allclose(gradient, wanted_bar, rtol=1e-9, atol=1e-12)

    in_threads(run)


def test_an_exception_takes_nothing_from_another_thread() -> None:
    good, bad = jitted(walk, ("x", "rate")), jitted(read)
    inner = good.jitted
    x = numbers(100_000)
    value = good(x, 0.1)[0]
    wrong = np.full(50_000, 7)

    @numba.njit(nogil=True)
    def many(x, rate, count):
        same = True
        for _ in range(count):
            same = same and inner(x, rate)[0] == value
        return same

    many(x[:10].copy(), 0.1, 1)
    results = []

    def run(k: int) -> None:
        if k % 2:
            results.append(many(x, 0.1, 40))
            return
        for _ in range(40):
            with pytest.raises(BadIndex):
                bad(np.ones(5), wrong)

    in_threads(run, 4)
    assert results == [True, True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_forked_process_has_a_pool_of_its_own() -> None:
    derivative, x = jitted(walk, ("x", "rate")), numbers(100_000)
    value = derivative(x, 0.1)[0]
    child = os.fork()
    if child == 0:
        same = all(derivative(x, 0.1)[0] == value for _ in range(5)) and srcdiff.memory.release() > 0
        os._exit(0 if same and srcdiff.memory.info().idle == 0 else 1)
    assert all(derivative(x, 0.1)[0] == value for _ in range(5))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert srcdiff.memory.info().idle > 0


STORED = """
import numpy as np, srcdiff

def walk(x, rate):
    s = 0.0
    for i in range(len(x)):
        s = np.sin(s) + rate * x[i] * s + x[i]
    return s

derivative = srcdiff.value_and_grad(walk, jit=True)
x = np.linspace(0.0, 1.0, 100_000)
results = [derivative(x, 0.1) for _ in range(3)]
assert srcdiff.memory.info().reused == 2
print(results[0][0].hex(), results[2][1].tobytes() == results[0][1].tobytes(), srcdiff.cache.info().entries)
"""


def test_compiled_code_from_the_disk_finds_the_pool(tmp_path: Path) -> None:
    space = os.environ | {"PYTHONPATH": str(ROOT), "SRCDIFF_CACHE": "1", "SRCDIFF_CACHE_DIR": str(tmp_path)}

    def run() -> list[str]:
        done = subprocess.run([sys.executable, "-c", STORED], env=space, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    first = run()
    assert first[1:] == ["True", "1"]
    assert run() == first


# ----------------------------------------------------------------------------------------------------- parallel loops


def paths(x, steps):
    total = 0.0
    for p in range(len(x)):
        work = np.empty(steps)
        s = x[p]
        for t in range(steps):
            s = math.sin(s) + 0.1
            work[t] = s * s
        for t in range(steps):
            total += work[t] * s
    return total


def test_loops_on_several_cores_have_memory_of_their_own(any_length: None) -> None:
    derivative = srcdiff.value_and_grad(paths, jit={"parallel": True})
    text = srcdiff.source(derivative, np.ones(64), 40)
    inside = [line for line in text.splitlines() if "workspace(" in line and line.startswith("        ")]
    assert inside == []
    x = numbers(64)
    expected = srcdiff.value_and_grad(paths)(x, 40)
    found = derivative(x, 40)
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-9, atol=1e-12)
