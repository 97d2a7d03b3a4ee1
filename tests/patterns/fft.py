"""Fourier transforms as users call them: function, length, axis, normalisation; and arithmetic on spectra."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import real

f32 = np.float32
X5, X6, A, B = real(5), real(6), real(3, 4), real(2, 3, 4)

CASES: list[tuple[str, tuple[Any, ...]]] = []


def add(args: tuple[Any, ...], *texts: str) -> None:
    CASES.extend((text, args) for text in texts)


def parts(text: str) -> str:
    """A complex result as what a user makes of it."""
    return f"z = {text}\nreturn z.real + 0.5 * np.imag(z) + np.abs(z) ** 2"


# ----------------------------------------------------------------------------------- every function, length, scaling

for norm in ("None", '"backward"', '"ortho"', '"forward"'):
    for name in ("fft", "ifft", "rfft", "ihfft"):
        add((X5,), parts(f"np.fft.{name}(x, norm={norm})"))
        add((X6,), parts(f"np.fft.{name}(x, 4, norm={norm})"))
        add((A,), parts(f"np.fft.{name}(x, n=7, axis=0, norm={norm})"))
    for name in ("irfft", "hfft"):
        add((X5, X5[::-1].copy()), f"np.fft.{name}(x + 1j * y, norm={norm})")
        add((X5, X5[::-1].copy()), f"np.fft.{name}(x + 1j * y, n=7, norm={norm})")
        add((A, A[::-1].copy()), f"np.fft.{name}(x + 1j * y, 3, axis=0, norm={norm})")
    for name in ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn"):
        add((A,), parts(f"np.fft.{name}(x, norm={norm})"))
    for name in ("irfft2", "irfftn"):
        add((A, A[::-1].copy()), f"np.fft.{name}(x + 1j * y, norm={norm})")

for name in ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn"):
    add(
        (B,),
        parts(f"np.fft.{name}(x)"),
        parts(f"np.fft.{name}(x, axes=(0, 1))"),
        parts(f"np.fft.{name}(x, s=(2, 5), axes=(-1, 0))"),
        parts(f"np.fft.{name}(x, (4, 3), axes=[0, 2], norm='ortho')"),
    )
for name in ("irfft2", "irfftn"):
    add(
        (B, B[::-1].copy()),
        f"np.fft.{name}(x - 1j * y)",
        f"np.fft.{name}(x - 1j * y, s=(3, 5), axes=(1, 2))",
        f"np.fft.{name}(x - 1j * y, axes=(2, 1), norm='forward')",
    )

# ------------------------------------------------------------------------------------------- what is done to spectra

add(
    (X6,),
    "np.abs(np.fft.fft(x))",
    "np.angle(np.fft.rfft(x))[1:3]",
    "np.angle(np.fft.fft(x), deg=True)[1:3]",
    "np.fft.ifft(np.fft.fft(x)).real",
    "np.fft.irfft(np.fft.rfft(x), len(x))",
    "np.fft.irfft(np.fft.rfft(x) * np.exp(-2j * np.pi * np.fft.rfftfreq(6)), n=6)",
    "np.real(np.fft.ifft(np.fft.fft(x) ** 2))",
    "np.real(np.vdot(np.fft.fft(x), np.fft.fft(x * x)))",
    "np.linalg.norm(np.fft.fft(x))",
    "np.sum(np.log(np.abs(np.fft.rfft(x)) ** 2 + 1e-3))",
    "np.abs(np.fft.fftshift(np.fft.fft(x)))",
    "np.fft.fftshift(x) * np.fft.ifftshift(x)",
    "np.mean(np.fft.fft(x)).real + np.fft.fft(x).sum().imag",
    "np.var(np.fft.fft(x)) + np.std(np.fft.rfft(x))",
    "z = np.fft.fft(x)\nz[2:4] = 0.0\nreturn np.fft.ifft(z).real",
    "z = np.fft.rfft(x)\nmask = np.arange(len(z)) < 2\nreturn np.fft.irfft(np.where(mask, z, 0.0), 6)",
    "z = np.fft.fft(x)\nreturn z.real * z.imag",
    "z = np.fft.fft(x)\nreturn (z * z.conj()).real",
    "z = np.fft.fft(x)\nreturn np.abs(z[np.array([0, 2, 2])])",
    "z = np.fft.fft(x).reshape(2, 3)\nreturn np.real(z @ z.T)",
    "z = np.fft.rfft(x)\nreturn np.cumsum(np.concatenate([z, np.conj(z[1:])])).imag",
    "s = 0.0\nfor w in np.fft.rfft(x):\n    s = s + abs(w) * w.real\nreturn s",
)
add((A,), "np.fft.fftshift(x, axes=1)", "np.abs(np.fft.fft(x, axis=0) @ np.fft.fft(x.T, axis=1))")
add((X5, 0.7), "np.fft.fftfreq(5, y) * x", "np.fft.rfftfreq(8, d=y * y) * x", "np.abs(np.fft.fft(x * np.exp(1j * y)))")
add((X5.astype(f32),), "np.abs(np.fft.fft(x)) ** 2", "np.fft.irfft(np.fft.rfft(x), 5)", "np.fft.fft2(x[None, :]).real")
