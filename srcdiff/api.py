"""What users call: derivatives of all kinds, and the source of each."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, overload

from .batches import BatchJacobian, batch_jacobian
from .derivative import Derivative
from .errors import BadArgument
from .hessians import hessian
from .jacobian import Jacobian, elementwise_grad, jacobian, value_and_jacobian
from .jit_options import JitLike, jit_of
from .pushforward import grad_and_hvp, hvp, jvp
from .ready import Options, Wrt
from .sparse import SparseJacobian, Sparsity, sparsity
from .vjp import vjp

__all__ = [
    "Derivative",
    "Jacobian",
    "batch_jacobian",
    "elementwise_grad",
    "grad",
    "grad_and_hvp",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "source",
    "sparsity",
    "value_and_grad",
    "value_and_jacobian",
    "vjp",
]


@overload
def grad(
    f: Callable[..., Any], *, wrt: Wrt = ..., jit: JitLike = ..., has_aux: bool = ..., fallback: str | None = ...
) -> Derivative: ...
@overload
def grad(
    f: None = None, *, wrt: Wrt = ..., jit: JitLike = ..., has_aux: bool = ..., fallback: str | None = ...
) -> Callable[[Callable[..., Any]], Derivative]: ...
def grad(
    f: Callable[..., Any] | None = None,
    *,
    wrt: Wrt = 0,
    jit: JitLike = False,
    has_aux: bool = False,
    fallback: str | None = None,
) -> Any:
    """The gradient of a scalar function of numbers and arrays, as a function of the same arguments.

    `wrt` selects the arguments: a position, a parameter name, or a tuple of those (then the result is a tuple). The
    gradient of a number is a float, that of an array an array of its shape and dtype. An argument that the result
    does not depend on has a gradient of zeros. With `has_aux`, `f` returns `(value, auxiliary)` and the derivative
    returns `(gradient, auxiliary)`.

    Whole numbers in `wrt`, and arrays of them, are differentiated as the real numbers they are: they become float64
    before `f` sees them, so that `np.zeros_like(n)` has floats, where the call `f(n)` itself would have whole numbers.
    The caller's arrays are left as they were, also where `f` writes into them. Globals, closure variables and
    attributes of modules that `f` reads are looked up at every call; where one is bound anew, the derivative is
    written anew.

    With `jit`, Numba compiles the derivative. An index that does not fit its array raises, as in Python, unless `f`
    itself is a Numba dispatcher: its derivative is always compiled, and does not look at indices, as Numba does not.
    A dict gives options, `jit={"math": "simd", "fastmath": True}`: see docs/jit-options.md.

    With `fallback="tape"`, a function that `f` calls and that srcdiff cannot read runs on `srcdiff.tape`, in plain
    Python; so does the whole of `f` where it cannot be read itself. A FallbackWarning says which, where, and why.

    Raises a `srcdiff.errors.Refusal` for what srcdiff does not differentiate, `BadOutput` if the result is no real
    scalar, `BadArgument` for arguments or a `wrt` that do not fit. Method: reverse-mode source transformation
    (Griewank and Walther, Evaluating Derivatives, 2nd ed., chapters 3 to 6).

    >>> import srcdiff
    >>> @srcdiff.grad
    ... def df(x):
    ...     return x * x + 3.0 * x
    >>> df(2.0)
    7.0
    """
    if f is None:
        return functools.partial(grad, wrt=wrt, jit=jit, has_aux=has_aux, fallback=fallback)
    return Derivative(f, Options("grad", wrt, jit_of(jit), has_aux, fallback=fallback))


@overload
def value_and_grad(
    f: Callable[..., Any], *, wrt: Wrt = ..., jit: JitLike = ..., has_aux: bool = ..., fallback: str | None = ...
) -> Derivative: ...
@overload
def value_and_grad(
    f: None = None, *, wrt: Wrt = ..., jit: JitLike = ..., has_aux: bool = ..., fallback: str | None = ...
) -> Callable[[Callable[..., Any]], Derivative]: ...
def value_and_grad(
    f: Callable[..., Any] | None = None,
    *,
    wrt: Wrt = 0,
    jit: JitLike = False,
    has_aux: bool = False,
    fallback: str | None = None,
) -> Any:
    """Like `grad`, with the value: the derivative returns `(value, gradient)`, or `((value, auxiliary), gradient)`.

    >>> import srcdiff
    >>> @srcdiff.value_and_grad(wrt=(0, 1))
    ... def area(a, b):
    ...     return a * b
    >>> area(2.0, 3.0)
    (6.0, (3.0, 2.0))
    """
    if f is None:
        return functools.partial(value_and_grad, wrt=wrt, jit=jit, has_aux=has_aux, fallback=fallback)
    return Derivative(f, Options("value", wrt, jit_of(jit), has_aux, fallback=fallback))


def source(derivative: Any, /, *args: Any, **kwargs: Any) -> str:
    """The generated text of a derivative: what runs for these arguments, or the generic form without arguments.

    The generic form is written for the argument types that annotations, defaults and the use of the parameters
    suggest (a subscripted parameter is an array of that many dimensions with no length 1, any other a float).

    With `jit`, the text that runs under these options, whatever the derivative itself was asked for with: `jit=True`
    shows what Numba compiles, `jit=False` what runs in plain Python. (A parameter of that name of the function's own
    goes before.)

    Raises BadArgument if `derivative` is no derivative of srcdiff's.

    >>> import srcdiff
    >>> print(srcdiff.source(srcdiff.grad(lambda x: x * x)).splitlines()[-1])
        return x_bar
    """
    if not isinstance(derivative, Derivative | Jacobian | BatchJacobian | SparseJacobian | Sparsity):
        raise BadArgument(f"{derivative!r} is no derivative; call srcdiff.source(srcdiff.grad(f), ...)")
    if "jit" in kwargs and "jit" not in derivative.signature.parameters:
        return derivative.with_jit(jit_of(kwargs.pop("jit"))).text_for(*args, **kwargs)
    return derivative.text_for(*args, **kwargs)
