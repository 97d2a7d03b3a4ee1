"""From a core program to its derivative program."""

from .forward import forward
from .request import Derived, Request, docstring
from .reverse import reverse

__all__ = ["Derived", "Request", "docstring", "forward", "reverse"]
