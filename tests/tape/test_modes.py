"""Recording on and off, per thread; hooks; anomalies; checkpoints."""

import threading

import numpy as np
import pytest

from srcdiff import tape


def test_no_grad_as_a_block_and_as_a_decorator(lib):
    x = lib.ones(2, requires_grad=True)
    with lib.no_grad():
        assert not lib.is_grad_enabled()
        assert not (x * 2).requires_grad
        assert not (x * 2).sum().requires_grad
        with lib.enable_grad():
            assert (x * 2).requires_grad
        assert not lib.exp(x).requires_grad
    assert lib.is_grad_enabled()

    @lib.no_grad()
    def quiet(x):
        """Its docstring."""
        return x * 2

    @lib.enable_grad()
    def loud(x):
        return x * 2

    assert quiet.__doc__ == "Its docstring."
    assert not quiet(x).requires_grad
    with lib.no_grad():
        assert loud(x).requires_grad


def test_a_mode_ends_with_an_error(lib):
    with pytest.raises(ZeroDivisionError), lib.no_grad():
        1 / 0
    assert lib.is_grad_enabled()


def test_set_grad_enabled(lib):
    x = lib.ones(2, requires_grad=True)
    with lib.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    lib.set_grad_enabled(False)
    try:
        assert not (x * 2).requires_grad
    finally:
        lib.set_grad_enabled(True)
    assert (x * 2).requires_grad

    @lib.set_grad_enabled(False)
    def quiet(x):
        return x * 2

    assert lib.is_grad_enabled()
    assert not quiet(x).requires_grad


def test_inference_mode(lib):
    x = lib.ones(2, requires_grad=True)
    with lib.inference_mode():
        y = x * 2
    assert not y.requires_grad
    assert lib.is_grad_enabled()


def test_the_mode_is_that_of_the_thread(lib):
    found = {}
    started, done = threading.Event(), threading.Event()

    def other():
        x = lib.ones(2, requires_grad=True)
        found["enabled"] = lib.is_grad_enabled()
        y = (x * 2).sum()
        y.backward()
        found["gradient"] = x.grad.tolist()
        with lib.no_grad():
            started.set()
            done.wait(10)

    with lib.no_grad():
        thread = threading.Thread(target=other)
        thread.start()
        assert started.wait(10)
    x = lib.ones(2, requires_grad=True)
    assert (x * 3).requires_grad
    done.set()
    thread.join()
    assert found == {"enabled": True, "gradient": [2.0, 2.0]}


def test_threads_that_share_a_leaf():
    x = tape.zeros(100_000, requires_grad=True)

    def work():
        for _ in range(20):
            (x * 1.0).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (x.grad == 80.0).all()


def test_threads_that_share_a_graph():
    x = tape.ones(1000, requires_grad=True)
    y = (x * 2.0).exp()
    found = []

    def work():
        found.append(tape.grad(y.sum(), x, retain_graph=True)[0].tolist())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(g == found[0] for g in found)


def test_a_generator_under_no_grad_leaves_the_mode_of_its_caller():
    @tape.no_grad()
    def steps(x):
        for _ in range(2):
            yield x * 2

    x = tape.ones(1, requires_grad=True)
    for y in steps(x):
        assert not y.requires_grad
        assert tape.is_grad_enabled()


