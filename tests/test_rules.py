"""Every rule at its own points: reverse and forward mode against finite differences and each other, to second order.

The calls come from the registry, so that a rule is tested by being registered. An ordinary run thins the second
derivatives, single precision and complex operands; `SRCDIFF_FULL=1` in the environment takes all calls.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import math
import subprocess
import sys
import textwrap
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
import scipy.stats  # noqa: F401
from thinning import FULL

from srcdiff import vjp
from srcdiff.errors import BadArgument, Refusal
from srcdiff.rules import partials, pullback
from srcdiff.rules.points import Complexes, Example, Reals, call, over, reals
from srcdiff.rules.registry import COMPLEX, FORMS, REWRITTEN, RULES, SPELLED, WRITING, register_late
from srcdiff.runtime import polygamma
from srcdiff.testing import GradientMismatch, check_grad
from srcdiff.testing.rules import Program, check_rule, complexified, has_reals, name_of
from tests.generator.dependence import missing
from tests.tape import on_tape

register_late()  # SciPy is in use: its functions are imported above


def takes_arrays(function: Any) -> bool:
    """`math` and a few builtins take numbers only."""
    is_math = getattr(function, "__module__", None) in ("math", "cmath")
    is_math = is_math or function in (max, min, float, complex, polygamma)
    return not is_math


def cases() -> list[Any]:
    found = []
    calls = {function: rule.points for function, rule in RULES.items() if rule.kind != "constant"}
    for function, (_, points) in [*SPELLED.items(), *REWRITTEN.items(), *WRITING.items()]:
        calls[function] = calls.get(function, ()) + points
    calls.update({function: calls.get(function, ()) + points for function, (_, points, _) in FORMS.items()})
    for function, points in calls.items():
        for k, example in enumerate(points):
            shapes = [a.shape for a in example.args if isinstance(a, Reals | Complexes)]
            if any(shapes) and not takes_arrays(function):
                continue
            if not any(map(has_reals, (*example.args, *(v for _, v in example.kwargs)))):
                continue  # nothing to differentiate
            found.append(pytest.param(function, example, id=f"{name_of(function)}-{k}"))
    return found


CALLS = cases()


def thinned(calls: list[Any], every: int) -> list[Any]:
    """The first of each function's calls and every so many after it, or all of them in a full run."""
    seen: Counter[str] = Counter()
    found = []
    for case in calls:
        name = name_of(case.values[0])
        if FULL or seen[name] % every == 0:
            found.append(case)
        seen[name] += 1
    return found


@pytest.mark.parametrize(("function", "example"), CALLS)
def test_first_derivatives(function: Any, example: Example) -> None:
    program = Program(function, example)
    check_grad(program.whole(), tuple(program.args), wrt=tuple(program.wrt))


@pytest.mark.parametrize(("function", "example"), thinned(CALLS, 4))
def test_second_derivatives(function: Any, example: Example) -> None:
    program = Program(function, example)
    rule = RULES.get(function)
    if rule is not None and rule.first_order:
        pytest.skip(rule.first_order)
    check_grad(program.weighed(), tuple(program.args), wrt=tuple(program.wrt), order=2)


@pytest.mark.parametrize(("function", "example"), thinned(CALLS, 12))
def test_inputs_that_results_depend_on(function: Any, example: Example) -> None:
    """No tangent is other than zero outside of the sets of inputs (`srcdiff.sparsity`)."""
    program = Program(function, example)
    args = program.args

    def fresh() -> list[Any]:
        return [np.copy(a) if isinstance(a, np.ndarray) else a for a in args]

    assert missing(program.whole(), fresh, tuple(program.wrt)) == []


@pytest.mark.parametrize(("function", "example"), thinned(CALLS, 6))
def test_single_precision(function: Any, example: Example) -> None:
    program = Program(function, example)
    args = tuple(
        a.astype(np.float32) if k in program.wrt and isinstance(a, np.ndarray) else a
        for k, a in enumerate(program.args)
    )
    if not any(getattr(a, "dtype", None) == np.float32 for a in args):
        return
    check_grad(program.whole(), args, wrt=tuple(program.wrt), rtol=2e-2)


