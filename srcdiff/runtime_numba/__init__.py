"""What Numba needs to compile generated code: importing this package registers it, and there is nothing to call.

`helpers` gives the functions of `srcdiff.runtime` with the same numbers. The others give forms of NumPy, `math` and
builtin functions that Numba lacks and that ordinary programs, or the derivatives of them, use. A form that Numba has
keeps Numba's own implementation. This package imports Numba, so `import srcdiff` must not import it.
"""

from __future__ import annotations

import sys

from . import (
    complex_numbers,
    diagonals,
    dtypes,
    elementwise,
    extremes,
    helpers,
    items,
    linalg,
    messages,
    parallel,
    places,
    products,
    quantiles,
    reductions,
    reshaping,
    running,
    sets,
    shapes,
    special,
    workspaces,
)

__all__ = [
    "complex_numbers",
    "diagonals",
    "dtypes",
    "elementwise",
    "extremes",
    "helpers",
    "items",
    "linalg",
    "messages",
    "parallel",
    "places",
    "products",
    "quantiles",
    "reductions",
    "register_late",
    "reshaping",
    "running",
    "sets",
    "shapes",
    "special",
    "workspaces",
]


def register_late() -> None:
    """Register the functions of SciPy, if that is in use by now."""
    if "scipy.special" in sys.modules:
        from . import scipy_special  # noqa: F401