def test_a_leaf_stays_a_leaf_when_it_is_updated_under_no_grad(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(3):
        x.grad = None
        (x * x).sum().backward()
        with lib.no_grad():
            x -= 0.25 * x.grad
    assert x.is_leaf
    assert x.requires_grad
    assert x.tolist() == [0.125, 0.25]


# -------------------------------------------------------------------------------------------------------------- hooks


def test_hooks_see_and_change_gradients(lib):
    seen = []
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    first = y.register_hook(lambda g: seen.append(g.tolist()))
    second = y.register_hook(lambda g: g * 10)
    third = x.register_hook(lambda g: g + 1)
    y.sum().backward()
    assert seen == [[1.0, 1.0]]
    assert x.grad.tolist() == [31.0, 31.0]
    first.remove()
    second.remove()
    third.remove()
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_removed_hook_is_not_called(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    handle = y.register_hook(lambda g: g * 100)
    handle.remove()
    y.backward()
    assert x.grad.item() == 4.0


def test_a_hook_sees_the_whole_gradient_once(lib):
    seen = []
    x = lib.tensor(2.0, requires_grad=True)
    y = x * 1
    y.register_hook(lambda g: seen.append(g.item()))
    (y * 2 + y * 3).backward()
    assert seen == [5.0]


def test_hooks_need_a_gradient(lib):
    with pytest.raises(RuntimeError, match="cannot register a hook"):
        lib.ones(2).register_hook(print)
    with pytest.raises(RuntimeError, match="can't retain_grad"):
        lib.ones(2).retain_grad()


def test_hooks_change_what_grad_returns(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    assert lib.grad(y, x)[0].item() == 41.0


def test_retained_gradients_are_those_after_the_hooks(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * 10)
    y.retain_grad()
    assert y.retains_grad
    (y * 2).backward()
    assert y.grad.item() == 20.0
    assert x.grad.item() == 80.0


def test_hooks_are_recorded_with_create_graph(lib):
    x = lib.tensor(2.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * x)
    (first,) = lib.grad(y, x, create_graph=True)
    assert first.item() == 8.0
    assert lib.grad(first, x)[0].item() == 8.0


# ---------------------------------------------------------------------------------------------------------- anomalies


def test_the_first_nan_of_the_backward_pass():
    x = tape.tensor([0.0, 1.0], requires_grad=True)
    with np.errstate(all="ignore"), tape.detect_anomaly():
        y = x.sqrt() * 0.0  # marked
        with pytest.raises(
            RuntimeError, match=r"(?s)'SqrtBackward0' returned nan.*test_modes\.py, line \d+: y = x\.sqrt"
        ):
            y.sum().backward()


def test_the_line_of_the_first_nan_of_the_forward_pass():
    x = tape.tensor(-1.0, requires_grad=True)
    with np.errstate(all="ignore"), tape.detect_anomaly():
        y = x.log()  # the first NaN
        z = y * y + x
        with pytest.raises(RuntimeError, match=r"first NaN of the forward pass came from LogBackward0 at .*y = x\.log"):
            z.backward()


def test_without_a_nan_nothing_is_said(lib):
    x = lib.tensor([1.0], requires_grad=True)
    with lib.detect_anomaly():
        x.sqrt().sum().backward()
    assert x.grad.tolist() == [0.5]


# --------------------------------------------------------------------------------------------------------- checkpoint


def test_checkpoint(lib):
    w = lib.tensor([0.5, -1.0], requires_grad=True)
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    calls = []

    def block(v):
        calls.append(1)
        return ((v * w).tanh() * v).exp()

    plain = block(x).sum()
    expected = [g.tolist() for g in lib.grad(plain, (x, w))]
    calls.clear()
    y = lib.checkpoint(block, x).sum()
    assert len(calls) == 1
    y.backward()
    assert len(calls) == 2
    assert [x.grad.tolist(), w.grad.tolist()] == expected


def test_checkpoint_saves_nothing_but_the_arguments():
    x = tape.ones(1000, requires_grad=True)
    y = tape.checkpoint(lambda v: ((v * v).exp() + v.sin()).sum(), x)
    sizes = []

    def walk(record):
        arrays = [s for s in record[3] if isinstance(s, np.ndarray)] if isinstance(record[3], tuple) else []
        sizes.extend(id(a) for a in arrays)
        parents = record[2]
        for p in () if parents is None else (parents,) if type(parents) is list else parents:
            walk(p)

    walk(y._node)
    assert set(sizes) == {id(x._v)}


def test_checkpoint_has_the_same_random_numbers():
    x = tape.ones(5, requires_grad=True)
    tape.manual_seed(3)
    y = tape.checkpoint(lambda v: (v * tape.rand(5)).exp(), x)
    expected = y.detach()
    y.sum().backward()
    assert np.allclose(x.grad.numpy(), np.log(expected.numpy()) * expected.numpy())


def test_checkpoint_and_second_derivatives(lib):
    x = lib.tensor(0.7, requires_grad=True)
    (g,) = lib.grad(lib.checkpoint(lambda v: v.sin() * v * v, x), x, create_graph=True)
    (h,) = lib.grad(g, x)
    assert h.item() == pytest.approx((2 - 0.49) * np.sin(0.7) + 4 * 0.7 * np.cos(0.7))


def test_checkpoint_of_a_function_that_does_something_else():
    x = tape.ones(2, requires_grad=True)
    calls = []

    def moody(v):
        calls.append(1)
        return v.exp() if len(calls) == 1 else v

    y = tape.checkpoint(moody, x)
    with pytest.raises(RuntimeError, match="the same each time"):
        y.sum().backward()


def test_checkpoints_within_checkpoints(lib):
    x = lib.tensor([0.3, 0.4], requires_grad=True)

    def inner(v):
        return v.exp() * v

    def outer(v):
        return lib.checkpoint(inner, v.sin()) * v

    lib.checkpoint(outer, x).sum().backward()
    found = x.grad.tolist()
    x.grad = None
    (inner(x.sin()) * x).sum().backward()
    assert found == pytest.approx(x.grad.tolist())
