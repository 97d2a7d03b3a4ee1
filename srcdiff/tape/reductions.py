"""Reductions, products and orders under torch's names.

`dim=` may be written `axis=`, and `keepdim=` may be written `keepdims=`, as in NumPy. With a `dim`, `max` and `min`
return values and indices, as in torch; the indices are where the first largest value is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import modes
from .apply import apply
from .arithmetic import constant
from .dims import axis_of
from .pullbacks import Form, form_of
from .recording import recorded
from .tensor import Tensor, canonical, made, methods, ndarray, new, plain


class ValuesAndIndices(NamedTuple):
    """What `max`, `min` and `sort` return along a dimension."""

    values: Tensor
    indices: Tensor


_FORMS: dict[Any, Form] = {}


def _reduced(function: Any, name: str) -> Any:
    """A reduction by NumPy's function: torch's arguments, on the way to the record without a detour."""

    def call(x: Any, dim: Any = None, keepdim: bool = False, *, axis: Any = None, keepdims: bool = False) -> Tensor:
        if type(x) is not Tensor:
            x = constant(x)
        if dim is not None or axis is not None:
            dim = axis_of(dim, axis)
        keep = keepdim or keepdims
        v = x._v
        if type(v) is float:
            v = np.float64(v)
        value = function(v, axis=dim, keepdims=keep)
        out = new(Tensor)
        out._state = None
        out._v = value = value if type(value) is ndarray else canonical(value)
        p = x._node
        if p is None:
            out._node = None
            return out
        form = _FORMS.get(function)
        if form is None:
            from ..rules.registry import rule_of

            rule = rule_of(_RULES[name])
            assert rule is not None
            form = _FORMS[function] = form_of(rule, (0,), name=f"{name.capitalize()}Backward0", tensors=1)
        saved = form.save(value, v, dim, keep)
        out._node = recorded(form.back, p, saved, value)
        return out

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The {name} of the elements, of all or along `dim`; `keepdim` keeps the dimension with length 1."
    return call


def _summed(v: Any, axis: Any, keepdims: bool) -> Any:
    return v.sum(axis, None, None, keepdims) if v.dtype.kind != "b" else v.sum(axis, keepdims=keepdims)


def _averaged(v: Any, axis: Any, keepdims: bool) -> Any:
    return v.mean(axis, keepdims=keepdims)


def _multiplied(v: Any, axis: Any, keepdims: bool) -> Any:
    return np.prod(v, axis=axis, keepdims=keepdims)


_RULES = {"sum": np.sum, "mean": np.mean, "prod": np.prod}
sum = _reduced(_summed, "sum")
mean = _reduced(_averaged, "mean")
prod = _reduced(_multiplied, "prod")


def _extreme(whole: Any, place: Any, between: Any, name: str) -> Any:
    def call(x: Any, dim: Any = None, keepdim: bool = False, *, axis: Any = None, keepdims: Any = None) -> Any:
        x = x if type(x) is Tensor else constant(x)
        numpys = modes.exact() and dim is not None and type(dim) is not Tensor
        if numpys or axis is not None or keepdims is not None:  # NumPy's way: the values alone
            return apply(whole, x, axis=axis_of(dim, axis), keepdims=bool(keepdims or keepdim))
        if dim is None:
            return apply(whole, x)
        if type(dim) is Tensor or isinstance(dim, ndarray):
            return between(x, dim)
        if x.ndim == 0:
            return ValuesAndIndices(apply(np.copy, x), made(np.int64(0)))
        found = np.expand_dims(place(x._v, axis=dim), dim)
        values = apply(np.take_along_axis, x, found, dim)
        if not keepdim:
            values, found = apply(np.squeeze, values, dim), np.squeeze(found, dim)
        return ValuesAndIndices(values, made(canonical(found)))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The {name} of all elements; with `dim` the values along it and their indices; of two tensors each."
    return call


def _pairwise(name: str) -> Any:
    def call(x: Tensor, other: Any) -> Any:
        from . import elementwise

        return getattr(elementwise, name)(x, other)

    return call


max = _extreme(np.max, np.argmax, _pairwise("maximum"), "max")
min = _extreme(np.min, np.argmin, _pairwise("minimum"), "min")


def _spread(function: Any, name: str) -> Any:
    def call(
        x: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: float | None = None,
        axis: Any = None, keepdims: bool = False, ddof: float | None = None,
    ) -> Tensor:  # fmt: skip
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if ddof is None and (axis is not None or modes.exact()):
            ddof = 0  # NumPy's argument, NumPy's default
        least = correction if correction is not None else ddof if ddof is not None else int(unbiased)
        x = x if type(x) is Tensor else constant(x)
        found: Tensor = apply(function, x, axis=axis_of(dim, axis), ddof=least, keepdims=keepdim or keepdims)
        return found

    call.__name__ = call.__qualname__ = name
    call.__doc__ = (
        f"The {name} of the elements, of all or along `dim`, with Bessel's correction as in torch unless `unbiased` is "
        "False; with NumPy's `axis=` or `ddof=`, as in NumPy."
    )
    return call


var = _spread(np.var, "var")
std = _spread(np.std, "std")


def norm(x: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The `p`-norm of the elements, of all or along `dim`; "fro" is 2."""
    x = x if type(x) is Tensor else constant(x)
    if p == "fro":
        p = 2
    if dim is None and x.ndim != 1:
        whole: Tensor = apply(np.linalg.norm, apply(np.ravel, x), None if p == 2 else p)
        return apply(np.reshape, whole, (1,) * x.ndim) if keepdim else whole
    order = None if p == 2 else p
    found: Tensor = apply(np.linalg.norm, x, order, axis=axis_of(dim, None), keepdims=keepdim)
    return found


