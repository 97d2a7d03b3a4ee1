"""One program, checked: in, a program; out, "agreed" or "discarded"; a wrong or failing derivative raises.

`check_program` differentiates by all arguments through `srcdiff.grad`, `srcdiff.value_and_grad` or `srcdiff.vjp`, and
holds the result against `oracle.truth`. Another `differentiate` can be given; the tests of this package give fakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

import srcdiff
from srcdiff.derive import OneByOne
from srcdiff.errors import Refusal
from srcdiff.testing.values import leaves

from .load import load, unload
from .oracle import Discarded, copied, truth
from .program import Program
from .sweeps import many, many_adjoints

# (f, args, weights, jit, how) -> (value or None, gradients); `how` is a number to choose between equivalent ways.
Differentiate = Callable[[Callable[..., Any], tuple[Any, ...], Any, bool, int], tuple[Any, tuple[Any, ...]]]

PLAIN_JIT_RTOL = 1e-8


class ProgramError(AssertionError):
    """Something is wrong with the derivative of a program; the message has all that is needed to see it again."""

    def __init__(self, program: Program, what: str, jit: bool = False) -> None:
        self.program, self.what = program, what
        again = f"python -m tests.generator --seed {program.seed}{' --jit' if jit else ''} --shrink"
        super().__init__(f"{what}\n\n{program}\n\n# again: {again}")


class Wrong(ProgramError):
    """The gradient or value differs, or an argument was changed."""


class Crashed(ProgramError):
    """An exception that is not a refusal."""


@dataclass(frozen=True)
class Outcome:
    """`state` is "agreed" or "discarded"; why it was discarded, or by which oracle it was judged."""

    state: str
    detail: str


def by_srcdiff(
    f: Callable[..., Any], args: tuple[Any, ...], weights: Any, jit: bool, how: int
) -> tuple[Any, tuple[Any, ...]]:
    """The gradient by srcdiff's public functions: a scalar result in three ways in turn, others by `vjp`."""
    wrt = tuple(range(len(args)))
    scalar = isinstance(weights, float)
    if scalar and how % 3 == 0:
        return None, srcdiff.grad(f, wrt=wrt, jit=jit)(*args)
    if scalar and (jit or how % 3 == 1):
        value, gradients = srcdiff.value_and_grad(f, wrt=wrt, jit=jit)(*args)
        return value, gradients
    value, pullback = srcdiff.vjp(f, *args)
    return copied(value), pullback(weights)


def check_program(program: Program, jit: bool = False, differentiate: Differentiate = by_srcdiff) -> Outcome:
    """Checks the program; with `jit` the plain and the jitted derivative, which must agree too.

    Raises `Wrong`, `Crashed`, or srcdiff's `Refusal` as it came.
    """
    module = load(program.source)
    try:
        return _check(program, module, jit, differentiate)
    finally:
        unload(module)


