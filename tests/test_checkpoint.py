"""`checkpoint(f)` and loops over `checkpointed(...)`: against finite differences, against the program without them, in
memory and in work."""

from __future__ import annotations

import itertools
import math
import re
import runpy
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from thinning import FULL

import srcdiff
from srcdiff.errors import AmbiguousAlias, BadArgument, UnsupportedCall, UnsupportedSyntax, UnsupportedType
from srcdiff.runtime_schedules import make_room, next_snapshot
from srcdiff.testing import check_grad

ROOT = Path(__file__).resolve().parent.parent
U = np.linspace(0.2, 1.0, 6) ** 2


def same_as(plain: Callable[..., Any], kept: Callable[..., Any], *args: Any, wrt: Any = (0, 1)) -> None:
    """The gradient with checkpoints is that without."""
    for a, b in zip(srcdiff.grad(kept, wrt=wrt)(*args), srcdiff.grad(plain, wrt=wrt)(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


# ------------------------------------------------------------------------------------------------------- checkpoint(f)


@srcdiff.checkpoint
def layer(x, w):
    y = np.tanh(w * x)
    return y * np.sin(y)


def network(x, w):
    for k in range(len(w)):
        x = layer(x, w[k])
    return np.sum(x)


def called_where_it_is_made(x, w):
    for k in range(len(w)):
        x = srcdiff.checkpoint(layer.__wrapped__)(x, w[k])
    return np.sum(x)


def inner_functions(x, w):
    @srcdiff.checkpoint
    def step(v):
        return np.tanh(v * w[0]) + offset

    offset = 2.0 * w[1]
    later = srcdiff.checkpoint(lambda v: np.sin(v) * offset)
    return np.sum(later(step(x)))


def in_place(x, w):
    y = x * 1.0
    raise_to(y, w[0])
    raise_to(y[1:], w[1])
    return np.sum(y * y)


@srcdiff.checkpoint
def raise_to(y, p):
    y[:] = np.exp(p * y)


@dataclass
class Model:
    weight: Any
    bias: Any

    @srcdiff.checkpoint
    def step(self, x):
        hidden = np.tanh(self.weight * x + self.bias)
        return hidden, np.sum(hidden)


def methods(x, w):
    model = Model(w[0], w[1])
    total = 0.0
    for _ in range(3):
        x, s = model.step(x)
        total += s
    y, s = srcdiff.checkpoint(model.step)(x)
    return np.sum(x * y) + total * s


@srcdiff.checkpoint
def halves(x, w):
    if len(x) < 2:
        return w[0] * np.sin(x[0])
    m = len(x) // 2
    return halves(x[:m], w) * w[1] + halves(x[m:], w)


def recursive(x, w):
    return halves(x, w)


def one_branch(x, w):
    return layer(x, w[0]).sum() if w[1] > 0 else np.sum(x)


def nested_parts(x, w):
    return np.sum(outer(x, w))


@srcdiff.checkpoint
def outer(x, w):
    for k in range(2):
        x = layer(x * w[k], w[0])
    return x


PARTS = [network, called_where_it_is_made, inner_functions, in_place, methods, recursive, one_branch, nested_parts]


@pytest.mark.parametrize("f", PARTS, ids=lambda f: f.__name__)
def test_parts(f: Any) -> None:
    check_grad(f, (U, np.array([0.7, 1.3])), wrt=(0, 1), order=2)


@pytest.mark.jit
@pytest.mark.parametrize("f", [network, in_place, methods, nested_parts][:: 1 if FULL else 2], ids=lambda f: f.__name__)
def test_parts_compiled(f: Any) -> None:
    check_grad(f, (U, np.array([0.7, 1.3])), wrt=(0, 1), jit=True)


def test_everywhere_else_it_is_the_function() -> None:
    assert layer(0.5, 2.0) == layer.__wrapped__(0.5, 2.0)
    assert srcdiff.checkpoint(math.sin)(0.5) == math.sin(0.5)
    assert srcdiff.grad(layer)(0.5, 2.0) == srcdiff.grad(layer.__wrapped__)(0.5, 2.0)
    with pytest.raises(BadArgument, match="takes a function"):
        srcdiff.checkpoint(3)  # type: ignore[type-var]


def test_the_text_of_a_part() -> None:
    text = srcdiff.source(srcdiff.grad(network), U, np.ones(3))
    assert "def layer(" in text
    assert "layer_vjp(w, k, x, x_bar)" in text
    assert "np.tanh" not in text.partition("def network_grad")[2]


def sines(x, n):
    for _ in range(n):
        x = long(x)
    return np.sum(x)


def long(x):
    for _ in range(20):
        x = np.sin(x) + 0.1 * x * x
    return x


def sines_again(x, n):
    for _ in range(n):
        x = again(x)
    return np.sum(x)


again = srcdiff.checkpoint(long)


def peak(f: Callable[..., Any], *args: Any) -> int:
    """Bytes that a call takes at most."""
    f(*args)
    tracemalloc.start()
    try:
        f(*args)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_part_keeps_its_arguments_only() -> None:
    x = np.linspace(0.0, 1.0, 1000)
    plain, kept = srcdiff.grad(sines), srcdiff.grad(sines_again)
    np.testing.assert_allclose(kept(x, 20), plain(x, 20), rtol=1e-12)
    assert peak(kept, x, 20) < peak(plain, x, 20) / 4


# --------------------------------------------------------------------------------------------------- checkpointed loops


def heat(u, c, n, k=3):
    """In place."""
    total = 0.0
    for t in srcdiff.checkpointed(range(n), snapshots=k):
        u[1:-1] += c * np.sin(u[2:] - 2.0 * u[1:-1] + u[:-2])
        total += u[1] * u[2] * t
    return total + np.sum(u * u)


def heat_plain(u, c, n, k=3):
    total = 0.0
    for t in range(n):
        u[1:-1] += c * np.sin(u[2:] - 2.0 * u[1:-1] + u[:-2])
        total += u[1] * u[2] * t
    return total + np.sum(u * u)


def two_buffers(u, c, n):
    u = u.copy()
    v = np.zeros_like(u)
    for _ in srcdiff.checkpointed(range(n), snapshots=4):
        v[1:-1] = u[1:-1] + c * np.sin(u[2:] - 2.0 * u[1:-1] + u[:-2])
        u, v = v, u
    return np.sum(u * u)


def several(u, c, n):
    """Variables of several kinds, and one that is first bound in the loop."""
    x = u * 1.0
    v = np.zeros_like(u)
    count = 0
    for t in srcdiff.checkpointed(range(2, n), snapshots=3):
        a = -c * np.sin(x) + u[0] * t
        v = v + 0.1 * a
        x = x + 0.1 * v
        if x[0] > 0.5:
            count += 1
            c = c * 0.99
        last = x[-1] * t
    return np.sum(x) * last + count * c + t


def stepped(u, c, n):
    s = c
    for t in srcdiff.checkpointed(range(n, 0, -3), snapshots=2):
        s = s + np.sin(s * u[0]) * t
    return s * s


def over_rows(u, c, n):
    s = c
    A = np.outer(u, np.arange(1.0, n + 1.0))
    for k, row in srcdiff.checkpointed(enumerate(A), snapshots=2):
        s = np.sin(s + row @ row) + k * s
    return s


def left_early(u, c, n):
    s = c
    for t in srcdiff.checkpointed(range(n), snapshots=3):
        s = s + 0.1 * np.sin(s) * u[1]
        if s > 2.0:
            break
        if t % 3 == 1:
            continue
        s = s * (1.0 + 0.01 * u[2])
    else:
        s = s * c
    return s * u[0] + t


def returned_from(u, c, n):
    for t in srcdiff.checkpointed(range(n), snapshots=3):
        c = c + 0.1 * np.sin(c) * u[1]
        if c > 1.5:
            return c * t * u[0]
    return c * c


def endless(u, c, limit):
    x = u * c
    for t in srcdiff.checkpointed(itertools.count(1), snapshots=4):
        x = x + 0.1 * c * np.sin(x)
        if np.sum(x) > limit:
            break
    return np.sum(x * x) + t


def in_a_loop(u, c, n):
    """Nested loops, each with snapshots."""
    for _ in srcdiff.checkpointed(range(n), snapshots=2):
        for t in srcdiff.checkpointed(range(n), snapshots=2):
            u = u + 0.01 * c * np.sin(u * t)
        for t in range(2):
            c = c * np.cos(0.1 * c * t)
    return np.sum(u) * c


def called_often(u, c, n):
    """Several runs of one loop put their snapshots onto one list."""
    total = 0.0
    for k in range(n):
        x = u[k % len(u)]
        for t in srcdiff.checkpointed(range(k), snapshots=2):
            x = x + c * np.sin(x) * t
        total += x * x
    return total


def written_row(u, c, n):
    """What is written is a part of an array that is read elsewhere."""
    A = np.outer(u, u)
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        A[1] = A[1] + c * np.sin(A[0]) * t
    return np.sum(A * A)


def with_parts(u, c, n):
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        u = layer(u, c * t)
    return np.sum(u)


def written_later(u, c, n):
    """What the loop has written is written again, by who has other names for it."""
    y = u * 2.0
    z = u * 3.0
    w = y[1:]
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        y[t % len(y)] += np.sin(z[0]) * c
        z = y * 1.0
    y[0] = u[0]
    w[1] *= c
    return np.sum(y * z)


def bound_anew_and_written(u, c, n):
    y = u * 2.0
    z = u * 3.0
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        y[t % len(y)] = np.sin(z[0]) * c
        z = y * 1.0
        y = z * c
    y[0] = u[0]
    return np.sum(y * z)


def refused_and_caught(u, c, n):
    """Exceptions, context managers and loops of other kinds in the trips."""
    scale = 1.0
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        try:
            scale = np.linalg.cholesky(np.outer(u, u) + np.eye(len(u)) * (t - 0.5))[0, 0]
        except np.linalg.LinAlgError:
            scale = c
        with np.errstate(all="ignore"):
            u = np.sin(u * np.tanh(scale)) + 0.1 * u
        k = 0
        while k < 3:
            u = u + 0.001 * u[k] * u
            k += 1
    return np.sum(u) * k


def a_history(u, c, n):
    kept = np.empty((n + 1, len(u)))
    kept[0] = u
    for t in srcdiff.checkpointed(range(1, n + 1), snapshots=2):
        kept[t] = np.sin(kept[t - 1]) * c + u
    return np.sum(kept * kept)


WEIGHTS = np.array([0.5, -0.25, 1.5, 1.0, 0.75, 2.0])


def captured(u, c, n):
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        u = np.sin(u * WEIGHTS) + c * WEIGHTS[t % 6]
    return np.sum(u)


def structures(u, c, n):
    model = Model(c, u[0])
    p = (u * 1.0, c)
    for _ in srcdiff.checkpointed(range(n), snapshots=2):
        hidden, s = model.step(p[0])
        p = (hidden + p[0], s * p[1])
    return np.sum(p[0]) + p[1]


LOOPS = [heat, two_buffers, several, stepped, over_rows, left_early, returned_from, endless, in_a_loop, called_often]
LOOPS += [written_row, with_parts, captured, structures, written_later, a_history]


@pytest.mark.parametrize("n", [3, 8, 17])
@pytest.mark.parametrize("f", LOOPS, ids=lambda f: f.__name__)
def test_loops(f: Any, n: int) -> None:
    check_grad(f, (U, 0.3, n), wrt=(0, 1), order=2 if n == 3 else 1)


def test_loops_with_handlers() -> None:
    check_grad(refused_and_caught, (U, 0.3, 17), wrt=(0, 1))


@pytest.mark.jit
@pytest.mark.parametrize("f", LOOPS[:: 1 if FULL else 3], ids=lambda f: f.__name__)
def test_loops_compiled(f: Any) -> None:
    check_grad(f, (U, 0.3, 11), wrt=(0, 1), jit=True)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5, 30, 200])
