"""`tape.from_source`: a function as one operation of the tape, whose backward is the derivative that srcdiff writes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .api import value_and_grad
from .errors import BadOutput
from .jit_options import JitLike
from .tape import Function, Tensor
from .tape.function import once_differentiable
from .tape.tensor import boxed, canonical, made
from .vjp import vjp


def from_source(f: Callable[..., Any] | None = None, *, jit: JitLike = False) -> Any:
    """`f`, to be called on tensors: recorded as one operation whose backward is srcdiff's derivative of the source of
    `f`, compiled by Numba with `jit`. A decorator, too.

    `f` takes numbers and arrays, and returns a number, an array or a tuple of them. For a scalar result value and
    gradient are computed together when it is called; it can be differentiated again (`create_graph=True`).

    Raises what `srcdiff.grad` raises.

    >>> import numpy as np
    >>> from srcdiff import tape
    >>> @tape.from_source
    ... def energy(x, k):
    ...     total = 0.0
    ...     for i in range(len(x) - 1):
    ...         total += 0.5 * k * (x[i + 1] - x[i]) ** 2
    ...     return total
    >>> x = tape.tensor([0.0, 1.0, 3.0], requires_grad=True)
    >>> y = energy(x, 2.0)
    >>> y.backward()
    >>> y, x.grad
    (tensor(5., grad_fn=<energyBackward>), tensor([-2., -2.,  4.]))
    """
    if f is None:
        return functools.partial(from_source, jit=jit)
    function = f

    @functools.wraps(f)
    def call(*args: Any) -> Any:
        places = tuple(k for k, a in enumerate(args) if type(a) is Tensor and a.requires_grad)
        values = [_value(a) for a in args]
        if not places:
            return _tensors(function(*map(_own, values)))
        return _operation(function, jit).apply(*args)

    return call


def _value(a: Any) -> Any:
    """A tensor as the number or array that it holds."""
    if type(a) is not Tensor:
        return a
    return boxed(a) if a.ndim else a.item() if a.dtype != np.float32 else a._v


def _own(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _tensors(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_tensors, value))
    return made(canonical(value))


@functools.lru_cache(maxsize=64)
def _operation(f: Any, jit: JitLike) -> type[Function]:
    """The Function that stands for `f`."""

    def forward(ctx: Any, *args: Any) -> Any:
        values = [_value(a) for a in args]
        ctx.places = tuple(k for k, needed in enumerate(ctx.needs_input_grad) if needed)
        ctx.args, ctx.jit = args, jit
        ctx.save_for_backward(*(a for a in args if type(a) is Tensor))
        try:
            value, ctx.gradient = value_and_grad(f, wrt=ctx.places, jit=jit)(*values)
        except BadOutput:
            ctx.gradient = None
            value, ctx.pull = vjp(f, *values, jit=jit)
        return _tensors(value)

    def of_scalar(ctx: Any, g: Any) -> Any:
        found: list[Any] = [None] * len(ctx.args)
        for k, part in zip(ctx.places, ctx.gradient, strict=True):
            found[k] = g * _tensors(part)
        return tuple(found)

    def of_any(ctx: Any, *grads: Any) -> Any:
        adjoints = ctx.pull(tuple(map(_value, grads)) if len(grads) > 1 else _value(grads[0]))
        return tuple(None if a is None else _tensors(a) for a in adjoints)

    def backward(ctx: Any, *grads: Any) -> Any:
        if ctx.gradient is None:
            return once_differentiable(of_any)(ctx, *grads)
        if not any(g.requires_grad for g in grads) and not _recording():
            return of_scalar(ctx, grads[0])
        return _again(f, ctx, grads[0])

    return type(f.__name__, (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def _recording() -> bool:
    from .tape import is_grad_enabled

    return is_grad_enabled()


def _again(f: Any, ctx: Any, g: Any) -> Any:
    """The gradients of a scalar function as functions of the same arguments: for second derivatives."""
    found: list[Any] = [None] * len(ctx.args)
    for k in ctx.places:
        found[k] = g * from_source(_gradient(f, k, ctx.jit))(*ctx.args)
    return tuple(found)


@functools.lru_cache(maxsize=64)
def _gradient(f: Any, k: int, jit: JitLike) -> Any:
    from .api import grad

    return grad(f, wrt=k, jit=jit)
