"""A folder of entries, each a key and some bytes, that several processes share and that nothing need be sure of.

An entry is read only if it is a plain file of the user's own that nobody else can write, and if its bytes are the ones
that were written: they begin with their own hash. It is written under another name and moved into place, so that no one
sees half of it. Whatever the file system refuses is no error: there is no entry then.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LAYOUT = "compiled-1"  # the name of the folder changes with the form of its entries
_ENTRY = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = "unfinished-"
_ABANDONED = 3600.0  # seconds after which nobody will finish writing a file
_MEGABYTES = 256
_KEPT = 0.8  # of the limit, when there is too much
_ON_POSIX = hasattr(os, "geteuid")
# (where there are no such flags, a link is followed: on Windows links take a right that only administrators have)
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Entry:
    path: Path
    size: int
    used: float  # when it was read or written last


@dataclass(frozen=True)
class Store:
    folder: Path
    limit: int  # in bytes

    @classmethod
    def of_environment(cls) -> Store | None:
        """The store that the environment variables choose; None where they choose none, or there is no place for it."""
        if os.environ.get("SRCDIFF_CACHE", "").strip().lower() in ("0", "off", "no", "false"):
            return None
        given = os.environ.get("SRCDIFF_CACHE_DIR")
        root = Path(given).absolute() if given else _default_folder()
        if root is None:
            return None
        try:
            megabytes = float(os.environ.get("SRCDIFF_CACHE_SIZE", _MEGABYTES))
        except ValueError:
            megabytes = _MEGABYTES
        return cls(root / _LAYOUT, int(megabytes * 2**20))

    # ------------------------------------------------------------------------------------------------------- entries

    def read(self, key: str) -> bytes | None:
        """The bytes stored under this key; None where there are none that can be trusted."""
        path = self.folder / key
        try:
            handle = os.open(path, _FLAGS)
            with open(handle, "rb") as file:  # noqa: PTH123 (a descriptor, so that what is looked at is what is read)
                if not _is_own(os.fstat(handle), stat.S_ISREG):
                    return None
                content = file.read()
        except (OSError, ValueError):
            return None
        mark = _mark(key, content[_LENGTH:])
        if content[:_LENGTH] != mark:
            return None
        with suppress(OSError):
            os.utime(path)  # the entries that were not used for the longest time go first
        return content[_LENGTH:]

    def write(self, key: str, content: bytes) -> None:
        """Store bytes under this key, if that can be done."""
        if len(content) > self.limit:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_own(os.lstat(self.folder), stat.S_ISDIR):
                return
            handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self.folder)
            unfinished = Path(name)
        except OSError:
            return
        try:
            with open(handle, "wb") as file:  # noqa: PTH123
                file.write(_mark(key, content))
                file.write(content)
            unfinished.replace(self.folder / key)
        except OSError:
            with suppress(OSError):
                unfinished.unlink()
        self.shrink()

    def entries(self) -> Iterator[Entry]:
        for path, status in self._files():
            if _ENTRY.fullmatch(path.name):
                yield Entry(path, status.st_size, status.st_mtime)

    # --------------------------------------------------------------------------------------------------------- size

    def shrink(self) -> None:
        """Remove what was not used for the longest time, if there is more than the limit; and what nobody finished."""
        for path, status in self._files():
            if path.name.startswith(_UNFINISHED) and time.time() - status.st_mtime > _ABANDONED:
                _remove(path)
        found = sorted(self.entries(), key=lambda entry: entry.used)
        size = sum(entry.size for entry in found)
        if size <= self.limit:
            return
        for entry in found:
            if size <= _KEPT * self.limit:
                break
            size -= entry.size * _remove(entry.path)

    def clear(self) -> int:
        """Remove every entry; how many there were."""
        for path, _ in self._files():
            if path.name.startswith(_UNFINISHED):
                _remove(path)
        return sum(_remove(entry.path) for entry in list(self.entries()))

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        """The files in the folder, whoever put them there."""
        found = []
        with suppress(OSError), os.scandir(self.folder) as files:
            for file in files:
                with suppress(OSError):
                    found.append((Path(file.path), file.stat(follow_symlinks=False)))
        return found


_LENGTH = hashlib.sha256().digest_size


def _mark(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + content).digest()


def _is_own(status: os.stat_result, is_kind: object) -> bool:
    """Whether this is a file (or folder) of the user's that nobody else can write. Windows keeps a user's folders from
    others itself."""
    assert callable(is_kind)
    if not is_kind(status.st_mode):
        return False
    return not _ON_POSIX or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def _remove(path: Path) -> bool:
    with suppress(OSError):
        path.unlink()
        return True
    return False


def _default_folder() -> Path | None:
    """Where the platform has such files: for Linux, see the XDG Base Directory Specification."""
    try:
        if sys.platform == "win32":
            local = os.environ.get("LOCALAPPDATA")
            return (Path(local) if local else Path.home() / "AppData" / "Local") / "srcdiff" / "Cache"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "srcdiff"
        given = Path(os.environ.get("XDG_CACHE_HOME") or "relative")
        return (given if given.is_absolute() else Path.home() / ".cache") / "srcdiff"
    except RuntimeError:  # nobody's home
        return None
