"""`pullback`: any Python function of numbers, arrays and records of them, with the adjoints of its arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import BadArgument, NotRecorded
from .backward import run
from .modes import Within
from .record import SERIAL
from .shaping import clone
from .tensor import FLOAT64, Tensor, canonical, leaf, ndarray
from .versions import Keeper


def rebuilt(value: Any, change: Callable[[Any], Any]) -> Any:
    """A record - tuple, list, dict, named tuple, dataclass, nested in any way - with its leaves changed."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(rebuilt(v, change) for v in value))
    if isinstance(value, tuple | list):
        return type(value)(rebuilt(v, change) for v in value)
    if isinstance(value, dict):
        return {k: rebuilt(v, change) for k, v in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: rebuilt(getattr(value, f.name), change) for f in dataclasses.fields(value)}
        made = object.__new__(type(value))  # also where fields are not parameters
        for name, part in parts.items():
            object.__setattr__(made, name, part)
        return made
    return change(value)


def paired(value: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    """The leaves of a record, each with what stands in its place in another one of the same structure."""
    if isinstance(value, dict):
        if not isinstance(other, dict) or other.keys() != value.keys():
            raise BadArgument(
                f"the value is a dict with the keys {sorted(map(str, value))}; its adjoint has to be one, too"
            )
        for k, v in value.items():
            yield from paired(v, other[k])
    elif isinstance(value, tuple | list):
        if not isinstance(other, tuple | list) or len(other) != len(value):
            raise BadArgument(f"the value is a {type(value).__name__} of {len(value)}; its adjoint has to be one, too")
        for v, o in zip(value, other, strict=True):
            yield from paired(v, o)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for f in dataclasses.fields(value):
            if not hasattr(other, f.name):
                raise BadArgument(f"the value is a {type(value).__name__}; its adjoint has to be one, too")
            yield from paired(getattr(value, f.name), getattr(other, f.name))
    else:
        yield value, other


def _is_real(value: Any) -> bool:
    if isinstance(value, ndarray | np.generic):
        return bool(value.dtype.kind == "f")
    return isinstance(value, float)


def pullback(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value `fn(*args, **kwargs)`, and the function that takes the adjoint of the value to those of `args`.

    Arguments and value may be floats, arrays of floats, and tuples, lists, dicts, named tuples and dataclasses of such;
    an adjoint has the structure, shapes and dtypes of what it belongs to. It is None for what carries no derivative
    (ints, bools, strings, None), and zero where the value does not depend on the argument. `fn` is run once, on
    tensors; the arguments stay as they are. The pullback may be called any number of times.

    Raises srcdiff's errors: UnsupportedCall where `fn` calls a function that has no rule, NotRecorded where it turns a
    tensor into a plain number or array, BadArgument for an adjoint that does not fit.

    >>> import numpy as np
    >>> from srcdiff import tape
    >>> def model(p, x):
    ...     return p["scale"] * np.sin(x)
    >>> value, back = tape.pullback(model, {"scale": 2.0}, np.array([0.0, 0.5]))
    >>> back(np.array([1.0, 0.0]))
    ({'scale': 0.0}, array([2., 0.]))
    """
    inputs: list[tuple[Tensor, Any]] = []

    def taken(value: Any) -> Any:
        if not _is_real(value):
            return value
        t = leaf(value, True)
        inputs.append((t, value))
        return clone(t)  # which may be written to

    keeper = Keeper()
    with (
        Within("recording", True),
        Within("exact", True),
        Within("keeper", keeper),
        Within("listener", keeper.note),
    ):
        given = [rebuilt(a, taken) for a in args]
        found = _run(fn, given, kwargs)
    value = rebuilt(found, _value)
    numbers = [t._node[SERIAL] for t, _ in inputs if t._node is not None]

    def back(y_bar: Any) -> tuple[Any, ...]:
        roots = [
            (t._node, _adjoint(t, g)) for t, g in paired(found, y_bar) if type(t) is Tensor and t._node is not None
        ]
        captures: dict[int, Any] = dict.fromkeys(numbers)
        if roots:
            with Within("recording", False):
                run(roots, True, False, captures=captures)
        adjoints = iter([_result(captures[n], like) for n, (_, like) in zip(numbers, inputs, strict=True)])
        return tuple(rebuilt(a, lambda v: next(adjoints) if _is_real(v) else None) for a in args)

    return value, back


def _run(fn: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The function on tensors. NumPy says in its own words that an array did not take a tensor: the cause is raised."""
    try:
        return fn(*args, **kwargs)
    except (ValueError, TypeError) as error:
        if isinstance(error.__cause__, NotRecorded):
            raise error.__cause__ from None
        raise


def _value(found: Any) -> Any:
    """A part of the value as a plain number or array of its own."""
    if type(found) is not Tensor:
        return found
    return np.array(found._v) if type(found._v) is ndarray and found._v.ndim else canonical(np.asarray(found._v)[()])


def _adjoint(t: Tensor, g: Any) -> Any:
    if isinstance(g, Tensor):
        g = g._v
    try:
        array = np.asarray(g)
    except (TypeError, ValueError):
        raise BadArgument(f"the adjoint {g!r} is no number or array") from None
    if array.dtype.kind not in "biuf":
        raise BadArgument(f"the adjoint {g!r} is no real number or array")
    if array.shape != t.shape:
        raise BadArgument(f"the value has shape {t.shape}, its adjoint has shape {array.shape}")
    return np.array(array, t.dtype) if t.shape or t.dtype != FLOAT64 else float(array)


def _result(g: Any, like: Any) -> Any:
    """The adjoint of an argument, of its shape and dtype, sharing memory with nothing."""
    if isinstance(like, ndarray):
        return np.zeros_like(like) if g is None else np.array(np.broadcast_to(g, like.shape), like.dtype)
    number = 0.0 if g is None else g
    return like.dtype.type(number) if isinstance(like, np.generic) else float(number)
