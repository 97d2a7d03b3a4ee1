"""What loops that run on several cores need."""

from __future__ import annotations

from typing import Any

from srcdiff import runtime
from srcdiff.errors import TripFailed
from srcdiff.runtime_parallel import FAILED

from .register import implements


@implements(runtime.check_finished)
def check_finished(finished: Any) -> Any:  # noqa: ARG001 (Numba asks for the types of all arguments)
    def implementation(finished: Any) -> None:
        for one in finished:
            if not one:
                raise TripFailed(FAILED)

    return implementation


@implements(runtime.stacks)
def stacks(count: Any, example: Any) -> Any:  # noqa: ARG001 (Numba asks for the types of all arguments)
    def implementation(count: Any, example: Any) -> Any:
        found = [[example] for _ in range(count)]
        for one in found:
            one.pop()
        return found

    return implementation
