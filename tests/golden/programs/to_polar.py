"""Radius and angle of a point: a result of two parts, with its pullback."""

import math


def to_polar(x, y):
    return math.hypot(x, y), math.atan2(y, x)


FORM = "vjp"
ARGS = (0.8, -0.3)
