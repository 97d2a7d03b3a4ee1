"""Time, page faults and memory of calls in this process, and on what machine."""

import ctypes
import functools
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FunctionType, MappingProxyType
from typing import Any, NamedTuple

import numpy as np

try:
    import resource
except ImportError:  # not on Windows
    resource = None

MOST_CALLS = 1_000_000  # in a batch


class Spread(NamedTuple):
    """The median of some measurements, with the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(statistics.median(values), min(values), max(values))


def timed(f: Callable[..., Any], arguments: tuple[Any, ...], count: int) -> float:
    """CPU seconds per call."""
    start = time.process_time()
    for _ in range(count):
        f(*arguments)
    return (time.process_time() - start) / count


def batch_size(f: Callable[..., Any], arguments: tuple[Any, ...], seconds: float) -> int:
    """How many calls fill about that much CPU time."""
    count = 1
    while True:
        spent = timed(f, arguments, count) * count
        if spent >= seconds or count >= MOST_CALLS:
            return count
        count = max(2 * count, int(count * seconds / max(spent, 1e-9)))


def page_faults() -> int:
    """Minor page faults of this process so far: pages of memory that it touched for the first time."""
    return 0 if resource is None else resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def peak_memory(f: Callable[..., Any]) -> int | None:
    """By how many bytes the process grows during a call, at its highest; None where the system does not tell.

    Linux keeps the highest resident size and lets a process set it back. What the allocator holds from earlier calls
    is given back first, as far as it can be.
    """
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not (status.exists() and reset.exists()):
        return None

    def size(line: str) -> int:
        return next(int(text.split()[1]) for text in status.read_text().splitlines() if text.startswith(line))

    try:
        ctypes.CDLL(None).malloc_trim(0)
        reset.write_text("5")
    except (AttributeError, OSError):
        return None
    before = size("VmRSS")
    f()
    return 1024 * (size("VmHWM") - before)


class Contender(NamedTuple):
    """What takes part in a race: a call without arguments, which returns when its result is there."""

    name: str
    call: Callable[[], Any]


class Measured(NamedTuple):
    """CPU seconds of a call in each round, and the minor page faults of a call in the median round."""

    seconds: list[float]
    faults: float


def race(contenders: list[Contender], rounds: int, seconds: float, most: float) -> dict[str, Measured]:
    """Time all of them, turn by turn, so that a slow moment of the machine meets each of them.

    A turn fills about `seconds`. One whose call alone takes more than `most` has three turns only.
    """
    counts = {c.name: batch_size(c.call, (), seconds) for c in contenders}
    times: dict[str, list[float]] = {c.name: [] for c in contenders}
    faults: dict[str, list[float]] = {c.name: [] for c in contenders}
    for k in range(rounds):
        for c in contenders:
            if k >= 3 and times[c.name][0] > most:
                continue
            before = page_faults()
            times[c.name].append(timed(c.call, (), counts[c.name]))
            faults[c.name].append((page_faults() - before) / counts[c.name])
    return {c.name: Measured(times[c.name], statistics.median(faults[c.name])) for c in contenders}


def ratio_of(one: Measured, other: Measured) -> Spread:
    """Of the times in the same round."""
    return Spread.of([a / b for a, b in zip(one.seconds, other.seconds, strict=False)])


@functools.cache
def as_jitted(f: FunctionType) -> Callable[..., Any]:
    """`f` compiled by Numba, its helpers from this file with it; `f` itself stays as it is."""
    import numba

    namespace = dict(f.__globals__)
    for name in f.__code__.co_names:
        helper = namespace.get(name)
        if isinstance(helper, FunctionType) and helper.__module__ == f.__module__:
            namespace[name] = as_jitted(helper)
    return numba.njit(error_model="numpy")(FunctionType(f.__code__, namespace, f.__name__, f.__defaults__))


def machine(others: Mapping[str, str] = MappingProxyType({})) -> str:
    """CPU model and the versions that matter; `others` are more packages, by the name that is printed."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    parts = [f"{model}; Python {platform.python_version()}", f"NumPy {np.__version__}"]
    for label, package in ({"Numba": "numba"} | dict(others)).items():
        try:
            parts.append(f"{label} {version(package)}")
        except PackageNotFoundError:
            parts.append(f"no {label}")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    if seconds >= 1.0:
        return f"{seconds:.3g} s"
    return f"{1e6 * seconds:.3g} us" if seconds < 1e-3 else f"{1e3 * seconds:.3g} ms"


def ratio(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f}-{spread.high:.2f})"
