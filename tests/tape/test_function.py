"""Functions of the user's own, gradcheck, the pullback of any function, source-differentiated functions on the tape."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

import srcdiff
from srcdiff import tape
from srcdiff.errors import BadArgument, NotRecorded, Refusal, UnsupportedCall


def exp_function(lib):
    class Exp(lib.Function):
        @staticmethod
        def forward(ctx, x):
            assert not lib.is_grad_enabled()
            result = x.exp()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx, grad_output):
            (result,) = ctx.saved_tensors
            return grad_output * result

    return Exp


def test_a_function(lib):
    x = lib.tensor([0.5, 1.0], requires_grad=True)
    y = exp_function(lib).apply(x)
    assert y.grad_fn.name() == "ExpBackward"
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == y.tolist()
    assert not exp_function(lib).apply(x.detach()).requires_grad
    with lib.no_grad():
        assert not exp_function(lib).apply(x).requires_grad


def test_a_function_differentiated_twice(lib):
    x = lib.tensor(0.5, requires_grad=True)
    (g,) = lib.grad(exp_function(lib).apply(x), x, create_graph=True)
    (h,) = lib.grad(g, x)
    assert h.item() == pytest.approx(np.exp(0.5))


def test_several_inputs_and_outputs(lib):
    needs = []

    class Both(lib.Function):
        @staticmethod
        def forward(ctx, a, k, b):
            ctx.k = k
            ctx.save_for_backward(a, b)
            return a * b, a + k * b

        @staticmethod
        def backward(ctx, product, total):
            a, b = ctx.saved_tensors
            needs.append(tuple(ctx.needs_input_grad))
            return product * b + total, None, product * a + ctx.k * total

    a, b = lib.tensor([1.0, 2.0], requires_grad=True), lib.tensor([3.0, 4.0], requires_grad=True)
    first, second = Both.apply(a, 10.0, b)
    (first.sum() + 2 * second.sum()).backward()
    assert a.grad.tolist() == [5.0, 6.0]
    assert b.grad.tolist() == [21.0, 22.0]
    a.grad = b.grad = None
    Both.apply(a, 10.0, b.detach())[1].sum().backward()  # the other one's gradient is zeros
    assert a.grad.tolist() == [1.0, 1.0]
    assert needs == [(True, False, True), (True, False, False)]


def test_a_wrong_number_of_gradients(lib):
    class Wrong(lib.Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return g

    x = lib.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="incorrect number of gradients"):
        Wrong.apply(x, x).sum().backward()


def test_a_gradient_of_the_wrong_shape(lib):
    class Wrong(lib.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, g):
            return lib.ones(3)

    x = lib.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="invalid gradient"):
        Wrong.apply(x).sum().backward()


def test_saved_tensors_that_were_changed(lib):
    class Square(lib.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            return 2 * a * g

    x = lib.ones(2, requires_grad=True)
    a = x * 1
    y = Square.apply(a)
    a.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an in-?place operation"):
        y.sum().backward()


def test_once_differentiable(lib):
    class Once(lib.Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            return a * a

        @staticmethod
        @lib.once_differentiable
        def backward(ctx, g):
            (a,) = ctx.saved_tensors
            return 2 * a * g

    x = lib.tensor(3.0, requires_grad=True)
    Once.apply(x).backward()
    assert x.grad.item() == 6.0
    (g,) = lib.grad(Once.apply(x), x, create_graph=True)
    assert g.item() == 6.0
    with pytest.raises(RuntimeError, match=r"once_differentiable|does not require grad"):
        lib.grad(g, x)


def test_results_without_a_gradient(lib):
    class Places(lib.Function):
        @staticmethod
        def forward(ctx, a):
            places = a.argsort()
            ctx.mark_non_differentiable(places)
            ctx.save_for_backward(places)
            return a[places], places

        @staticmethod
        def backward(ctx, g, _):
            (places,) = ctx.saved_tensors
            result = lib.zeros_like(g)
            result[places] = g
            return result

    x = lib.tensor([3.0, 1.0, 2.0], requires_grad=True)
    values, places = Places.apply(x)
    assert not places.requires_grad
    (values * lib.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [3.0, 1.0, 2.0]


def test_a_function_that_only_begins():
    class Nothing(tape.Function):
        pass

    with pytest.raises(NotImplementedError):
        Nothing.apply(tape.ones(1))


# ---------------------------------------------------------------------------------------------------------- gradcheck


def test_gradcheck(lib):
    x = lib.tensor([[0.5, 1.5]], requires_grad=True)
    w = lib.tensor([0.3, 0.7], requires_grad=True)
    assert lib.gradcheck(lambda a, b: ((a * b).sin(), (a @ b).exp()), (x, w))

    class Wrong(lib.Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3

    with pytest.raises(RuntimeError):
        lib.gradcheck(Wrong.apply, (x,))
    assert lib.gradcheck(Wrong.apply, (x,), raise_exception=False) is False
    with pytest.raises(ValueError, match=r"requires? grad"):
        lib.gradcheck(lambda a: a, (lib.ones(2),))


# ----------------------------------------------------------------------------------------------------------- pullback


class Point(NamedTuple):
    x: float
    y: np.ndarray


@dataclasses.dataclass(frozen=True)
class Model:
    scale: float
    weights: np.ndarray
    name: str = "model"


def test_the_pullback_of_arrays_and_floats():
    def f(a, b, k):
        return np.sum(np.sin(a) * b) ** k

    a, b = np.array([0.5, 1.0, 2.0]), 0.7
    value, back = tape.pullback(f, a, b, 2)
    assert type(value) is float
    assert value == f(a, b, 2)
    for seed in (1.0, 3.0):  # any number of times
        a_bar, b_bar, k_bar = back(seed)
        assert np.allclose(a_bar, seed * 2 * np.sum(np.sin(a) * b) * np.cos(a) * b)
        assert type(b_bar) is float
        assert b_bar == pytest.approx(seed * 2 * np.sum(np.sin(a) * b) * np.sum(np.sin(a)))
        assert k_bar is None


def test_the_pullback_of_records():
    def f(model, points, table):
        total = [model.weights * p.x + p.y for p in points]
        return {"sum": total[0] * model.scale + table["k"][0], "count": len(points), "pair": (total[1], table["k"])}

    model = Model(2.0, np.array([1.0, 2.0]))
    points = [Point(0.5, np.array([1.0, 1.0])), Point(1.5, np.array([0.0, 3.0]))]
    table = {"k": np.array([4.0, 5.0]), "text": "t"}
    value, back = tape.pullback(f, model, points, table)
    assert value["count"] == 2
    assert value["sum"].tolist() == [7.0, 8.0]
    model_bar, points_bar, table_bar = back({"sum": [1.0, 10.0], "count": None, "pair": (np.ones(2), np.zeros(2))})
    assert isinstance(model_bar, Model)
    assert model_bar.scale == 1.5 * 1 + 2.0 * 10
    assert model_bar.weights.tolist() == [0.5 * 2 + 1.5, 0.5 * 20 + 1.5]
    assert model_bar.name is None
    assert isinstance(points_bar[0], Point)
    assert points_bar[0].x == 2.0 * 1 + 4.0 * 10
    assert points_bar[1].y.tolist() == [1.0, 1.0]
    assert table_bar["k"].tolist() == [11.0, 0.0]
    assert table_bar["text"] is None


def test_the_pullback_agrees_with_the_source():
    def f(x, k):
        return np.exp(x * k).sum() * x[0], x * k

    args = np.array([0.5, 1.0]), 0.3
    (v1, p1), (v2, p2) = tape.pullback(f, *args), srcdiff.vjp(f, *args)
    assert v1[0] == pytest.approx(v2[0])
    seeds = (2.0, np.array([1.0, -1.0]))
    for a, b in zip(p1(seeds), p2(seeds)):
        assert np.allclose(a, b)


def test_the_caller_s_arrays_stay():
    def f(x):
        x[0] = x[1] * 2
        x += 1
        return x.sum()

    x = np.array([1.0, 2.0, 3.0])
    value, back = tape.pullback(f, x)
    assert x.tolist() == [1.0, 2.0, 3.0]
    assert value == 12.0
    assert back(1.0)[0].tolist() == [0.0, 3.0, 1.0]


def test_what_does_not_depend_on_an_argument_has_zeros():
    value, back = tape.pullback(lambda x, y: x * 2, 1.5, np.ones(2, np.float32))
    x_bar, y_bar = back(1.0)
    assert (value, x_bar) == (3.0, 2.0)
    assert y_bar.dtype == np.float32
    assert y_bar.tolist() == [0.0, 0.0]
    assert tape.pullback(lambda x: 5.0, 1.0)[1](1.0) == (0.0,)
    same, back = tape.pullback(lambda x: x, np.array([1.0, 2.0]))
    same[0] = 9.0
    assert back(np.array([1.0, 3.0]))[0].tolist() == [1.0, 3.0]


def test_what_a_pullback_refuses():
    import math

    with pytest.raises(NotRecorded, match="NumPy's functions"):
        tape.pullback(lambda x: math.exp(x), 1.0)
    with pytest.raises(UnsupportedCall, match="no derivative rule"):
        tape.pullback(lambda x: np.histogram(x), np.ones(4))
    with pytest.raises(NotRecorded):
        tape.pullback(lambda x: np.array([x, 1.0]).sum(), 1.0)
    _, back = tape.pullback(lambda x: x * 2, np.ones(3))
    for wrong in (np.ones(2), "a", 1j * np.ones(3), (1.0, 2.0)):
        with pytest.raises(BadArgument):
            back(wrong)
    _, back = tape.pullback(lambda x: (x, [x]), 1.0)
    for wrong in (1.0, (1.0, 2.0), (1.0, [1.0, 2.0])):
        with pytest.raises(BadArgument):
            back(wrong)


def test_steps_are_constants_in_a_pullback():
    def f(x):
        k = int(x)
        while x < 100:
            x = x * k
        return x

    value, back = tape.pullback(f, 3.5)
    assert value == 3.5 * 81
    assert back(1.0) == (81.0,)


# ------------------------------------------------------------------------------------------------- the source's side


def energy(x, k):
    total = 0.0
    for i in range(len(x) - 1):
        total += 0.5 * k * (x[i + 1] - x[i]) ** 2
    return total


def wave(x):
    return np.sin(x) * x


def test_a_function_on_tensors_is_just_recorded():
    x = tape.tensor([0.0, 1.0, 3.0], requires_grad=True)
    energy(x, 2.0).backward()
    assert x.grad.tolist() == srcdiff.grad(energy)(np.array([0.0, 1.0, 3.0]), 2.0).tolist()


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_from_source_is_one_operation(jit):
    f = tape.from_source(energy, jit=jit)
    x, k = tape.tensor([0.0, 1.0, 3.0], requires_grad=True), tape.tensor(2.0, requires_grad=True)
    y = f(x, k)
    assert y.grad_fn.name() == "energyBackward"
    assert [n.name() for n, _ in y.grad_fn.next_functions] == ["energyBackward"]
    assert len(y.grad_fn.next_functions[0][0].next_functions) == 2
    (3 * y).backward()
    assert x.grad.tolist() == [-6.0, -6.0, 12.0]
    assert k.grad.item() == 7.5
    assert not f(x.detach(), 2.0).requires_grad
    assert f(x.detach(), 2.0).item() == y.item()


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.jit)])
def test_from_source_of_an_array(jit):
    x = tape.tensor([0.5, 1.0], requires_grad=True)
    y = tape.from_source(jit=jit)(wave)(x * 2)
    (y * tape.tensor([1.0, 10.0])).sum().backward()
    at = np.array([1.0, 2.0])
    assert np.allclose(x.grad.numpy(), 2 * np.array([1.0, 10.0]) * (np.cos(at) * at + np.sin(at)))
    (g,) = tape.grad(tape.from_source(wave)(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="twice"):
        tape.grad(g.sum(), x)


def test_from_source_twice():
    x, k = tape.tensor([0.0, 1.0, 3.0], requires_grad=True), tape.tensor(2.0, requires_grad=True)
    found = []
    for f in (energy, tape.from_source(energy)):
        g = tape.grad(f(x, k) ** 2, (x, k), create_graph=True)
        found.append([t.tolist() for t in tape.grad((g[0] * g[0]).sum() * g[1], (x, k))])
    assert np.allclose(found[0][0], found[1][0])
    assert found[0][1] == pytest.approx(found[1][1])


def test_from_source_refuses_what_the_source_refuses():
    def unsupported(x):
        return len({v for v in x}) * x[0]

    with pytest.raises(Refusal):
        tape.from_source(unsupported)(tape.ones(2, requires_grad=True))
