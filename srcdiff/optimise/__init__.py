"""The derivative program made short: dead statements, needless arrays, names; and its functions put together."""

from __future__ import annotations

from .linking import linked, missing
from .passes import Target, optimise

__all__ = ["Target", "linked", "missing", "optimise"]
