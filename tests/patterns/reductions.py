"""Reductions, running sums, orders, norms, tables and products of arrays, as users write them."""

from __future__ import annotations

from typing import Any

import numpy as np

_rng = np.random.default_rng(20261122)
f32 = np.float32


def drawn(*shape: int) -> Any:
    """Numbers between -2 and 2, none close to another or to 0."""
    size = int(np.prod(shape))
    steps = (np.arange(size) + _rng.uniform(0.25, 0.75, size)) / size
    values = _rng.permutation(4.0 * steps - 2.0)
    return np.where(np.abs(values) < 0.02, 0.05, values).reshape(shape)


V, W, G = drawn(6), drawn(6), np.sort(drawn(6))
A, B, P = drawn(3, 4), drawn(3, 4), drawn(4, 2)
T, U = drawn(2, 3, 4), drawn(2, 4, 3)
POSITIVE = np.abs(drawn(3, 4)) + 0.5
GAPS = np.where(np.arange(12).reshape(3, 4) % 5 == 2, np.nan, A)

CASES: list[tuple[str, tuple[Any, ...]]] = []


def add(args: tuple[Any, ...], *texts: str) -> None:
    CASES.extend((text, args) for text in texts)


def alike(args: tuple[Any, ...], *texts: str) -> None:
    """With float64 and with float32."""
    add(args, *texts)
    add(tuple(a.astype(f32) if isinstance(a, np.ndarray) else a for a in args), *texts)


# ----------------------------------------------------------------------------------------- function x axis x keepdims

for name in ("sum", "mean", "prod", "max", "min", "var", "std", "amax", "amin", "ptp", "median"):
    add((V,), f"np.{name}(x)")
    add((A,), f"np.{name}(x)", f"np.{name}(x, axis=1)", f"np.{name}(x, axis=-2, keepdims=True)", f"np.{name}(x, 0)")
    add((T,), f"np.{name}(x, axis=(0, 2))", f"np.{name}(x, axis=(-1, 1), keepdims=True)", f"np.{name}(x, axis=1)")
    add((A.astype(f32),), f"np.{name}(x)", f"np.{name}(x, axis=0)")
    add((A,), f"x - np.{name}(x, axis=1, keepdims=True)", f"np.sum(np.{name}(x, axis=0) ** 2)")
for name in ("nansum", "nanmean", "nanprod"):
    alike((A,), f"np.{name}(x)", f"np.{name}(x, axis=1)", f"np.{name}(x, axis=0, keepdims=True)")
add((GAPS,), "np.nansum(x)", "np.nanmean(x)", "np.nanmean(2.0 * x, axis=0)", "np.nanprod(x, axis=1)", "np.nansum(x, 0)")
for name in ("cumsum", "cumprod"):
    alike((V,), f"np.{name}(x)", f"x.{name}()", f"np.{name}(x * x)[-1]", f"np.sum(np.sin(np.{name}(x)[1:]))")
    add(
        (A,),
        f"np.{name}(x)",
        f"np.{name}(x, axis=0)",
        f"np.{name}(x, axis=-1)",
        f"x.{name}(axis=1)",
        f"np.{name}(x, 1)",
    )
    add((T,), f"np.{name}(x, axis=1)", f"np.{name}(x, axis=-1)")
add((np.array([1.0, 0.0, 3.0, 0.0, 2.0]),), "np.cumprod(x)", "np.prod(x[:3])", "np.cumprod(x[:3])")

# -------------------------------------------------------------------------------------------------------------- norms

for order in ("1", "2", "3", "2.5", "np.inf", "-np.inf", "None", "0"):
    alike((V,), f"np.linalg.norm(x, {order})")
    add((A,), f"np.linalg.norm(x, {order}, axis=0)", f"np.linalg.norm(x, ord={order}, axis=-1, keepdims=True)")
for order in ("1", "-1", "np.inf", "-np.inf", "'fro'"):
    alike((A,), f"np.linalg.norm(x, {order})")
