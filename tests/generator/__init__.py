"""Random programs that test srcdiff: `generate` writes one, `check_program` checks it, `shrink` makes it small.

    python -m tests.generator --count 1000 --workers 2     a campaign
    python -m tests.generator --seed 123 --shrink          one program, made small if it fails
    python -m tests.generator --features                   what programs may contain

To teach it a construct: a line in `options.FEATURES`, and a form in the module that writes such things (`scalars` and
`arrays` for expressions, `statements`, `control`). Every value must stay within [-2, 2] if its operands do.
"""

from .campaign import Record, campaign, examine, examine_apart, summary
from .check import Crashed, Outcome, ProgramError, Wrong, check_program
from .options import FEATURES, Options
from .oracle import Discarded, truth
from .program import Program, generate
from .shrink import shrink, valid

__all__ = [
    "FEATURES",
    "Crashed",
    "Discarded",
    "Options",
    "Outcome",
    "Program",
    "ProgramError",
    "Record",
    "Wrong",
    "campaign",
    "check_program",
    "examine",
    "examine_apart",
    "generate",
    "shrink",
    "summary",
    "truth",
    "valid",
]
