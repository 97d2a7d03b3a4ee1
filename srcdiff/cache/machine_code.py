"""The machine code of generated functions, stored and found again. In: a Numba dispatcher of a generated function.
Effect: for each combination of argument types it loads what an earlier process has compiled, or stores what it has
compiled itself.

Numba has a cache of its own, for functions in files. This one stands in its place in the dispatcher (`_cache`): its key
is the text that was generated and all that gives it its meaning, its entries hold their own hash, and the folder is
srcdiff's. What is stored in an entry, and how it is brought back, is Numba's own (`CompileResult`).
"""

from __future__ import annotations

import hashlib
import itertools
import os
import pickle
import re
from collections.abc import Iterable
from typing import Any

from srcdiff.backend import Module, unplaced

from .meaning import constant, globals_of
from .store import Store
from .surroundings import implementations_of_others, versions

_SEPARATOR = "\x00"


def keep(dispatcher: Any, module: Module, options: dict[str, Any]) -> None:
    """Let a dispatcher of a function of this module use the cache, if there is one."""
    unique = names_are_unique()  # at any rate: the cache may be turned on later
    store = Store.of_environment()
    if store is not None and unique and hasattr(dispatcher, "_cache"):
        dispatcher._cache = MachineCode(store, dispatcher, module, options)


class MachineCode:
    """What Numba's dispatcher asks for compiled code, and gives it to."""

    def __init__(self, store: Store, dispatcher: Any, module: Module, options: dict[str, Any]) -> None:
        self.store, self.module = store, module
        self.name, self.options = dispatcher.py_func.__name__, options
        self.cache_path = str(store.folder)

    def load_overload(self, sig: Any, target: Any) -> Any:
        """The compiled function for these argument types; None where it has to be compiled."""
        target.refresh()  # Numba registers what it knows when the first function is compiled, or loaded
        try:
            self.key = self.key_of(sig, target)
        except Exception:  # noqa: BLE001 (nothing about the cache may keep a derivative from being compiled)
            self.key = None
        content = None if self.key is None else self.store.read(self.key)
        if content is None:
            return None
        try:
            return _results()._rebuild(target, *pickle.loads(content))
        except Exception:  # noqa: BLE001 (whatever is wrong with it, it can be compiled anew)
            return None

    def save_overload(self, _sig: Any, result: Any) -> None:
        """Store what was compiled (when it was looked for last), if another process could use it."""
        if self.key is None or result.objectmode or result.lifted or result.library.has_dynamic_globals:
            return
        try:
            content = _pickled(result._reduce())
        except Exception:  # noqa: BLE001 (then it is for this process alone)
            return
        if _has_unique_names(content):
            self.store.write(self.key, content)

    def key_of(self, sig: Any, target: Any) -> str | None:
        """The key of the compiled function for these argument types; None for what another process cannot look up."""
        module, types = self.module, _types(sig if isinstance(sig, tuple) else sig.args)
        meaning = globals_of(vars(module.namespace), module.functions)
        surroundings = versions()
        if types is None or meaning is None or surroundings is None:
            return None
        if implementations_of_others(target.typing_context):
            return None
        options = [f"{name}={_setting(value)}" for name, value in sorted(self.options.items())]
        text = unplaced(module.rendered.text)
        processor = map(str, target.codegen().magic_tuple())
        parts = (module.name, self.name, text, types, *meaning, "", *options, "", *surroundings, "", *processor)
        return hashlib.sha256(_SEPARATOR.join(parts).encode(errors="surrogatepass")).hexdigest()

    # what else Numba may call
    def enable(self) -> None:
        pass

    def disable(self) -> None:
        pass

    def flush(self) -> None:
        pass


def _results() -> Any:
    from numba.core.compiler import CompileResult

    return CompileResult


def _pickled(content: Any) -> bytes:
    import numba.core.serialize

    dumps: Any = numba.core.serialize.dumps
    found: bytes = dumps(content)
    return found


def _setting(value: Any) -> str:
    """An option of Numba's, in the same words in every process: a set has no order."""
    return repr(sorted(value) if isinstance(value, set) else value)


def _types(args: Iterable[Any]) -> str | None:
    """Argument types by names that are the same in every process; None where one has no such name."""
    found = [_type(t) for t in args]
    return None if None in found else f"({', '.join(map(str, found))})"


def _type(t: Any) -> str | None:
    from numba.core import types

    if isinstance(t, types.UniTuple | types.Tuple):
        return _types(t.types)
    if isinstance(t, types.Omitted):
        value = constant(t.value)
        return None if value is None else f"omitted {value}"
    plain = (types.Number, types.Boolean, types.NoneType, types.UnicodeType, types.NumPyRandomGeneratorType)
    of_numbers = isinstance(t, types.Array) and isinstance(t.dtype, types.Number | types.Boolean)
    return str(t) if isinstance(t, plain) or of_numbers else None


# ----------------------------------------------------------------------------------------------- the names of symbols


def names_are_unique() -> bool:
    """Make the names that Numba gives to compiled functions different from those of every other process.

    They end in a number that every process counts from 1. Where code from another process is loaded, the linker takes
    two different functions of one name for the same one, and one of them then runs in the place of the other: a
    derivative would call a wrong function. So this process counts from a number drawn at random; and so does one that
    is forked from it.
    """
    from numba.core.bytecode import FunctionIdentity

    counter = getattr(FunctionIdentity, "_unique_ids", None)
    if not isinstance(counter, itertools.count):
        return False
    if not _counting:
        _count_anew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_count_anew)
    return True


_FIRST = 2**52  # far above what a process counts to
_NUMBERED = re.compile(rb"B\d+v(\d+)B")  # how the number stands in the name of a symbol
_counting: list[int] = []  # where this process has begun


def _count_anew() -> None:
    from numba.core.bytecode import FunctionIdentity

    _counting[:] = [_FIRST + int.from_bytes(os.urandom(6))]
    FunctionIdentity._unique_ids = itertools.count(_counting[0])


def _has_unique_names(content: bytes) -> bool:
    """Whether no symbol in this code was named before the counting began anew: by what the user compiled earlier."""
    numbers = [int(number) for number in _NUMBERED.findall(content)]
    return bool(numbers) and min(numbers) >= _FIRST
