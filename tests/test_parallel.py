"""Loops that run on several cores: which ones do, what the text says, the same bits in every run, what is refused.

The text is Python: most of it is run as such, with its chunks in several orders, which shows what depends on their
order without threads, and every time. What Numba makes of it is looked at for a few programs only.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from parallel_text import ANY_LENGTH, PARALLEL, bits, in_orders
from parallel_text import run as run_text
from thinning import FULL

import srcdiff
from srcdiff.errors import BadOutput, NotParallel, ParallelUnavailable, Refusal, TripFailed
from srcdiff.optimise import chunks, parallel

pytest.importorskip("numba", reason="the text names Numba's prange")

X = np.linspace(-0.7, 1.9, 41)
W = np.array([0.3, -0.4, 1.2])
ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.usefixtures("any_length")


def text(f: Callable[..., Any], wrt: Any, *args: Any) -> str:
    """The parallel text, after it has been held against the plain derivative, in several orders of its chunks."""
    derivative = srcdiff.value_and_grad(f, wrt=wrt, jit=PARALLEL)
    value, *found = in_orders(derivative, args)
    wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    assert value == pytest.approx(wanted[0], rel=1e-12)
    for a, b in zip(found, wanted[1] if isinstance(wanted[1], tuple) else (wanted[1],), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    return srcdiff.source(derivative, *args)


def sweeps(text: str) -> tuple[int, int]:
    """How many parallel loops the forward and the reverse sweep have. (One loop that is both counts as forward.)"""
    forward, _, reverse = text.partition("# reverse sweep\n")
    return forward.count("in prange("), reverse.count("in prange(")


# --------------------------------------------------------------------------------------------------- parallel loops


def waves(x, w, rate):
    total = 0.0
    for i in range(len(x)):
        s = 0.0
        for j in range(len(w)):
            s += w[j] * math.sin(rate * x[i] + j)
        total += s * s
    return total


def test_the_text() -> None:
    """Both sweeps in one loop: one start, and what each chunk adds up apart."""
    found = text(waves, ("x", "w", "rate"), X, W, 0.4)
    assert sweeps(found) == (1, 0)
    assert (
        textwrap.indent(
            textwrap.dedent(
                """\
                total_parts = np.zeros(32)
                rate_bar_parts = np.zeros(32)
                w_bar_parts = zeroed_workspace((32, len(w_bar)))
                for chunk in prange(32):
                    total_part = 0.0
                    rate_bar_part = 0.0
                    w_bar_part = w_bar_parts[chunk]
                    for i in range(chunk * n // 32, (chunk + 1) * n // 32):
                """
            ),
            "    ",
        )
        in found
    ), found
    assert "            w_bar_part[j] += s_1 * s_bar" in found
    assert "x_bar[i] = x_bar_i" in found  # an element of each trip's own: no partial sums
    assert found.rstrip().endswith(
        "    for chunk in range(32):\n        total += total_parts[chunk]\n"
        "        rate_bar += rate_bar_parts[chunk]\n        w_bar += w_bar_parts[chunk]\n"
        "    return total, x_bar, w_bar, rate_bar"
    ), found


def test_nothing_else_changes_without_the_option() -> None:
    jitted = srcdiff.value_and_grad(waves, wrt=("x", "w"), jit=True)
    assert "chunk" not in srcdiff.source(jitted, X, W, 0.4)
    assert srcdiff.source(jitted, X, W, 0.4, jit=PARALLEL).count("in prange(") == 1


def paths(start, drift, noise, barrier):
    """Left early, with a list for what is kept: each chunk has one of its own."""
    payoff = 0.0
    for p in range(noise.shape[0]):
        s = start
        for t in range(noise.shape[1]):
            s = s * math.exp(drift + 0.1 * noise[p, t])
            if s > barrier:
                break
        payoff += s * s
    return payoff


def roots(x, tolerance):
    total = 0.0
    for i in range(len(x)):
        v = 1.0
        while abs(v * v - abs(x[i]) - 1.0) > tolerance:
            v = 0.5 * (v + (abs(x[i]) + 1.0) / v)
        total += v
    return total


def test_lists_of_each_chunk() -> None:
    noise = np.random.default_rng(3).normal(size=(40, 6))
    found = text(paths, ("start", "drift", "noise"), 1.0, 0.02, noise, 1.2)
    assert sweeps(found) == (1, 1)
    assert "s_tapes = stacks(32, 0.0)" in found
    assert "s_tape_1 = s_tapes[chunk]" in found
    assert "for p in range((chunk + 1) * n // 32 - 1, chunk * n // 32 - 1, -1):" in found
    assert "s = s_tape_1.pop()" in found
    assert sweeps(text(roots, "x", X, 1e-9)) == (1, 1)


def heat(u, alpha, steps):
    u = u.copy()
    for _ in range(steps):
        v = u.copy()
        for i in range(1, len(u) - 1):
            u[i] = v[i] + alpha * (v[i - 1] - 2.0 * v[i] + v[i + 1])
    total = 0.0
    for i in range(len(u)):
        total += u[i] * u[i]
    return total


def matrix(a, b):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            c = 0.0
            for k in range(a.shape[1]):
                c += a[i, k] * b[k, j]
            total += c * c
    return total


def scattered(x, places):
    y = np.zeros(7)
    for i in range(len(x)):
        y[places[i]] += x[i] * x[i]
    total = 0.0
    for k in range(len(y)):
        total += y[k] * y[k] * (k + 1)
    return total


def work_space(x, w):
    total = 0.0
    for i in range(len(x)):
        own = np.empty(3)
        for j in range(3):
            own[j] = x[i] * w[j] * w[j]
        for j in range(3):
            total += own[j] * own[j]
    return total


def every_second(x):
    total = 0.0
    for i in range(3, len(x), 2):
        total += x[i] ** 3
    return total


def backwards(x):
    y = np.zeros_like(x)
    for i in range(len(x) - 1, -1, -1):
        y[i] = math.sin(x[i])
    return np.sum(y * y)


def single(x):
    s = 0.0 * x[0]
    for i in range(len(x)):
        s += x[i] * x[i]
    return s


def counted(x):
    n = 0
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            n += 1
            total += x[i] * x[i]
    return total / n


def half_of_a_row(m, w):
    total = 0.0
    for i in range(m.shape[0]):
        total += np.sum(m[i, 1:] * w)
    return total


def guarded(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            total += math.sqrt(x[i])
    return total


def pairs(x):
    """Of the square of its length the first loop has to do, and next to nothing in each trip the second and third."""
    force = np.zeros(len(x))
    for i in range(len(x)):
        s = 0.0
        for j in range(len(x)):
            s += x[j] * x[i] * x[j]
        force[i] = s
    for i in range(len(x)):
        for k in range(2):
            force[i] += (k - 0.5) * x[i]
    total = 0.0
    for i in range(len(x)):
        total += force[i] * force[i] / 3.0
    return total


def smooth_sums(x):
    """Next to a deeper loop one that has little nesting: whatever is in it, the deeper one does more."""
    total = 0.0
    for i in range(len(x)):
        for j in range(len(x)):
            total += x[i] * x[j] * x[j]
    for i in range(len(x)):
        total += math.log(1.0 + x[i] * x[i])
    return total


SQUARE = np.random.default_rng(1).normal(size=(5, 5))

INDEPENDENT: list[tuple[Callable[..., Any], Any, tuple[Any, ...], tuple[int, int]]] = [
    (
        heat,
        ("u", "alpha"),
        (X, 0.2, 3),
        (2, 1),
    ),  # not the sum, which is nested less, nor the stencil, for which `v_bar` would be copied
    (pairs, "x", (X,), (1, 1)),
    (smooth_sums, "x", (X,), (1, 1)),
    (matrix, ("a", "b"), (SQUARE, SQUARE.T.copy()), (1, 0)),
    (scattered, "x", (X, np.arange(41) % 7), (1, 1)),  # not the seven sums
    (work_space, ("x", "w"), (X, W), (1, 1)),
    (every_second, "x", (X,), (1, 1)),
    (backwards, "x", (X,), (2, 1)),
    (counted, "x", (X,), (1, 1)),
    (half_of_a_row, ("m", "w"), (SQUARE, np.ones(4)), (1, 1)),
    (guarded, "x", (X,), (1, 1)),
]


@pytest.mark.parametrize(("f", "wrt", "args", "count"), INDEPENDENT, ids=lambda v: getattr(v, "__name__", ""))
def test_independent_loops(f: Callable[..., Any], wrt: Any, args: tuple[Any, ...], count: tuple[int, int]) -> None:
    assert sweeps(text(f, wrt, *args)) == count


@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 100])
def test_any_number_of_trips(n: int) -> None:
    x = np.linspace(0.1, 2.0, n)
    text(waves, ("x", "w"), x, W, 0.4)
    text(every_second, "x", x)
    text(guarded, "x", x)


def test_a_negative_number_of_trips() -> None:
    def steps(x, n):
        total = 0.0
        for i in range(2, n):
            for j in range(len(x)):  # (more than private copies of `x_bar` cost)
                total += np.sin(x[j] * i)
        return total

    for n in (-40, 0, 2, 50):
        assert sweeps(text(steps, "x", X, n))[1] == 1


def test_single_precision_stays() -> None:
    x = X.astype(np.float32)
    derivative = srcdiff.value_and_grad(single, jit=PARALLEL)
    value, gradient = in_orders(derivative, (x,))
    assert gradient.dtype == np.float32
    assert type(value) is np.float32
    assert "np.zeros(32, np.float32)" in srcdiff.source(derivative, x)


def test_tangents() -> None:
    derivative = srcdiff.jvp(waves, wrt=("x", "rate"), jit=PARALLEL)
    args = (X, W, 0.4, np.cos(X), 0.5)
    found = srcdiff.source(derivative, *args)
    assert found.count("in prange(") == 1
    assert "total_dot += total_dot_parts[chunk]" in found
    space: dict[str, Any] = {}
    exec(found, space)
    wanted = srcdiff.jvp(waves, wrt=("x", "rate"))(*args)
    np.testing.assert_allclose(space["waves_jvp"](*args), wanted, rtol=1e-12)


def test_derivatives_of_derivatives_read_the_plain_text() -> None:
    def slope(x, w):
        return srcdiff.grad(waves, jit=PARALLEL)(x, w, 0.4)[3]

    np.testing.assert_allclose(
        srcdiff.grad(slope)(X, W),
        srcdiff.grad(lambda x, w: srcdiff.grad(waves)(x, w, 0.4)[3])(X, W),
        rtol=1e-12,
    )


# ------------------------------------------------------------------------------------------------- arrays of trips


def springs(x, m):
    total = 0.0
    for i in range(len(m)):
        force = 0.0
        for j in range(len(m)):
            d = x[j, 0] - x[i, 1]
            w = 1.0 / math.sqrt(d * d + 0.1)
            force += w * m[j] * d
        total += force * force
    return total


def test_vectors_stay_and_each_chunk_has_their_rows() -> None:
    x = np.linspace(-1.0, 1.0, 80).reshape(40, 2)
    derivative = srcdiff.jvp(springs, wrt="x", jit=PARALLEL)
    args = (x, x[:, 0].copy(), np.cos(x))
    found = srcdiff.source(derivative, *args)
    assert "\n    x_0[" not in found
    assert "\n        w_row = np.empty(len(m))\n" in found.partition("in prange(32):")[2]
    assert found.count("w_row = ") == 1
    np.testing.assert_allclose(derivative(*args), srcdiff.jvp(springs, wrt="x")(*args), rtol=1e-12)


# ------------------------------------------------------------------------------------------------- no check is needed


def test_a_guard_only_where_an_exception_is_possible() -> None:
    def surely(x):
        total = 0.0
        for i in range(len(x)):
            total += math.exp(x[i])
        return total

    def perhaps(x, w):
        total = 0.0
        for i in range(len(x)):
            total += x[i] * w[i]
        return total

    assert "finished = " in text(perhaps, "x", X, X)
    assert "finished = " not in text(raising, "x", X)
    assert "finished = " not in srcdiff.source(srcdiff.jvp(surely, wrt="x", jit=PARALLEL), X, X)


# ---------------------------------------------------------------------------------------------------------- refusals


def recurrence(x, a):
    s = 0.0
    for i in range(len(x)):
        s = math.sin(a * s) + x[i]
    return s


def running(x):
    y = np.zeros_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i]
    return y[len(x) - 1]


def permuted(x, places):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[places[i]] = x[i] ** 2
    return y[0] + y[1]


def few(x):
    total = 0.0
    for i in range(3):
        total += x[i] ** 2
    return total


def waiting(x):
    v = x[0]
    while v > 0.1:
        v = math.sin(v) * x[1]
    return v


def largest(x):
    most = 0.0
    for i in range(len(x)):
        most = max(most, x[i] * x[i])
    return most


def shared_work_space(x, w):
    own = np.empty(3)
    total = 0.0
    for i in range(len(x)):
        for j in range(3):
            own[j] = math.sin(x[i] * w[j])
        for j in range(3):
            total += own[j] * own[j]
    return total


def read_after(x):
    total = 0.0
    y = 0.0
    for i in range(len(x)):
        y = x[i] ** 2
        total += y
    return total + y


def no_loop(x):
    return x * x


def product(x):
    p = 1.0
    for i in range(len(x)):
        p *= x[i]
    return p


REFUSED: list[tuple[Callable[..., Any], tuple[Any, ...], str, str]] = [
    (recurrence, (X, 0.3), "it passes `s` on to later trips", "s = math.sin(a * s) + x[i]"),
    (running, (X,), "`y` that another trip reads", "y[i] = y[i - 1] * x[i]"),
    (permuted, (X, np.arange(41)), "`y` that another trip", "y[places[i]] = x[i] ** 2"),
    (few, (X,), "it has 3 trips only", "for i in range(3):"),
    (waiting, (np.array([0.9, 0.8]),), "how many trips it has is only known when it ends", "while v > 0.1:"),
    (largest, (X,), "it passes `most` on to later trips", "most = max(most, x[i] * x[i])"),
    (shared_work_space, (X, W), "`own` that another trip", "own[j] = math.sin(x[i] * w[j])"),
    (product, (X,), "it passes `p` on to later trips", "p *= x[i]"),
    (read_after, (X,), "its last trip gives `y` is read after the loop", "y = x[i] ** 2"),
    (no_loop, (1.5,), "on several cores", "def no_loop(x):"),
]


@pytest.mark.parametrize(("f", "args", "why", "line"), REFUSED, ids=lambda v: getattr(v, "__name__", ""))
def test_refused(f: Callable[..., Any], args: tuple[Any, ...], why: str, line: str) -> None:
    derivative = srcdiff.value_and_grad(f, jit=PARALLEL)
    for call in (lambda: derivative(*args), lambda: srcdiff.source(derivative, *args)):
        with pytest.raises(NotParallel) as caught:
            call()
        said = str(caught.value)
        assert why in said
        assert line in said
        assert "fix: leave out `parallel`" in said


def printed(x):
    total = 0.0
    for i in range(len(x)):
        print("at", i)
        total += x[i] ** 2
    return total


def drawn(x, rng):
    total = 0.0
    for i in range(len(x)):
        total += x[i] ** 2 * rng.normal()
    return total


def raising(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 100.0:
            raise ValueError("too large")
        total += x[i] ** 2
    return total


def left_early(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 1.0:
            break
        total += x[i] ** 2
    return total


@pytest.mark.parametrize("f", [printed, drawn, raising, left_early])
def test_loops_that_keep_their_order_beside_others_that_do_not(f: Callable[..., Any]) -> None:
    args = (X, np.random.default_rng(0)) if f is drawn else (X,)
    found = srcdiff.source(srcdiff.value_and_grad(f, jit=PARALLEL), *args)
    forward, reverse = sweeps(found)
    assert forward == 0
    assert reverse == 1


def shrinking(x):
    """A bound that its own loop gives a new value."""
    n = len(x)
    total = 0.0
    for i in range(n):
        n = i + 1
        total += x[i] * n
    return total


def test_bounds_that_change_in_the_loop() -> None:
    found = text(shrinking, "x", X)
    assert "(chunk + 1) * n //" not in found.partition("n = i + 1")[0]


# -------------------------------------------------------------------------------------------------- what Numba makes


def test_the_same_bits_in_every_run() -> None:
    x = np.random.default_rng(5).normal(size=5000)
    derivative = srcdiff.value_and_grad(waves, wrt=("x", "w", "rate"), jit=PARALLEL)
    first = derivative(x, W, 0.3)
    assert all(bits(derivative(x, W, 0.3)) == bits(first) for _ in range(20))
    value, gradients = srcdiff.value_and_grad(waves, wrt=("x", "w", "rate"), jit=True)(x, W, 0.3)
    assert first[0] == pytest.approx(value, rel=1e-12)
    for a, b in zip(first[1], gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.jit
def test_every_compilation_has_the_same_options() -> None:
    """Numba takes the options out of the dict that it is given: the second derivative of a process had all that it does
    in parallel by itself, sums whose value depends on the number of cores included."""
    from numba.core.cpu import ParallelOptions

    from srcdiff.compiled import compiled
    from srcdiff.jit_options import Jit

    kept = []
    for f in (waves, half_of_a_row):
        derivative = srcdiff.value_and_grad(f, wrt=(0, 1), jit=PARALLEL)
        args = (X, W, 0.3) if f is waves else (SQUARE, np.ones(4))
        dispatcher = compiled(derivative.prepare(args).built.plain, Jit(parallel=True), False)
        for _ in range(2):  # as it is read for two combinations of argument types
            kept.append(ParallelOptions(dispatcher.targetoptions["parallel"]))
    assert kept[0].prange
    assert not (kept[0].numpy or kept[0].reduction or kept[0].setitem)
    assert all(one == kept[0] for one in kept)


PROGRAM = (
    ANY_LENGTH
    + """
import sys, threading
import numpy as np, srcdiff

def total(x, w):
    s = 0.0
    for i in range(len(x)):
        v = 1.0
        while v < 4.0:
            v = v * (1.5 + w * x[i] * x[i])
        s += v
    return s

if __name__ == "__main__":
    x = np.random.default_rng(0).normal(size=3000)
    derivative = srcdiff.value_and_grad(total, wrt=("x", "w"), jit={"parallel": True})
    value, (x_bar, w_bar) = derivative(x, 0.3)
    print(value.hex(), w_bar.hex(), x_bar.tobytes().hex()[:400], srcdiff.cache.info().entries)
"""
)


def run(program: str, cache: Path, **environment: str) -> str:
    space = {**os.environ, "PYTHONPATH": str(ROOT), "SRCDIFF_CACHE": "1", "SRCDIFF_CACHE_DIR": str(cache)}
    space |= environment
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=space, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_same_bits_on_any_number_of_cores_and_from_the_cache(tmp_path: Path) -> None:
    one = run(PROGRAM, tmp_path, NUMBA_NUM_THREADS="1")
    two = run(PROGRAM, tmp_path, NUMBA_NUM_THREADS="2")  # loads what the first has compiled
    assert one == two
    assert one.split()[-1] == "1"


FAILS = (
    ANY_LENGTH
    + """
import numpy as np, srcdiff
from srcdiff.errors import TripFailed

def product(x, w):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * w[i]
    return s

derivative = srcdiff.grad(product, wrt=("x", "w"), jit={"parallel": True})
long, short = np.ones(90), np.ones(60)
for _ in range(5):
    print(derivative(long, long)[0].sum())
    try:
        derivative(long, short)
    except TripFailed as problem:
        print("derivative of product" in str(problem))
"""
)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_exception_in_a_trip_is_not_lost(tmp_path: Path, threads: str) -> None:
    assert run(FAILS, tmp_path, NUMBA_NUM_THREADS=threads).split() == ["90.0", "True"] * 5


def test_plain_text_raises_the_exception_itself() -> None:
    derivative = srcdiff.grad(half_of_a_row, wrt=("m", "w"), jit=PARALLEL)
    ready = derivative.prepare((SQUARE, np.ones(4)))
    with pytest.raises(ValueError, match="broadcast"):
        ready.built.plain(SQUARE, np.ones(3))
    assert issubclass(TripFailed, RuntimeError)


THREADS = (
    PROGRAM
    + """
    wrong = []
    def work():
        for _ in range(50):
            if derivative(x, 0.3)[0] != value:
                wrong.append(1)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    print("wrong:", len(wrong))
"""
)

FORKS = (
    PROGRAM
    + """
    import multiprocessing, numba
    def child():
        from srcdiff.errors import ParallelUnavailable
        try:
            derivative(x, 0.3)
        except ParallelUnavailable:
            sys.exit(7)
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(60)
    print(numba.threading_layer(), process.exitcode)
"""
)


def test_calls_from_several_threads(tmp_path: Path) -> None:
    assert run(THREADS, tmp_path, NUMBA_THREADING_LAYER="workqueue").endswith("wrong: 0\n")


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other platforms do not fork, or not with GNU's OpenMP"
)
def test_forked_processes(tmp_path: Path) -> None:
    layer, code = run(FORKS, tmp_path).split()[-2:]
    assert int(code) == (7 if layer == "omp" else 0)
    assert run(FORKS, tmp_path, NUMBA_THREADING_LAYER="workqueue").split()[-2:] == ["workqueue", "0"]


def test_calls_take_turns() -> None:
    from srcdiff.turns import in_turn

    inside, most = [0], [0]

    def call() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        threading.Event().wait(0.002)
        inside[0] -= 1

    threads = [threading.Thread(target=in_turn(call)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


# ------------------------------------------------------------------------------------------------- random programs


def test_random_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """With loops of any length in parallel, in three orders of the chunks, against the text without chunks."""
    from generator.load import load, unload
    from generator.options import Options
    from generator.program import generate

    monkeypatch.setattr(parallel, "CHUNKS", 0)
    monkeypatch.setattr(chunks, "CHUNKS", 5)
    found = 0
    for seed in range(60 if FULL else 30):
        program = generate(seed, Options(jit_ok=True))
        module, wrt = load(program.source), tuple(range(len(program.args)))
        try:
            whole = srcdiff.value_and_grad(module.f, wrt=wrt, jit=PARALLEL)
            value = in_orders(whole, program.fresh_args())
            serial = run_text(srcdiff.value_and_grad(module.f, wrt=wrt, jit=True), program.fresh_args(), range)
        except (Refusal, BadOutput):
            continue
        finally:
            unload(module)
        for a, b in zip(value, serial, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=str(program))
        found += 1
    assert found >= (3 if FULL else 1)


def scaled_inside(x, y):
    x = x.copy()
    x[1:-1] = np.sin(x[1:-1]) * y[1:-1] if len(y) > 1 else x[1:-1] * y
    return np.sum(x * x)


def scaled_by_draws(x, y, rng):
    return scaled_inside(x * rng.normal(size=len(x)), y)


def test_arrays_that_broadcasting_repeats_outside_of_the_loops() -> None:
    """Numba's parallel code has an AssertionError for an axis of one element that it has not foreseen."""
    jitted, plain = (srcdiff.value_and_grad(scaled_inside, jit=j) for j in (PARALLEL, None))
    for y in (X[:1], X):
        (value, found), (wanted_value, wanted) = jitted(X, y), plain(X, y)
        np.testing.assert_allclose(value, wanted_value)
        np.testing.assert_allclose(found, wanted)
    with pytest.raises(ValueError, match="broadcast"):
        jitted(X, X[:7])
    with pytest.raises(ParallelUnavailable) as refused:
        srcdiff.grad(scaled_by_draws, jit=PARALLEL)(X, X[:1], np.random.default_rng(1))
    assert str(refused.value).splitlines()[0] == (
        "in the derivative of scaled_by_draws, arrays of different lengths meet outside of loops, which Numba does not "
        "allow where loops run in parallel; leave out `parallel`"
    )
