"""One particle in a potential: split steps between place and momentum, by Fourier transforms of a complex wave."""

import numpy as np


def split_step(psi0, v, dt):
    k = 2.0 * np.pi * np.fft.fftfreq(len(psi0))
    half = np.exp(-0.5j * dt * v)
    kinetic = np.exp(-0.5j * dt * k**2)
    psi = psi0 + 0j
    for _ in range(3):
        psi = half * np.fft.ifft(kinetic * np.fft.fft(half * psi))
    return np.sum(v * np.abs(psi) ** 2)


ARGS = (np.array([0.1, 0.7, 1.0, 0.6, -0.2]), np.array([1.0, 0.2, 0.0, 0.3, 0.9]), 0.2)