def _place(function: Any, name: str) -> Any:
    def call(x: Any, dim: Any = None, keepdim: bool = False, *, axis: Any = None) -> Tensor:
        return made(canonical(function(plain(x), axis=axis_of(dim, axis), keepdims=keepdim)))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`numpy.{name}` of the elements, of all or along `dim`."
    return call


argmax, argmin = _place(np.argmax, "argmax"), _place(np.argmin, "argmin")
all, any = _place(np.all, "all"), _place(np.any, "any")


def argsort(x: Any, dim: int = -1, descending: bool = False) -> Tensor:
    """The places of the elements in ascending order along `dim`; equal elements keep their order."""
    v = np.asarray(plain(x))
    if v.ndim == 0:
        return made(np.int64(0))
    if descending:
        places = np.flip(v.shape[dim] - 1 - np.argsort(np.flip(v, dim), axis=dim, kind="stable"), dim)
    else:
        places = np.argsort(v, axis=dim, kind="stable")
    return made(places)


def sort(x: Any, dim: int = -1, descending: bool = False) -> Any:
    """The elements in order along `dim`, and their places before."""
    x = x if type(x) is Tensor else constant(x)
    if modes.exact():  # NumPy's method sorts the array itself
        x[...] = apply(np.sort, x, dim)
        return None
    places = argsort(x, dim, descending)
    values = apply(np.take_along_axis, x, places._v, dim) if x.ndim else apply(np.copy, x)
    return ValuesAndIndices(values, places)


def cumsum(x: Any, dim: Any = None, *, axis: Any = None) -> Tensor:
    """The running sums along `dim`."""
    found: Tensor = apply(np.cumsum, x, axis=axis_of(dim, axis))
    return found


def cumprod(x: Any, dim: Any = None, *, axis: Any = None) -> Tensor:
    """The running products along `dim`."""
    found: Tensor = apply(np.cumprod, x, axis=axis_of(dim, axis))
    return found


methods(sum=sum, mean=mean, prod=prod, max=max, min=min, var=var, std=std, norm=norm)
methods(argmax=argmax, argmin=argmin, all=all, any=any, argsort=argsort, sort=sort, cumsum=cumsum, cumprod=cumprod)
