"""Operations in place: written into the tensor's memory, recorded, and counted as a change of it.

The new value is that of the operation out of place; the tensor then stands for it. What the record needs of the old
value it keeps a copy of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import GraphError
from . import arithmetic, modes
from .record import ABOUT, BACK, SAVED, About, Record, serial
from .recording import recorded
from .tensor import Tensor, canonical, made, methods, ndarray, plain
from .versions import changed, copied_from, root_of, version_of
from .views import rebase, renew_views


def begin_write(t: Tensor, operation: str, active: bool, number: int | None = None) -> Record | None:
    """Check that a tensor may be changed in place, and note the change; its record so far."""
    old = t._node
    if modes.thread.recording:
        base = t._state.base if t._state is not None else None
        if old is not None and old[BACK] is None:
            raise GraphError(
                "a leaf tensor that requires grad is being changed in place: its gradient would be lost. "
                "Use tape.no_grad() to update it, or change a clone()"
            )
        if base is not None and base._node is not None and base._node[BACK] is None:
            raise GraphError(
                "a view of a leaf tensor that requires grad is being changed in place: its gradient would be lost. "
                "Use tape.no_grad() to update it, or change a view of a clone()"
            )
        if active and t.dtype.kind != "f":
            raise GraphError(f"a tensor of {t.dtype} cannot be assigned values that need a gradient")
    changed(t, operation, old, number)
    return old


def end_write(t: Tensor, record: Record | None) -> None:
    """Give a tensor that was written to the record of the write."""
    if record is None:
        return
    where = (record[4], record[5])
    if t._state is not None and t._state.base is not None:
        rebase(t, record, where)
    else:
        t._node = record
        renew_views(t, where)


def written(t: Tensor, operation: str, compute: Callable[[Tensor], Tensor]) -> Tensor:
    """`t` with the value that `compute` makes of it, in place."""
    number = serial()  # of the change, which the record of the new value comes after
    out = compute(made(t._v, t._node))
    if out.shape != t.shape:
        raise GraphError(f"the result of {operation} has shape {out.shape}, the tensor has {t.shape}")
    if not np.can_cast(out.dtype, t.dtype, "same_kind"):
        raise GraphError(f"the result of {operation} is of {out.dtype}, which a tensor of {t.dtype} cannot hold")
    record = out._node
    if record is not None and type(t._v) is ndarray:
        root = root_of(t._v)
        record[SAVED] = copied_from(record[SAVED], root)
    begin_write(t, operation, record is not None, number)
    if type(t._v) is ndarray:
        t._v[...] = out._v
    else:
        t._v = out._v
    end_write(t, record)
    return t


# ----------------------------------------------------------------------------------------------------- operations


def add_(self: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """`self += alpha * other`."""
    return written(self, "add_", lambda t: arithmetic.add(t, other if alpha == 1 else arithmetic.mul(_t(other), alpha)))


def sub_(self: Tensor, other: Any, *, alpha: float = 1) -> Tensor:
    """`self -= alpha * other`."""
    return written(self, "sub_", lambda t: arithmetic.sub(t, other if alpha == 1 else arithmetic.mul(_t(other), alpha)))


def mul_(self: Tensor, other: Any) -> Tensor:
    """`self *= other`."""
    return written(self, "mul_", lambda t: arithmetic.mul(t, other))


def div_(self: Tensor, other: Any) -> Tensor:
    """`self /= other`."""
    return written(self, "div_", lambda t: arithmetic.div(t, other))


def _t(x: Any) -> Tensor:
    return x if type(x) is Tensor else arithmetic.constant(x)


def _nothing(g: Any, saved: Any) -> Any:
    (shape,) = saved
    return np.zeros(shape, getattr(g, "dtype", np.float64)) if shape else 0.0


def _nothing_again(g: Any, saved: Any) -> Any:
    return made(canonical(_nothing(g, saved)))


def _zeroed(g: Any, saved: Any) -> Any:
    return _nothing(g, saved)


ABOUT[_nothing] = About("FillBackward0", _nothing_again)
ABOUT[_zeroed] = About("ZeroBackward0", _nothing_again)


def _like(x: Tensor, t: Tensor) -> Tensor:
    """A tensor broadcast and converted to what `t` is."""
    wide: Any = x if x.shape == t.shape else np.broadcast_to(x, t.shape)
    found: Tensor = wide if wide.dtype == t.dtype else wide.to(t.dtype)
    return found


def _filled(t: Tensor, value: Any, back: Any) -> Tensor:
    """A tensor of one value like `t`; what `t` was has the gradient 0."""
    out = np.full(t.shape, plain(value), t.dtype)
    if type(value) is Tensor and value._node is not None:
        return _like(value, t)
    record = None
    if t._node is not None:
        record = recorded(back, t._node, (t.shape,), out)
    return made(canonical(out[()] if not t.shape else out), record)


def zero_(self: Tensor) -> Tensor:
    """Set all elements to 0."""
    return written(self, "zero_", lambda t: _filled(t, 0, _zeroed))


def fill_(self: Tensor, value: Any) -> Tensor:
    """Set all elements to a number or 0-d tensor."""
    if np.ndim(plain(value)):
        raise GraphError(f"fill_ takes a number or a 0-d tensor, not one of shape {np.shape(plain(value))}")
    return written(self, "fill_", lambda t: _filled(t, value, _nothing))


def copy_(self: Tensor, source: Any) -> Tensor:
    """Set the elements to those of another tensor or array, broadcast to this shape."""

    def copied(t: Tensor) -> Tensor:
        same = _like(_t(source), t)
        return made(np.array(same._v) if type(same._v) is ndarray else same._v, same._node)

    return written(self, "copy_", copied)


def clamp_(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Set each element to the nearest one between `min` and `max`."""
    return written(self, "clamp_", lambda t: t.clamp(min, max))  # type: ignore[attr-defined]


methods(add_=add_, sub_=sub_, mul_=mul_, div_=div_, zero_=zero_, fill_=fill_, copy_=copy_, clamp_=clamp_)


def _augmented(change: Any, compute: Any) -> Any:
    """`x += y`: in place, but for a number in a function that was written for numbers and arrays."""

    def call(self: Tensor, other: Any) -> Any:
        if modes.exact() and type(self._v) is not ndarray:
            return compute(self, other)
        return change(self, other)

    return call


methods(
    __iadd__=_augmented(add_, arithmetic.add),
    __isub__=_augmented(sub_, arithmetic.sub),
    __imul__=_augmented(mul_, arithmetic.mul),
    __itruediv__=_augmented(div_, arithmetic.div),
    _version=property(version_of),
)
