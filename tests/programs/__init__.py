"""Small programs over the whole language, one module a theme; `CASES` holds them all."""

from . import (
    arrays,
    branches,
    broadcasting,
    calls,
    exits,
    fancy,
    indexing_writes,
    linear_algebra,
    loops,
    real_programs,
    regressions_a,
    regressions_b,
    regressions_c,
    regressions_shaping,
    scalars,
    views,
    while_loops,
)
from .registry import CASES, Case

__all__ = [
    "CASES",
    "Case",
    "arrays",
    "branches",
    "broadcasting",
    "calls",
    "exits",
    "fancy",
    "indexing_writes",
    "linear_algebra",
    "loops",
    "real_programs",
    "regressions_a",
    "regressions_b",
    "regressions_c",
    "regressions_shaping",
    "scalars",
    "views",
    "while_loops",
]
