"""Operations under torch's names: values, gradients, flags; the same tests run on torch where it is installed."""

import math

import numpy as np
import pytest

from srcdiff import tape
from srcdiff.errors import NotRecorded

A = [[0.5, -1.25, 1.9], [1.55, 0.75, -0.45]]
B = [[1.1, 0.6, 0.35], [2.0, -0.55, 1.5]]
P = [[0.5, 1.25, 2.0], [1.5, 0.75, 0.3]]  # positive
U = [[0.5, -0.25, 0.1], [0.3, 0.75, -0.5]]  # within (-1, 1)

UNARY = [
    *[
        (n, A)
        for n in ("exp", "exp2", "expm1", "sin", "cos", "tan", "tanh", "sinh", "cosh", "asinh", "atan", "sigmoid")
    ],
    *[
        (n, A)
        for n in ("abs", "neg", "square", "reciprocal", "relu", "sum", "mean", "prod", "max", "min", "var", "std")
    ],
    *[(n, P) for n in ("log", "log2", "log10", "log1p", "sqrt")],
    *[(n, U) for n in ("asin", "acos", "atanh")],
    *[(n, A) for n in ("floor", "ceil", "trunc", "sign", "clone", "flatten", "squeeze")],
]


def numbers(t):
    return np.asarray(t.tolist(), float)


def differences(f, *args):
    """The gradients of `sum(f(*args) * weights)` by central differences."""
    value = np.asarray(f(*args))
    weights = np.cos(np.arange(value.size)).reshape(value.shape)
    found = []
    for k, a in enumerate(args):
        g = np.zeros_like(a)
        for place in np.ndindex(*a.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = a.copy()
                moved[place] += step
                ends.append(np.sum(f(*args[:k], moved, *args[k + 1 :]) * weights))
            g[place] = (ends[0] - ends[1]) / 2e-6
        found.append(g)
    return found


def check(lib, f, *data):
    """Gradients of `f` on tensors against differences of the same `f` on constants."""
    leaves = [lib.tensor(d, requires_grad=True) for d in data]
    y = f(*leaves)
    if y.requires_grad:
        weights = np.cos(np.arange(math.prod(y.shape))).reshape(tuple(y.shape))
        (y * lib.tensor(weights.tolist())).sum().backward()

    def plain(*arrays):
        return numbers(f(*(lib.tensor(a.tolist()) for a in arrays)))

    for leaf, expected in zip(leaves, differences(plain, *(np.array(d, float) for d in data)), strict=True):
        got = np.zeros(leaf.shape) if leaf.grad is None else numbers(leaf.grad)
        assert np.allclose(got, expected, rtol=1e-6, atol=1e-7)
    return y


@pytest.mark.parametrize(("name", "data"), UNARY)
def test_functions_and_methods_of_one_operand(lib, name, data):
    y = check(lib, lambda x: getattr(x, name)(), data)
    if hasattr(lib, name):
        assert np.allclose(numbers(getattr(lib, name)(lib.tensor(data))), numbers(y))
    (row,) = [[0.5, 0.25]]
    if name not in ("flatten", "squeeze", "var", "std"):
        check(lib, lambda x: getattr(x, name)(), row[0])  # a number


BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "maximum": lambda a, b: a.maximum(b),
    "minimum": lambda a, b: a.minimum(b),
    "atan2": lambda a, b: a.atan2(b),
    "pow": lambda a, b: a.abs() ** b,
    "remainder": lambda a, b: a % b,
}
SHAPES = [(A, B), (A, B[0]), (A, 1.5), (2.5, B), ([[0.52], [1.57]], B), (0.5, 1.5), ([0.5, 0.75], [[1.0], [2.0]])]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("shapes", range(len(SHAPES)))
def test_operators_broadcast(lib, name, shapes):
    check(lib, BINARY[name], *SHAPES[shapes])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 2 - x,
        lambda x: 2.0 / x,
        lambda x: 3 * x,
        lambda x: 1 + x,
        lambda x: 2.0**x,
        lambda x: x**2,
        lambda x: x**3,
        lambda x: x**2.0,
        lambda x: x.abs() ** 0.5,
        lambda x: x**0,
        lambda x: -x,
        lambda x: +x,
        lambda x: abs(x),
        lambda x: x.add(x, alpha=2),
        lambda x: x.clamp(-0.4, 0.8),
        lambda x: x.clamp(min=0.1),
        lambda x: x.clamp(max=x * 0.5 + 0.3),
    ],
)
def test_operators_with_numbers(lib, f):
    check(lib, f, A)
    check(lib, f, 0.75)


