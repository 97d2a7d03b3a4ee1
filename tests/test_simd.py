"""The elementary functions of `jit={"math": "simd"}`: how near they are to the exact values, over the whole range, and
what becomes of derivatives that use them."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

import srcdiff
from srcdiff.jit_options import Jit
from srcdiff.testing import check_grad

numba = pytest.importorskip("numba", reason="the functions are Numba's")
mp = pytest.importorskip("mpmath", reason="the reference: mpmath comes with the extra `test`")
special = pytest.importorskip("scipy.special", reason="the logistic function is SciPy's")

from srcdiff.compiled import numba_module, settings  # noqa: E402
from srcdiff.runtime_numba.simd import exponential, logarithm, power, trigonometric  # noqa: E402

pytestmark = pytest.mark.jit
SIMD = {"math": "simd"}
COUNT = 250
EXPIT = lambda x: 1 / (1 + mp.exp(-x))


def logistic(x):
    """(SciPy's is 0 where the exact result is subnormal.)"""
    e = np.exp(-np.abs(x))
    return np.where(x < 0.0, e, 1.0) / (1.0 + e)


# The largest errors, in units in the last place of the exact result: docs/jit-options.md says the same.
FUNCTIONS = {
    "exp": (exponential.exp, mp.exp, np.exp, 0.8),
    "expm1": (exponential.expm1, mp.expm1, np.expm1, 1.2),
    "tanh": (exponential.tanh, mp.tanh, np.tanh, 1.0),
    "expit": (exponential.expit, EXPIT, logistic, 1.5),
    "log": (logarithm.log, mp.log, np.log, 1.0),
    "log1p": (logarithm.log1p, mp.log1p, np.log1p, 1.0),
    "sin": (trigonometric.sin, mp.sin, np.sin, 0.9),
    "cos": (trigonometric.cos, mp.cos, np.cos, 0.9),
}
WORST_POWER = 1.2
TINY = 5e-324
EDGES = np.array(
    [
        0.0,
        TINY,
        1e-310,
        2.0**-1022,
        1e-200,
        1e-30,
        1e-17,
        1e-9,
        2.0**-27,
        0.1,
        0.25,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        22.0,
        40.0,
    ]
    + [np.log(2.0), np.log(2.0) / 2, np.sqrt(0.5), np.pi / 4, np.pi / 2, np.pi, 355.0, 1e5, 2.0**31, 1e16, 2.0**53]
    + [708.0, 709.78271289338397, 709.78271289338410, 710.0, 745.13321910194111, 745.13321910194122, 746.0, 1e22, 1e300]
    + [6381956970095103.0 * 2.0**797, np.finfo(float).max, np.inf, 1.0 - 2.0**-53, 1.0 + 2.0**-52]
)
EDGES = np.concatenate([EDGES, -EDGES, [np.nan]])


def everywhere(rng, count=COUNT):
    """Finite numbers of which every pattern of bits is as likely as any other."""
    found = rng.integers(-(2**63), 2**63 - 1, 2 * count).view(np.float64)
    return found[np.isfinite(found)][:count]


def points(name):
    rng = np.random.default_rng(5)
    sign = rng.choice([-1.0, 1.0], COUNT)
    sizes = sign * 10.0 ** rng.uniform(-323, 3, COUNT)
    ranges = {
        "exp": [rng.uniform(-746, 710, COUNT), rng.uniform(-1, 1, COUNT), rng.uniform(-746, -707, COUNT)],
        "expm1": [rng.uniform(-45, 710, COUNT), rng.uniform(-1.1, 1.1, COUNT), rng.uniform(35, 39, COUNT)],
        "tanh": [rng.uniform(-23, 23, COUNT), rng.uniform(-1, 1, COUNT), rng.uniform(-0.1, 0.1, COUNT)],
        "expit": [rng.uniform(-746, 45, COUNT), rng.uniform(-6, 6, COUNT), rng.uniform(-746, -707, COUNT)],
        "log": [np.abs(sizes), rng.uniform(0.5, 2, COUNT), rng.uniform(0.99, 1.01, COUNT), rng.uniform(0, 9, COUNT)],
        "log1p": [rng.uniform(-1, 1, COUNT), rng.uniform(-0.3, 0.5, COUNT), rng.uniform(0, 9, COUNT)],
        "sin": [rng.uniform(-10, 10, COUNT), rng.uniform(-1e6, 1e6, COUNT), rng.uniform(-1e20, 1e20, COUNT)],
    }
    ranges["sin"] += [rng.integers(-(10**9), 10**9, COUNT) * (np.pi / 2), np.arange(1, 60) * (np.pi / 2)]
    ranges["cos"] = ranges["sin"]
    found = np.concatenate([*ranges[name], sizes, everywhere(rng), EDGES[np.isfinite(EDGES)]])
    return found[found > {"log": 0.0, "log1p": -1.0}.get(name, -np.inf)]


def looped(number):
    @numba.njit(error_model="numpy")
    def loop(x, out):
        for k in range(x.size):
            out[k] = number(x[k])

    def of(x):
        out = np.empty_like(x)
        loop(x, out)
        return out

    return of


def errors(found, exact):
    """In units in the last place of the exact results, which round to infinity from half a unit above the largest."""
    for value, reference in zip(found.tolist(), exact, strict=True):
        if abs(reference) >= mp.mpf(2) ** 1024 * (1 - mp.mpf(2) ** -54):
            yield 0.0 if math.isinf(value) and (value > 0) == (reference > 0) else math.inf
        else:
            yield float(abs(mp.mpf(value) - reference) / mp.mpf(math.ulp(float(reference))))


def exactly(reference, *arguments):
    with mp.workprec(200):  # (of large arguments mpmath takes as many digits as it needs)
        return [reference(*map(mp.mpf, row)) for row in zip(*(a.tolist() for a in arguments), strict=True)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_over_the_whole_range(name):
    number, reference, _, most = FUNCTIONS[name]
    x = points(name)
    found = looped(number)(x)
    worst = max(zip(errors(found, exactly(reference, x)), x.tolist(), strict=True))
    assert worst[0] <= most, worst


@pytest.mark.parametrize("name", FUNCTIONS)
def test_edges_and_signs_of_zero(name):
    """Infinities, NaN, zeros and signs are NumPy's (how near the other values are is tested above)."""
    number, _, of_numpy, _ = FUNCTIONS[name]
    found = looped(number)(EDGES)
    with np.errstate(all="ignore"):
        expected = of_numpy(EDGES)
    for what in (np.isnan, np.isinf, lambda v: v == 0.0, lambda v: np.signbit(v) & ~np.isnan(v)):
        assert EDGES[what(found) != what(expected)].tolist() == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32_is_rounded_once(name):
    """Every 4099th of all float32 numbers, against the platform's float64 function."""
    of_numpy = FUNCTIONS[name][2]
    x = np.arange(0, 2**32, 4099, dtype=np.uint32).view(np.float32)
    if name == "expit":
        compiled = numba.njit(**simd())(lambda x: special.expit(x))
    else:
        compiled = numba.njit(**simd())({"exp": lambda x: np.exp(x), "expm1": lambda x: np.expm1(x),
            "tanh": lambda x: np.tanh(x), "log": lambda x: np.log(x), "log1p": lambda x: np.log1p(x),
            "sin": lambda x: np.sin(x), "cos": lambda x: np.cos(x)}[name])  # fmt: skip
    found = compiled(x)
    assert found.dtype == np.float32
    with np.errstate(all="ignore"):
        expected = of_numpy(x.astype(np.float64))
        rounded = expected.astype(np.float32)
        error = np.abs(found - expected) / np.spacing(np.abs(rounded)).astype(np.float64)
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(found[~finite], rounded[~finite])
    assert np.max(error[finite]) <= 0.501


# --------------------------------------------------------------------------------------------------------------- powers


def powers(x, y, number=power.power):
    @numba.njit(error_model="numpy")
    def loop(x, y, out):
        for k in range(x.size):
            out[k] = number(x[k], y[k])

    out = np.empty_like(x)
    loop(x, y, out)
    return out


def test_errors_of_powers():
    rng = np.random.default_rng(7)
    sizes = 2.0 ** rng.uniform(-1074, 1023, COUNT)
    near, nearest = rng.uniform(0.7, 1.42, COUNT), 1.0 + rng.uniform(-1e-3, 1e-3, COUNT)
    results = rng.uniform(-745, 709, COUNT)
    x = [rng.uniform(0, 10, COUNT), sizes, near, nearest, -rng.uniform(0, 10, COUNT)]
    y = [
        rng.uniform(-10, 10, COUNT),
        1.44 * results / np.log2(sizes),
        results / np.log(near),
        results / np.log(nearest),
    ]
    y.append(rng.integers(-40, 40, COUNT).astype(float))
    x, y = np.concatenate(x), np.concatenate(y)
    worst = max(zip(errors(powers(x, y), exactly(mp.power, x, y)), x, y, strict=True))
    assert worst[0] <= WORST_POWER, worst


def test_edges_of_powers():
    """As C has it (and NumPy), for every pair of edges."""
    edges = np.concatenate([EDGES, [2.5, -2.5, -3.0, 1e17, 1.0 - 2.0**53]])
    x, y = map(np.ravel, np.meshgrid(edges, edges))
    found = powers(x, y)
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
        same = np.abs(found - expected) <= 2.0 * np.spacing(np.abs(expected))
    same |= (found == expected) | (np.isnan(found) & np.isnan(expected))
    assert list(zip(x[~same], y[~same], strict=True)) == []
    signed = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[signed]), np.signbit(expected[signed]))


