"""The parts of a derivative: headings with nothing under them go, adjoints are made where the reverse sweep begins.

in:   # forward sweep                       out:  # forward sweep
      u = u.copy()                                u = u.copy()
      u_bar = np.zeros_like(u)
                                                  # reverse sweep
      # reverse sweep                             u_bar = np.zeros_like(u)
      u_bar[0] += s_bar                           u_bar[0] += s_bar
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..ir.nodes import Assign, Block, Comment, Function, Name, Return, Stmt
from ..ir.walk import assigned, is_call_of, mentioned, names
from ..runtime import zeroed_workspace


def arranged(function: Function) -> Function:
    """The parts in order, with the headings that they need."""
    return _without_empty_parts(replace(function, body=_zeros_moved(function.body)))


def _zeros_moved(body: Block) -> Block:
    """Zeros that only the reverse sweep mentions are made at its head."""
    heads = [k for k, s in enumerate(body) if isinstance(s, Comment)]
    if len(heads) < 2:
        return body
    border = heads[-1]
    moved: list[Stmt] = []
    kept: list[Stmt] = []
    for k, s in enumerate(body[:border]):
        if (
            isinstance(s, Assign)
            and isinstance(s.target, Name)
            and is_call_of(s.value, np.zeros_like, zeroed_workspace)
        ):
            rest = body[k + 1 : border]
            if s.target.id not in mentioned(rest) and not assigned(rest) & names(s.value):
                moved.append(s)
                continue
        kept.append(s)
    return (*kept, body[border], *moved, *body[border + 1 :])


def _without_empty_parts(function: Function) -> Function:
    """A comment that heads no statement goes; a single part needs no heading at all."""
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
