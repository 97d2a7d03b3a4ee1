"""What a rule claims to read is all that it reads: everything else is NaN here, and the derivative is the same.

The claim (`Rule.reads`) decides what a derivative keeps for its reverse sweep. A rule that looked at more would compute
with what is no longer there.
"""

from __future__ import annotations

import inspect
import types
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats  # noqa: F401

from srcdiff.rules.points import Example, Reals
from srcdiff.rules.registry import JOINS, RULES, Rule, register_late
from srcdiff.rules.registry import _reads as reads
from srcdiff.testing.rules import drawn, has_reals, name_of

register_late()


def cases() -> list[Any]:
    return [
        pytest.param(function, rule, id=name_of(function))
        for function, rule in RULES.items()
        if rule.body is not None and function not in JOINS and not isinstance(function, types.GetSetDescriptorType)
    ]


def operands(function: Any, rule: Rule, example: Example) -> tuple[dict[str, Any], Any] | None:
    """The operands of one call by the rule's names, numbers as NumPy's, and its result; None for a call in a form that
    the rule itself does not see."""
    rng = np.random.default_rng(zlib.crc32(repr((name_of(function), example)).encode()))

    def value(a: Any) -> Any:
        found = drawn(a, rng) if isinstance(a, Reals) else a
        return np.float64(found) if isinstance(found, float) else found

    numbers_only = getattr(function, "__module__", None) == "math" or function in (max, min, float)
    if any(has_reals(a) and (not isinstance(a, Reals) or (numbers_only and a.shape)) for a in example.args):
        return None
    args, kwargs = [value(a) for a in example.args], {k: value(v) for k, v in example.kwargs}
    given = {**dict(zip(rule.operands, args, strict=False)), **kwargs}
    several_shifts = function is np.roll and isinstance(given["shift"], tuple)  # they are rolled one by one
    if several_shifts or not set(given) <= set(rule.operands):
        return None
    y = function(*args, **kwargs)
    if isinstance(y, tuple):
        return given, tuple(np.float64(v) if isinstance(v, float) else v for v in y)
    return given, np.float64(y) if isinstance(y, float) else y


def without(values: dict[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    """NaN for each value of reals that is not read; shapes and literals are no values."""
    return {k: v if k in kept else missing(v) for k, v in values.items()}


def missing(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(missing, value))
    if isinstance(value, np.ndarray | np.floating) and value.dtype.kind == "f":
        return np.full_like(value, np.nan) if value.ndim else value.dtype.type(np.nan)
    return value


def same(a: Any, b: Any) -> None:
    a, b = (v if isinstance(v, tuple) else (v,) for v in (a, b))
    for one, other in zip(a, b, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other)


def weights(y: Any) -> Any:
    rng = np.random.default_rng(7)
    return rng.uniform(0.5, 1.5, np.shape(y)) if np.ndim(y) else np.float64(rng.uniform(0.5, 1.5))


def adjoints(rule: Rule, y: Any) -> list[Any]:
    """The adjoint of the result; of several results, of each of them alone."""
    if not isinstance(y, tuple):
        return [weights(y)]
    covered = rule.results or range(len(y))
    return [tuple(weights(v) if k == place else None for k, v in enumerate(y)) for place in covered]


@pytest.mark.parametrize(("function", "rule"), cases())
def test_what_is_not_claimed_is_not_read(function: Any, rule: Rule) -> None:
    assert rule.body is not None
    for example in rule.points:
        with np.errstate(all="ignore"):
            found = operands(function, rule, example)
            if found is not None:
                check(rule, rule.body, *found)


def check(rule: Rule, body: Callable[..., Any], given: dict[str, Any], y: Any) -> None:
    kept = rule.reads
    for y_bar in [None] if rule.kind == "partials" else adjoints(rule, y):
        first = () if y_bar is None else (y_bar,)
        seen = y if "y" in kept else missing(y)
        same(body(*first, y, **given), body(*first, seen, **without(given, kept)))
    if rule.tangent is not None:
        claimed = reads(rule.tangent)
        parameters = inspect.signature(rule.tangent).parameters
        dots = {f"{k}_dot": weights(v) for k, v in given.items() if f"{k}_dot" in parameters}
        seen = y if "y" in claimed else missing(y)
        same(rule.tangent(y, **given, **dots), rule.tangent(seen, **without(given, claimed), **dots))


def test_a_rule_that_reads_more_is_found() -> None:
    def rule_body(y: Any, x: Any) -> Any:
        return inspect.currentframe().f_locals["x"] * 2.0  # type: ignore[union-attr]

    rule = Rule("partials", (np.square,), rule_body, ("x",))
    with pytest.raises(AssertionError):
        check(rule, rule_body, {"x": np.array([1.0, 2.0])}, np.array([1.0, 4.0]))
