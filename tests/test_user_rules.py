"""Rules of users: docs/user-rules.md runs as it stands, and what is wrong about a rule is caught with a message."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import io
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import UnsupportedCall
from srcdiff.rules import call, constant, linear, over, partials, pullback, pushforward, reals
from srcdiff.rules.registry import BILINEAR, ELEMENTWISE, LINEAR, RULES
from srcdiff.testing import GradientMismatch, check_grad
from srcdiff.testing.rules import check_rule

PAGE = Path(__file__).resolve().parent.parent / "docs" / "user-rules.md"
BLOCK = re.compile(r"(<!-- output -->\n)?```(python|text)\n(.*?)```", re.DOTALL)


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """What a test registers is gone after it."""
    tables: list[Any] = [RULES, LINEAR, BILINEAR, ELEMENTWISE]
    kept = [table.copy() for table in tables]
    yield
    for table, before in zip(tables, kept, strict=True):
        table.clear()
        table.update(before)


def test_the_page_runs_and_prints_what_it_says() -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    program = "".join(f"{text}\n" for output, kind, text in blocks if kind == "python" and not output)
    expected = "".join(text for output, _, text in blocks if output)
    linecache.cache["user_rules.py"] = (len(program), None, program.splitlines(keepends=True), "user_rules.py")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "user_rules.py", "exec"), {"__name__": "user_rules"})
    assert printed.getvalue().split() == expected.split()


# --------------------------------------------------------------------------------------------------- kinds of functions


def readable(x: Any, k: Any) -> Any:
    return np.exp(k * x)


def test_a_function_that_could_be_read() -> None:
    @partials(readable, points=over((-1, 1), (-1, 1)))
    def rule(y: Any, x: Any, k: Any) -> Any:
        return k * y, x * y

    def program(x: Any, k: Any) -> Any:
        return np.sum(readable(x, k)) + k

    check_rule(readable)
    check_grad(program, (np.array([0.1, 0.5]), 0.7), order=2)
    assert "readable(x, k)" in srcdiff.source(srcdiff.grad(program), np.ones(2), 0.5)


def test_a_function_without_source() -> None:
    library = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6")
    compiled = library.sin
    compiled.restype, compiled.argtypes = ctypes.c_double, [ctypes.c_double]
    with pytest.raises(ValueError, match="cannot be looked up"):
        partials(compiled, points=over((-1, 1)))(lambda y, x: np.cos(x))

    def sine(x: Any) -> Any:
        return compiled(x)

    @partials(sine, points=over((-1, 1))[:1])
    def rule(y: Any, x: Any) -> Any:
        return np.cos(x)

    def program(x: Any) -> Any:
        return sine(x) * x

    check_rule(sine)
    check_grad(program, (0.7,), order=2)


def test_a_users_rule_takes_the_place_of_srcdiffs() -> None:
    constant(np.tanh)

    def program(x: Any) -> Any:
        return np.tanh(x) * x

    assert srcdiff.grad(program)(0.5) == np.tanh(0.5)


# ---------------------------------------------------------------------------------------------------- what is caught


def scaled(x: Any, k: Any) -> Any:
    return x * k


def use_scaled(x: Any, k: Any) -> Any:
    return scaled(x, k)


def test_wrong_numbers_of_operands_and_results() -> None:
    points = over((-1, 1), (-1, 1))
    with pytest.raises(ValueError, match=r"has the operands \(x\), but scaled takes \(x, k\)"):
        partials(scaled, points=points)(lambda y, x: 1.0)

    def three(y: Any, x: Any, k: Any) -> Any:
        return k, x, y

    with pytest.raises(ValueError, match=r"the rule three returns 3 derivatives for the operands \(x, k\)"):
        partials(scaled, points=points)(three)

    def one(y: Any, x: Any, k: Any) -> Any:
        return k

    partials(scaled, points=points)(one)
    assert srcdiff.grad(use_scaled)(1.0, 2.0) == 2.0
    with pytest.raises(UnsupportedCall, match="in its argument `k`"):
        srcdiff.grad(use_scaled, wrt="k")(1.0, 2.0)


def squared(A: Any) -> Any:
    return A.T @ A


def test_a_wrong_shape() -> None:
    @pullback(squared, points=call(reals(2, 3)))
    def rule(y_bar: Any, y: Any, A: Any) -> Any:
        return y_bar

    message = r"the rule rule of .*squared gives `A` an adjoint of shape \(3, 3\); it has to fit \(2, 3\)"
    with pytest.raises(GradientMismatch, match=message):
        check_rule(squared)


def test_a_wrong_shape_that_fits_is_a_wrong_value() -> None:
    @linear(squared, points=call(reals(2, 3)))
    def rule(y_bar: Any, y: Any, A: Any) -> Any:
        return y_bar[0]

    with pytest.raises(GradientMismatch, match="finite differences"):
        check_rule(squared)


def test_a_pushforward_needs_a_pullback() -> None:
    with pytest.raises(ValueError, match="has no pullback: register that first"):
        pushforward(squared)(lambda y, A, A_dot: A_dot)


def test_no_rule_of_srcdiffs_own_returns_too_much() -> None:
    from srcdiff.rules.checks import check_results

    for rule in set(RULES.values()):
        if rule.body is not None:
            check_results(rule.body, rule.operands)
