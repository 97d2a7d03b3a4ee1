"""The checker is checked: right gradients pass, and each way of being wrong is found and named.

No derivative of srcdiff's is used. A stand-in for the API differentiates numerically (differences extrapolated to
fourth order at steps that the checker does not use), and each test spoils one thing about its answers.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import testing
from srcdiff.errors import FallbackWarning, Refusal
from srcdiff.testing import GradientMismatch, check_grad
from srcdiff.testing.values import leaves


class NumericDerivative:
    """What the stand-in's `grad` returns; `spoil` may change the gradients before they are handed out."""

    def __init__(self, api: NumericApi, f: Callable[..., Any], wrt: Any) -> None:
        self.api, self.f, self.wrt = api, f, wrt
        self.__wrapped__ = f

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        gradients = numeric(lambda *a: float(self.f(*a, **kwargs)), args)
        bound = list(inspect.signature(self.f).parameters)
        keys = self.wrt if isinstance(self.wrt, tuple) else (self.wrt,)
        chosen = tuple(gradients[k if isinstance(k, int) else bound.index(k)] for k in keys)
        order = 2 if isinstance(self.f, NumericDerivative) or "df" in self.f.__globals__ else 1
        chosen = self.api.spoil(chosen, args, order)
        return chosen if isinstance(self.wrt, tuple) else chosen[0]


