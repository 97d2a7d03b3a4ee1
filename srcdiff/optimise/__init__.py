"""The derivative program made short: dead statements, needless arrays, names; and its functions put together."""

from __future__ import annotations

from .amounts import Sized
from .linking import linked, missing
from .parallel import Parallel
from .passes import Target, optimise

__all__ = ["Parallel", "Sized", "Target", "linked", "missing", "optimise"]
