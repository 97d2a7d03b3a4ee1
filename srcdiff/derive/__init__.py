"""From a core program to its derivative program."""

from .reverse import Request, reverse

__all__ = ["Request", "reverse"]
