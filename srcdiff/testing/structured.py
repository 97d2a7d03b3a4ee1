"""What `check_grad` does where some of the arguments are structures: leaf by leaf."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from srcdiff import api

from . import structures
from .differences import SEED, check_probes
from .problem import Function, Key, Problem, parameter_names
from .second import function_of
from .values import is_scalar, seed_like


def check_structured(
    f: Function,
    args: tuple[Any, ...],
    wrt: Key | Sequence[Key] | None,
    how: dict[str, Any],
    order: int,
    rtol: float | None,
    atol: float,
) -> None:
    """The derivatives by each number and array of the arguments."""
    names = parameter_names(f, len(args))
    given = range(len(args)) if wrt is None else (wrt,) if isinstance(wrt, int | str) else wrt
    places = [names.index(k) if isinstance(k, str) else k for k in given]
    places = [k for k in places if structures.has_real(args[k])]
    flat = structures.Flat(f, args, names, places)
    problem = Problem(flat, flat.values, {}, flat.wrt, flat.labels, how, rtol, atol)
    value = f(*copy.deepcopy(args))
    weights = 1.0 if is_scalar(value) else seed_like(value, np.random.default_rng(SEED))
    gradients = structures.check_gradients(flat, places, weights, how)
    check_probes(problem, gradients, structures.numbers(weights))
    if order == 2:
        for k in places:
            text, bindings = structures.along_text(names[: len(args)], k, args)
            along = function_of(text, {"df": api.grad(f, wrt=k, **how), **bindings})
            check_structured(along, args, places, how, 1, rtol or 1e-4, max(atol, 1e-7))
