"""A signal through a filter of its real spectrum, against a target."""

import numpy as np


def smoothed_spectrum(x, gain, target):
    spectrum = gain * np.fft.rfft(x)
    residual = np.fft.irfft(spectrum, len(x)) - target
    return 0.5 * np.sum(residual**2)


ARGS = (np.array([0.3, -0.7, 1.1, 0.4, -0.2]), np.array([1.0, 0.6, 0.2]), np.array([0.1, -0.2, 0.4, 0.3, 0.0]))
WRT = (0, 1)
