"""Texts that Python itself does not keep: what was typed at its prompt, and what followed `-c`.

In: the file name of a function's code. Out: texts that it may come from. Whether one does is decided by compiling it
again (see `source`), so a wrong one does no harm.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

_STATEMENTS = 400  # how far back the lines that were typed are looked at
_LONGEST = 200  # lines of one function
_INSIDE = (" ", "\t", ")", "]", "}", "def", "@")  # how a line begins that is not the first of a statement


def texts(file: str, name: str) -> Iterator[str]:
    """What may be the text of a function of this name whose code was compiled under this file name."""
    if file == "<string>":
        yield from _after_the_option()
    elif file.startswith(("<stdin", "<python-input")):
        yield from _typed(name)


def _after_the_option() -> Iterator[str]:
    """The program of `python -c "..."`."""
    given = list(getattr(sys, "orig_argv", []))[1:]
    for k, word in enumerate(given):
        if word == "-c" or (word.startswith("-") and not word.startswith("--") and word.endswith("c")):
            yield from given[k + 1 : k + 2]
            return


def _typed(name: str) -> Iterator[str]:
    """Runs of lines from the history of the prompt, the latest first, that begin where the function may begin."""
    readline = sys.modules.get("readline")  # (a prompt that keeps a history has imported it)
    if readline is None:
        return
    count = readline.get_current_history_length()
    lines = [readline.get_history_item(k) or "" for k in range(max(1, count - _STATEMENTS), count + 1)]
    word = "lambda" if name == "<lambda>" else name
    for start in reversed(range(len(lines))):
        if lines[start].startswith(_INSIDE[:2]):
            continue
        for end in range(start + 1, min(start + _LONGEST, len(lines)) + 1):
            last = lines[end - 1]
            if end > start + 1 and last and not last.startswith(_INSIDE):
                break
            if any(word in line for line in lines[start:end]):
                yield "\n".join(lines[start:end])
