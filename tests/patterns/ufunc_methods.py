"""The methods of elementwise functions: reduce, accumulate and outer."""

from __future__ import annotations

from typing import Any

from . import real

CASES: list[tuple[str, tuple[Any, ...]]] = [
    (text, (real(3, 4),))
    for text in (
        "np.add.reduce(x)",
        "np.add.reduce(x,axis=1)",
        "np.add.reduce(x,axis=None)",
        "np.add.reduce(x,keepdims=True)",
        "np.multiply.reduce(x,axis=1)",
        "np.maximum.reduce(x)",
        "np.minimum.reduce(x,axis=(0,1))",
        "np.add.accumulate(x)",
        "np.add.accumulate(x,axis=1)",
        "np.multiply.accumulate(x,axis=1)",
        "np.multiply.accumulate(x)",
        "np.maximum.accumulate(x)",
        "np.maximum.accumulate(x,axis=1)",
        "np.minimum.accumulate(x,axis=1)",
        "np.multiply.outer(x[0],x[1])",
        "np.add.outer(x[0],x[1])",
        "np.subtract.outer(x[0],x[1])",
        "np.divide.outer(x[0],x[1])",
        "np.maximum.outer(x[0],x[1])",
        "np.power.outer(np.abs(x[0]),x[1])",
        "np.add.outer(x,x[0])",
        "np.add.outer(x,x)",
        "np.logaddexp.reduce(x)",
        "np.logaddexp.reduce(x,axis=1)",
        "np.hypot.reduce(x,axis=0)",
        "np.logical_and.reduce(x>0)*x",
        "np.logical_or.reduce(x>0,axis=1)*x[:,0]",
        "np.arctan2.outer(x[0],x[1])",
        "np.minimum.outer(x[0],x[1])",
        "np.greater.outer(x[0],x[1])*x[0]",
        "np.logaddexp.outer(x[0],x[1])",
        "np.hypot.outer(x[0],x[1])",
        "np.outer(x,x)",
        "np.multiply.outer(x[0,0],x[1])",
        "np.multiply.outer(2.0,x)",
        "np.bitwise_or.reduce(np.array([1,2]))*x",
    )
]