add((T,), "np.linalg.norm(x)", "np.linalg.norm(x, axis=(1, 2))", "np.linalg.norm(x, 'fro', axis=(0, 2))")
add((A,), "np.linalg.norm(x)", "x / np.linalg.norm(x, axis=1, keepdims=True)", "np.linalg.norm(x[1] - x[0])")
add((V, W), "np.linalg.norm(x - y)", "x @ y / (np.linalg.norm(x) * np.linalg.norm(y))")
add((A,), "np.linalg.norm(x[:, 1], ord=np.inf) ** 2")

# ----------------------------------------------------------------------------------------------------- orders, values

alike((V,), "np.sort(x)", "np.sort(x)[::-1]", "np.sort(x)[2]", "np.partition(x, 2)", "np.unique(x)", "np.median(x)")
alike((A,), "np.sort(x)", "np.sort(x, axis=0)", "np.sort(x, axis=None)", "np.partition(x, 1, axis=0)", "np.unique(x)")
add((A,), "np.take_along_axis(x, np.argsort(x, axis=1), axis=1)", "np.take_along_axis(x, np.argsort(x, 0), 0)")
add((T,), "np.sort(x, axis=1)", "np.sort(x, -1)", "np.partition(x, (0, 2), axis=-1)")
add((V, W), "np.sum(x * np.sort(y))", "np.sum(np.sort(x) * np.sort(y))", "np.mean((np.sort(x) - np.sort(y)) ** 2)")
add((V, G), "k = np.searchsorted(y, 0.3)\nreturn x[k] * y[k]", "np.sum(x * np.digitize(x, y))", "x[np.argmax(y)]")
add((V,), "x * np.argsort(x)", "np.sum(x) / np.count_nonzero(x > 0)", "x if np.allclose(x, 0.0) else x * x")

# -------------------------------------------------------------------------------------- differences, slopes, integrals

alike((V,), "np.diff(x)", "np.diff(x, 2)", "np.diff(x, n=3)", "np.ediff1d(x)", "np.gradient(x)", "np.gradient(x, 0.5)")
add((A,), "np.diff(x)", "np.diff(x, axis=0)", "np.diff(x, 1, 1)", "np.diff(x, 2, axis=0)", "np.ediff1d(x)")
add((T,), "np.diff(x, axis=1)", "np.diff(x)", "np.diff(x, axis=0)", "np.gradient(x, axis=1)", "np.trapezoid(x, axis=1)")
add((A,), "np.gradient(x, axis=0)", "np.gradient(x, 0.1, axis=1)", "g, h = np.gradient(x)\nreturn g * h")
add((A,), "g, h = np.gradient(x, 0.1, 0.2)\nreturn g - h", "g, h = np.gradient(x, 0.5)\nreturn np.sum(g * g + h * h)")
add((V, 0.3), "np.gradient(x, y)", "np.gradient(x, y, edge_order=2)", "np.trapezoid(x, dx=y)")
alike((V,), "np.trapezoid(x)", "np.trapezoid(x * x, dx=0.1)", "np.trapezoid(x, None, 0.5)")
add(
    (V, G),
    "np.trapezoid(x, y)",
    "np.trapezoid(np.exp(x), x=y)",
    "np.trapezoid(x, y, axis=0)",
    "np.diff(x) / np.diff(y)",
)
add((A, G[:4].copy()), "np.trapezoid(x, y)", "np.trapezoid(x, y, axis=1)", "np.trapezoid(x, x=y, axis=-1)")
add((A, G[:3].copy()), "np.trapezoid(x, y, axis=0)", "np.trapezoid(x * x, y, axis=-2)")
add((A, B), "np.trapezoid(x, y)", "np.trapezoid(x, y, axis=0)")
add((T,), "np.trapezoid(x)", "np.trapezoid(x, axis=0)", "np.trapezoid(x, dx=0.1, axis=-2)")

# ---------------------------------------------------------------------------------------------------- means, moments

