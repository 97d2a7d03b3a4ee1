"""What `backward` and `grad` do: the same tests run on torch where it is installed."""

import warnings

import numpy as np
import pytest


def leaf(lib, data):
    return lib.tensor(data, requires_grad=True)


def test_gradient_of_twice_x_dot_x(lib):
    x = lib.arange(4.0, requires_grad=True)
    assert x.grad is None
    y = 2 * lib.dot(x, x)
    assert y.item() == 28.0
    y.backward()
    assert x.grad.tolist() == [0.0, 4.0, 8.0, 12.0]
    assert (x.grad == 4 * x).all()


def test_gradients_accumulate_until_they_are_reset(lib):
    x = lib.arange(4.0, requires_grad=True)
    (2 * lib.dot(x, x)).backward()
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 5.0, 9.0, 13.0]
    for reset in (lambda: x.grad.zero_(), lambda: x.grad.data.zero_()):
        reset()
        assert x.grad.tolist() == [0.0] * 4
        x.sum().backward()
        assert x.grad.tolist() == [1.0] * 4
    x.grad = None
    x.sum().backward()
    assert x.grad.tolist() == [1.0] * 4


def test_accumulated_in_the_same_tensor(lib):
    x = leaf(lib, [1.0, 2.0])
    x.sum().backward()
    kept = x.grad
    x.sum().backward()
    assert kept is x.grad
    assert kept.tolist() == [2.0, 2.0]


def test_backward_of_a_vector_two_ways(lib):
    x = lib.arange(4.0, requires_grad=True)
    y = x * x
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        y.backward()
    y.backward(gradient=lib.ones(4))
    assert x.grad.tolist() == [0.0, 2.0, 4.0, 6.0]
    x.grad.zero_()
    (x * x).sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 4.0, 6.0]
    x.grad = None
    lib.backward(x * x, lib.tensor([1.0, 0.0, 0.0, 10.0]))
    assert x.grad.tolist() == [0.0, 0.0, 0.0, 60.0]


def test_one_element_counts_as_a_scalar(lib):
    x = leaf(lib, [[3.0]])
    (x * x).backward()
    assert x.grad.tolist() == [[6.0]]


def test_the_gradient_must_have_the_shape(lib):
    x = leaf(lib, [1.0, 2.0])
    with pytest.raises(RuntimeError):
        (x * x).backward(lib.ones(3))


def test_detach_cuts(lib):
    x = lib.arange(4.0, requires_grad=True)
    y = x * x
    u = y.detach()
    assert not u.requires_grad
    assert u.is_leaf
    z = u * x
    z.sum().backward()
    assert x.grad.tolist() == u.tolist()
    x.grad.zero_()
    y.sum().backward()
    assert x.grad.tolist() == (2 * x).tolist()


def test_detach_shares_memory(lib):
    x = lib.tensor([1.0, 2.0])
    d = x.detach()
    d[0] = 5.0
    assert x.tolist() == [5.0, 2.0]
    s = lib.tensor(2.0, requires_grad=True)
    s.data.fill_(7.0)
    assert s.item() == 7.0
    s.detach().zero_()
    assert s.item() == 0.0


