"""Forward mode: derivatives that are called with tangents beside the arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .derivative import Derivative, signature_of
from .errors import BadArgument
from .jit_options import Jit, JitLike, jit_of
from .ready import Options, Wrt
from .records import form_of, is_structure, mapped, name_of, parts_of
from .seeded import Seeded
from .shortcut import MISS
from .signature import bound, finish, is_real
from .subject import with_so_many

_AS_GIVEN = ("tangents", "sparsity")  # kinds that take arrays of one more dimension, or of no numbers


class Pushforward(Seeded):
    """The tangent of a function's result along tangents of its arguments, which follow the arguments in a call.

    The tangent of the argument `x` is the parameter `x_dot`: an array of the shape of `x`, a float for a number. Of the
    kind "tangents", which is srcdiff's own, it has one more axis, along which the directions lie. Of the kind
    "sparsity" it is the sets of inputs that `x` depends on, and is called `x_from`.
    """

    def __init__(self, f: Any, options: Options) -> None:
        super().__init__(f, options)
        if options.kind == "sparsity":  # compiled where that was asked: elsewhere its sets are no words of 64 bits
            self.options = replace(self.options, jit=options.jit)

    def seeds(self) -> list[str]:
        end = "from" if self.options.kind == "sparsity" else "dot"
        return [f"{name}_{end}" for name in self.wrt]

    def push(self, args: tuple[Any, ...], given: tuple[Any, ...]) -> Any:
        """The result for these arguments and these tangents of those in `wrt`."""
        short = None if isinstance(self.primal, Derivative) else self._shortcut  # (a gradient has a form of its own)
        if short is not None and (found := short(*args, *given)) is not MISS:
            return found
        ready, result = self.attempt(args, *self.fitted(args, given))
        if self.options.kind in _AS_GIVEN:
            return result
        if self.options.kind == "jvp":
            value, tangent = result
            formed = ready.built.formed
            return self._gradient(formed(value), args), self._gradient(formed(_like(tangent, value)), args)
        return self._gradient(ready.built.formed(_plain(result)), args)

    def fitted(self, args: Sequence[Any], given: Sequence[Any]) -> tuple[Any, ...]:
        """The tangents of a call as generated code takes them."""
        if self.options.kind in _AS_GIVEN:
            return tuple(given)
        pairs = zip(given, self.places, strict=True)
        return tuple([t for dot, k in pairs for t in fitted_tangents(dot, args[k], self._names[k])])

    def _gradient(self, found: Any, args: tuple[Any, ...]) -> Any:
        """What is the gradient of another function, or the tangent of one, in the form of its arguments."""
        inner = self.primal
        if not isinstance(inner, Derivative) or inner.options.kind != "grad" or inner.options.has_aux:
            return found
        pairs = zip((found,) if inner.single else found, inner.places, strict=True)
        done = tuple(mapped(_finished, args[k], part) for part, k in pairs)
        return done[0] if inner.single else done


def jvp(
    f: Callable[..., Any],
    primals: Any = None,
    tangents: Any = None,
    /,
    *,
    wrt: Wrt | None = None,
    jit: JitLike = False,
    fallback: str | None = None,
) -> Any:
    """The value `f(*primals)` and its tangent along the tangents of the arguments: a Jacobian-vector product.

    `tangents` has one entry for each argument, of its shape, or None for an argument that is held fixed. The value may
    be a number, an array or a tuple of these; the tangent has the same structure and shapes. `jit=True` compiles.

    Without `primals`, a derivative object that is called with the arguments and then a tangent for each one in `wrt`
    (by default the first): `srcdiff.jvp(f, wrt=(0, 2))(x, n, y, x_dot, y_dot)`.

    Raises what `grad` raises, and BadArgument where a tangent does not fit its argument. Method: forward-mode source
    transformation (Griewank and Walther, Evaluating Derivatives, 2nd ed., section 3.1).

    >>> import numpy as np
    >>> import srcdiff
    >>> def scale(x, k):
    ...     return k * x
    >>> srcdiff.jvp(scale, (np.array([1.0, 2.0]), 3.0), (np.array([1.0, 0.0]), None))
    (array([3., 6.]), array([3., 0.]))
    """
    if primals is None:
        return Pushforward(f, Options("jvp", 0 if wrt is None else wrt, jit_of(jit), False, fallback=fallback))
    if wrt is not None or tangents is None:
        raise BadArgument("jvp(f, primals, tangents): the tangents tell the arguments, None stands for one held fixed")
    sequences = isinstance(primals, tuple | list) and isinstance(tangents, tuple | list)
    if not sequences or len(primals) != len(tangents):
        raise BadArgument("jvp(f, primals, tangents) takes a tangent, or None, for each of the arguments")
    chosen = tuple(k for k, t in enumerate(tangents) if t is not None)
    if not chosen:
        raise BadArgument("jvp needs at least one tangent")
    f = with_so_many(f, signature_of(f), len(primals))
    signature = signature_of(f)
    whole = bound(signature, getattr(f, "__name__", "f"), tuple(primals), {}).arguments.values()
    return _kept(f, chosen, jit_of(jit), fallback).push(tuple(whole), tuple(tangents[k] for k in chosen))


@functools.lru_cache(maxsize=16)
def _kept(f: Any, chosen: tuple[int, ...], jit: Jit | None, fallback: str | None) -> Pushforward:
    """Kept for the next call with the same function; the derivative itself notices what has changed since."""
    return Pushforward(f, Options("jvp", chosen, jit, False, fallback=fallback))


def hvp(f: Callable[..., Any], *, wrt: Wrt = 0, jit: JitLike = False, fallback: str | None = None) -> Pushforward:
    """The product of the Hessian of a scalar function with a vector, as a function `(*args, v)`: forward over reverse.

    `v` has the shape of the argument in `wrt`; for a tuple `wrt` there is a vector for each of them, and the result is
    a tuple. The cost is a small multiple of that of the gradient, whatever the number of variables.

    >>> import numpy as np
    >>> import srcdiff
    >>> srcdiff.hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    how = jit_of(jit)
    gradient = Derivative(f, Options("grad", wrt, how, False, fallback=fallback))
    return Pushforward(gradient, Options("tangent", wrt, how, False, fallback=fallback))


