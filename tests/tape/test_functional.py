"""Activations, losses and their numerical stability; the same tests run on torch where it is installed."""

import numpy as np
import pytest

from srcdiff import tape
from srcdiff.tape import functional, kernels

X = [[0.5, -1.25, 1.9], [1.55, 0.75, -0.45]]
T = [[0.0, 1.0, 0.25], [1.0, 0.6, 0.0]]


def graded(lib, f, *data):
    leaves = [lib.tensor(d, requires_grad=True) for d in data]
    y = f(*leaves)
    weights = lib.tensor(np.cos(np.arange(y.numel())).reshape(tuple(y.shape)).tolist())
    (y * weights).sum().backward()
    return y, leaves


def check(lib, f, *data):
    y, leaves = graded(lib, f, *data)
    weights = np.cos(np.arange(y.numel())).reshape(tuple(y.shape))
    for k, leaf in enumerate(leaves):
        for place in np.ndindex(*leaf.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [np.array(d) for d in data]
                moved[k][place] += step
                value = f(*(lib.tensor(m.tolist()) for m in moved))
                ends.append(np.sum(np.array(value.tolist()) * weights))
            assert leaf.grad.tolist()[place[0]][place[1]] == pytest.approx(
                (ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-8
            )
    return y


LOSSES = {
    "mse": lambda F, x, t, **how: F.mse_loss(x, t, **how),
    "l1": lambda F, x, t, **how: F.l1_loss(x, t, **how),
    "bce": lambda F, x, t, **how: F.binary_cross_entropy(x.sigmoid(), t, **how),
    "logits": lambda F, x, t, **how: F.binary_cross_entropy_with_logits(x, t, **how),
    "entropy": lambda F, x, t, **how: F.cross_entropy(x, t, **how),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(lib, name, reduction):
    target = lib.tensor(T)
    check(lib, lambda x: LOSSES[name](lib.F, x, target, reduction=reduction), X)
    if name != "l1":
        check(lib, lambda x, t: LOSSES[name](lib.F, x, t.sigmoid(), reduction=reduction), X, T)
    with pytest.raises(ValueError if lib.name == "torch" else TypeError):
        LOSSES[name](lib.F, target, target, reduction="median")


@pytest.mark.parametrize("how", [
    {}, {"reduction": "sum"}, {"reduction": "none"}, {"ignore_index": 2}, {"label_smoothing": 0.1},
    {"weight": [0.5, 1.0, 2.0]}, {"weight": [0.5, 1.0, 2.0], "label_smoothing": 0.2, "ignore_index": 0},
])  # fmt: skip
def test_cross_entropy_of_classes(lib, how):
    how = {k: lib.tensor(v) if k == "weight" else v for k, v in how.items()}
    classes = lib.tensor([2, 0])
    check(lib, lambda x: lib.F.cross_entropy(x, classes, **how), X)
    if "label_smoothing" not in how:
        check(lib, lambda x: lib.F.nll_loss(lib.F.log_softmax(x, dim=1), classes, **how), X)


def test_agreement_with_torch():
    """Values and gradients, number by number."""
    torch = pytest.importorskip("torch", reason="compares with torch")
    torch.set_default_dtype(torch.float64)
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(7, 5)) * 3, rng.uniform(size=(7, 5))
    classes = rng.integers(0, 5, 7)
    calls = [
        lambda F, x, t, c, w: F.cross_entropy(x, c),
        lambda F, x, t, c, w: F.cross_entropy(x, c, weight=w, label_smoothing=0.1),
        lambda F, x, t, c, w: F.cross_entropy(x, t, weight=w),
        lambda F, x, t, c, w: F.cross_entropy(x, t, label_smoothing=0.3, reduction="sum"),
        lambda F, x, t, c, w: F.cross_entropy(x, c, ignore_index=int(c[0])),
        lambda F, x, t, c, w: F.nll_loss(F.log_softmax(x, 1), c, weight=w),
        lambda F, x, t, c, w: F.binary_cross_entropy_with_logits(x, t, weight=w, pos_weight=w),
        lambda F, x, t, c, w: F.binary_cross_entropy(x.sigmoid(), t, weight=w),
        lambda F, x, t, c, w: F.softmax(x, 0).sin().sum(),
        lambda F, x, t, c, w: F.log_softmax(x, 0).sin().sum(),
        lambda F, x, t, c, w: F.softplus(x * 2).sum(),  # torch's is linear above 20
        lambda F, x, t, c, w: F.mse_loss(x, t),
        lambda F, x, t, c, w: F.l1_loss(x, t),
        lambda F, x, t, c, w: F.linear(x, t, w[0] * t[:, 0]).sum(),
    ]
    w = rng.uniform(0.5, 1.5, 5)
    for call in calls:
        a, b = tape.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        y = call(functional, a, tape.tensor(t), tape.tensor(classes), tape.tensor(w))
        z = call(torch.nn.functional, b, torch.tensor(t), torch.tensor(classes), torch.tensor(w))
        y.backward()
        z.backward()
        assert y.item() == pytest.approx(z.item(), rel=1e-12)
        assert np.allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-10, atol=1e-14)


def test_stability(lib):
    big = [[1000.0, -1000.0, 0.0]]
    x = lib.tensor(big, requires_grad=True)
    y = lib.F.cross_entropy(x, lib.tensor([1]))
    assert y.item() == 2000.0
    y.backward()
    assert x.grad.tolist() == [[1.0, -1.0, 0.0]]
    assert lib.F.softmax(lib.tensor(big), dim=1).tolist() == [[1.0, 0.0, 0.0]]
    assert lib.F.log_softmax(lib.tensor(big), dim=1).tolist() == [[0.0, -2000.0, -1000.0]]
    x = lib.tensor([1000.0, -1000.0], requires_grad=True)
    y = lib.F.binary_cross_entropy_with_logits(x, lib.tensor([0.0, 1.0]), reduction="sum")
    assert y.item() == 2000.0
    y.backward()
    assert x.grad.tolist() == [1.0, -1.0]
    x = lib.tensor([1000.0, -1000.0, 0.0], requires_grad=True)
    assert x.sigmoid().tolist() == [1.0, 0.0, 0.5]
    assert lib.F.softplus(x).tolist() == [1000.0, 0.0, pytest.approx(np.log(2))]
    lib.F.softplus(x).sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 0.5]
    p = lib.tensor([0.0, 1.0])
    assert lib.F.binary_cross_entropy(p, lib.tensor([1.0, 1.0])).item() == 50.0


