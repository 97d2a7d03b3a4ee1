"""The public API: how derivatives are asked for, called, shown, pickled and jitted, and what misuse is answered."""

from __future__ import annotations

import copy
import inspect
import math
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import errors

ROOT = Path(__file__).resolve().parents[1]
X = np.array([1.0, 2.0, 3.0])

both = pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)], ids=["plain", "jit"])


def cube(x):
    return x**3


def product(a, b, c=2.0):
    return a * a * b * c


def energy(x, k):
    return 0.5 * k * np.sum(x * x)


def scale(x, k):
    return k * x


# ------------------------------------------------------------------------------------------------ asking for one


def test_grad_as_a_function_and_as_a_decorator() -> None:
    @srcdiff.grad
    def bare(x):
        return x * x

    @srcdiff.grad()
    def called(x):
        return x * x

    @srcdiff.grad(wrt="rate")
    def named(x, rate):
        return x * rate

    assert (bare(3.0), called(3.0), named(3.0, 2.0), srcdiff.grad(cube)(2.0)) == (6.0, 6.0, 3.0, 12.0)


@pytest.mark.parametrize(
    ("wrt", "expected"),
    [
        (0, 24.0),
        (1, 8.0),
        (2, 12.0),
        (-1, 12.0),
        ("b", 8.0),
        ((0,), (24.0,)),
        (("c", 0), (12.0, 24.0)),
        ((0, "b", -1), (24.0, 8.0, 12.0)),
        (np.int64(1), 8.0),
    ],
)
def test_wrt_takes_positions_names_and_tuples(wrt: Any, expected: Any) -> None:
    assert srcdiff.grad(product, wrt=wrt)(2.0, 3.0) == expected
    assert srcdiff.value_and_grad(product, wrt=wrt)(2.0, 3.0) == (24.0, expected)


@pytest.mark.parametrize("wrt", [3, -4, "z", None, 1.0, True, [0], {0}, (), (0, 0), (0, "a"), (0, (1,)), ("a", "z")])
def test_a_wrt_that_selects_nothing_is_refused_at_once(wrt: Any) -> None:
    with pytest.raises(errors.BadArgument, match="wrt="):
        srcdiff.grad(product, wrt=wrt)


@pytest.mark.parametrize("f", [3, "cube", np.sin, math.sin, abs, int, object()])
def test_what_is_no_python_function_is_refused_at_once(f: Any) -> None:
    with pytest.raises((errors.BadArgument, errors.SourceUnavailable)):
        srcdiff.grad(f)


def test_a_function_without_parameters_has_no_derivative() -> None:
    def nothing():
        return 1.0

    with pytest.raises(errors.BadArgument):
        srcdiff.grad(nothing)
    with pytest.raises(errors.BadArgument):
        srcdiff.vjp(nothing)


def test_attributes_of_the_function_do_not_reach_the_derivatives_own() -> None:
    def f(x):
        return x * x

    for name in (
        "wrt",
        "options",
        "signature",
        "primal",
        "function",
        "single",
        "_ready",
        "_names",
        "_lock",
        "_program",
    ):
        setattr(f, name, "the user's own")
    assert srcdiff.grad(f)(3.0) == 6.0
    assert srcdiff.grad(srcdiff.grad(f))(3.0) == 2.0


# ------------------------------------------------------------------------------------------------------- calling


def test_keywords_and_defaults_are_those_of_the_function() -> None:
    df = srcdiff.grad(product, wrt=("a", "c"))
    expected = (2.0 * 2.0 * 3.0 * 5.0, 4.0 * 3.0)
    assert df(2.0, 3.0, 5.0) == df(2.0, b=3.0, c=5.0) == df(c=5.0, b=3.0, a=2.0) == expected
    assert df(2.0, 3.0) == df(2.0, 3.0, 2.0)


def only_by_keyword(x, *, k=2.0):
    return k * x * x


def only_by_position(x, /, y):
    return x * y


def test_keyword_only_parameters() -> None:
    df = srcdiff.grad(only_by_keyword)
    assert (df(3.0), df(3.0, k=5.0)) == (12.0, 30.0)
    assert srcdiff.grad(only_by_keyword, wrt="k")(3.0, k=5.0) == 9.0
    assert srcdiff.grad(df)(3.0, k=5.0) == 10.0
    with pytest.raises(errors.BadArgument):
        df(3.0, 5.0)


def test_vjp_of_a_function_with_a_keyword_only_parameter() -> None:
    value, pullback = srcdiff.vjp(only_by_keyword, 3.0)
    assert (value, pullback(1.0)) == (18.0, (12.0,))


