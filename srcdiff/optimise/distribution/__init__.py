"""Loops that become several ones, for Numba."""

from .loops import apart

__all__ = ["apart"]
