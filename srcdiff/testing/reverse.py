"""Gradients through the public API, with all that is promised of them beside their values."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff import api

from .problem import Problem, Snapshot, close, positional, same_bits
from .values import GradientMismatch, leaves


def through_grad(problem: Problem, keep: Snapshot, value: Any) -> tuple[Any, ...]:
    df = api.grad(problem.f, wrt=problem.wrt, **problem.how)
    gradients = problem.call(df, after=problem.after())
    keep.compare()
    if not isinstance(gradients, tuple) or len(gradients) != len(problem.wrt):
        raise GradientMismatch(f"{problem.name}: the gradient is not a tuple of {len(problem.wrt)}: {gradients!r}")
    check_form(problem, gradients)
    same_bits(problem, gradients, problem.call(df), "a second call of the gradient")
    if not problem.jit:
        both = api.value_and_grad(problem.f, wrt=problem.wrt, **problem.how)
        again, with_value = problem.call(both)
        close(problem, value, again, "the value of value_and_grad")
        close(problem, gradients, with_value, "the gradient of value_and_grad")
    return gradients


def through_vjp(problem: Problem, keep: Snapshot, value: Any, weights: Any) -> tuple[Any, ...]:
    args, where = positional(problem)
    result, pullback = api.vjp(problem.f, *args, **problem.how)
    close(problem, value, result, "vjp")
    before = [leaf.copy() for leaf in leaves(weights)]
    adjoints: Any = pullback(weights)
    keep.compare()
    if not isinstance(adjoints, tuple) or len(adjoints) != len(args):
        raise GradientMismatch(f"{problem.name}: the pullback does not return a tuple of {len(args)} adjoints")
    for leaf, was in zip(leaves(weights), before, strict=True):
        if leaf.tobytes() != was.tobytes():
            raise GradientMismatch(f"{problem.name}: the pullback changed the adjoint that it was given")
        if any(isinstance(adjoint, np.ndarray) and np.shares_memory(adjoint, leaf) for adjoint in adjoints):
            raise GradientMismatch(f"{problem.name}: an adjoint shares memory with the pullback's argument")
    gradients = tuple(adjoints[i] for i in where)
    check_form(problem, gradients)
    close(problem, value, result, "vjp, after its pullback has run,")
    _scribble(result, args)
    again = pullback(weights)
    same_bits(problem, gradients, tuple(again[i] for i in where), "a second call of the pullback")
    return gradients


def _scribble(result: Any, args: tuple[Any, ...]) -> None:
    """Write into a result as its owner may (`y -= target`); the pullback must not depend on it any more."""
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    for leaf in leaves(result):
        if leaf.dtype.kind == "f" and leaf.flags.writeable and not any(np.shares_memory(leaf, a) for a in arrays):
            leaf.fill(np.nan)


def check_form(problem: Problem, gradients: tuple[Any, ...]) -> None:
    arrays = [a for a in (*problem.args, *problem.kwargs.values()) if isinstance(a, np.ndarray)]
    for key, label, gradient in zip(problem.wrt, problem.labels, gradients, strict=True):
        complaint = _form_complaint(problem.argument(key), gradient)
        if complaint is None and isinstance(gradient, np.ndarray):
            if any(np.shares_memory(gradient, a) for a in arrays):
                complaint = "it shares memory with an argument or another gradient"
            arrays.append(gradient)
        if complaint:
            raise GradientMismatch(f"gradient of {problem.name} by {label}: {complaint}", argument=label)


def _form_complaint(argument: Any, gradient: Any) -> str | None:
    """What is wrong with the type, shape or dtype of a gradient, or None."""
    if not isinstance(argument, np.ndarray):
        if isinstance(gradient, float | np.floating):
            return None
        return f"the argument is a number and its gradient is a {type(gradient).__name__}, not a float: {gradient!r}"
    if not isinstance(gradient, np.ndarray | np.floating) or (argument.ndim and not isinstance(gradient, np.ndarray)):
        return f"the argument is an array and its gradient is a {type(gradient).__name__}: {gradient!r}"
    if gradient.shape != argument.shape:
        return f"the argument has shape {argument.shape} and its gradient {gradient.shape}"
    dtype = argument.dtype if argument.dtype.kind == "f" else np.dtype(np.float64)
    if gradient.dtype != dtype:
        return f"the argument has dtype {argument.dtype} and its gradient {gradient.dtype}, not {dtype}"
    return None
