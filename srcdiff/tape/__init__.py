"""The eager runtime: tensors that record their operations, and `backward`, with PyTorch's names on NumPy arrays.

>>> from srcdiff import tape
>>> x = tape.arange(4.0, requires_grad=True)
>>> y = 2 * tape.dot(x, x)
>>> y.backward()
>>> x.grad
tensor([ 0.,  4.,  8., 12.])

A tensor wraps a NumPy array (or a number); operations on tensors that need a gradient are recorded; `backward` goes
through the records from the last one to the first. The derivatives are those of srcdiff's registry of rules.
"""

from typing import Any

import numpy as np

from . import functional, protocols  # noqa: F401 (NumPy's functions come to the tape by its import)
from .anomaly import detect_anomaly
from .apply import apply
from .arithmetic import add, div, mul, sub
from .backward import backward, grad
from .checking import gradcheck
from .checkpoint import checkpoint
from .creation import (
    arange,
    as_tensor,
    empty,
    eye,
    from_numpy,
    full,
    linspace,
    manual_seed,
    ones,
    ones_like,
    rand,
    randn,
    randn_like,
    tensor,
    zeros,
    zeros_like,
)
from .drawing import graph
from .elementwise import (
    abs,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    ceil,
    clamp,
    cos,
    cosh,
    eq,
    exp,
    exp2,
    expm1,
    floor,
    floor_divide,
    ge,
    gt,
    isfinite,
    isinf,
    isnan,
    le,
    log,
    log1p,
    log2,
    log10,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    lt,
    maximum,
    minimum,
    ne,
    neg,
    pow,
    reciprocal,
    relu,
    remainder,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
    trunc,
    where,
)
from .elementwise import round_ as round
from .function import Function, once_differentiable
from .hooks import Handle
from .indexing import index_select, select
from .modes import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from .nodes import GradFunction
from .pulling import pullback
from .reductions import (
    all,
    any,
    argmax,
    argmin,
    argsort,
    cumprod,
    cumsum,
    max,
    mean,
    min,
    norm,
    prod,
    sort,
    std,
    sum,
    var,
)
from .shaping import (
    cat,
    chunk,
    clone,
    dot,
    einsum,
    flatten,
    matmul,
    outer,
    permute,
    reshape,
    split,
    squeeze,
    stack,
    t,
    transpose,
    unbind,
    unsqueeze,
)
from .tensor import Tensor

float32, float64, int64 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int64)
bool = np.dtype(np.bool_)
concatenate, mm, mv, multiply, subtract, divide = cat, matmul, matmul, mul, sub, div


__all__ = [
    "Function",
    "GradFunction",
    "Handle",
    "Tensor",
    "abs",
    "acos",
    "acosh",
    "add",
    "all",
    "any",
    "apply",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "as_tensor",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "backward",
    "bool",
    "cat",
    "ceil",
    "checkpoint",
    "chunk",
    "clamp",
    "clone",
    "concatenate",
    "cos",
    "cosh",
    "cumprod",
    "cumsum",
    "detect_anomaly",
    "div",
    "divide",
    "dot",
    "einsum",
    "empty",
    "enable_grad",
    "eq",
    "exp",
    "exp2",
    "expm1",
    "eye",
    "flatten",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "from_numpy",
    "full",
    "functional",
    "ge",
    "grad",
    "gradcheck",
    "graph",
    "gt",
    "index_select",
    "inference_mode",
    "int64",
    "is_grad_enabled",
    "is_tensor",
    "isfinite",
    "isinf",
    "isnan",
    "le",
    "linspace",
    "log",
    "log1p",
    "log2",
    "log10",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "manual_seed",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mm",
    "mul",
    "multiply",
    "mv",
    "ne",
    "neg",
    "no_grad",
    "norm",
    "once_differentiable",
    "ones",
    "ones_like",
    "outer",
    "permute",
    "pow",
    "prod",
    "pullback",
    "rand",
    "randn",
    "randn_like",
    "reciprocal",
    "relu",
    "remainder",
    "reshape",
    "round",
    "select",
    "set_grad_enabled",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "sub",
    "subtract",
    "sum",
    "t",
    "tan",
    "tanh",
    "tensor",
    "transpose",
    "trunc",
    "unbind",
    "unsqueeze",
    "var",
    "where",
    "zeros",
    "zeros_like",
]


def is_tensor(value: Any) -> Any:
    """Whether a value is a Tensor."""
    return type(value) is Tensor


def __getattr__(name: str) -> Any:
    """`from_source` stands above this package, on srcdiff's derivatives: it is loaded when it is asked for."""
    if name == "from_source":
        import importlib

        return importlib.import_module("srcdiff.from_source").from_source
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
