"""The kernels as loops for Numba. Imported when the first of them is compiled; kept in Numba's cache on disk."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

_jit = numba.njit(cache=True, error_model="numpy")


@_jit
def softmax(x: Any) -> Any:
    result = np.empty_like(x)
    for i in range(x.shape[0]):
        top = x[i, 0]
        for j in range(x.shape[1]):
            top = x[i, j] if x[i, j] > top or x[i, j] != x[i, j] else top
        total = 0.0 * top
        for j in range(x.shape[1]):
            result[i, j] = math.exp(x[i, j] - top)
            total += result[i, j]
        for j in range(x.shape[1]):
            result[i, j] /= total
    return result


@_jit
def softmax_back(g: Any, y: Any) -> Any:
    result = np.empty_like(y)
    for i in range(y.shape[0]):
        total = 0.0 * y[i, 0]
        for j in range(y.shape[1]):
            total += g[i, j] * y[i, j]
        for j in range(y.shape[1]):
            result[i, j] = y[i, j] * (g[i, j] - total)
    return result


@_jit
def log_softmax(x: Any) -> Any:
    result = np.empty_like(x)
    for i in range(x.shape[0]):
        top = x[i, 0]
        for j in range(x.shape[1]):
            top = x[i, j] if x[i, j] > top or x[i, j] != x[i, j] else top
        total = 0.0 * top
        for j in range(x.shape[1]):
            total += math.exp(x[i, j] - top)
        shift = top + math.log(total)
        for j in range(x.shape[1]):
            result[i, j] = (x[i, j] - top) - (shift - top)
    return result


@_jit
def cross_entropy(x: Any, classes: Any) -> Any:
    logs = log_softmax(x)
    losses = np.empty(len(classes), x.dtype)
    for i in range(len(classes)):
        losses[i] = 0.0 - logs[i, classes[i]]
    return losses, logs


@_jit
def cross_entropy_back(g: Any, logs: Any, classes: Any) -> Any:
    result = np.empty_like(logs)
    for i in range(logs.shape[0]):
        for j in range(logs.shape[1]):
            result[i, j] = math.exp(logs[i, j]) * g[i]
        result[i, classes[i]] -= g[i]
    return result


@_jit
def sum_rows(g: Any) -> Any:
    result = g[0].copy()
    for i in range(1, g.shape[0]):
        for j in range(g.shape[1]):
            result[j] += g[i, j]
    return result


@_jit
def add_rows(whole: Any, places: Any, g: Any) -> None:
    for i in range(len(places)):
        for j in range(g.shape[1]):
            whole[places[i], j] += g[i, j]


@_jit
def adam(
    p: Any, g: Any, m: Any, v: Any, beta1: float, beta2: float, step_size: float, root2: float, eps: float
) -> None:
    for i in range(len(p)):
        m[i] = beta1 * m[i] + (1.0 - beta1) * g[i]
        v[i] = beta2 * v[i] + (1.0 - beta2) * (g[i] * g[i])
        p[i] -= step_size * (m[i] / (math.sqrt(v[i]) / root2 + eps))


@_jit
def sgd(p: Any, g: Any, buffer: Any, lr: float, momentum: float, nesterov: bool) -> None:
    for i in range(len(p)):
        buffer[i] = momentum * buffer[i] + g[i]
        p[i] -= lr * (g[i] + momentum * buffer[i] if nesterov else buffer[i])
