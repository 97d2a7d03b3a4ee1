"""What a rule claims to read is all that it reads: everything else is NaN here, and the derivative is the same.

The claim (`Rule.reads`) decides what a derivative keeps for its reverse sweep. A rule that looked at more would compute
with what is no longer there.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats  # noqa: F401

from srcdiff.rules.checks import reads
from srcdiff.rules.registry import JOINS, RULES, Rule, register_late
from srcdiff.testing.rules import name_of, operands_and_result

register_late()


def cases() -> list[Any]:
    return [
        pytest.param(function, rule, id=name_of(function))
        for function, rule in RULES.items()
        if rule.body is not None and function not in JOINS and not isinstance(function, types.GetSetDescriptorType)
    ]


def without(values: dict[str, Any], kept: frozenset[str]) -> dict[str, Any]:
    """NaN for each value of reals that is not read; shapes and literals are no values."""
    return {k: v if k in kept else missing(v) for k, v in values.items()}


def missing(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(missing, value))
    if isinstance(value, np.ndarray | np.inexact) and value.dtype.kind in "fc":
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


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a default that generated code leaves out
@pytest.mark.parametrize(("function", "rule"), cases())
def test_what_is_not_claimed_is_not_read(function: Any, rule: Rule) -> None:
    assert rule.body is not None
    for example in rule.points:
        with np.errstate(all="ignore"):
            found = operands_and_result(function, rule, example)
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


def test_what_rules_are_written_with_has_rules_of_its_own_without_scipy() -> None:
    """The rule of a helper stood beside those of SciPy's functions, and was missing until a program used SciPy."""
    script = """
import sys
from srcdiff.rules import rule_of
from srcdiff.runtime import shares
rule = rule_of(shares)
assert not any(name.startswith("scipy.special") for name in sys.modules)
print(rule is not None and rule.tangent is not None)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True", done.stderr
