"""Derivatives in other processes (pickled there and back) and in several threads at once."""

from __future__ import annotations

import functools
import multiprocessing
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument


def cubes(x):
    s = 0.0
    for k in range(len(x)):
        if x[k] > 0.5:
            s = s + x[k] ** 3
    return s * x[0]


def product(x, y=2.0):
    return x * y * x


def squares(x):
    return {"a": x * x, "b": x[0]}


@srcdiff.grad
def decorated(x):
    return x * x


class Spring:
    """An object with a method, and one that can be called."""

    def __init__(self) -> None:
        self.rate = 2.0

    def energy(self, x):
        return self.rate * x * x

    def __call__(self, x):
        return self.energy(x)


def vector() -> Any:
    return np.array([1.0, 2.0])


def at(derivative: Any, *args: Any) -> tuple[Any, tuple[Any, ...]]:
    return derivative, args


CASES = {
    "grad": lambda: at(srcdiff.grad(cubes), vector()),
    "value_and_grad": lambda: at(srcdiff.value_and_grad(cubes), vector()),
    "grad by two": lambda: at(srcdiff.grad(product, wrt=("x", "y")), 3.0),
    "jvp": lambda: at(srcdiff.jvp(cubes), vector(), vector()),
    "hvp": lambda: at(srcdiff.hvp(cubes), vector(), vector()),
    "grad_and_hvp": lambda: at(srcdiff.grad_and_hvp(cubes), vector(), vector()),
    "jacobian": lambda: at(srcdiff.jacobian(cubes), vector()),
    "value_and_jacobian": lambda: at(srcdiff.value_and_jacobian(product, wrt=(0, 1)), 2.0, 3.0),
    "elementwise_grad": lambda: at(srcdiff.elementwise_grad(product), vector()),
    "batch_jacobian": lambda: at(srcdiff.batch_jacobian(product, mode="reverse"), vector()),
    "hessian": lambda: at(srcdiff.hessian(cubes), vector()),
    "hessian by two": lambda: at(srcdiff.hessian(product, wrt=(0, 1)), 2.0, 3.0),
    "the second derivative": lambda: at(srcdiff.grad(srcdiff.grad(product)), 3.0),
    "a decorated function": lambda: at(decorated, 2.0),
    "a pullback": lambda: at(srcdiff.vjp(cubes, vector())[1], 2.0),
    "a pullback of a structure": lambda: at(srcdiff.vjp(squares, vector())[1], {"a": vector(), "b": 1.0}),
    "a method": lambda: at(srcdiff.grad(Spring().energy), 3.0),
    "an object": lambda: at(srcdiff.grad(Spring()), 3.0),
    "a partial": lambda: at(srcdiff.grad(functools.partial(product, y=5.0)), 3.0),
}
JITTED = {
    "grad": lambda: at(srcdiff.grad(cubes, jit=True), vector()),
    "hessian": lambda: at(srcdiff.hessian(product, jit=True), 3.0),
    "a pullback": lambda: at(srcdiff.vjp(cubes, vector(), jit=True)[1], 2.0),
}


def called(case: tuple[Any, tuple[Any, ...]]) -> Any:
    derivative, args = case
    return derivative(*args)


def in_another_process(cases: list[tuple[Any, tuple[Any, ...]]]) -> list[Any]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(called, cases, timeout=200))


@pytest.mark.parametrize("name", CASES)
def test_pickled(name: str) -> None:
    derivative, args = CASES[name]()
    again = pickle.loads(pickle.dumps(derivative))
    assert repr(again(*args)) == repr(derivative(*args))
    called_before = pickle.loads(pickle.dumps(derivative))
    assert repr(called_before(*args)) == repr(derivative(*args))


def test_in_another_process() -> None:
    cases = [make() for make in CASES.values()]
    for case, found in zip(cases, in_another_process(cases), strict=True):
        assert repr(found) == repr(called(case))


@pytest.mark.jit
def test_compiled_in_another_process() -> None:
    pytest.importorskip("numba")
    cases = [make() for make in JITTED.values()]
    for case, found in zip(cases, in_another_process(cases), strict=True):
        assert repr(found) == repr(called(case))


def test_what_does_not_pickle_says_so() -> None:
    def local(x):
        return x * x

    for derivative in (srcdiff.grad(local), srcdiff.jacobian(local), srcdiff.vjp(local, 1.0)[1]):
        with pytest.raises(BadArgument, match="cannot be pickled"):
            pickle.dumps(derivative)
    with pytest.raises(BadArgument, match="cannot be pickled"):
        pickle.dumps(srcdiff.hessian(lambda x, y: x * y, wrt=(0, 1)))


def test_a_pullback_says_what_it_is() -> None:
    assert repr(srcdiff.vjp(product, 1.0, 2.0)[1]) == "<pullback of product to x, y>"
    assert repr(srcdiff.hessian(product, wrt=(0, 1))) == "<Hessian of product with respect to x, y>"


# ---------------------------------------------------------------------------------------------------------- threads


def from_threads(work: Any, count: int = 8) -> list[Any]:
    """What a function returns in each of several threads that start together."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(k: int) -> None:
        barrier.wait()
        try:
            results[k] = work(k)
        except BaseException as error:  # noqa: BLE001 (it is raised again in the main thread)
            results[k] = error

    threads = [threading.Thread(target=run, args=(k,)) for k in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def everything(k: int) -> list[str]:
    """The text and the numbers of derivatives that this thread builds, in an order of its own."""
    names = list(CASES)
    found = {}
    for name in names[k:] + names[:k]:
        derivative, args = CASES[name]()
        value = repr(derivative(*args))
        text = derivative.source if hasattr(derivative, "source") else ""
        found[name] = f"{value}\n{text}"
    return [found[name] for name in names]


def test_built_and_called_from_eight_threads() -> None:
    first, *others = from_threads(everything)
    assert all(other == first for other in others)
    assert first == everything(0)


def test_one_derivative_called_from_eight_threads() -> None:
    derivative = srcdiff.value_and_grad(cubes)
    given = [np.linspace(0.1, 2.0, 3 + k) for k in range(8)]
    alone = [srcdiff.value_and_grad(cubes)(x) for x in given]
    for found, expected in zip(from_threads(lambda k: [derivative(given[k]) for _ in range(20)]), alone, strict=True):
        assert all(repr(one) == repr(expected) for one in found)


@pytest.mark.jit
def test_compiled_from_eight_threads() -> None:
    pytest.importorskip("numba")
    derivative = srcdiff.value_and_grad(cubes, jit=True)
    own = from_threads(lambda k: repr(srcdiff.value_and_grad(cubes, jit=True)(vector())))
    shared = from_threads(lambda k: repr(derivative(vector())))
    expected = srcdiff.value_and_grad(cubes)(vector())
    assert len({*own, *shared}) == 1
    np.testing.assert_allclose(derivative(vector())[1], expected[1])
