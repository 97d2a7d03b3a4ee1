"""Whole numbers that are sums of multiples of variables, and systems of inequalities between them.

in:   i - j - 1 >= 0, j - i >= 0        out:  no whole numbers i, j satisfy these

A form is a dict from variables to their coefficients; the constant has the key None. Variables are eliminated one after
the other (Fourier and Motzkin: Schrijver, Theory of Linear and Integer Programming, 1986, section 12.2), with the
constants rounded down as whole numbers allow. "Not proved" is always a possible answer.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Hashable, Iterable

import numpy as np

from ..ir.nodes import Call, Const, Expr, Item, Name, Object
from ..ir.walk import is_call_of

Form = dict[Hashable, int]
_Items = tuple[tuple[Hashable, int], ...]
LIMIT = 400  # inequalities; beyond that nothing is proved


def constant(n: int) -> Form:
    return {None: n}


def combined(a: Form, x: int, b: Form, y: int) -> Form:
    """`x * a + y * b`."""
    found = {v: x * c for v, c in a.items()}
    for v, c in b.items():
        found[v] = found.get(v, 0) + y * c
    return {v: c for v, c in found.items() if c}


def difference(a: Form, b: Form) -> Form:
    return combined(a, 1, b, -1)


def affine(e: Expr, variable: Callable[[Expr], Hashable | None]) -> Form | None:
    """The form of an expression; `variable` says which variable a name or a length is, or None for one of which nothing
    is known."""
    match e:
        case Const(value=int(n)) if not isinstance(n, bool):
            return constant(n)
        case Call(func=Object(value=f), args=(a, b)) if f in (operator.add, operator.sub):
            left, right = affine(a, variable), affine(b, variable)
            if left is None or right is None:
                return None
            return combined(left, 1, right, 1 if f is operator.add else -1)
        case Call(func=Object(value=operator.neg), args=(a,)):
            form = affine(a, variable)
            return None if form is None else combined(form, -1, {}, 0)
        case Call(func=Object(value=operator.mul), args=(a, b)):
            left, right = affine(a, variable), affine(b, variable)
            if left is None or right is None:
                return None
            for one, other in ((left, right), (right, left)):
                if not set(one) - {None}:
                    return combined(other, one.get(None, 0), {}, 0)
            return None
    if isinstance(e, Name) or is_length(e):
        found = variable(e)
        return None if found is None else {found: 1}
    return None


def is_length(e: Expr) -> bool:
    """Whether this is `len(a)` or `a.shape[k]` of a variable."""
    match e:
        case Item(base=Call(func=Object(value=f), args=(Name(),)), index=Const()):
            return f is np.ndarray.shape
        case Call(args=(Name(),)):
            return is_call_of(e, len)
    return False


def impossible(at_least_zero: Iterable[Form], zero: Iterable[Form] = ()) -> bool:
    """Whether it is proved that no whole numbers make all of the first forms non-negative and all of the others 0."""
    return _impossible(tuple(tuple(f.items()) for f in at_least_zero), tuple(tuple(f.items()) for f in zero))


@functools.lru_cache(maxsize=1024)  # (what is known of the same counters is asked for each pair of elements)
def _impossible(at_least_zero: tuple[_Items, ...], zero: tuple[_Items, ...]) -> bool:
    system, equal = [dict(f) for f in at_least_zero], [dict(f) for f in zero]
    while equal:
        form = equal.pop()
        unit = next((v for v, c in form.items() if v is not None and abs(c) == 1), None)
        if unit is None:
            if not set(form) - {None}:
                if form:
                    return True
                continue
            system += [form, combined(form, -1, {}, 0)]
            continue
        equal = [_without(f, unit, form) for f in equal]
        system = [_without(f, unit, form) for f in system]
    return _eliminated(system)


def _without(f: Form, variable: Hashable, zero: Form) -> Form:
    """`f` with a variable replaced by what it is where `zero` is 0."""
    factor = f.get(variable, 0)
    return combined(f, 1, zero, -factor * zero[variable]) if factor else f


def _eliminated(system: list[Form]) -> bool:
    while True:
        kept: dict[frozenset[tuple[Hashable, int]], int] = {}
        for form in system:
            coefficients = {v: c for v, c in form.items() if v is not None}
            least = form.get(None, 0)
            if not coefficients:
                if least < 0:
                    return True
                continue
            divisor = math.gcd(*coefficients.values())
            key = frozenset((v, c // divisor) for v, c in coefficients.items())
            kept[key] = min(kept.get(key, least // divisor), least // divisor)
        if not kept:
            return False
        system = [{**dict(key), None: least} for key, least in kept.items()]
        signs: dict[Hashable, list[int]] = {}
        for key in kept:
            for v, c in key:
                signs.setdefault(v, [0, 0])[c > 0] += 1
        chosen = min(signs, key=lambda v: (signs[v][0] * signs[v][1], repr(v)))
        lower = [f for f in system if f.get(chosen, 0) > 0]
        upper = [f for f in system if f.get(chosen, 0) < 0]
        if len(system) + len(lower) * len(upper) > LIMIT:
            return False
        system = [f for f in system if not f.get(chosen, 0)]
        system += [combined(a, -b[chosen], b, a[chosen]) for a in lower for b in upper]
