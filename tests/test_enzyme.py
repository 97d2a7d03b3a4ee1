"""The comparison with Enzyme: its C++ programs are the kernels, and what is missing is said.

Gradients by Enzyme are held against srcdiff's by `python -m benchmarks.enzyme`; here where the package is installed.
"""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.checks import AGREE, difference
from benchmarks.enzyme import compiler
from benchmarks.enzyme.entries import entries, parameters
from benchmarks.enzyme.versions import DIMENSIONS, given_to, in_cpp
from benchmarks.kernels import KERNELS, Kernel
from benchmarks.libraries import by_srcdiff

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = compiler.FOLDER / "programs"
ENZYME = importlib.util.find_spec("enzyme_ad") is not None

TEN = [kernel for kernel in KERNELS if kernel.name in DIMENSIONS]

each = pytest.mark.parametrize("kernel", TEN, ids=lambda k: k.name)
with_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++ to compile with")


def test_there_is_a_program_for_each() -> None:
    assert {path.stem for path in PROGRAMS.glob("*.cpp")} == set(DIMENSIONS)
    assert len(DIMENSIONS) == 10


def test_what_calls_a_function() -> None:
    text = "double f(const double *__restrict__ x,\n         double rate, long n) {}\n"
    given = parameters(text, "f")
    assert given == [("array", "x"), ("number", "rate"), ("size", "n")]
    written = entries("f", given, [0])
    assert "outcome(double *value, const double *__restrict__ x, const double *__restrict__ rate, long n)" in written
    assert "*value = f(x, *rate, n);" in written
    differentiated = "enzyme_dup, (double *)a[0], shadow(a, 0), enzyme_const, (double *)a[3], enzyme_const, (long)a[6]"
    assert differentiated in written
    with pytest.raises(ValueError, match="no function `g`"):
        parameters(text, "g")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], object]:
    """The C++ functions by their names, compiled by g++."""
    folder = tmp_path_factory.mktemp("programs")
    parts = [path.read_text(encoding="utf-8") for path in (PROGRAMS / "blas.h", *sorted(PROGRAMS.glob("*.cpp")))]
    (folder / "all.cpp").write_text("\n".join(part.replace("\ndouble ", '\nextern "C" double ') for part in parts))
    command = ["g++", "-O1", "-shared", "-fPIC", "-o", "all.so", "all.cpp", str(compiler.FOLDER / "blas.cpp")]
    subprocess.run(command, cwd=folder, check=True)
    loaded = ctypes.CDLL(str(folder / "all.so"))
    compiler.fill_routines(loaded)
    return lambda name: getattr(loaded, name)


@with_compiler
@each
def test_it_is_the_same_function(kernel: Kernel, library: Callable[[str], object]) -> None:
    given = parameters((PROGRAMS / f"{kernel.name}.cpp").read_text(encoding="utf-8"), kernel.name)
    for size in ("tiny", "small"):
        arguments = kernel.arguments(size)
        function = library(kernel.name)
        pointer = np.ctypeslib.ndpointer(np.float64, flags="C")
        types = {"array": pointer, "number": ctypes.c_double, "size": ctypes.c_long}
        function.argtypes, function.restype = [types[p.kind] for p in given], ctypes.c_double
        np.testing.assert_allclose(function(*given_to(kernel, arguments)), kernel.f(*arguments), rtol=1e-12)


@pytest.mark.jit
@pytest.mark.skipif(not ENZYME, reason="the package `enzyme_ad` is not installed")
@with_compiler
def test_gradients_are_the_same() -> None:
    for kernel in TEN:
        arguments = kernel.arguments("small")
        own = by_srcdiff(kernel, arguments, jit=False)
        assert difference(own.read(own.call()), in_cpp(kernel, arguments).results()) < AGREE, kernel.name


@pytest.mark.skipif(ENZYME, reason="the package `enzyme_ad` is installed")
def test_the_command_says_what_is_missing() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.enzyme"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr.startswith("the package `enzyme_ad`")
