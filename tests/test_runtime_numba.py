"""The helpers and the additions to NumPy of `srcdiff.runtime_numba`: compiled and plain calls give the same."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import warnings

import numba
import numpy as np
import pytest
from thinning import FULL

import srcdiff.runtime_numba
from srcdiff import runtime

pytestmark = pytest.mark.jit


LAYOUTS = ("C", "F", "strided", "readonly")
DTYPES = (np.float64, np.float32)


def laid_out(a, layout):
    """A copy of `a` that lies in memory as `layout` says."""
    if layout == "F":
        return np.asfortranarray(a)
    if layout == "strided":
        result = np.zeros((*a.shape[:-1], 2 * a.shape[-1]) if a.ndim else (), a.dtype)[..., ::2] if a.ndim else a.copy()
        result[...] = a
        return result
    result = a.copy()
    result.flags.writeable = layout != "readonly"
    return result


def draw(shape, dtype=np.float64, layout="C"):
    """Normal numbers; whole ones now and then, so that ties and zeros occur."""
    a = np.random.default_rng([len(shape), *shape]).normal(size=shape)
    a.reshape(-1)[::3] = np.round(a.reshape(-1)[::3])
    return laid_out(a.astype(dtype), layout)


def jit(function):
    """The function compiled with the error model that derivatives have."""
    return numba.njit(error_model="numpy")(function)


def same(expected, got, rtol=1e-12):
    assert type(expected) is tuple or np.shape(got) == np.shape(expected)
    if isinstance(expected, tuple):
        for e, g in zip(expected, got, strict=True):
            same(e, g, rtol)
        return
    if isinstance(expected, np.ndarray):
        assert isinstance(got, np.ndarray)
        assert got.dtype == expected.dtype
    single = getattr(expected, "dtype", None) == np.float32
    np.testing.assert_allclose(got, expected, rtol=2e-5 if single else rtol, atol=1e-6 if single else 1e-14)


def agree(function, *args, compiled=None, rtol=1e-12):
    """The compiled function gives what the plain one gives, and leaves its arguments alone."""
    before = [a.tobytes() for a in args if isinstance(a, np.ndarray)]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", numba.NumbaPerformanceWarning)
        same(function(*args), (compiled or jit(function))(*args), rtol)
    assert [a.tobytes() for a in args if isinstance(a, np.ndarray)] == before


def both_fail(function, compiled, *args):
    with pytest.raises((ValueError, IndexError)):
        function(*args)
    with pytest.raises((ValueError, IndexError)):
        compiled(*args)


SHAPES = [(), (3,), (1,), (0,), (2, 3), (1, 3), (2, 1), (1, 1), (0, 3), (3, 0)]
LAYOUT_PAIRS = (
    list(itertools.product(LAYOUTS, LAYOUTS)) if FULL else [("F", "C"), ("strided", "readonly"), ("readonly", "F")]
)
DEEP = [(2, 3, 4), (2, 1, 4), (0, 2, 3), (5, 2, 3, 4), (1, 2, 1, 4), (5, 1, 1, 1)]
if FULL:
    SHAPES += DEEP

# -------------------------------------------------------------------------------------------------------- helpers

unbroadcast = jit(lambda g, x: runtime.unbroadcast(g, x))


def fits(g, x):
    """Whether the two shapes broadcast together and what is summed over leaves the shape of `x`."""
    try:
        runtime.unbroadcast(np.zeros(g), np.zeros(x))
    except ValueError:
        return False
    return True


UNBROADCAST_SHAPES = [*SHAPES, (4,), (3, 4), (1, 4)]


@pytest.mark.parametrize("x", UNBROADCAST_SHAPES, ids=str)
def test_unbroadcast(x):
    deep = [] if FULL or len(x) != 1 else DEEP
    for g in (*UNBROADCAST_SHAPES, *deep):
        if fits(g, x):
            agree(runtime.unbroadcast, draw(g), draw(x), compiled=unbroadcast)
        else:
            both_fail(runtime.unbroadcast, unbroadcast, draw(g), draw(x))


@pytest.mark.parametrize(("of_g", "of_x"), LAYOUT_PAIRS)
def test_unbroadcast_of_other_layouts(of_g, of_x):
    for g, x in [((2, 3), (2, 3)), ((2, 3), (1, 3)), ((1, 3), (2, 3)), ((4, 2, 3), (2, 1))]:
        agree(runtime.unbroadcast, draw(g, layout=of_g), draw(x, layout=of_x), compiled=unbroadcast)


@pytest.mark.parametrize("g", [2.5, 3, True, np.float32(0.5)], ids=repr)
def test_unbroadcast_of_a_number(g):
    for x in (1.5, 2, draw((3,)), draw((2, 3)), draw(())):
        agree(runtime.unbroadcast, g, x, compiled=unbroadcast)


@pytest.mark.parametrize(("g", "x"), [(0, 1), (1, 0), (0, 0), (1, 1), (5, 1), (1, 5), (5, 5)])
@pytest.mark.parametrize("dtype", [*DTYPES, np.int64, np.complex128])
def test_unbroadcast_of_one_dimension(g, x, dtype):
    given = np.arange(1, g + 1).astype(dtype)
    found = unbroadcast(given, np.ones(x))
    assert found.dtype == dtype
    assert np.array_equal(found, given if g == x else np.full(x, given.sum()))


def test_unbroadcast_keeps_single_precision_and_counts_integers():
    for g, x in itertools.product([(3,), (2, 3)], [(3,), (2, 3), (1,)]):
        agree(runtime.unbroadcast, draw(g, np.float32), draw(x, np.float32), compiled=unbroadcast)
        agree(runtime.unbroadcast, draw(g).astype(np.int64), draw(x), compiled=unbroadcast)


def test_the_result_of_unbroadcast_can_be_written_into():
    def function(g, x):
        r = runtime.unbroadcast(g, x)
        r[0] += 1.0
        return r

    g = draw((3,), layout="readonly")
    np.testing.assert_allclose(jit(function)(g, np.zeros(3)), g + [1.0, 0.0, 0.0])


zeros_like = jit(lambda x: runtime.zeros_like(x))


@pytest.mark.parametrize("dtype", [*DTYPES, np.int64])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_zeros_like(dtype, layout):
    for shape in ((), (3,), (2, 3), (0, 3)):
        agree(runtime.zeros_like, draw(shape, dtype, layout), compiled=zeros_like)


def test_zeros_like_of_a_number():
    for x in (1.5, 2, True, np.float32(2.0)):
        assert type(zeros_like(x)) is float
        assert zeros_like(x) == 0.0


power_base = jit(lambda x, n: runtime.power_base(x, n))
power_exponent = jit(lambda x, n: runtime.power_exponent(x, n))
PARTIALS = [(runtime.power_base, power_base), (runtime.power_exponent, power_exponent)]


@pytest.mark.parametrize(("plain", "compiled"), PARTIALS, ids=["base", "exponent"])
def test_partials_of_powers_of_numbers(plain, compiled):
    for x, n in itertools.product([0.0, 1.5, -2.0, 3, 0], [0, 1, 2, -1, 0.0, 0.5, 2.0, -1.5]):
        agree(plain, x, n, compiled=compiled)


@pytest.mark.parametrize(("plain", "compiled"), PARTIALS, ids=["base", "exponent"])
def test_partials_of_powers_of_arrays(plain, compiled):
    arrays = [draw((3,)), draw((4, 3)), draw((4, 1)), draw((0,))]
    more = [0, draw((4, 3), layout="F")] if FULL else []
    for x in (2.0, *arrays, *more):
        for n in (2, 0.5, draw((3,)), *([np.array([0, 2, 3]), draw((1, 3), layout="readonly")] if FULL else [])):
            if isinstance(x, np.ndarray) or isinstance(n, np.ndarray):
                if np.size(x):
                    agree(plain, x, n, compiled=compiled)
                elif np.ndim(n) == 0:
                    agree(plain, x, n, compiled=compiled)


@pytest.mark.parametrize(("plain", "compiled"), PARTIALS, ids=["base", "exponent"])
def test_partials_of_powers_have_the_dtype_of_the_plain_ones(plain, compiled):
    x = np.abs(draw((3,), np.float32)) + np.float32(0.5)
    for n in (2, 2.0, x, np.float32(2.0), x.astype(np.float64)):
        agree(plain, x, n, compiled=compiled, rtol=1e-6)
        agree(plain, n, x, compiled=compiled, rtol=1e-6)


def test_polygamma():
    compiled = jit(lambda n, x: runtime.polygamma(n, x))
    for n, x in itertools.product(range(4), [0.1, 1.0, 2, 7.5, 30.0, -0.5, -3.25]):
        agree(runtime.polygamma, n, x, compiled=compiled)


prod_partials = jit(lambda x, axis: runtime.prod_partials(x, axis))
first_max = jit(lambda x, axis: runtime.first_max(x, axis))
first_min = jit(lambda x, axis: runtime.first_min(x, axis))
ALONG = [
    (runtime.prod_partials, prod_partials),
    (runtime.first_max, first_max),
    (runtime.first_min, first_min),
]
ALONG_IDS = ["prod", "max", "min"]


@pytest.mark.parametrize(("plain", "compiled"), ALONG, ids=ALONG_IDS)
def test_partials_of_reductions(plain, compiled):
    for dtype, shape in itertools.product(DTYPES if FULL else DTYPES[:1], SHAPES):
        x = draw(shape, dtype)
        for axis in (None, *range(-len(shape), len(shape))):
            empty_line = x.size == 0 if axis is None else shape[axis] == 0
            if empty_line and plain is not runtime.prod_partials:
                both_fail(plain, compiled, x, axis)
            else:
                agree(plain, x, axis, compiled=compiled)


@pytest.mark.parametrize("layout", LAYOUTS[1:])
@pytest.mark.parametrize(("plain", "compiled"), ALONG, ids=ALONG_IDS)
def test_partials_of_reductions_of_other_layouts(plain, compiled, layout):
    for axis in (None, 0, 1, (1, 0), (0, -1)) if FULL else (1, (0, -1)):
        dtype = np.float32 if layout == "F" else np.float64
        agree(plain, draw((3, 4, 2), dtype, layout), axis, compiled=compiled)


@pytest.mark.parametrize(("plain", "compiled"), ALONG[1:], ids=ALONG_IDS[1:])
def test_the_first_of_ties_and_of_nans(plain, compiled):
    nan = math.nan
    x = np.array([[1.0, 1.0, 1.0], [2.0, nan, 2.0], [nan, 5.0, nan]])
    for axis in (None, 0, 1):
        agree(plain, x, axis, compiled=compiled)


def test_defaults_of_the_partials_of_reductions():
    for plain in (runtime.prod_partials, runtime.first_max, runtime.first_min):
        agree(lambda x, plain=plain: plain(x), draw((2, 3)), compiled=jit(lambda x: plain(x)))


def test_one_hot():
    compiled = jit(lambda i, x: runtime.one_hot(i, x))
    for i in (0, 2, -1):
        agree(runtime.one_hot, i, draw((3,)), compiled=compiled)
        agree(runtime.one_hot, i, draw((2, 2, 2), np.float32), compiled=compiled)
    both_fail(runtime.one_hot, compiled, 3, draw((3,)))


# ---------------------------------------------------------------------------------------------- forms that Numba lacks

ARRAYS = [draw((3, 2, 4), np.float32, "strided"), draw((2, 3, 4)), np.arange(24).reshape(2, 4, 3).T]
REDUCTIONS = ["sum", "mean", "prod", "max", "min"]
CALLS = [("a", ""), ("a", "axis=None"), ("a", "axis=1"), ("a", "axis=(0, -1)"), ("a[0, 0]", "axis=0")]
CALLS += [("a", "axis=(2, 0), keepdims=True")]
if FULL:
    CALLS += [("a", "-1"), ("a", "keepdims=True"), ("a", "axis=-2, keepdims=True"), ("a", "axis=1, keepdims=False")]
    CALLS += [("a[0]", "axis=(1, 0)"), ("a[0, 0]", "axis=0, keepdims=True"), ("a[0]", "axis=(0, 1), keepdims=True")]


@pytest.mark.parametrize("name", REDUCTIONS if FULL else REDUCTIONS[::2])
def test_reductions(name):
    function = eval(f"lambda a: ({', '.join(f'np.{name}({array}, {rest})' for array, rest in CALLS)})")
    compiled = jit(function)
    for a in ARRAYS if FULL else ARRAYS[:1]:
        agree(function, a, compiled=compiled)


@pytest.mark.parametrize("name", REDUCTIONS if FULL else REDUCTIONS[1::2])
def test_reductions_as_methods(name):
    function = eval(f"lambda a: ({', '.join(f'{array}.{name}({rest})' for array, rest in CALLS)})")
    compiled = jit(function)
    for a in ARRAYS if FULL else ARRAYS[1:2]:
        agree(function, a, compiled=compiled)


def test_reductions_of_empty_lines():
    def function(a):
        return np.sum(a, axis=0, keepdims=True), np.mean(a, axis=0), np.prod(a, axis=0)

    compiled = jit(function)
    for shape in ((0, 3), (3, 0), (0, 0)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing
            agree(function, np.zeros(shape), compiled=compiled)
    greatest = jit(lambda a: np.max(a, axis=0))
    both_fail(lambda a: np.max(a, axis=0), greatest, np.zeros((0, 3)))
    agree(lambda a: np.max(a, axis=0), np.zeros((3, 0)), compiled=greatest)


def test_an_axis_out_of_bounds_is_an_error():
    compiled = jit(lambda a, axis: np.mean(a, axis=axis))
    for axis in (2, -3):
        both_fail(lambda a, axis: np.mean(a, axis=axis), compiled, draw((2, 3)), axis)
    several = jit(lambda a: np.prod(a, axis=(1, -1)))
    both_fail(lambda a: np.prod(a, axis=(1, -1)), several, draw((2, 3)))


def test_largest_and_smallest_carry_nan_on():
    a = np.array([[1.0, math.nan, 3.0], [4.0, 2.0, math.nan]])
    agree(lambda a: (np.max(a, axis=0), a.min(axis=1), np.amin(a, 0), np.amax(a, 1)), a)


def test_sum_keeps_what_numba_has():
    agree(lambda a: (a.sum(0, np.float64), np.sum(a, axis=0, dtype=np.float64), a.sum(axis=1)), draw((2, 3)))
    integers = np.array([[1, 2], [3, 4]], np.int32)
    agree(lambda a: (a.sum(), a.sum(axis=0), a.mean(), a.prod(), a.max(), a.min()), integers)


def test_the_additions_hold_in_functions_compiled_before_and_in_parallel_ones():
    code = """