@pytest.mark.parametrize("k", [1, 2, 5, 1000])
def test_like_the_loop_itself(n: int, k: int) -> None:
    same_as(heat_plain, heat, U, 0.3, n, k)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("f", [two_buffers, stepped, over_rows, returned_from, in_a_loop, called_often, written_row])
def test_no_trip_and_one(f: Any, n: int) -> None:
    check_grad(f, (U, 0.3, n), wrt=(0, 1))


def test_what_no_trip_has_bound() -> None:
    with pytest.raises(UnboundLocalError):
        srcdiff.grad(several)(U, 0.3, 2)


def test_the_argument_stays_as_it_is() -> None:
    u = U.copy()
    srcdiff.grad(heat)(u, 0.3, 10)
    assert (u == U).all()


def test_forward_mode_is_just_the_loop() -> None:
    text = srcdiff.source(srcdiff.jvp(heat, wrt=(0, 1)), U, 0.3, 9, 3, U, 1.0)
    assert "snapshot" not in text
    assert "def heat_loop" not in text


def test_second_derivatives() -> None:
    v = np.cos(U)
    expected = srcdiff.hvp(heat_plain)(U, 0.3, 9, 3, v)
    np.testing.assert_allclose(srcdiff.hvp(heat)(U, 0.3, 9, 3, v), expected, rtol=1e-10)
    np.testing.assert_allclose(srcdiff.jacobian(srcdiff.grad(heat))(U, 0.3, 9, 3) @ v, expected, rtol=1e-10)


