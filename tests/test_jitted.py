"""Derivatives under Numba: `jit=True`, dispatchers as functions, derivatives called from compiled code."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument, BadIndex, BadOutput, CompilationFailed, SharedMemory, SrcdiffError

numba = pytest.importorskip("numba")
njit = numba.njit

pytestmark = pytest.mark.jit

ROOT = Path(__file__).resolve().parent.parent


def product(x, k):
    return np.sum(x) * k


def product_with_aux(x, k):
    return np.sum(x) * k, k


def power(x, n):
    return x**n * x


def weighted(x, k=3.0, m=2):
    return x * k * m


def weighted_sum(x, w, scale=2.0):
    return np.sum(x * w) * scale


def writes(x, y):
    x[0] = y[0] * x[1]
    return np.sum(x * y)


def reads_at(x, i):
    return x[i] * x[i]


def writes_at(x, i):
    x = x.copy()
    x[i] = x[0] * 2.0
    return np.sum(x)


# ----------------------------------------------------------------------------------- every derivative is its own (B29)


def test_derivatives_of_one_function_do_not_get_mixed_up():
    x = np.arange(3.0)
    gradient = srcdiff.grad(product).jitted
    both = srcdiff.value_and_grad(product).jitted
    second = srcdiff.grad(product, wrt=1).jitted
    np.testing.assert_array_equal(gradient(x, 2.0), [2.0, 2.0, 2.0])
    value, g = both(x, 2.0)
    assert value == 6.0
    np.testing.assert_array_equal(g, [2.0, 2.0, 2.0])
    assert second(x, 2.0) == 3.0
    aux = srcdiff.grad(product_with_aux, has_aux=True).jitted(x, 2.0)
    assert aux[1] == 2.0
    value, (gx, gk) = srcdiff.value_and_grad(product, wrt=(0, 1)).jitted(x, 2.0)
    assert (value, gk) == (6.0, 3.0)
    np.testing.assert_array_equal(gx, [2.0, 2.0, 2.0])


def test_functions_of_one_name_do_not_get_mixed_up():
    def make(k):
        def f(x):
            return k * x

        return srcdiff.grad(f).jitted

    first, second = make(2.0), make(5.0)
    assert (first(1.0), second(1.0)) == (2.0, 5.0)


# ------------------------------------------------------------------------------------------- whole numbers (B30)


def test_whole_numbers_in_wrt_are_real_numbers():
    df = srcdiff.grad(power)
    jitted = df.jitted

    @njit
    def caller():
        return jitted(2, 3)

    assert caller() == jitted(2, 3) == df(2, 3) == 32.0
    both = srcdiff.value_and_grad(product, wrt=(0, 1))
    n = np.array([1, 2, 3])
    _, (gx, gk) = both.jitted(n, 2)
    _, (gx_plain, gk_plain) = both(n, 2)
    np.testing.assert_array_equal(gx, gx_plain)
    assert gx.dtype == np.float64
    assert gk == gk_plain == 6.0


def wide(x, k, w):
    return np.sum(x * w) * k


@pytest.mark.parametrize("options", [{"wrt": 0}, {"wrt": 1}, {"wrt": (0, 1)}])
@pytest.mark.parametrize("transform", [srcdiff.grad, srcdiff.value_and_grad])
def test_gradients_have_the_dtype_of_their_argument(transform, options):
    args = np.ones(3, np.float32), np.float32(2.0), np.ones(3)
    df = transform(wide, **options)
    for got, expected in zip(flat(df.jitted(*args)), flat(df(*args)), strict=True):
        np.testing.assert_array_equal(got, expected)
        if isinstance(expected, np.ndarray):
            assert got.dtype == expected.dtype


def flat(result):
    return [leaf for part in result for leaf in flat(part)] if isinstance(result, tuple) else [result]


def test_truth_values_in_wrt_are_refused():
    with pytest.raises(BadArgument, match="bool"):
        srcdiff.grad(power).jitted(True, 3)
    with pytest.raises(BadArgument, match="bool"):
        srcdiff.grad(product).jitted(np.array([True]), 3.0)


# -------------------------------------------------------------------------------------------------- indices (B31)


@pytest.mark.parametrize("f", [reads_at, writes_at])
@pytest.mark.parametrize("index", [3, 5, -4, 2**62, -(2**62)])
def test_an_index_out_of_bounds_raises(f, index):
    x = np.arange(1.0, 4.0)
    with pytest.raises(IndexError):
        srcdiff.grad(f)(x, index)
    with pytest.raises(BadIndex, match=f.__name__):
        srcdiff.grad(f, jit=True)(x, index)
    with pytest.raises(IndexError):
        srcdiff.grad(f).jitted(x, index)


@pytest.mark.parametrize("index", [0, 2, -1, -3])
def test_an_index_in_bounds(index):
    x = np.arange(1.0, 4.0)
    for f in (reads_at, writes_at):
        np.testing.assert_array_equal(srcdiff.grad(f, jit=True)(x, index), srcdiff.grad(f)(x, index))


def test_what_the_user_compiled_keeps_numbas_meaning():
    df = srcdiff.grad(njit(reads_at))
    assert df.options.jit
    assert not df.checked
    np.testing.assert_array_equal(df(np.arange(3.0), 1), [0.0, 2.0, 0.0])
    assert not srcdiff.grad(df).checked


# --------------------------------------------------------------------------------------- calls from compiled code


def test_arguments_that_share_memory():
    df = srcdiff.grad(writes)
    jitted = df.jitted
    z = np.array([1.0, 2.0, 3.0, 4.0])
    m = np.arange(8.0).reshape(4, 2)
    np.testing.assert_array_equal(jitted(z, z.copy()), df(z, z.copy()))
    for a, b in [(z[:2], z[2:]), (m[:, 0], m[:, 1]), (z[::2], z[1::2]), (z[:2], z[3:1:-1]), (z[1::-1], z[2:])]:
        np.testing.assert_array_equal(jitted(a, b), df(a, b))
    for a, b in [(z, z), (z[:2], z[1:3]), (m[:, 0], m[:, 0]), (z[::-1], z), (z[::2], z[::-2][::-1][:0])]:
        if b.size == 0:
            continue
        with pytest.raises(SharedMemory, match="writes writes into an argument"):
            jitted(a, b)


def test_defaults_and_keywords():
    df = srcdiff.grad(weighted)
    jitted = df.jitted

    @njit
    def caller(x):
        return jitted(x), jitted(x, 5.0), jitted(x, m=4), jitted(x, 1.0, 1), jitted(x=x, k=2)

    assert caller(1.0) == (6.0, 10.0, 12.0, 1.0, 4.0)
    assert (jitted(1.0), jitted(1.0, 5.0), jitted(1.0, m=4)) == (6.0, 10.0, 12.0)
    x = np.arange(3.0)
    np.testing.assert_array_equal(srcdiff.grad(weighted_sum).jitted(x, x), 2.0 * x)
    assert srcdiff.grad(weighted, wrt="m").jitted(2.0) == 6.0


def optional(x, k=None, mode="double"):
    y = x if k is None else k * x
    return 2.0 * y if mode == "double" else y


def test_defaults_that_are_no_numbers():
    jitted = srcdiff.grad(optional).jitted

    @njit
    def caller(x):
        return jitted(x), jitted(x, 3.0), jitted(x, None)

    assert caller(1.0) == (2.0, 6.0, 2.0)
    with pytest.raises(numba.errors.TypingError, match="`mode` is a string that is not known"):
        jitted(1.0, None, "single")


def from_tuple(x, t):
    return x * t[0] * np.sum(t[1])


def test_tuples_as_arguments():
    w = np.ones(2)
    assert srcdiff.grad(from_tuple).jitted(2.0, (3, w)) == srcdiff.grad(from_tuple)(2.0, (3, w)) == 6.0


direct = srcdiff.value_and_grad(product, wrt=(0, 1))


def test_a_derivative_is_called_by_its_own_name():
    df = srcdiff.grad(power)

    @njit
    def caller(x):
        return df(x, 2.0) + direct(np.full(2, x), 3.0)[0]

    assert caller(2.0) == 3 * 4.0 + 12.0

    @njit
    def apply(g, x):
        return g(x, 2.0)

    assert apply(df, 2.0) == 12.0


def test_a_derivative_is_called_by_its_own_name_where_nothing_of_numba_was_used_before():
    code = (
        "import srcdiff, sys, linecache\n"
        "text = 'def f(x):\\n    return x * x\\n'\n"
        "linecache.cache['<f>'] = (len(text), None, text.splitlines(True), '<f>')\n"
        "exec(compile(text, '<f>', 'exec'))\n"
        "df = srcdiff.grad(f)\n"
        "assert 'numba' not in sys.modules\n"
        "assert not {'srcdiff.profiling', 'srcdiff.cache', 'difflib', 'html'} & {*sys.modules}\n"
        "import numba\n"
        "print(numba.njit(lambda x: df(x))(3.0))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("6.0\n", "")


def test_the_dispatcher_stands_for_its_derivative():
    df = srcdiff.grad(lambda x: x**3)
    second = srcdiff.grad(df.jitted)
    assert second.options.jit
    assert second(2.0) == pytest.approx(12.0)
    assert srcdiff.grad(srcdiff.grad(njit(lambda x: x**3)))(2.0) == pytest.approx(12.0)


def branches(x, flag):
    y = x if flag else 1.0
    return y * 2.0


def test_errors_of_building_reach_the_caller():
    def array(x):
        return 2.0 * x

    jitted = srcdiff.grad(array).jitted

    @njit
    def caller(x):
        return jitted(x)

    with pytest.raises(BadOutput, match="returns a 1-D array"):
        caller(np.ones(3))
    with pytest.raises(BadOutput, match="number or an array"):
        srcdiff.grad(branches).jitted(np.ones(3), True)
    with pytest.raises(BadArgument, match="is complex; derivatives are taken by real numbers"):
        jitted(1j)


# ----------------------------------------------------------------------------------------------------- compiling


def test_numbas_refusal_is_told_as_our_own(monkeypatch):
    df = srcdiff.grad(lambda x, y: np.sum(x * y), jit=True)
    ready = df.prepare((np.ones(3), np.ones(3)))

    def refused(*args):
        raise numba.core.errors.TypingError("no such thing")

    monkeypatch.setattr(ready.call.dispatcher, "compile", refused)
    with pytest.raises(CompilationFailed, match="no such thing"):
        df(np.ones(3), np.ones(3))
    assert issubclass(CompilationFailed, SrcdiffError)


def test_warnings_of_numba_stay_inside():
    def f(A, x):
        return np.sum(A @ x)

    df = srcdiff.grad(f, jit=True)
    A, x = np.ones((4, 4)), np.ones(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for args in ((A, x), (A.T, x), (np.ones((8, 8))[::2, ::2], x), (A, np.ones(8)[::2])):
            np.testing.assert_array_equal(df(*args), np.ones((4, 4)))


def test_asking_for_the_text_compiles_nothing():
    df = srcdiff.grad(lambda x: x * x, jit=True)
    assert "x_bar" in srcdiff.source(df, 2.0)
    assert df.prepare((2.0,)).call.dispatcher.signatures == []


def test_threads_compile_together():
    df = srcdiff.value_and_grad(product, wrt=(0, 1), jit=True)
    other = srcdiff.grad(weighted)
    barrier = threading.Barrier(8)
    filters = list(warnings.filters)

    def work(seed):
        barrier.wait()
        x = np.full(3 if seed % 2 else (2, 2), 1.0 + seed)
        if seed % 4 == 0:
            return other.jitted(1.0 + seed) == 6.0
        _, (gx, gk) = df(x, 2.0)
        return bool(np.all(gx == 2.0)) and gk == np.sum(x)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert warnings.filters == filters


ZERO_D = np.array(2.0)
BIG_ENDIAN = np.array([1.0, 2.0], ">f8")
WHOLE = np.array(3)


def captures(x):
    return ZERO_D**x + np.sum(BIG_ENDIAN * x) + x**WHOLE


def test_captured_arrays_of_every_form():
    expected = srcdiff.grad(captures)(2.0)
    df = srcdiff.grad(captures, jit=True)
    assert df(2.0) == pytest.approx(expected)
    assert df.jitted(2.0) == pytest.approx(expected)
    _, pullback = srcdiff.vjp(captures, 2.0)
    BIG_ENDIAN[0] += 1.0
    assert df(2.0) == pytest.approx(expected + 1.0)
    assert pullback(1.0)[0] == pytest.approx(expected)
    BIG_ENDIAN[0] -= 1.0


def test_inside_a_differentiated_function_the_dispatcher_is_not_taken_for_nothing():
    jitted = srcdiff.grad(power).jitted

    def caller(x):
        return jitted(x, 2.0) * x

    with contextlib.suppress(SrcdiffError):  # it may be refused
        assert srcdiff.grad(caller)(2.0) == pytest.approx(9.0 * 4.0)


def test_compilation_can_be_turned_off():
    """As people do to debug, and to measure coverage."""
    program = """
