"""IR -> text -> running functions. See `text` (expressions), `layout` (long lines) and `module` (all the rest)."""

from srcdiff.backend.module import (
    Module,
    Rendered,
    explain,
    load,
    load_text,
    module_of,
    render_module,
    unload,
    unplaced,
)
from srcdiff.backend.names import Names
from srcdiff.backend.text import render

__all__ = [
    "Module",
    "Names",
    "Rendered",
    "explain",
    "load",
    "load_text",
    "module_of",
    "render",
    "render_module",
    "unload",
    "unplaced",
]
