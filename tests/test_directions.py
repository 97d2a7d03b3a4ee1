"""Many directions in one sweep: every program that is given an axis of directions has the tangents, or the adjoints, of
single sweeps."""

import inspect

import numpy as np
import pytest
from programs import CASES
from thinning import FULL

import srcdiff.testing
from srcdiff.derivative import Options
from srcdiff.derive import OneByOne
from srcdiff.errors import SrcdiffError
from srcdiff.pushforward import Pushforward
from tests.generator.sweeps import many, many_adjoints

COUNT = 3


def numbers(case):
    """The arguments that hold floats, by their places; None where one is a structure."""
    args = case.points[0]
    if len(args) < len(inspect.signature(case.function).parameters):
        return None
    if any(not isinstance(a, float | int | np.ndarray | np.generic) for a in args):
        return None
    return tuple(k for k, a in enumerate(args) if np.asarray(a).dtype.kind == "f")


def parts(value):
    """The arrays and numbers of a result: lists may have rows of any lengths."""
    return [part for item in value for part in parts(item)] if isinstance(value, list | tuple) else [value]


def seeds(args, wrt):
    rng = np.random.default_rng(5)
    return [rng.standard_normal((*np.shape(args[k]), COUNT)) for k in wrt]


@pytest.mark.parametrize("loops", [False, True], ids=["axis", "loops"])
@pytest.mark.parametrize("case", [c for c in CASES if numbers(c)][:: 1 if FULL else 2], ids=lambda c: c.name)
def test_every_direction_is_that_of_a_sweep_of_its_own(case, loops):
    wrt = numbers(case)
    args = case.at(case.points[0])
    given = seeds(args, wrt)
    try:
        found, _ = many(case.function, args, wrt, given, loops)
    except (OneByOne, SrcdiffError):
        return
    one = Pushforward(case.function, Options("tangent", wrt, False, False, True))
    for k in range(COUNT):
        dots = [np.array(dot[..., k]) if dot.ndim > 1 else float(dot[k]) for dot in given]
        own = dict(zip([n for n in one.signature.parameters if n not in one.function_names], dots, strict=True))
        args = case.at(case.points[0])
        expected = one(**dict(zip(one.function_names, args, strict=True)), **own)
        for whole, part in zip(parts(found), parts(expected), strict=True):
            np.testing.assert_allclose(np.asarray(whole)[..., k], part, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("loops", [False, True], ids=["axis", "loops"])
@pytest.mark.parametrize("case", [c for c in CASES if numbers(c)][1 :: 1 if FULL else 6], ids=lambda c: c.name)
def test_every_adjoint_is_that_of_a_sweep_of_its_own(case, loops):
    args = case.at(case.points[0])
    try:
        value, pullback = srcdiff.vjp(case.function, *args)
    except SrcdiffError:
        return
    if not isinstance(value, float | np.ndarray | np.generic):
        return
    rng = np.random.default_rng(6)
    seed = rng.standard_normal((*np.shape(value), COUNT))
    place = numbers(case)[-1]
    try:
        (again, found), _ = many_adjoints(case.function, case.at(case.points[0]), place, seed.copy(), loops)
    except (OneByOne, SrcdiffError):
        return
    np.testing.assert_allclose(again, value, rtol=1e-12)
    for k in range(COUNT):
        expected = pullback(seed[..., k] if seed.ndim > 1 else float(seed[k]))[place]
        np.testing.assert_allclose(found[..., k], expected, rtol=1e-6, atol=1e-9)


def test_most_programs_are_covered():
    cases = [c for c in CASES if numbers(c)][::8]
    covered = 0
    for case in cases:
        args = case.at(case.points[0])
        try:
            many(case.function, args, numbers(case), seeds(args, numbers(case)), False)
        except (OneByOne, SrcdiffError):
            continue
        covered += 1
    assert covered > 0.55 * len(cases)


# ------------------------------------------------------------------------------------------- Jacobians by such sweeps


def relaxed(u, c):
    u = u.copy()
    for _ in range(3):
        for i in range(1, len(u) - 1):
            u[i] = u[i] + c * (u[i - 1] - 2.0 * u[i] + u[i + 1]) * u[i]
    return u


def folded(A):
    return np.sin(A)[0] * A[1] + np.sum(A, axis=0) - np.mean(A)


def sorted_by_size(x):
    return np.sort(x) * x


def drawn(x, rng):
    return np.cumsum(x * rng.standard_normal(len(x)))


def horner(x):
    s = 0.0
    for i in range(len(x)):
        s = s * x[i] + np.sin(x[i])
    return s


def written_out(x):
    return np.array([[x[0] * x[1], 1.0], [np.sum(x), x[2] ** 2]]) * x[0]


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (relaxed, (np.linspace(0.1, 1.0, 150), 0.3)),
        (folded, (np.arange(12.0).reshape(3, 4) / 10,)),
        (horner, (np.linspace(0.1, 1.0, 5),)),
        (written_out, (np.array([0.3, 0.1, 0.2]),)),
    ],
)
def test_a_jacobian_takes_its_columns_together(f, args, jit):
    if jit and f is folded and not FULL:
        pytest.skip("it takes half a minute to compile: SRCDIFF_FULL=1")
    f = srcdiff.grad(f) if f is horner else f
    by_sweeps = srcdiff.jacobian(f, mode="forward", jit=jit)
    assert "range(0, " in by_sweeps.text_for(*args)
    found = by_sweeps(*args)
    expected = srcdiff.jacobian(f, mode="reverse")(*args)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_what_has_no_axis_of_directions_takes_one_after_the_other():
    x = np.array([0.3, 0.1, 0.2])
    by_columns = srcdiff.jacobian(sorted_by_size, mode="forward")
    assert "range(0, " not in by_columns.text_for(x)
    np.testing.assert_allclose(by_columns(x), srcdiff.jacobian(sorted_by_size, mode="reverse")(x))


