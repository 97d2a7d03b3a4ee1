"""Printed texts that users compile themselves: their arrays come from the pool, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import srcdiff

ROOT = Path(__file__).resolve().parent.parent
X = np.linspace(0.0, 1.0, 100_000)

COMPILED = """
import numba
import srcdiff.memory
import srcdiff.runtime_numba

compiled = numba.njit(cache=True)(walk_value_and_grad)
x = np.linspace(0.0, 1.0, 100_000)
results = [compiled(x, 0.1) for _ in range(3)]
print(results[0][0].hex(), results[2][1].tobytes() == results[0][1].tobytes())
print(srcdiff.memory.info().reused, sum(compiled.stats.cache_hits.values()))
"""


def walk(x, rate):
    s = 0.0
    for i in range(len(x)):
        s = np.sin(s) + rate * x[i] * s + x[i]
    return s


@pytest.mark.jit
def test_a_text_compiled_by_its_user_finds_the_pool(tmp_path: Path) -> None:
    """No derivative of srcdiff's has been there before, and from the second process on Numba only loads the code."""
    derivative = srcdiff.value_and_grad(walk, jit=True)
    text = srcdiff.source(derivative, X, 0.1)
    assert "workspace(" in text
    (tmp_path / "own.py").write_text(text + COMPILED)
    space = os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)}

    def run() -> list[str]:
        done = subprocess.run(
            [sys.executable, "own.py"], env=space, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    first, second = run(), run()
    assert float.fromhex(first[0]) == pytest.approx(walk(X, 0.1), rel=1e-12)
    assert first[1:] == ["True", "2", "0"]
    assert second == [*first[:3], "1"]
