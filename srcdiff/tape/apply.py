"""Any function on tensors, by whatever the registry knows of it.

A function that is spelled out in terms of others is run so; what is rewritten, joined or has several results goes its
own way; any other rule becomes the pullback of a record. A function without a rule is refused as soon as a gradient
would go through it, and is simply called where none does.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..rules.problem import TypeProblem
from ..rules.registry import (
    JOINS,
    is_view,
    rewriting,
    rule_of,
    spelled_form,
    spelled_out,
)
from . import modes
from .calls import PLANS, called, plan_of, run, signature, text_of
from .modes import Within
from .pullbacks import Form, names_read
from .recording import recorded
from .refusing import refuse, refuse_problem
from .retracing import with_scope
from .tensor import Tensor, boxed, canonical, made, plain, wrapped
from .views import view_of
from .written import Evaluator

_FORMS: dict[Any, Form] = {}
_OTHER_NAMES = {"min": "a_min", "max": "a_max", "newshape": "shape"}  # NumPy has two names for these
_WRITE = {np.copyto, np.put, np.place, np.putmask, np.fill_diagonal, np.put_along_axis}


_FACTS = {np.iscomplexobj, np.isrealobj, np.result_type, np.can_cast, np.shares_memory, np.may_share_memory}


def apply(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Call a function on tensors, by its rule: for functions that NumPy's protocols do not bring here, such as a user's
    compiled function with a rule of the user's own.

    Raises UnsupportedCall where the function has no rule and one of the tensors needs a gradient.

    >>> import math
    >>> from srcdiff import tape
    >>> x = tape.tensor(2.0, requires_grad=True)
    >>> y = tape.apply(math.lgamma, x)
    >>> y.backward()
    >>> round(x.grad.item(), 6)
    0.422784
    """
    if not _active(args, kwargs) or not modes.thread.recording:
        return _constant(function, args, kwargs)
    key = signature(function, args, kwargs)
    plan = PLANS.get(key) if key is not None else None
    if plan is not None:
        return run(plan, args, kwargs)
    if _hashable(function) and function in _FACTS:
        return function(*plain(args), **{k: plain(v) for k, v in kwargs.items()})
    form = spelled_form(function, len(args), kwargs) or spelled_out(function)
    if form is not None and form not in modes.thread.spelled:
        return _spelled(function, form, args, kwargs)
    rewrite = rewriting(function)
    if rewrite is not None:
        return Evaluator(by_rule).rewritten(rewrite, function, args, kwargs)
    return by_rule(function, args, kwargs, key)


def tensors_in(values: Any) -> Iterator[Tensor]:
    """The tensors among arguments, also in lists and tuples."""
    for value in values:
        if type(value) is Tensor:
            yield value
        elif type(value) in (list, tuple):
            yield from tensors_in(value)


def _active(args: Any, kwargs: dict[str, Any]) -> bool:
    return any(t._node is not None for t in tensors_in(args)) or (
        bool(kwargs) and any(t._node is not None for t in tensors_in(kwargs.values()))
    )


