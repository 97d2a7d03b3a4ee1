"""The text of a program as a module: in, text; out, a module from a real file, so that its source can be read."""

from __future__ import annotations

import atexit
import importlib.util
import itertools
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import FunctionType, ModuleType

_numbers = itertools.count()
_folders: dict[int, Path] = {}  # process: its folder (a forked process makes its own)


def _folder() -> Path:
    if os.getpid() not in _folders:
        folder = Path(tempfile.mkdtemp(prefix="random_programs_"))
        _folders[os.getpid()] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _folders[os.getpid()]


def load(source: str) -> ModuleType:
    """The module, in `sys.modules` under a name of its own."""
    name = f"random_program_{os.getpid()}_{next(_numbers)}"
    path = _folder() / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def load_jitted(source: str) -> ModuleType:
    """The module with its functions compiled by Numba: what `jit_ok` promises to be possible."""
    import numba

    module = load(source)
    for name, value in list(vars(module).items()):
        if isinstance(value, FunctionType):
            setattr(module, name, numba.njit(error_model="numpy")(value))
    return module


def unload(module: ModuleType) -> None:
    """Forgets the module and its file."""
    sys.modules.pop(module.__name__, None)
    if module.__file__ is not None:
        Path(module.__file__).unlink(missing_ok=True)
