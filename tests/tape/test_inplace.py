"""Writes in place: values, records, versions, views."""

import numpy as np
import pytest

from srcdiff import tape
from srcdiff.errors import ChangedInPlace


def start(lib, data=(1.0, 2.0, 3.0, 4.0)):
    x = lib.tensor(list(data), requires_grad=True)
    return x, x.clone()


def test_the_operations_and_their_gradients(lib):
    x, y = start(lib)
    y.add_(1).mul_(3.0).sub_(x).div_(2.0).add_(x, alpha=2)
    y += x
    y -= 1
    y *= x
    y /= 2
    expected = lambda v: ((((v + 1) * 3 - v) / 2 + 2 * v) + v - 1) * v / 2
    assert np.allclose(y.tolist(), expected(np.arange(1.0, 5.0)))
    y.sum().backward()
    h = 1e-6
    at = np.arange(1.0, 5.0)
    assert np.allclose(x.grad.tolist(), (expected(at + h) - expected(at - h)) / (2 * h))


def test_they_return_the_tensor_itself(lib):
    y = lib.ones(2)
    for change in (lambda: y.add_(1), lambda: y.zero_(), lambda: y.fill_(2), lambda: y.copy_(lib.ones(2)),
                   lambda: y.clamp_(0, 1), lambda: y.mul_(2), lambda: y.div_(2), lambda: y.sub_(1)):  # fmt: skip
        assert change() is y


def test_zero_fill_copy_and_clamp(lib):
    x, y = start(lib)
    y.zero_()
    (y + x).sum().backward()
    assert x.grad.tolist() == [1.0] * 4
    x.grad = None
    y = x * 2
    y.fill_(3.0)
    assert y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [0.0] * 4
    w = lib.tensor(5.0, requires_grad=True)
    y = x * 2
    y.fill_(w)
    y.sum().backward()
    assert w.grad.item() == 4.0
    x.grad = None
    y = lib.zeros(2, 4)
    y.copy_(x)
    (y * lib.tensor([[1.0], [2.0]])).sum().backward()
    assert x.grad.tolist() == [3.0] * 4
    x.grad = None
    y = x * 1
    y.clamp_(1.5, 3.5)
    assert y.tolist() == [1.5, 2.0, 3.0, 3.5]
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 1.0, 1.0, 0.0]


def test_item_assignment(lib):
    x, y = start(lib)
    w = lib.tensor([10.0, 20.0], requires_grad=True)
    y[1:3] = w * x[0]
    y[0] = 7.0
    y[-1] = y[1].clone() * y[3].clone()
    (y * lib.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert y.tolist() == [7.0, 10.0, 20.0, 40.0]
    assert w.grad.tolist() == [2.0 + 4.0 * 4.0, 3.0]
    assert x.grad.tolist() == [20.0 + 60.0 + 160.0, 0.0, 0.0, 40.0]


def test_assignment_by_mask_and_by_places(lib):
    x, y = start(lib)
    w = lib.tensor(2.0, requires_grad=True)
    y[y > 2.5] = w
    y[lib.tensor([0, 1])] = lib.tensor([5.0, 6.0]) * w
    y.sum().backward()
    assert y.tolist() == [10.0, 12.0, 2.0, 2.0]
    assert w.grad.item() == 13.0
    assert x.grad.tolist() == [0.0] * 4


def test_repeated_places_keep_the_last():
    x = tape.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = tape.zeros(2)
    y[tape.tensor([0, 0, 1])] = x
    y.sum().backward()
    assert y.tolist() == [2.0, 3.0]
    assert x.grad.tolist() == [0.0, 1.0, 1.0]


def test_a_buffer_that_is_filled_in_a_loop(lib):
    x = lib.tensor(0.5, requires_grad=True)
    y = lib.zeros(5)
    y[0] = x
    for i in range(1, 5):
        y[i] = y[i - 1].clone() * x + i
    y[-1].backward()
    assert x.grad.item() == pytest.approx(5 * 0.5**4 + 1 * 3 * 0.25 + 2 * 2 * 0.5 + 3)


def test_element_updated_in_place(lib):
    x, y = start(lib)
    y[1] += 10 * x[0]
    y[2:] *= 2
    (y * lib.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert y.tolist() == [1.0, 12.0, 6.0, 8.0]
    assert x.grad.tolist() == [1.0 + 20.0, 2.0, 6.0, 8.0]


# ------------------------------------------------------------------------------------------------------------- views


def test_a_write_through_a_view_reaches_the_base(lib):
    x, y = start(lib)
    v = y[1:3]
    v.mul_(x[0] * 10)
    assert y.tolist() == [1.0, 20.0, 30.0, 4.0]
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0 + 10 * (2 * 20.0 * 2 + 2 * 30.0 * 3), 400.0, 600.0, 8.0]


def test_a_write_to_the_base_reaches_its_views(lib):
    x, y = start(lib)
    v, element = y.reshape(2, 2)[1], y[2]
    y.mul_(x)
    assert v.tolist() == [9.0, 16.0]
    assert element.item() == 9.0
    (v.sum() + element).backward()
    assert x.grad.tolist() == [0.0, 0.0, 12.0, 8.0]


def test_views_of_a_constant_buffer_need_a_gradient_after_a_write(lib):
    x = lib.tensor([1.0, 2.0], requires_grad=True)
    buffer = lib.zeros(4)
    view = buffer[1:3]
    assert not view.requires_grad
    buffer[2] = x[1] * 5
    assert buffer.requires_grad
    assert view.requires_grad
    view.sum().backward()
    assert x.grad.tolist() == [0.0, 5.0]


def test_writes_through_transposed_and_reshaped_views(lib):
    x = lib.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    y = x * 1
    t = y.T[1:]
    t[0] = x[:, 0] * 10
    y.view(-1)[5].add_(x[0, 0])
    assert y.tolist() == [[1.0, 10.0, 3.0], [4.0, 40.0, 7.0]]
    w = lib.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    (y * w).sum().backward()
    assert x.grad.tolist() == [[1.0 + 20.0 + 6.0, 0.0, 3.0], [4.0 + 50.0, 0.0, 6.0]]


def test_swapping_elements_as_torch_does(lib):
    x, y = start(lib)
    a = y[0]
    y[0] = y[1]
    y[1] = a  # a is a view: it has changed
    assert y.tolist()[:2] == [2.0, 2.0]
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 1.0, 1.0]


