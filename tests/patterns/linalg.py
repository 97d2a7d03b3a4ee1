"""Linear algebra of NumPy and SciPy as users write it: equations, factorisations, eigenvalues, powers."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import real

f32 = np.float32
A, B, C = real(3, 3) + 3.0 * np.eye(3), real(3, 3), real(4, 4) + 4.0 * np.eye(4)
V, W = real(3), real(3, 2)
TALL, WIDE = real(4, 3), real(2, 4)
S = B @ B.T + np.eye(3)
D = C @ C.T + np.eye(4)
Y = 0.5 * (B + B.T) + np.diag([1.0, 3.0, 6.0])
SINGULAR = TALL[:3, :2] @ WIDE[:, :3]  # of rank 2

CASES: list[tuple[str, tuple[Any, ...]]] = []


def add(args: tuple[Any, ...], *texts: str) -> None:
    CASES.extend((text, args) for text in texts)


def alike(args: tuple[Any, ...], *texts: str) -> None:
    """With float64 and with float32."""
    add(args, *texts)
    add(tuple(a.astype(f32) if isinstance(a, np.ndarray) else a for a in args), *texts)


# ------------------------------------------------------------------------------------------- inverses and equations

alike(
    (A,),
    "np.linalg.inv(x)",
    "np.linalg.inv(x) @ x.T",
    "np.sum(np.linalg.inv(x @ x))",
    "np.linalg.inv(np.linalg.inv(x) + x)",
    "np.linalg.inv(x)[0, 1:]",
    "np.linalg.inv(x.T).T",
    "np.linalg.solve(x, x.T)",
    "np.linalg.solve(x, x[0])",
    "np.linalg.solve(x.T @ x, x[:, 1])",
    "np.linalg.solve(x, np.ones(3))",
    "np.linalg.solve(a=x, b=x[0])",
    "np.linalg.pinv(x)",
)
alike(
    (A, V),
    "np.linalg.solve(x, y)",
    "y @ np.linalg.solve(x, y)",
    "np.linalg.solve(x, y * y)",
    "np.linalg.solve(x + np.eye(3), 2.0 * y)",
    "np.linalg.solve(x, np.linalg.solve(x.T, y))",
    "np.linalg.inv(x) @ y",
    "r = y - x @ np.linalg.solve(x + x.T, y)\nreturn r @ r",
    "for _ in range(3):\n    y = np.linalg.solve(x, y + 1.0)\nreturn y",
    "if y[0] > 0.0:\n    z = np.linalg.solve(x, y)\nelse:\n    z = x @ y\nreturn z",
    "x = x.copy()\nx[0] = 2.0 * x[0]\nreturn np.linalg.solve(x, y)",
    "out = np.zeros((2, 3))\nout[0] = np.linalg.solve(x, y)\nout[1] = y\nreturn out",
)
alike((A, W), "np.linalg.solve(x, y)", "np.linalg.solve(x, y).T @ y", "np.sum(np.linalg.solve(x, y) ** 2)")
alike(
    (TALL,),
    "np.linalg.pinv(x)",
    "np.linalg.pinv(x) @ (x[:, 0] ** 2)",
    "np.linalg.pinv(x.T)",
    "np.linalg.pinv(x, rcond=1e-6)",
)
alike((WIDE,), "np.linalg.pinv(x)", "np.sum(np.linalg.pinv(x) ** 2)")
alike(
    (TALL, real(4)),
    "np.linalg.lstsq(x, y, rcond=None)[0]",
    "np.linalg.lstsq(x, y)[0] @ x[0]",
    "beta, _, _, _ = np.linalg.lstsq(x, y, rcond=None)\nr = y - x @ beta\nreturn r @ r",
    "beta, residuals, rank, s = np.linalg.lstsq(x, y, rcond=None)\nreturn beta",
    "np.linalg.solve(x.T @ x, x.T @ y)",
    "Q, R = np.linalg.qr(x)\nreturn np.linalg.solve(R, Q.T @ y)",
)
add((WIDE, real(2)), "np.linalg.lstsq(x, y, rcond=None)[0]", "np.linalg.pinv(x) @ y")
add((TALL, real(4, 2)), "np.linalg.lstsq(x, y, rcond=None)[0]")

# ---------------------------------------------------------------------------------------------- determinants, powers

alike(
    (A,),
    "np.linalg.det(x)",
    "np.log(abs(np.linalg.det(x)))",
    "np.linalg.det(x @ x.T) ** 0.5",
    "np.linalg.det(x[:2, :2]) * x[2, 2]",
    "np.linalg.slogdet(x)[1]",
    "sign, logdet = np.linalg.slogdet(x)\nreturn sign * logdet",
    "sign, logdet = np.linalg.slogdet(x)\nreturn sign * np.exp(logdet)",
    "_, logdet = np.linalg.slogdet(x @ x.T + np.eye(3))\nreturn 0.5 * logdet",
    "s = 0.0\nfor k in range(1, 4):\n    s += np.linalg.slogdet(x[:k, :k])[1]\nreturn s",
    "np.linalg.matrix_power(x, 0) * x[0, 0]",
    "np.linalg.matrix_power(x, 1)",
    "np.linalg.matrix_power(x, 2)",
    "np.linalg.matrix_power(x, 3)",
    "np.linalg.matrix_power(x, 7)[0, 0] / 1000.0",
    "np.linalg.matrix_power(x, -1)",
    "np.linalg.matrix_power(x, -2) @ x",
)
add((SINGULAR,), "np.linalg.det(x)", "np.linalg.det(x) ** 2 + np.linalg.det(x[:2, :2])")
add((np.zeros((2, 2)),), "np.linalg.det(x)")
add((np.array([[2.5]]),), "np.linalg.det(x)", "np.linalg.inv(x)", "np.linalg.cholesky(x)", "np.linalg.slogdet(x)")
alike((A, B, V), "np.linalg.multi_dot([x, y, z])", "np.linalg.multi_dot((z, x, y, z))", "np.linalg.multi_dot([x, y])")

# --------------------------------------------------------------------------------------------------------- Cholesky

alike(
    (S,),
    "np.linalg.cholesky(x)",
    "np.linalg.cholesky(x)[2, 0]",
    "L = np.linalg.cholesky(x)\nreturn L @ L.T",
    "L = np.linalg.cholesky(x)\nreturn np.linalg.solve(L, x[0])",
    "L = np.linalg.cholesky(x @ x.T)\nreturn np.linalg.inv(L)",
    "L = np.linalg.cholesky(x)\ns = 0.0\nfor i in range(3):\n    s += np.log(L[i, i])\nreturn s",
    "np.linalg.cholesky(x + 0.1 * np.eye(3)) * x",
)
alike(
    (V, real(3) ** 2 + 0.5),
    "K = np.outer(x, x) + np.eye(3)\nL = np.linalg.cholesky(K)\na = np.linalg.solve(L, y)\nreturn 0.5 * a @ a",
    "K = np.outer(x, y) @ np.outer(y, x) + np.eye(3)\nreturn y @ np.linalg.solve(K, y) + np.linalg.slogdet(K)[1]",
    "K = np.exp(-0.5 * (np.expand_dims(x, 1) - x) ** 2) + np.eye(3)\nreturn y @ np.linalg.solve(K, y)",
)

# ------------------------------------------------------------------------------------------------------ eigenvalues

alike(
    (Y,),
    "np.linalg.eigvalsh(x)",
    "np.sum(np.linalg.eigvalsh(x) ** 2)",
    "np.linalg.eigvalsh(x)[-1]",
    "np.linalg.eigvalsh(x, UPLO='U')",
    "np.max(np.linalg.eigvalsh(x @ x.T))",
    "np.linalg.eigh(x)[0]",
    "np.linalg.eigh(x)[1] ** 2",
    "w, v = np.linalg.eigh(x)\nreturn v * w",
    "w, v = np.linalg.eigh(x)\nreturn (v * np.exp(w)) @ v.T",
    "w, v = np.linalg.eigh(x, UPLO='U')\nreturn w, v * v",
    "w, v = np.linalg.eigh(x, 'U')\nreturn v[:, 0] * v[0, 0] + w",
    "w, v = np.linalg.eigh(x)\nreturn v[:, -1] @ x @ v[:, 0] + w[1]",
    "pair = np.linalg.eigh(x)\nreturn pair[0] * 2.0",
    "w, v = np.linalg.eigh(x)\nw *= 2.0\nreturn np.sum(w * v[0] ** 2)",
    "w, v = np.linalg.eigh(x)\nif w[0] > 0.0:\n    return w[0]\nreturn v[0, 0] * v[1, 0]",
)

# --------------------------------------------------------------------------------------------------------------- QR

for matrix in (TALL, A):
    alike(
        (matrix,),
        "np.linalg.qr(x)",
        "np.linalg.qr(x)[0]",
        "np.linalg.qr(x)[1]",
        "q, r = np.linalg.qr(x)\nreturn q * r[0, 0]",
        "q, r = np.linalg.qr(x)\nreturn q @ r",
        "np.linalg.qr(x, mode='reduced')[1]",
        "np.linalg.qr(x, mode='r')",
        "q, r = np.linalg.qr(x)\nr[0] *= 2.0\nq[0, 0] = r[1, 1]\nreturn q @ r",
    )
add(
    (A,),
    "for _ in range(3):\n    q, r = np.linalg.qr(x)\n    x = r @ q\nreturn x",
    "for _ in range(2):\n    q, x = np.linalg.qr(x)\n    x = x @ q + x\nreturn x",
    "x, q = np.linalg.qr(x)\nreturn x * q[0, 1]",
)

# -------------------------------------------------------------------------------------------------- singular values

for matrix in (TALL, WIDE, A):
    alike(
        (matrix,),
        "np.linalg.svd(x, compute_uv=False)",
        "np.linalg.svd(x, full_matrices=False, compute_uv=False)[0]",
        "np.linalg.svdvals(x)",
        "np.linalg.cond(x)",
        "np.linalg.matrix_rank(x) * x[0, 0]",
        "np.linalg.svd(x, full_matrices=False)[1]",
        "u, s, vh = np.linalg.svd(x, full_matrices=False)\nreturn (u * s) @ vh",
        "u, s, vh = np.linalg.svd(x, full_matrices=False)\nreturn u @ vh",
        "u, s, vh = np.linalg.svd(x, full_matrices=False)\nreturn u * u[0, 0]",
        "u, s, vh = np.linalg.svd(x, full_matrices=False)\nreturn vh * vh[0, 0] + s[0]",
        "_, s, _ = np.linalg.svd(x, full_matrices=False)\nreturn s[0] / s[-1]",
    )
add((A,), "for _ in range(2):\n    x, s, v = np.linalg.svd(x, full_matrices=False)\n    x = x * s + v\nreturn x")

# ------------------------------------------------------------------------------------------------------------- SciPy

LOWER = np.tril(B) + 2.0 * np.eye(3)
for right in (V, W):
    alike(
        (LOWER, right),
        "scipy.linalg.solve_triangular(x, y, lower=True)",
        "scipy.linalg.solve_triangular(x, y, trans=1, lower=True)",
        "scipy.linalg.solve_triangular(x.T, y)",
        "scipy.linalg.solve_triangular(x.T, y, trans=1) ** 2",
        "scipy.linalg.solve_triangular(x, y, lower=True, check_finite=False)",
        "scipy.linalg.cho_solve((x, True), y)",
        "scipy.linalg.cho_solve((x.T, False), y)",
    )
    alike(
        (S, right),
        "scipy.linalg.cho_solve(scipy.linalg.cho_factor(x), y)",
        "scipy.linalg.cho_solve(scipy.linalg.cho_factor(x, lower=True), y)",
        "c, low = scipy.linalg.cho_factor(x)\nreturn scipy.linalg.cho_solve((c, low), y)",
        "L = scipy.linalg.cholesky(x, lower=True)\nreturn scipy.linalg.solve_triangular(L, y, lower=True)",
        "scipy.linalg.solve(x, y)",
    )
alike(
    (S,),
    "scipy.linalg.cholesky(x)",
    "scipy.linalg.cholesky(x, lower=True)",
    "scipy.linalg.expm(0.1 * x)",
    "scipy.linalg.expm(-x) @ x[0]",
    "scipy.linalg.inv(x)",
    "scipy.linalg.det(x)",
    "scipy.linalg.pinv(x)",
    "scipy.linalg.svdvals(x)",
    "scipy.linalg.eigvalsh(x)",
)


# -------------------------------------------------------------------------------------- several of them in a program

alike(
    (TALL, real(4)),
    "q, r = np.linalg.qr(x)\nu, s, vh = np.linalg.svd(r, full_matrices=False)\nreturn (u * s) @ vh @ (q.T @ y)",
    "G = x.T @ x + np.eye(3)\nw, v = np.linalg.eigh(G)\nreturn np.sum((v.T @ (x.T @ y)) ** 2 / w)",
    "G = x.T @ x + np.eye(3)\nb = np.linalg.solve(G, x.T @ y)\nreturn b @ G @ b + np.linalg.slogdet(G)[1]",
    "w, v = np.linalg.eigh(x.T @ x)\nx, y = x @ v, y * 2.0\nreturn x[:, 0] @ y + w[2]",
    "s = 0.0\nfor m in (x.T @ x, x[:3] + x[:3].T):\n    w, v = np.linalg.eigh(m)\n    s += w[0] * v[0, 0]\nreturn s",
    (
        "t = 0.0\nwhile t < 2.0:\n    u, s, v = np.linalg.svd(x, full_matrices=False)\n"
        "    t += s[0]\n    x = x + u @ v\nreturn t + x[0, 0]"
    ),
)
