"""Where a derivative spends its time and its memory, by the lines of the user's program: see `measure`."""

from .measure import profile
from .report import Line, Profile

__all__ = ["Line", "Profile", "profile"]
