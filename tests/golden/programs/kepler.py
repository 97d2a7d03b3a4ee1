"""Kepler's equation by Newton's method: a `while` that runs until the residual is small."""

import math


def kepler(mean_anomaly, eccentricity):
    e = mean_anomaly
    residual = eccentricity * math.sin(e)
    while abs(residual) > 1e-12:
        e = e + residual / (1.0 - eccentricity * math.cos(e))
        residual = mean_anomaly - e + eccentricity * math.sin(e)
    return e


ARGS = (0.8, 0.3)