def _constant(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A call through which no gradient goes."""
    _check_writes(function, kwargs, args)
    if is_view(function) and args and type(args[0]) is Tensor:
        boxed(args[0])
        out = wrapped(called(function, plain(args), {k: plain(v) for k, v in kwargs.items()}))
        return view_of(out, args[0], (function, args[1:], kwargs))
    return wrapped(called(function, plain(args), {k: plain(v) for k, v in kwargs.items()}))


def _check_writes(function: Any, kwargs: dict[str, Any], args: Any) -> None:
    out = kwargs.get("out")
    written = out is not None and any(True for _ in tensors_in(out if isinstance(out, tuple) else (out,)))
    if written or (_hashable(function) and function in _WRITE and any(True for _ in tensors_in(args[:1]))):
        refuse(
            f"`{text_of(function)}`, which writes into a tensor",
            "the tape follows the results of functions, and its own writes in place",
            "use the result, or assign: x[i] = v",
        )
    if function in _WRITE and any(t._node is not None for t in tensors_in(args)):
        refuse(
            f"`{text_of(function)}` of a tensor", "no gradient goes through an array", "write into a tensor: x[i] = v"
        )


def _hashable(function: Any) -> bool:
    try:
        hash(function)
    except TypeError:
        return False
    return True


# ------------------------------------------------------------------------------------------------- spelled-out forms


def _spelled(function: Any, form: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run the text that stands for a function; in it the name means the rule."""
    known = _parameters(form).parameters
    given = {k: v for k, v in kwargs.items() if v is not np._NoValue and not (v is None and k not in known)}
    try:
        bound = _parameters(form).bind(*args, **given)
    except TypeError as problem:
        refuse(
            f"this call of `{text_of(function)}`",
            f"its derivative does not cover it: {problem}",
            _forms(form, function),
        )
    for name, value in bound.arguments.items():
        default = known[name].default
        if name not in names_read(form) and value is not default:
            refuse(
                f"the argument `{name}=` of `{text_of(function)}`",
                "its derivative does not cover it",
                _forms(form, function),
            )
    with Within("spelled", (*modes.thread.spelled, form)):
        try:
            return with_scope(form)(*bound.args, **bound.kwargs)
        except TypeProblem as problem:
            refuse_problem(problem)


@functools.cache
def _parameters(form: Any) -> inspect.Signature:
    return inspect.signature(form)


def _forms(form: Any, function: Any) -> str:
    covered = [n for n in inspect.signature(form).parameters if n in names_read(form)]
    return f"use the form {text_of(function)}({', '.join(covered)})"


# ------------------------------------------------------------------------------------------------------- by a rule


def by_rule(function: Any, args: Any, kwargs: dict[str, Any], key: Any = None) -> Any:
    """A call recorded by the rule of the function itself."""
    if function in (np.array, np.asarray) and args and isinstance(args[0], list | tuple):
        return from_items(args[0])
    if not _active(args, kwargs):
        return _constant(function, args, kwargs)
    if function in (np.array, np.asarray) and type(args[0]) is Tensor and len(args) < 3 and kwargs.keys() <= {"dtype"}:
        return as_array(function, *args, **kwargs)
    if _hashable(function) and function in JOINS:
        return joined(function, args, kwargs)
    rule = rule_of(function)
    if rule is None:
        refuse(
            f"a call of `{text_of(function)}` on a tensor that needs a gradient",
            "it has no derivative rule",
            "use functions that have a rule, or a tape.Function with a backward of your own; detach() for a constant",
        )
    if rule.kind == "constant":
        _check_writes(function, kwargs, args)
        return wrapped(called(function, plain(args), {k: plain(v) for k, v in kwargs.items()}))
    return run(plan_of(function, rule, args, kwargs, key), args, kwargs)


def as_array(function: Any, value: Tensor, dtype: Any = None) -> Any:
    """`np.array(x, dtype)` and `np.asarray(x, dtype)`: the latter gives the array itself where it can, so that what is
    written into one is written into the other; whole numbers are rounded down, and constants."""
    wanted = np.dtype(dtype or value.dtype)
    if wanted.kind != "f":
        return wrapped(np.array(plain(value), wanted))
    if function is np.asarray and wanted == value.dtype:
        return value
    from .shaping import to

    return apply(np.copy, value) if wanted == value.dtype else to(value, wanted)


# ------------------------------------------------------------------------------------------------- arrays in a list


def from_items(items: Any) -> Tensor:
    """An array that is written out, some of whose numbers or arrays are tensors: `np.array([x, [..]])`."""
    parts = [from_items(i) if isinstance(i, list | tuple) else i for i in items]
    shapes = {np.shape(plain(p)) for p in parts}
    if len(shapes) > 1:
        raise ValueError(f"arrays of different shapes cannot be stacked: {sorted(shapes)}")
    return joined(np.stack, (parts,), {})


def joined(function: Any, args: Any, kwargs: dict[str, Any]) -> Tensor:
    """Tensors put together along an axis: `np.concatenate` or `np.stack` in their plain form."""
    items = list(args[0])
    axis = args[1] if len(args) > 1 else kwargs.get("axis", 0)
    others = {k: v for k, v in kwargs.items() if k != "axis" and v is not None}
    if others or len(args) > 2:
        refuse(f"this form of `{text_of(function)}`", "the rule covers the arrays and the axis", "leave the rest out")
    values = [np.asarray(plain(i)) for i in items]
    if axis is None:
        return joined(function, ([np.ravel(i) if type(i) is Tensor else np.ravel(np.asarray(i)) for i in items],), {})
    value = function(values, axis=axis)
    axis %= value.ndim
    active = [k for k, i in enumerate(items) if type(i) is Tensor and i._node is not None]
    if not active:
        return made(canonical(value))
    from .joining import join_back

    ends: Any = np.cumsum([0, *(v.shape[axis] for v in values)]) if function is np.concatenate else []
    spans = tuple((int(ends[k]), int(ends[k + 1])) if function is np.concatenate else k for k in active)
    back = join_back(function, len(items), tuple(active))
    parents = [items[k]._node for k in active]
    saved = (axis, spans)
    return made(canonical(value), recorded(back, parents[0] if len(parents) == 1 else tuple(parents), saved, value))