import warnings
import numba
import numpy as np
warnings.simplefilter("ignore")
before = numba.njit(lambda a: (a.mean(), np.prod(a), a.max(), a.reshape(-1)))
before(np.ones(3))
import srcdiff.runtime_numba
after = numba.njit(lambda a: (a.mean(), a.mean(axis=0), np.prod(a, axis=1), a.T.reshape(-1), a.reshape(-1)))
mean, means, products, across, along = after(np.arange(6.0).reshape(2, 3))
assert mean == 2.5 and means.tolist() == [1.5, 2.5, 3.5] and products.tolist() == [0.0, 60.0]
assert across.tolist() == [0, 3, 1, 4, 2, 5] and along.tolist() == [0, 1, 2, 3, 4, 5]
assert before(np.ones(3))[0] == 1.0
parallel = numba.njit(parallel=True)(lambda a: (a.sum(), a.mean(), a.sum(axis=0, keepdims=True), np.max(a)))
assert parallel(np.ones((2, 3)))[:2] == (6.0, 1.0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=srcdiff.__path__[0] + "/..")


# ------------------------------------------------------------------------------------------------------------ shapes

reshape = jit(lambda a, shape: np.reshape(a, shape))
NEW_SHAPES = [
    (24,),
    (-1,),
    (4, 6),
    (6, -1),
    (3, 8),
    (2, 12),
    (2, 3, 4),
    (4, 3, 2),
    (1, 24, 1),
    (2, 1, 12),
    (3, 2, 2, 2),
]


