"""No temporaries: every step's Laplacian is made where it is kept, and the sweep back has one array of its own."""

import numpy as np


def value_and_grad(u, alpha, steps):
    u = u.copy()
    rows, columns = u.shape
    kept = np.empty((steps, rows - 2, columns - 2))
    work = np.empty((rows - 2, columns - 2))
    inside = u[1:-1, 1:-1]
    for laplacian in kept:
        np.add(u[:-2, 1:-1], u[2:, 1:-1], out=laplacian)
        laplacian += u[1:-1, :-2]
        laplacian += u[1:-1, 2:]
        np.multiply(4.0, inside, out=work)
        laplacian -= work
        np.multiply(alpha, laplacian, out=work)
        inside += work
    value = np.vdot(u, u)

    u *= 2.0
    alpha_bar = 0.0
    for laplacian in kept[::-1]:
        np.copyto(work, inside)
        alpha_bar += np.vdot(laplacian, work)
        work *= alpha
        inside *= 1.0 - 4.0 * alpha
        u[:-2, 1:-1] += work
        u[2:, 1:-1] += work
        u[1:-1, :-2] += work
        u[1:-1, 2:] += work
    return value, u, alpha_bar