import numba, numpy as np, srcdiff

def f(x, a):
    for i in range(1, len(x)):
        x[i] += a * x[i - 1] ** 2
    return x

def g(x, a):
    return np.sum(f(x.copy(), a))

x = np.array([0.5, 1.0, 2.0])
print(srcdiff.grad(g, jit=True)(x, 0.3) == srcdiff.grad(g)(x, 0.3))
print(srcdiff.jacobian(f, jit=True)(x, 0.3) == srcdiff.jacobian(f)(x, 0.3))
print(numba.njit(lambda x: srcdiff.grad(g).jitted(x, 0.3))(x) == srcdiff.grad(g)(x, 0.3))
"""
    env = os.environ | {"NUMBA_DISABLE_JIT": "1", "SRCDIFF_CACHE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count("True"), "False" in done.stdout) == (0, 15, False), done.stderr


# ------------------------------------------------------------------------------------------------ found on the way


def test_names_like_those_that_numba_makes():
    """Inside array expressions it writes `v_1` for the second value of `v`, and `v_1_1` for that of `v_1`."""

    def f(v, v_1):
        v = v * 2.0
        for _ in range(3):
            v_1 = v_1 * 0.5 + v * v_1
            v = v * v_1 + np.sin(v) * v_1
        return np.sum(v)

    x = np.linspace(0.1, 0.3, 3)
    value, (g, h) = srcdiff.value_and_grad(f, wrt=(0, 1))(x, 2.0 * x)
    for _ in range(2):
        again, (g_again, h_again) = srcdiff.value_and_grad(f, wrt=(0, 1), jit=True)(x, 2.0 * x)
        assert again == pytest.approx(value)
        np.testing.assert_allclose(g_again, g)
        np.testing.assert_allclose(h_again, h)


def test_values_of_single_precision_stay_so():
    def f(x):
        return np.sum(x * x)

    def g(x):
        return np.sum(x * x), x[0]

    x = np.ones(3, np.float32)
    both = srcdiff.value_and_grad(f, jit=True)
    for _ in range(3):  # through the first call, and the short way
        value, gradient = both(x)
        assert (type(value), gradient.dtype) == (np.float32, np.float32)
    assert [type(v) for v in srcdiff.jvp(f, (x,), (x,), jit=True)] == [np.float32, np.float32]
    (value, aux), _ = srcdiff.value_and_grad(g, has_aux=True, jit=True)(x)
    assert (type(value), type(aux)) == (np.float32, np.float32)
    assert type(both(x.astype(np.float64))[0]) is float


def test_a_loop_whose_count_is_negative_makes_no_trips():
    def f(x, n):
        s = x
        for _ in range(n):
            s = s * s * x
        return s

    for jit in (False, True):
        df = srcdiff.value_and_grad(f, jit=jit)
        assert df(0.5, -2) == df(0.5, 0) == (0.5, 1.0)
        assert df(0.5, 2) == pytest.approx((0.5**7, 7 * 0.5**6))