@pytest.mark.parametrize(("function", "example"), thinned(CALLS, 2))
def test_on_the_tape(function: Any, example: Example) -> None:
    """The eager runtime: value, gradient, and the gradient of the gradient, against differences along a direction."""
    rule = RULES.get(function)
    if function in (*WRITING, np.insert) or "random" in name_of(function):
        return  # a draw takes plain numbers, and what NumPy writes into an array the tape refuses (see tests/tape)
    with np.errstate(all="ignore"):
        on_tape.check(function, example, second=rule is None or not rule.first_order)


def complex_cases(count: int | None = None) -> list[Any]:
    """The calls of all functions that take complex operands, with complex numbers drawn in the place of reals; so many
    of each function, all of whose operands are complex."""
    found = []
    calls = {f: rule.points for f, rule in RULES.items() if COMPLEX.get(f) in ("holomorphic", "adjoint")}
    for function, (body, points) in SPELLED.items():
        if body in COMPLEX:
            calls[function] = calls.get(function, ()) + points
    for function, points in calls.items():
        of_real_numbers = function in (complex, np.fft.rfft, np.fft.rfft2, np.fft.rfftn, np.fft.ihfft)
        for k, example in enumerate(() if of_real_numbers else points[:count]):
            if any(isinstance(a, Complexes) for a in example.args):
                continue  # one of the cases above
            for j, drawn in enumerate(complexified(example)[: count and 1]):
                if not takes_arrays(function) and any(getattr(a, "shape", ()) for a in drawn.args):
                    continue
                found.append(pytest.param(function, drawn, id=f"{name_of(function)}-{k}-{j}"))
    return found


COMPLEX_CALLS = complex_cases()


def drops_imaginary_parts(program: Program) -> bool:
    """Whether NumPy itself writes complex numbers into a real array in this call, with a warning or an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            program.function(program.call)(*program.args)
        except (np.exceptions.ComplexWarning, TypeError):
            return True
    return False


@pytest.mark.parametrize(("function", "example"), thinned(COMPLEX_CALLS, 4))
def test_first_derivatives_by_complex_operands(function: Any, example: Example) -> None:
    program = Program(function, example)
    if drops_imaginary_parts(program):
        with pytest.raises(Refusal):
            vjp(program.function(f"np.real({program.call})"), *program.args)
        return
    check_grad(program.whole(), tuple(program.args), wrt=tuple(program.wrt))


@pytest.mark.parametrize(("function", "example"), thinned(complex_cases(2), 2))
def test_second_derivatives_by_complex_operands(function: Any, example: Example) -> None:
    program = Program(function, example)
    rule = RULES.get(function)
    if rule is not None and rule.first_order:
        pytest.skip(rule.first_order)
    if not drops_imaginary_parts(program):
        check_grad(program.weighed(), tuple(program.args), wrt=tuple(program.wrt), order=2)


def test_a_rule_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="no points"):
        partials(math.dist, points=())(lambda y, x: 1.0)


def test_every_rule_has_points() -> None:
    assert [rule.name for rule in set(RULES.values()) if rule.kind != "constant" and not rule.points] == []


# ------------------------------------------------------------------------------------------------- rules of users


def bump(x: Any) -> Any:
    return np.exp(-1.0 / x)


def test_a_rule_of_the_users_own() -> None:
    partials(bump, points=over((0.5, 2.0)))(bump_rule)
    try:
        check_rule(bump)
        check_grad(scaled_bump, (1.5, 0.7), order=2)
    finally:
        del RULES[bump]


def bump_rule(y: Any, x: Any) -> Any:
    return y / (x * x)


def scaled_bump(x: Any, k: Any) -> Any:
    return k * bump(x) * bump(2.0 * x)


def test_a_wrong_rule_is_found() -> None:
    partials(bump, points=over((0.5, 2.0)))(lambda y, x: y / x)
    try:
        with pytest.raises(GradientMismatch):
            check_rule(bump)
    finally:
        del RULES[bump]


def test_a_rule_with_the_wrong_operands_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has the operands \(a, b\), but bump takes \(x\)"):
        pullback(bump, points=call(reals()))(lambda y_bar, y, a, b: y_bar)


def test_what_has_no_rule() -> None:
    with pytest.raises(BadArgument, match="no rule"):
        check_rule(print)


def test_the_table_of_rules_is_complete() -> None:
    root = Path(__file__).resolve().parent.parent
    script = [sys.executable, str(root / "scripts" / "rules_table.py"), "--names"]
    names = subprocess.run(script, capture_output=True, text=True, check=True, cwd=root).stdout.split()
    table = (root / "docs" / "rules.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name}` |" not in table] == [], "run python scripts/rules_table.py"


# ---------------------------------------------------------------------------------------------------- what rules state

NO_VALUE = inspect.signature(np.sum).parameters["keepdims"].default
OWN_DEFAULTS = {("ndarray.transpose", "axes"), ("scipy.stats._multivariate.logpdf", "cov")}
OWN_DEFAULTS |= {("scipy.stats._multivariate.pdf", "cov"), ("builtins.complex", "imag")}
OWN_DEFAULTS |= {(f"numpy.fft.{name}", "axes") for name in ("fft2", "ifft2", "rfft2", "irfft2")}


def stated() -> list[tuple[Any, Any]]:
    """Every function with what stands for it: its rule, or the function that it is spelled out as."""
    found = [(function, rule.body) for function, rule in RULES.items() if rule.body is not None]
    for table in (SPELLED, FORMS):
        found += [(function, entry[0]) for function, entry in table.items()]
    return found


def test_defaults_are_those_of_the_function() -> None:
    """An argument that is given as the rule's default is dropped: it has to mean what leaving it out means."""
    wrong = []
    for function, body in stated():
        with contextlib.suppress(TypeError, ValueError):
            theirs = inspect.signature(function).parameters
            for name, own in inspect.signature(body).parameters.items():
                if name not in theirs or own.default is own.empty or (name_of(function), name) in OWN_DEFAULTS:
                    continue
                default = theirs[name].default
                unset = default is NO_VALUE and own.default in (None, False)
                if not unset and (type(default), repr(default)) != (type(own.default), repr(own.default)):
                    wrong.append((name_of(function), name, own.default, default))
    assert wrong == []