def test_powers_of_float32():
    rng = np.random.default_rng(3)
    x = (2.0 ** rng.uniform(-40, 40, 100_000)).astype(np.float32)
    y = rng.uniform(-3, 3, 100_000).astype(np.float32)
    found = numba.njit(**simd())(lambda x, y: x**y)(x, y)
    assert found.dtype == np.float32
    expected = np.power(x.astype(np.float64), y.astype(np.float64))
    assert np.max(np.abs(found - expected) / np.spacing(expected.astype(np.float32)).astype(np.float64)) <= 0.501


# ------------------------------------------------------------------------------------------------ in compiled functions


def simd(**options):
    numba_module()
    return settings(Jit(math="simd", **options), checked=False)


def llvm(dispatcher):
    return dispatcher.inspect_llvm(dispatcher.signatures[0])


def test_a_loop_computes_several_at_a_time():
    def f(x, out):
        for k in range(x.size):
            out[k] = np.exp(x[k]) + math.tanh(x[k]) + np.log(x[k]) * np.sin(x[k]) + x[k] ** 1.5

    x, out = np.linspace(0.1, 3.0, 100), np.empty(100)
    own, platform = numba.njit(**simd())(f), numba.njit(f)
    own(x, out)
    with_platform = out.copy()
    platform(x, with_platform)
    np.testing.assert_allclose(out, with_platform, rtol=1e-14)
    assert "@tanh(" in llvm(platform)
    text = llvm(own)
    for call in ("@tanh(", "@llvm.exp.", "@llvm.log.", "@llvm.sin.", "@llvm.pow.", "@exp(", "@pow("):
        assert call not in text
    assert "x double>" in text


