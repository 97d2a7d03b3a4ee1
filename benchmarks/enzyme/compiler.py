"""C++ functions and their gradients by Enzyme, compiled in this process and called through `ctypes`.

The package `enzyme_ad` is a library, not a command: its `enzyme_call.so` has clang and Enzyme inside. It takes the text
of a C++ program, optimises it by LLVM's `default<O3>` with Enzyme in it, and keeps the machine code under a number; a
callback runs it on buffers. Its options are those of `clang -cc1`: mathematical functions do not set `errno`, products
and sums are not contracted (Numba has it so, too), and `-march=native` is spelled out.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .entries import entries, parameters

FOLDER = Path(__file__).parent
ROUTINES = ("dgemv", "dgemm", "dger", "dcopy", "dscal", "dlascl")  # the order in `blas.cpp`


class Unavailable(Exception):
    """What it takes to compile with Enzyme is not here."""


class Failed(Exception):
    """Enzyme did not compile a program; its own messages went to the standard error."""


class Compiled(NamedTuple):
    """Calls without arguments, which fill `value` and the arrays in `gradients`."""

    primal: Callable[[], Any]
    gradient: Callable[[], Any]
    value: np.ndarray
    gradients: list[np.ndarray]
    kept: Any

    def results(self) -> list[np.ndarray]:
        """Copies of value and gradients, after a call of `gradient` on spoiled ones."""
        self.value.fill(np.nan)
        for array in self.gradients:
            array.fill(np.nan)
        self.gradient()
        return [array.copy() for array in (self.value, *self.gradients)]


@functools.cache
def enzyme() -> Any:
    """The module with clang and Enzyme in it."""
    if importlib.util.find_spec("enzyme_ad") is None:
        raise Unavailable("the package `enzyme_ad`, which has clang and Enzyme inside, is not installed")
    if shutil.which("g++") is None:
        raise Unavailable("`enzyme_ad` has clang without its headers: g++ is needed for them, and is not here")
    try:
        from enzyme_ad.jax import enzyme_call

        ctypes.CDLL("libstdc++.so.6", mode=ctypes.RTLD_GLOBAL)  # programs look for `operator new` in the process
    except (ImportError, OSError) as problem:
        raise Unavailable(f"`enzyme_ad` cannot be loaded: {problem}") from problem
    return enzyme_call


@functools.cache
def headers() -> tuple[str, ...]:
    """Where the headers are that a compiler brings with itself: g++'s. Those of the library clang finds by itself."""
    run = subprocess.run(["g++", "-print-file-name=include"], capture_output=True, text=True, check=True)
    return ("-fgnuc-version=4.2.1", "-internal-isystem", run.stdout.strip())


def this_processor() -> tuple[str, ...]:
    """Options for all instructions that the processor has, which Numba uses, too."""
    import llvmlite.binding as llvm

    flags = ["-target-cpu", llvm.get_host_cpu_name()]
    for feature, there in llvm.get_host_cpu_features().items():
        if there:
            flags += ["-target-feature", f"+{feature}"]
    return tuple(flags)


@functools.cache
def load_blas() -> None:
    """Put SciPy's BLAS under its Fortran names, where compiled programs look for what they call: in the process."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "blas.so"
        subprocess.run(["g++", "-O2", "-shared", "-fPIC", "-o", library, FOLDER / "blas.cpp"], check=True)
        fill_routines(ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL))


def fill_routines(library: ctypes.CDLL) -> None:
    """Give `blas.cpp`, compiled, the addresses of SciPy's functions."""
    from scipy.linalg import cython_blas, cython_lapack

    known = cython_lapack.__pyx_capi__ | cython_blas.__pyx_capi__
    found = (ctypes.c_void_p * len(ROUTINES)).in_dll(library, "routines")
    found[:] = [address(known[name]) for name in ROUTINES]


def address(capsule: Any) -> int:
    """What a capsule holds."""
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetName.argtypes = [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


@functools.cache
def number_of(text: str, entry: str, width: int, flags: tuple[str, ...]) -> int:
    """That of a compiled entry, for a buffer of that many pointers."""
    call = enzyme()
    options = ("-O3", "-resource-dir", str(FOLDER), *headers(), *flags)
    try:
        number, _ = call.create_enzyme_kernel(
            text, entry, [("double", [1])], [("double", [width])], options, call.ABI.Primal, call.Language.CPP,
            False, "", "cpu",
        )  # fmt: skip
    except ValueError as problem:
        raise Failed(str(problem).strip()) from problem
    return int(number)


@functools.cache
def callback() -> Callable[[Any, Any, None], None]:
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(address(enzyme().get_callback()))


def compiled(name: str, active: Sequence[int], arguments: Sequence[Any], flags: tuple[str, ...] = ()) -> Compiled:
    """The function of `programs/name.cpp`, ready for these arguments; gradients by those at the places `active`."""
    enzyme()
    text = (FOLDER / "programs" / f"{name}.cpp").read_text(encoding="utf-8")
    given = parameters(text, name)
    if "matrix_" in text:
        load_blas()
        text = (FOLDER / "programs" / "blas.h").read_text(encoding="utf-8") + text
    text += entries(name, given, active)

    value = np.zeros(())
    slots: list[int] = []
    gradients: dict[int, np.ndarray] = {}
    kept: list[Any] = []  # what compiled code finds by its address
    for k, ((kind, _), argument) in enumerate(zip(given, arguments, strict=True)):
        if kind == "size":
            slots += [int(argument), 0, 0]
            continue
        array = np.array(argument, dtype=np.float64, order="C")
        shadow = np.zeros_like(array)
        kept.append(array)
        gradients[k] = shadow
        slots += [array.ctypes.data, shadow.ctypes.data, array.size]
    table = (ctypes.c_void_p * len(slots))(*slots)

    def runner(entry: str) -> Callable[[], Any]:
        number = ctypes.c_int64(number_of(text, entry, len(slots), flags))
        buffers = (ctypes.c_void_p * 2)(ctypes.addressof(number), ctypes.addressof(table))
        kept.append((number, buffers))
        return functools.partial(callback(), value.ctypes.data, buffers, None)

    return Compiled(runner("primal"), runner("gradient"), value, [gradients[k] for k in active], (table, kept))
