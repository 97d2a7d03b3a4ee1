"""srcdiff: an ahead-of-time differentiator for Python and NumPy code that writes the derivative as readable source."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import errors, memory
from .api import (
    Derivative,
    batch_jacobian,
    elementwise_grad,
    grad,
    grad_and_hvp,
    hessian,
    hvp,
    jacobian,
    jvp,
    source,
    sparsity,
    value_and_grad,
    value_and_jacobian,
    vjp,
)
from .debugging import debug_nans
from .errors import SrcdiffWarning
from .kinks import debug_kinks
from .opaque.marks import dynamic
from .runtime import adjoint_of, checkpoint, checkpointed, stop_gradient

if TYPE_CHECKING:
    from . import cache
    from .profiling import profile

__version__ = "0.1.0"

__all__ = [
    "Derivative",
    "SrcdiffWarning",
    "adjoint_of",
    "batch_jacobian",
    "cache",
    "checkpoint",
    "checkpointed",
    "debug_kinks",
    "debug_nans",
    "dynamic",
    "elementwise_grad",
    "errors",
    "grad",
    "grad_and_hvp",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "memory",
    "profile",
    "source",
    "sparsity",
    "stop_gradient",
    "value_and_grad",
    "value_and_jacobian",
    "vjp",
]


def __getattr__(name: str) -> Any:
    """What few programs use is imported when it is asked for."""
    if name == "profile":
        from .profiling import profile

        return profile
    if name == "cache":
        return import_module(".cache", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
