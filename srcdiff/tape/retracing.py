"""The text of a rule, or of what stands for a function, run on tensors: what it calls is recorded.

NumPy's functions come to the tape by themselves when they are given tensors. Those of other modules, and helpers, do
not: in the scope of such a text they are replaced.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from types import CellType, ModuleType
from typing import Any

import numpy as np

from ..rules.registry import rule_of, spelled_out
from ..runtime import unbroadcast
from .fitting import fit
from .tensor import Tensor, made


def fit_again(g: Any, shape: tuple[int, ...]) -> Any:
    """`fit` of a tensor, recorded."""
    if g is None or np.shape(g) == shape:
        return g
    if type(g) is not Tensor:
        return fit(g, shape)
    if np.ndim(g) == 0:
        return np.broadcast_to(g, shape)
    return traced(unbroadcast)(g, np.zeros(shape))


class Module:
    """A module whose functions are recorded where they have a rule."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return _recorded(getattr(self._module, name))


class NumPy(Module):
    """NumPy, whose new arrays can be written to with tensors."""

    _new = frozenset({"zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like"})

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._module, name)
        if name in self._new:
            return _made_by(function)
        if name in ("array", "asarray"):
            return functools.partial(_array, function)
        return function


def _made_by(function: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        from .apply import apply, tensors_in

        given = any(True for _ in tensors_in(args)) or any(True for _ in tensors_in(kwargs.values()))
        found = apply(function, *args, **kwargs) if given else function(*args, **kwargs)
        return found if type(found) is Tensor else made(found)

    return call


def _array(function: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
    from .apply import as_array, by_rule, tensors_in

    if not any(True for _ in tensors_in((value,))):
        return function(value, *args, **kwargs)
    return (
        by_rule(np.array, (value,), {})
        if isinstance(value, list | tuple)
        else as_array(function, value, *args, **kwargs)
    )


@functools.cache
def traced(function: Any) -> Any:
    """The function, recorded by its rule."""

    def call(*args: Any, **kwargs: Any) -> Any:
        from .apply import apply

        return apply(function, *args, **kwargs)

    return call


def _recorded(value: Any) -> Any:
    """What stands for a global of a text that is run on tensors."""
    if isinstance(value, ModuleType):
        return NumPy(value) if value is np else Module(value)
    if isinstance(value, type) or not callable(value):
        return value
    try:
        known = rule_of(value) is not None or spelled_out(value) is not None
    except TypeError:
        known = False
    return traced(value) if known else value


def names_known(body: Any) -> dict[str, Any]:
    """The globals of a function and the values of its closure, by their names."""
    cells = zip(body.__code__.co_freevars, body.__closure__ or (), strict=True)
    return {**body.__globals__, **{name: cell.cell_contents for name, cell in cells}}


def _scope(known: dict[str, Any]) -> dict[str, Any]:
    recorded = {n: _recorded(v) for n, v in known.items() if n != "__builtins__"}
    return {**recorded, "_fit": fit_again, "_sign": np.sign, "float": _same, "math": Module(math), "np": NumPy(np)}


def _same(x: Any) -> Any:
    return x


def again_of(code: Any, known: dict[str, Any]) -> Callable[[Any, Any], Any]:
    """The `back` that this code defines, on tensors: made when it is first needed."""
    found: list[Any] = []

    def again(g: Any, saved: Any) -> Any:
        if not found:
            scope = _scope(known)
            exec(code, scope)
            found.append(scope["back"])
        return found[0](g, saved)

    return again


@functools.cache
def with_scope(body: Any) -> Any:
    """A function whose calls are recorded where it is given tensors."""
    cells = tuple(CellType(_recorded(c.cell_contents)) for c in body.__closure__ or ())
    copied = type(body)(body.__code__, _scope(body.__globals__), body.__name__, body.__defaults__, cells or None)
    copied.__kwdefaults__ = body.__kwdefaults__
    return copied
