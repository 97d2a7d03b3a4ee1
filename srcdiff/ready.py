"""How a derivative was asked for, and what runs for one combination of argument types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .build import Built
from .errors import BadArgument
from .jit_options import Jit
from .optimise import Sized
from .signature import fitted

Wrt = int | str | tuple[int | str, ...]
WHAT = {  # what each kind of derivative is called
    "grad": "gradient",
    "value": "value and gradient",
    "vjp": "pullback",
    "jvp": "value and tangent",
    "tangent": "tangent",
    "tangents": "tangents in many directions",
    "adjoints": "adjoints in many directions",
    "sparsity": "set of inputs",
}


@dataclass(frozen=True)
class Options:
    kind: str  # a key of WHAT
    wrt: Wrt
    jit: Jit | None  # how it is compiled; None for plain Python
    has_aux: bool
    quiet: bool = False  # without what the function prints
    fallback: str | None = None  # "tape": what is refused runs on the eager runtime

    def __post_init__(self) -> None:
        if not isinstance(self.has_aux, bool | np.bool_):
            raise BadArgument(f"has_aux is True or False, not {self.has_aux!r}")
        if self.fallback not in (None, "tape"):
            raise BadArgument(f"fallback is 'tape' or None, not {self.fallback!r}")


@dataclass(frozen=True, slots=True)
class Ready:
    """What runs for one combination of argument types. `refit` are the places of the arguments that generated code
    does not take as they are, `structured` says that some are structures, `loose` that a captured array is not taken
    as it is either, `plain` that the result is the gradient itself, or the value and the gradients. `gain` is that of
    loops on several cores, for the arguments of a call, if the code depends on it; `pays` says what for."""

    built: Built
    call: Callable[..., Any]
    captured: tuple[Any, ...]
    unchanged: Callable[[], bool]
    loose: bool = False
    refit: tuple[int, ...] = ()
    structured: bool = False
    written: bool = False
    plain: bool = False
    gain: Sized | None = None
    pays: bool = True
    shortcut: Callable[..., Any] | None = None  # to compiled code, for exactly such arguments

    def extra(self) -> tuple[Any, ...]:
        """The captured arrays as generated code takes them now: their elements may have changed."""
        return tuple([fitted(a, "a captured array", False) for a in self.captured]) if self.loose else self.captured