def test_positional_only_parameters() -> None:
    df = srcdiff.grad(only_by_position)
    assert df(2.0, y=3.0) == 3.0
    with pytest.raises(errors.BadArgument):
        df(x=2.0, y=3.0)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), ((1.0,), {}), ((1.0, 2.0, 3.0, 4.0), {}), ((1.0, 2.0), {"z": 1.0}), ((1.0, 2.0), {"a": 1.0})],
)
def test_a_call_that_python_would_refuse_is_refused(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    with pytest.raises(errors.BadArgument, match="product"):
        srcdiff.grad(product)(*args, **kwargs)


@pytest.mark.parametrize(
    "argument",
    [
        "s",
        None,
        {},
        1j,
        True,
        np.True_,
        object(),
        np.array([1j]),
        np.array(["a"]),
        np.array([1.0], dtype=object),
        np.array([True]),
        np.matrix([[1.0]]),
        np.ma.array([1.0]),
        np.float16(1.0),
        np.array([1.0], np.float16),
        10**400,
    ],
    ids=lambda a: type(a).__name__,
)
def test_an_argument_without_a_derivative_is_refused_by_name(argument: Any) -> None:
    with pytest.raises(errors.BadArgument, match="`x`"):
        srcdiff.grad(cube)(argument)


@pytest.mark.parametrize("argument", [object(), 2**70, np.array([1j], np.clongdouble)])
def test_what_is_not_differentiated_has_to_be_a_known_kind_of_value_too(argument: Any) -> None:
    with pytest.raises(errors.BadArgument, match="`k`"):
        srcdiff.grad(scale)(1.0, argument)


@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        (2.0, float),
        (2, float),
        (np.float64(2.0), float),
        (np.float32(2.0), np.float32),
        (np.int64(2), float),
        (np.uint8(2), float),
        (np.array(2.0), np.ndarray),
        (np.array(2), np.ndarray),
    ],
)
def test_the_gradient_of_a_number_has_its_form(argument: Any, kind: type) -> None:
    gradient = srcdiff.grad(cube)(argument)
    assert isinstance(gradient, kind)
    assert np.shape(gradient) == ()
    assert gradient == 12.0


@both
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8, ">f8"])
def test_the_gradient_of_an_array_has_its_shape_and_dtype(dtype: Any, jit: bool) -> None:
    x = np.array([1, 2, 3]).astype(dtype)
    gradient, by_k = srcdiff.grad(energy, wrt=(0, 1), jit=jit)(x, 3)
    assert gradient.shape == x.shape
    assert gradient.dtype == (x.dtype if x.dtype.kind == "f" else np.float64)
    np.testing.assert_allclose(gradient, [3.0, 6.0, 9.0])
    assert by_k == 7.0


def test_an_argument_that_does_not_matter_has_zeros_of_its_shape() -> None:
    def first(x, y, z):
        return x * x

    gradients = srcdiff.grad(first, wrt=(0, 1, 2))(2.0, np.ones((2, 3)), 5)
    assert gradients[0] == 4.0
    np.testing.assert_array_equal(gradients[1], np.zeros((2, 3)))
    assert type(gradients[2]) is float
    assert gradients[2] == 0.0


@both
def test_one_derivative_serves_arguments_of_every_kind(jit: bool) -> None:
    def f(a, b):
        return np.sum(a * b + a * a * b)

    df = srcdiff.grad(f, wrt=(0, 1), jit=jit)
    shapes: list[tuple[Any, Any]] = [
        ((1,), (4,)),
        ((4,), (4,)),
        ((4,), (1,)),
        ((3, 1), (1, 4)),
        ((1, 1), (3, 4)),
        ((), (4,)),
    ]
    for m, n in shapes:
        a, b = np.full(m, 0.5), np.full(n, 2.0)
        a_bar, b_bar = df(a, b)
        size = np.broadcast(a, b).size
        np.testing.assert_allclose(a_bar, np.full(m, 4.0 * size / max(a.size, 1)))
        np.testing.assert_allclose(b_bar, np.full(n, 0.75 * size / max(b.size, 1)))


# ------------------------------------------------------------------------------------------------------ results


def array_result(x):
    return x * 2.0


def tuple_result(x):
    return x * 2.0, x


def list_result(x):
    return [x * 2.0, x]


def none_result(x):
    return None


def text_result(x):
    return "text"


def truth_result(x):
    return x > 0.0


@pytest.mark.parametrize("f", [array_result, tuple_result, list_result, none_result, text_result])
@pytest.mark.parametrize("make", [srcdiff.grad, srcdiff.value_and_grad])
def test_a_result_that_is_no_real_scalar_is_refused(f: Callable[..., Any], make: Callable[..., Any]) -> None:
    with pytest.raises(errors.SrcdiffError) as caught:
        make(f)(X)
    assert isinstance(caught.value, errors.BadOutput | errors.UnsupportedType)


def test_a_truth_value_is_no_real_scalar() -> None:
    with pytest.raises(errors.BadOutput):
        srcdiff.grad(truth_result)(1.0)


def test_the_message_on_a_wrong_result_names_what_to_use() -> None:
    with pytest.raises(errors.BadOutput, match=r"srcdiff\.vjp"):
        srcdiff.grad(array_result)(X)
    with pytest.raises(errors.BadOutput, match="has_aux=True"):
        srcdiff.grad(tuple_result)(1.0)


def test_an_array_of_length_one_is_no_scalar_but_a_zero_dimensional_one_is() -> None:
    with pytest.raises(errors.BadOutput):
        srcdiff.grad(array_result)(np.array([1.0]))
    assert srcdiff.grad(array_result)(np.array(1.0)) == 2.0


def number_or_array(x, flag):
    if flag:
        y = x
    else:
        y = np.sum(x)
    return y


def test_only_the_run_tells_whether_the_result_is_a_scalar() -> None:
    np.testing.assert_array_equal(srcdiff.grad(number_or_array)(X, False), np.ones(3))
    with pytest.raises(errors.BadOutput, match=r"\(3,\)"):
        srcdiff.grad(number_or_array)(X, True)
    with pytest.raises(errors.BadOutput, match=r"\(3,\)"):
        srcdiff.value_and_grad(number_or_array)(X, True)


# ----------------------------------------------------------------------------------------------------- has_aux