def test_it_is_the_iterable_itself() -> None:
    trips = range(3)
    assert srcdiff.checkpointed(trips, snapshots=2) is trips
    for bad in (0, 1.5, True):
        with pytest.raises(BadArgument, match="number of states"):
            srcdiff.checkpointed(trips, snapshots=bad)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------ work and memory


def optimum(n: int, k: int) -> int:
    """The least number of trips that run forward to reverse `n` of them with `k` snapshots (Griewank and Walther)."""
    r = 0
    while math.comb(k + r, k) < n:
        r += 1
    return r * n - math.comb(k + r, k + 1)


def wave(x, n, k):
    for _ in srcdiff.checkpointed(range(n), snapshots=k):
        x = math.cos(x)
    return x


def wave_until(x, n, k):
    for t in srcdiff.checkpointed(itertools.count(1), snapshots=k):
        x = math.cos(x)
        if t >= n:
            break
    return x


def cosines(derivative: Callable[..., Any], *args: Any) -> int:
    """How often a derivative calls `math.cos`: once for each trip that is run (its adjoint calls `math.sin`)."""
    derivative(*args)
    calls = 0

    def count(_: object, event: str, function: object) -> None:
        nonlocal calls
        calls += event == "c_call" and function is math.cos

    sys.setprofile(count)
    try:
        derivative(*args)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(("n", "k"), [(1, 3), (5, 5), (6, 5), (7, 5), (40, 1), (100, 3), (200, 10), (1000, 7)])