def test_what_losses_refuse(lib):
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        lib.F.binary_cross_entropy(lib.tensor([1.5]), lib.tensor([1.0]))
    with pytest.raises((ValueError, TypeError)):
        lib.F.binary_cross_entropy_with_logits(lib.ones(2), lib.ones(3))
    with pytest.raises(IndexError):
        lib.F.cross_entropy(lib.ones(1, 3), lib.tensor([3]))


def test_relu_has_no_gradient_at_zero(lib):
    x = lib.tensor([0.0, -1.0, 2.0], requires_grad=True)
    lib.F.relu(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0]


def test_linear(lib):
    check(lib, lambda x, w: lib.F.linear(x, w), X, T)
    check(lib, lambda x, w: lib.F.linear(x, w, w[:, 0]), X, T)


@pytest.mark.parametrize("f", [
    lambda F, x, c: F.softmax(x, 1).pow(2).sum(),
    lambda F, x, c: F.log_softmax(x, 1).pow(2).sum(),
    lambda F, x, c: F.cross_entropy(x, c),
    lambda F, x, c: F.binary_cross_entropy_with_logits(x, x.detach().sigmoid() * 0.5),
    lambda F, x, c: F.binary_cross_entropy(x.sigmoid(), x.detach().sigmoid() * 0.5),
    lambda F, x, c: F.mse_loss(x, x.detach() * 2),
    lambda F, x, c: F.softplus(x).pow(2).sum(),
])  # fmt: skip
def test_second_derivatives(lib, f):
    c = lib.tensor([2, 0])
    x = lib.tensor(X, requires_grad=True)
    detached = lib.tensor(X)

    class Frozen:  # targets that stay where they are
        def __getattr__(self, name):
            return getattr(lib.F, name)

    def value(x):
        own = x.detach
        return f(Frozen(), x, c) if own else None

    (g,) = lib.grad(value(x), x, create_graph=True)
    (h,) = lib.grad((g * lib.tensor(T)).sum(), x)
    direction = np.array(T)
    ends = []
    for step in (1e-5, -1e-5):
        z = lib.tensor((np.array(X) + step * np.cos(np.arange(6)).reshape(2, 3)).tolist(), requires_grad=True)
        if "detach" in f.__code__.co_names:  # the targets are those at X
            target = detached
            y = {
                "binary_cross_entropy_with_logits": lambda: lib.F.binary_cross_entropy_with_logits(
                    z, target.sigmoid() * 0.5
                ),
                "binary_cross_entropy": lambda: lib.F.binary_cross_entropy(z.sigmoid(), target.sigmoid() * 0.5),
                "mse_loss": lambda: lib.F.mse_loss(z, target * 2),
            }[next(n for n in f.__code__.co_names if n in dir(lib.F) and ("entropy" in n or "mse" in n))]()
        else:
            y = f(lib.F, z, c)
        (gz,) = lib.grad(y, z)
        ends.append(np.sum(np.array(gz.tolist()) * direction))
    expected = (ends[0] - ends[1]) / 2e-5
    assert np.sum(np.array(h.tolist()) * np.cos(np.arange(6)).reshape(2, 3)) == pytest.approx(
        expected, rel=1e-6, abs=1e-9
    )