alike((A,), "np.average(x)", "np.average(x, axis=1)", "np.cov(x)", "np.corrcoef(x)", "np.cov(x, rowvar=False)")
alike((A, POSITIVE), "np.average(x, weights=y)", "np.average(x, axis=0, weights=y)")
add((A, POSITIVE), "np.average(x, weights=y, axis=1, keepdims=True)", "np.average(x, 1, y[0])")
add((A, POSITIVE[0].copy()), "np.average(x, axis=1, weights=y)", "np.average(x, -1, y, keepdims=True)")
add((T, POSITIVE[:, 0].copy()), "np.average(x, axis=1, weights=y)")
add((V,), "np.cov(x)", "np.cov(x, bias=True)", "np.average(x)")
add((V, W), "np.cov(x, y)", "np.corrcoef(x, y)[0, 1]", "np.cov(x, y, ddof=0)[0, 1]", "np.average(x, weights=y * y)")

# ------------------------------------------------------------------------------------------------------------- tables

add((V, G, W), "np.interp(x, y, z)", "np.sum(np.interp(x, y, z) ** 2)", "np.interp(x[2], y, z)")
add((0.3, G, W), "np.interp(x, y, z)", "np.interp(x * x, y, np.exp(z))")
add((A, G, W), "np.interp(x, y, z)", "np.interp(3.0 * x, xp=y, fp=z)")
add((V, W), "np.polyval(x, y)", "np.polyval(x, y[0])", "np.polyval(np.polyder(x), y)")
add((V, 0.7), "np.polyval(x, y)", "np.polyval(x, y) ** 2", "np.polyval(x[:1], y)")
add((V, A), "np.polyval(x, y)")
alike((V,), "np.vander(x)", "np.vander(x, 3)", "np.vander(x, N=4, increasing=True)", "np.vander(x, 3) @ x[:3]")

# ----------------------------------------------------------------------------------------------------------- products

alike((V, W), "np.inner(x, y)", "np.vdot(x, y)", "np.kron(x, y)", "np.convolve(x, y)", "np.correlate(x, y, 'full')")
alike(
    (A, B), "np.inner(x, y)", "np.vdot(x, y)", "np.kron(x, y)", "np.tensordot(x, y)", "np.tensordot(x, y, ((0,), (0,)))"
)
for mode in ("full", "same", "valid"):
    for n, m in ((6, 3), (3, 6), (5, 4), (4, 5), (4, 4)):
        add((drawn(n), drawn(m)), f"np.convolve(x, y, {mode!r})", f"np.correlate(x, y, mode={mode!r})")
add((V, W), "np.correlate(x, y)", "np.sum(np.convolve(x, y[:3], 'same') ** 2)", "np.convolve(x, [0.25, 0.5, 0.25])")
add((drawn(3), drawn(3)), "np.cross(x, y)", "np.cross(x, np.cross(x, y))", "np.sum(np.cross(x, y) ** 2)")
add((drawn(4, 3), drawn(3)), "np.cross(x, y)", "np.cross(y, x)")
add((drawn(4, 3), drawn(4, 3)), "np.cross(x, y)", "np.linalg.norm(np.cross(x, y), axis=1)", "np.cross(x[1:], y[:-1])")
add((drawn(2, 1, 3), drawn(4, 3)), "np.cross(x, y)")
add((A, P), "np.tensordot(x, y, 1)", "np.tensordot(x, y, axes=([1], [0]))", "np.tensordot(x, y, 0)", "np.kron(x, y)")
add(
    (T, U),
    "np.tensordot(x, y, ((2, 1), (1, 2)))",
    "np.tensordot(x, y, axes=([0, 2], [0, 1]))",
    "x @ y",
    "np.matmul(x, y)",
)
add((T, U), "np.dot(x, y)", "x.dot(y)", "np.sum(np.sin(x @ y), axis=0)", "np.inner(x, np.swapaxes(y, 1, 2))")
add((T, P), "x @ y", "np.matmul(x, y)", "np.dot(x, y)", "np.tensordot(x, y, 1)", "np.exp(x @ y @ y.T)")
add((A, U), "x @ y", "np.dot(x, y)", "np.matmul(x, y[0]) + np.matmul(x, y[1])")
add((T, drawn(4)), "x @ y", "np.dot(x, y)", "np.matmul(x, y)")
add((drawn(4), U), "x @ y", "np.dot(x, y)", "np.sum(np.matmul(x, y) ** 2)")
add((drawn(2, 1, 2, 3), drawn(3, 3, 2)), "x @ y")
add((drawn(1, 2, 3), drawn(4, 3, 2)), "x @ y")
add((drawn(4, 4),), "np.trace(x)", "x.trace()", "np.trace(x @ x)", "np.trace(x, 1)", "np.trace(x, offset=-1) ** 2")

