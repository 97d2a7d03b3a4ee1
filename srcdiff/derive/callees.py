"""The derivatives of the functions that a derivative calls, and of those that they call."""

from __future__ import annotations

from ..ir.callee import Callee, Helper
from ..normalise import Core
from .helpers import Helpers
from .modes import pushed
from .request import Derived, Request
from .reverse import pulled
from .snapshots import scheduled


def derived_helpers(helpers: Helpers) -> dict[Helper, Derived]:
    """Every function that has been asked for, written; writing one may ask for others."""
    found: dict[Helper, Derived] = {}
    while helpers.waiting:
        helper = helpers.waiting.pop()
        core = core_of(helper.callee)
        wrt = tuple(core.function.params[k].name for k in helper.active)
        if helper.role in ("jvp", "sparsity"):
            found[helper] = pushed(core, Request(wrt, len(wrt) == 1, helper.role), helper.asked, helpers)
            continue
        if helper.role == "rev" and helper.callee.trips is not None:
            found[helper], found[helpers.partner(helper)] = scheduled(helper, helper.callee.trips, helpers)
            continue
        found[helper], forward = pulled(core, Request(wrt, len(wrt) == 1, "pull"), helper, helpers)
        if forward is not None:
            found[helpers.partner(helper)] = forward
    return found


def core_of(callee: Callee) -> Core:
    """A recursive function as a program of its own."""
    return Core(callee.function, callee.types, (), (), {}, callee.result(()), frozenset(), callee.user_name)
