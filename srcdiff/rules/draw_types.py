"""The types of random draws: the shape is that of `size`, or of the parameters together where there is no `size`."""

from __future__ import annotations

import numpy as np

from ..errors import NotDifferentiable, UnsupportedCall, UnsupportedType
from ..ir.nodes import Object
from ..ir.types import FLOAT, INT, NONE, Dim, Held, Num, Static, Tup, Type, broadcast, describe
from ..runtime import duplicate
from .draws import DRAWS, MAKERS, SEEDS, SHUFFLES, Draw
from .problem import TypeProblem
from .result_types import Asked, dim_of, states

_VECTORS = {"dirichlet": "alpha", "multivariate_normal": "mean", "multinomial": "pvals"}  # what tells their length


@states(*DRAWS)
def _drawn(asked: Asked) -> Type:
    draw = DRAWS[asked.function]
    given = given_types(draw, asked)
    dtype = _dtype(draw, asked)
    if draw.name in ("rand", "randn"):
        return _result(draw, dtype, _dims(Tup(tuple(given.values())), asked))
    if draw.name == "permutation":
        return _result(draw, dtype, _dims(given.get("x", NONE), asked))
    size = given.pop("size", NONE)
    if draw.name in _VECTORS:
        return _result(draw, dtype, (*_dims(size, asked), _length(given, _VECTORS[draw.name])))
    if size != NONE:
        return _result(draw, dtype, _dims(size, asked))
    params = [t for t in given.values() if isinstance(t, Num)] if draw.name != "choice" else []
    if any(t.ndim is None for t in params):
        return Num(dtype, None)
    return _result(draw, dtype, broadcast([t.shape for t in params]))


def given_types(draw: Draw, asked: Asked) -> dict[str, Type]:
    """The arguments by name, without the generator (`rand` takes any number of them)."""
    args = asked.args[1:] if draw.is_method else asked.args
    names = draw.names or tuple(map(str, range(len(args))))
    if len(args) > len(names):
        raise _uncovered(f"the number of arguments of `{_text(asked)}`", asked)
    return {**dict(zip(names, args, strict=False)), **asked.kwargs}


def _result(draw: Draw, dtype: str, shape: tuple[Dim, ...]) -> Num:
    if shape:
        return Num(dtype, len(shape), shape, contiguous=True)
    if draw.is_float:
        return FLOAT  # a float of Python's own, whatever the dtype
    return Num(dtype, weak=draw.name != "integers")


def _dims(size: Type, asked: Asked) -> tuple[Dim, ...]:
    """The lengths that `size` asks for; none of them where the draw is a number."""
    counts = size.items if isinstance(size, Tup) else () if size == NONE else (size,)
    if not all(isinstance(n, Num) and n.is_integral for n in counts):
        raise TypeProblem(
            UnsupportedType,
            f"the size of `{_text(asked)}` is a {describe(size)}",
            "how many dimensions the result has is not known when the derivative is written",
            "write the lengths as whole numbers: size=n or size=(m, n)",
            asked.call.at,
        )
    return tuple(dim_of(n) for n in counts if isinstance(n, Num))


def _dtype(draw: Draw, asked: Asked) -> str:
    wanted = asked.kwargs.get("dtype")
    if wanted is None:
        return "float64" if draw.is_float else "int64"
    dtype = np.dtype(wanted.value) if isinstance(wanted, Static) else None
    if dtype is None or dtype.name not in ("float64", "float32", "int64", "int32", "bool"):
        raise _uncovered(f"the argument `dtype=` of `{_text(asked)}`", asked)
    return "int64" if dtype.kind == "i" else dtype.name


def _length(given: dict[str, Type], name: str) -> Dim:
    match given.get(name):
        case Num(ndim=1) as t:
            return t.shape[0]
        case Tup() as t:
            return Dim.known(len(t.items))
    cov = given.get("cov")
    return cov.shape[0] if isinstance(cov, Num) and cov.ndim == 2 else Dim(None)


def _text(asked: Asked) -> str:
    return asked.call.func.text if isinstance(asked.call.func, Object) else "the draw"


def _uncovered(what: str, asked: Asked) -> TypeProblem:
    return TypeProblem(
        UnsupportedCall,
        what,
        "srcdiff does not know this form",
        "use float64 or float32 for draws of reals, int64 for draws of whole numbers, and the documented arguments",
        asked.call.at,
    )


@states(*SHUFFLES, *SEEDS)
def _nothing(asked: Asked) -> Type:
    return NONE


@states(duplicate)
def _duplicated(asked: Asked) -> Type | None:
    return asked.first


@states(*MAKERS)
def _generator(asked: Asked) -> Type:
    first = asked.first
    for given in (*asked.args, *asked.kwargs.values()):
        is_seed = given in (NONE, INT) or isinstance(given, Held) or (isinstance(given, Num) and not given.is_float)
        if not is_seed:
            raise TypeProblem(
                NotDifferentiable,
                f"`{_text(asked)}` of a {describe(given)}",
                "a generator is made from a whole number, an array of whole numbers, or another generator",
                "leave the seed out of wrt, or make the generator outside of the function and pass it as an argument",
                asked.call.at,
            )
    made = MAKERS[asked.function]
    return first if isinstance(first, Held) and issubclass(first.kind, made) else Held(made)