def with_aux(x):
    y = x * x
    total = np.sum(y)
    y *= 10.0
    return total, (y, x, 3, True)


@both
def test_auxiliary_results_come_as_the_function_returns_them(jit: bool) -> None:
    def f(x):
        y = x * x
        total = np.sum(y)
        y *= 10.0
        return total, (y, x)

    gradient, (y, x) = srcdiff.grad(f, has_aux=True, jit=jit)(X)
    np.testing.assert_allclose(gradient, 2.0 * X)
    np.testing.assert_allclose(y, 10.0 * X * X)
    np.testing.assert_array_equal(x, X)
    (value, (y, x)), gradient = srcdiff.value_and_grad(f, has_aux=True, jit=jit)(X)
    assert value == 14.0
    np.testing.assert_allclose(y, 10.0 * X * X)
    np.testing.assert_allclose(gradient, 2.0 * X)


def test_auxiliary_results_may_be_of_any_known_kind() -> None:
    _, aux = srcdiff.grad(with_aux, has_aux=True)(X)
    assert aux[2:] == (3, True)


def test_has_aux_wants_a_pair() -> None:
    for f in (cube, array_result):
        with pytest.raises(errors.BadOutput, match="has_aux"):
            srcdiff.grad(f, has_aux=True)(1.0)


def test_the_value_beside_an_auxiliary_result_is_checked() -> None:
    def f(x, flag):
        if flag:
            y = x
        else:
            y = np.sum(x)
        return y, np.zeros((2, 2))

    np.testing.assert_array_equal(srcdiff.grad(f, has_aux=True)(X, False)[0], np.ones(3))
    with pytest.raises(errors.BadOutput, match=r"\(3,\)"):
        srcdiff.grad(f, has_aux=True)(X, True)


# ---------------------------------------------------------------------------------------------------------- vjp


def nested(x, a):
    y = x * a
    return (y, (a * a, y)), x


def test_the_pullback_takes_an_adjoint_of_the_values_structure() -> None:
    ((y, (square, again)), _), pullback = srcdiff.vjp(nested, X, 2.0)
    np.testing.assert_array_equal(y, 2.0 * X)
    np.testing.assert_array_equal(again, y)
    assert square == 4.0
    x_bar, a_bar = pullback(((np.ones(3), (1.0, 10.0 * np.ones(3))), 100.0 * np.ones(3)))
    np.testing.assert_allclose(x_bar, np.full(3, 2.0 * 11.0 + 100.0))
    assert a_bar == pytest.approx(6.0 * 11.0 + 4.0)


def test_the_same_array_twice_in_a_result_takes_both_adjoints() -> None:
    def f(x):
        y = x * 3.0
        return y, y

    _, pullback = srcdiff.vjp(f, X)
    np.testing.assert_allclose(pullback((np.ones(3), 2.0 * np.ones(3)))[0], np.full(3, 9.0))


def test_results_that_are_views_of_one_array() -> None:
    def f(x):
        y = x * 1.0
        tail = y[1:]
        y[1] = 7.0 * x[0]
        return tail, y

    _, pullback = srcdiff.vjp(f, X)
    np.testing.assert_allclose(pullback((np.ones(2), 3.0 * np.ones(3)))[0], [31.0, 0.0, 4.0])


def test_a_pullback_may_be_called_any_number_of_times() -> None:
    def f(x):
        x *= x
        return x

    x, seed = X.copy(), np.ones(3)
    value, pullback = srcdiff.vjp(f, x)
    first, second = pullback(seed)[0], pullback(seed)[0]
    x[:] = 0.0
    value[:] = np.nan
    np.testing.assert_array_equal(first, 2.0 * X)
    np.testing.assert_array_equal(second, first)
    np.testing.assert_array_equal(pullback(seed)[0], first)
    np.testing.assert_array_equal(seed, np.ones(3))


GAIN = np.ones(3)


def gained(x):
    return GAIN * x


def test_a_pullback_belongs_to_the_value_it_came_with() -> None:
    try:
        value, pullback = srcdiff.vjp(gained, X)
        GAIN[:] = 7.0
        np.testing.assert_array_equal(value, X)
        np.testing.assert_array_equal(pullback(np.ones(3))[0], np.ones(3))
    finally:
        GAIN[:] = 1.0


def test_adjoints_of_arguments_that_are_counts_texts_and_truths() -> None:
    def picked(n, x, name, flag):
        y = x[n] if name == "one" else x[0]
        return y * 2.0 if flag else y

    _, pullback = srcdiff.vjp(picked, 1, X, "one", True)
    adjoints = pullback(1.0)
    assert (adjoints[0], adjoints[2], adjoints[3]) == (None, None, None)
    np.testing.assert_array_equal(adjoints[1], [0.0, 2.0, 0.0])


def test_a_whole_number_that_is_no_count_has_an_adjoint() -> None:
    def f(n, x):
        return x * n * n

    n_bar, x_bar = srcdiff.vjp(f, 3, X)[1](np.ones(3))
    assert type(n_bar) is float
    assert n_bar == 36.0
    np.testing.assert_array_equal(x_bar, np.full(3, 9.0))


@pytest.mark.parametrize(
    "seed",
    [
        1.0,
        np.ones(4),
        np.ones((1, 3)),
        None,
        "text",
        (np.ones(3),),
        [1.0, "a", 2.0],
        np.full(3, 1j),
        np.array(["a"] * 3),
    ],
)
def test_an_adjoint_that_does_not_fit_is_refused(seed: Any) -> None:
    _, pullback = srcdiff.vjp(array_result, X)
    with pytest.raises(errors.BadArgument):
        pullback(seed)


