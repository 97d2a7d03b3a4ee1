"""srcdiff: an ahead-of-time differentiator for Python and NumPy code that writes the derivative as readable source."""

from . import cache, errors, memory
from .api import (
    Derivative,
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
from .profiling import profile
from .runtime import adjoint_of, checkpoint, checkpointed, stop_gradient

__version__ = "0.1.0"

__all__ = [
    "Derivative",
    "SrcdiffWarning",
    "adjoint_of",
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