# ------------------------------------------------------------------------------------------------------------ kernels


@pytest.mark.jit
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_compiled_kernels_give_the_same_numbers(dtype):
    pytest.importorskip("numba", reason="compares with the kernels that Numba compiles")
    from srcdiff.tape import kernels_numba as compiled

    rng = np.random.default_rng(2)
    x, g, y = (rng.normal(size=(9, 5)).astype(dtype) for _ in range(3))
    classes = rng.integers(0, 5, 9)
    close = {"rtol": 1e-12 if dtype is np.float64 else 2e-5, "atol": 1e-14 if dtype is np.float64 else 1e-6}
    rows = np.random.default_rng(3).normal(size=(5000, 7)).astype(dtype)
    assert np.array_equal(kernels._sum_rows(rows), compiled.sum_rows(rows))
    assert np.allclose(kernels._softmax(x), compiled.softmax(x), **close)
    assert np.allclose(kernels._softmax_back(g, y), compiled.softmax_back(g, y), **close)
    assert np.allclose(kernels._log_softmax(x), compiled.log_softmax(x), **close)
    for a, b in zip(kernels._cross_entropy(x, classes), compiled.cross_entropy(x, classes)):
        assert np.allclose(a, b, **close)
        assert a.dtype == b.dtype == dtype
    logs = kernels._log_softmax(x)
    assert np.allclose(
        kernels._cross_entropy_back(g[:, 0], logs, classes),
        compiled.cross_entropy_back(g[:, 0].copy(), logs, classes),
        **close,
    )
    for a, b in [(kernels._add_rows, compiled.add_rows)]:
        first, second = np.zeros((5, 5), dtype), np.zeros((5, 5), dtype)
        a(first, classes, x)
        b(second, classes, x)
        assert np.array_equal(first, second)
    states = [
        [rng.normal(size=7).astype(dtype), rng.normal(size=7).astype(dtype), np.zeros(7, dtype), np.ones(7, dtype)]
    ]
    states.append([s.copy() for s in states[0]])
    for step, arrays in zip((kernels._adam, compiled.adam), states):
        step(*arrays, 0.9, 0.999, 0.01, 0.5, 1e-8)
    for step, arrays in zip((kernels._sgd, compiled.sgd), states):
        step(*arrays[:3], 0.1, 0.9, True)
    for a, b in zip(*states):
        assert np.allclose(a, b, **close)


@pytest.mark.jit
def test_a_kernel_changes_over_when_that_pays(monkeypatch):
    pytest.importorskip("numba", reason="the compiled form is Numba's")
    kernel = kernels.Kernel(kernels._softmax, "softmax")
    small, large = np.ones((2, 3)), np.ones((100, 100))
    for _ in range(3):
        kernel(small.size, small)
    assert kernel.work == 0
    kernel(large.size, large)
    assert kernel.compiled is None
    monkeypatch.setattr(kernels, "WORTH", 0)
    kernel(large.size, large)
    assert kernel.compiled is not None
    assert np.allclose(kernel(large.size, large), 0.01)


def test_a_kernel_without_numba_stays_with_numpy(monkeypatch):
    kernel = kernels.Kernel(kernels._softmax, "softmax")
    monkeypatch.setattr(kernels, "WORTH", 0)
    monkeypatch.setattr(kernels.importlib.util, "find_spec", lambda name: None)
    large = np.ones((100, 100))
    assert np.allclose(kernel(large.size, large), 0.01)
    assert kernel.refused
    assert np.allclose(kernel(large.size, large), 0.01)


def test_scattered_sums():
    x = tape.tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    rows = tape.tensor([0, 2, 2, -1])
    (x[rows] * tape.tensor([[1.0], [2.0], [3.0], [4.0]])).sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0], [0.0, 0.0], [9.0, 9.0]]
