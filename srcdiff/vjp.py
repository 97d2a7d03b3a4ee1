"""`vjp`: the value of a function and its pullback, for results of any shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .derivative import Derivative, Options
from .errors import BadArgument, NotDifferentiable, Refusal
from .signature import bind, finish


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value `f(*args)` and the pullback: from the adjoint of the value to the adjoints of the arguments.

    The value may be a number, an array, or a tuple of these (nested too); the pullback takes an adjoint of the same
    structure and shapes and returns a tuple with one adjoint per positional argument, zeros where the value does not
    depend on it, and None for arguments that carry no derivative (strings, bools, None, tuples, counts and indices).
    It may be called any number of times; it holds copies of the arguments.

    Raises what `grad` raises, and BadArgument if the adjoint does not fit the value.

    >>> import numpy as np
    >>> import srcdiff
    >>> def scale(x, k):
    ...     return k * x
    >>> value, pullback = srcdiff.vjp(scale, np.array([1.0, 2.0]), 3.0)
    >>> pullback(np.array([1.0, 1.0]))
    (array([3., 3.]), 3.0)
    """
    probe = Derivative(f, Options("vjp", 0, False, False)) if args else None
    if probe is None:
        raise BadArgument("vjp needs at least one argument")
    whole = bind(probe.signature, probe.function.__name__, args, {})
    kept = tuple(np.array(a, copy=True, order="K") if type(a) is np.ndarray else a for a in whole)
    names = list(probe.signature.parameters)[: len(args)]
    real = [n for n, a in zip(names, kept, strict=False) if _is_real(a)]
    whole_numbers = [n for n, a in zip(names, kept, strict=False) if _is_count(a)]
    wanted = [n for n in names if n in real or n in whole_numbers]
    if not wanted:
        raise BadArgument(f"no argument of this call of {probe.function.__name__} carries a derivative")
    try:
        derivative = Derivative(f, Options("vjp", tuple(wanted), False, False))
        derivative.prepare(kept)
    except Refusal as refusal:
        if not real or not whole_numbers or not any(p.error is NotDifferentiable for p in refusal.problems):
            raise
        derivative = Derivative(f, Options("vjp", tuple(real), False, False))
        derivative.prepare(kept)
    value = f(*(np.array(a, copy=True, order="K") if type(a) is np.ndarray else a for a in kept))
    form = _form(value)

    def pullback(y_bar: Any) -> tuple[Any, ...]:
        seeds = _seeds(form, y_bar)
        parts = dict(zip(derivative.wrt, derivative.pull(kept, seeds), strict=True))
        return tuple(finish(parts[n], a) if n in parts else None for n, a in zip(names, kept, strict=False))

    return value, pullback


def _is_real(a: Any) -> bool:
    return isinstance(a, float | np.floating) or (isinstance(a, np.ndarray) and a.dtype.kind == "f")


def _is_count(a: Any) -> bool:
    if isinstance(a, bool | np.bool_):
        return False
    return isinstance(a, int | np.integer) or (isinstance(a, np.ndarray) and a.dtype.kind in "iu")


def _form(value: Any) -> Any:
    """The structure and shapes of a value."""
    if isinstance(value, tuple):
        return tuple(map(_form, value))
    return np.shape(value), np.asarray(value).dtype


def _seeds(form: Any, y_bar: Any) -> list[Any]:
    if isinstance(form, tuple) and not (len(form) == 2 and isinstance(form[1], np.dtype)):
        if not isinstance(y_bar, tuple | list) or len(y_bar) != len(form):
            raise BadArgument(f"the value is a tuple of {len(form)}; its adjoint has to be one, too")
        return [s for part, y in zip(form, y_bar, strict=True) for s in _seeds(part, y)]
    shape, dtype = form
    try:
        seed = np.asarray(y_bar, dtype=dtype if dtype.kind == "f" else np.float64)
    except (TypeError, ValueError):
        raise BadArgument(f"the adjoint {y_bar!r} is no number or array") from None
    if seed.shape != shape:
        raise BadArgument(f"the value has shape {shape}, its adjoint has shape {seed.shape}")
    return [seed if shape else seed[()] if dtype == np.float32 else float(seed)]
