"""What `jit=` says. In: True, False or a dict of options, as a user wrote it. Out: a `Jit`; None for plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import BadArgument

# What LLVM may change about floating-point operations (LLVM Language Reference Manual, "Fast-Math Flags"), and what it
# may assume: that there is no NaN, or no infinity. Then a result may depend on a value that the program guards against.
REARRANGING = ("arcp", "contract", "nsz", "reassoc")
_FLAGS = (*REARRANGING, "afn")
_ASSUMING = ("nnan", "ninf", "fast")
_MATH = ("libm", "simd")


@dataclass(frozen=True)
class Jit:
    """How Numba compiles a derivative. `fastmath` are the LLVM flags by which its arithmetic may be rearranged, in
    order; `parallel` runs independent loops on all cores; `math` says whose elementary functions are called: the
    platform's ("libm"), or srcdiff's own, of which loops compute several at a time ("simd")."""

    parallel: bool = False
    fastmath: tuple[str, ...] = ()
    math: str = "libm"

    def __repr__(self) -> str:
        """As a user would write it."""
        given: dict[str, Any] = {"parallel": True} if self.parallel else {}
        if self.fastmath:
            given["fastmath"] = True if self.fastmath == REARRANGING else self.fastmath
        if self.math != "libm":
            given["math"] = self.math
        return repr(given or True)


JitLike = bool | Mapping[str, Any] | Jit | None


def jit_of(value: JitLike) -> Jit | None:
    """The options that `jit=value` stands for; None for plain Python. Raises BadArgument for what is no option.

    >>> jit_of({"fastmath": True}).fastmath
    ('arcp', 'contract', 'nsz', 'reassoc')
    """
    if value is None or isinstance(value, Jit):
        return value
    if isinstance(value, bool | np.bool_):
        return Jit() if value else None
    if not isinstance(value, Mapping):
        raise BadArgument(f"jit is True, False or a dict of options, not {value!r}")
    for name in value:
        if name not in _CHECKS:
            raise BadArgument(f"jit={value!r}: there is no option {name!r}; there are {_listed(_CHECKS)}")
    checked: dict[str, Any] = {name: _CHECKS[name](given) for name, given in value.items()}
    return Jit(**checked)


def shown(jit: Jit | None) -> str:
    """The options, at the end of what a derivative says of itself."""
    return "" if jit is None else ", jit" if jit == Jit() else f", jit={jit!r}"


def _parallel(given: Any) -> bool:
    if not isinstance(given, bool | np.bool_):
        raise BadArgument(f"jit={{'parallel': {given!r}}}: it is True or False")
    return bool(given)


def _fastmath(given: Any) -> tuple[str, ...]:
    if isinstance(given, bool | np.bool_):
        return REARRANGING if given else ()
    said = f"jit={{'fastmath': {given!r}}}"
    if not isinstance(given, set | frozenset | list | tuple) or not all(isinstance(flag, str) for flag in given):
        raise BadArgument(f"{said}: it is True, False or a set of flags out of {_listed(_FLAGS)}")
    for flag in given:
        if flag in _ASSUMING:
            raise BadArgument(
                f"{said}: {flag!r} lets the compiler assume that no NaN or infinity ever occurs, and a derivative may "
                f"then be wrong without a word; take out of {_listed(_FLAGS)}, or True for {_listed(REARRANGING)}"
            )
        if flag not in _FLAGS:
            raise BadArgument(f"{said}: there is no flag {flag!r}; there are {_listed(_FLAGS)}")
    return tuple(sorted(set(given)))


def _math(given: Any) -> str:
    if not isinstance(given, str) or given not in _MATH:
        raise BadArgument(f"jit={{'math': {given!r}}}: it is one of {_listed(_MATH)}")
    return given


_CHECKS = {"parallel": _parallel, "fastmath": _fastmath, "math": _math}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
