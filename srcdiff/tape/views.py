"""Tensors that see the memory of another one: what a write in place through one of them means for the others.

A view knows its base and the steps that lead to it; the base knows its views. When one of them is written to, the base
gets the record of the write, and every view a record that reads it out of the base anew.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..runtime import scattered
from .record import ABOUT, About, Record, serial
from .tensor import State, Tensor, ndarray, plain, state_of

Step = tuple[Any, tuple[Any, ...], dict[str, Any]]


def view_of(out: Any, source: Tensor, step: Step) -> Any:
    """`out`, made from `source` by one step, noted as a view if the two share memory."""
    if type(out) is not Tensor or type(out._v) is not ndarray or type(source._v) is not ndarray:
        return out
    if out._v.base is None or not np.may_share_memory(out._v, source._v):
        return out
    known = source._state
    state = out._state = State()
    if known is not None and known.base is not None:
        state.base, state.steps = known.base, (*known.steps, step)
    else:
        state.base, state.steps = source, (step,)
    _register(state.base, out)
    return out


def _register(base: Tensor, view: Tensor) -> None:
    state = state_of(base)
    views = state.views
    if views is None:
        views = state.views = []
    elif len(views) >= 32 and len(views) & (len(views) - 1) == 0:  # a power of two: look whether most are gone
        views[:] = [r for r in views if r() is not None]
    views.append(weakref.ref(view))


def views_of(base: Tensor) -> list[Tensor]:
    """The views of a tensor that are still there."""
    if base._state is None or base._state.views is None:
        return []
    base._state.views[:] = [r for r in base._state.views if r() is not None]
    return [t for r in base._state.views if (t := r()) is not None]


def places_of(steps: tuple[Step, ...], shape: tuple[int, ...]) -> Any:
    """For each element of a view the flat index of the base's element that it is."""
    places = np.arange(int(np.prod(shape))).reshape(shape)
    for function, args, kwargs in steps:
        places = function(places, *plain(args), **{k: plain(v) for k, v in kwargs.items()})
    return np.asarray(places)


# ---------------------------------------------------------------------- the record of a view, and of a write through it


def _spread(g: Any, saved: Any) -> Any:
    places, shape, dtype = saved
    result = np.zeros(int(np.prod(shape)), dtype)
    np.add.at(result, places, g)
    return result.reshape(shape)


def _spread_again(g: Any, saved: Any) -> Any:
    from .apply import apply

    places, shape, dtype = saved
    flat = apply(scattered, g, places, np.zeros(int(np.prod(shape)), dtype))
    return np.reshape(flat, shape)


ABOUT[_spread] = About("AsStridedBackward0", _spread_again)


def _through(g: Any, saved: Any) -> Any:
    """The gradients of the base before the write, and of what was written."""
    places, shape, which = saved
    if np.shape(g) != shape:
        g = np.broadcast_to(g, shape)
    base = view = None
    if "base" in which:
        base = np.array(g)
        base.reshape(-1)[places] = 0.0
    if "view" in which:
        view = np.asarray(g).reshape(-1)[places]
        view = float(view) if view.ndim == 0 and view.dtype == np.float64 else view
    return (base, view) if len(which) == 2 else base if view is None else view


def _through_again(g: Any, saved: Any) -> Any:
    places, shape, which = saved
    mask = np.ones(int(np.prod(shape)))
    mask[places.reshape(-1)] = 0.0
    found = []
    if "base" in which:
        found.append(g * mask.reshape(shape))
    if "view" in which:
        found.append(np.reshape(g, (-1,))[places])
    return tuple(found) if len(found) == 2 else found[0]


ABOUT[_through] = About("CopySlices", _through_again)


def rebase(view: Tensor, written: Record | None, where: Any) -> None:
    """Give the base of a view the record of what was written through it."""
    state = view._state
    assert state is not None
    base: Tensor = state.base
    parents = {"base": base._node, "view": written}
    which = tuple(k for k, record in parents.items() if record is not None)
    places = places_of(state.steps, base.shape)
    records = [parents[k] for k in which]
    saved = (places, base.shape, which)
    base._node = [serial(), _through, records[0] if len(records) == 1 else tuple(records), saved, *where]
    renew_views(base, where)


def renew_views(base: Tensor, where: Any) -> None:
    """Give every view a record that reads it out of its base as it is now."""
    for view in views_of(base):
        state = view._state
        if base._node is None or state is None:
            view._node = None
            continue
        saved = (places_of(state.steps, base.shape), base.shape, base.dtype)
        view._node = [serial(), _spread, base._node, saved, *where]