def test_the_work_is_the_least_possible(n: int, k: int) -> None:
    """The loop itself runs its last trip, too, which `optimum` leaves to the reversal."""
    assert cosines(srcdiff.grad(wave), 0.5, n, k) == optimum(n, k) + 1


def test_ten_thousand_trips_with_twenty_snapshots() -> None:
    calls = cosines(srcdiff.grad(wave), 0.5, 10_000, 20)
    assert calls == 37_977
    assert round(calls / 10_000, 1) == 3.8


@pytest.mark.parametrize(("n", "k"), [(10, 3), (100, 5), (500, 10)])
def test_of_unknown_length_it_is_little_more(n: int, k: int) -> None:
    assert optimum(n, k) < cosines(srcdiff.grad(wave_until), 0.5, n, k) <= 1.25 * optimum(n, k)


def test_the_splits_are_best() -> None:
    best: dict[tuple[int, int], int] = {}
    for n in range(1, 40):
        for k in range(1, 8):
            if n == 1 or k == 1:
                best[n, k] = n * (n - 1) // 2
                continue
            costs = {m: m + best[m, k] + best[n - m, k - 1] for m in range(1, n)}
            best[n, k] = min(costs.values())
            assert costs[next_snapshot(0, n, k - 1)] == best[n, k] == optimum(n, k)


def test_a_schedule_of_unknown_length_keeps_the_first_and_the_last() -> None:
    for k in (1, 2, 3, 8):
        frames: list[int] = []
        levels = np.zeros(k + 1, np.int64)
        for trip in range(300):
            make_room(frames, 0, levels)
            frames.append(trip)
            assert frames == sorted(set(frames))
            assert (frames[0], frames[-1], len(frames)) == (0, trip, min(trip + 1, k + 1))