def test_an_adjoint_of_another_structure_is_refused() -> None:
    _, pullback = srcdiff.vjp(nested, X, 2.0)
    for seed in (np.ones(3), (np.ones(3), np.ones(3)), ((np.ones(3), (1.0,)), np.ones(3)), ((1.0, (1.0, 1.0)), 1.0)):
        with pytest.raises(errors.BadArgument):
            pullback(seed)


def test_vjp_of_a_list_is_refused_or_right() -> None:
    try:
        _, pullback = srcdiff.vjp(list_result, X)
    except errors.SrcdiffError:
        return
    np.testing.assert_array_equal(pullback([np.ones(3), np.ones(3)])[0], np.full(3, 3.0))


def test_vjp_wants_an_argument_with_a_derivative() -> None:
    with pytest.raises(errors.BadArgument):
        srcdiff.vjp(array_result, True)


# ------------------------------------------------------------------------------------------ the caller's own data


def overwrites(x, y):
    x[0] = y[0] * y[1]
    return np.sum(x * y)


@both
def test_arguments_come_back_as_they_were(jit: bool) -> None:
    x, y = X.copy(), X.copy()
    x_bar, y_bar = srcdiff.grad(overwrites, wrt=(0, 1), jit=jit)(x, y)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, X)
    np.testing.assert_allclose(x_bar, [0.0, 2.0, 3.0])
    np.testing.assert_allclose(y_bar, [4.0, 3.0, 3.0])


def _shared(x: Any) -> list[tuple[Any, Any]]:
    return [(x, x), (x, x[::-1]), (x[:2], x[1:]), (x[:-1], x[:2])]


@both
def test_arguments_that_share_memory_are_refused_where_one_is_written(jit: bool) -> None:
    for a, b in _shared(X.copy()):
        with pytest.raises(errors.SharedMemory, match=r"`x`.*`y`"):
            srcdiff.grad(overwrites, jit=jit)(a, b)


def test_vjp_sees_shared_memory_too() -> None:
    for a, b in _shared(X.copy()):
        with pytest.raises(errors.SharedMemory):
            srcdiff.vjp(overwrites, a, b)


def test_arguments_that_share_memory_are_fine_where_none_is_written() -> None:
    def f(x, y):
        return np.sum(x * y)

    x_bar, y_bar = srcdiff.grad(f, wrt=(0, 1))(X, X)
    np.testing.assert_array_equal(x_bar, X)
    np.testing.assert_array_equal(y_bar, X)
    assert not np.shares_memory(x_bar, X)
    assert not np.shares_memory(x_bar, y_bar)


def test_an_argument_that_overlaps_itself_is_refused_where_it_is_written() -> None:
    def f(x):
        x[0, 1] = 3.0 * x[1, 1]
        return np.sum(x * x)

    windows = np.lib.stride_tricks.as_strided(np.arange(4.0), (3, 2), (8, 8))
    for x in (windows, np.broadcast_to(np.arange(2.0), (3, 2))):
        with pytest.raises(errors.SharedMemory):
            srcdiff.grad(f)(x)


@both
def test_arguments_of_every_layout(jit: bool, tmp_path: Path) -> None:
    def f(x):
        x[0] = x[1] * x[-1]
        return np.sum(x * x)

    data = np.arange(1.0, 7.0)
    readonly = data.copy()
    readonly.flags.writeable = False
    mapped = np.memmap(tmp_path / "x.bin", dtype=float, mode="w+", shape=6)
    mapped[:] = data
    expected = srcdiff.grad(f)(data)
    for x in (readonly, mapped, data[::-1][::-1], np.repeat(data, 2)[::2], data.astype(">f8"), data[::-1].copy()[::-1]):
        gradient = srcdiff.grad(f, jit=jit)(x)
        np.testing.assert_allclose(gradient, expected)
        np.testing.assert_array_equal(x, data)
        assert gradient.dtype == x.dtype
        assert gradient.flags.writeable


@both
def test_an_empty_argument(jit: bool) -> None:
    def f(x, a):
        return np.sum(a * x * x) + a

    x_bar, a_bar = srcdiff.grad(f, wrt=(0, 1), jit=jit)(np.zeros((0, 3)), 2.0)
    assert x_bar.shape == (0, 3)
    assert a_bar == 1.0


# ------------------------------------------------------------------------------- what the function uses from outside


NUMBER: Any = 2.0
SINGLE: Any = np.float32(2.0)
WHOLE: Any = np.int64(2)
PAIR: Any = (2.0, 3.0)
MODE: Any = "twice"
NOTHING: Any = None
APPLIED: Any = np.sin
LIBRARY: Any = math.sin
BUILTIN: Any = abs
TRUTH: Any = True
WEIGHTS: Any = np.array([1.0, 2.0])


def times_number(x):
    return NUMBER * x


def times_single(x):
    return SINGLE * x


def times_whole(x):
    return WHOLE * x


def times_first(x):
    return PAIR[0] * x


def by_mode(x):
    return 2.0 * x if MODE == "twice" else 5.0 * x


def by_nothing(x):
    return x if NOTHING is None else NOTHING * x


def by_applied(x):
    return APPLIED(x)


def by_library(x):
    return LIBRARY(x)


def by_builtin(x):
    return BUILTIN(x)


def by_truth(x):
    return x if TRUTH else 3.0 * x