REDUCED = [{}, {"dim": 0}, {"dim": -1}, {"dim": 1, "keepdim": True}, {"dim": (0, 2)}]


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std"])
@pytest.mark.parametrize("how", range(len(REDUCED)))
def test_reductions(lib, name, how):
    data = np.random.default_rng(1).normal(size=(2, 3, 4)).tolist()
    check(lib, lambda x: getattr(x, name)(**REDUCED[how]), data)


def test_reductions_along_a_dimension_with_indices(lib):
    for name in ("max", "min"):
        found = getattr(lib.tensor(A), name)(dim=1)
        assert found.indices.tolist() == getattr(np, f"arg{name}")(np.array(A), axis=1).tolist()
        check(lib, lambda x, name=name: getattr(x, name)(dim=0).values, A)
        check(lib, lambda x, name=name: getattr(x, name)(1, keepdim=True)[0], A)
    values, places = lib.tensor(A).sort(dim=-1, descending=True)
    assert values.tolist() == [[1.9, 0.5, -1.25], [1.55, 0.75, -0.45]]
    assert places.tolist() == [[2, 0, 1], [0, 1, 2]]
    check(lib, lambda x: x.sort(dim=0).values, A)
    assert lib.tensor(A).argmax().item() == 2
    assert lib.argmax(lib.tensor(A), dim=1).tolist() == [2, 0]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.norm(),
        lambda x: x.norm(dim=1),
        lambda x: x.norm(1),
        lambda x: x.norm(3, dim=0, keepdim=True),
        lambda x: x.norm(float("inf")),
        lambda x: x.prod(dim=1),
        lambda x: x.cumsum(dim=1),
        lambda x: x.cumsum(0),
        lambda x: x.var(unbiased=False),
        lambda x: x.std(dim=1, correction=0),
    ],
)
def test_more_reductions(lib, f):
    check(lib, f, A)


SHAPING = [
    lambda x: x.reshape(3, 2),
    lambda x: x.reshape((6,)),
    lambda x: x.reshape(-1),
    lambda x: x.view(1, 6),
    lambda x: x.T,
    lambda x: x.t(),
    lambda x: x.transpose(0, 1),
    lambda x: x.permute(1, 0),
    lambda x: x.unsqueeze(1).squeeze(1),
    lambda x: x.unsqueeze(0).squeeze(),
    lambda x: x.unsqueeze(-1).expand(2, 3, 4),
    lambda x: x.flatten(),
    lambda x: x[0],
    lambda x: x[:, 1],
    lambda x: x[..., ::2],
    lambda x: x[1, 2],
    lambda x: x[None, :, 1:],
    lambda x: x[-1][-1],
    lambda x: x.select(1, 2),
    lambda x: x[x > 0],
    lambda x: x[[0, 1, 0]],
    lambda x: x[[1, 0], [2, 2]],
    lambda x: x.split(2, 1)[0],
    lambda x: x.chunk(2, 1)[1],
    lambda x: x.unbind(1)[1],
    lambda x: x.mT,
]


@pytest.mark.parametrize("k", range(len(SHAPING)))
def test_shapes_and_parts(lib, k):
    check(lib, SHAPING[k], A)


def test_joining(lib):
    check(lib, lambda a, b: lib.cat([a, b]), A, B)
    check(lib, lambda a, b: lib.cat((a, b, a), dim=1), A, B)
    check(lib, lambda a, b: lib.stack([a, b], dim=-1), A, B)
    check(lib, lambda a, b: lib.stack([a, b * 2, a]), 0.5, 1.5)


