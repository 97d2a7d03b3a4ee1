"""Products with the rows of a matrix in a loop: one product ahead of it, where nothing changes in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from compiled_text import check_text

import srcdiff
from srcdiff.testing import check_grad

RNG = np.random.default_rng(17)
W, X, B = RNG.normal(size=(4, 3)), RNG.normal(size=(6, 3)), RNG.normal(size=4)
V, Y = RNG.normal(size=3), np.sign(RNG.normal(size=5))


def code_of(f: Callable[..., Any], *args: Any) -> str:
    """The text of the value and gradient without its comments, which quote the function."""
    text = srcdiff.source(srcdiff.value_and_grad(f, wrt=(0, 1)), *args)
    return "\n".join(line.partition("#")[0] for line in text.splitlines())


def recurrent(w, x, b):
    h = np.zeros(len(b))
    for t in range(len(x)):
        h = np.tanh(w @ x[t] + b * h)
    return np.sum(h * h)


def from_the_left(w, x, b):
    s = 0.0
    for t in range(x.shape[0]):
        s += np.sum(np.sin(np.dot(x[t], w.T)) * b)
    return s


def logistic(v, x, y):
    """There may be more rows than trips."""
    loss = 0.0
    n = len(y)
    for i in range(n):
        loss += np.log1p(np.exp(-y[i] * (x[i] @ v)))
    return loss / n


def in_epochs(v, x, y):
    """The vector changes from one loop to the next, not within one."""
    v = v.copy()
    for _epoch in range(3):
        step = np.zeros(len(v))
        for i in range(len(y)):
            step += y[i] * x[i] / (1.0 + np.exp(y[i] * np.dot(v, x[i])))
        v = v + 0.1 * step
    return np.sum(v * v)


def twice(w, x, b):
    s = 0.0
    for t in range(len(x)):
        s += np.sum((w @ x[t]) * np.cos(w @ x[t] + b))
    return s


def stored(w, x, b):
    y = np.zeros((len(x), len(b)))
    for t in range(len(x)):
        y[t] = w @ x[t] + b
    return np.sum(y**3)


def of_columns(w, x, b):
    s = 0.0
    for t in range(x.shape[1]):
        s += np.sum(np.sin(w @ x[:, t] + b))
    return s


TOGETHER = [
    (of_columns, (W, X.T.copy(), B), "w_x = x.T @ w.T"),
    (recurrent, (W, X, B), "w_x = x @ w.T"),
    (from_the_left, (W, X, B), "x_w = x @ w.T"),
    (logistic, (V, X, Y), "x_v = x[:n] @ v"),
    (in_epochs, (V, X, Y), "v_x = x[: len(y)] @ v"),
    (twice, (W, X, B), "w_x = x @ w.T"),
    (stored, (W, X, B), "w_x = x @ w.T"),
]


@pytest.mark.parametrize(("f", "args", "line"), TOGETHER, ids=lambda v: getattr(v, "__name__", None))
def test_one_product(f: Callable[..., Any], args: tuple[Any, ...], line: str) -> None:
    for jit in (False, True):
        text = srcdiff.source(srcdiff.value_and_grad(f, wrt=(0, 1), jit=jit), *args)
        assert line in text
        assert text.count(line) == 1
    check_grad(f, args, wrt=(0, 1))
    check_text(f, *args, wrt=(0, 1))


@pytest.mark.parametrize(("f", "args", "line"), TOGETHER, ids=lambda v: getattr(v, "__name__", None))
def test_compiled(f: Callable[..., Any], args: tuple[Any, ...], line: str) -> None:
    plain, jitted = (srcdiff.value_and_grad(f, wrt=(0, 1), jit=jit) for jit in (False, True))
    for one, other in zip((plain(*args)[0], *plain(*args)[1]), (jitted(*args)[0], *jitted(*args)[1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert np.isclose(plain(*args)[0], f(*args), rtol=1e-13)


def test_tangents_in_one_and_in_many_directions() -> None:
    _, tangent = srcdiff.jvp(recurrent, (W, X, B), (W, X, B))
    _, bars = srcdiff.value_and_grad(recurrent, wrt=(0, 1, 2))(W, X, B)
    assert np.isclose(tangent, sum(np.sum(bar * d) for bar, d in zip(bars, (W, X, B), strict=True)), rtol=1e-12)
    forward, reverse = (srcdiff.jacobian(stored_rows, mode=mode)(W, X, B) for mode in ("forward", "reverse"))
    np.testing.assert_allclose(forward, reverse, rtol=1e-12)


def stored_rows(w, x, b):
    y = np.zeros((len(x), len(b)))
    for t in range(len(x)):
        y[t] = np.tanh(w @ x[t] + b)
    return y


def test_second_order() -> None:
    hessian = srcdiff.hessian(logistic)(V, X, Y)
    p = 1.0 / (1.0 + np.exp(-Y * (X[:5] @ V)))
    np.testing.assert_allclose(hessian, (X[:5].T * (p * (1.0 - p))) @ X[:5] / 5.0, rtol=1e-12)


# ------------------------------------------------------------------------------------------------- what stays a product


def changed_matrix(w, x, b):
    w = w.copy()
    s = 0.0
    for t in range(len(x)):
        s += np.sum(np.sin(w @ x[t]))
        w[0, 0] += 0.1 * s
    return s


def changed_rows(w, x, b):
    x = x.copy()
    s = 0.0
    for t in range(len(x)):
        y = w @ x[t]
        s += np.sum(y * y * b)
        if t + 1 < len(x):
            x[t + 1] += 0.1 * y[:3]
    return s


def bound_again(w, x, b):
    s = 0.0
    for t in range(len(x)):
        s += np.sum(np.sin(w @ x[t]))
        w = w * 0.9
    return s


def left_early(w, x, b):
    s = 0.0
    for t in range(len(x)):
        s += np.sum(np.sin(w @ x[t]) * b)
        if s > 1e6:
            break
    return s


def in_a_branch(w, x, b):
    s = 0.0
    for t in range(len(x)):
        if x[t, 0] > 0.0:
            s += np.sum(np.sin(w @ x[t]) * b)
        s += np.sum((w @ x[t]) ** 2) if b[0] > 100.0 else 0.0
    return s


def written_in_place(w, x, b):
    s = 0.0
    for t in range(len(x)):
        y = w @ x[t]
        y[0] = b[0]
        y += b
        s += np.sum(y**3)
    return s


def from_the_second_on(w, x, b):
    s = 0.0
    for t in range(1, len(x)):
        s += np.sum(np.sin(w @ x[t]) * b)
    return s


def decided_by(v, x, b):
    """A last bit of `r` may take the other branch."""
    s = 0.0
    for t in range(len(x)):
        r = v @ x[t] - np.sum(b)
        if r > 0.0:
            s += r * r
    return s


def decided_by_later(v, x, b):
    s = np.sum(b)
    for t in range(len(x)):
        s += x[t] @ v
    return s * s if np.floor(s) > 1.0 else np.sum(v)


def counted_by(v, x, b):
    """A last bit of `s` may be one trip more."""
    s = np.sum(b)
    for t in range(len(x)):
        s += v @ x[t]
    y = 1.0
    for _ in range(int(abs(s)) + 1):
        y = 0.5 * y + s
    return y


def test_what_the_program_decides_by() -> None:
    for f in (decided_by, decided_by_later, counted_by):
        assert "x @ v" not in code_of(f, V, X, B)
        value, _ = srcdiff.value_and_grad(f, wrt=(0, 1))(V, X, B)
        assert value == f(V, X, B)
        check_grad(f, (V, X, B), wrt=(0, 1))


def counted_by_hand(w, x, b, n):
    s = 0.0
    for t in range(n):
        s += np.sum(np.sin(w @ x[t]) * b)
    return s


@pytest.mark.parametrize(
    "f", [changed_matrix, changed_rows, bound_again, left_early, in_a_branch, written_in_place, from_the_second_on]
)
def test_in_each_trip(f: Callable[..., Any]) -> None:
    code = code_of(f, W, X, B)
    assert "x @ w.T" not in code
    assert "w @ x[t]" in code
    check_grad(f, (W, X, B), wrt=(0, 1))


def test_a_number_of_trips_that_may_be_negative() -> None:
    """`x[:n]` would leave out rows from the end."""
    assert "w @ x[t]" in code_of(counted_by_hand, W, X, B, 4)
    assert not np.any(srcdiff.grad(counted_by_hand)(W, X, B, -2))
    check_grad(counted_by_hand, (W, X, B, 4), wrt=(0, 1))


def test_no_trips() -> None:
    for jit in (False, True):
        value, (w_bar, x_bar) = srcdiff.value_and_grad(recurrent, wrt=(0, 1), jit=jit)(W, X[:0], B)
        assert value == 0.0
        assert w_bar.shape == W.shape
        assert x_bar.shape == (0, 3)
        assert not np.any(w_bar)


def test_too_few_rows() -> None:
    for jit in (False, True):
        df = srcdiff.grad(logistic, jit=jit)
        df(V, X, Y)
        with pytest.raises(IndexError):
            df(V, X[:3], Y)


def test_whole_numbers_stay_what_they_are() -> None:
    whole = np.arange(18).reshape(6, 3)
    text = srcdiff.source(srcdiff.grad(logistic), V, whole, Y)
    assert "x_v" not in text
    check_grad(logistic, (V, whole, Y), wrt=0)
