"""Functions that call derivatives of other functions, in loops whose length only the run tells."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from thinning import share

import srcdiff
from srcdiff.testing import check_grad

# ------------------------------------------------------------------------------- line search along another function


def energy(x, k):
    return np.sum(k * x**4 + (x - 1.0) ** 2) + x[0] * x[1]


denergy = srcdiff.grad(energy)


def descended(x, k):
    """Gradient descent with backtracking: two loops of unknown length, one in the other."""
    trips = 0
    while trips < 30:
        g = denergy(x, k)
        if np.sum(g * g) < 1e-4:
            break
        step = 1.0
        value = energy(x, k)
        while energy(x - step * g, k) > value - 0.3 * step * np.sum(g * g):
            step = step * 0.5
        x = x - step * g
        trips += 1
    return np.sum(x * x)


# ------------------------------------------------------------------------------------ Newton's method with a Hessian


def potential(x, a):
    return np.sum(np.exp(x) - a * x) + 0.5 * (x[0] - x[1]) ** 2


dpotential = srcdiff.grad(potential)
ddpotential = srcdiff.hessian(potential)


def minimum(x, a):
    trips = 0
    g = dpotential(x, a)
    while np.max(np.abs(g)) > 1e-12 and trips < 50:
        x = x - np.linalg.solve(ddpotential(x, a), g)
        g = dpotential(x, a)
        trips += 1
    return np.sum(x * a)


# ----------------------------------------------------------------------------------- a root by Newton, of a number


def residual(y, x, k):
    return y + k * math.sin(y) - x


slope = srcdiff.grad(residual)


def root(x, k):
    y = x
    r = residual(y, x, k)
    while abs(r) > 1e-13:
        y = y - r / slope(y, x, k)
        r = residual(y, x, k)
    return y * y


# ----------------------------------------------------------------------- an implicit layer: fixed point, then solve

W = np.array([[0.3, -0.2, 0.1], [0.0, 0.25, 0.2], [-0.1, 0.15, 0.2]])


def cell(z, x):
    return np.tanh(W @ z + x)


dcell = srcdiff.jacobian(cell)


def fixed_point(x):
    z = np.zeros_like(x)
    change = 1.0
    while change > 1e-13:
        new = cell(z, x)
        change = np.max(np.abs(new - z))
        z = new
    return z


def layer(x):
    """One more Newton step from the fixed point has the derivative of the fixed point itself."""
    z = srcdiff.stop_gradient(fixed_point(x))
    jacobian = srcdiff.stop_gradient(dcell(z, x))
    z = z - np.linalg.solve(np.eye(len(x)) - jacobian, z - cell(z, x))
    return np.sum(z**3)


def unrolled(x):
    return np.sum(fixed_point(x) ** 3)


# --------------------------------------------------------------------------------------- products, values, closures

product = srcdiff.hvp(energy)
tangent = srcdiff.jvp(cell, wrt=0)
both = srcdiff.value_and_grad(energy)


def conjugate_gradient(x, k):
    """Solves H d = -g with products by the Hessian only."""
    r = -denergy(x, k)
    d = np.zeros_like(x)
    p = r
    rr = np.dot(r, r)
    while rr > 1e-22:
        h = product(x, k, p)
        alpha = rr / np.dot(p, h)
        d = d + alpha * p
        r = r - alpha * h
        new = np.dot(r, r)
        p = r + new / rr * p
        rr = new
    return np.sum(d * d)


def power_iteration(z, x):
    """The growth of a direction under the tangent of a map, until it settles."""
    v = np.ones(len(z))
    growth = 0.0
    change = 1.0
    while change > 1e-12:
        _, w = tangent(z, x, v)
        before = growth
        growth = np.sqrt(np.sum(w * w))
        v = w / growth
        change = abs(growth - before)
    return growth


def with_values(x, k):
    total = 0.0
    while total < 3.0:
        value, g = both(x, k)
        x = x - 0.05 * g
        total += 0.3 * value
    return total


def shifted(offset):
    def bowl(x):
        return (x - offset) ** 4 + x * x

    return srcdiff.grad(bowl)


DBOWL = shifted(0.7)


def of_closure(x):
    for _ in range(100):
        g = DBOWL(x)
        if abs(g) < 1e-3:
            break
        x = x - 0.1 * g
    return x * x


def triple(x, k):
    """A derivative of a function that calls a derivative in a loop."""
    return dminimised(x, k) * 2.0


def minimised(x, k):
    trips = 0
    while trips < 3:
        x = x - 0.1 * slope(x, 0.5, k)
        trips += 1
    return x * x


dminimised = srcdiff.grad(minimised)

# --------------------------------------------------------------------------------- products, where they are needed


def network(w, x):
    return np.tanh(w @ x)


def of_pullback(w, x):
    y, pullback = srcdiff.vjp(network, w, x)
    w_bar, x_bar = pullback(2.0 * y)
    return np.sum(w_bar * w) + np.sum(x_bar**2)


def of_tangent(w, x):
    y, y_dot = srcdiff.jvp(network, (w, x), (None, x * x))
    return np.sum(y * y_dot)


def pulled_in_a_loop(x, k):
    s = 0.0
    while s < 2.0:
        v, pullback = srcdiff.vjp(energy, x, k)
        g, k_bar = pullback(0.5)
        x = x - 0.1 * g
        s += abs(v) * 0.2 + 0.1 + 0.01 * k_bar
    return np.sum(x * x) + s


def pulled_through_a_closure(x, k):
    def bowl(z):
        return np.sum(np.sin(z) * x) * k

    v, pullback = srcdiff.vjp(bowl, x * 2.0)
    (g,) = pullback(1.0)
    _, t = srcdiff.jvp(bowl, (x,), (g,))
    return v * t + np.sum(g)


def pulled_after_a_write(x, k):
    """The pullback is that of what the argument was."""
    y = x.copy()
    v, pullback = srcdiff.vjp(energy, y, k)
    y[0] = 5.0 * x[1]
    g, k_bar = pullback(v)
    return np.sum(g * y) + k_bar


def two_results(x):
    return x * x, np.sum(x**3)


def pulled_from_two(x):
    (a, b), pullback = srcdiff.vjp(two_results, x)
    (g,) = pullback((a, b))
    (h,) = pullback((a * b, 1))
    return np.sum(g * h)


def tangents_by_two(x, k):
    tangent = srcdiff.jvp(energy, wrt=(0, 1))
    s = 0.0
    for i in range(3):
        _, t = tangent(x, k, x, 1.0 * i)
        s += t
    return s


def all_kinds(x, k):
    h = srcdiff.hvp(energy)(x, k, x * k)
    second = srcdiff.hessian(energy)(x, k)
    j = srcdiff.jacobian(lambda z: z**2 * k)(x)
    v, g = srcdiff.value_and_grad(energy)(x, k)
    return np.sum(h * (second @ g)) + v * np.sum(j @ x)


def gradient_of_that(x, k):
    return np.sum(srcdiff.grad(pulled_in_a_loop)(x, k))


def pulled_to_a_dict(p, x):
    def scaled(q):
        return np.sum(q["a"] * x) ** 2 * q["b"]

    _, pullback = srcdiff.vjp(scaled, {"a": x, "b": p})
    (g,) = pullback(1.0)
    return np.sum(g["a"]) + g["b"]


X = np.array([0.4, -0.7])
Z = np.array([0.3, 0.1, -0.2])
CASES: list[Any] = [
    (descended, (X, 0.3), 1e-5),
    (minimum, (X, np.array([1.5, 0.8])), 1e-5),
    (root, (1.2, 0.4), 1e-5),
    (layer, (Z,), 1e-4),
    (unrolled, (Z,), 1e-5),
    (conjugate_gradient, (X, 0.3), 1e-5),
    (power_iteration, (Z, Z), 1e-5),
    (with_values, (X, 0.3), 1e-5),
    (of_closure, (1.4,), 1e-5),
    (triple, (0.9, 0.4), 1e-5),
    (of_pullback, (W, Z), 1e-5),
    (of_tangent, (W, Z), 1e-5),
    (pulled_in_a_loop, (X, 0.3), 1e-5),
    (pulled_through_a_closure, (X, 0.3), 1e-5),
    (pulled_after_a_write, (X, 0.3), 1e-5),
    (pulled_from_two, (X,), 1e-5),
    (tangents_by_two, (X, 0.3), 1e-5),
    (all_kinds, (X, 0.3), 1e-5),
    (gradient_of_that, (X, 0.3), 1e-5),
    (pulled_to_a_dict, (0.4, X), 1e-5),
]


@pytest.mark.parametrize(("f", "args", "rtol"), CASES, ids=[f.__name__ for f, *_ in CASES])
def test_both_modes(f, args, rtol):
    if f is layer:  # what it stops is not stopped in a finite difference: held against the loop itself
        by_loop = srcdiff.grad(unrolled)(*args)
        np.testing.assert_allclose(srcdiff.grad(layer)(*args), by_loop, rtol=1e-8)
        v = np.array([1.0, -2.0, 0.5])
        np.testing.assert_allclose(srcdiff.jvp(layer, args, (v,))[1], np.dot(by_loop, v), rtol=1e-8)
        return
    check_grad(f, args, rtol=rtol)


PULLED = (of_pullback, of_tangent, pulled_in_a_loop, pulled_through_a_closure, pulled_after_a_write, pulled_from_two)


@pytest.mark.parametrize("f", [descended, minimum, root, conjugate_gradient, of_closure, *PULLED])
def test_second_order(f):
    args = next(a for g, a, _ in CASES if g is f)
    # (the start of an iteration that has converged has a derivative of nothing but rounding)
    check_grad(f, args, wrt="a" if f is minimum else None, rtol=1e-4, order=2)


LONG = (minimum, layer, conjugate_gradient, all_kinds, gradient_of_that, pulled_from_two, tangents_by_two)


@pytest.mark.jit
@pytest.mark.parametrize(
    ("f", "args", "rtol"),
    [
        pytest.param(*c, marks=[pytest.mark.slow] if c[0] in LONG else [], id=c[0].__name__)
        for c in share(CASES, 3, lambda c: c[0].__name__)
    ],
)
def test_jitted(f, args, rtol):
    wrt = tuple(range(len(args)))
    for expected, got in zip(srcdiff.grad(f, wrt=wrt)(*args), srcdiff.grad(f, wrt=wrt, jit=True)(*args), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-8)
    directions = tuple(np.ones_like(a) if np.ndim(a) else 1.0 for a in args)
    value, found = srcdiff.jvp(f, args, directions)
    again, jitted = srcdiff.jvp(f, args, directions, jit=True)
    assert again == pytest.approx(value)
    assert jitted == pytest.approx(found, rel=1e-8)