def test_products(lib):
    check(lib, lambda a, b: a @ b.T, A, B)
    check(lib, lambda a, b: a.matmul(b[0]), A, B)
    check(lib, lambda a, b: a[0] @ b.T, A, B)
    check(lib, lambda a, b: lib.dot(a[0], b[0]), A, B)
    check(lib, lambda a, b: lib.outer(a[0], b[1]), A, B)
    check(lib, lambda a, b: lib.einsum("ij,kj->ik", a, b), A, B)
    check(lib, lambda a, b: a.unsqueeze(0) @ b.T, A, B)
    check(lib, lambda a: a.T.matmul(a).sum(), A)


def test_where(lib):
    condition = lib.tensor([[True, False, True], [False, True, False]])
    check(lib, lambda a, b: lib.where(condition, a, b), A, B)
    check(lib, lambda a: lib.where(a > 0, a, 0.0), A)
    assert [i.tolist() for i in lib.where(lib.tensor([0.0, 1.0, 2.0]) > 0)] == [[1, 2]]


def test_comparisons_are_constants(lib):
    a = lib.tensor(A, requires_grad=True)
    for y in (a > 0, a >= 0, a < 1, a <= 1, a == 0.5, a != 0.5, (a > 0) & (a < 1), (a > 0) | (a < -1), ~(a > 0)):
        assert y.dtype == lib.bool
        assert not y.requires_grad
    assert (a == 0.5).tolist() == [[True, False, False], [False, False, False]]
    assert bool((a > -5).all())
    assert bool((a > 1).any())


# --------------------------------------------------------------------------------------------------------- dtypes


def test_dtypes(lib):
    assert lib.tensor([1.0]).dtype == lib.float64
    assert lib.tensor(1.0).dtype == lib.float64
    assert lib.tensor([1]).dtype == lib.int64
    assert lib.tensor([True]).dtype == lib.bool
    assert lib.arange(3).dtype == lib.int64
    assert lib.arange(3.0).dtype == lib.float64
    assert lib.zeros(2, dtype=lib.float32).dtype == lib.float32
    assert (lib.tensor([1]) * 2).dtype == lib.int64
    assert (lib.tensor([1]) / 2).dtype == lib.float64
    assert (lib.tensor([1]) * 2.0).dtype == lib.float64
    single = lib.ones(2, dtype=lib.float32)
    assert (single * 2.0).dtype == lib.float32
    assert (single * lib.tensor(2.0)).dtype == lib.float32
    assert (single * lib.ones(2)).dtype == lib.float64
    assert (lib.tensor(1.0, dtype=lib.float32) * lib.tensor(2.0)).dtype == lib.float64
    assert lib.tensor([1, 2]).sum().dtype == lib.int64
    assert lib.full((2,), 3).dtype == lib.int64
    assert single.double().dtype == lib.float64
    assert lib.tensor([1.5]).long().tolist() == [1]


def test_conversions_of_dtype_are_recorded(lib):
    x = lib.ones(3, dtype=lib.float32, requires_grad=True)
    (x.to(lib.float64) * 3).sum().backward()
    assert x.grad.dtype == lib.float32
    assert x.grad.tolist() == [3.0] * 3


def test_float32_stays_float32(lib):
    x = lib.tensor([0.5, 1.5], dtype=lib.float32, requires_grad=True)
    y = (x.sin() * x + x.exp() / 2 - x.maximum(1.0 * x).sqrt() + x.relu() + x.abs() ** 3).mean()
    assert y.dtype == lib.float32
    y.backward()
    assert x.grad.dtype == lib.float32


# --------------------------------------------------------------------------------------------------------- creation


def test_creation(lib):
    assert lib.zeros(2, 3).tolist() == [[0.0] * 3] * 2
    assert lib.ones((2,)).tolist() == [1.0, 1.0]
    assert tuple(lib.empty(size=(2, 3)).shape) == (2, 3)
    assert lib.full((2,), 1.5).tolist() == [1.5, 1.5]
    assert lib.eye(2).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert lib.linspace(0, 1, 3).tolist() == [0.0, 0.5, 1.0]
    assert lib.arange(1, 7, 2).tolist() == [1, 3, 5]
    assert lib.zeros_like(lib.tensor([1, 2])).tolist() == [0, 0]
    assert lib.ones_like(lib.tensor(2.0)).item() == 1.0
    for made in (lib.rand(2, 3), lib.randn(2, 3), lib.randn(size=(2, 3)), lib.randn_like(lib.ones(2, 3))):
        assert tuple(made.shape) == (2, 3)
    assert lib.rand(3, requires_grad=True).requires_grad
    lib.manual_seed(1)
    first = lib.randn(3).tolist()
    lib.manual_seed(1)
    assert lib.randn(3).tolist() == first
    data = np.ones(2)
    t = lib.tensor(data)
    data[0] = 5.0
    assert t.tolist() == [1.0, 1.0]
    shared = lib.from_numpy(data)
    data[1] = 7.0
    assert shared.tolist() == [5.0, 7.0]


