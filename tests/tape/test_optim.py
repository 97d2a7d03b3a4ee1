"""The optimisers: torch's update formulas, number by number where torch is installed, by hand where it is not."""

import copy

import numpy as np
import pytest

from srcdiff import optim, tape

SETTINGS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.05}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.05, "maximize": True}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.05}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": 0.1}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "maximize": True}),
]


def run(lib, name, settings, steps=7, dtype=None):
    x = lib.tensor([1.0, -2.0, 3.0], dtype=dtype or lib.float64, requires_grad=True)
    s = lib.tensor(0.5, dtype=dtype or lib.float64, requires_grad=True)
    optimizer = getattr(lib.optim, name)([x, s], **settings)
    for _ in range(steps):
        optimizer.zero_grad()
        (((x - s) ** 2).sum() + x.sin().sum() * s).backward()
        optimizer.step()
    return x.tolist() + [s.item()]


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_torchs_numbers(name, settings):
    torch = pytest.importorskip("torch", reason="compares with torch's optimisers")
    from .conftest import of_tape, of_torch

    mine, other = run(of_tape(), name, settings), run(of_torch(), name, settings)
    assert mine == pytest.approx(other, rel=1e-12)
    single = run(of_tape(), name, settings, dtype=tape.float32), run(of_torch(), name, settings, dtype=torch.float32)
    assert single[0] == pytest.approx(single[1], rel=1e-5)


def test_sgd_by_hand():
    p = tape.tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.5, weight_decay=0.2)
    value, buffer = np.array([1.0, 2.0]), 0.0
    for g in ([1.0, -1.0], [0.5, 2.0], [0.0, 1.0]):
        p.grad = tape.tensor(g)
        optimizer.step()
        buffer = 0.5 * buffer + np.array(g) + 0.2 * value
        value = value - 0.1 * buffer
    assert p.tolist() == pytest.approx(value.tolist(), rel=1e-14)


def test_adam_and_adamw_by_hand():
    """The algorithms of Kingma and Ba (2015) and of Loshchilov and Hutter (2019), as they stand in the papers."""
    for kind, decay in ((optim.Adam, 0.0), (optim.AdamW, 0.1)):
        p = tape.tensor([1.0, 2.0], requires_grad=True)
        optimizer = kind([p], lr=0.1, weight_decay=decay)
        value, m, v = np.array([1.0, 2.0]), 0.0, 0.0
        for t, g in enumerate(([1.0, -1.0], [0.5, 2.0], [0.0, 1.0]), 1):
            p.grad = tape.tensor(g)
            optimizer.step()
            g = np.array(g)
            value = value - 0.1 * decay * value
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g * g
            value = value - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        assert p.tolist() == pytest.approx(value.tolist(), rel=1e-12)


def test_groups(lib):
    a, b = lib.ones(2, requires_grad=True), lib.ones(2, requires_grad=True)
    optimizer = lib.optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    (a.sum() + b.sum()).backward()
    optimizer.step()
    assert a.tolist() == [0.9, 0.9]
    assert b.tolist() == [0.5, 0.5]
    c = lib.ones(1, requires_grad=True)
    optimizer.add_param_group({"params": c, "lr": 1.0})
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.5, 1.0]
    optimizer.param_groups[0]["lr"] = 0.0
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": c})


def test_zero_grad(lib):
    x = lib.ones(2, requires_grad=True)
    optimizer = lib.optim.SGD([x], lr=0.1)
    x.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert x.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert x.grad is None
    optimizer.step()
    assert x.tolist() == [1.0, 1.0]


def test_a_closure(lib):
    x = lib.tensor([2.0], requires_grad=True)
    optimizer = lib.optim.SGD([x], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4.0
    assert x.tolist() == [1.0]


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_the_state_can_be_saved_and_loaded(lib, name):
    settings = {"lr": 0.1, **({"momentum": 0.9} if name == "SGD" else {})}

    def advance(x, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            (x**4).sum().backward()
            optimizer.step()

    x = lib.tensor([1.0, -0.5], requires_grad=True)
    optimizer = getattr(lib.optim, name)([x], **settings)
    advance(x, optimizer, 3)
    saved, at = copy.deepcopy(optimizer.state_dict()), x.detach().clone()  # torch's shares memory with the optimiser
    assert set(saved) == {"state", "param_groups"}
    assert saved["param_groups"][0]["params"] == [0]
    advance(x, optimizer, 3)
    y = at.clone().requires_grad_()
    again = getattr(lib.optim, name)([y], lr=5.0)
    again.load_state_dict(saved)
    advance(y, again, 3)
    assert y.tolist() == x.tolist()


def test_what_optimisers_refuse(lib):
    x = lib.ones(2, requires_grad=True)
    for error, make in [
        (TypeError, lambda: lib.optim.SGD(x, lr=0.1)),
        (TypeError, lambda: lib.optim.SGD([1.0], lr=0.1)),
        (ValueError, lambda: lib.optim.SGD([], lr=0.1)),
        (ValueError, lambda: lib.optim.SGD([x * 2], lr=0.1)),
        (ValueError, lambda: lib.optim.SGD([x], lr=0.1, nesterov=True)),
        ((ValueError, TypeError), lambda: lib.optim.SGD([x], lr=-0.1)),
        ((ValueError, TypeError), lambda: lib.optim.Adam([x], betas=(1.0, 0.9))),
    ]:
        with pytest.raises(error):
            make()


def test_the_step_is_made_in_the_parameters_memory(lib):
    x = lib.ones(2, requires_grad=True)
    alias = x.detach()
    optimizer = lib.optim.Adam([x], lr=0.5)
    x.sum().backward()
    optimizer.step()
    assert alias.tolist() == x.tolist() == pytest.approx([0.5, 0.5])
    assert x.is_leaf


def test_text():
    assert "lr: 0.1" in repr(optim.SGD([tape.ones(1, requires_grad=True)], lr=0.1))
