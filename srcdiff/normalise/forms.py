"""The forms of a call: what is called, by which names its arguments come, and whether there is a rule for that.

in:   max(a, b, c)               out:  max(max(a, b), c)
      sum(x)                           np.sum(x)
      math.log(a, b)                   math.log(a) / math.log(b)
      np.full(fill_value=a, shape=n)   np.full(n, a)
      np.transpose(A, (1, 0))          np.transpose(A)
      a in (1, 2)                      a == 1 or a == 2
      (a, b) + (c,)                    (a, b, c)
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
import sys
from collections.abc import Collection, Hashable
from dataclasses import replace
from types import FunctionType
from typing import Any, Protocol

import numpy as np

from ..errors import UnsupportedCall
from ..ir.nodes import Attr, Call, Const, Display, Expr, Item, Logic, Name, Object
from ..ir.types import Held, Num, Static, Tup, Type, describe
from ..records import CACHED
from ..rules import rewriting, rule_of, spelled_out
from ..rules.nearest import CONTAINERS, instead, method_instead, missing_method
from ..rules.registry import Rule
from ..rules.registry import has_several_results as returns_several
from ..rules.typing import TypeProblem
from ..runtime import add_at
from .powers import power

ADD = Object(operator.add, "+")
SUB = Object(operator.sub, "-")

_INSTEAD = {  # of the methods of ufuncs
    "at": "write a loop: `for k in range(len(i)): a[i[k]] = np.{name}(a[i[k]], b[k])`",
    "reduce": "use np.sum, np.prod, np.max or np.min with the axis (here it is 0 unless given)",
    "accumulate": "use np.cumsum or np.cumprod with the axis",
    "outer": "use broadcasting: `a[:, None] - b[None, :]`",
    "reduceat": "sum the parts `x[i:j]` one by one",
}
_OTHER_NAMES = {"min": "a_min", "max": "a_max"}  # NumPy has two names for each bound of np.clip


_HARMLESS = (len, range, enumerate, zip, reversed, sum, min, max, any, all, list, tuple, abs, float, int, bool, round)

# functions of axes, lengths and counts, which may also be given in a list
_TAKE_TUPLES: set[Any] = {
    *(np.reshape, np.ndarray.reshape, np.transpose, np.ndarray.transpose, np.moveaxis, np.expand_dims),
    *(np.broadcast_to, np.tile, np.pad, np.zeros, np.ones, np.empty, np.full),
    *(np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2, np.fft.fftshift, np.fft.ifftshift),
    *(np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn),
}


class Rewriting(Protocol):
    """What is asked of the rewriter here."""

    def typed(self, e: Expr) -> Type: ...
    def atom(self, e: Expr, wish: str) -> Expr: ...
    @property
    def counters(self) -> Collection[str]: ...


# ------------------------------------------------------------------------------------------------ what is called


def is_helper(function: Any) -> bool:
    """Whether this is one of the helpers that generated code calls: not to be read, and without a rule only as long
    as no derivative of it is asked."""
    home, name = str(getattr(function, "__module__", None)), getattr(function, "__name__", "")
    return home.startswith("srcdiff.runtime") and hasattr(sys.modules.get(home), name)  # (a doctest's is none)


def user_function(value: Any) -> FunctionType | None:
    """The Python function to read for a callee: the function itself, what a Numba dispatcher was made from, or what
    the rules spell it out as."""
    spelled = spelled_out(value)
    if spelled is not None:
        return spelled
    if isinstance(value, FunctionType):
        return value
    cached = isinstance(value, CACHED)  # the derivative calls what is behind the cache
    inner = getattr(value, "__wrapped__" if cached else "py_func", None)
    if isinstance(inner, FunctionType):
        return inner
    return None


def may_change(e: Call) -> bool:
    """Whether a raw call is one of a function or method that may change a list, or give a variable another value."""
    if isinstance(e.func, Attr):
        return not hasattr(np.ndarray, e.func.name)
    function = e.func.value if isinstance(e.func, Object) else None
    return user_function(function) is not None or (rule_of(function) is None and function not in _HARMLESS)


def repeated_update(function: object) -> Object | None:
    """`+` for `np.add.at` (a new object each time it is looked up) and srcdiff's own helper for it, `-` for
    `np.subtract.at`."""
    if function is add_at:
        return ADD
    for ufunc, op in ((np.add, ADD), (np.subtract, SUB)):
        if getattr(function, "__self__", None) is ufunc and function == ufunc.at:
            return op
    return None


def has_several_results(e: Expr) -> bool:
    """Whether a value of tuple type is what a function with a rule returns, to be unpacked by one statement."""
    return isinstance(e, Call) and isinstance(e.func, Object) and returns_several(e.func.value)


def wish_of(call: Expr) -> str:
    """What the results of a function are called where the program gives them no names."""
    function = call.func.value if isinstance(call, Call) and isinstance(call.func, Object) else None
    return str(getattr(function, "__name__", "results"))


def check_callee(function: Any, e: Call) -> None:
    """Refuse callees whose source should not be read though it could: srcdiff's own, and what only shows values."""
    name = getattr(function, "__name__", str(function))
    if getattr(function, "__module__", None) in ("srcdiff.api", "srcdiff.vjp"):
        made = name if name in ("grad", "value_and_grad") else "grad"
        raise TypeProblem(
            UnsupportedCall,
            f"a call of srcdiff.{name} inside the differentiated function",
            "the derivative would be made anew, out of source text, each time the function runs",
            f"make it outside, once: `dg = srcdiff.{made}(g)`, then call `dg(x)` here",
            e.at,
        )
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc) and spelled_out(function) is None and rewriting(function) is None:
        raise TypeProblem(
            UnsupportedCall,
            f"a call of `np.{owner.__name__}.{name}`",
            "the methods of NumPy's elementwise functions have no derivative rule",
            _INSTEAD.get(name, "write it with functions that have a rule, such as np.sum").format(name=owner.__name__),
            e.at,
        )