@pytest.mark.parametrize("shape", NEW_SHAPES if FULL else NEW_SHAPES[1:9:3], ids=str)
def test_reshape_of_any_layout(shape):
    base = np.arange(48.0).reshape(2, 3, 8)
    whole = base[..., :4].copy()
    views = [
        whole,
        np.asfortranarray(whole),
        base[..., ::2],
        base[:, :, :4],
        whole.T,
        whole[::-1],
        whole[:, :, None, :],
    ]
    for a in (*views, whole.transpose(1, 0, 2), np.broadcast_to(np.arange(4.0), (2, 3, 4)), base[:1].reshape(-1)):
        agree(np.reshape, a, shape, compiled=reshape)
        got = reshape(a, shape)
        assert np.shares_memory(got, a) == np.shares_memory(np.reshape(a, shape), a), "a view where NumPy has one"


def test_a_reshaped_view_is_written_through():
    def function(x):
        y = x[::2].reshape(2, 2)
        y[1, 0] = 7.0
        return x.T.reshape((-1,)) + 0.0

    x, other = np.zeros(8), np.zeros(8)
    np.testing.assert_array_equal(jit(function)(x), function(other))
    np.testing.assert_array_equal(x, other)


def test_reshape_of_empty_and_single_elements():
    for a in (np.zeros((0, 4))[:, ::2], np.zeros((4, 0)).T):
        for shape in ((0,), (0, 5), (3, 0, 2)):
            agree(np.reshape, a, shape, compiled=reshape)
    single = np.ones((2, 2))[:1, ::2]
    for shape in ((1,), (1, 1, 1), (-1,)):
        agree(np.reshape, single, shape, compiled=reshape)
    agree(lambda a: a.reshape(()), single)
    agree(lambda x: (np.reshape(x, (1, 1)), np.reshape(x, 1)), 2.5)


