"""What compiled code depends on besides the program: versions, settings, the processor."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from .meaning import LIBRARIES

_PACKAGE = Path(__file__).resolve().parent.parent
_LOADED = time.time()
# settings of Numba that say where things are written, or what is printed
_BESIDE = (
    *("CACHE_DIR", "CACHE_LOCATOR_CLASSES", "COLOR_SCHEME"),
    *("NUMBA_NUM_THREADS", "NUMBA_DEFAULT_NUM_THREADS", "NUM_THREADS"),  # (how many there are is asked by the run)
)


@functools.cache
def own_sources() -> str | None:
    """A hash of srcdiff's own sources: in a development checkout they change, and the version does not. None where they
    cannot be read, or have changed since this process has loaded them."""
    digest = hashlib.sha256()
    try:
        for file in sorted(_PACKAGE.rglob("*.py")):
            status = file.stat()
            if max(status.st_mtime, status.st_ctime) > _LOADED:
                return None
            digest.update(str(file.relative_to(_PACKAGE)).encode())
            digest.update(file.read_bytes())
    except OSError:
        return None
    return digest.hexdigest()


def versions() -> list[str] | None:
    """The versions of all that takes part in compiling, and Numba's settings."""
    import llvmlite
    import numba

    own = own_sources()
    if own is None:
        return None
    settings = vars(numba.core.config).items()
    plain = (str, int, float, type(None))
    scipy: Any = sys.modules.get("scipy")
    return [
        f"srcdiff {own}",
        f"python {sys.implementation.cache_tag} {sys.version} {platform.machine()} {sys.flags.optimize}",
        *(f"{module.__name__} {module.__version__}" for module in (np, numba, llvmlite)),
        f"scipy {getattr(scipy, '__version__', None)}",
        *(f"{n}={v!r}" for n, v in sorted(settings) if n.isupper() and isinstance(v, plain) and n not in _BESIDE),
        *(f"{n}={v!r}" for n, v in sorted(os.environ.items()) if n.startswith("NUMBA_") and n[6:] not in _BESIDE),
    ]


def implementations_of_others(typing_context: Any) -> bool:
    """Whether somebody else has told Numba how to compile a function of NumPy or of another library: then the same text
    may be compiled to something else in another process."""
    # (Numba's own table: a library function, or a weak reference to it, leads to what implements it. It is copied in
    # one step, as the garbage collector may remove entries at any other.)
    for key, found in dict.copy(typing_context._globals).items():
        function = key() if hasattr(key, "__callback__") else key
        if _of_library(function) and any(map(_is_foreign, getattr(found, "templates", ()))):
            return True
    attributes = dict.copy(typing_context._attributes).values()
    return any(_is_foreign(template) for templates in attributes for template in templates)


def _of_library(function: Any) -> bool:
    module = getattr(function, "__module__", None) or type(function).__module__
    return module.partition(".")[0] in LIBRARIES


@functools.cache
def _is_foreign(template: Any) -> bool:
    """Whether a user's module has defined what types, and with it compiles, a function."""
    chosen_by: Any = getattr(template, "_overload_func", None)
    home = chosen_by.__globals__.get("__name__", "") if hasattr(chosen_by, "__globals__") else template.__module__
    return (home or "").partition(".")[0] not in (*LIBRARIES, "abc", "")
