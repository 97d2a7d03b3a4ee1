"""A call by the rule of its function: planned once for each signature, then run.

A plan has what does not depend on the values: which argument is which operand of the rule, which of them need a
gradient, the form of the rule for these. What types refuse is refused when the plan is made.
"""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from types import GetSetDescriptorType, NoneType
from typing import Any, NoReturn

import numpy as np

from ..errors import NotDifferentiable, UnsupportedCall
from ..rules.registry import Rule, bilinear_operands, is_elementwise, is_view
from .arithmetic import Spread, broadcast_back
from .fitting import number
from .names import name_of
from .pullbacks import Form, form_of
from .record import ABOUT, CODE, PLACE, About, Record, serial
from .recording import apart, recorded
from .refusing import refuse
from .several import one_by_one, result_record
from .tensor import Tensor, boxed, canonical, made, ndarray, plain, wrapped
from .views import view_of
from .written import check_types

_FORMS: dict[Any, Form] = {}
_OTHER_NAMES = {"min": "a_min", "max": "a_max", "newshape": "shape"}  # NumPy has two names for these
_LITERALS = (int, bool, str, NoneType, np.dtype, type)


@dataclass(slots=True)
class Plan:
    """How calls of one signature are recorded."""

    function: Any
    rule: Rule
    names: tuple[str, ...]  # of the operands that are given by position
    words: dict[str, str | None]  # those given by keyword
    fixed: dict[str, Any]  # operands that are not given, or given as lists
    active: tuple[str, ...]
    places: tuple[int, ...]
    form: Form
    view: bool


PLANS: dict[Any, Plan] = {}


