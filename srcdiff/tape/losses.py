"""Losses that compare numbers one by one, each a record of its own together with its reduction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import BadArgument
from . import arithmetic, elementwise
from .activations import sigmoid
from .arithmetic import constant
from .fitting import fit
from .record import ABOUT, About
from .recording import recorded
from .retracing import fit_again
from .tensor import Tensor, canonical, made, plain


def as_tensor(x: Any) -> Tensor:
    """The tensor itself, or a constant."""
    return x if type(x) is Tensor else constant(x)


def recorded_value(x: Tensor, value: Any, back: Any, saved: Any) -> Tensor:
    """A result with a record of its own, of one operand."""
    value = canonical(value)
    return made(value, None if x._node is None else recorded(back, x._node, saved, value))


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The mean or sum of losses, or the losses themselves."""
    check_reduction(reduction)
    if reduction == "mean":
        return loss.mean()  # type: ignore[attr-defined, no-any-return]
    return loss.sum() if reduction == "sum" else loss  # type: ignore[attr-defined]


def check_reduction(reduction: str) -> None:
    """Refuse a reduction that there is not."""
    if reduction not in ("mean", "sum", "none"):
        raise BadArgument(f"{reduction} is not a valid value for reduction: it is 'mean', 'sum' or 'none'")


def _elementwise_loss(name: str, loss: Callable[..., Any], slope: Callable[..., Any]) -> Any:
    """`loss(x, t, factor)` of arrays and its slope in `x`, as a function of a tensor and constants."""

    def back(g: Any, saved: Any) -> Any:
        x, t, factor, scale, shape = saved
        return fit(g * scale * slope(x, t, factor), shape)

    def again(g: Any, saved: Any) -> Any:
        x, t, factor, scale, shape = saved
        return fit_again(g * scale * slope(x, t, factor), shape)

    ABOUT[back] = About(f"{name}Backward0", again, operands=(0, None, None, None, None))

    def call(x: Tensor, target: Any, weight: Any, reduction: str, factor: Any = 1.0) -> Tensor:
        check_reduction(reduction)
        v, t = np.asarray(x._v), np.asarray(plain(target))
        losses = loss(v, t, factor)
        scale = 1.0 if weight is None else np.asarray(plain(weight), v.dtype)
        losses = losses if weight is None else losses * scale
        if reduction == "mean":
            scale = scale / np.size(losses)
        value = losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()
        return recorded_value(x, np.asarray(value)[()], back, (x._v, t, factor, scale, x.shape))

    return call


_squared = _elementwise_loss("MseLoss", lambda x, t, _: (x - t) ** 2, lambda x, t, _: 2.0 * (x - t))
_distance = _elementwise_loss("L1Loss", lambda x, t, _: np.abs(x - t), lambda x, t, _: np.sign(x - t))


def _difference(function: Any, input: Any, target: Any, reduction: str) -> Tensor:
    x, t = as_tensor(input), as_tensor(target)
    if t._node is None:
        found: Tensor = function(x, t, None, reduction)
        return found
    apart = arithmetic.sub(x, t)
    return function(apart, 0.0, None, reduction)  # type: ignore[no-any-return]


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """The squared differences.

    >>> mse_loss([1.0, 2.0], [1.0, 4.0])
    tensor(2.)
    """
    return _difference(_squared, input, target, reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """The absolute differences.

    >>> l1_loss([1.0, 2.0], [1.0, 4.0], reduction="sum")
    tensor(2.)
    """
    return _difference(_distance, input, target, reduction)


# ----------------------------------------------------------------------------------------------------- probabilities


def _log(p: Any) -> Any:
    """The logarithm of a probability, not below -100, as in torch."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), -100.0)


_entropy = _elementwise_loss(
    "BinaryCrossEntropy",
    lambda p, t, _: -(t * _log(p) + (1.0 - t) * _log(1.0 - p)),
    lambda p, t, _: (p - t) / np.maximum(p * (1.0 - p), 1e-12),
)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Tensor:
    """`-(t log p + (1 - t) log(1 - p))` of probabilities; logarithms are not below -100, as in torch.

    >>> binary_cross_entropy([0.5, 0.5], [0.0, 1.0])
    tensor(0.6931)
    """
    p, t = as_tensor(input), as_tensor(target)
    v = np.asarray(p._v)
    if np.any((v < 0.0) | (v > 1.0)):
        raise BadArgument("all elements of input should be between 0 and 1")
    if t.shape != p.shape:
        raise BadArgument(f"target size ({t.shape}) must be the same as input size ({p.shape})")
    if t._node is None:
        found: Tensor = _entropy(p, t, weight, reduction)
        return found
    one, other = (elementwise.clamp(elementwise.log(q), min=-100.0) for q in (p, arithmetic.sub(1.0, p)))
    loss = elementwise.neg(arithmetic.add(arithmetic.mul(t, one), arithmetic.mul(arithmetic.sub(1.0, t), other)))
    return reduced(loss if weight is None else arithmetic.mul(loss, weight), reduction)


_logits = _elementwise_loss(
    "BinaryCrossEntropyWithLogits",
    lambda x, t, f: (1.0 - t) * x + f * (np.maximum(-x, 0.0) + np.log1p(np.exp(-np.abs(x)))),
    lambda x, t, f: f * (elementwise.sigmoid(x) if type(x) is Tensor else sigmoid(x)) - f + (1.0 - t),
)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Tensor:
    """The binary cross entropy of `sigmoid(input)`, from the logits themselves: no overflow, no loss of digits.

    `(1 - t) x + f log(1 + exp(-x))` with `f = 1 + (pos_weight - 1) t`: `pos_weight` counts positive targets more.

    >>> binary_cross_entropy_with_logits([1000.0, -1000.0], [1.0, 0.0])
    tensor(0.)
    """
    x, t = as_tensor(input), as_tensor(target)
    if x.shape != t.shape:
        raise BadArgument(f"target size ({t.shape}) must be the same as input size ({x.shape})")
    if t._node is None:
        factor = 1.0 if pos_weight is None else 1.0 + (np.asarray(plain(pos_weight)) - 1.0) * np.asarray(t._v)
        found: Tensor = _logits(x, t, weight, reduction, factor)
        return found
    rest = arithmetic.mul(arithmetic.sub(1.0, t), x)
    positive = elementwise.softplus(elementwise.neg(x))
    if pos_weight is not None:
        more = arithmetic.sub(as_tensor(pos_weight), 1.0)
        positive = arithmetic.mul(arithmetic.add(arithmetic.mul(t, more), 1.0), positive)
    loss = arithmetic.add(rest, positive)
    return reduced(loss if weight is None else arithmetic.mul(loss, weight), reduction)
