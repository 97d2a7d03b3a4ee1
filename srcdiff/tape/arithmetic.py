"""Operations on one or two operands, element by element: the operators and the functions of a number.

Each is made by `unary` or `binary` from the NumPy function whose rule it has. Numbers take the shortest way: Python's
own arithmetic, a record, and a pullback of numbers. What is out of the ordinary, `modes.SPECIAL` tells.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules.registry import rule_of
from .fitting import fit
from .names import name_of
from .pullbacks import Form, form_of
from .record import ABOUT, About
from .recording import recorded
from .refusing import no_complex
from .retracing import fit_again
from .tensor import Tensor, canonical, ndarray, new

Function = Callable[..., Any]


def forms(function: Any, places: tuple[int, ...], numbers: bool, tensors: int = 2) -> Form:
    """The form of an elementwise function's rule in which these operands need a gradient."""
    key = (function, places, numbers, tensors)
    found = _FORMS.get(key)
    if found is None:
        rule = rule_of(function)
        assert rule is not None
        found = _FORMS[key] = form_of(rule, places, numbers=numbers, name=name_of(function), tensors=tensors)
    return found


_FORMS: dict[Any, Form] = {}
_BROADCAST: dict[Any, Any] = {}


class Spread(tuple[Any, ...]):
    """Saved values, and behind them the shapes of the operands, which are not all that of the result."""

    __slots__ = ()


def broadcast_back(back: Any) -> Any:
    """The pullback of an elementwise function some operand of which has another shape than the result; `saved` is a
    `Spread`."""
    found = _BROADCAST.get(back)
    if found is not None:
        return found
    about = ABOUT[back]
    alone, inner = len(about.places) == 1, about.again

    def spread(g: Any, saved: Any) -> Any:
        kept, *shapes = saved
        results = back(g, kept)
        return fit(results, shapes[0]) if alone else tuple(map(fit, results, shapes))

    def again(g: Any, saved: Any) -> Any:
        kept, *shapes = saved
        assert inner is not None
        results = inner(g, kept)
        return fit_again(results, shapes[0]) if alone else tuple(map(fit_again, results, shapes))

    ABOUT[spread] = About(about.name, again if inner else None, about.places, about.count, about.operands)
    _BROADCAST[back] = spread
    return spread


# ------------------------------------------------------------------------------------------------- one operand


def unary(function: Any, scalar: Function) -> Function:
    """An elementwise function of one operand. `scalar` computes it of a Python float, or raises an ArithmeticError or
    ValueError where it has no value; then NumPy's result is taken."""
    number: Any = None
    array: Any = None
    save_number: Any = None
    save_array: Any = None

    def call(x: Any) -> Tensor:
        nonlocal number, array, save_number, save_array
        if type(x) is not Tensor:
            x = constant(x)
        v = x._v
        p = x._node
        out = new(Tensor)
        out._state = None
        if type(v) is float:
            try:
                y = scalar(v)
            except (ArithmeticError, ValueError):
                y = quiet(function, v)
        else:
            y = function(v)
            if type(y) is not ndarray:
                y = canonical(y)
        out._v = y
        if p is None:
            out._node = None
            return out
        if number is None:
            form = forms(function, (0,), True, 1)
            number, save_number = form.back, form.save
            form = forms(function, (0,), False, 1)
            array, save_array = form.back, form.save
        if type(v) is float:
            out._node = recorded(number, p, save_number(y, v), y)
        else:
            out._node = recorded(array, p, save_array(y, v), y)
        return out

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = f"`numpy.{function.__name__}` of the elements, recorded."
    return call


def quiet(function: Any, *args: Any) -> float:
    """NumPy's result where Python's own arithmetic raises."""
    with np.errstate(all="ignore"):
        return float(function(*map(np.float64, args)))


def constant(x: Any) -> Tensor:
    """An operand that is no tensor, as one."""
    t = new(Tensor)
    t._v = canonical(np.asarray(x)[()] if not isinstance(x, ndarray) else x)
    t._node = t._state = None
    return t


# ------------------------------------------------------------------------------------------------ two operands


