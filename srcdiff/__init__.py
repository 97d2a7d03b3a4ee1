"""srcdiff: an ahead-of-time differentiator for Python and NumPy code that writes the derivative as readable source."""

from . import errors
from .api import Derivative, grad, grad_and_hvp, hvp, jvp, source, value_and_grad, vjp

__version__ = "0.1.0"

__all__ = ["Derivative", "errors", "grad", "grad_and_hvp", "hvp", "jvp", "source", "value_and_grad", "vjp"]