def by_weights(x):
    return np.sum(WEIGHTS * x)


def helped(x):
    return times_number(x) * x


cubed_slope = srcdiff.grad(lambda x: NUMBER * x**3)


def calls_a_derivative(x):
    return cubed_slope(x) * x


@pytest.mark.parametrize(
    ("f", "name", "value"),
    [
        (times_number, "NUMBER", 7.0),
        (times_single, "SINGLE", np.float32(7.0)),
        (times_whole, "WHOLE", np.int64(7)),
        (times_first, "PAIR", (7.0, 1.0)),
        (by_mode, "MODE", "five times"),
        (by_nothing, "NOTHING", 4.0),
        (by_applied, "APPLIED", np.cos),
        (by_library, "LIBRARY", math.cos),
        (by_builtin, "BUILTIN", math.sin),
        (by_truth, "TRUTH", False),
        (by_weights, "WEIGHTS", np.ones(5)),
        (helped, "NUMBER", 7.0),
        (helped, "times_number", cube),
        (calls_a_derivative, "NUMBER", 7.0),
    ],
    ids=lambda v: getattr(v, "__name__", v) if isinstance(v, str) or callable(v) else "",
)
def test_a_name_bound_anew_counts_from_the_next_call(
    f: Callable[..., Any], name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    df = srcdiff.grad(f)
    before = df(0.5)
    monkeypatch.setitem(globals(), name, value)
    after = df(0.5)
    assert after == pytest.approx(srcdiff.grad(f)(0.5))
    assert after != pytest.approx(before)


def test_a_second_derivative_follows_a_global(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x):
        return NUMBER * x**3

    ddf = srcdiff.grad(srcdiff.grad(f))
    assert ddf(1.0) == 12.0
    monkeypatch.setitem(globals(), "NUMBER", 5.0)
    assert ddf(1.0) == 30.0


@both
def test_a_captured_array_may_change_in_place_between_calls(jit: bool) -> None:
    weights = np.array([1.0, 2.0])

    def f(x):
        return np.sum(weights * x)

    df = srcdiff.grad(f, jit=jit)
    assert df(1.0) == 3.0
    weights[0] = 10.0
    assert df(1.0) == 12.0


def test_closures_are_followed() -> None:
    def make(k: Any) -> Any:
        def f(x):
            return k * x

        def change(value: Any) -> None:
            nonlocal k
            k = value

        return f, change

    f, change = make(2.0)
    df = srcdiff.grad(f)
    assert df(1.0) == 2.0
    change(np.float32(3.0))
    assert df(1.0) == 3.0
    change(4)
    assert df(1.0) == 4.0
    assert [srcdiff.grad(make(k)[0])(1.0) for k in (1.0, 2, np.float32(3.0))] == [1.0, 2.0, 3.0]


@srcdiff.grad
def uses_a_later_function(x):
    return defined_later(x) * 2.0


def defined_later(x):
    return x * x


def test_a_helper_may_be_defined_after_the_decorator() -> None:
    assert uses_a_later_function(3.0) == 12.0


def test_a_name_that_is_never_defined_is_refused_at_the_call() -> None:
    def f(x):
        return never_defined(x)  # noqa: F821

    df = srcdiff.grad(f)
    with pytest.raises(errors.UnresolvedName, match="never_defined"):
        df(1.0)


OBJECTS = np.array([1.0, 2.0, 3.0], dtype=object)


def test_captured_values_that_are_no_numbers_are_refused() -> None:
    def object_array(x):
        return np.sum(OBJECTS * x)

    with pytest.raises(errors.SrcdiffError):
        srcdiff.grad(object_array)(2.0)


# -------------------------------------------------------------------------------------------- looking at the result


def test_source_is_what_runs() -> None:
    df = srcdiff.grad(energy)
    generic = srcdiff.source(df)
    assert generic == df.source
    compile(generic, "generic", "exec")
    for_arrays = srcdiff.source(df, X, 2.0)
    df(X, 2.0)
    assert df.source == for_arrays
    assert srcdiff.source(df, x=X, k=2.0) == for_arrays
    space: dict[str, Any] = {}
    exec(compile(for_arrays, "special", "exec"), space)
    np.testing.assert_array_equal(space["energy_grad"](X, 2.0), df(X, 2.0))


def test_source_refuses_what_is_no_derivative() -> None:
    with pytest.raises(errors.BadArgument, match="no derivative"):
        srcdiff.source(len)
    with pytest.raises(errors.BadArgument):
        srcdiff.source(srcdiff.grad(cube), 1.0, 2.0)


def test_a_derivative_presents_itself_as_its_function() -> None:
    @srcdiff.grad(wrt="b")
    def documented(a, b=2.0):
        """What it says."""
        return a * b

    assert documented.__name__ == "documented"
    assert documented.__doc__ is not None
    assert documented.__doc__.endswith("What it says.")
    assert documented.__module__ == __name__
    assert documented.__wrapped__ is documented.primal
    assert documented.primal(3.0) == 6.0
    assert list(inspect.signature(documented).parameters) == ["a", "b"]
    assert repr(srcdiff.grad(product, wrt=("a", "c"))) == "<gradient of product(a, b, c=2.0) with respect to (a, c)>"
    assert "value and gradient" in repr(srcdiff.value_and_grad(cube))
    assert "jit" in repr(srcdiff.grad(cube, jit=True))


def test_generated_code_is_known_to_inspect_and_tracebacks() -> None:
    def f(x, i):
        y = x * 2.0
        y[0] = y[0] * y[i]
        return np.sum(y)

    df = srcdiff.grad(f)
    with pytest.raises(IndexError) as caught:
        df(X, 7)
    (note,) = caught.value.__notes__
    assert "y[0] = y[0] * y[i]" in note
    assert Path(__file__).name in note
    trace = caught.tb
    while trace.tb_next is not None:
        trace = trace.tb_next
    assert "y[0] = y[0] * y[i]" in inspect.getsource(trace.tb_frame.f_code)


def test_derivatives_pickle() -> None:
    df = srcdiff.grad(product, wrt=("a", "c"))
    for made in (df, srcdiff.value_and_grad(cube), srcdiff.grad(srcdiff.grad(cube)), uses_a_later_function):
        again = pickle.loads(pickle.dumps(made))
        args = (2.0, 3.0) if made is df else (2.0,)
        assert again(*args) == made(*args)
    assert copy.deepcopy(df)(2.0, 3.0) == df(2.0, 3.0)


def test_derivatives_pickle_into_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "import srcdiff\n"
        "@srcdiff.grad(wrt=(0, 1))\n"
        "def decorated(x, k=2.0):\n"
        "    return x * x * k\n"
        "def plain(x):\n"
        "    return x ** 3\n"
        "class Group:\n"
        "    @staticmethod\n"
        "    def method(x):\n"
        "        return x * x\n"
    )
    (tmp_path / "pickled_programs.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    import pickled_programs as programs  # type: ignore[import-not-found]

    made = (programs.decorated, srcdiff.value_and_grad(programs.plain), srcdiff.grad(programs.Group.method))
    (tmp_path / "made.pickle").write_bytes(pickle.dumps(made))
    script = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]\n"
        "import pickle, pathlib\n"
        f"made = pickle.loads(pathlib.Path({str(tmp_path / 'made.pickle')!r}).read_bytes())\n"
        "print(*(df(3.0) for df in made))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(12.0, 9.0) (27.0, 27.0) 6.0"


