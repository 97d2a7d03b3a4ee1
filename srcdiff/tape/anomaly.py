"""`detect_anomaly`: where the first NaN comes from."""

from __future__ import annotations

from typing import Self

from .modes import Within
from .recording import forget


class detect_anomaly:  # noqa: N801 (torch's name)
    """In this block a NaN in the backward pass is an error, which names the operation and the user's line.

    Where a NaN occurred in the forward pass already, the error names the line that made the first one.

    >>> import numpy as np
    >>> from srcdiff import tape
    >>> x = tape.tensor(0.0, requires_grad=True)
    >>> with tape.detect_anomaly(), np.errstate(all="ignore"):
    ...     try:
    ...         (x.sqrt() * 0.0).backward()
    ...     except RuntimeError as error:
    ...         print(str(error).split(";")[0])
    Function 'SqrtBackward0' returned nan values
    """

    def __init__(self) -> None:
        self._within: list[Within] = []

    def __enter__(self) -> Self:
        forget()
        block = Within("anomaly", True)
        block.__enter__()
        self._within.append(block)
        return self

    def __exit__(self, *error: object) -> None:
        self._within.pop().__exit__(*error)
        forget()