def test_second_derivatives_through_writes(lib):
    x, y = start(lib, [1.0, 2.0])
    y[0] = x[1] ** 3
    v = y[1:]
    v.mul_(x[0])
    (g,) = lib.grad((y * y).sum(), x, create_graph=True)
    (h,) = lib.grad(g.sum(), x)
    a, b = 1.0, 2.0  # b**6 + a**2 b**2
    assert h.tolist() == pytest.approx([2 * b * b + 4 * a * b, 30 * b**4 + 2 * a * a + 4 * a * b])


def test_numpy_sees_the_writes(lib):
    array = np.zeros(3)
    t = lib.from_numpy(array)
    t[0] = 1.0
    t.add_(1)
    assert array.tolist() == [2.0, 1.0, 1.0]
    assert np.shares_memory(t.numpy(), array)


# ------------------------------------------------------------------------------------------------------------- leaves


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.add_(1),
        lambda t: t.zero_(),
        lambda t: t.__setitem__(0, 1.0),
        lambda t: t[0].add_(1),
        lambda t: t.view(-1).mul_(2),
        lambda t: t.__iadd__(1),
    ],
)
def test_a_leaf_that_requires_grad_is_not_changed_in_place(lib, change):
    x = lib.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"(?i)leaf.*in-place|in place"):
        change(x)
    with lib.no_grad():
        change(x)
    assert x.requires_grad
    assert x.is_leaf


def test_the_shape_must_stay(lib):
    y = lib.ones(2)
    with pytest.raises(RuntimeError):
        y.add_(lib.ones(3, 2))
    with pytest.raises(RuntimeError):
        lib.tensor([1, 2]).add_(lib.tensor([0.5, 0.5]))


# ------------------------------------------------------------------------------------------------------------ versions


@pytest.mark.parametrize("data", [2.0, [1.0, 2.0, 3.0]])
@pytest.mark.parametrize(
    "make",
    [
        lambda x: (y := x.exp(), y),
        lambda x: (y := x * 1, y * y),
        lambda x: (y := x * 1, y.sin()),
        lambda x: (y := x * 1, x / y),
        lambda x: (y := (x * 1).sigmoid(), y),
    ],
)
def test_a_saved_value_that_was_changed(lib, data, make):
    x = lib.tensor(data, requires_grad=True)
    y, z = make(x)
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an in-?place operation"):
        z.sum().backward()


def test_a_constant_that_was_changed(lib):
    x, c = lib.ones(3, requires_grad=True), lib.ones(3)
    y = (x * c).sum()
    c[0] = 5.0
    with pytest.raises(RuntimeError, match=r"modified by an in-?place operation"):
        y.backward()


def test_what_is_not_needed_may_change(lib):
    x, y = start(lib)
    z = y + 1
    y.zero_()
    s = y.sum()
    y.add_(5)
    (z.sum() + s).backward()
    assert x.grad.tolist() == [1.0] * 4


def test_a_change_through_detach_or_data_is_seen():
    for alias in (lambda t: t.detach(), lambda t: t.data):
        x = tape.ones(3, requires_grad=True)
        y = (x * x).sum()
        alias(x).add_(1)
        with pytest.raises(ChangedInPlace):
            y.backward()


def test_the_message_names_the_operation_and_both_lines():
    x = tape.ones(3, requires_grad=True)
    y = x.exp()  # saved here
    z = y * 2
    y.mul_(3)  # changed here
    with pytest.raises(ChangedInPlace) as caught:
        z.sum().backward()
    text = str(caught.value)
    assert "saved by ExpBackward0 at " in text
    assert "y = x.exp()  # saved here" in text
    assert "changed by mul_ at " in text
    assert "y.mul_(3)  # changed here" in text
    assert text.count("test_inplace.py, line ") == 2


def test_an_update_between_two_steps_is_no_error(lib):
    w = lib.ones(3, requires_grad=True)
    x = lib.ones(3)
    for _ in range(3):
        y = (w * x).exp().sum()
        y.backward()
        with lib.no_grad():
            w -= 0.1 * w.grad
            x += 1
            w.grad.zero_()
    assert w.is_leaf


def test_a_gradient_that_was_used_and_then_accumulated_to():
    x, w = tape.ones(2, requires_grad=True), tape.ones(2, requires_grad=True)
    (x * x).sum().backward()
    y = (x.grad * w).sum()
    (x * x).sum().backward()
    with pytest.raises(ChangedInPlace):
        y.backward()


def test_versions_count():
    x = tape.zeros(3)
    assert x._version == 0
    x.add_(1)
    x[0] = 2.0
    assert x._version == 2
    assert x[1:]._version == 2
    assert x.detach()._version == 2
    assert x.clone()._version == 0


def test_views_of_one_tensor_in_a_loop_do_not_pile_up():
    x = tape.zeros(10)
    for k in range(10_000):
        x[k % 10]
    assert len(x._state.views) <= 64