@pytest.mark.parametrize("shape", [(5,), (-1, 7), (-1, -1)], ids=str)
def test_reshape_to_another_size_is_an_error(shape):
    a = draw((4, 3)).T
    both_fail(np.reshape, reshape, a, shape)


def test_reshape_as_a_method():
    a = draw((4, 3), layout="strided")
    agree(lambda a: (a.reshape(3, 4), a.reshape((2, 6)), a.reshape(-1), a.T.reshape(2, -1, 3), a.reshape(12)), a)


def test_expand_dims():
    def function(a, x):
        return (
            (np.expand_dims(a, 0), np.expand_dims(a, -1), np.expand_dims(a, (0, 1)), np.expand_dims(a, (-1, 0))),
            (np.expand_dims(a, (2, 1, -1)), np.expand_dims(x, 0), np.expand_dims(x, (0, 1)), np.expand_dims(x, -1)),
        )

    for layout in LAYOUTS if FULL else LAYOUTS[::2]:
        agree(function, draw((2, 3), layout=layout), 1.5)


def test_broadcast_to():
    agree(lambda a: (np.broadcast_to(a, (2, 3)), np.broadcast_to(a, 3), np.broadcast_to(a, ())), 1.5)
    agree(lambda a, b: np.broadcast_to(a, b.shape), draw((3,)), draw((2, 3)))


