"""Every program of `programs` end to end: gradients against finite differences, plain and jitted, to second order.

The plain checks run for every program at every one of its points. The rest takes a second or more a program, so an
ordinary run takes the second derivatives of a sixth of them and jits a tenth, the same ones every time (by a checksum
of the name), and checks second derivatives under Numba for none; `SRCDIFF_FULL=1` in the environment checks all.
`-m "not jit"` leaves Numba out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from programs import CASES, Case
from programs.weighing import weighed
from thinning import FULL, share

from srcdiff import api
from srcdiff.errors import Refusal
from srcdiff.records import is_structure, leaves, mapped
from srcdiff.testing import check_grad
from srcdiff.testing.structures import has_real

NAME = operator.attrgetter("name")


def named(cases: list[Case]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[c.name for c in cases])


def test_there_are_enough_programs() -> None:
    names = [c.name for c in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 180
    array_valued = [c for c in CASES if not is_scalar(c.function(*c.at(c.points[0]), **c.kwargs))]
    assert len(array_valued) >= 30


@named(CASES)
def test_gradient(case: Case) -> None:
    for point in case.points:
        check_grad(case.function, case.at(point), wrt=case.wrt, kwargs=case.kwargs, rtol=case.rtol)


HALF_WAY = "`try` may leave half-way"
NOT_TWICE = {  # of all programs: what is refused to second order, in which modes, and why
    "statements.several_handlers": ("forward reverse", HALF_WAY),
    "statements.updates_after_a_failure": ("forward reverse", HALF_WAY),  # its tape is written inside
    "regressions_d.a_checkpointed_loop_with_an_attempt": ("forward reverse", HALF_WAY),
    "regressions_shaping.part_of_a_reshaped_swap": ("forward reverse", "not surely contiguous"),
}


@named(share([c for c in CASES if c.name not in NOT_TWICE], 6, NAME))
def test_second_derivative(case: Case) -> None:
    """Of the marked programs at every point, of all others at the first."""
    for point in case.points if case.second else case.points[:1]:
        result = case.function(*case.at(point), **case.kwargs)
        function = case.function if is_scalar(result) else weighed(case.function, result)
        check_grad(function, case.at(point), wrt=case.wrt, kwargs=case.kwargs, rtol=case.rtol, order=2)


@named([c for c in CASES if c.name in NOT_TWICE])
def test_no_second_derivative(case: Case) -> None:
    modes, why = NOT_TWICE[case.name]
    for mode in modes.split():
        with pytest.raises(Refusal) as refused:
            check_grad(case.function, case.at(case.points[0]), wrt=case.wrt, modes=[f"{mode}-over-reverse"])
        assert why in refused.value.problems[0].what


@pytest.mark.jit
@named(share([c for c in CASES if c.jit], 10, NAME))
def test_jitted_gradient(case: Case) -> None:
    plain, jitted = derivative(case, jit=False), derivative(case, jit=True)
    for point in case.points:
        single = any(getattr(a, "dtype", None) == np.float32 for a in point)
        args = case.at(point)
        results = jitted(args)
        for a, before in zip(args, point, strict=True):
            if isinstance(a, np.ndarray):
                assert a.tobytes() == before.tobytes(), "the jitted derivative changed an argument"
        for expected, got in zip(parts(plain(case.at(point))), parts(results), strict=True):
            assert np.shape(got) == np.shape(expected)
            assert np.asarray(got).dtype == np.asarray(expected).dtype
            scale = float(np.max(np.abs(expected), initial=0.0))
            rtol = 1e-4 if single else 1e-9
            np.testing.assert_allclose(got, expected, rtol=rtol, atol=rtol * scale)


if FULL:

    @pytest.mark.jit
    @pytest.mark.slow
    @named([c for c in CASES if c.jit and c.second])
    def test_jitted_second_derivative(case: Case) -> None:
        point = case.points[0]
        check_grad(case.function, case.at(point), wrt=case.wrt, kwargs=case.kwargs, jit=True, order=2)


# ------------------------------------------------------------------------------------------------------- helpers


def is_scalar(value: Any) -> bool:
    return not is_structure(value) and np.ndim(value) == 0


def active(case: Case) -> tuple[int | str, ...]:
    """The arguments to differentiate by: those that the case names, else all that hold floats."""
    if case.wrt is None:
        return tuple(i for i, a in enumerate(case.points[0]) if has_real(a))
    return case.wrt if isinstance(case.wrt, tuple) else (case.wrt,)


def derivative(case: Case, jit: bool) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """A function of the arguments that gives the gradients, built once for all points of a case."""
    wrt = active(case)
    if is_scalar(case.function(*case.at(case.points[0]), **case.kwargs)):
        df = api.grad(case.function, wrt=wrt, jit=jit)
        return lambda args: tuple(df(*args, **case.kwargs))
    f = compiled(case.function) if jit else case.function

    def pulled_back(args: tuple[Any, ...]) -> tuple[Any, ...]:
        value, pullback = api.vjp(f, *args)
        adjoints = pullback(seed(value))
        return tuple(adjoints[i] for i in wrt)

    return pulled_back


def compiled(f: Callable[..., Any], known: dict[Callable[..., Any], Any] | None = None) -> Any:
    """The function under Numba, and with it the helpers that it calls; `known` are those that call it."""
    import numba

    known = {} if known is None else known
    space = dict(f.__globals__)
    copy = FunctionType(f.__code__, space, f.__name__, f.__defaults__, f.__closure__)
    known[f] = numba.njit(copy)
    called = [g for name in f.__code__.co_names if isinstance(g := f.__globals__.get(name), FunctionType)]
    space.update({g.__name__: known.get(g) or compiled(g, known) for g in called if "programs" in g.__module__})
    return known[f]


def parts(gradients: tuple[Any, ...]) -> list[Any]:
    """The numbers and arrays that gradients are made of."""
    return [leaf for _, leaf in leaves(gradients, "") if leaf is not None]


def seed(value: Any) -> Any:
    """The same adjoint of a result every time: a different weight for each element."""
    if is_structure(value):
        return mapped(seed, value)
    if isinstance(value, np.ndarray):
        return np.linspace(-1.0, 2.0, value.size).reshape(value.shape).astype(value.dtype)
    return 1.0 if isinstance(value, float | np.floating) else 0.0
