"""What a function may use from outside as a number or an array: the kinds that its arguments may have, too."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import UnsupportedCall, UnsupportedType
from ..ir.nodes import Object
from ..rules.typing import TypeProblem


def check_captured(value: np.ndarray[Any, Any], e: Object) -> None:
    """Refuse arrays whose elements or operators are none that derivatives are written for."""
    if type(value) is not np.ndarray:
        raise TypeProblem(
            UnsupportedCall,
            f"the captured `{e.text}` is a {type(value).__name__}",
            "subclasses of arrays give operators other meanings",
            "capture np.asarray(...) of it",
            e.at,
        )
    size = value.dtype.itemsize // (2 if value.dtype.kind == "c" else 1)
    if value.dtype.kind not in "iubfc" or (value.dtype.kind in "fc" and size not in (4, 8)):
        raise TypeProblem(
            UnsupportedType,
            f"the captured `{e.text}` is an array of {value.dtype}",
            "derivatives are written for float64 and float32, beside integers and truth values",
            "capture `.astype(np.float64)` of it",
            e.at,
        )
