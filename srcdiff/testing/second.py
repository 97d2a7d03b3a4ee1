"""Second derivatives: a first derivative, made a scalar function of all arguments, is a function like any other."""

from __future__ import annotations

import itertools
import linecache
from collections.abc import Iterator
from typing import Any

import numpy as np

from srcdiff import api

from .differences import SEED
from .problem import Function, Problem, completed

_counter = itertools.count(1)


def first_along(problem: Problem, mode: str) -> Iterator[Problem]:
    """For each argument the first derivative in it, along a direction that is fixed: by the gradient, or by forward
    mode."""
    problem = completed(problem)
    rng = np.random.default_rng(SEED + 2)
    for key, label in zip(problem.wrt, problem.labels, strict=True):
        argument = problem.argument(key)
        v: Any = 1.0
        if isinstance(argument, np.ndarray) and argument.ndim:
            dtype = argument.dtype if argument.dtype.kind == "f" else np.float64
            v = np.asarray(rng.normal(size=argument.shape), dtype)
        if mode == "reverse":
            f: Function = api.grad(problem.f, wrt=key, **problem.how)
            if isinstance(v, np.ndarray) or problem.kwargs:
                f = _along(f, "np.sum(v * df({args}))", v, problem)
        else:
            f = _along(api.jvp(problem.f, wrt=key, **problem.how), "df({args_and_v})[1]", v, problem)
        rtol = problem.rtol if problem.rtol is not None else (5e-3 if problem.float32 else 1e-4)
        title = f"the derivative of {problem.name} by {label} ({mode} mode)"
        args, by_name = (*problem.args, *problem.kwargs.values()), list(problem.kwargs)
        wrt = tuple(k if isinstance(k, int) else len(problem.args) + by_name.index(k) for k in problem.wrt)
        yield Problem(f, args, {}, wrt, problem.labels, problem.how, rtol, max(problem.atol, 1e-7), title)


def _along(df: Function, result: str, v: Any, problem: Problem) -> Function:
    """A function of the arguments of the problem, all by position, that returns this, `args` standing for them.

    srcdiff reads source text and fixed parameter lists: it is written out.
    """
    names = [f"a{i}" for i in range(len(problem.args))]
    passed = [f"{k}={k}" for k in problem.kwargs]
    text = result.format(args=", ".join([*names, *passed]), args_and_v=", ".join([*names, "v", *passed]))
    text = f"def along({', '.join([*names, *problem.kwargs])}):\n    return {text}\n"
    return function_of(text, {"v": v, "df": df})


def function_of(text: str, bindings: dict[str, Any]) -> Function:
    """The function `along` that a text defines, put where `inspect.getsource` finds it."""
    file = f"<srcdiff.testing {next(_counter)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"np": np, **bindings, "__name__": __name__}
    exec(compile(text, file, "exec"), space)
    along: Function = space["along"]
    return along
