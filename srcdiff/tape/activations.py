"""Elementwise functions that NumPy has not, with their rules: relu, sigmoid, softplus.

They are in the registry like all others. The derivative of `relu` at 0 is 0, as in torch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..rules.points import call, over, reals
from ..rules.registry import partials


def relu(x: Any) -> Any:
    """The positive part: `x` where it is above 0, else 0.

    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.maximum(x, 0.0)


def sigmoid(x: Any) -> Any:
    """`1 / (1 + exp(-x))`, without overflow.

    >>> sigmoid(0.0), sigmoid(-1000.0)
    (0.5, 0.0)
    """
    if type(x) is float:
        if x >= 0.0:
            return 1.0 / (1.0 + math.exp(-x))
        e = math.exp(x)
        return e / (1.0 + e)
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def softplus(x: Any) -> Any:
    """`log(1 + exp(x))`, without overflow.

    >>> softplus(0.0) == math.log(2.0), softplus(1000.0)
    (True, 1000.0)
    """
    if type(x) is float:
        return max(x, 0.0) + math.log1p(math.exp(-abs(x)))
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


@partials(relu, points=over((0.1, 2)) + call(reals(3, low=-2.0, high=-0.1)))
def relu_rule(y: Any, x: Any) -> Any:
    return np.where(y > 0.0, 1.0, 0.0)


@partials(sigmoid, points=over((-2, 2)))
def sigmoid_rule(y: Any, x: Any) -> Any:
    return y * (1.0 - y)


@partials(softplus, points=over((-2, 2)))
def softplus_rule(y: Any, x: Any) -> Any:
    return sigmoid(x)
