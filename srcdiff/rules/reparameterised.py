"""Draws in terms of standard draws, where that is exact: the same numbers come out, and location and scale are operands
of ordinary arithmetic.

in:   rng.normal(mu, sigma)              out:  draw = rng.standard_normal(); mu + sigma * draw
      rng.choice(x, size=3)                    draw = rng.choice(len(x), size=3); x[draw]

NumPy itself computes these draws so (`numpy/random/src/distributions/distributions.c`); the suite compares the numbers.
A draw whose parameters are literals is left as it is written.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..errors import UnsupportedType
from ..ir.nodes import Call, Const, Display, Expr, Item, Object
from ..ir.types import Num, broadcast, describe
from ..ir.walk import is_call_of
from . import draw_types  # noqa: F401 (states their types)
from .draws import DRAWS, OWNERS, SHUFFLES, Draw
from .effects import effect
from .operands import NONE, arguments, needed, spelling
from .points import Points, call, reals
from .problem import TypeProblem
from .registry import Rewriting, Writer, rewritten

_ADD, _SUB, _MUL = Object(operator.add, "+"), Object(operator.sub, "-"), Object(operator.mul, "*")
_DIV, _POW, _NEG = Object(operator.truediv, "/"), Object(operator.pow, "**"), Object(operator.neg, "-")
_EXP, _EXPM1 = Object(np.exp, "np.exp"), Object(np.expm1, "np.expm1")
_GETITEM, _ARRAY = Object(operator.getitem, "getitem"), Object(np.array, "np.array")
_LEN, _SHAPE = Object(len, "len"), Object(np.ndarray.shape, "shape")


class _Draw:
    """A call that draws, with its arguments by name."""

    def __init__(self, e: Call, writer: Writer) -> None:
        assert isinstance(e.func, Object)
        self.call, self.writer = e, writer
        self.draw: Draw = DRAWS[e.func.value]
        self.front = e.args[:1] if self.draw.is_method else ()
        own = replace(e, args=e.args[len(self.front) :])
        extra = tuple(k for k, _ in e.kwargs if k not in self.draw.names)  # check_valid, method, ...
        self.given = dict(zip((*self.draw.names, *extra), arguments(own, *self.draw.names, *extra), strict=True))
        self.extra = tuple((k, v) for k, v in e.kwargs if k in extra)

    def get(self, name: str, default: float | None = None) -> Expr:
        """A parameter, with its default."""
        return needed(self.call, self.given[name] or (None if default is None else Const(default)), name)

    def standard(self, name: str, *params: Expr, like: tuple[Expr, ...] = ()) -> Expr:
        """The draw of this name from the same generator, of the size that was asked for or that `like` have together;
        it is a statement of its own."""
        function = self.draw.sibling(name)
        text = name if self.draw.is_method else f"np.random.{name}"
        size = self.given.get("size")
        if size is None or size == NONE:
            size = self.shape(like)
        place = DRAWS[function].names.index("size") == len(params)
        args = (*self.front, *params, *((size,) if place and size is not None else ()))
        kwargs = (("size", size),) if not place and size is not None else ()
        return self.writer.atom(Call(Object(function, text), args, kwargs, self.call.at), "draw")

    def shape(self, like: tuple[Expr, ...]) -> Expr | None:
        """The shape of these together, None for numbers."""
        arrays = [(e, t) for e in like if isinstance(t := self.writer.typed(e), Num) and t.ndim != 0]
        for _, t in arrays:
            if t.ndim is None:
                raise TypeProblem(
                    UnsupportedType,
                    f"`{spelling(self.call)}` with a parameter that is a {describe(t)}",
                    "how many numbers are drawn is not known when the derivative is written",
                    "give the size: size=n",
                    self.call.at,
                )
        if not arrays:
            return None
        whole = broadcast([t.shape for _, t in arrays])
        for e, t in arrays:
            if t.shape == whole and all(d.token is not None for d in whole):
                return Call(_SHAPE, (self.writer.atom(e, "parameter"),))
        total = arrays[0][0]
        for e, _ in arrays[1:]:
            total = Call(_ADD, (total, e))
        return Call(_SHAPE, (self.writer.atom(total, "parameter"),))


def _is_literal(e: Expr | None) -> bool:
    match e:
        case None | Const() | Object(value=int() | float()):
            return True
        case Display(items=items):
            return all(map(_is_literal, items))
    return is_call_of(e, operator.neg) and isinstance(e, Call) and _is_literal(e.args[0])


def _sum(a: Expr, b: Expr) -> Expr:
    return b if a in (Const(0.0), Const(0)) else Call(_ADD, (a, b))


def _product(a: Expr, b: Expr) -> Expr:
    return b if a in (Const(1.0), Const(1)) else Call(_MUL, (a, b))


_Body = Callable[[_Draw], Expr]


def _transformed(name: str, points: Points) -> Callable[[_Body], _Body]:
    """Register what stands for the draws of this name: a function of the draw, for parameters that are no literals."""

    def register(body: _Body) -> _Body:
        def rewriting(e: Call, writer: Writer) -> Expr:
            draw = _Draw(e, writer)
            params = [v for k, v in draw.given.items() if k in draw.draw.names and k != "size"]
            return e if all(map(_is_literal, params)) else body(draw)

        _register(name, rewriting, points)
        return body

    return register


def _register(name: str, rewriting: Rewriting, points: Points) -> None:
    functions = [f for owner in OWNERS if (f := getattr(owner, name, None)) is not None]
    rewritten(*functions, points=points)(rewriting)


# ------------------------------------------------------------------------------------------------ location and scale

_LOCATION_AND_SCALE = (
    call(reals(), reals(low=0.5))
    + call(reals(3), reals(low=0.5))
    + call(reals(3), reals(2, 1, low=0.5))
    + call(reals(), reals(low=0.5), 4)
    + call(loc=reals(2), size=(3, 2))
)
_SCALE = call(reals(low=0.5)) + call(reals(3, low=0.5)) + call(reals(low=0.5), size=(2, 2))


@_transformed("normal", points=_LOCATION_AND_SCALE)
def _normal(d: _Draw) -> Expr:
    loc, scale = d.get("loc", 0.0), d.get("scale", 1.0)
    return _sum(loc, _product(scale, d.standard("standard_normal", like=(loc, scale))))


@_transformed("uniform", points=call(reals(), reals(low=3.0, high=4.0)) + call(reals(3), 5.0, size=(2, 3)))
def _uniform(d: _Draw) -> Expr:
    low, high = d.get("low", 0.0), d.get("high", 1.0)
    width = high if low in (Const(0.0), Const(0)) else Call(_SUB, (high, low))
    return _sum(low, _product(width, d.standard("random", like=(low, high))))


def _location_scale(name: str) -> None:
    @_transformed(name, points=_LOCATION_AND_SCALE)
    def of_standard(d: _Draw) -> Expr:
        loc, scale = d.get("loc", 0.0), d.get("scale", 1.0)
        size = d.given.get("size")
        if size is None or size == NONE:
            size = d.shape((loc, scale))
        kwargs = () if size is None else (("size", size),)
        drawn = d.writer.atom(Call(d.call.func, d.front, kwargs, d.call.at), "draw")
        return _sum(loc, _product(scale, drawn))


for _name in ("laplace", "logistic", "gumbel"):
    _location_scale(_name)


@_transformed("exponential", points=_SCALE)
def _exponential(d: _Draw) -> Expr:
    scale = d.get("scale", 1.0)
    return _product(scale, d.standard("standard_exponential", like=(scale,)))


@_transformed("rayleigh", points=_SCALE)
def _rayleigh(d: _Draw) -> Expr:
    scale = d.get("scale", 1.0)
    return _product(scale, d.standard("rayleigh", Const(1.0), like=(scale,)))


@_transformed("lognormal", points=call(reals(), reals(low=0.5)) + call(reals(3), reals(low=0.5, high=1.0)))
def _lognormal(d: _Draw) -> Expr:
    mean, sigma = d.get("mean", 0.0), d.get("sigma", 1.0)
    return Call(_EXP, (_sum(mean, _product(sigma, d.standard("standard_normal", like=(mean, sigma)))),))


@_transformed("gamma", points=call(2.5, reals(low=0.5)) + call(2.5, reals(3, low=0.5)))
def _gamma(d: _Draw) -> Expr:
    shape, scale = d.get("shape"), d.get("scale", 1.0)
    return _product(scale, d.standard("standard_gamma", shape, like=(shape, scale)))


# --------------------------------------------------------------------------------- shapes that are a power or a rate


@_transformed("weibull", points=call(reals(low=0.5)) + call(reals(3, low=0.5)))
def _weibull(d: _Draw) -> Expr:
    a = d.get("a")
    return Call(_POW, (d.standard("standard_exponential", like=(a,)), Call(_DIV, (Const(1.0), a))))


@_transformed("pareto", points=call(reals(low=0.5)) + call(reals(3, low=0.5)))
def _pareto(d: _Draw) -> Expr:
    a = d.get("a")
    return Call(_EXPM1, (Call(_DIV, (d.standard("standard_exponential", like=(a,)), a)),))


@_transformed("power", points=call(reals(low=0.5)) + call(reals(3, low=0.5)))
def _power(d: _Draw) -> Expr:
    a = d.get("a")
    uniform = Call(_NEG, (Call(_EXPM1, (Call(_NEG, (d.standard("standard_exponential", like=(a,)),)),)),))
    return Call(_POW, (uniform, Call(_DIV, (Const(1.0), a))))


@_transformed("multivariate_normal", points=call(reals(2), np.array([[2.0, 0.5], [0.5, 1.0]])))
def _multivariate_normal(d: _Draw) -> Expr:
    mean = d.get("mean")
    if _is_literal(mean):
        return d.call  # the covariance alone is none: it is refused where it carries a derivative
    mean = d.writer.atom(Call(_ARRAY, (mean,)) if isinstance(mean, Display) else mean, "mean")
    zeros = Call(Object(np.zeros, "np.zeros"), (Call(_LEN, (mean,)),))
    size = () if d.given.get("size") is None else (("size", d.get("size")),)
    drawn = Call(d.call.func, (*d.front, zeros, d.get("cov")), (*size, *d.extra), d.call.at)
    return Call(_ADD, (mean, d.writer.atom(drawn, "draw")))


# ------------------------------------------------------------------------------------------------- picking from arrays


def _of_array(name: str, operand: str) -> Rewriting:
    """`choice` or `permutation` of an array, by a draw of places in it."""

    def rewriting(e: Call, writer: Writer) -> Expr:
        first = 1 if DRAWS[e.func.value].is_method else 0  # type: ignore[union-attr]
        kwargs = dict(e.kwargs)
        axis = kwargs.pop("axis", Const(0))
        x = e.args[first] if len(e.args) > first else kwargs.pop(operand, None)
        array: Expr | None = Call(_ARRAY, (x,)) if isinstance(x, Display) else x
        type_ = writer.typed(array) if array is not None else None
        if array is None or not isinstance(type_, Num) or type_.ndim is None or axis != Const(0):
            what = "an axis other than 0" if axis != Const(0) else "what may be a number or an array"
            raise TypeProblem(
                UnsupportedType,
                f"`{spelling(e)}` with {what}",
                "the draw is followed along the first axis of one array",
                f"draw places, and index: x[rng.{name}(len(x), ...)]",
                e.at,
            )
        if type_.ndim == 0:
            return e
        array = writer.atom(array, operand)
        kept = tuple((k, v) for k, v in e.kwargs if k not in (operand, "axis"))
        places = Call(e.func, (*e.args[:first], Call(_LEN, (array,)), *e.args[first + 1 :]), kept, e.at)
        drawn = writer.atom(places, "draw")
        is_one = isinstance(t := writer.typed(drawn), Num) and t.ndim == 0
        return Item(array, drawn) if is_one else Call(_GETITEM, (array, drawn))

    return rewriting


_register("choice", _of_array("choice", "a"), call(reals(4)) + call(reals(3), size=(2, 2)))
_register("permutation", _of_array("permutation", "x"), call(reals(4)) + call(reals(4, 2)))


@rewritten(np.random.Generator.integers, points=call(4))
def _integers(e: Call, writer: Writer) -> Expr:
    """`rng.integers(n)` as `rng.integers(0, n)`: Numba knows no other form."""
    given = dict(e.kwargs)
    if len(e.args) == 2 and given.get("high", NONE) == NONE:
        kept = tuple((k, v) for k, v in e.kwargs if k != "high")
        return replace(e, args=(e.args[0], Const(0), e.args[1]), kwargs=kept)
    return e


def _shuffled(e: Call, writer: Writer) -> tuple[Expr, Expr]:
    """`rng.shuffle(x)` as `x[...] = x[rng.permutation(len(x))]`: to draw an order of places changes the generator as
    to shuffle the array does."""
    assert isinstance(e.func, Object)
    owner = SHUFFLES[e.func.value]
    front = () if owner is np.random else e.args[:1]
    x, axis = arguments(replace(e, args=e.args[len(front) :]), "x", "axis")
    array = needed(e, x, "x")
    type_ = writer.typed(array)
    if not isinstance(type_, Num) or not type_.ndim or axis not in (None, Const(0)):
        raise TypeProblem(
            UnsupportedType,
            f"`{spelling(e)}` of a {describe(type_)}" if axis is None else f"the argument `axis=` of `{spelling(e)}`",
            "shuffling is followed along the first axis of an array",
            "shuffle an array of places, and index with it",
            e.at,
        )
    text = "permutation" if front else "np.random.permutation"
    permutation = Object(owner.permutation, text)
    order = writer.atom(Call(permutation, (*front, Call(_LEN, (array,))), (), e.at), "order")
    return array, Call(_GETITEM, (array, order))


for _function, _owner in SHUFFLES.items():
    effect(_function, state="outside" if _owner is np.random else "operand", fix=None, write=_shuffled)