def test_attributes_of_numbers():
    agree(lambda x: (x.size, x.ndim, len(x.shape), np.ndim(x)), np.float64(1.5))
    agree(lambda x: np.ndim(x), draw((2, 3)))


def test_making_of_arrays():
    def function(a, v):
        return (
            (np.array(a), np.array(a, dtype=np.float32), np.array(a, np.float64), np.full((2, 3), v), np.full(3, v)),
            (np.full((2, 3), v, dtype=np.float32), np.full(a.shape, v), np.full_like(a, 2.0), np.zeros_like(a)),
            (np.ones_like(a), np.full_like(a.T, 1.0)),
        )

    for layout in LAYOUTS if FULL else LAYOUTS[::2]:
        agree(function, draw((2, 3), layout=layout), draw((3,), layout=layout))


def test_dtypes_given_by_python_types():
    agree(
        lambda a: (np.array(a, dtype=int), np.array(a, dtype=float), np.array(a, int), np.array(a > 0, dtype=float)),
        draw((3,)),
    )


def test_astype_and_asarray():
    def function(a):
        return (
            (a.astype(float), a.astype(int), a.astype(np.float32), a.astype("float32"), a.astype(a.dtype)),
            (np.asarray(a, dtype=float), np.asarray(a, dtype=int), np.asarray(a), np.asarray(a, dtype=np.float32)),
        )

    for layout in LAYOUTS if FULL else LAYOUTS[::2]:
        agree(function, draw((2, 3), layout=layout))


def test_the_copy_by_np_array_is_one():
    def function(a):
        b = np.array(a)
        b[0] = 5.0
        return a, b

    agree(function, draw((3,)))


def test_float_of_an_array_without_dimensions():
    agree(lambda a: (float(a), float(a[()]), float(2)), np.array(2.5))


