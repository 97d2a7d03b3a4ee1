"""Variables that hold None until they are given a number or an array."""

import numpy as np

from .registry import case, draw


@case(args=(np.array([0.3, 0.5, 0.9]),), second=True)
def best_point(x):
    """The idiom of optimisation code."""
    best = None
    best_cost = 0.0
    for k in range(4):
        cost = np.sum((x - 0.3 * k) ** 2)
        if best is None or cost < best_cost:
            best = x.copy() * (k + 1)
            best_cost = cost
    return np.sum(best * x) * best_cost


@case(args=(draw(4),), also=((draw(1),),), second=True)
def least(x):
    """The value itself is compared."""
    best = None
    for v in x:
        if best is None or v < best:
            best = v * v - 1.0
    return best * best


@case(args=(np.array([0.3, 0.45, 0.9]),), also=((np.zeros(0),),), second=True)
def both_at_once(x):
    best, cost = None, np.inf
    for v in x:
        c = (v - 0.4) ** 2
        if c < cost:
            best, cost = x * v, c
    if best is None:
        return 0.0
    return np.sum(best)


@case(args=(draw(4),), also=((draw(1),),), second=True)
def differences(x):
    last = None
    s = 0.0
    for v in x:
        if last is not None:
            s += (v - last) ** 2
        last = v
    return s


@case(args=(draw(4),), second=True)
def first_or_mixed(x):
    u = None
    for v in x:
        u = v if u is None else 0.5 * u + v * v
    return u


@case(args=(np.array([0.3, 0.5, 0.9]),), second=True)
def searched(x):
    m = None
    k = 0
    while m is None:
        if x[k] > 0.4:
            m = x[k] * x
        k += 1
    assert m is not None
    return np.sum(m * m)


def products(x):
    previous, s = None, 0.0
    for v in x:
        if previous is not None and v > previous:
            s += v * previous
        previous = v
    return s


@case(args=(np.array([0.3, 0.5, 0.9]),), second=True)
def in_a_helper(x):
    return products(x) * products(x * x)


@case(args=(np.array([0.3, 0.8, 0.9, -0.2]),), second=True)
def updated(x):
    best = None
    for v in x:
        if v > 0.0:
            if best is None:
                best = v
            elif v * v > best:
                best += v * v
    return best


@case(args=(draw(5),), second=True)
def forgotten_again(x):
    """None is assigned on the way, too."""
    held, s = None, 0.0
    for v in x:
        if held is None:
            held = v * v
        else:
            s += held * v
            held = None
    return s if held is None else s + held