class NumericApi:
    """`grad`, `value_and_grad`, `vjp` and `jvp` by differences, spoilt on demand."""

    def __init__(self) -> None:
        self.spoil: Callable[[tuple[Any, ...], tuple[Any, ...], int], tuple[Any, ...]] = lambda g, args, order: g
        self.spoil_value: Callable[[Any], Any] = lambda value: value
        self.spoil_seed: Callable[[Any], None] = lambda seed: None

    def grad(self, f: Callable[..., Any], *, wrt: Any = 0, **how: Any) -> NumericDerivative:
        return NumericDerivative(self, f, wrt)

    def value_and_grad(self, f: Callable[..., Any], *, wrt: Any = 0, **how: Any) -> Callable[..., Any]:
        df = self.grad(f, wrt=wrt)
        return lambda *args, **kwargs: (self.spoil_value(f(*copies(args), **kwargs)), df(*args, **kwargs))

    def vjp(self, f: Callable[..., Any], *args: Any, **_: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        def pullback(seed: Any) -> tuple[Any, ...]:
            def weighed(*a: Any) -> float:
                pairs = zip(leaves(f(*a)), leaves(seed), strict=True)
                return sum(float(np.sum(value * w)) for value, w in pairs)

            gradients = self.spoil(numeric(weighed, args), args, 1)
            self.spoil_seed(seed)
            return gradients

        return self.spoil_value(f(*copies(args))), pullback

    def jvp(self, f: Callable[..., Any], args: list[Any], tangents: list[Any], **how: Any) -> tuple[Any, Any]:
        def along(h: float) -> list[Any]:
            moved = [a if t is None else a + h * t for a, t in zip(copies(tuple(args)), tangents, strict=True)]
            return leaves(f(*moved))

        def central(h: float) -> list[Any]:
            return [(ahead - behind) / (2.0 * h) for ahead, behind in zip(along(h), along(-h), strict=True)]

        tangent = [(4.0 * a - b) / 3.0 for a, b in zip(central(7e-6), central(14e-6), strict=True)]
        return self.spoil_value(f(*copies(tuple(args)))), tuple(tangent)


def copies(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)


def numeric(phi: Callable[..., float], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The partial derivatives of a scalar function by every number among its arguments."""

    def partial(i: int, point: Any, unit: Any) -> float:
        def central(h: float) -> float:
            ahead, behind = list(copies(args)), list(copies(args))
            ahead[i], behind[i] = point + h * unit, point - h * unit
            return (phi(*ahead) - phi(*behind)) / (2.0 * h)

        return (4.0 * central(7e-4) - central(14e-4)) / 3.0

    gradients: list[Any] = []
    for i, a in enumerate(args):
        if isinstance(a, np.ndarray):
            g = np.zeros(a.shape)
            for k in np.ndindex(a.shape):
                unit = np.zeros(a.shape)
                unit[k] = 1.0
                g[k] = partial(i, a.astype(float), unit)
            gradients.append(g.astype(a.dtype if a.dtype.kind == "f" else float))
        else:
            gradients.append(float(partial(i, float(a), 1.0)))
    return tuple(gradients)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> NumericApi:
    fake = NumericApi()
    for module in (testing.reverse, testing.forward, testing.second):
        monkeypatch.setattr(module, "api", fake)
    return fake


def energy(x, k):
    return 0.5 * k * np.sum(x * x * x) + k * k


def stretched(x, k):
    return x[1:] * k * x[:-1]


def mixed(x, k):
    return x * x * k, np.sum(x) * k, len(x)


def overwriting(x, k):
    x[0] = x[1] * k
    return np.sum(x * x)


X = np.array([0.4, -1.2, 2.0])


# -------------------------------------------------------------------------------------------- what has to pass


@pytest.mark.parametrize("f", [energy, stretched, mixed, overwriting])
@pytest.mark.parametrize("wrt", [None, 0, 1, "k", (1, 0), ("x", -1)])
def test_right_gradients_pass(api: NumericApi, f: Callable[..., Any], wrt: Any) -> None:
    check_grad(f, (X.copy(), 1.5), wrt=wrt)


def test_second_order_passes(api: NumericApi) -> None:
    check_grad(energy, (X.copy(), 1.5), order=2, rtol=1e-3)
    check_grad(lambda x: math.sin(x) * x, (0.7,), order=2, rtol=1e-3)


def test_keywords(api: NumericApi) -> None:
    check_grad(energy, (X.copy(),), kwargs={"k": 1.5}, wrt=0)
    check_grad(stretched, (X.copy(),), kwargs={"k": 1.5}, wrt=0)


def test_integers_and_single_precision(api: NumericApi) -> None:
    check_grad(lambda n, x: n * n * x, (3, 1.5), wrt=(0, 1))
    check_grad(lambda k, a: np.sum(k * a), (np.array([1, 2]), 0.5), wrt=(0, 1))
    check_grad(energy, (X.astype(np.float32), 1.5))


def test_odd_shapes(api: NumericApi) -> None:
    check_grad(energy, (np.zeros(0), 1.5))
    check_grad(lambda a: a * a * 2.0, (np.array(1.5),))
    check_grad(lambda x: np.sum(x * x), (np.linspace(0.0, 1.0, 60).reshape(6, 10),))


def test_a_step_outside_the_domain_is_no_evidence(api: NumericApi) -> None:
    def logarithm(x):
        return math.log(x)

    api.grad = lambda f, *, wrt, **how: lambda x: (1.0 / x,)
    api.value_and_grad = lambda f, *, wrt, **how: lambda x: (f(x), (1.0 / x,))
    check_grad(logarithm, (5e-4,))


def test_large_values_and_small_gradients(api: NumericApi) -> None:
    check_grad(lambda x: 1e6 + 1e-2 * x, (1.0,), rtol=1e-3)


# ------------------------------------------------------------------------------------------ what has to be found


def spoilt_element(g: tuple[Any, ...], args: tuple[Any, ...], order: int) -> tuple[Any, ...]:
    g[0][1] *= 1.001
    return g


def test_one_wrong_element_is_named(api: NumericApi) -> None:
    api.spoil = spoilt_element
    with pytest.raises(GradientMismatch, match=r"derivative of energy by x\[1\]") as caught:
        check_grad(energy, (X.copy(), 1.5))
    error = caught.value
    assert (error.argument, error.index) == ("x", (1,))
    assert error.got == pytest.approx(1.5 * 1.5 * 1.44 * 1.001, rel=1e-6)
    assert len(error.expected) == len(error.steps) == 5
    assert error.expected[0] == pytest.approx(1.5 * 1.5 * 1.44, rel=1e-6)
    assert "1e-05" in str(error)
    assert repr(error.got) in str(error)


def test_one_wrong_element_of_a_large_array_shows_in_a_direction(api: NumericApi) -> None:
    def spoil(g: tuple[Any, ...], args: tuple[Any, ...], order: int) -> tuple[Any, ...]:
        g[0][17, 3] += 0.01
        return g

    api.spoil = spoil
    with pytest.raises(GradientMismatch, match="random direction") as caught:
        check_grad(lambda x: np.sum(x * x), (np.linspace(0.1, 1.0, 400).reshape(20, 20),))
    assert caught.value.index == "direction 0"


@pytest.mark.parametrize("f", [stretched, mixed])
def test_wrong_adjoint_of_an_array_result(api: NumericApi, f: Callable[..., Any]) -> None:
    api.spoil = spoilt_element
    with pytest.raises(GradientMismatch, match=rf"derivative of {f.__name__} by x\[1\]"):
        check_grad(f, (X.copy(), 1.5))


@pytest.mark.parametrize(
    "change",
    [
        lambda v: 0.0,
        lambda v: -v,
        lambda v: 2.0 * v,
        lambda v: v * (1.0 + 1e-4),
        lambda v: math.nan,
        lambda v: math.inf,
    ],
)
def test_wrong_scalars(api: NumericApi, change: Callable[[float], float]) -> None:
    api.spoil = lambda g, args, order: (*g[:-1], change(g[-1]))
    with pytest.raises(GradientMismatch, match="by k"):
        check_grad(energy, (X.copy(), 1.5), wrt=(0, 1))


def test_zero_gradient_of_an_integer(api: NumericApi) -> None:
    api.spoil = lambda g, args, order: (0.0,)
    with pytest.raises(GradientMismatch, match="by n"):
        check_grad(lambda n: 1.0 * n * n, (3,), wrt=0)


def test_small_wrong_gradient_behind_a_large_value(api: NumericApi) -> None:
    api.spoil = lambda g, args, order: (1.01e-2,)
    with pytest.raises(GradientMismatch):
        check_grad(lambda x: 1e6 + 1e-2 * x, (1.0,), rtol=1e-3)


def test_tiny_gradients_are_not_taken_for_zero(api: NumericApi) -> None:
    api.spoil = lambda g, args, order: (0.0,)
    with pytest.raises(GradientMismatch):
        check_grad(lambda x: 1e-9 * x, (1.0,))


def test_wrong_second_derivative(api: NumericApi) -> None:
    api.spoil = lambda g, args, order: tuple(v * (1.01 if order == 2 else 1.0) for v in g)
    check_grad(energy, (X.copy(), 1.5), rtol=1e-3)
    with pytest.raises(GradientMismatch, match=r"derivative of the derivative of energy by x \(reverse mode\)"):
        check_grad(energy, (X.copy(), 1.5), order=2, rtol=1e-3)
    with pytest.raises(GradientMismatch):
        check_grad(lambda x: math.sin(x) * x, (0.7,), order=2, rtol=1e-3)


def test_changed_argument(api: NumericApi) -> None:
    def spoil(g: tuple[Any, ...], args: tuple[Any, ...], order: int) -> tuple[Any, ...]:
        args[0][2] = np.nextafter(args[0][2], 9.0)
        return g

    api.spoil = spoil
    with pytest.raises(GradientMismatch, match="changed the caller's data: x was"):
        check_grad(energy, (X.copy(), 1.5), rtol=1e-3)


def test_changed_base_of_a_view(api: NumericApi) -> None:
    base = np.arange(6.0)

    def spoil(g: tuple[Any, ...], args: tuple[Any, ...], order: int) -> tuple[Any, ...]:
        base[5] = -1.0
        return g

    api.spoil = spoil
    with pytest.raises(GradientMismatch, match="the base of x"):
        check_grad(energy, (base[:3], 1.5))


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (lambda x: np.zeros(2), r"shape \(3,\) and its gradient \(2,\)"),
        (lambda x: np.zeros((3, 1)), "shape"),
        (lambda x: np.zeros(3, dtype=np.float32), "dtype float64 and its gradient float32"),
        (lambda x: 0.0, "gradient is a float"),
        (lambda x: None, "gradient is a NoneType"),
        (lambda x: [1.0, 2.0, 3.0], "gradient is a list"),
        (lambda x: x, "it shares memory with an argument"),
        (lambda x: x[::-1], "it shares memory with an argument"),
    ],
)
def test_form_of_an_array_gradient(api: NumericApi, answer: Callable[[Any], Any], complaint: str) -> None:
    api.spoil = lambda g, args, order: (answer(args[0]),)
    api.grad = lambda f, *, wrt, **how: NumericDerivative(api, f, wrt)
    api.value_and_grad = lambda f, *, wrt, **how: lambda x: (f(x), api.grad(f, wrt=wrt)(x))
    with pytest.raises(GradientMismatch, match=complaint):
        check_grad(lambda x: 0.5 * np.sum(x * x), (X.copy(),))


@pytest.mark.parametrize("answer", [2, np.array([2.0]), None])
def test_form_of_a_number_gradient(api: NumericApi, answer: Any) -> None:
    api.spoil = lambda g, args, order: (answer,)
    with pytest.raises(GradientMismatch, match="not a float"):
        check_grad(lambda x: 2.0 * x, (1.0,))


def test_two_gradients_that_share_memory(api: NumericApi) -> None:
    api.spoil = lambda g, args, order: (g[0], g[0])
    with pytest.raises(GradientMismatch, match="by y: it shares memory with an argument or another gradient"):
        check_grad(lambda x, y: np.sum(x + y), (X.copy(), X.copy()))


def test_not_a_tuple(api: NumericApi) -> None:
    api.spoil = lambda g, args, order: g[0]
    with pytest.raises(GradientMismatch, match="not a tuple"):
        check_grad(energy, (X.copy(), 1.5))
    with pytest.raises(GradientMismatch, match="tuple of 2 adjoints"):
        check_grad(stretched, (X.copy(), 1.5))


def test_wrong_value(api: NumericApi) -> None:
    api.spoil_value = lambda value: value * 1.001
    with pytest.raises(GradientMismatch, match="but the value of value_and_grad gives"):
        check_grad(energy, (X.copy(), 1.5))
    with pytest.raises(GradientMismatch, match="vjp gives"):
        check_grad(stretched, (X.copy(), 1.5))


def test_changed_seed(api: NumericApi) -> None:
    def spoil_seed(seed: Any) -> None:
        seed *= 0.0

    api.spoil_seed = spoil_seed
    with pytest.raises(GradientMismatch, match="changed the adjoint that it was given"):
        check_grad(stretched, (X.copy(), 1.5))


def test_adjoint_that_is_the_seed(api: NumericApi) -> None:
    def vjp(f: Callable[..., Any], x: Any, **_: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        return f(x), lambda seed: (seed,)

    api.vjp = vjp
    with pytest.raises(GradientMismatch, match="shares memory with the pullback's argument"):
        check_grad(lambda x: x + 1.0, (X.copy(),))


def test_pullback_that_changes_the_value(api: NumericApi) -> None:
    def vjp(f: Callable[..., Any], x: Any, **_: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        y = x * x

        def pullback(seed: Any) -> tuple[Any, ...]:
            y[0] = 0.0
            return (2.0 * x * seed,)

        return y, pullback

    api.vjp = vjp
    with pytest.raises(GradientMismatch, match="but vjp, after its pullback has run, gives"):
        check_grad(lambda x: x * x, (X.copy(),))


def test_pullback_that_reads_the_value(api: NumericApi) -> None:
    def vjp(f: Callable[..., Any], x: Any, **_: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        y = np.exp(x)
        return y, lambda seed: (y * seed,)

    api.vjp = vjp
    with pytest.raises(GradientMismatch, match="a second call of the pullback gives something else"):
        check_grad(np.exp, (X.copy(),))


def test_state_left_behind_by_a_call(api: NumericApi) -> None:
    calls: list[int] = []

    def spoil(g: tuple[Any, ...], args: tuple[Any, ...], order: int) -> tuple[Any, ...]:
        calls.append(1)
        return tuple(v * len(calls) for v in g)

    api.spoil = spoil
    for f in (energy, stretched):
        with pytest.raises(GradientMismatch, match="a second call of the"):
            check_grad(f, (X.copy(), 1.5))


# -------------------------------------------------------------------------------------------------- nests of modes

NESTS = ("reverse-over-reverse", "forward-over-reverse", "reverse-over-forward", "forward-over-forward")


def quartic(x, k):
    return k * k * np.sum(x * x) ** 2


@pytest.mark.parametrize("mode", NESTS)
def test_nests(mode: str) -> None:
    check_grad(quartic, (X.copy(), 1.5), modes=(mode,))
    check_grad(with_default, (1.3,), modes=(mode,))
    check_grad(with_default, (1.3,), kwargs={"k": 0.4}, modes=(mode,))


def with_default(x, y=2.0, *, k=1.0):
    return math.sin(x * y) * math.exp(k * x)


def test_third_order_by_nests() -> None:
    check_grad(quartic, (X.copy(), 1.5), modes=("forward-over-reverse-over-forward",))


class SpoiltJvp:
    """srcdiff's own API with tangents that are wrong from the `order`-th derivative on."""

    def __init__(self, order: int) -> None:
        self.order = order

    def __getattr__(self, name: str) -> Any:
        return getattr(srcdiff, name)

    def jvp(self, f: Callable[..., Any], *given: Any, wrt: Any = None, **how: Any) -> Any:
        wrong = 1.01 if f.__name__ == "along" or self.order == 1 else 1.0

        def spoilt(found: Any) -> Any:
            return found[0], found[1] * wrong

        if given:
            return spoilt(srcdiff.jvp(f, *given))
        push = srcdiff.jvp(f, wrt=wrt)
        return lambda *args: spoilt(push(*args))


@pytest.mark.parametrize("modes", [("forward",), ("reverse", "forward")])
def test_a_wrong_tangent_is_named(modes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing.forward, "api", SpoiltJvp(1))
    with pytest.raises(GradientMismatch, match=r"derivative of quartic by x\[0\]") as caught:
        check_grad(quartic, (X.copy(), 1.5), modes=modes)
    error = caught.value
    assert (error.argument, error.index) == ("x", (0,))
    assert error.got == pytest.approx(1.01 * error.expected[0], rel=1e-6)
    assert len(error.expected) == len(error.steps) == 5


@pytest.mark.parametrize("mode", ["forward-over-reverse", "forward-over-forward"])
def test_a_wrong_second_tangent_is_named(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing.forward, "api", SpoiltJvp(2))
    with pytest.raises(GradientMismatch) as caught:
        check_grad(quartic, (X.copy(), 1.5), modes=(mode,))
    inner = mode.rpartition("-")[2]
    assert f"derivative of the derivative of quartic by x ({inner} mode) by x[0]" in str(caught.value)
    assert caught.value.steps


# ---------------------------------------------------------------------------------------------------- random generators


def drawn(x, rng):
    return x * x * rng.normal() + x * rng.random()


def test_every_evaluation_sees_the_same_draws() -> None:
    generator = np.random.default_rng(4)
    before = generator.bit_generator.state
    check_grad(drawn, (1.5, generator), order=2, modes=("reverse", "forward", *NESTS))
    assert generator.bit_generator.state == before


def test_a_derivative_that_draws_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    class Spoilt:
        def __getattr__(self, name: str) -> Any:
            return getattr(srcdiff, name)

        def grad(self, f: Any, **options: Any) -> Any:
            def derivative(x: Any, rng: Any) -> Any:
                found = srcdiff.grad(f, **options)(x, rng)
                rng.random()
                return found

            return derivative

    monkeypatch.setattr(testing.reverse, "api", Spoilt())
    with pytest.raises(GradientMismatch, match="leaves a random generator in another state"):
        check_grad(drawn, (1.5, np.random.default_rng(4)))


# ------------------------------------------------------------------------------------------------- wrong questions


def test_misuse(api: NumericApi) -> None:
    with pytest.raises(ValueError, match="order is 1 or 2"):
        check_grad(energy, (X, 1.5), order=3)
    with pytest.raises(ValueError, match="take a scalar function"):
        check_grad(stretched, (X, 1.5), order=2)
    for modes in ((), ("backward",), ("forward-over",), ("forward over reverse",)):
        with pytest.raises(ValueError, match="modes are"):
            check_grad(energy, (X, 1.5), modes=modes)
    with pytest.raises(ValueError, match="take a scalar function"):
        check_grad(stretched, (X, 1.5), modes=("forward-over-reverse",))
    with pytest.raises(ValueError, match="none of the arguments"):
        check_grad(energy, (X, 1.5), wrt="z")
    with pytest.raises(ValueError, match="none of the arguments"):
        check_grad(energy, (X, 1.5), wrt=2)
    with pytest.raises(ValueError, match="no argument holds floats"):
        check_grad(lambda n: n, (1,))


def test_hand_written_gradient(api: NumericApi) -> None:
    def bowl(x, a):
        return a * x * x

    def by_hand(wrong: float) -> Callable[..., Any]:
        return lambda f, *, wrt, **how: lambda x, a: (2.0 * a * x * wrong, x * x)

    for wrong, fails in ((1.0, False), (0.5, True)):
        api.grad = by_hand(wrong)
        api.value_and_grad = lambda f, *, wrt, **how: lambda x, a: (f(x, a), api.grad(f, wrt=wrt)(x, a))
        if fails:
            with pytest.raises(GradientMismatch, match="derivative of bowl by x"):
                check_grad(bowl, (0.7, 3.0))
        else:
            check_grad(bowl, (0.7, 3.0))


def test_what_runs_on_the_tape():
    def squares(x):
        yield x * x

    def f(x, k):
        return np.sum(k * next(squares(x)))

    args = np.array([0.5, 2.0]), 3.0
    with pytest.raises(Refusal):
        check_grad(f, args)
    with pytest.warns(FallbackWarning):
        check_grad(f, args, fallback="tape", order=2)
    check_grad(lambda x, k: f(x["a"], k), ({"a": args[0]}, args[1]), fallback="tape")
    check_grad(lambda x: next(squares(x)), args[:1], fallback="tape")