def test_reversed():
    def function(x, n):
        total = 0.0
        for i in reversed(range(len(x))):
            total = 0.5 * total + x[i]
        for i in reversed(range(-3, n, 4)):
            total = 0.5 * total + i
        for i in reversed(range(n, -7, -3)):
            total = 0.5 * total + i
        for v in reversed(x):
            total = 0.3 * total + v
        for v in reversed((1.0, 2.0, total)):
            total = 0.7 * total + v
        return total

    compiled = jit(function)
    for n in (-9, -3, 0, 1, 5, 6):
        agree(function, draw((4,)), n, compiled=compiled)
    agree(function, draw((0,)), 2, compiled=compiled)


def test_ellipsis():
    def function(a):
        b = a.copy()
        b[...] = b * b
        b[...] += 1.0
        b[..., 1] *= b[..., 0]
        return b, a[...], a[..., 0]

    for layout in LAYOUTS if FULL else LAYOUTS[::2]:
        agree(function, draw((2, 3), layout=layout))


# ------------------------------------------------------------------------------------------ elementwise, products


def test_elementwise():
    def of_array(x):
        return (abs(x), pow(x, 2), np.exp2(x), np.cbrt(x), np.float_power(x, 2.0)), (
            np.float_power(2.0, x),
            pow(2.0, x),
        )

    for layout in LAYOUTS if FULL else LAYOUTS[:1]:
        agree(of_array, draw((2, 3), layout=layout))
    agree(lambda x: abs(x), np.array([-1, 2, 0]))
    agree(lambda x: (math.cbrt(x), math.exp2(x), math.log(x, 3.0), math.log(x), abs(-x), pow(x, 2.0)), 1.75)
    agree(lambda x, y: (math.fmod(x, y), math.fmod(-x, y), math.log(x, y), math.cbrt(-x)), 7.5, 2)


BOUNDS = [
    (0.1, 0.6),
    (None, 0.6),
    (0.1, None),
    (0, 1),
    (draw((3,)), 0.6),
    (None, draw((2, 1))),
    (draw((3,)), draw((3,))),
]


@pytest.mark.parametrize(("low", "high"), BOUNDS if FULL else BOUNDS[1:6:2], ids=str)
def test_clip(low, high):
    compiled = jit(lambda a, low, high: np.clip(a, low, high))
    x = draw((2, 3))
    x[0, 0] = math.nan
    for a in (0.3, -2.0, 3.0, x, np.array([[0, 1, 2], [2, 1, 0]])):
        agree(np.clip, a, low, high, compiled=compiled)
    for a in (x.astype(np.float32), laid_out(x, "strided"), laid_out(x, "readonly")) if FULL else ():
        agree(np.clip, a, low, high, compiled=compiled)


def test_clip_with_names():
    def function(a):
        return (
            (a.clip(0.1), a.clip(0.1, 0.5), a.clip(min=0.1), a.clip(max=0.5), a.clip(None, 0.5), a.clip(max=1, min=0)),
            (np.clip(a, a_min=0.1, a_max=0.5), np.clip(a, 0.1, a_max=None), np.clip(a, a_max=0.2, a_min=None)),
        )

    agree(function, draw((2, 3)))

    def into(a):
        out = np.empty_like(a)
        np.clip(a, 0.1, 0.5, out)
        return out

    agree(into, draw((2, 3)))


def test_products():
    def function(a, b, x):
        return np.matmul(a, b), np.matmul(a, x), np.matmul(x, x), np.dot(a, x), np.dot(2.0, x), np.dot(x, 2.0), a.dot(x)

    for layout in LAYOUTS if FULL else LAYOUTS[:2]:
        agree(function, draw((2, 3), layout=layout), draw((3, 4), layout=layout), draw((3,), layout=layout))


def test_product_in_place():
    def function(a, b):
        c = a.copy()
        d = c
        c @= b
        return c, d

    agree(function, draw((3, 3)), draw((3, 3), layout="F"))


def test_products_of_two_dtypes():
    a, x, n = draw((2, 3), np.float32), draw((3,)), np.array([1, 2, 3])
    agree(lambda a, x, n: (a @ x, np.matmul(a, x), np.dot(a, x), x @ n, n @ x), a, x, n)
    agree(lambda a, x, n: (np.outer(x, n), np.outer(a[0], x), np.outer(x, x[:0])), a, x, n)