def test_a_sum_keeps_its_order():
    """The functions are computed several at a time, and added one by one."""

    def f(x):
        total = 0.0
        for k in range(x.size):
            total += np.tanh(x[k])
        return total

    x = np.random.default_rng(0).normal(size=1001) * 10.0 ** np.arange(-5, 5).repeat(101)[:1001]
    own = numba.njit(**simd())(f)
    found = own(x)
    total = 0.0
    for value in looped(exponential.tanh)(x).tolist():
        total += value
    assert found == total
    assert "x double>" in llvm(own)


def test_fastmath_of_the_caller_leaves_the_functions_alone():
    """They are written in an order of operations that must not be changed."""
    compiled = numba.njit(**simd(fastmath=("arcp", "contract", "nsz", "reassoc")))(lambda x: np.expm1(x))
    x = points("expm1")
    np.testing.assert_array_equal(compiled(x), looped(exponential.expm1)(x))


def test_every_kind_of_argument():
    def f(x):
        return np.exp(x)

    compiled, plain = numba.njit(**simd())(f), numba.njit(f)
    square = np.linspace(-1, 1, 12).reshape(3, 4)
    for x in (
        2, 0.5, np.float32(0.5), True, 1j, np.complex64(1j), np.arange(3), np.array([True]), np.int8([1, 2]),
        square, square.T, square[:, ::2], square[::-1], square[:0], np.float32(square), square + 1j, np.array(0.5),
    ):  # fmt: skip
        found, expected = compiled(x), plain(x)
        assert type(found) is type(expected)
        assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_every_kind_of_power():
    def f(x, y):
        return x**y

    def g(x, y):
        return np.power(x, y)

    row, square = np.linspace(0.5, 2, 4), np.linspace(0.5, 2, 12).reshape(3, 4)
    pairs = [
        (2, 3), (2.0, 3), (2, 0.5), (2.0, 0.5), (np.float32(2), np.float32(0.5)), (np.float32(2), 0.5), (1j, 0.5),
        (row, 0.5), (2.5, row), (row, row), (square, row), (square.T, 0.5), (row, 2),
        (np.float32(row), np.float32(0.5)),
    ]  # fmt: skip
    for function, some in ((f, pairs), (g, pairs[3:8:4])):
        compiled, plain = numba.njit(**simd())(function), numba.njit(function)
        for x, y in some:
            found, expected = compiled(x, y), plain(x, y)
            assert getattr(found, "dtype", type(found)) == getattr(expected, "dtype", type(expected)), (x, y)
            np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_constant_whole_exponent_stays_a_product():
    compiled = numba.njit(**simd())(lambda x: x**3)
    assert compiled(1.1) == numba.njit(lambda x: x**3)(1.1)
    assert "simd_pow" not in llvm(compiled)


