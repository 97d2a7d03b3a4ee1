"""The derivative program made short: dead statements, needless arrays, names; and its functions put together."""

from __future__ import annotations

from .linking import linked, missing
from .passes import optimise

__all__ = ["linked", "missing", "optimise"]