def test_all_sweeps_see_the_same_draws():
    x = np.linspace(0.1, 1.0, 70)
    found = srcdiff.jacobian(drawn, mode="forward")(x, np.random.default_rng(3))
    expected = np.tril(np.ones((70, 70))) * np.random.default_rng(3).standard_normal(70)
    np.testing.assert_allclose(found, expected)


def test_single_precision():
    x = np.linspace(0.1, 1.0, 6, dtype=np.float32)
    found = srcdiff.jacobian(relaxed, mode="forward")(x, 0.3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, srcdiff.jacobian(relaxed, mode="reverse")(x, 0.3), rtol=1e-5)


folded_jacobian = srcdiff.jacobian(folded, mode="forward")
relaxed_jacobian = srcdiff.jacobian(relaxed, mode="forward")


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)] if FULL else [False])
def test_a_jacobian_by_sweeps_is_differentiated_again(jit):
    def size(A):
        return np.sum(folded_jacobian(A) ** 2)

    def stiffness(u):
        return np.sum(np.sin(relaxed_jacobian(u, 0.2)))

    srcdiff.testing.check_grad(size, (np.arange(6.0).reshape(2, 3) / 5,), jit=jit)
    srcdiff.testing.check_grad(stiffness, (np.linspace(0.2, 1.0, 5),), jit=jit)


def turned(x, angle):
    s = 0.0
    for i in range(len(x)):
        a = x[i] * angle
        if a > 0.1:
            b = np.sin(a)
            a = a * b
        else:
            b = a * a
            a = a + b
        x[i] = a * b
        s = s * s + b * x[i]
        s = s * np.cos(a)
    return s


def closing(x):
    gap = x[0]
    while gap > 0.05:
        if gap > 0.5:
            gap = gap * gap * 0.7
        gap = 0.8 * gap - 0.1 * np.sin(gap) * x[1]
        x[1] = x[1] * gap
    return gap * x[1]


def seen_by_two_names(x):
    left = x[:2]
    s = 0.0
    for i in range(2):
        t = x[i] * x[2]
        left[i] = t * t
        s += x[i] * t
    return s


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (turned, (np.array([0.4, 0.05, 0.9]), 0.8)),
        (closing, (np.array([0.9, 0.8]),)),
        (seen_by_two_names, (np.array([0.9, 0.8, 0.3]),)),
    ],
    ids=lambda p: getattr(p, "__name__", ""),
)
def test_tangents_that_share_a_loop_read_what_was_there(f, args):
    """Values that are overwritten, in branches and by other names, between the tangents of a trip."""
    wrt = tuple(range(len(args)))
    args = tuple(np.array(a) if np.ndim(a) else a for a in args)
    found, _ = many(f, args, wrt, seeds(args, wrt), True)
    expected, _ = many(f, args, wrt, seeds(args, wrt), False)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    one = Pushforward(f, Options("tangent", wrt, False, False, True))
    for k in range(COUNT):
        alone = one(*args, *(dot[..., k] if dot.ndim > 1 else float(dot[k]) for dot in seeds(args, wrt)))
        np.testing.assert_allclose(found[k], alone, rtol=1e-12)
    srcdiff.testing.check_grad(f, args, wrt=wrt)


def test_the_text_of_tangents_that_share_a_loop():
    _, by_loops = many(turned, (np.array([0.4, 0.05]), 0.8), (0, 1), [np.ones((2, 3)), np.ones(3)], loops=True)
    assert (
        by_loops.split("    for i in range(len(x)):\n")[1]
        == """        a = x[i] * angle
        if a > 0.1:
            b = np.sin(a)
            a_1 = a * b
        else:
            b = a * a
            a_1 = a + b
        for d in range(directions):
            a_dot_1 = angle * x_dot[i, d] + x[i] * angle_dot[d]
            if a > 0.1:
                b_dot[d] = np.cos(a) * a_dot_1
                a_dot[d] = b * a_dot_1 + a * b_dot[d]
            else:
                b_dot[d] = 2.0 * a * a_dot_1
                a_dot[d] = a_dot_1 + b_dot[d]
            x_dot[i, d] = b * a_dot[d] + a_1 * b_dot[d]
        x[i] = a_1 * b
        s_2 = s * s + b * x[i]
        s_1 = np.cos(a_1)
        for d in range(directions):
            s_dot_1 = 2.0 * s * s_dot[d] + x[i] * b_dot[d] + b * x_dot[i, d]
            s_1_dot = -np.sin(a_1) * a_dot[d]
            s_dot[d] = s_1 * s_dot_1 + s_2 * s_1_dot
        s = s_2 * s_1
    return s_dot
"""
    )


def test_the_text_of_many_directions():
    x = np.linspace(0.1, 1.0, 4)
    _, by_loops = many(horner, (x,), (0,), [np.eye(4)], loops=True)
    assert (
        by_loops.split("srcdiff from test_directions.py:")[1].split("\n", 1)[1]
        == """    directions = x_dot.shape[1]
    s_dot = np.empty(directions)
    s = 0.0
    for d in range(directions):
        s_dot[d] = 0.0
    for i in range(len(x)):
        for d in range(directions):
            s_dot[d] = x[i] * s_dot[d] + (s + np.cos(x[i])) * x_dot[i, d]
        s = s * x[i] + np.sin(x[i])
    return s_dot
"""
    )
