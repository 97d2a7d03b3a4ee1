"""From a core program to its derivative program."""

from .reverse import Derived, Request, docstring, reverse

__all__ = ["Derived", "Request", "docstring", "reverse"]
