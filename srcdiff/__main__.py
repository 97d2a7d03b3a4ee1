"""`python -m srcdiff cache` shows what the cache of compiled derivatives holds; with `--clear`, it is emptied."""

from __future__ import annotations

import argparse
import sys

from . import cache


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m srcdiff")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("cache", help="the compiled derivatives kept on disk: where, how many, how large")
    command.add_argument("--clear", action="store_true", help="remove them")
    if parser.parse_args().clear:
        sys.stdout.write(f"{_derivatives(cache.clear())} removed\n")
        return
    found = cache.info()
    size = f"{found.size / 2**20:.1f} of {found.limit / 2**20:.0f} MB"
    place = f"{found.folder}: {_derivatives(found.entries)}, {size}"
    sys.stdout.write("there is no cache\n" if found.folder is None else f"{place}\n")


def _derivatives(count: int) -> str:
    return f"{count} derivative{'' if count == 1 else 's'}"


if __name__ == "__main__":
    main()
