"""Activations and losses under torch's names, numerically stable. `reduction` is "mean", "sum" or "none"."""

from __future__ import annotations

from typing import Any

from . import arithmetic, elementwise
from .entropies import cross_entropy, log_softmax, nll_loss, softmax
from .losses import binary_cross_entropy, binary_cross_entropy_with_logits, l1_loss, mse_loss
from .shaping import matmul, transpose
from .tensor import Tensor

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "l1_loss",
    "linear",
    "log_softmax",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]

relu, sigmoid, tanh, softplus = elementwise.relu, elementwise.sigmoid, elementwise.tanh, elementwise.softplus


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """`input @ weight.T + bias`.

    >>> linear([1.0, 2.0], [[1.0, 1.0], [0.0, 1.0]], [0.5, 0.0])
    tensor([3.5, 2. ])
    """
    found: Tensor = matmul(input, transpose(weight))
    return found if bias is None else arithmetic.add(found, elementwise.as_operand(bias))