def _check(program: Program, module: ModuleType, jit: bool, differentiate: Differentiate) -> Outcome:
    try:
        expected = truth(program, module.f)
    except Discarded as reason:
        return Outcome("discarded", str(reason))

    def run(jitted: bool) -> tuple[Any, ...]:
        args = program.fresh_args()
        try:
            value, gradients = differentiate(module.f, args, copied(expected.weights), jitted, program.seed)
        except Refusal:
            raise
        except Exception as error:
            raise Crashed(program, f"{type(error).__name__}: {error}", jit) from error
        mode = "jitted" if jitted else "plain"
        _unchanged(program, args, gradients, mode)
        if value is not None and not _close(value, expected.value, 1e-10):
            raise Wrong(program, f"{mode}: the value is {value!r}, not {expected.value!r}", jit)
        if len(gradients) != len(args):
            raise Wrong(program, f"{mode}: {len(args)} gradients expected, there is {gradients!r}", jit)
        if not _same(gradients, expected.gradients, expected.rtol):
            rows = _rows(gradients, expected.gradients)
            raise Wrong(program, f"{mode}: the gradient differs (srcdiff, then the {expected.by})\n{rows}", jit)
        return gradients

    def push(jitted: bool) -> None:
        """Forward mode along one direction, against the same truth."""
        args = program.fresh_args()
        rng = np.random.default_rng(program.seed)
        directions = [rng.uniform(-1.0, 1.0, np.shape(a)) for a in args]
        try:
            value, tangent = srcdiff.jvp(module.f, args, directions, jit=jitted)
        except Refusal:
            raise
        except Exception as error:
            raise Crashed(program, f"forward mode: {type(error).__name__}: {error}", jit) from error
        _unchanged(program, args, (), "forward")
        if not _close(value, expected.value, 1e-10):
            raise Wrong(program, f"forward mode: the value is {value!r}, not {expected.value!r}", jit)
        pairs = zip(leaves(tangent), leaves(expected.weights), strict=True)
        found = sum(float(np.sum(np.asarray(t) * w)) for t, w in pairs)
        wanted = sum(float(np.sum(g * v)) for g, v in zip(expected.gradients, directions, strict=True))
        size = 1.0 + sum(float(np.sum(np.abs(g * v))) for g, v in zip(expected.gradients, directions, strict=True))
        if not abs(found - wanted) <= expected.rtol * size:
            raise Wrong(program, f"forward mode gives {found!r} along a direction, {expected.by} {wanted!r}", jit)

    def sweep(loops: bool) -> None:
        """Three directions at once, against one after the other."""
        args = program.fresh_args()
        rng = np.random.default_rng(program.seed)
        directions = [rng.uniform(-1.0, 1.0, (*np.shape(a), 3)) for a in args]
        try:
            found, text = many(module.f, args, tuple(range(len(args))), directions, loops)
        except OneByOne:
            return
        except Refusal:
            raise
        except Exception as error:
            raise Crashed(program, f"many directions: {type(error).__name__}: {error}", jit) from error
        for k in range(3):
            _, wanted = srcdiff.jvp(module.f, program.fresh_args(), [d[..., k] for d in directions])
            if not _close(found[..., k], wanted, 1e-9):
                raise Wrong(program, f"direction {k} of 3 is {found[..., k]!r}, alone {wanted!r}\n{text}", jit)

    def pull(loops: bool) -> None:
        """Two multiples of the adjoint at once, for one of the arguments, against the same truth."""
        if isinstance(expected.weights, tuple | list):
            return
        args = program.fresh_args()
        place, factors = program.seed % len(args), np.array([1.0, -2.0])
        seed = np.multiply.outer(expected.weights, factors)
        try:
            (value, found), text = many_adjoints(module.f, args, place, seed.copy(), loops)
        except OneByOne:
            return
        except Refusal:
            raise
        except Exception as error:
            raise Crashed(program, f"many adjoints: {type(error).__name__}: {error}", jit) from error
        wanted = np.multiply.outer(expected.gradients[place], factors)
        if not _close(value, expected.value, 1e-10) or not _same((found,), (wanted,), expected.rtol):
            rows = _rows((found,), (wanted,))
            raise Wrong(program, f"many adjoints differ (srcdiff, then the {expected.by})\n{rows}\n{text}", jit)

    plain = run(False)
    if differentiate is by_srcdiff:
        push(jitted=jit)
        sweep(loops=bool(program.seed % 2))
        pull(loops=bool(program.seed // 2 % 2))
    if jit:
        jitted = run(True)
        if not _same(jitted, plain, PLAIN_JIT_RTOL):
            raise Wrong(program, f"plain and jitted gradients differ\n{_rows(plain, jitted)}", jit)
    return Outcome("agreed", expected.by)


def _unchanged(program: Program, args: tuple[Any, ...], gradients: Any, mode: str) -> None:
    """No argument has changed, and no adjoint shares memory with one or with another adjoint."""
    for position, (before, after) in enumerate(zip(program.args, args, strict=True)):
        if not np.array_equal(before, after):
            raise Wrong(program, f"{mode}: argument {position} was changed to {after!r}", mode == "jitted")
    arrays = [g for g in gradients if isinstance(g, np.ndarray)]
    for number, grad in enumerate(arrays):
        others = [a for a in args if isinstance(a, np.ndarray)] + arrays[:number]
        if any(np.shares_memory(grad, other) for other in others):
            raise Wrong(
                program, f"{mode}: an adjoint shares memory with an argument or another adjoint", mode == "jitted"
            )


def _close(a: Any, b: Any, rtol: float) -> bool:
    if isinstance(a, tuple) or isinstance(b, tuple):
        return isinstance(a, tuple) and len(a) == len(b) and all(_close(p, q, rtol) for p, q in zip(a, b, strict=True))
    return np.shape(a) == np.shape(b) and bool(np.allclose(a, b, rtol=rtol, atol=rtol))


def _same(found: Any, expected: Any, rtol: float) -> bool:
    """Shapes and entries agree; the tolerance is relative to the largest entry of all."""
    if any(np.shape(a) != np.shape(b) for a, b in zip(found, expected, strict=True)):
        return False
    scale = 1.0 + max((float(np.max(np.abs(b))) for b in expected if np.size(b)), default=0.0)
    return all(bool(np.all(np.abs(np.asarray(a) - b) <= rtol * scale)) for a, b in zip(found, expected, strict=True))


def _rows(found: Any, expected: Any) -> str:
    return "\n".join(
        f"  argument {k}: {np.asarray(a).tolist()!r}\n              {np.asarray(b).tolist()!r}"
        for k, (a, b) in enumerate(zip(found, expected, strict=True))
    )
