"""Array statements as loop nests, for Numba."""

from .lower import lowered

__all__ = ["lowered"]
