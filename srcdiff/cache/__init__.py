"""Compiled derivatives kept on disk, so that the next process does not compile them again.

With `jit=True` the machine code of every derivative is stored in a folder of the user's and found again by a hash of
all that it depends on: the generated text, the values that are constants in it, the argument types, the options,
Numba's settings, the processor, and the versions of srcdiff, Python, NumPy, Numba and SciPy. See docs/cache.md.

The environment decides: `SRCDIFF_CACHE=0` turns the cache off, `SRCDIFF_CACHE_DIR` names another folder,
`SRCDIFF_CACHE_SIZE` is how many megabytes it may hold (256). A folder that cannot be written, or that others can write,
is not used; nothing is lost but time.
"""

from __future__ import annotations

from dataclasses import dataclass

from .store import Store

__all__ = ["Info", "clear", "info"]


@dataclass(frozen=True)
class Info:
    """What the cache holds: its folder (None where there is no cache), the number of derivatives, their bytes, and how
    many bytes there may be."""

    folder: str | None
    entries: int
    size: int
    limit: int


def info() -> Info:
    """What the cache holds now.

    >>> import srcdiff
    >>> srcdiff.cache.info().size <= srcdiff.cache.info().limit
    True
    """
    store = Store.of_environment()
    if store is None:
        return Info(None, 0, 0, 0)
    sizes = [entry.size for entry in store.entries()]
    return Info(str(store.folder), len(sizes), sum(sizes), store.limit)


def clear() -> int:
    """Remove every stored derivative, and return how many there were. What this process has loaded goes on working."""
    store = Store.of_environment()
    return 0 if store is None else store.clear()
