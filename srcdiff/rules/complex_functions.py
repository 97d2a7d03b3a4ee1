"""The functions that take complex operands: those that stand in no list here are refused for them.

The suite tests each at its own points with complex numbers drawn in the place of reals.
"""

from __future__ import annotations

import cmath
import operator

import numpy as np

from .. import runtime
from . import complex_numbers, fft, norms, products, reductions, running, ufunc_methods
from .registry import hermitian, holomorphic, takes_complex

# ------------------------------------------------------------------------------- with the complex derivative as a rule

holomorphic(
    *(operator.add, np.add, operator.sub, np.subtract, operator.neg, np.negative, operator.pos, np.positive),
    *(operator.mul, np.multiply, operator.truediv, np.true_divide, np.square, np.reciprocal),
    *(operator.pow, pow, np.power, np.float_power, runtime.power_base, runtime.power_exponent),
    *(runtime.power_mixed, runtime.power_curvature),
    *(np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sqrt),
    *(np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan),
    *(np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh),
    *(cmath.exp, cmath.log, cmath.log10, cmath.sqrt, cmath.sin, cmath.cos, cmath.tan),
    *(cmath.sinh, cmath.cosh, cmath.tanh, cmath.phase),
    *(abs, np.abs, np.angle, complex, np.where, runtime.ratio),
)

# linear and bilinear in each operand: the transpose with the conjugates of the operands that it reads
holomorphic(
    *(np.sum, np.ndarray.sum, np.mean, np.ndarray.mean, np.cumsum, runtime.cumsum_back, np.diff, runtime.diff_back),
    *(np.gradient, runtime.gradient_back, np.prod, np.ndarray.prod, runtime.prod_partials),
    *(runtime.prod_partials_pullback, operator.getitem, runtime.scattered, runtime.replaced, runtime.only_last),
    *(runtime.copied, np.copy, np.ndarray.copy, np.asarray, np.array, np.ascontiguousarray, np.ndarray.astype),
    *(np.reshape, np.ndarray.reshape, np.ravel, np.ndarray.ravel, np.ndarray.flatten, np.ndarray.T, np.expand_dims),
    *(np.broadcast_to, runtime.unbroadcast, np.full, np.full_like, np.linspace, np.tril, np.triu),
    *(np.take_along_axis, runtime.put_along, np.trace, np.ndarray.trace, runtime.in_full, runtime.part_of_full),
    *(np.transpose, np.ndarray.transpose, np.matrix_transpose, np.ndarray.mT, np.moveaxis, np.swapaxes),
    *(np.ndarray.swapaxes, np.squeeze, np.ndarray.squeeze, np.repeat, np.ndarray.repeat, np.tile, np.roll, np.pad),
    *(np.diag, np.diagonal, np.ndarray.diagonal, runtime.on_diagonal, np.concatenate, np.stack),
    *(np.dot, np.ndarray.dot, np.matmul, operator.matmul, np.outer, np.tensordot, runtime.tensordot_left),
    *(runtime.tensordot_right, np.einsum, np.kron, np.cross, np.linalg.inv, np.linalg.solve),
)

# ------------------------------------------------------------------------------------------ with the adjoint as a rule

hermitian(
    *(np.conjugate, np.ndarray.conj, np.ndarray.conjugate, np.real, np.ndarray.real, np.imag, np.ndarray.imag),
    *(runtime.unit, np.linalg.norm, np.convolve, np.correlate, runtime.halved, runtime.doubled, runtime.resized),
    *(np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2),
    *(np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn, np.fft.fftshift, np.fft.ifftshift),
)

# ------------------------------------------------------------------------- without a derivative, and made of the others

takes_complex(
    *(np.zeros, np.ones, np.empty, np.eye, np.identity, np.zeros_like, np.ones_like, np.empty_like),
    *(runtime.zeros_like, runtime.stop_gradient, runtime.one_hot, isinstance, len, np.shape, np.size, np.ndim),
    *(np.ndarray.shape, np.ndarray.ndim, np.ndarray.size, np.ndarray.dtype, list.append, list.pop),
    *(operator.eq, operator.ne, np.equal, np.not_equal, operator.not_, bool, operator.is_, operator.is_not),
    *(np.isnan, np.isfinite, np.isinf, np.isreal, np.iscomplex, np.all, np.any, np.ndarray.all, np.ndarray.any),
    *(np.count_nonzero, np.isclose, np.allclose, np.array_equal),
)
takes_complex(
    *(complex_numbers.angle, reductions.var, reductions.std, reductions.average, running.cumsum, running.diff),
    running.edge,
    *(running.ediff1d, running.gradient, running.trapezoid, products.inner, products.vdot, norms.norm),
    norms.norm_of_matrices,
    *(fft.hfft, fft.ihfft, ufunc_methods.add_reduce, ufunc_methods.multiply_reduce),
)