def no_method(type_: Type, name: str, e: Call) -> TypeProblem:
    """The refusal of a method that srcdiff does not know."""
    if isinstance(type_, Held):
        why = "srcdiff does not know what it draws, or whether that is a constant"
        fix = "draw outside of the function and pass the numbers as an argument, or use one of the usual draws"
    else:
        why, fix = missing_method(type_, name), method_instead(name)
    return TypeProblem(UnsupportedCall, f"the method `{name}` of a {describe(type_)}", why, fix, e.at)


# ------------------------------------------------------------------------------------------------------ one form


def plain_form(rewriter: Rewriting, e: Call) -> Expr:
    """The call (of an Object, with core arguments) in the form that rules and types are stated for."""
    assert isinstance(e.func, Object)
    func, function = e.func, e.func.value
    if takes_tuples(function):
        e = replace(e, args=tuple(map(_as_tuple, e.args)), kwargs=tuple((k, _as_tuple(v)) for k, v in e.kwargs))
    rewrite = rewriting(function)
    if rewrite is not None:
        return rewrite(e, rewriter)
    if function is operator.contains:
        return _contained(rewriter, e.args[0], e.args[1]) if isinstance(e.args[0], Display) else _found(rewriter, e)
    if function is operator.pow or function is pow:
        return power(e, rewriter)
    if function in (max, min, sum) and not e.kwargs:
        return _of_many(rewriter, e, func)
    if function is math.log and len(e.args) == 2:
        quotient = tuple(Call(func, (a,), at=e.at) for a in e.args)
        return Call(Object(operator.truediv, "/"), quotient, at=e.at)
    rule = rule_of(function)
    if rule is None or rule.body is None:
        return e
    e = _by_place(e, function, rule)
    if function in (np.transpose, np.ndarray.transpose):
        return _without_axes(rewriter, e)
    return e


def takes_tuples(function: Any) -> bool:
    try:
        return function in _TAKE_TUPLES
    except TypeError:
        return False


def _as_tuple(e: Expr) -> Expr:
    return Display("tuple", tuple(map(_as_tuple, e.items)), e.at) if isinstance(e, Display) else e


