"""The same program gives the same text: in one process, and in two with different hash seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from golden.programs import GOLDEN

TESTS = Path(__file__).parent

# Prints a checksum for each program's derivative: at its arguments, and in its generic form if it has one.
SCRIPT = """
import hashlib
from golden.programs import GOLDEN
import srcdiff
for golden in GOLDEN:
    texts = [golden.text()]
    try:
        texts.append(srcdiff.source(golden.derivative()))
    except srcdiff.errors.SrcdiffError as refusal:
        texts.append(str(refusal))
    print(golden.name, *(hashlib.sha256(t.encode()).hexdigest() for t in texts))
"""


def checksums(hash_seed: int) -> list[str]:
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_hash_seeds_do_not_show() -> None:
    first, second = checksums(1), checksums(2)
    assert [line.split()[0] for line in first] == [g.name for g in GOLDEN]
    assert [a for a, b in zip(first, second, strict=True) if a != b] == []


def test_building_twice_gives_the_same_text() -> None:
    once = {g.name: g.text() for g in GOLDEN}
    again = {g.name: g.text() for g in reversed(GOLDEN)}
    assert [name for name, text in once.items() if text != again[name]] == []
