"""What Jacobians are made of, dense and sparse ones: checks of what is asked, and the sum whose gradient is a row."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from .backend import load_text
from .errors import BadArgument, BadOutput
from .ir.types import Num, Type
from .records import is_structure
from .signature import finish

SWEEP = 64  # directions: enough to make up for the calls, few enough to stay in the cache
_MODES = ("auto", "forward", "reverse")
WHAT = {
    "jacobian": "Jacobian",
    "value_and_jacobian": "value and Jacobian",
    "elementwise": "elementwise derivative",
    "batch_jacobian": "Jacobian of each row",
}


def check_mode(mode: Any) -> None:
    """Raise BadArgument for a mode that there is not."""
    if not any(type(mode) is str and mode == known for known in _MODES):
        raise BadArgument(f"mode is one of {', '.join(map(repr, _MODES))}, not {mode!r}")


def check_no_structure(value: Any, name: str) -> None:
    """Raise BadArgument for an argument in `wrt` that is no number or array."""
    if is_structure(value):
        raise BadArgument(
            f"`{name}` is a {type(value).__name__}: a Jacobian has columns for the elements of one array. Give the "
            f"parts of `{name}` parameters of their own, or use srcdiff.grad, srcdiff.vjp or srcdiff.jvp"
        )


def rank_of_result(result: Type, name: str) -> int:
    """The number of dimensions of the result of the function `name`. Raises BadOutput where it is no array."""
    if not isinstance(result, Num) or result.ndim is None:
        raise BadOutput(
            f"{name} does not return one number or one array of a known number of "
            f"dimensions; a Jacobian has rows for the elements of one array. Return one, or use srcdiff.vjp"
        )
    return result.ndim


def as_given(block: Any, argument: Any) -> Any:
    """A block in the precision of its argument."""
    if np.ndim(block) == 0:
        return finish(block, 0.0 if np.ndim(argument) else argument)
    dtype = getattr(argument, "dtype", None)
    return block.astype(np.float32) if dtype == np.float32 else block


def weighed(f: Callable[..., Any], base: str, names: list[str]) -> tuple[FunctionType, str]:
    """The sum of the result's elements, each times an adjoint of its own: its gradient is the pullback. With the name
    of the parameter for these adjoints, the last one."""
    weight = "result_bar"
    while weight in names:
        weight += "_"
    inner = "primal"
    while inner in names:
        inner += "_"
    call = ", ".join(f"{n}={n}" for n in names)
    text = f"def {base}({', '.join([*names, weight])}):\n    return np.sum({inner}({call}) * {weight})\n"
    return load_text(text, base, {"np": np, inner: f}), weight
