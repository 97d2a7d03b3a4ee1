"""What `logging` writes."""

from __future__ import annotations

import logging

from .outputs import tells

_LEVELS = ("debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log")

tells(logging, *_LEVELS)
tells(logging.Logger, *_LEVELS)
