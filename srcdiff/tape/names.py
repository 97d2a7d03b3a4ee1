"""What an operation is called in `grad_fn`: torch's names where torch has the operation."""

from __future__ import annotations

from typing import Any

import numpy as np

_TORCH: dict[Any, str] = {
    np.subtract: "Sub",
    np.multiply: "Mul",
    np.true_divide: "Div",
    np.negative: "Neg",
    np.power: "Pow",
    np.float_power: "Pow",
    np.square: "Pow",
    np.absolute: "Abs",
    np.conjugate: "Clone",
    np.concatenate: "Cat",
    np.transpose: "Permute",
    np.ndarray.T: "T",
    np.reshape: "View",
    np.expand_dims: "Unsqueeze",
    np.copy: "Clone",
    np.clip: "ClampBackward1",
    np.mod: "Remainder",
    np.arctan2: "Atan2",
    np.arcsin: "Asin",
    np.arccos: "Acos",
    np.arctan: "Atan",
    np.take_along_axis: "Gather",
    np.linalg.norm: "LinalgVectorNorm",
    np.linalg.inv: "LinalgInvEx",
    np.linalg.solve: "LinalgSolveEx",
    np.linalg.det: "LinalgDet",
}


def name_of(function: Any) -> str:
    """`MulBackward0` for `np.multiply`."""
    known = _TORCH.get(function)
    if known is None:
        text = getattr(function, "__name__", type(function).__name__)
        known = "".join(part[:1].upper() + part[1:] for part in text.split("_"))
    return known if known[-1].isdigit() else f"{known}Backward0"
