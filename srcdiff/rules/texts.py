"""Text: made of values for messages, without a derivative."""

from __future__ import annotations

from ..ir.types import TEXT, Type
from ..runtime import formatted, text
from .registry import constant
from .result_types import Asked, states

METHODS = {
    name: getattr(str, name)
    for name in (
        *("format", "join", "upper", "lower", "title", "capitalize", "strip", "rstrip", "lstrip", "replace"),
        *("ljust", "rjust", "center", "zfill"),
    )
}
_FUNCTIONS = (text, formatted, str, repr, ascii, format, str.__mod__, str.__add__, str.__mul__, *METHODS.values())

constant(*_FUNCTIONS)


@states(*_FUNCTIONS)
def _text(asked: Asked) -> Type:
    return TEXT
