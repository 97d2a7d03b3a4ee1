"""The kernels that are benchmarked: srcdiff's derivatives at a tiny size, against finite differences.

`python -m benchmarks.peers` holds them against the other libraries too, where those are installed. An ordinary run jits
a few of the kernels that compile within seconds, `SRCDIFF_FULL=1` all of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from parallel_text import in_orders, value_and_grad
from thinning import FULL

import srcdiff
from benchmarks.checks import difference, error_by_differences
from benchmarks.kernels import KERNELS, SIZES, Kernel
from benchmarks.libraries import by_srcdiff, flat
from srcdiff.errors import NotParallel
from srcdiff.testing import check_grad

ROOT = Path(__file__).resolve().parent.parent
JITTED = [k for k in KERNELS if FULL or k.name in ("newton", "heat_loops", "cholesky")]

every = pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.name)


@every
def test_derivative(kernel: Kernel) -> None:
    arguments = kernel.arguments("tiny")
    version = by_srcdiff(kernel, arguments, jit=False)
    assert error_by_differences(kernel, arguments, version.read(version.call())) < 1e-7
    check_grad(kernel.f, kernel.arguments("tiny"), wrt=kernel.wrt)


@every
def test_the_lowered_function_is_the_same_function(kernel: Kernel) -> None:
    if kernel.lowered is not None:
        for size in ("tiny", "small"):
            arguments = kernel.arguments(size)
            np.testing.assert_allclose(kernel.lowered(*arguments), kernel.f(*arguments), rtol=1e-12)


@every
def test_description(kernel: Kernel) -> None:
    assert tuple(kernel.sizes) == SIZES
    assert set(kernel.wrt) <= set(kernel.f.__code__.co_varnames[: kernel.f.__code__.co_argcount])
    for a, b in zip(kernel.arguments("tiny"), kernel.arguments("tiny"), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.jit
@pytest.mark.parametrize("kernel", JITTED, ids=lambda k: k.name)
def test_jitted_derivative(kernel: Kernel) -> None:
    arguments = kernel.arguments("tiny")
    plain, jitted = (by_srcdiff(kernel, arguments, jit=jit) for jit in (False, True))
    assert difference(plain.read(plain.call()), jitted.read(jitted.call())) < 1e-12


@pytest.mark.parametrize("kernel", [k for k in KERNELS if k.task != "blocks"], ids=lambda k: k.name)
def test_parallel_text(kernel: Kernel, any_length: None) -> None:
    """What runs on several cores, as Python with its chunks in three orders: the same bits, and the plain gradient."""
    derivative = value_and_grad(kernel.f, kernel.wrt)
    if kernel.name == "recurrence":
        with pytest.raises(NotParallel):
            derivative.text_for(*kernel.arguments("tiny"))
        return
    found = flat(in_orders(derivative, kernel.arguments("tiny")))
    plain = srcdiff.value_and_grad(kernel.f, wrt=kernel.wrt)(*kernel.arguments("tiny"))
    assert difference(flat(plain), found) < 1e-12


@pytest.mark.jit
@pytest.mark.parametrize("kernel", [k for k in JITTED if k.task == "gradient"], ids=lambda k: k.name)
def test_parallel_derivative(kernel: Kernel, any_length: None) -> None:
    parallel = srcdiff.value_and_grad(kernel.f, wrt=kernel.wrt, jit={"parallel": True})
    plain = srcdiff.value_and_grad(kernel.f, wrt=kernel.wrt)
    if kernel.name != "recurrence":
        expected, found = (flat(d(*kernel.arguments("tiny"))) for d in (plain, parallel))
        assert difference(expected, found) < 1e-12


def test_a_wrong_result_is_seen() -> None:
    """What the benchmark relies on: a gradient that is off by a little is off."""
    for kernel in KERNELS:
        arguments = kernel.arguments("tiny")
        version = by_srcdiff(kernel, arguments, jit=False)
        result = version.read(version.call())
        spoiled = [*result[:-1], 1.001 * result[-1]]
        assert difference(result, spoiled) > 1e-4, kernel.name
        assert error_by_differences(kernel, arguments, spoiled) > 1e-6, kernel.name


def test_threads_are_set_before_numpy_is_loaded() -> None:
    """Its BLAS reads the environment once: with more threads, a small `solve` took sixty times its CPU time."""
    code = (
        "import os, sys; from benchmarks.threads import use_one_thread; assert 'numpy' not in sys.modules; "
        "use_one_thread(); assert os.environ['OPENBLAS_NUM_THREADS'] == '1'"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.jit
def test_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.peers", "--quick", "--only", "atax", "--output", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (row,) = json.loads((tmp_path / "peers.json").read_text())["rows"]
    assert row["name"] == "atax"
    assert row["ratios"]["gradient / primal"][0] > 0.0
    assert "| atax | 100 x 120 |" in (tmp_path / "peers.md").read_text()
    assert (tmp_path / "peers.png").stat().st_size > 0


@pytest.mark.jit
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="page faults are counted in other ways elsewhere")
def test_what_a_derivative_keeps_costs_page_faults_once() -> None:
    """100 MB of the heat equation: 25,600 pages. What is left are arrays of 2 MB that the call returns or copies."""
    code = (
        "from benchmarks.memory import compare, kept_table; row = compare('heat_loops', (512, 50), quick=True); "
        "print(row.pooled.faults, row.fresh.faults); print(kept_table([row]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    faults, *table = run.stdout.splitlines()
    pooled, fresh = map(float, faults.split())
    assert fresh > 25_000
    assert pooled < 2_500
    assert table[2].startswith("| heat_loops | 512 x 50 |")