def binary(function: Any, scalar: Function) -> tuple[Function, Function]:  # noqa: PLR0915 (the way of numbers is written out, twice)
    """An elementwise function of two operands, and the same with the operands exchanged (for `2.0 - x`)."""
    ready: Any = None
    pair = Pair(function, scalar if scalar in _OPERATORS else function)

    def prepare() -> Any:
        nonlocal ready
        numbers = [forms(function, places, True) for places in ((0, 1), (0,), (1,))]
        ready = tuple(part for form in numbers for part in (form.back, form.save))
        return ready

    def call(a: Any, b: Any) -> Any:
        if type(a) is Tensor:
            x = a._v
            p = a._node
        else:
            x, p = operand(a), None
            if x is NotImplemented:
                return NotImplemented
        if type(b) is Tensor:
            y = b._v
            q = b._node
        elif type(b) is float:
            y, q = b, None
        else:
            y, q = operand(b), None
            if y is NotImplemented:
                return NotImplemented
        if type(x) is not float or type(y) is not float:
            return arrays(pair, x, y, p, q, type(a) is Tensor, type(b) is Tensor)
        out = new(Tensor)
        out._state = None
        try:
            out._v = v = scalar(x, y)
        except ArithmeticError:
            out._v = v = quiet(function, x, y)
        parents: Any
        back_2, save_2, back_a, save_a, back_b, save_b = ready or prepare()
        if p is not None:
            if q is not None:
                back, parents, saved = back_2, (p, q), save_2(v, x, y)
            else:
                back, parents, saved = back_a, p, save_a(v, x, y)
        elif q is not None:
            back, parents, saved = back_b, q, save_b(v, x, y)
        else:
            out._node = None
            return out
        out._node = recorded(back, parents, saved, v)
        return out

    def reverse(b: Any, a: Any) -> Any:
        x = operand(a)
        if x is NotImplemented:
            return NotImplemented
        y, q = b._v, b._node
        if type(x) is int and type(y) is float:
            x = float(x)
        if type(x) is not float or type(y) is not float:
            return arrays(pair, x, y, None, q, False, True)
        out = new(Tensor)
        out._state = None
        try:
            out._v = v = scalar(x, y)
        except ArithmeticError:
            out._v = v = quiet(function, x, y)
        if q is None:
            out._node = None
            return out
        back_b, save_b = (ready or prepare())[4:]
        out._node = recorded(back_b, q, save_b(v, x, y), v)
        return out

    call.__name__ = call.__qualname__ = function.__name__
    call.__doc__ = f"`numpy.{function.__name__}` of the elements, with broadcasting, recorded."
    return call, reverse


_OPERATORS = (operator.add, operator.sub, operator.mul, operator.truediv)  # the same for arrays, and faster
_NUMBERS = (int, float, bool, ndarray, np.generic)


def operand(x: Any) -> Any:
    """The value of an operand that is no tensor, or NotImplemented."""
    kind = type(x)
    if kind is float or kind is int:
        return x
    if kind is complex or (isinstance(x, ndarray | np.generic) and x.dtype.kind == "c"):
        no_complex()
    if kind is ndarray:
        return x
    if kind is np.float64:
        return float(x)
    return x if isinstance(x, _NUMBERS) else NotImplemented


class Pair:
    """A function of two operands, with the forms of its rule for arrays: where both, the first, the second of them need
    a gradient. Each form is made when it is first needed."""

    __slots__ = ("both", "compute", "first", "function", "second")

    def __init__(self, function: Any, compute: Any) -> None:
        self.function, self.compute = function, compute
        self.both: Any = None
        self.first: Any = None
        self.second: Any = None


def arrays(pair: Pair, x: Any, y: Any, p: Any, q: Any, first_tensor: bool, second_tensor: bool) -> Tensor:
    """A function of two operands of which not both are floats; `p` and `q` are their records. An array that is no
    tensor is kept as a copy, since nobody would notice if it were written to."""
    if type(x) is ndarray and type(y) is ndarray:
        alike = x.shape == y.shape
    else:
        alike = False
        if type(x) is int and type(y) is float:
            x = float(x)
        elif type(y) is int and type(x) is float:
            y = float(y)
        elif first_tensor and second_tensor and (type(x) is float or type(y) is float):
            x, y = promoted(x, y)
    v = pair.compute(x, y)
    out = new(Tensor)
    out._state = None
    if type(v) is not ndarray:
        v = canonical(v)
    out._v = v
    if p is not None:
        if q is not None:
            form, parents = pair.both or _form(pair, "both", (0, 1)), (p, q)
        else:
            form, parents = pair.first or _form(pair, "first", (0,)), p
    elif q is not None:
        form, parents = pair.second or _form(pair, "second", (1,)), q
    else:
        out._node = None
        return out
    if not first_tensor and type(x) is ndarray:
        x = np.array(x)
    elif not second_tensor and type(y) is ndarray:
        y = np.array(y)
    back, saved = form.back, form.save(v, x, y) if form.keeps else ()
    if not alike:
        shape = v.shape if type(v) is ndarray else ()
        shapes = [o.shape if type(o) is ndarray else () for o, r in ((x, p), (y, q)) if r is not None]
        if any(s != shape for s in shapes):
            back, saved = broadcast_back(back), Spread((saved, *shapes))
    out._node = recorded(back, parents, saved, v)
    return out


def _form(pair: Pair, name: str, places: tuple[int, ...]) -> Form:
    form = forms(pair.function, places, False)
    setattr(pair, name, form)
    return form


def promoted(x: Any, y: Any) -> tuple[Any, Any]:
    """Two tensors' values of which one is a Python float: it stands for a number of float64, which does not widen an
    array of float32 but does widen a 0-d value."""
    if type(x) is float and type(y) is float:
        return x, y
    number, other = (x, y) if type(x) is float else (y, x)
    if other.ndim == 0 and other.dtype == np.float32:
        number = np.float64(number)
    return (number, other) if type(x) is float else (other, number)


add, radd = binary(np.add, operator.add)
sub, rsub = binary(np.subtract, operator.sub)
mul, rmul = binary(np.multiply, operator.mul)
div, rdiv = binary(np.true_divide, operator.truediv)