def _contained(rewriter: Rewriting, items: Display, e: Expr) -> Expr:
    """`e in (a, b)` as `e == a or e == b`."""
    item = rewriter.atom(e, "item")
    tests = tuple(Call(Object(operator.eq, "=="), (item, i)) for i in items.items)
    return Const(False) if not tests else tests[0] if len(tests) == 1 else Logic("or", tests)


def _found(rewriter: Rewriting, e: Call) -> Expr:
    """`e in array` as NumPy reads it, `np.any(array == e)`, and what is known of texts."""
    box, item = e.args
    kind, other = rewriter.typed(box), rewriter.typed(item)
    if isinstance(kind, Static) and isinstance(other, Static) and isinstance(kind.value, str):
        return Const(other.value in kind.value) if isinstance(other.value, str) else e
    if not (isinstance(kind, Num) and kind.is_array and isinstance(other, Num) and not other.is_array):
        return e
    return Call(Object(np.any, "np.any"), (Call(Object(operator.eq, "=="), (box, item), at=e.at),), at=e.at)


def _of_many(rewriter: Rewriting, e: Call, func: Object) -> Expr:
    """`max`, `min` and `sum` of many numbers or of one sequence, as binary functions or those of NumPy."""
    if len(e.args) != 1:
        return _folded(func, e.args, e) if len(e.args) > 2 and func.value is not sum else e
    (operand,) = e.args
    if isinstance(operand, Display) and func.value is sum and not operand.items:
        return Const(0)
    if isinstance(operand, Display) and operand.items:
        return _folded(ADD if func.value is sum else func, operand.items, e)
    type_ = rewriter.typed(operand)
    if isinstance(type_, Tup) and type_.items and isinstance(operand, Name | Call):  # the shape of an array
        return _folded(
            ADD if func.value is sum else func, tuple(Item(operand, Const(k)) for k in range(len(type_.items))), e
        )
    if not (isinstance(type_, Num) and type_.is_array):
        return e
    numpy_function = {max: np.max, min: np.min, sum: np.sum}[func.value]
    # the built-in sum adds the rows of a matrix; max and min compare its rows, which Python refuses itself
    axis = (("axis", Const(0)),) if func.value is sum and type_.ndim != 1 else ()
    return replace(e, func=Object(numpy_function, f"np.{numpy_function.__name__}"), kwargs=axis)


def _folded(func: Object, items: tuple[Expr, ...], e: Call) -> Expr:
    return functools.reduce(lambda a, b: Call(func, (a, b), at=e.at), items)


# ----------------------------------------------------------------------------------------------------- arguments


def _by_place(e: Call, function: Any, rule: Rule) -> Call:
    """Operands that the rule requires stand by position; of the others, each has the name that the rule gives it."""
    names, required = parameters(function), _required(rule)
    args, kwargs = list(e.args), {}
    for name, value in e.kwargs:
        place = names.index(name) if name in names else len(required)
        wanted = rule.operands[place] if place < len(required) else _OTHER_NAMES.get(name, name)
        kwargs[wanted if wanted in rule.operands else name] = value
    for name in required[len(args) :]:
        if name not in kwargs and not name.startswith("a_m"):
            break
        args.append(kwargs.pop(name, Const(None)))  # only the bounds of np.clip may be left out
    # an operand further back may be another one than the rule has at that place: `np.sum(x, 0, dtype)`
    for known, own in [*zip(names, rule.operands, strict=False)][len(required) : len(args)]:
        if known != own:
            raise _uncovered(f"the argument `{known}` of", e, rule)
    spelled = ((k, v) for k, v in kwargs.items() if not _is_default(rule, k, v))
    return replace(e, args=tuple(args), kwargs=tuple(spelled))


def check_none(e: Call) -> None:
    """Refuse None for an argument where a rule means NumPy's own default by it, and NumPy something else."""
    rule = rule_of(e.func.value) if isinstance(e.func, Object) else None
    if rule is None or rule.body is None or not isinstance(e.func, Object):
        return
    own = inspect.signature(rule.body).parameters
    given = {**dict(zip(parameters(e.func.value), e.args, strict=False)), **dict(e.kwargs)}
    for name in _defaults(e.func.value):
        if given.get(name) == Const(None) and name in own and own[name].default is None:
            raise _uncovered(f"None for the argument `{name}` of", e, rule)