def test_a_second_rule_of_srcdiffs_own_is_refused() -> None:
    def tanh(y: Any, x: Any) -> Any:
        return 1.0 - y * y

    tanh.__module__ = "srcdiff.rules.elementwise"
    with pytest.raises(ValueError, match="has a rule already"):
        partials(np.tanh, points=over((-2, 2)))(tanh)


ZERO = {  # (function, operand) without derivative by meaning: a sign, a shape, a place, a threshold
    *(("math.copysign", "s"), ("numpy.copysign", "s"), ("math.nextafter", "towards"), ("numpy.nextafter", "towards")),
    *(("numpy.arange", "stop"), ("numpy.full", "shape"), ("numpy.full_like", "a"), ("numpy.heaviside", "x")),
    *(("numpy.ldexp", "e"), ("math.ldexp", "e"), ("numpy.linalg.matrix_power", "n"), ("numpy.where", "condition")),
    *(
        ("numpy.fft.fftfreq", "n"),
        ("numpy.fft.rfftfreq", "n"),
        ("numpy.unwrap", "discont"),
        ("numpy.unwrap", "axis"),
        ("numpy.einsum", "s"),
    ),
    *((f"{owner}.clip", bound) for owner in ("numpy", "ndarray") for bound in ("a_min", "a_max")),  # where not given
}


def test_none_means_zero() -> None:
    """None says that there is no derivative; one that nobody has written is named by `unknown`, and refused."""
    found = set()
    for function, rule in RULES.items():
        if rule.body is None or name_of(function).startswith("srcdiff."):
            continue
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(rule.body)))):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                nothing = [k for k, e in enumerate(node.value.elts) if isinstance(e, ast.Constant) and e.value is None]
                found |= {(name_of(function), rule.operands[k]) for k in nothing} - {
                    (name_of(function), operand) for operand in rule.unknown
                }
    assert found == ZERO
