"""What loops that run on several cores need."""

from __future__ import annotations

from typing import Any

from .errors import TripFailed

FAILED = (
    "an exception has ended a trip of a loop that runs in parallel, most likely an index that does not fit its array; "
    "without `parallel` the error itself is raised"
)


def check_finished(finished: Any) -> None:
    """Raise TripFailed if an exception, which is lost in compiled code, has kept a chunk of a loop from its end."""
    if not finished.all():
        raise TripFailed(FAILED)
