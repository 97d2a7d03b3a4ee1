"""`ruff format` leaves generated code alone: the derivative of every program of `programs`, in one run of ruff."""

from __future__ import annotations

import difflib
from pathlib import Path

from generated_text import changed_by_formatting, text_of
from programs import CASES
from thinning import share


def test_ruff_format_leaves_every_derivative_alone(tmp_path: Path) -> None:
    texts = {case.name: text_of(case) for case in share(CASES, 4, lambda c: c.name)}
    changed = changed_by_formatting(texts, tmp_path)
    differences = [
        "".join(difflib.unified_diff(texts[n].splitlines(True), changed[n].splitlines(True), n, "ruff format", n=1))
        for n in changed
    ]
    assert not differences, f"{len(differences)} of {len(texts)}\n" + "\n".join(differences)