# ----------------------------------------------------------------------------------------------- as Python sees them


def test_as_python_sees_them(lib):
    x = lib.tensor(A)
    assert len(x) == 2
    assert [tuple(row.shape) for row in x] == [(3,), (3,)]
    assert 1.9 in x
    assert 9.0 not in x
    assert tuple(x.shape) == tuple(x.size()) == (2, 3)
    assert x.size(1) == 3
    assert x.ndim == x.dim() == 2
    assert x.numel() == 6
    assert float(lib.tensor([2.5])) == 2.5
    assert int(lib.tensor(2.7)) == 2
    assert bool(lib.tensor([0.0])) is False
    assert lib.tensor(2.5).item() == 2.5
    assert isinstance(lib.tensor(3).item(), int)
    assert [10, 20, 30][lib.tensor(1)] == 20
    assert f"{lib.tensor(2.5):.2f}" == "2.50"
    assert x.tolist() == A
    rows = [r for r, _ in zip(x, range(5))]
    assert len(rows) == 2
    a, b = lib.tensor([1.0, 2.0])
    assert (a + b).item() == 3.0
    assert {x: 1}[x] == 1


def test_what_python_may_not_ask(lib):
    for error, ask in [
        (TypeError, lambda: len(lib.tensor(1.0))),
        (TypeError, lambda: iter(lib.tensor(1.0))),
        (RuntimeError, lambda: bool(lib.tensor([1.0, 2.0]))),
        (RuntimeError, lambda: lib.tensor([1.0, 2.0]).item()),
        (IndexError, lambda: lib.tensor([1.0, 2.0])[2]),
        (TypeError, lambda: lib.tensor([1.0]) + "a"),
    ]:
        with pytest.raises(error):
            ask()


def test_numpy_of_a_tensor_that_requires_grad(lib):
    x = lib.ones(2, requires_grad=True)
    for ask in (lambda: x.numpy(), lambda: np.asarray(x), lambda: (x * 2).numpy()):
        with pytest.raises(RuntimeError, match=r"detach\(\)\.numpy\(\)"):
            ask()
    assert x.detach().numpy().tolist() == [1.0, 1.0]
    assert np.asarray(x.detach()).tolist() == [1.0, 1.0]


def test_a_number_of_a_tensor_that_requires_grad_warns():
    x = tape.tensor(2.0, requires_grad=True)
    with pytest.warns(UserWarning, match="detach"):
        assert float(x) == 2.0
    assert x.item() == 2.0


def test_text():
    assert repr(tape.tensor([1.0, 2.5])) == "tensor([1. , 2.5])"
    assert repr(tape.tensor(2.0, requires_grad=True)) == "tensor(2., requires_grad=True)"
    assert repr(tape.tensor([1, 2])) == "tensor([1, 2])"
    assert repr(tape.tensor(True)) == "tensor(True)"
    assert repr(tape.tensor(3)) == "tensor(3)"
    assert repr(tape.ones(1, dtype=tape.float32)) == "tensor([1.], dtype=tape.float32)"
    assert repr(tape.ones(1, requires_grad=True) * 2) == "tensor([2.], grad_fn=<MulBackward0>)"
    assert str(tape.tensor(float("nan"))) == "tensor(nan)"


def test_copies_and_pickles():
    import copy
    import pickle

    x = tape.tensor([1.0, 2.0], requires_grad=True)
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert y.requires_grad
        assert y.is_leaf
        assert y.tolist() == [1.0, 2.0]
        assert not np.shares_memory(y.detach().numpy(), x.detach().numpy())
    with pytest.raises(RuntimeError):
        copy.deepcopy(x * 2)