def long_heat(u, c, n, k):
    for _ in srcdiff.checkpointed(range(n), snapshots=k):
        u[1:-1] += c * np.sin(u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def long_heat_until(u, c, n, k):
    for t in srcdiff.checkpointed(itertools.count(1), snapshots=k):
        u[1:-1] += c * np.sin(u[2:] - 2.0 * u[1:-1] + u[:-2])
        if t >= n:
            break
    return np.sum(u * u)


@pytest.mark.parametrize("f", [long_heat, long_heat_until], ids=lambda f: f.__name__)
def test_memory_grows_with_the_snapshots(f: Any) -> None:
    """Not with the trips: in units of one state, with some for what a trip itself needs."""
    u = np.linspace(0.0, 1.0, 2000)
    derivative = srcdiff.grad(f)
    few, many = (peak(derivative, u, 0.3, 100, k) / u.nbytes for k in (5, 50))
    assert few < 5 + 20
    assert 40 < many - few < 50
    assert peak(derivative, u, 0.3, 400, 5) / u.nbytes < few + 2


def test_under_numba_memory_is_bounded_too() -> None:
    """The text is the same: the list has no more than the snapshots and the current state."""
    text = srcdiff.source(srcdiff.grad(long_heat), U, 0.3, 10, 4)
    assert text.count("_tape.append(") == 3
    assert "next_snapshot(" in text


# ------------------------------------------------------------------------------------------------ the page, an example


def test_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "checkpointing.md").read_text(encoding="utf-8")
    file = tmp_path / "page_of_checkpoints.py"
    file.write_text("".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)), encoding="utf-8")
    names = runpy.run_path(str(file))
    text = capsys.readouterr().out
    for name in (
        "def layer(",
        "def layer_vjp(",
        "def rod_loop(u, c, start, stop)",
        "def rod_step_vjp(",
        "next_snapshot(",
    ):
        assert name in text
    u = np.linspace(0.0, 1.0, 50)
    above, below = (names["rod"](u.copy(), 0.2 + h, 1000) for h in (1e-6, -1e-6))
    assert names["c_bar"] == pytest.approx((above - below) / 2e-6, rel=1e-5)
    for trips, snapshots, factor in re.findall(r"\| ([\d,]+) \| (\d+) \| ([\d.]+) \|", page):
        n = int(trips.replace(",", ""))
        assert f"{optimum(n, int(snapshots)) / n:.1f}" == factor


def test_the_example() -> None:
    module = runpy.run_path(str(ROOT / "examples" / "heated_rod.py"))
    u, c, target = module["problem"]()
    few, states, _ = module["measured"](module["misfit"], u, c, target, 300)
    every, all_states, _ = module["measured"](module["misfit_keeping_all"], u, c, target, 300)
    np.testing.assert_allclose(few[0], every[0], rtol=1e-9)
    np.testing.assert_allclose(few[1], every[1], rtol=1e-9)
    assert few[1][0] == pytest.approx(module["difference"](u, c, target, 300), rel=1e-5)
    assert states < 60 < 300 < all_states


# ------------------------------------------------------------------------------------------------------------- refused


def draws(x, rng):
    for _ in srcdiff.checkpointed(range(5), snapshots=2):
        x = x * rng.normal()
    return x


def prints(x):
    return told(x) * 2.0


@srcdiff.checkpoint
def told(x):
    print(x)
    return x * x


def first_on_some_paths(x, n):
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        if t > 0:
            x = x * y  # noqa: F821
        y = np.sin(x)
    return x


def maybe_bound(x, n):
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        x = np.sin(x)
        if t > 2:
            y = x
    return x * y


def tells(x, n):
    where = f"before {n}"
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        x = np.sin(x)
        where = f"trip {t}"
    if x > 2.0:
        raise ValueError(where)
    return x


def grows(x, n):
    kept = [x]
    for _ in srcdiff.checkpointed(range(n), snapshots=2):
        x = np.sin(x)
        kept.append(x)
    return x * kept[1]


def one_array_twice(u, n):
    u = u.copy()
    v = np.zeros_like(u)
    for t in srcdiff.checkpointed(range(n), snapshots=2):
        v[0] += np.sin(u[1])
        if t == 2:
            u = v
    return np.sum(u * v)


def an_argument_swapped(u, v):
    for _ in srcdiff.checkpointed(range(3), snapshots=2):
        v[0] += np.sin(u[1])
        u, v = v, u
    return np.sum(u)


def elsewhere(x, n):
    trips = srcdiff.checkpointed(range(n), snapshots=2)
    for _ in trips:
        x = np.sin(x)
    return x


def without_number(x, n):
    for _ in srcdiff.checkpointed(range(n)):
        x = np.sin(x)
    return x


