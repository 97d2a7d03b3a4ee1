"""Arguments that are structures, checked by their numbers and arrays: a function of those stands for the function."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcdiff import api
from srcdiff.records import form_of, is_structure, leaves, mapped
from srcdiff.signature import is_real

from .values import GradientMismatch, again, is_scalar

Function = Callable[..., Any]


class Flat:
    """A function of the leaves of its arguments. `wrt` are the places of the leaves that carry a derivative, `labels`
    the Python expressions for them."""

    def __init__(self, f: Function, args: Sequence[Any], names: Sequence[str], wrt: Sequence[int]) -> None:
        self.f, self.args = f, args
        self.leaves = [(k, *leaf) for k, a in enumerate(args) for leaf in leaves(a, names[k])]
        self.wrt = tuple(i for i, (k, _, v) in enumerate(self.leaves) if k in wrt and is_real(v))
        self.labels = tuple(self.leaves[i][1] for i in self.wrt)
        self.values = tuple(v for _, _, v in self.leaves)
        self.__name__ = getattr(f, "__name__", repr(f))

    def __call__(self, *values: Any) -> Any:
        """The function's value, its result as a tuple of numbers and arrays."""
        given = iter(values)
        rebuilt = [mapped(lambda _: next(given), a) for a in self.args]
        return numbers(self.f(*rebuilt))


def numbers(value: Any) -> Any:
    """A structure of numbers and arrays as a plain tuple of them; a number or array as it is."""
    return tuple(v for _, v in leaves(value, "")) if is_structure(value) else value


def check_form(argument: Any, gradient: Any) -> list[Any]:
    """The leaves of a gradient that carry a derivative. Raises GradientMismatch where its form is not that of the
    argument."""
    if form_of(argument) != form_of(gradient) or (is_structure(argument) and type(argument) is not type(gradient)):
        raise GradientMismatch(f"the gradient {gradient!r} has not the form of its argument {argument!r}")
    found: list[Any] = []

    def leaf(own: Any, part: Any) -> None:
        if is_real(own):
            found.append(part)
        if is_real(own) != (part is not None) or np.shape(part) != (np.shape(own) if is_real(own) else ()):
            raise GradientMismatch(f"the gradient {part!r} has not the form of {own!r}")

    mapped(leaf, argument, gradient)
    return found


def same(first: Any, second: Any) -> bool:
    """Whether two structures hold the same bits."""
    pairs = zip(leaves(first, ""), leaves(second, ""), strict=True)
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for (_, a), (_, b) in pairs if is_real(a))


def tangents(args: Sequence[Any], wrt: Sequence[int], rng: np.random.Generator) -> list[Any]:
    """A random tangent for each argument in `wrt`, None for the others."""

    def tangent(v: Any) -> Any:
        if not is_real(v):
            return None
        drawn = rng.normal(size=np.shape(v))
        return drawn.astype(v.dtype) if isinstance(v, np.ndarray) else float(drawn)

    return [mapped(tangent, a) if k in wrt else None for k, a in enumerate(args)]


def check_gradients(flat: Flat, wrt: Sequence[int], weights: Any, how: dict[str, Any]) -> tuple[Any, ...]:
    """The gradient by each leaf, from `grad` for a number and `vjp` for any other value; its form, what it leaves
    alone, and the tangent along a random direction are checked here."""
    f, args, name = flat.f, flat.args, flat.__name__
    before = copy.deepcopy(list(args))

    def given() -> tuple[Any, ...]:
        """The arguments, random generators such that they draw the same each time."""
        return tuple(map(again, args))

    value = f(*copy.deepcopy(args))
    scalar = is_scalar(value)
    if scalar:
        df = api.grad(f, wrt=tuple(wrt), **how)
        found, repeated = df(*given()), df(*given())
        with_value = api.value_and_grad(f, wrt=tuple(wrt), **how)(*given())
        if not same(found, repeated) or not all(map(np.allclose, of(with_value[1]), of(found))):
            raise GradientMismatch(f"{name}: a second call, or value_and_grad, gives something else than the first")
    else:
        result, pullback = api.vjp(f, *given(), **how)
        if form_of(result) != form_of(value):
            raise GradientMismatch(f"{name} returns {value!r}, and vjp {result!r}")
        adjoints = pullback(weights)
        found = tuple(adjoints[k] for k in wrt)
    leaf_gradients = tuple(g for k, part in zip(wrt, found, strict=True) for g in check_form(args[k], part))
    dots = tangents(args, wrt, np.random.default_rng(3))
    _, tangent = api.jvp(f, given(), dots, **how)
    if form_of(tangent) != form_of(value):
        raise GradientMismatch(f"{name} returns {value!r}, and the tangent is {tangent!r}")
    one = sum(float(np.sum(np.asarray(t) * w)) for t, w in zip(of(tangent), of(weights), strict=True))
    moved = [d for _, d in leaves([dots[k] for k in wrt], "") if d is not None]
    other = sum(float(np.sum(np.asarray(g) * d)) for g, d in zip(leaf_gradients, moved, strict=True))
    if not abs(one - other) <= 1e-7 * (abs(one) + abs(other)) + 1e-12:
        raise GradientMismatch(f"{name}: forward mode gives {one!r} along a random direction, reverse mode {other!r}")
    if not same(before, list(args)):
        raise GradientMismatch(f"{name}: the derivative changed its arguments")
    return leaf_gradients


def along_text(names: Sequence[str], place: int, args: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """The text of the gradient by one argument, each of its leaves weighed and all summed up, and the weights."""
    rng = np.random.default_rng(4)
    real = [(own, v) for own, v in leaves(args[place], "gradient") if is_real(v)]
    weights = {f"v{k}": rng.normal(size=np.shape(v)) for k, (_, v) in enumerate(real)}
    terms = " + ".join(f"np.sum({w} * {own})" for w, (own, _) in zip(weights, real, strict=True))
    listed = ", ".join(names)
    return f"def along({listed}):\n    gradient = df({listed})\n    return {terms}\n", weights


def of(value: Any) -> list[Any]:
    return [v for _, v in leaves(value, "") if v is not None]


def has_real(value: Any) -> bool:
    return any(is_real(v) for _, v in leaves(value, ""))