def grad_and_hvp(
    f: Callable[..., Any], *, wrt: Wrt = 0, jit: JitLike = False, fallback: str | None = None
) -> Pushforward:
    """Like `hvp`, in one sweep with the gradient: the derivative returns `(gradient, product)`.

    >>> import srcdiff
    >>> srcdiff.grad_and_hvp(lambda x: x**3)(2.0, 1.0)
    (12.0, 12.0)
    """
    how = jit_of(jit)
    gradient = Derivative(f, Options("grad", wrt, how, False, fallback=fallback))
    return Pushforward(gradient, Options("jvp", wrt, how, False, fallback=fallback))


def fitted_tangents(given: Any, argument: Any, name: str) -> Iterator[Any]:
    """The tangents of an argument as generated code takes them: of each part of a structure that carries one."""
    if not is_structure(argument):
        yield fitted_tangent(given, argument, name)
        return
    form = form_of(argument)
    if form_of(given) != form or (form is None and len(given) != len(argument)):
        raise BadArgument(f"the tangent of `{name}` has to be a structure like `{name}` itself")
    pairs = zip(parts_of(given, form), parts_of(argument, form), strict=True)
    for k, (dot, part) in enumerate(pairs):
        if is_structure(part) or is_real(part):
            yield from fitted_tangents(dot, part, name_of(name, form, k))


def fitted_tangent(given: Any, argument: Any, name: str) -> Any:
    """A tangent as generated code takes it: a copy, of the argument's shape and precision. Raises BadArgument."""
    try:
        tangent = np.asarray(given)
    except (TypeError, ValueError):
        raise BadArgument(f"the tangent of `{name}` is no number or array") from None
    if tangent.dtype.kind not in "biuf":
        raise BadArgument(f"the tangent of `{name}` is no real number or array of real numbers")
    if tangent.shape != np.shape(argument):
        raise BadArgument(f"`{name}` has shape {np.shape(argument)}, its tangent has shape {tangent.shape}")
    dtype = getattr(argument, "dtype", np.dtype(np.float64))
    tangent = np.array(tangent, dtype if dtype.kind == "f" else np.float64)
    if tangent.ndim:
        return tangent
    return tangent[()] if dtype == np.float32 else float(tangent)


def _finished(argument: Any, part: Any) -> Any:
    return None if part is None else finish(part, argument)


def _like(tangent: Any, value: Any) -> Any:
    """The tangent in the form of the value: the same tuples and lists, floats for numbers, the value's precision."""
    if isinstance(value, tuple | list):
        return type(value)(map(_like, tangent, value))
    dtype = getattr(value, "dtype", None)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.asarray(tangent, value.dtype)
    return np.float32(tangent) if dtype == np.float32 else _plain(tangent)


def _plain(tangent: Any) -> Any:
    if isinstance(tangent, tuple | list):
        return type(tangent)(map(_plain, tangent))
    return float(tangent) if type(tangent) is np.float64 else tangent
