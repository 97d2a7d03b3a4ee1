"""One border of a plate is set and its inside scaled, both written through views of it."""

import numpy as np


def heated_plate(plate, heat, loss):
    plate = plate.copy()
    edge = plate[:, 0]
    edge[:] = heat * edge * edge
    inside = plate[1:-1, 1:]
    inside *= 1.0 - loss
    return np.sum(plate * plate)


ARGS = (np.linspace(-1.0, 2.0, 16).reshape(4, 4), 0.7, 0.2)
