"""docs/language.md is what the programs say; the column on the tape is held against the tape."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from programs import CASES, Case
from programs.constructs import CONSTRUCTS, constructs_of
from programs.tape import off_tape, on_tape
from thinning import share

ROOT = Path(__file__).resolve().parent.parent


def script() -> Any:
    spec = importlib.util.spec_from_file_location("language_table", ROOT / "scripts" / "language_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_that_of_the_programs() -> None:
    module = script()
    assert module.TABLE.read_text(encoding="utf-8") == module.table()
    assert len(module.language_programs()) >= 300


def test_every_construct_has_programs() -> None:
    counts = dict.fromkeys(CONSTRUCTS, 0)
    for case in CASES:
        for name in constructs_of(case.function):
            counts[name] += 1
    assert {name: n for name, n in counts.items() if n < 3} == {}


@pytest.mark.parametrize("case", share(CASES, 6, lambda c: c.name), ids=lambda c: c.name)
def test_the_tape_gives_the_same_gradient(case: Case) -> None:
    assert on_tape(case) == off_tape().get(case.name, "")