def test_a_power_in_place_is_written_in_place():
    def f(x):
        x **= 1.5
        return x

    x = np.array([4.0, 9.0])
    assert numba.njit(**simd())(f)(x) is not None
    np.testing.assert_allclose(x, [8.0, 27.0])


def test_functions_of_the_same_name_are_left_alone():
    """What counts is the object."""

    @numba.njit
    def exp(x):
        return -x

    assert numba.njit(**simd())(lambda x: exp(x))(2.0) == -2.0


# ---------------------------------------------------------------------------------------------------------- derivatives


def energy(x, p):
    total = 0.0
    for k in range(x.size):
        total += np.exp(-x[k]) * math.tanh(x[k]) + np.log(x[k]) * np.sin(x[k]) + x[k] ** p + special.expit(x[k])
    return total


def layers(x, p):
    return np.sum(np.tanh(x * p) * np.exp(-x) + np.log1p(x) + x**p)


def damped(x, p):
    total = 0.0
    for k in range(x.size):
        total += np.exp(-p * x[k]) * np.cos(x[k])
    return total


def layers32(x):
    return np.sum(np.tanh(x) * np.exp(-x) + x**x)


@pytest.mark.parametrize("f", [energy, layers])
def test_gradients(f):
    x = np.linspace(0.2, 3.0, 23)
    if f is energy:
        check_grad(f, (x, 1.7), jit=SIMD)
    own, plain = (srcdiff.value_and_grad(f, wrt=(0, 1), jit=jit)(x, 1.7) for jit in (SIMD, True))
    np.testing.assert_allclose(own[0], plain[0], rtol=1e-14)
    np.testing.assert_allclose(own[1][0], plain[1][0], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(own[1][1], plain[1][1], rtol=1e-13)


def test_gradients_in_float32():
    x = np.linspace(0.2, 3.0, 23, dtype=np.float32)
    own, plain = (srcdiff.grad(layers32, jit=jit)(x) for jit in (SIMD, True))
    assert own.dtype == np.float32
    np.testing.assert_allclose(own, plain, rtol=2e-5, atol=2e-6)


def test_second_derivatives_and_calls_from_compiled_code():
    x = np.linspace(0.2, 3.0, 5)
    np.testing.assert_allclose(srcdiff.hessian(damped, jit=SIMD)(x, 1.7), srcdiff.hessian(damped)(x, 1.7), rtol=1e-12)
    inner = srcdiff.grad(damped, jit=SIMD).jitted
    caller = numba.njit(lambda x, p: 2.0 * inner(x, p))
    np.testing.assert_allclose(caller(x, 1.7), 2.0 * srcdiff.grad(damped)(x, 1.7), rtol=1e-13)


def test_the_text_stays_the_same():
    x = np.linspace(0.2, 3.0, 5)
    df = srcdiff.grad(energy)
    assert srcdiff.source(df, x, 1.7, jit=SIMD) == srcdiff.source(df, x, 1.7, jit=True)
    assert "math.tanh(" in srcdiff.source(df, x, 1.7, jit=SIMD)


def test_a_guarded_branch_stays_guarded():
    """Both sides of the choices inside the functions are computed, but nothing of a branch of the program."""

    def f(x):
        total = 0.0
        for k in range(x.size):
            if x[k] > 0.0:
                total += np.log(x[k]) + np.sqrt(x[k])
        return total

    gradient = srcdiff.grad(f, jit={"math": "simd", "fastmath": True})(np.array([0.0, 4.0, -1.0, np.nan]))
    np.testing.assert_allclose(gradient, [0.0, 0.5, 0.0, 0.0])


def test_the_option_is_a_part_of_the_key_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("SRCDIFF_CACHE", "1")
    monkeypatch.setenv("SRCDIFF_CACHE_DIR", str(tmp_path / "cache"))
    x = np.linspace(0.2, 3.0, 5)
    for jit, entries in ((True, 1), (SIMD, 2), (SIMD, 2), ({"math": "simd", "fastmath": True}, 3)):
        srcdiff.grad(damped, jit=jit)(x, 1.7)
        assert srcdiff.cache.info().entries == entries


@pytest.mark.slow
def test_errors_without_vectors_and_fused_operations():
    """On a processor that has no instructions but those of every x86, or ARM, with 64 bits."""
    environment = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    command = [sys.executable, "-m", "pytest", "-q", __file__, "-k", "errors_over or errors_of or edges"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
