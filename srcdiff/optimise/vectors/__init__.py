"""Innermost loops in a shape in which a compiler takes several trips at a time, for Numba."""

from .loops import in_vectors

__all__ = ["in_vectors"]
