"""The types of what complex numbers are made into, and of Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import runtime
from ..errors import UnsupportedCall, UnsupportedType
from ..ir.types import Dim, Num, Static, Tup, Type, describe
from .problem import TypeProblem
from .result_types import Asked, dim_of, states

_REAL = {"complex64": "float32", "complex128": "float64"}


def real_dtype(dtype: str) -> str:
    """The dtype of the parts of such numbers."""
    return _REAL.get(dtype, dtype)


def complex_dtype(dtype: str) -> str:
    """The dtype of what a Fourier transform makes of such numbers."""
    return "complex64" if dtype in ("float32", "complex64") else "complex128"


@states(np.conjugate, np.ndarray.conj, np.ndarray.conjugate)
def _conjugate(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num) or first.dtype == "bool":
        return None
    weak = first.weak and asked.function is not np.conjugate
    return Num(first.dtype, first.ndim, first.shape, weak, contiguous=first.contiguous)


@states(np.real, np.ndarray.real, np.imag, np.ndarray.imag)
def _part(asked: Asked) -> Type | None:
    first = asked.first
    if not isinstance(first, Num):
        return None
    sure = first.contiguous and not first.is_complex  # of complex numbers it is every second number in memory
    return Num(real_dtype(first.dtype), first.ndim, first.shape, first.weak, contiguous=sure)


@states(runtime.unit, runtime.halved, runtime.doubled)
def _like_first(asked: Asked) -> Type | None:
    first = asked.first
    return Num(first.dtype, first.ndim, first.shape) if isinstance(first, Num) else None


@states(runtime.resized)
def _resized(asked: Asked) -> Type | None:
    g, x = asked.first, asked.argument(1, "x")
    return Num(g.dtype, x.ndim, x.shape) if isinstance(g, Num) and isinstance(x, Num) else None


# -------------------------------------------------------------------------------------------------- one transform


@states(np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft)
def _along_one_axis(asked: Asked) -> Type:
    a = _operand(asked)
    check_norm(asked)
    n, axis = asked.argument(1, "n"), asked.argument(2, "axis")
    place = _whole(asked, axis, "axis") if axis is not None else -1
    if not -a.rank <= place < a.rank:
        raise _refused(asked, f"axis {place} of {a.rank}", "Python itself refuses this call", "count from 0")
    shape = [*a.shape]
    shape[place] = _length(asked, _given(asked, n), shape[place])
    return _transformed(asked, a.dtype, shape)


@states(
    *(np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn),
    *(np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2),
)
def _along_axes(asked: Asked) -> Type:
    a = _operand(asked)
    check_norm(asked)
    s, axes = asked.argument(1, "s"), asked.argument(2, "axes")
    counts = None if s is None or _is_none(s) else _items(asked, s, "s")
    if axes is None and asked.function.__name__.endswith("2"):
        places = [-2, -1]
    elif axes is None or _is_none(axes):
        places = [*range(-len(counts), 0)] if counts is not None else [*range(a.rank)]
    else:
        places = [_whole(asked, t, "axes") for t in _items(asked, axes, "axes")]
    wrong = any(not -a.rank <= k < a.rank for k in places) or len({k % a.rank for k in places}) < len(places)
    if not places or wrong or (counts is not None and len(counts) != len(places)):
        raise _refused(
            asked,
            f"these lengths and axes of a {describe(a.type)}",
            "its rule is for one length for each axis, and for each axis once",
            "give axes= with as many axes as s= has lengths",
        )
    shape = [*a.shape]
    for k, place in enumerate(places):
        given = None if counts is None else _given(asked, counts[k])
        is_last = k == len(places) - 1
        shape[place] = _length(asked, given, shape[place]) if is_last else shape[place] if given is None else given
    return _transformed(asked, a.dtype, shape)


class _Operand:
    def __init__(self, type_: Num, rank: int) -> None:
        self.type, self.rank, self.shape, self.dtype = type_, rank, type_.shape, type_.dtype


def _operand(asked: Asked) -> _Operand:
    first = asked.first
    if not isinstance(first, Num) or not first.ndim:
        what = describe(first) if first is not None else "nothing"
        raise _refused(asked, f"a {what}", "its rule is for arrays with a known number of dimensions", "use an array")
    if first.is_complex and asked.function in (np.fft.rfft, np.fft.rfftn, np.fft.rfft2):
        raise _refused(asked, f"a {describe(first)}", "it drops the imaginary parts", "use np.real(...) of it")
    return _Operand(first, first.ndim)


def _given(asked: Asked, n: Type | None) -> Dim | None:
    """The length that is asked for, or None where it is that of the operand."""
    if n is None or _is_none(n):
        return None
    if not isinstance(n, Num) or not n.is_integral:
        raise _refused(
            asked, f"a {describe(n)} as a length", "a length is a whole number", "leave it out of wrt, or use int(...)"
        )
    return None if isinstance(n.value, int) and n.value == -1 else dim_of(n)


def _length(asked: Asked, given: Dim | None, own: Dim) -> Dim:
    """The length of the result along the (last) axis of a transform."""
    name = asked.function.__name__
    if name.startswith("rfft"):
        whole = own if given is None else given
        if isinstance(whole.token, int):
            return Dim.known(whole.token // 2 + 1)
        return Dim(None if whole.token is None else ("one-sided", whole.token))
    if name.startswith("irfft") and given is None:
        return Dim.known(2 * (own.token - 1)) if isinstance(own.token, int) else Dim(None)
    return own if given is None else given


def _transformed(asked: Asked, dtype: str, shape: list[Dim]) -> Num:
    found = complex_dtype(dtype)
    if asked.function.__name__.startswith("irfft"):
        found = real_dtype(found)
    return Num(found, len(shape), tuple(shape))


# ------------------------------------------------------------------------------------------ shifts and frequencies


@states(np.fft.fftshift, np.fft.ifftshift)
def _shifted(asked: Asked) -> Type | None:
    first = asked.first
    return Num(first.dtype, first.ndim, first.shape) if isinstance(first, Num) and first.ndim else None


@states(np.fft.fftfreq, np.fft.rfftfreq)
def _frequencies(asked: Asked) -> Type:
    n = asked.argument(0, "n")
    given = _given(asked, n)
    if given is None:
        raise _refused(asked, "this length", "Python itself refuses this call", "give the number of points")
    return Num("float64", 1, (_length(asked, given, given),))


# ------------------------------------------------------------------------------------------------------- arguments


def check_norm(asked: Asked) -> None:
    """Refuse a normalisation that is not one of NumPy's, written out: the rule turns on it."""
    norm = asked.argument(3, "norm")
    known = norm is None or (isinstance(norm, Static) and norm.value in (None, "backward", "ortho", "forward"))
    if not known:
        raise _refused(asked, "this `norm`", "the rule turns on it", "write 'backward', 'ortho' or 'forward'")


def _is_none(type_: Type) -> bool:
    return isinstance(type_, Static) and type_.value is None


def _items(asked: Asked, type_: Type, name: str) -> tuple[Type, ...]:
    if isinstance(type_, Tup):
        return type_.items
    raise _refused(asked, f"`{name}` that is not written out", "it decides the shape of the result", "write a tuple")


def _whole(asked: Asked, type_: Type, name: str) -> int:
    if isinstance(type_, Num) and type(type_.value) is int:
        return type_.value
    raise _refused(asked, f"`{name}` that is no literal", "it decides the shape of the result", "write a whole number")


def _refused(asked: Asked, what: str, why: str, fix: str) -> TypeProblem:
    name: Any = asked.function.__name__
    error = UnsupportedType if what.startswith("a ") else UnsupportedCall
    return TypeProblem(error, f"`np.fft.{name}` of {what}", why, fix, asked.call.at)
