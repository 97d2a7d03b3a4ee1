"""The parts of complex numbers: real, imaginary, conjugate, angle, direction.

The adjoint of a complex `z` is `z_bar = dL/d(Re z) + i dL/d(Im z)`, so that `dL = Re(conj(z_bar) dz)`. A function with
the complex derivative `p` gives its operand `conj(p) * y_bar`, and a real operand the real part of that; derivation
sees to both. Which functions take complex operands is listed in `complex_functions`.
"""

from __future__ import annotations

import cmath
from typing import Any

import numpy as np

from ..ir.nodes import Call, Const, Expr, Object
from ..ir.types import Num
from ..runtime import ratio, unit, zeros_like
from .complex_operands import holds_complex
from .points import call, complexes, reals
from .registry import Writer, linear, partials, pullback, pushforward, rewritten, spelled, views

# ---------------------------------------------------------------------------------------------------------- the parts


@linear(np.conjugate, np.ndarray.conj, np.ndarray.conjugate, points=call(reals(3, 4)) + call(complexes(3)))
def conjugate(y_bar: Any, y: Any, x: Any) -> Any:
    return np.conj(y_bar)


@linear(np.real, np.ndarray.real, points=call(reals(3, 4)) + call(complexes(3)) + call(complexes()))
def real(y_bar: Any, y: Any, x: Any) -> Any:
    return y_bar


@linear(np.imag, np.ndarray.imag, points=call(complexes(2, 3)) + call(complexes()))
def imag(y_bar: Any, y: Any, x: Any) -> Any:
    return 1j * y_bar


@rewritten(np.ndarray.conj, np.ndarray.conjugate, points=call(reals(3)) + call(complexes(3)))
def conjugate_method(e: Call, writer: Writer) -> Expr:
    """Of a complex array it is a new array, of a real one the array itself."""
    type_ = writer.typed(e.args[0])
    if isinstance(type_, Num) and type_.is_complex and len(e.args) == 1 and not e.kwargs:
        return Call(Object(np.conjugate, "np.conj"), e.args, at=e.at)
    return e


@rewritten(np.imag, np.ndarray.imag, points=call(complexes(3)) + call(complexes(2, 3)))
def imaginary_part(e: Call, writer: Writer) -> Expr:
    """Of real numbers it is zero."""
    type_ = writer.typed(e.args[0])
    if not isinstance(type_, Num) or type_.is_complex:
        return e
    if type_.ndim == 0:
        return Const(0.0)
    zeros = Object(np.zeros_like, "np.zeros_like") if type_.ndim else Object(zeros_like, "zeros_like")
    return Call(zeros, e.args, at=e.at)


views(np.ndarray.conj, np.ndarray.conjugate)  # of reals these are the operand
views(np.real, np.ndarray.real, np.imag, np.ndarray.imag)


@spelled(np.angle, points=call(complexes(3)) + call(complexes(2, 2), deg=True) + call(reals(3)) + call(complexes()))
def angle(z: Any, deg: Any = False) -> Any:
    if not holds_complex(z):
        return np.where(z < 0.0, 180.0 if deg else np.pi, 0.0)
    if deg:
        return np.rad2deg(np.angle(z))
    return np.angle(z)


@partials(np.angle, cmath.phase, points=call(complexes(3)) + call(complexes()))
def phase(y: Any, z: Any) -> Any:
    return -1j / z


@partials(complex, points=call(reals(), reals()))
def complex_number(y: Any, real: Any, imag: Any = 0.0) -> Any:
    return 1.0, 1j


@pullback(unit, points=call(complexes(3)) + call(complexes()))
def unit_pullback(y_bar: Any, y: Any, z: Any) -> Any:
    return ratio(y_bar - y * np.real(np.conj(y) * y_bar), np.abs(z))


@pushforward(unit)
def unit_tangent(y: Any, z: Any, *, z_dot: Any) -> Any:
    return ratio(z_dot - y * np.real(np.conj(y) * z_dot), np.abs(z))
