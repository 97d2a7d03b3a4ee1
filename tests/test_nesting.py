"""What srcdiff writes, srcdiff reads: stored texts differentiated again, and modes nested to third order."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

import numpy as np
import pytest
from golden.programs import GOLDEN, Golden
from test_golden import stored

import srcdiff
from srcdiff.testing import check_grad

PROGRAMS = {g.name: g for g in GOLDEN}


def as_function(golden: Golden) -> Any:
    """The stored text as a function of a module of its own."""
    text = stored(golden.name)
    file = f"<srcdiff stored {golden.name}>"  # generated text may keep values in lists
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"__name__": "stored"}
    exec(compile(text, file, "exec"), space)
    (function,) = (f for n, f in space.items() if n.startswith(golden.name) and callable(f))
    return function


def arguments(golden: Golden, point: int) -> tuple[Any, ...]:
    """The arguments of the stored function; the adjoints of a pullback are all a half."""
    args = golden.at(point)
    if golden.form != "vjp":
        return args
    value = golden.function(*golden.at(point))
    seeds = [np.full_like(v, 0.5) if np.ndim(v) else 0.5 for v in (value if isinstance(value, tuple) else (value,))]
    return (*args, *seeds)


# Functions that call themselves have a stack in the stored text; srcdiff differentiates another text of them, without
# one (ADR 18, tests/test_recursion.py).
STORED = [g for g in GOLDEN if g.name not in ("arctangent", "haar", "tree_value")]


@pytest.mark.parametrize("golden", STORED, ids=[g.name for g in STORED])
def test_every_stored_text_is_differentiated_again(golden: Golden) -> None:
    """Reverse over reverse and forward over reverse, against finite differences of the text itself."""
    wrt = golden.wrt if isinstance(golden.wrt, tuple) else (golden.wrt,)
    for point in range(len(golden.points)):
        rtol = golden.rtol or 1e-4
        check_grad(as_function(golden), arguments(golden, point), wrt=wrt, rtol=rtol, atol=1e-6)


# -------------------------------------------------------------------------------------------------------- third order


def well(x, k):
    return k * np.sum((x * x - 1.0) ** 2) * np.tanh(x[0])


def relaxed(x, k):
    """Writes in place, in a loop of unknown length."""
    u = x.copy()
    trips = 0
    while u[0] ** 2 > 0.01 and trips < 4:
        for i in range(len(u)):
            u[i] = u[i] - k * np.sin(u[i]) * x[i]
        trips += 1
    return np.dot(u, x)


def branching(x, k):
    s = k
    for i in range(len(x)):
        if x[i] > 0.0:
            s = s * np.exp(0.3 * x[i])
        else:
            s = s + x[i] ** 3 * s
    return s


def solved(x, k):
    a = np.outer(x, x) + np.eye(len(x)) * (2.0 + k * k)
    return np.sum(np.linalg.solve(a, x)) * np.linalg.norm(np.linalg.cholesky(a))


def drawn(x, rng):
    s = 0.0
    for i in range(len(x)):
        s += np.sin(rng.normal(x[i], 0.5 * x[i] ** 2)) * x[i]
    return s


X = np.array([0.7, -0.4, 1.2])
CASES = [
    (well, (X, 0.8)),
    (relaxed, (X, 0.3)),
    (branching, (X, 0.8)),
    (solved, (X, 0.8)),
    (drawn, (X, np.random.default_rng(3))),
]
NESTS = ["-over-".join(modes) for modes in itertools.product(("reverse", "forward"), repeat=3)]


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize(("f", "args"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_every_nest_to_third_order(f: Any, args: tuple[Any, ...], nest: str) -> None:
    check_grad(f, args, wrt=0, modes=(nest,))


@pytest.mark.parametrize("name", ["kepler", "logistic_loss", "recurrent", "burgers", "rational_fit"])
def test_stored_programs_to_third_order(name: str) -> None:
    golden = PROGRAMS[name]
    check_grad(golden.function, golden.at(0), wrt=golden.wrt, modes=("reverse-over-forward-over-reverse",))


def cubic(x):
    return x**3 * np.sin(x)


def third(x):
    """The third derivative of `cubic`, by hand."""
    return 6 * np.sin(x) + 18 * x * np.cos(x) - 9 * x * x * np.sin(x) - x**3 * np.cos(x)


def test_third_derivatives_by_every_function() -> None:
    x = 0.7
    first = srcdiff.grad(cubic)
    found = {
        "grad of grad of grad": srcdiff.grad(srcdiff.grad(first))(x),
        "jvp of hvp": srcdiff.jvp(srcdiff.hvp(cubic), (x, 1.0), (1.0, None))[1],
        "grad of hvp": srcdiff.grad(srcdiff.hvp(cubic))(x, 1.0),
        "hvp of grad": srcdiff.hvp(first)(x, 1.0),
        "jacobian of hessian": srcdiff.jacobian(srcdiff.hessian(cubic))(x),
        "hessian of grad": srcdiff.hessian(first)(x),
        "elementwise of hessian": srcdiff.elementwise_grad(srcdiff.hessian(cubic))(x),
        "vjp of hessian": srcdiff.vjp(srcdiff.hessian(cubic), x)[1](1.0)[0],
    }
    assert found == pytest.approx(dict.fromkeys(found, third(x)))


def test_third_derivatives_of_a_vector() -> None:
    """All entries by two ways, and along three directions by a third."""
    hessian = srcdiff.hessian(well)
    tensor = srcdiff.jacobian(hessian)(X, 0.8)
    assert tensor.shape == (3, 3, 3)
    np.testing.assert_allclose(srcdiff.jacobian(hessian, mode="reverse")(X, 0.8), tensor)
    np.testing.assert_allclose(tensor, np.transpose(tensor, (1, 2, 0)), atol=1e-12)
    step = 1e-5
    difference = (hessian(X + step * np.eye(3)[1], 0.8) - hessian(X - step * np.eye(3)[1], 0.8)) / (2 * step)
    np.testing.assert_allclose(tensor[:, :, 1], difference, rtol=1e-6, atol=1e-6)
    u, v = np.array([1.0, -0.5, 2.0]), np.array([0.3, 1.0, -1.0])
    along = srcdiff.jvp(srcdiff.hvp(well), (X, 0.8, u), (v, None, None))[1]
    np.testing.assert_allclose(along, np.einsum("ijk,j,k->i", tensor, u, v))
