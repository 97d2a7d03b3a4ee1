"""Reductions, norms, orders and products: what is refused, what holds where elements are equal, compiled code."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import UnsupportedCall
from srcdiff.testing import check_grad

_numbers = itertools.count()
A = np.random.default_rng(1).normal(size=(3, 4))
V, W, G = A[0].copy(), A[1].copy(), np.sort(A[2])


def program(text: str, count: int = 1) -> Any:
    lines = text.splitlines() if "return " in text else [f"return {text}"]
    source = "\n".join([f"def f({', '.join('xyz'[:count])}):", *(f"    {line}" for line in lines), ""])
    file = f"<reduction {next(_numbers)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names = {"np": np, "__name__": "reductions"}
    exec(compile(source, file, "exec"), names)
    return names["f"]


@pytest.mark.parametrize(
    "text",
    [
        *("np.std(x, where=x > 0)", "np.sum(x, dtype=np.float32)", "np.var(x, mean=0.0)"),
        *("np.median(x, overwrite_input=True)", "np.average(x, returned=True)", "np.nansum(x, where=x > 0)"),
        *("np.sum(np.gradient(x, np.arange(3.0), axis=0))", "np.sum(np.gradient(x, axis=(0, 1)))"),
        "np.sum(np.ediff1d(x, to_end=1.0))",
        *("np.sum(np.interp(x, x[0], x[1], left=0.0))", "np.sum(np.interp(x, x[0], x[1], None, None, 3.0))"),
        *("np.sum(np.cov(x, aweights=np.ones(4)))", "np.sum(np.cov(x, x))", "np.sum(np.corrcoef(x, x))"),
        *("np.sum(np.unique(x, axis=0))", "np.sum(np.kron(x, x[0]))"),
        *("np.sum(np.einsum('ij,jk', x))", "np.sum(np.einsum('ij->ii', x))", "np.linalg.norm(x, 3)"),
        *("np.sum(np.convolve(x[0], x[1], 2))", "np.sum(np.cross(x, x, axis=0))", "np.trapezoid(x[0], dx=np.ones(3))"),
        *("p = 2.0\nreturn np.linalg.norm(x[0], p)", "np.linalg.norm(x[0], x[0, 0])"),
        *(
            f"y = np.zeros(4)\nz = {call}\nreturn np.sum(x * y)"
            for call in ("np.floor(x[0], out=y)", "np.sign(x[0], y)")
        ),
        *(
            f"y = np.zeros(4)\nz = {call}\nreturn np.sum(x * y)"
            for call in ("np.any(x, 0, y)", "np.cumsum(x[0], out=y)")
        ),
        "y = np.zeros(4)\nz = np.round(x[0], 0, y)\nreturn np.sum(x * y)",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(UnsupportedCall) as caught:
        srcdiff.grad(program(text))(A)
    shown = str(caught.value)
    assert '"<reduction ' in shown, "the place is the user's call"
    assert "rules" not in shown


@pytest.mark.parametrize("text", ["np.linalg.norm(x)", "np.linalg.norm(x, 1)", "np.linalg.norm(x, np.inf)"])
@pytest.mark.parametrize("order", [1, 2])
def test_a_norm_at_the_origin_has_the_derivative_zero(text: str, order: int) -> None:
    df = srcdiff.grad(program(text))
    assert np.array_equal(df(np.zeros(3)), np.zeros(3))
    assert np.array_equal(srcdiff.grad(program(text.replace("x)", "x, 3)")))(np.zeros(3)), np.zeros(3))


def test_a_row_of_zeros_leaves_the_others_alone() -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert np.allclose(srcdiff.grad(program("np.sum(np.linalg.norm(x, axis=1))"))(x), [[0.6, 0.8], [0.0, 0.0]])


def test_of_equal_elements_the_first_comes_first() -> None:
    x = np.array([2.0, 1.0, 2.0, 1.0])
    assert srcdiff.grad(program("np.amax(x)"))(x).tolist() == [1.0, 0.0, 0.0, 0.0]
    assert srcdiff.grad(program("np.ptp(x)"))(x).tolist() == [1.0, -1.0, 0.0, 0.0]
    assert srcdiff.grad(program("np.sort(x)[1]"))(x).tolist() == [0.0, 0.0, 0.0, 1.0]
    assert srcdiff.grad(program("np.sum(np.unique(x))"))(x).tolist() == [1.0, 1.0, 0.0, 0.0]
    assert srcdiff.grad(program("np.median(x)"))(x).tolist() == [0.5, 0.0, 0.0, 0.5]


def test_an_order_that_is_a_literal_is_decided() -> None:
    df = srcdiff.grad(program("np.linalg.norm(x, -np.inf)"))
    assert "if" not in srcdiff.source(df, V).split('"""')[2]


def test_what_was_not_there_is_not_touched() -> None:
    x = np.array([1.0, np.nan, 3.0])
    assert srcdiff.grad(program("np.nanmean(x)"))(x).tolist() == [0.5, 0.0, 0.5]


@pytest.mark.jit
@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("np.linalg.norm(x)", (V,)),
        ("np.sum(np.linalg.norm(x, axis=1))", (A,)),
        ("np.linalg.norm(x, 3)", (V,)),
        ("np.sum(np.cumsum(x) * x)", (V,)),
        ("np.sum(np.cumprod(x))", (V,)),
        ("np.sum(np.sort(x) * x)", (V,)),
        ("np.median(x)", (V,)),
        ("np.median(x)", (A,)),
        ("np.sum(np.interp(x, y, z) ** 2)", (3.0 * V, G, W)),
        ("np.interp(x, y, z) ** 2", (0.1, G, W)),
        ("np.trapezoid(x, y)", (V, G)),
        ("np.sum(np.diff(x) ** 2)", (V,)),
        ("np.sum(np.diff(x, n=2) ** 2)", (V,)),
        ("np.sum(np.diff(x, n=2) ** 2) + np.sum(np.diff(x, axis=1) ** 3) + np.sum(np.diff(x, 2, 0) ** 2)", (A,)),
        ("np.sum(np.convolve(x, y) ** 2)", (V, W)),
        ("np.cov(x)[0, 1]", (A,)),
        ("np.average(x, weights=y)", (V, W)),
    ],
)
def test_compiled(text: str, args: tuple[Any, ...]) -> None:
    check_grad(program(text, len(args)), args, jit=True)
