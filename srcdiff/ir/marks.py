"""Calls that stand for syntax. None of these functions is ever called.

The first ones occur at the raw level only. `entering ... leaving` and `trying ... concluding ... concluded` are
statements of one block, in pairs: what stands between is the body of a `with`, and the body and the `finally` of a
`try`; `recomputing ... recomputed` are such a pair, too. `ok = attempt(...)` and the `if ok` that follows it are one
statement: a `try` whose body is that of the `if`; its other side is what happens to an exception, and `ok` tells
whether there was none (for several handlers it counts them, 0 for none).
"""

from __future__ import annotations

from typing import Any


def recomputing(name: str) -> None:
    """The head of a call of `checkpoint(f)`, as statements of their own: to be computed again in the reverse sweep."""


def recomputed() -> None:
    """The end of what `recomputing` has begun."""


def keeping(snapshots: int) -> None:
    """The loop that follows is over `checkpointed(..., snapshots=snapshots)`."""


def named(name: Any, value: Any) -> Any:
    """`(name := value)`, of a name that is read in this expression only."""
    raise NotImplementedError


def defines(cls: Any) -> None:
    """`class` in a function: from here on the methods of the class read the variables of that function."""


def deleted(name: Any) -> None:
    """`del name`: the variable has no value from here on."""


def matches_sequence(subject: Any, length: int, starred: bool) -> bool:
    """Whether a sequence pattern of that many items fits; `starred` where it takes any further ones, too."""
    raise NotImplementedError


def matches_mapping(subject: Any) -> bool:
    """Whether a value is what a mapping pattern looks into."""
    raise NotImplementedError


def entering(is_call: bool, manager: Any, *args: Any, **kwargs: Any) -> Any:
    """`with manager(*args, **kwargs):`, or `with manager:`, and what it binds."""


def leaving(is_call: bool, manager: Any, *args: Any, **kwargs: Any) -> None:
    """The end of what `entering` has begun."""


def trying() -> None:
    """`try:` with a `finally`."""


def concluding() -> None:
    """`finally:`"""


def concluded() -> None:
    """The end of what `concluding` has begun, and of the `try`."""


def attempt(*classes: Any) -> int:
    """`try:` with handlers for these classes: whether no exception came, or which handler's."""
    raise NotImplementedError


def attempted(*names: Any) -> None:
    """The end of what is attempted, which has assigned these variables."""


def caught() -> Any:
    """The exception that a handler has caught."""
