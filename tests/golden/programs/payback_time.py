"""When does an investment pay for itself? A return from inside the loop."""

import numpy as np


def payback_time(cost, flows, rate):
    owed = cost
    for year in range(len(flows)):
        owed = owed * (1.0 + rate)
        if flows[year] > owed:
            return year + owed / flows[year]
        owed = owed - flows[year]
    return len(flows) + owed / cost


ARGS = (100.0, np.array([20.0, 45.0, 60.0, 30.0]), 0.05)
ALSO = ((300.0, np.array([20.0, 45.0, 60.0, 30.0]), 0.05),)