REFUSED: list[tuple[Any, tuple[Any, ...], type[Exception], str]] = [
    (draws, (0.5, np.random.default_rng(1)), UnsupportedCall, "in what the reverse sweep computes again"),
    (prints, (0.5,), UnsupportedCall, "`print` in what the reverse sweep computes again"),
    (first_on_some_paths, (0.5, 3), UnsupportedSyntax, "give `y` a value before the loop"),
    (maybe_bound, (0.5, 3), UnsupportedSyntax, "binds on some of its paths only"),
    (tells, (0.5, 3), UnsupportedType, "`where`, a str, in what the reverse sweep computes again"),
    (grows, (0.5, 3), UnsupportedType, "`kept`, a list, in what the reverse sweep computes again"),
    (one_array_twice, (U, 3), AmbiguousAlias, "written in place and bound to another array"),
    (an_argument_swapped, (U, U.copy()), AmbiguousAlias, "start from copies"),
    (bound_anew_and_written, (U, 0.3, 3), AmbiguousAlias, "how many trips there were"),
    (elsewhere, (0.5, 3), UnsupportedSyntax, "outside of the head of a loop"),
    (without_number, (0.5, 3), UnsupportedCall, "whole number above zero"),
]


@pytest.mark.parametrize(("f", "args", "error", "text"), REFUSED, ids=lambda v: getattr(v, "__name__", None))
def test_refused(f: Any, args: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text) as found:
        srcdiff.grad(f)(*args)
    assert "test_checkpoint.py" in str(found.value)


# ------------------------------------------------------------------------------------------------ what is not read


@srcdiff.dynamic
def noisy(s):
    return s * np.random.normal()


def deep_noise(s, n):
    return s if n == 0 else deep_noise(noisy(s), n - 1)


def noise_in_a_loop(x):
    s = x
    for _ in srcdiff.checkpointed(range(4), snapshots=2):
        s = np.sin(noisy(s))
    return s


def noise_in_a_part(x):
    return srcdiff.checkpoint(lambda s: np.sin(noisy(s)))(x)


def noise_in_a_recursion(x):
    return srcdiff.checkpoint(lambda s: np.sin(deep_noise(s, 2)))(x)


@pytest.mark.parametrize("f", [noise_in_a_loop, noise_in_a_part, noise_in_a_recursion])
def test_what_is_not_read_is_not_computed_again(f: Any) -> None:
    with pytest.raises(
        UnsupportedCall, match="`noisy`, which runs on the tape, in what the reverse sweep computes again"
    ):
        srcdiff.grad(f)(0.5)


# ------------------------------------------------------------------------------------- what only the next trip reads


def turned(x, v, n):
    """Nobody reads `x` when the loop has ended, but each trip reads that of the one before."""
    for _ in srcdiff.checkpointed(range(n), snapshots=3):
        y = np.sin(x) + 0.1 * x * x
        v = np.cos(x) * v + 0.2 * x * v
        x = y
    return np.sum(v)


def counted(x, n):
    k = 1.0
    for _ in srcdiff.checkpointed(range(n), snapshots=2):
        x = x * np.cos(k * x)
        k = k + 0.25
    return np.sum(x)


def step(x):
    return np.sin(x) + 0.1 * x * x


def along(x, v, n):
    for _ in srcdiff.checkpointed(range(n), snapshots=5):
        x, v = srcdiff.jvp(step, (x,), (v,))
    return np.sum(v)


def advanced(x, n):
    for _ in srcdiff.checkpointed(range(n), snapshots=5):
        x = step(x)
    return np.sum(x)


@pytest.mark.parametrize("trips", [0, 1, 2, 3, 9])
def test_what_only_the_next_trip_reads(trips):
    x, v = np.array([0.1, 0.2, 0.5]), np.array([1.0, 0.5, -0.3])
    check_grad(turned, (x, v, trips), wrt=(0, 1))
    check_grad(counted, (x, trips))


def test_second_derivatives_in_bounded_memory():
    x = np.linspace(0.1, 0.5, 2000)
    v = np.cos(x)
    product = srcdiff.grad(along)
    np.testing.assert_allclose(product(x, v, 30), srcdiff.hvp(advanced)(x, 30, v), rtol=1e-10)
    peaks = []
    for trips in (50, 200):
        product(x, v, trips)
        tracemalloc.start()
        product(x, v, trips)
        peaks.append(tracemalloc.get_traced_memory()[1] / x.nbytes)
        tracemalloc.stop()
    assert max(peaks) < 30