# ------------------------------------------------------------------------------------------------------------- einsum

add((A, P), "np.einsum('ij,jk->ik', x, y)", "np.einsum('ij,jk', x, y)", "np.einsum('ij,jk->ki', x, y)")
add((A, P), "np.einsum('ij,jk->', x, y)", "np.einsum('ij,jk->k', x, y)", "np.einsum('ij, kl -> il', x, y)")
add((A, B), "np.einsum('ij,ij->i', x, y)", "np.einsum('ij,ij', x, y)", "np.einsum('ij,kj->ik', x, y)")
add((A, B), "np.einsum('ij,ik->jk', x, y)", "np.einsum('ij,kl->ijkl', x, y)", "np.einsum('ab,ab->ba', x, y) ** 2")
alike((A,), "np.einsum('ij->', x)", "np.einsum('ij->j', x)", "np.einsum('ij->ji', x)", "np.einsum('ij', x)")
add((T,), "np.einsum('ijk->ik', x)", "np.einsum('ijk->k', x)", "np.einsum('kij', x)", "np.einsum('ijk,ijk->j', x, x)")
add((T, U), "np.einsum('bij,bjk->bik', x, y)", "np.einsum('bij,bji->b', x, y)", "np.einsum('aij,bjk->abik', x, y)")
add(
    (A, P, drawn(2)),
    "np.einsum('ij,jk,k->i', x, y, z)",
    "np.einsum('ij,jk,k', x, y, z)",
    "np.einsum('ij,jk,k->', x, y, z)",
)
add(
    (V, W),
    "np.einsum('i,i', x, y)",
    "np.einsum('i,j', x, y)",
    "np.einsum('i,i->i', x, y)",
    "np.einsum('i,j->ji', x, y)",
)
add((V, drawn(6, 6)), "np.einsum('i,ij,j', x, y, x)", "0.5 * np.einsum('i,ij,j->', x, y, x)")
add((drawn(1, 4), B), "np.einsum('ij,ij->ij', x, y)", "np.einsum('ij,ij->j', x, y)", "np.einsum('ij,ij->', y, x)")
add((A, P), "s = 'ij,jk->ik'\nreturn np.einsum(s, x, y)")

# --------------------------------------------------------------------------------------------------- log-sum-exp, etc.

add((V,), "m = np.max(x)\nreturn m + np.log(np.sum(np.exp(x - m)))", "np.exp(x) / np.sum(np.exp(x))")
add((A,), "m = np.max(x, axis=1, keepdims=True)\nreturn np.log(np.sum(np.exp(x - m), axis=1)) + m[:, 0]")
add((A,), "e = np.exp(x - np.max(x, axis=-1, keepdims=True))\nreturn e / np.sum(e, axis=-1, keepdims=True)")
add((A,), "m = x.max(axis=0)\nreturn m + np.log(np.exp(x - m).sum(axis=0))")
add((A,), "(x - x.mean(axis=0)) / x.std(axis=0)", "np.mean((x - np.median(x, axis=1, keepdims=True)) ** 2)")
