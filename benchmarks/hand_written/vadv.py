"""Levels first, so that a level is contiguous; what needs no order of the levels is done for all of them at once."""

import numpy as np


def value_and_grad(u, w, c):
    u = np.ascontiguousarray(np.moveaxis(u, 2, 0))
    a = c * np.moveaxis(w, 2, 0).copy()
    levels = len(u)
    pivot = np.empty_like(u)
    above = np.zeros_like(u)
    right = np.zeros_like(u)
    right[0] = u[0]
    rise = u[2:] - u[:-2]
    explicit = u[1:-1] - a[1:-1] * rise
    for k in range(1, levels - 1):
        pivot[k] = 1.0 + a[k] * above[k - 1]
        np.divide(a[k], pivot[k], out=above[k])
        right[k] = (explicit[k - 1] + a[k] * right[k - 1]) / pivot[k]
    out = np.empty_like(u)
    out[-1] = u[-1]
    for k in range(levels - 2, -1, -1):
        np.subtract(right[k], above[k] * out[k + 1], out=out[k])

    right_bar = 2.0 * out
    for k in range(levels - 1):
        right_bar[k + 1] -= above[k] * right_bar[k]
    above_bar = -out[1:] * right_bar[:-1]
    s = np.empty_like(explicit)
    t = np.empty_like(explicit)
    pivot_bar = np.empty_like(explicit)
    carried = np.empty_like(explicit)
    for k in range(levels - 2, 0, -1):
        np.divide(right_bar[k], pivot[k], out=s[k - 1])
        np.divide(above_bar[k], pivot[k], out=t[k - 1])
        np.multiply(a[k], s[k - 1], out=carried[k - 1])
        right_bar[k - 1] += carried[k - 1]
        np.subtract(-right[k] * s[k - 1], above[k] * t[k - 1], out=pivot_bar[k - 1])
        above_bar[k - 1] += a[k] * pivot_bar[k - 1]
    a_bar = np.zeros_like(u)
    a_bar[1:-1] = c * ((right[:-2] - rise) * s + t + above[:-2] * pivot_bar)
    u_bar = np.zeros_like(u)
    u_bar[0] = right_bar[0]
    u_bar[-1] = right_bar[-1]
    u_bar[1:-1] += s
    u_bar[2:] -= carried
    u_bar[:-2] += carried
    return np.vdot(out, out), np.moveaxis(u_bar, 0, 2), np.moveaxis(a_bar, 0, 2)
