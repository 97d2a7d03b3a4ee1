"""Reductions as loop nests: the same numbers, dtypes and errors as in plain Python, and the text that is expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff

pytest.importorskip("numba")
pytestmark = pytest.mark.jit

NO_FIT = "broadcast|size|shape|length"
NOTHING = "zero-size array|empty sequence"


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def flat(parts: Any) -> list[np.ndarray]:
    """The numbers of a nest of tuples."""
    return [a for p in parts for a in flat(p)] if isinstance(parts, tuple) else [np.asarray(parts)]


def agree(found: Any, wanted: Any) -> None:
    for one, other in zip(flat(found), flat(wanted), strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        tolerance = 1e-5 if one.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def in_python(derivative: Any, *args: Any) -> Any:
    """What the text for Numba gives as plain Python: quicker than to compile it."""
    text, space = srcdiff.source(derivative, *args), {}
    exec(text, space)
    return text, space[text.partition("def ")[2].partition("(")[0]](*args)


def check(f: Callable[..., Any], *args: Any, left: str = "", compiled: bool = False) -> str:
    """Hold the text for Numba of gradient and tangent, as Python or compiled, against the plain derivatives; the text
    of the gradient, in which no call is left of the functions in `left`."""
    wrt = tuple(k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f")
    dots = [np.cos(np.arange(args[k].size, dtype=args[k].dtype)).reshape(args[k].shape) for k in wrt]
    kept = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    tangent, gradient = srcdiff.jvp(f, wrt=wrt, jit=True), srcdiff.value_and_grad(f, wrt=wrt, jit=True)
    wanted = srcdiff.value_and_grad(f, wrt=wrt)(*args)
    text, found = in_python(gradient, *args)
    agree(found, (wanted[0], *wanted[1]))
    _, along = in_python(tangent, *args, *dots)
    agree(along, srcdiff.jvp(f, wrt=wrt)(*args, *dots))
    if compiled:
        agree(gradient(*args), wanted)
    for before, after in zip(kept, args, strict=True):
        np.testing.assert_array_equal(before, after)
    code = re.sub("#.*", "", text)
    for name in left.split():
        assert f"{name}(" not in code, text
    return code


# ------------------------------------------------------------------------------------------------------- over one axis


def centred(x):
    return np.sum((x - np.mean(x, axis=0)) ** 2 * x) + np.sum(np.exp(x - np.mean(x, axis=-1, keepdims=True)))


def scaled(x):
    y = x / np.sqrt(np.sum(x * x, axis=1, keepdims=True))
    return np.sum(y * y * y)


def softmax(x, w):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return np.sum(w * (e / np.sum(e, axis=-1, keepdims=True)))


def logs(x, w):
    top = np.max(x, axis=1)
    return np.sum((np.log(np.sum(np.exp(x - top[:, None]), axis=1)) + top) * w[:, 0])


def columns(x, w):
    top = np.min(x, axis=0)
    return np.sum(np.tanh(x - top) * w) + np.sum(np.max(x, axis=0) ** 2)


def of_all(x, w):
    most, least = np.max(x), np.min(x * w)
    return np.sum(np.exp(x - most)) * least + np.mean(x) * np.max(w)


def spread(x, w):
    return np.sum((np.max(x, axis=1) - np.min(x, axis=1)) ** 2) + np.ptp(x) + np.sum(np.std(w, axis=1) * x[:, 0])


def products(x):
    return np.sum(np.prod(x, axis=1) ** 2) + np.prod(x[0])


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (3, 1), (1, 1)])
@pytest.mark.parametrize("f", [centred, scaled, products])
def test_of_one_array(f: Callable[..., Any], shape: tuple[int, ...]) -> None:
    check(f, rng().uniform(0.5, 1.5, shape), left="np.sum np.mean", compiled=shape == (3, 4))


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (3, 1), (1, 1)])
@pytest.mark.parametrize("f", [softmax, logs, columns, of_all, spread])
def test_of_two_arrays(f: Callable[..., Any], shape: tuple[int, ...]) -> None:
    x, w = rng().normal(size=(2, *shape))
    check(f, x, w, left="np.sum np.mean np.max np.min first_max first_min", compiled=shape == (3, 4))


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_layout(order: str) -> None:
    x = np.array(rng().normal(size=(4, 6)), order=order)
    check(softmax, x, x[::-1])
    check(columns, x[::-1, ::2], x[:, 3:])
    check(softmax, x.T, x.T)


# --------------------------------------------------------------------------------------------------------- several axes


def attention(x, w):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return np.sum(w * (e / np.sum(e, axis=-1, keepdims=True)))


def planes(x, w):
    return np.sum(np.max(x, axis=(1, 2)) * np.sum(w, axis=(1, 2))) + np.sum(np.sum(x * w, axis=(0, 2)) ** 2)


def middle(x, w):
    return np.sum(np.max(x, axis=1) * w[:, 0]) + np.sum(np.min(x * w, axis=0) ** 2)


def outer_axes(x, w):
    return np.sum((x - np.max(w, axis=(0, 2), keepdims=True)) ** 2) + np.sum(np.mean(w, axis=(0, 1)) ** 3)


def turned_axes(x, w):
    return np.sum(np.max(x, axis=(2, 0)) * w[0, :, 0])


@pytest.mark.parametrize("f", [attention, planes, middle, outer_axes, turned_axes])
def test_three_axes(f: Callable[..., Any]) -> None:
    check(f, *rng().normal(size=(2, 2, 3, 4)), compiled=f in (attention, outer_axes))


def test_a_softmax_is_one_nest() -> None:
    text = check(attention, *rng().normal(size=(2, 2, 3, 4)), left="np.sum np.max first_max unbroadcast")
    assert text.count("for i in range") == 1, text
    assert "e = workspace(x.shape[2])" in text, "the exponentials of one line are enough"


# -------------------------------------------------------------------------------------------------- what broadcasts


def bias(x, b, c, s):
    return np.sum(np.tanh(x * s + b) * c)


def test_adjoints_of_what_is_broadcast() -> None:
    x = rng().normal(size=(3, 4))
    text = check(bias, x, rng().normal(size=4), rng().normal(size=(3, 1)), 0.3, left="unbroadcast np.sum")
    assert "b_bar[j] +=" in text
    check(bias, x, rng().normal(size=(1, 1)), rng().normal(size=(1, 4)), 0.3, left="unbroadcast")
    check(bias, x, rng().normal(size=1), rng().normal(size=4), 0.3, left="unbroadcast")


def distances(c, x):
    apart = x[:, None, :] - c[None, :, :]
    return np.sum(np.min(np.sum(apart * apart, axis=2), axis=1))


def test_distances() -> None:
    text = check(distances, rng().normal(size=(2, 3)), rng().normal(size=(5, 3)), left="np.sum np.min first_min")
    assert "below(" in text


def test_second_derivatives() -> None:
    c, x = rng().normal(size=(2, 3)), rng().normal(size=(5, 3))
    for f, args in ((distances, (c, x)), (softmax, (x, x[::-1]))):
        v = np.cos(np.arange(args[0].size)).reshape(args[0].shape)
        agree(srcdiff.hvp(f, jit=True)(*args, v), srcdiff.hvp(f)(*args, v))


def outers(a, b):
    m = np.outer(a, b)
    return np.sum(np.sin(m) * m[0])


def test_outer_products() -> None:
    check(outers, rng().normal(size=3), rng().normal(size=4), left="np.outer")


# ----------------------------------------------------------------------------------------- ties, NaN, nothing, dtypes


def largest(x):
    return np.sum(np.max(x, axis=1) * np.array([1.0, 2.0, 3.0])) + np.min(x)


def first_columns(x):
    return np.sum(np.max(x, axis=0) * 0.5)


@pytest.mark.parametrize("f", [largest, first_columns])
def test_of_equal_elements_the_first_counts(f: Callable[..., Any]) -> None:
    check(f, np.array([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0], [5.0, -1.0, 5.0]]))


@pytest.mark.parametrize("f", [largest, first_columns])
@pytest.mark.parametrize("places", [[(0, 0)], [(1, 2)], [(1, 0), (1, 2)], [(0, 1), (2, 1)]])
def test_the_first_nan_counts(f: Callable[..., Any], places: list[tuple[int, int]]) -> None:
    x = rng().normal(size=(3, 3))
    for place in places:
        x[place] = np.nan
    check(f, x)


def test_infinities() -> None:
    check(largest, np.array([[-np.inf, -np.inf], [np.inf, 0.0], [np.inf, np.inf]]))


def rows(x):
    return np.sum(np.max(x, axis=1))


def whole(x):
    return np.max(x) * 2.0


def means(x):
    return np.sum(np.mean(x, axis=1))


@pytest.mark.parametrize(("f", "shape"), [(rows, (3, 0)), (whole, (3, 0)), (whole, (0, 3)), (first_columns, (0, 3))])
def test_nothing_has_no_largest_element(f: Callable[..., Any], shape: tuple[int, ...]) -> None:
    x = np.zeros(shape)
    for derivative in (srcdiff.value_and_grad(f, jit=True), srcdiff.grad(f, jit=True), srcdiff.grad(f)):
        with pytest.raises(ValueError, match=NOTHING):
            derivative(x)


@pytest.mark.parametrize("shape", [(0, 3), (0, 0)])
def test_no_lines_have_none_to_look_for(shape: tuple[int, ...]) -> None:
    value, gradient = srcdiff.value_and_grad(rows, jit=True)(np.zeros(shape))
    assert value == 0.0
    assert gradient.shape == shape


def test_means_of_nothing_are_not_numbers() -> None:
    with np.errstate(all="ignore"):
        value, _ = srcdiff.value_and_grad(means, jit=True)(np.zeros((2, 0)))
    assert np.isnan(value)


@pytest.mark.parametrize("f", [softmax, columns])
def test_single_precision(f: Callable[..., Any]) -> None:
    x, w = rng().normal(size=(2, 3, 4)).astype(np.float32)
    for one, other in ((x, w), (x, w.astype(np.float64))):
        gradients = srcdiff.grad(f, wrt=(0, 1), jit=True)(one, other)
        for found, wanted in zip(gradients, srcdiff.grad(f, wrt=(0, 1))(one, other), strict=True):
            assert found.dtype == wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=2e-5)


def counted(x, n):
    return np.sum(x * np.max(n, axis=1, keepdims=True)) * np.sum(n) + np.mean(n)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_whole_numbers(dtype: Any) -> None:
    x, n = rng().normal(size=(2, 3)), np.array([[100, 200, 3], [4, 5, 6]], dtype)
    agree(srcdiff.value_and_grad(counted, jit=True)(x, n), srcdiff.value_and_grad(counted)(x, n))


# ------------------------------------------------------------------------------------------------ inside of programs


def in_a_loop(x, steps):
    y = x * 1.0
    tops = np.zeros(steps)
    for t in range(steps):
        tops[t] = np.max(y * x)
        y = np.sin(y) - np.mean(y, axis=1, keepdims=True) * tops[t]
        y[0] += np.sum(y[1:], axis=0)
    return np.sum(y * y) + np.sum(tops)


def on_a_branch(x, k):
    s = 0.0
    for i in range(len(x)):
        if np.max(x[i]) > 0.0:
            s += np.max(x[i]) * np.sum(x[i] * x[k])
        else:
            s -= np.min(x[:, 0])
    return s


def its_own_result(x):
    y = x * 2.0
    y = y - np.max(y, axis=0)
    y[:] = y * np.sum(y, axis=1, keepdims=True)
    y += np.mean(y)
    return np.sum(y * y)


def written_later(x):
    y = x * 1.0
    top = np.max(y, axis=1)
    y[0] = 7.0
    y[:, 1] += top
    return np.sum(y * y) + np.sum(top * np.max(y, axis=1))


@pytest.mark.parametrize("f", [its_own_result, written_later])
def test_what_is_written_afterwards(f: Callable[..., Any]) -> None:
    check(f, rng().normal(size=(3, 4)))


def test_loops_and_branches() -> None:
    check(in_a_loop, rng().normal(size=(3, 4)), 3)
    check(on_a_branch, rng().normal(size=(3, 4)), 1)


def mixed_lengths(x, w):
    return np.sum(np.max(x[1:-1] * w, axis=0)) + np.sum(np.max(x[1:-1], axis=1) * w[:, 0])


def test_a_length_that_turns_out_to_be_one_is_broadcast() -> None:
    jitted, plain = (
        srcdiff.value_and_grad(mixed_lengths, wrt=(0, 1), jit=True),
        srcdiff.value_and_grad(mixed_lengths, wrt=(0, 1)),
    )
    for n, m in ((6, 4), (3, 4), (6, 4), (3, 1)):
        args = rng().normal(size=(n, 3)), rng().normal(size=(m, 3))
        agree(jitted(*args), plain(*args))
    with pytest.raises(ValueError, match=NO_FIT):
        jitted(np.ones((6, 3)), np.ones((3, 3)))


def test_called_from_compiled_code() -> None:
    import numba

    gradient = srcdiff.grad(softmax, wrt=(0, 1)).jitted

    @numba.njit
    def caller(x, w):
        return gradient(x, w)

    x, w = rng().normal(size=(2, 3, 4))
    agree(caller(x, w), srcdiff.grad(softmax, wrt=(0, 1))(x, w))


def test_parallel_loops_share_no_row(any_length: None) -> None:
    x, w = rng().normal(size=(2, 4, 3, 5))
    agree(srcdiff.grad(attention, wrt=(0, 1), jit={"parallel": True})(x, w), srcdiff.grad(attention, wrt=(0, 1))(x, w))