@functools.cache
def _defaults(function: Any) -> tuple[str, ...]:
    """The parameters of a function that have a default other than None, as far as it tells them."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    return tuple(p.name for p in parameters if isinstance(p.default, int | float | str | tuple))


def _is_default(rule: Rule, name: str, value: Expr) -> bool:
    """Whether an argument is given as the literal that the rule takes without it."""
    assert rule.body is not None
    known = inspect.signature(rule.body).parameters.get(name)
    return known is not None and value == Const(known.default)


@functools.cache
def parameters(function: Any) -> tuple[str, ...]:
    """The parameter names of a function, as far as it tells them."""
    try:
        known = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()
    any_number = any(p.kind is p.VAR_POSITIONAL for p in [*known.values()][:1])
    return () if any_number else tuple(known)


@functools.cache
def _required(rule: Rule) -> tuple[str, ...]:
    assert rule.body is not None
    parameters = inspect.signature(rule.body).parameters
    return tuple(name for name in rule.operands if parameters[name].default is inspect.Parameter.empty)


def _without_axes(rewriter: Rewriting, e: Call) -> Call:
    """A transpose whose axes are those that it has anyway, the last first."""
    axes = e.args[1] if len(e.args) == 2 else dict(e.kwargs).get("axes")
    type_ = rewriter.typed(e.args[0])
    if not isinstance(axes, Display | Const) or not isinstance(type_, Num) or type_.ndim is None:
        return e
    given = [a.value if isinstance(a, Const) else None for a in axes.items] if isinstance(axes, Display) else axes.value
    last_first = [*reversed(range(type_.ndim))]
    negative = [k - type_.ndim for k in last_first]
    return replace(e, args=e.args[:1], kwargs=()) if given in (None, last_first, negative) else e


def _container(function: Any) -> tuple[str, str] | None:
    return CONTAINERS.get(function) if isinstance(function, Hashable) else None


def check_form(e: Call) -> None:
    """Refuse a call that no rule covers in this form."""
    assert isinstance(e.func, Object)
    rule = rule_of(e.func.value)
    if e.func.value in (list.append, list.pop) or (rule is None and is_helper(e.func.value)):
        return
    if rule is None:
        neither = "it has neither a derivative rule nor Python source that srcdiff can read"
        why, fix = _container(e.func.value) or (neither, instead(e.func.value))
        raise TypeProblem(UnsupportedCall, f"a call of `{e.func.text}`", why, fix, e.at)
    if rule.kind == "constant":
        _check_pure(e)
        return
    unknown = [k for k, _ in e.kwargs if k not in rule.operands]
    if unknown:
        raise _uncovered(f"the argument `{unknown[0]}=` of", e, rule)
    if len(e.args) > len(rule.operands):
        raise _uncovered("the number of arguments of", e, rule)


def _check_pure(e: Call) -> None:
    """Refuse a function without derivative that writes its result into an argument, or only some of it."""
    assert isinstance(e.func, Object)
    function = e.func.value
    names = parameters(function)
    given = [*names[: len(e.args)], *(k for k, _ in e.kwargs)]
    too_many = isinstance(function, np.ufunc) and len(e.args) > function.nin
    if too_many or "out" in given or "where" in given:
        raise TypeProblem(
            UnsupportedCall,
            f"the argument `{'where' if 'where' in given else 'out'}=` of `{e.func.text}`",
            "srcdiff follows the results of calls, not what they write into their arguments",
            "use the result of the call, and np.where for a part of it",
            e.at,
        )


def _uncovered(what: str, e: Call, rule: Rule) -> TypeProblem:
    assert isinstance(e.func, Object)
    return TypeProblem(
        UnsupportedCall,
        f"{what} `{e.func.text}`",
        "the derivative rule does not cover this form",
        f"use the form {e.func.text}({', '.join(rule.operands)})",
        e.at,
    )