# ------------------------------------------------------------------------------------------ derivatives of derivatives


@both
def test_higher_derivatives(jit: bool) -> None:
    def f(x):
        return x**5 + math.sin(x)

    first = srcdiff.grad(f, jit=jit)
    second = srcdiff.grad(first)
    third = srcdiff.grad(second)
    assert first(1.3) == pytest.approx(5.0 * 1.3**4 + math.cos(1.3))
    assert second(1.3) == pytest.approx(20.0 * 1.3**3 - math.sin(1.3))
    assert third(1.3) == pytest.approx(60.0 * 1.3**2 - math.cos(1.3))
    value, slope = srcdiff.value_and_grad(first)(1.3)
    assert (value, slope) == pytest.approx((first(1.3), second(1.3)))


energy_slope = srcdiff.grad(energy)
energy_both = srcdiff.value_and_grad(energy, wrt=(0, 1))
aux_slope = srcdiff.grad(lambda x: (x**3, x), has_aux=True)


@both
def test_a_derivative_called_inside_a_differentiated_function(jit: bool) -> None:
    def along(x, k):
        return np.sum(energy_slope(x, k) * x)

    x_bar, k_bar = srcdiff.grad(along, wrt=(0, 1), jit=jit)(X, 3.0)
    np.testing.assert_allclose(x_bar, 6.0 * X)
    assert k_bar == pytest.approx(14.0)

    def mixed(x, k):
        value, (x_bar, k_bar) = energy_both(x, k=k)
        return value * k_bar + np.sum(x_bar)

    gradient = srcdiff.grad(mixed, wrt=1, jit=jit)(X, 3.0)
    assert gradient == pytest.approx(7.0 * 7.0 + 6.0)

    def with_auxiliary(x):
        slope, aux = aux_slope(x)
        return slope * aux

    assert srcdiff.grad(with_auxiliary, jit=jit)(2.0) == pytest.approx(36.0)


def test_a_derivative_made_inside_a_differentiated_function() -> None:
    def made_inside(x):
        return srcdiff.grad(cube)(x)

    assert srcdiff.grad(made_inside)(2.0) == pytest.approx(12.0)


def test_a_pullback_made_inside_a_differentiated_function() -> None:
    def pulled_inside(x):
        _, pullback = srcdiff.vjp(cube, x)
        return pullback(1.0)[0]

    assert srcdiff.grad(pulled_inside)(1.5) == pytest.approx(6.0 * 1.5)


def test_the_derivative_of_what_returns_no_scalar_is_refused() -> None:
    with pytest.raises(errors.BadOutput):
        srcdiff.grad(energy_slope)(X, 3.0)
    with pytest.raises(errors.BadOutput):
        srcdiff.grad(energy_both)(X, 3.0)
    _, pullback = srcdiff.vjp(energy_slope, X, 3.0)
    np.testing.assert_allclose(pullback(np.ones(3))[0], np.full(3, 3.0))


# ---------------------------------------------------------------------------------------------------------- threads


@both
def test_one_derivative_is_built_and_called_from_many_threads(jit: bool) -> None:
    def f(x, n):
        s = 0.0
        for k in range(n):
            s += math.sin(x * k) * x
        return s

    df = srcdiff.grad(f, jit=jit)
    expected = {(x, n): srcdiff.grad(f)(x, n) for x in (1.0, 2.0) for n in (5, 6)}
    start = threading.Barrier(8)
    wrong: list[Any] = []

    def work(number: int) -> None:
        start.wait()
        for k in range(20):
            x, n = 1.0 + (number + k) % 2, 5 + k % 2
            got = df(x if k % 3 else np.float64(x), n)
            if not math.isclose(got, expected[x, n], rel_tol=1e-12):
                wrong.append((x, n, got))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


