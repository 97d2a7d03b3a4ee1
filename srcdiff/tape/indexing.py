"""Reading and writing parts of a tensor: `x[i]`, `x[i] = v`, `select`, `index`.

A part that NumPy gives as a view shares the tensor's memory, an element too, as in torch. The gradient of a part is
added into one array for the whole, so that reading all elements one by one takes linear time.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..runtime import only_last, replaced, scattered
from . import kernels, modes
from .fitting import fit
from .inplace import begin_write, end_write
from .record import ABOUT, About
from .recording import recorded
from .retracing import fit_again
from .sweep import Into
from .tensor import Tensor, boxed, canonical, made, methods, ndarray, plain
from .views import view_of


def _index(index: Any) -> Any:
    """An index without tensors in it."""
    if type(index) is Tensor:
        return index._v if index._v.ndim or index.dtype.kind == "b" else int(index._v)
    if type(index) is tuple:
        return tuple(_index(i) for i in index)
    if type(index) is list:
        return np.asarray(plain(index)) if index else np.zeros(0, np.int64)
    return index


def _is_basic(index: Any) -> bool:
    kind = type(index)
    if kind is int or kind is slice or index is None or index is Ellipsis:
        return True
    if kind is tuple:
        return all(_is_basic(i) for i in index if type(i) is not tuple) and not any(type(i) is tuple for i in index)
    return isinstance(index, np.integer)


def _name(index: Any, basic: bool) -> Any:
    parts = index if type(index) is tuple else (index,)
    if not basic:
        return _back_index
    last = parts[-1] if parts else slice(None)
    return _back_select if isinstance(last, int | np.integer) else _back_unsqueeze if last is None else _back_slice


def getitem(self: Tensor, index: Any) -> Tensor:
    """`x[index]`: integers, slices, None, Ellipsis, lists, masks and integer tensors, as NumPy reads them."""
    kind = type(index)
    if kind is not int and kind is not slice:
        index = _index(index)
    v = self._v if type(self._v) is ndarray else boxed(self)
    basic = _is_basic(index)
    if basic and modes.exact() and type(part := v[index]) is not ndarray:
        basic, part = False, canonical(part)  # an element of an array is a number, and no view
    elif basic:
        part = v[
            (*index, ...) if type(index) is tuple and Ellipsis not in index else (index, ...) if kind is int else index
        ]
    else:
        part = canonical(v[index])
    if type(part) is not ndarray and basic:
        part = v[(index, ...)]
    p = self._node
    out = made(part)
    if p is not None:
        back, saved = _name(index, basic), (v.shape, v.dtype, index, basic)
        out._node = recorded(back, Into((p,)), saved, part)
    return view_of(out, self, (_item, (index,), {})) if basic else out


def _item(a: Any, index: Any) -> Any:
    return a[index]


def _into(g: Any, saved: Any, whole: Any) -> None:
    """Add the gradient of a part to that of the whole."""
    _, _, index, basic = saved
    if basic:
        whole[index] += g
    else:
        kernels.add_at(whole, index, g)


def _again(g: Any, saved: Any) -> Any:
    from .apply import apply

    shape, dtype, index, _ = saved
    return apply(scattered, g, index, np.zeros(shape, dtype))


def _back(name: str) -> Any:
    def back(g: Any, saved: Any, whole: Any) -> None:
        _into(g, saved, whole)

    ABOUT[back] = About(f"{name}Backward0", _again)
    return back


_back_select, _back_slice, _back_index, _back_unsqueeze = map(_back, ("Select", "Slice", "Index", "Unsqueeze"))


# ------------------------------------------------------------------------------------------------------------- writing


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """`x[index] = value`: written in place, and recorded."""
    index = _index(index)
    v = boxed(self)
    if type(value) is not Tensor:
        value = np.asarray(plain(value)) if not isinstance(value, list | tuple) else _listed(value)
    given = value._v if type(value) is Tensor else value
    q = value._node if type(value) is Tensor else None
    old = begin_write(self, "item assignment", q is not None)
    if np.may_share_memory(v, given):
        given = np.array(given)
    v[index] = given
    if not modes.thread.recording or (old is None and q is None):
        return end_write(self, None)
    basic = _is_basic(index)
    both = old is not None and q is not None
    parents = (old, q) if both else old if q is None else q
    back = _set_both if both else _set_base if q is None else _set_value
    saved = (index, basic, v.shape, np.shape(given), v.size)
    return end_write(self, recorded(back, parents, saved, v))


def _listed(value: Any) -> Any:
    from .apply import from_items, tensors_in

    return from_items(value) if any(True for _ in tensors_in(value)) else np.asarray(value)


def _of_base(g: Any, saved: Any) -> Any:
    index, _, shape, _, _ = saved
    result = np.array(g) if np.shape(g) == shape else np.array(np.broadcast_to(g, shape))
    result[index] = 0.0
    return result


def _of_value(g: Any, saved: Any) -> Any:
    index, basic, shape, own, size = saved
    part = g[index] if np.shape(g) == shape else np.broadcast_to(g, shape)[index]
    if not basic:
        part = only_last(part, index, _Sized(shape, size))
    return fit(np.array(part) if type(part) is ndarray else part, own)


class _Sized:
    """What `only_last` asks of the array that is indexed."""

    def __init__(self, shape: tuple[int, ...], size: int) -> None:
        self.shape, self.size = shape, size


def _set_base(g: Any, saved: Any) -> Any:
    return _of_base(g, saved)


def _set_value(g: Any, saved: Any) -> Any:
    return _of_value(g, saved)


def _set_both(g: Any, saved: Any) -> Any:
    return _of_base(g, saved), _of_value(g, saved)


def _base_again(g: Any, saved: Any) -> Any:
    from .apply import apply

    return apply(replaced, g, saved[0], 0.0)


def _value_again(g: Any, saved: Any) -> Any:
    from .apply import apply

    index, basic, shape, own, _ = saved
    part = g[index]
    if not basic:
        part = apply(only_last, part, index, np.zeros(shape))
    return fit_again(part, own)


ABOUT[_set_base] = About("SetitemBackward0", _base_again)
ABOUT[_set_value] = About("SetitemBackward0", _value_again, (1,), 2)
ABOUT[_set_both] = About(
    "SetitemBackward0", lambda g, saved: (_base_again(g, saved), _value_again(g, saved)), (0, 1), 2
)


def select(self: Tensor, dim: int, index: int) -> Tensor:
    """The slice number `index` along `dim`, a view."""
    return getitem(self, (slice(None),) * (dim % self.ndim) + (index,))


def index_select(self: Tensor, dim: int, index: Any) -> Tensor:
    """The slices along `dim` at the places in `index`."""
    return getitem(self, (slice(None),) * (dim % self.ndim) + (np.asarray(plain(index)),))


methods(__getitem__=getitem, __setitem__=setitem, select=select, index_select=index_select)