def signature(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What a plan depends on: ranks, dtypes, which tensors need a gradient, literals; None if there is more to it."""
    try:
        kinds = [_kind(a) for a in args]
        kinds += [(k, _kind(v)) for k, v in kwargs.items()]
        key = (function, *kinds)
        hash(key)
    except TypeError:
        return None
    return key


def _kind(a: Any) -> Any:
    kind = type(a)
    if kind is Tensor:
        v = a._v
        return (a._node is not None, 0, float) if type(v) is float else (a._node is not None, v.ndim, v.dtype)
    if kind is ndarray:
        return ndarray, a.ndim, a.dtype
    if kind is float:
        return float
    if isinstance(a, _LITERALS) or (kind is tuple and all(type(i) is int for i in a)):
        return kind, a
    raise TypeError(kind)


def plan_of(function: Any, rule: Rule, args: Any, kwargs: dict[str, Any], key: Any) -> Plan:
    """The plan for a call, kept under its signature."""
    bound, words = _bound(function, rule, args, kwargs)
    places = tuple(k for k, n in enumerate(rule.operands) if type(t := bound.get(n)) is Tensor and t._node is not None)
    active = tuple(rule.operands[k] for k in places)
    unknown = [n for n in active if n in rule.unknown]
    if unknown:
        what = f"the argument `{unknown[0]}=` of `{text_of(function)}`"
        refuse(what, "its derivative is not written", "use a constant")
    if not is_elementwise(function):
        check_types(function, args, kwargs)
    tensors = sum(1 for v in bound.values() if isinstance(v, Tensor | ndarray | float))
    names = rule.operands[: len(args)]
    given = {*names, *(w for w in words.values() if w is not None)}
    fixed = {n: v for n, v in bound.items() if n not in given}
    changed = {n: v for n, v in bound.items() if n in given and type(v) is ndarray and not _is_given(v, args, kwargs)}
    plan = Plan(
        function,
        rule,
        names,
        words,
        fixed | changed,
        active,
        places,
        _form(function, rule, places, tensors),
        is_view(function) and type(args[0]) is Tensor,
    )
    if key is not None and not changed and len(args) <= len(rule.operands):
        PLANS[key] = plan
    return plan


def _is_given(value: Any, args: Any, kwargs: dict[str, Any]) -> bool:
    return any(value is a for a in args) or any(value is a for a in kwargs.values())


def _form(function: Any, rule: Rule, places: tuple[int, ...], tensors: int) -> Form:
    key = (function, places, tensors)
    form = _FORMS.get(key)
    if form is None:
        form = _FORMS[key] = form_of(rule, places, name=name_of(function), tensors=max(tensors, len(places)))
    return form


def run(plan: Plan, args: Any, kwargs: dict[str, Any]) -> Any:
    """A call by its plan."""
    function, rule = plan.function, plan.rule
    if plan.view:
        boxed(args[0])
    bound = dict(zip(plan.names, args, strict=False))
    for k, v in kwargs.items():
        word = plan.words[k]
        if word is not None:
            bound[word] = v
    bound.update(plan.fixed)
    values = {n: plain(v) for n, v in bound.items()}
    given = plain(tuple(args))
    if rule.kind == "pullback":  # rules and helpers ask operands for their rank
        values = {n: number(v) if type(v) is float else v for n, v in values.items()}
        given = tuple(number(v) if type(v) is float else v for v in given)
    value = called(function, given, {k: plain(v) for k, v in kwargs.items()} if kwargs else kwargs)
    foreign = [v for v in bound.values() if type(v) is ndarray]
    back, saved = plan.form.back, apart(plan.form.save(value, **values), foreign)
    if rule.kind == "partials":
        shapes = [np.shape(values[n]) for n in plan.active]
        if any(s != np.shape(value) for s in shapes):
            back, saved = broadcast_back(back), Spread((saved, *shapes))
    elif isinstance(value, tuple | list):
        back = one_by_one(back, len(value))
    parents = [bound[n]._node for n in plan.active]
    record = recorded(back, parents[0] if len(parents) == 1 else tuple(parents), saved, value)
    if record is None:
        return wrapped(value)
    if isinstance(value, tuple | list):
        return _results(value, record, rule, name_of(function))
    result = canonical(value)
    if type(result) is not float and result.dtype.kind != "f":
        return made(result)
    out = made(result, record)
    return view_of(out, args[0], (function, args[1:], kwargs)) if plan.view else out


def _not_written(g: Any, saved: Any) -> NoReturn:  # noqa: ARG001
    refuse(
        "the derivative of a result that the rule does not cover",
        "it is not written",
        "use the other results, or detach() this one",
        NotDifferentiable,
    )


ABOUT[_not_written] = About("NotWritten", _not_written)


def called(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The function of values; an attribute of arrays counts as one."""
    return function.__get__(*args) if isinstance(function, GetSetDescriptorType) else function(*args, **kwargs)


def text_of(function: Any) -> str:
    module = (getattr(function, "__module__", None) or "").replace("numpy", "np")
    name = getattr(function, "__name__", str(function))
    return f"{module}.{name}" if module and module != "builtins" else str(name)


def _results(value: Any, record: Record, rule: Rule, name: str) -> Any:
    """Several results, each of them a tensor with a record of its own."""
    found = []
    for k, part in enumerate(value):
        known = rule.results is None or k in rule.results
        floating = np.asarray(part).dtype.kind == "f"
        if floating and not known:
            found.append(made(canonical(part), [serial(), _not_written, record, (), record[CODE], record[PLACE]]))
        else:
            found.append(made(canonical(part), result_record(record, k, name) if floating else None))
    return type(value)(*found) if hasattr(value, "_fields") else tuple(found)


def _bound(
    function: Any, rule: Rule, args: Any, kwargs: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str | None]]:
    """The arguments by the names that the rule has for its operands; and the names of the keywords, None for those that
    say nothing."""
    names, required = _parameters(function), _required(rule)
    if len(args) > len(rule.operands):
        if function in (np.ndarray.reshape, np.ndarray.transpose):
            args = (args[0], tuple(args[1:]))
        else:
            _uncovered(f"the number of arguments of `{text_of(function)}`", function, rule)
    for known, own, value in [*zip(names, rule.operands, args, strict=False)][len(required) :]:
        if known != own and value is not None:
            _uncovered(f"the argument `{known}` of `{text_of(function)}`", function, rule)
    bound = dict(zip(rule.operands, args, strict=False))
    words: dict[str, str | None] = {}
    for name, value in kwargs.items():
        words[name] = None
        if value is np._NoValue:
            continue
        place = names.index(name) if name in names else len(required)
        wanted = required[place] if place < len(required) else _OTHER_NAMES.get(name, name)
        if wanted not in rule.operands:
            wanted = name
        if wanted in rule.operands:
            bound[wanted], words[name] = value, wanted
        elif value is not None:
            _uncovered(f"the argument `{name}=` of `{text_of(function)}`", function, rule)
    for name in required:
        if name not in bound:
            bound[name] = None  # only the bounds of np.clip may be left out
    for name in bilinear_operands(function):
        if isinstance(bound.get(name), int | list):
            bound[name] = np.asarray(bound[name])[()]
    return bound, words


def _uncovered(what: str, function: Any, rule: Rule) -> None:
    refuse(
        what,
        "the derivative rule does not cover this form",
        f"use the form {text_of(function)}({', '.join(rule.operands)})",
        UnsupportedCall,
    )


@functools.cache
def _parameters(function: Any) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()
    any_number = any(p.kind is p.VAR_POSITIONAL for p in [*parameters.values()][:1])
    return () if any_number else tuple(parameters)


@functools.cache
def _required(rule: Rule) -> tuple[str, ...]:
    parameters = inspect.signature(rule.body).parameters  # type: ignore[arg-type]
    return tuple(n for n in rule.operands if parameters[n].default is inspect.Parameter.empty)