def halved(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


@pytest.mark.parametrize("value", [0.7, -1.3, 900.0, [0.3, -2.0, 1.5], [[1e-3, 2.0], [-7.0, 0.25]]])
def test_control_flow(lib, value):
    a = leaf(lib, value)
    d = halved(a)
    d.backward(lib.ones_like(d))
    assert np.allclose(a.grad.tolist(), (d / a).tolist(), rtol=1e-14)


def test_a_loop_of_exponentials(lib):
    x = leaf(lib, 0.1)
    y = x
    for _ in range(3):
        y = y.exp()
    y.backward()
    first = np.exp(0.1)
    assert x.grad.item() == pytest.approx(first * np.exp(first) * np.exp(np.exp(first)), rel=1e-14)


def test_higher_derivatives(lib):
    x = leaf(lib, 0.5)
    y = x.sin() * x**3
    found = []
    for _ in range(4):
        (y,) = lib.grad(y, x, create_graph=True)
        found.append(y.item())
    s, c, v = np.sin(0.5), np.cos(0.5), 0.5
    expected = [
        v**3 * c + 3 * v**2 * s,
        -(v**3) * s + 6 * v**2 * c + 6 * v * s,
        -(v**3) * c - 9 * v**2 * s + 18 * v * c + 6 * s,
        v**3 * s - 12 * v**2 * c - 36 * v * s + 24 * c,
    ]
    assert found == pytest.approx(expected, rel=1e-12)


def test_create_graph_accumulates_a_graph(lib):
    x = leaf(lib, [1.0, 2.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of a cycle
        (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    (second,) = lib.grad(x.grad.sum(), x)
    assert second.tolist() == [6.0, 12.0]


def test_hessian_vector_product(lib):
    x = leaf(lib, [1.0, 2.0, 3.0])
    v = lib.tensor([1.0, 0.0, -1.0])
    y = (x[0] * x[1] ** 2 + (x * x).sum().log()) * x[2].tanh()
    (g,) = lib.grad(y, x, create_graph=True)
    (hv,) = lib.grad((g * v).sum(), x)
    expected = np.zeros(3)
    for step in (1e-5,):
        ends = []
        for sign in (1, -1):
            z = leaf(lib, (np.array([1.0, 2.0, 3.0]) + sign * step * np.array([1.0, 0.0, -1.0])).tolist())
            f = (z[0] * z[1] ** 2 + (z * z).sum().log()) * z[2].tanh()
            ends.append(np.array(lib.grad(f, z)[0].tolist()))
        expected = (ends[0] - ends[1]) / (2 * step)
    assert np.allclose(hv.tolist(), expected, rtol=1e-7)


# ------------------------------------------------------------------------------------------------------ freed graphs


def test_a_second_pass_needs_retain_graph(lib):
    x = leaf(lib, [1.0, 2.0])
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"(?s)second time.*retain_graph=True"):
        y.backward()
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [6.0, 12.0]


def test_nothing_that_needs_a_gradient(lib):
    with pytest.raises(RuntimeError, match="does not require grad"):
        (lib.ones(2) * 2).sum().backward()


def test_only_floating_tensors_require_grad(lib):
    for data in ([1, 2], [True, False], 3):
        with pytest.raises(RuntimeError, match="floating point"):
            lib.tensor(data, requires_grad=True)
    with pytest.raises(RuntimeError):
        lib.tensor([1, 2]).requires_grad_()
    with pytest.raises(RuntimeError):
        lib.arange(3, requires_grad=True)


# --------------------------------------------------------------------------------------------------------------- grad


def test_grad_leaves_grad_alone(lib):
    x, w = leaf(lib, [1.0, 2.0]), leaf(lib, [3.0, 4.0])
    found = lib.grad((x * w).sum(), (x, w))
    assert isinstance(found, tuple)
    assert [g.tolist() for g in found] == [[3.0, 4.0], [1.0, 2.0]]
    assert x.grad is None


def test_grad_of_several_outputs_is_their_sum(lib):
    x = leaf(lib, [1.0, 2.0])
    (g,) = lib.grad([(x * x).sum(), 3 * x.sum()], x)
    assert g.tolist() == [5.0, 7.0]
    (g,) = lib.grad([x * x, x], [x], grad_outputs=[lib.tensor([1.0, 0.0]), lib.tensor([0.0, 1.0])])
    assert g.tolist() == [2.0, 1.0]


def test_grad_by_something_in_between(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * x
    (g,) = lib.grad((y * y).sum(), y)
    assert g.tolist() == [2.0, 8.0]


def test_grad_of_what_is_not_used(lib):
    x, other = leaf(lib, [1.0]), leaf(lib, [2.0])
    with pytest.raises(RuntimeError, match="not have been used in the graph"):
        lib.grad((x * x).sum(), other)
    assert lib.grad((x * x).sum(), [x, other], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError):
        lib.grad((x * x).sum(), lib.ones(1))


def test_backward_into_some_leaves_only(lib):
    x, w = leaf(lib, 2.0), leaf(lib, 3.0)
    (x * w).backward(inputs=[w])
    assert x.grad is None
    assert w.grad.item() == 2.0


def test_an_unused_branch_is_not_gone_through(lib):
    x, w = leaf(lib, 2.0), leaf(lib, 3.0)
    called = []
    branch = w * 2
    branch.register_hook(lambda g: called.append(1))
    lib.grad(x * x + branch, x)
    assert called == []


# ------------------------------------------------------------------------------------------------------------- leaves


def test_leaves_and_others(lib):
    x = leaf(lib, [1.0, 2.0])
    y = x * 2
    assert x.is_leaf
    assert not y.is_leaf
    assert y.requires_grad
    assert x.grad_fn is None
    with pytest.warns(UserWarning, match=r"(?i)not a leaf|non-leaf"):
        assert y.grad is None
    y.retain_grad()
    y.sum().backward()
    assert y.grad.tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError):
        y.requires_grad = False
    assert not y.detach().requires_grad


def test_requires_grad_can_be_set(lib):
    x = lib.ones(2)
    assert x.requires_grad_() is x
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    x.requires_grad_(False)
    assert not (x * 3).requires_grad


def test_gradients_have_the_shape_and_dtype_of_their_leaf(lib):
    a = lib.ones((2, 1), dtype=lib.float32, requires_grad=True)
    b = lib.ones(3, requires_grad=True)
    c = leaf(lib, 2.0)
    (a * b * c).sum().backward()
    assert a.grad.dtype == lib.float32
    assert tuple(a.grad.shape) == (2, 1)
    assert a.grad.tolist() == [[6.0], [6.0]]
    assert b.grad.tolist() == [4.0, 4.0, 4.0]
    assert tuple(c.grad.shape) == ()
    assert c.grad.item() == 6.0


def test_a_gradient_can_be_assigned(lib):
    x = leaf(lib, [1.0, 2.0])
    x.grad = lib.tensor([5.0, 6.0])
    x.sum().backward()
    assert x.grad.tolist() == [6.0, 7.0]
    with pytest.raises(RuntimeError):
        x.grad = lib.ones(3)
    with pytest.raises(TypeError):
        x.grad = 1.0


def test_a_chain_of_a_hundred_thousand_operations(lib):
    x = leaf(lib, 1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.00001
    y.backward()
    assert x.grad.item() == pytest.approx(1.00001**100_000, rel=1e-9)
    del y


def test_a_tensor_used_many_times(lib):
    x = leaf(lib, [2.0, 3.0])
    total = x * 0
    for k in range(1, 50):
        total = total + k * x
    total.sum().backward()
    assert x.grad.tolist() == [1225.0, 1225.0]


def test_elements_read_one_by_one(lib):
    x = lib.arange(6.0, requires_grad=True)
    total = 0.0
    for i in range(6):
        total = total + x[i] * (i + 1)
    total.backward()
    assert x.grad.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
