"""Softmax, its logarithm, and the losses of classes: by kernels that go through the rows once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BadArgument
from . import arithmetic, elementwise, kernels
from .losses import as_tensor, check_reduction, recorded_value, reduced
from .record import ABOUT, About
from .tensor import Tensor, plain


def softmax(input: Any, dim: int = -1) -> Tensor:
    """`exp(x) / sum(exp(x))` along `dim`, without overflow.

    >>> softmax([0.0, 1000.0])
    tensor([0., 1.])
    """
    x = as_tensor(input)
    y = kernels.softmax(np.asarray(x._v), dim)
    return recorded_value(x, y[()], _softmax_back, (y, dim))


def _softmax_back(g: Any, saved: Any) -> Any:
    y, dim = saved
    return kernels.softmax_back(np.broadcast_to(g, y.shape), y, dim)


def _softmax_again(g: Any, saved: Any) -> Any:
    y, dim = saved
    return y * (g - (g * y).sum(dim, keepdim=True))


ABOUT[_softmax_back] = About("SoftmaxBackward0", _softmax_again, operands=(-1, None))


def log_softmax(input: Any, dim: int = -1) -> Tensor:
    """`log(softmax(x))` along `dim`, without overflow or cancellation.

    >>> log_softmax([0.0, 1000.0])
    tensor([-1000.,     0.])
    """
    x = as_tensor(input)
    y = kernels.log_softmax(np.asarray(x._v), dim)
    return recorded_value(x, y[()], _log_softmax_back, (y, dim))


def _log_softmax_back(g: Any, saved: Any) -> Any:
    y, dim = saved
    g = np.broadcast_to(g, y.shape)
    return g - np.exp(y) * np.sum(g, axis=dim, keepdims=True)


def _log_softmax_again(g: Any, saved: Any) -> Any:
    y, dim = saved
    return g - y.exp() * g.sum(dim, keepdim=True)


ABOUT[_log_softmax_back] = About("LogSoftmaxBackward0", _log_softmax_again, operands=(-1, None))


# ---------------------------------------------------------------------------------------------------- losses of classes


def _check_classes(x: Tensor, classes: Any, ignore_index: int) -> None:
    if classes.dtype.kind not in "iu":
        raise BadArgument(f"the targets are numbers of classes: a tensor of int64, not of {classes.dtype}")
    if x.ndim not in (1, 2) or classes.shape != x.shape[:-1]:
        raise BadArgument(f"input of shape {x.shape} needs a target of shape {x.shape[:-1]}, got {classes.shape}")
    bad = (classes != ignore_index) & ((classes < 0) | (classes >= x.shape[-1]))
    if np.any(bad):
        raise IndexError(f"target {classes[bad].flat[0]} is out of bounds: there are {x.shape[-1]} classes")


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Tensor:
    """Minus the log-probability of the target class, of log-probabilities of shape (classes,) or (rows, classes).

    `weight` is one number for each class; targets equal to `ignore_index` count for nothing.

    >>> import math
    >>> nll_loss([[math.log(0.5), math.log(0.5)]], [1])
    tensor(0.6931)
    """
    check_reduction(reduction)
    x, classes = as_tensor(input), np.asarray(plain(target))
    _check_classes(x, classes, ignore_index)
    counted = classes != ignore_index
    safe = np.where(counted, classes, 0)
    weights = np.where(counted, 1.0 if weight is None else np.asarray(plain(weight))[safe], 0.0).astype(x.dtype)
    rows = x[np.arange(len(classes)), safe] if classes.ndim else x[int(safe)]  # type: ignore[index]
    loss = rows * -weights
    return loss.sum() / float(np.sum(weights)) if reduction == "mean" else reduced(loss, reduction)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy of `softmax(input)` with classes (whole numbers) or with probabilities, from the logits.

    >>> cross_entropy([[0.0, 0.0], [1000.0, 0.0]], [1, 0], reduction="none")
    tensor([0.6931, 0.    ])
    """
    check_reduction(reduction)
    x, classes = as_tensor(input), np.asarray(plain(target))
    if classes.dtype.kind == "f" or label_smoothing or weight is not None or x.ndim != 2:
        return _general_entropy(x, target, weight, ignore_index, reduction, label_smoothing)
    _check_classes(x, classes, ignore_index)
    counted = classes != ignore_index
    safe = np.where(counted, classes, 0)
    losses, logs = kernels.cross_entropy(x._v, safe)
    scale = counted.astype(x.dtype)
    if reduction == "mean":
        scale = scale / scale.sum()
    value = losses * scale if reduction == "none" else np.sum(losses * scale)
    return recorded_value(x, value, _entropy_back, (x._v, logs, safe, scale))


def _entropy_back(g: Any, saved: Any) -> Any:
    _, logs, classes, scale = saved
    return kernels.cross_entropy_back(np.asarray(g * scale), logs, classes)


def _entropy_again(g: Any, saved: Any) -> Any:
    x, _, classes, scale = saved
    hot = np.zeros(x.shape, x.dtype)
    hot[np.arange(len(classes)), classes] = 1.0
    return (g * scale).unsqueeze(-1) * (softmax(x, -1) - hot)


ABOUT[_entropy_back] = About("NllLossBackward0", _entropy_again, operands=(0, None, None, None))


def _general_entropy(
    x: Tensor, target: Any, weight: Any, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """Of probabilities, of smoothed labels, and with weights."""
    logs, t, n = log_softmax(x, -1), plain(target), x.shape[-1]
    w = np.ones(n) if weight is None else np.asarray(plain(weight))
    classes = np.asarray(t)
    if classes.dtype.kind == "f":
        wanted = as_tensor(target)
        if smoothing:
            wanted = arithmetic.add(arithmetic.mul(wanted, 1.0 - smoothing), smoothing / n)
        rows = elementwise.neg(arithmetic.mul(logs, arithmetic.mul(wanted, w)).sum(-1))
        return reduced(rows, reduction)
    rows = nll_loss(logs, classes, weight, ignore_index, "none")
    counted = classes != ignore_index
    total = float(np.sum(np.where(counted, w[np.where(counted, classes, 0)], 0.0)))
    if smoothing:
        spread = arithmetic.mul(arithmetic.mul(logs, w).sum(-1), -counted.astype(x.dtype)[()] * smoothing / n)
        rows = arithmetic.add(arithmetic.mul(rows, 1.0 - smoothing), spread)
    return rows.sum() / total if reduction == "mean" else reduced(rows, reduction)
