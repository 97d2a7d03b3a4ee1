"""Headings with nothing under them.

in:   # forward sweep                   out:  x_bar = 2.0 * x * s_bar

      # reverse sweep
      x_bar = 2.0 * x * s_bar
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.nodes import Comment, Function, Return, Stmt


def without_empty_parts(function: Function) -> Function:
    """Drop a comment that heads no statement; a single part needs no heading at all."""
    kept: list[Stmt] = []
    body = function.body
    for k, s in enumerate(body):
        following = body[k + 1] if k + 1 < len(body) else None
        if isinstance(s, Comment) and (following is None or isinstance(following, Comment | Return)):
            continue
        kept.append(s)
    headings = [s for s in kept if isinstance(s, Comment)]
    if len(headings) == 1:
        kept.remove(headings[0])
    elif headings:
        kept = [replace(s, blank=False) if s is headings[0] else s for s in kept]
    return replace(function, body=tuple(kept))
