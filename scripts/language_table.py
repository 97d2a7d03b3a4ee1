"""Writes docs/language.md: construct by construct, how many of the test programs use it, and how they are run.

python scripts/language_table.py           writes the table; the column on the tape from tests/programs/off_tape.txt
python scripts/language_table.py --tape    runs every program on the tape first, and writes that file anew
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from programs import CASES, Case  # noqa: E402
from programs.constructs import CONSTRUCTS, constructs_of  # noqa: E402
from programs.tape import OFF_TAPE, off_tape, on_tape  # noqa: E402

TABLE = ROOT / "docs" / "language.md"
# what is about NumPy rather than the language
NUMPY = ("arrays", "broadcasting", "fancy", "linear_algebra", "regressions_shaping")
HEAD = """# The language, construct by construct

Written by `scripts/language_table.py` from the programs in `tests/programs`, which a test holds it against. A column
says how many programs with the construct run that way and give the right gradient: every program in *reverse* and
*forward* mode against finite differences, *second* to second order as well, *jit* compiled by Numba too (where it can
type the program), *tape* run as it stands on `srcdiff.tape`, with `np` and `math` replaced by what records.

"""


def language_programs() -> list[Case]:
    return [c for c in CASES if c.name.partition(".")[0] not in NUMPY]


def table() -> str:
    """The page as it should be."""
    programs = language_programs()
    off = off_tape()
    used = {c.name: constructs_of(c.function) for c in programs}
    rows = ["| construct | reverse | forward | second | jit | tape |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for key, text in (*CONSTRUCTS.items(), ("", "all programs")):
        cases = [c for c in programs if not key or key in used[c.name]]
        counts = (len(cases), len(cases), sum(c.second for c in cases), sum(c.jit for c in cases))
        on = sum(c.name not in off for c in cases)
        rows.append(f"| {text} | {' | '.join(map(str, (*counts, on)))} |")
    return HEAD + "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tape", action="store_true", help="run the programs on the tape (minutes)")
    if parser.parse_args().tape:
        refused: list[str] = []
        for case in CASES:
            with warnings.catch_warnings(), contextlib.redirect_stdout(None):
                warnings.simplefilter("ignore")
                why = on_tape(case)
            if why:
                refused.append(f"{case.name}: {why}")
        OFF_TAPE.write_text("\n".join(refused) + "\n", encoding="utf-8")
    TABLE.write_text(table(), encoding="utf-8")


if __name__ == "__main__":
    main()
