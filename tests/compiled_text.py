"""The text of a derivative for Numba, run as Python: what it computes, without compiling it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff


def flat(parts: Any) -> list[np.ndarray]:
    """The numbers of a nest of tuples."""
    return [a for p in parts for a in flat(p)] if isinstance(parts, tuple) else [np.asarray(parts)]


def check_text(f: Callable[..., Any], *args: Any, wrt: Any = None) -> str:
    """Hold the text for Numba against the derivative in plain Python, at these arguments. The text."""
    wrt = wrt or tuple(k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f")
    plain, compiled = srcdiff.value_and_grad(f, wrt=wrt), srcdiff.value_and_grad(f, wrt=wrt, jit=True)
    wanted, text = plain(*args), srcdiff.source(compiled, *args)
    space: dict[str, Any] = {}
    exec(text, space)
    found = space[text.partition("\ndef ")[2].partition("(")[0]](*args)
    for one, other in zip(flat(found), flat(wanted), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)
    return text


def raises_alike(f: Callable[..., Any], error: type[Exception], *args: Any) -> None:
    """Whether both texts end with an exception of that kind."""
    with pytest.raises(error):
        f(*args)
    with pytest.raises(error):
        check_text(f, *args)