def test_tensors_are_not_subclassed():
    with pytest.raises(TypeError):
        type("Mine", (tape.Tensor,), {})


# ------------------------------------------------------------------------------------------------------- the graph


NAMES = [
    (lambda lib, x: x + 1, "AddBackward0"),
    (lambda lib, x: x - x, "SubBackward0"),
    (lambda lib, x: x * 2, "MulBackward0"),
    (lambda lib, x: x / 2, "DivBackward0"),
    (lambda lib, x: -x, "NegBackward0"),
    (lambda lib, x: x**2, "PowBackward0"),
    (lambda lib, x: x**3, "PowBackward0"),
    (lambda lib, x: x.exp(), "ExpBackward0"),
    (lambda lib, x: x.sigmoid(), "SigmoidBackward0"),
    (lambda lib, x: x.tanh(), "TanhBackward0"),
    (lambda lib, x: x.relu(), "ReluBackward0"),
    (lambda lib, x: x.abs(), "AbsBackward0"),
    (lambda lib, x: x.sum(), "SumBackward0"),
    (lambda lib, x: x.mean(), "MeanBackward0"),
    (lambda lib, x: x @ x.T, "MmBackward0"),
    (lambda lib, x: x @ x[0], "MvBackward0"),
    (lambda lib, x: lib.dot(x[0], x[1]), "DotBackward0"),
    (lambda lib, x: x[0], "SelectBackward0"),
    (lambda lib, x: x[:, 1:], "SliceBackward0"),
    (lambda lib, x: x[[0, 1]], "IndexBackward0"),
    (lambda lib, x: x.view(-1), "ViewBackward0"),
    (lambda lib, x: x.permute(1, 0), "PermuteBackward0"),
    (lambda lib, x: x.clone(), "CloneBackward0"),
    (lambda lib, x: lib.cat([x, x]), "CatBackward0"),
    (lambda lib, x: lib.stack([x, x]), "StackBackward0"),
    (lambda lib, x: x.clamp(0, 1), "ClampBackward1"),
    (lambda lib, x: lib.where(x > 0, x, x * 2), "WhereBackward0"),
    (lambda lib, x: x.unsqueeze(0), "UnsqueezeBackward0"),
    (lambda lib, x: x.maximum(x * 2), "MaximumBackward0"),
    (lambda lib, x: lib.F.binary_cross_entropy_with_logits(x, x.detach()), "BinaryCrossEntropyWithLogitsBackward0"),
    (lambda lib, x: lib.F.binary_cross_entropy(x.sigmoid(), lib.ones_like(x)), "BinaryCrossEntropyBackward0"),
    (lambda lib, x: lib.F.mse_loss(x, lib.ones_like(x)), "MseLossBackward0"),
    (lambda lib, x: lib.F.cross_entropy(x, lib.tensor([0, 1])), "NllLossBackward0"),
    (lambda lib, x: lib.F.softmax(x, 1), "SoftmaxBackward0"),
    (lambda lib, x: lib.F.softplus(x), "SoftplusBackward0"),
]


@pytest.mark.parametrize("k", range(len(NAMES)))
def test_names_of_grad_fn(lib, k):
    f, name = NAMES[k]
    y = f(lib, lib.tensor(A, requires_grad=True))
    assert y.grad_fn.name() == name
    assert repr(y.grad_fn).startswith(f"<{name} object at 0x")


def test_next_functions(lib):
    x, w = lib.tensor(2.0, requires_grad=True), lib.tensor(3.0, requires_grad=True)
    y = x * w + 1
    ((product, place), (nothing, _)) = y.grad_fn.next_functions
    assert product.name() == "MulBackward0"
    assert place == 0
    assert nothing is None
    first, second = product.next_functions
    assert "AccumulateGrad" in first[0].name()
    assert "AccumulateGrad" in second[0].name()
    assert first[0].next_functions == ()
    assert y.grad_fn == y.grad_fn
    assert (x * lib.ones(1)).grad_fn.next_functions[1][0] is None


def test_a_value_that_leaves_is_refused_where_gradients_must_be_right():
    with pytest.raises(NotRecorded):
        tape.pullback(lambda x: math.sin(x), 1.0)