# ------------------------------------------------------------------------------------------------------------ Numba


@pytest.mark.jit
class TestNumba:
    def test_a_dispatcher_is_differentiated_and_its_derivative_compiled(self) -> None:
        import numba

        compiled = numba.njit(energy)
        df = srcdiff.grad(compiled, wrt=(0, 1))
        assert "jit" in repr(df)
        assert df.primal is compiled
        x_bar, k_bar = df(X, 3.0)
        np.testing.assert_allclose(x_bar, 3.0 * X)
        assert k_bar == 7.0
        value, pullback = srcdiff.vjp(compiled, X, 3.0)
        assert value == 21.0
        np.testing.assert_allclose(pullback(1.0)[0], 3.0 * X)

    def test_a_dispatcher_as_a_callee(self) -> None:
        import numba

        compiled = numba.njit(energy)

        def f(x):
            return compiled(x, 3.0) * x[0]

        for jit in (False, True):
            np.testing.assert_allclose(srcdiff.grad(f, jit=jit)(X), [24.0, 6.0, 9.0])

    def test_a_derivative_is_called_from_compiled_code(self) -> None:
        import numba

        inner = srcdiff.grad(product, wrt=("a", "b")).jitted
        slope = srcdiff.grad(energy).jitted

        @numba.njit
        def of_numbers(a, b):
            a_bar, b_bar = inner(a, b, 2.0)
            return a_bar + 100.0 * b_bar

        @numba.njit
        def of_arrays(x, k):
            return slope(x, k) + 1.0

        assert of_numbers(2.0, 3.0) == 24.0 + 800.0
        np.testing.assert_allclose(of_arrays(X, 3.0), 3.0 * X + 1.0)
        np.testing.assert_allclose(of_arrays(np.repeat(X, 2)[::2], 3.0), 3.0 * X + 1.0)

    def test_whole_numbers_from_compiled_code_are_differentiated_as_real_numbers(self) -> None:
        import numba

        inner = srcdiff.grad(product, wrt=("a", "b", "c")).jitted
        slope = srcdiff.value_and_grad(energy, wrt=(0, 1)).jitted

        @numba.njit
        def of_numbers(a, b):
            return inner(a, b, 2)

        @numba.njit
        def of_arrays(x, k):
            return slope(x, k)

        assert of_numbers(2, 3) == (24.0, 8.0, 12.0)
        value, (x_bar, k_bar) = of_arrays(np.array([1, 2, 3]), 3)
        assert (value, k_bar) == (21.0, 7.0)
        assert x_bar.dtype == np.float64
        np.testing.assert_allclose(x_bar, 3.0 * X)

    def test_derivatives_of_functions_of_one_name_are_kept_apart(self) -> None:
        import numba

        def make(power: int) -> Any:
            if power == 2:

                def f(x):
                    return x * x
            else:

                def f(x):
                    return x * x * x

            return f

        square, third = srcdiff.grad(make(2)).jitted, srcdiff.grad(make(3)).jitted
        with_value = srcdiff.value_and_grad(make(2)).jitted

        @numba.njit
        def all_three(x):
            return square(x), third(x), with_value(x)

        assert all_three(2.0) == (4.0, 12.0, (4.0, 4.0))

    def test_defaults_hold_in_compiled_code(self) -> None:
        import numba

        inner = srcdiff.grad(product).jitted

        @numba.njit
        def use(a, b):
            return inner(a, b)

        assert use(2.0, 3.0) == 24.0
        assert inner(2.0, 3.0) == 24.0

    def test_arguments_stay_as_they_were_in_compiled_code(self) -> None:
        import numba

        inner = srcdiff.grad(overwrites, wrt=(0, 1)).jitted

        @numba.njit
        def use(x, y):
            return inner(x, y)

        x = X.copy()
        x_bar, y_bar = use(x, X)
        np.testing.assert_array_equal(x, X)
        np.testing.assert_allclose(x_bar, [0.0, 2.0, 3.0])
        np.testing.assert_allclose(y_bar, [4.0, 3.0, 3.0])

    def test_indices_are_checked_in_compiled_derivatives(self) -> None:
        def f(x, i):
            return x[i] * x[i]

        df = srcdiff.grad(f, jit=True)
        np.testing.assert_array_equal(df(X, -1), [0.0, 0.0, 6.0])
        for i in (3, -4, 2**62):
            with pytest.raises(IndexError):
                df(X, i)

    def test_a_second_derivative_from_compiled_code(self) -> None:
        import numba

        inner = srcdiff.grad(srcdiff.grad(cube)).jitted

        @numba.njit
        def use(x):
            return inner(x)

        assert use(2.0) == 12.0

    def test_what_numba_cannot_compile_is_said_in_our_words(self) -> None:
        with pytest.raises(errors.CompilationFailed, match="without jit=True"):
            srcdiff.grad(number_or_array, jit=True)(X, False)


# --------------------------------------------------------------------------------------------------------- refusals


LIST: list[Any] = []


def writes_a_global(x):
    global NUMBER
    NUMBER = x
    return x


def appends_to_a_global(x):
    LIST.append(x)
    return x


def writes_a_captured_array(x):
    WEIGHTS[0] = x
    return np.sum(WEIGHTS)


