"""srcdiff: an ahead-of-time differentiator for Python and NumPy code that writes the derivative as readable source."""

from . import errors
from .api import Derivative, grad, source, value_and_grad, vjp
from .pushforward import grad_and_hvp, hvp, jvp

__version__ = "0.1.0"

__all__ = ["Derivative", "errors", "grad", "grad_and_hvp", "hvp", "jvp", "source", "value_and_grad", "vjp"]