def writes_a_default(x, buffer=np.zeros(2)):
    buffer[0] = x
    return np.sum(buffer)


def generates(x):
    yield x


async def awaits(x):
    return x


def makes_a_set(x):
    y = {1, 2}
    return x * len(y)


def asks(x):
    return x * float(input())


def indexes_by_floats(x):
    y = np.array([x, x, x])
    return np.sum(y[0.0 * y])


def ranges_over_a_float(x):
    s = 0.0
    for k in range(x):
        s += k
    return s


def reads_a_list(x):
    t = [x, 2.0 * x, x * x]
    s = 0.0
    for k in range(3):
        s += t[k]
    return s


def makes_an_array_of_a_list(x):
    t = [x, 2.0 * x]
    return np.sum(np.array(t) ** 2)


def grows_a_list(x):
    t = []
    for k in range(3):
        t.append(x * k)
    s = 0.0
    for k in range(3):
        s += t[k] ** 2
    return s


def adds_tuples(x):
    t = (x,) + (x, x)
    return t[0] * t[2]


def repeats_a_tuple(x):
    t = (x,) * 3
    return t[2] * x


def slices_a_tuple(x):
    t = (x, 2.0 * x, x * x)
    return t[1:][1]


def stores_a_list(x):
    y = np.zeros(2)
    y[:] = [x, x * x]
    return np.sum(y * y)


def stores_a_tuple(x):
    y = np.zeros(2)
    y[:] = x, x * x
    return np.sum(y * y)


def adds_a_list(x):
    y = np.ones(2)
    y += [x, x * x]
    return np.sum(y * y)


def sums_a_list(x):
    return np.sum([x, x * x]) + np.sum((x, 1.0)) + np.max([x, 1.0])


def zero_like_a_number(x):
    z = np.zeros_like(x)
    z += x
    z *= x
    return z * z


def two_kinds(x):
    y = x if x > 0.0 else (x, x)
    return y


def fills_lines_of_linspace(x):
    return np.sum(np.linspace(np.array([x, 2.0 * x]), 1.0, 5))


REFUSED = [
    writes_a_global,
    appends_to_a_global,
    writes_a_captured_array,
    writes_a_default,
    generates,
    awaits,
    makes_a_set,
    asks,
    indexes_by_floats,
    ranges_over_a_float,
    two_kinds,
    fills_lines_of_linspace,
]


@pytest.mark.parametrize("f", REFUSED, ids=lambda f: f.__name__)
def test_a_refusal_says_where_what_why_and_what_to_write(f: Callable[..., Any]) -> None:
    with pytest.raises(errors.Refusal) as caught:
        srcdiff.grad(f)(1.5)
    for problem in caught.value.problems:
        assert problem.file is not None
        assert Path(problem.file).name == Path(__file__).name
        lines, first = inspect.getsourcelines(f)
        assert problem.line is not None
        assert first <= problem.line < first + len(lines)
        assert problem.source_line is not None
        assert problem.source_line.strip() in "".join(lines)
        assert problem.what
        assert problem.why
        assert problem.fix
    text = str(caught.value)
    assert "^" in text
    assert caught.value.code in text


@pytest.mark.parametrize(
    "f",
    [
        reads_a_list,
        makes_an_array_of_a_list,
        grows_a_list,
        adds_tuples,
        repeats_a_tuple,
        slices_a_tuple,
        stores_a_list,
        stores_a_tuple,
        adds_a_list,
        sums_a_list,
        zero_like_a_number,
    ],
    ids=lambda f: f.__name__,
)
def test_sequences_are_followed_or_refused(f: Callable[..., Any]) -> None:
    try:
        gradient = srcdiff.grad(f)(1.5)
    except errors.Refusal as refusal:
        assert all(p.fix for p in refusal.problems)  # noqa: PT017
        return
    assert gradient == pytest.approx((f(1.5 + 1e-6) - f(1.5 - 1e-6)) / 2e-6)


def test_syntax_is_refused_when_the_derivative_is_made() -> None:
    for f in (writes_a_global, generates, awaits, makes_a_set):
        with pytest.raises(errors.Refusal):
            srcdiff.grad(f)


def test_all_problems_come_in_one_report() -> None:
    def several(x):
        y = {x, 2.0}
        z = {k for k in range(2)}

        async def inner():
            pass

        return len(y) + len(z)

    with pytest.raises(errors.Refusal) as caught:
        srcdiff.grad(several)
    assert len(caught.value.problems) == 3
    assert "3 problems" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.problems == caught.value.problems


def test_problems_in_a_helper_name_the_way_there() -> None:
    def outer(x):
        return makes_a_set(x)

    with pytest.raises(errors.Refusal) as caught:
        srcdiff.grad(outer)(1.0)
    assert "outer -> makes_a_set" in str(caught.value)


@pytest.mark.parametrize("name", [n for n in dir(errors) if isinstance(getattr(errors, n), type)])
def test_every_error_has_one_base_and_a_code_of_its_own(name: str) -> None:
    kind = getattr(errors, name)
    if not issubclass(kind, BaseException) or issubclass(kind, Warning):
        return
    bases = errors.SrcdiffError, errors.SrcdiffWarning
    assert issubclass(kind, bases)
    others = [
        getattr(errors, n)
        for n in dir(errors)
        if n != name and isinstance(getattr(errors, n), type) and issubclass(getattr(errors, n), bases)
    ]
    assert kind.code not in {other.code for other in others}
