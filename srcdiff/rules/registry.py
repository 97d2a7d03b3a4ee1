"""The registry of derivative rules: one plain function per rule, found by the object it belongs to.

A rule's function states the derivative in Python and NumPy; its parameter list says what it may read, its body what
it does read, and so what must be kept. The same text is spliced into generated code and can be called as it is.

`partials(f)`   elementwise `f`; the rule `(y, *operands)` returns the partial of each operand (None: no derivative).
`pullback(f)`   any `f`; the rule `(y_bar, y, *operands)` returns the adjoint of each operand, each of a shape that
                broadcasts to the operand's (None: no derivative).
`linear(f)`     a pullback, of an `f` that is linear in its first operand (or in those named by `of`, all together):
                the tangent of the result is `f` of the tangents.
`bilinear(f)`   a pullback, of an `f` that is linear in each of its first two operands (or in each of those named by
                `of`).
`pushforward(f)` beside a pullback: `rule(y, *operands, x_dot, ...)` returns the tangent of the result, `x_dot` being
                that of the operand `x` (None, where that is its default, for an operand without one). Without a
                pushforward the pullback is transposed.
`joining(f)`    an `f` of arrays that are written out in a list or tuple: the rule returns the part of `y_bar` that
                belongs to one of them, and is told its place (`k`) or where it lies along the axis (`start`, `stop`).
`rewritten(f)`  what is written for a call of `f`: a function of the call itself, not of its operands.
`writing(f)`    the writes in place that stand for a call of `f`, which writes into its first argument.
`spelled(f)`    `f` in terms of functions that have a rule: read in its place, as if the user had written it. Of a
                function that has a rule of its own, a call that gives one of the arguments named by `given` is read
                so. A helper of `runtime` may stand for itself: rules call it, its derivative is that of its text.

A function with several results has a pullback that takes and gives tuples: `y` holds the results, `y_bar` the adjoint
of one of them and None for the others (it is asked for one result at a time, and the parts are added), and its
pushforward returns the tangents of all. `results` says which of them are covered, if not all: a derivative that needs
another one is refused.
`constant(f)`   the derivative of `f` is zero, by decision; `several(f)` the same, of an `f` that returns a tuple.
`holomorphic(f)` the rule of `f` is right for complex operands, too: it states the complex derivative, of which reverse
                mode takes the conjugate. (Of a real-valued `f`: the `p` for which the differential is `Re(p dx)`.)
`hermitian(f)`  the same for a pullback that states the adjoint itself, as `np.linalg.norm` does.
`takes_complex(f)` an `f` without derivative, or one that is spelled out, that means the same for complex operands.
                A complex operand of any other function is refused.
`late(library, rules)` the module `rules` registers functions of `library` when that is in use, and not before.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Collection, Container
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any, Protocol, TypeVar

import numpy as np

from ..ir.nodes import Call, Display, Expr, Item, Object
from ..ir.types import Type
from .checks import check_arity, check_key, check_results, reads
from .points import Points

F = TypeVar("F", bound=Callable[..., Any])


class Writer(Protocol):
    """What a rewriting may ask: the type of an expression, and a name for one that is read several times."""

    def typed(self, e: Expr) -> Type: ...
    def atom(self, e: Expr, wish: str) -> Expr: ...


Rewriting = Callable[[Call, Writer], Expr]
Writing = Callable[[Call, Writer], tuple[tuple[Item, Expr], ...]]


@dataclass(frozen=True, eq=False)
class Rule:
    """One derivative rule. `operands` are the parameters after `y` (and `y_bar`)."""

    kind: str  # "partials", "pullback" or "constant"
    functions: tuple[Any, ...]
    body: Callable[..., Any] | None
    operands: tuple[str, ...]
    points: Points = ()  # the calls that it is tested with
    first_order: str = ""  # why the rule itself cannot be differentiated again, if that is so
    tangent: Callable[..., Any] | None = None  # the pushforward, where it is not found from the body
    results: tuple[int, ...] | None = None  # of several results those whose derivative is written, if not all
    unknown: tuple[str, ...] = ()  # operands in which there is a derivative that is not written: asked for, refused

    @functools.cached_property
    def reads(self) -> frozenset[str]:
        """The parameters whose values the body uses (found when first asked: `import srcdiff` parses no rule)."""
        return reads(self.body) if self.body is not None else frozenset()

    @property
    def name(self) -> str:
        function = self.body or self.functions[0]
        return str(getattr(function, "__name__", function))

    @property
    def reads_result(self) -> bool:
        """Whether the rule is written in terms of its own result."""
        return "y" in self.reads


RULES: dict[Any, Rule] = {}
ELEMENTWISE: set[Any] = set()
VIEWS: set[Any] = set()
READ_ONLY: set[Any] = set()  # views that cannot be written through
JOINS: set[Any] = set()
SEVERAL: set[Any] = set()  # functions without derivative that return a tuple, to be unpacked by one statement
REWRITTEN: dict[Any, tuple[Rewriting, Points]] = {}  # what is written for a call, and the calls to test it with
WRITING: dict[Any, tuple[Writing, Points]] = {}  # the writes that stand for a call, and the calls to test it with
WRITTEN: set[Any] = set()  # functions of literals and shapes that rules call
LINEAR: dict[Any, tuple[str, ...]] = {}  # the operands in which a function is linear, all of them together
BILINEAR: dict[Any, tuple[str, ...]] = {}  # the operands in which a function is linear, each of them alone
DECIDED: set[Any] = set()
SPELLED: dict[Any, tuple[FunctionType, Points]] = {}  # what stands for a function, and the calls to test it with
FORMS: dict[Any, tuple[FunctionType, Points, tuple[str, ...]]] = {}  # the same for calls that give these arguments
COMPLEX: dict[Any, str] = {}  # functions that take complex operands: "holomorphic", "adjoint" or "plain"
LATE: dict[str, str] = {}  # modules of rules that are imported when the library that they are for is in use


def partials(*functions: Any, points: Points, unknown: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Register the partials of elementwise functions: `rule(y, *operands) -> partial | tuple of partials`. `unknown`
    names operands whose partial is None because nobody has written it: a derivative in one of them is refused."""

    def register(body: F) -> F:
        _add("partials", functions, body, points, skip=1)
        ELEMENTWISE.update(functions)
        if unknown:
            RULES.update({f: replace(RULES[f], unknown=unknown) for f in functions})
        return body

    return register


def pullback(
    *functions: Any, points: Points, first_order: str = "", results: tuple[int, ...] | None = None
) -> Callable[[F], F]:
    """Register a pullback: `rule(y_bar, y, *operands) -> adjoint | tuple of adjoints`. `first_order` says why the rule
    itself is not differentiated, if that is so; `results` which of several results it covers."""

    def register(body: F) -> F:
        _add("pullback", functions, body, points, skip=2)
        if first_order or results is not None:
            RULES.update({f: replace(RULES[f], first_order=first_order, results=results) for f in functions})
        return body

    return register


def linear(*functions: Any, points: Points, of: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Register the transpose of functions that are linear in their first operand, or in those named by `of`."""

    def register(body: F) -> F:
        _add("pullback", functions, body, points, skip=2)
        LINEAR.update(dict.fromkeys(functions, of or RULES[functions[0]].operands[:1]))
        return body

    return register


def bilinear(*functions: Any, points: Points, of: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Register the transposes of functions that are linear in each of their first two operands, or of those named."""

    def register(body: F) -> F:
        _add("pullback", functions, body, points, skip=2)
        BILINEAR.update(dict.fromkeys(functions, of or RULES[functions[0]].operands[:2]))
        return body

    return register


def joining(*functions: Any, points: Points) -> Callable[[F], F]:
    """Register a function that puts together the arrays of its first operand, a list or tuple that is written out:
    `rule(y_bar, y, arrays, ..., *, k)` or `rule(y_bar, y, arrays, ..., *, start, stop)` returns the part of `y_bar`
    that belongs to the array at place `k`, or to the one from `start` to `stop` along `axis`."""

    def register(body: F) -> F:
        linear(*functions, points=points)(body)
        JOINS.update(functions)
        return body

    return register


def rewritten(*functions: Any, points: Points) -> Callable[[Rewriting], Rewriting]:
    """Register what stands for a call of these functions, `rewriting(call, writer) -> expression`: for what turns on
    the number of operands, their ranks, or on literals."""

    def register(body: Rewriting) -> Rewriting:
        if not points:
            raise ValueError(f"{body!r} has no points: it is registered with calls that test it")
        _entered(REWRITTEN, functions, body)
        REWRITTEN.update(dict.fromkeys(functions, (body, points)))
        return body

    return register


def writing(*functions: Any, points: Points) -> Callable[[Writing], Writing]:
    """Register the writes that stand for a call of these functions, which write into their first argument:
    `writing(call, writer) -> ((item, value), ...)`."""

    def register(body: Writing) -> Writing:
        if not points:
            raise ValueError(f"{body!r} has no points: it is registered with calls that test it")
        _entered(WRITING, functions, body)
        WRITING.update(dict.fromkeys(functions, (body, points)))
        return body

    return register


def written(function: F) -> F:
    """Mark a function of literals and shapes that rules call: it is evaluated when the derivative is written."""
    WRITTEN.add(function)
    return function


def pushforward(*functions: Any) -> Callable[[F], F]:
    """Register the tangent of functions that have a pullback: `rule(y, *operands, x_dot, ...) -> tangent`."""

    def register(body: F) -> F:
        for function in functions:
            if function not in RULES:
                raise ValueError(f"{function!r} has no pullback: register that first, then its pushforward")
            if RULES[function].tangent is not None and _is_own(body):
                raise ValueError(f"{function!r} has a pushforward already")
            RULES[function] = replace(RULES[function], tangent=body)
        return body

    return register


def spelled(*functions: Any, points: Points, given: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Register a Python function, made of functions that have a rule, that is read in the place of these functions;
    with `given` only for calls that give one of these arguments."""

    def register(body: F) -> F:
        if not isinstance(body, FunctionType) or not points:
            raise ValueError(f"{body!r} is no Python function with points: it is registered with calls that test it")
        _entered(FORMS if given else SPELLED, functions, body)
        if given:
            FORMS.update(dict.fromkeys(functions, (body, points, given)))
        else:
            SPELLED.update(dict.fromkeys(functions, (body, points)))
        return body

    return register


def jointly_linear(*functions: Any, of: tuple[str, ...]) -> None:
    """Declare that functions with a rule are linear in these operands, all of them together."""
    LINEAR.update(dict.fromkeys(functions, of))


def constant(*functions: Any, elementwise: bool = False) -> None:
    """Register functions whose derivative is zero by decision (steps, shapes, counts, fresh constant arrays)."""
    for function in functions:
        check_key(function)
    rule = Rule("constant", functions, None, ())
    RULES.update(dict.fromkeys(functions, rule))
    if elementwise:
        ELEMENTWISE.update(functions)


def several(*functions: Any) -> None:
    """Register functions whose derivative is zero and whose results are a tuple, as `np.nonzero`: one statement
    computes them all."""
    constant(*functions)
    SEVERAL.update(functions)


def has_several_results(function: Any) -> bool:
    """Whether what a function returns, where that is a tuple, is unpacked by one statement."""
    rule = rule_of(function)
    return rule is not None and (rule.kind == "pullback" or function in SEVERAL)


def decided(*functions: Any) -> None:
    """Declare that these functions are called on literals when the derivative is written: they serve rules."""
    DECIDED.update(functions)


def _is_in(table: Container[Any], function: Any) -> bool:
    try:
        return function in table
    except TypeError:  # an unhashable object is in no table
        return False


def is_decided(function: Any) -> bool:
    return _is_in(DECIDED, function)


def holomorphic(*functions: Any) -> None:
    """Declare that the rules of these functions state the complex derivative where operands are complex."""
    COMPLEX.update(dict.fromkeys(functions, "holomorphic"))


def hermitian(*functions: Any) -> None:
    """Declare that the pullbacks of these functions state the adjoint where operands or results are complex."""
    COMPLEX.update(dict.fromkeys(functions, "adjoint"))


def takes_complex(*functions: Any) -> None:
    """Declare that these functions, without a derivative or spelled out, mean the same for complex operands."""
    COMPLEX.update(dict.fromkeys(functions, "plain"))


def of_complex(function: Any) -> str | None:
    """In which sense a function takes complex operands, or None where it does not."""
    try:
        return COMPLEX.get(function)
    except TypeError:
        return None


def views(*functions: Any, read_only: bool = False) -> None:
    """Declare that the result of these functions shares memory with their first operand; `read_only` where it is not
    to be written through."""
    VIEWS.update(functions)
    if read_only:
        READ_ONLY.update(functions)


def late(library: str, rules: str) -> None:
    """Declare that this module registers rules for a library that `import srcdiff` does not import."""
    LATE[library] = rules


def register_late() -> bool:
    """Register the rules for the libraries that have come into use by now; whether there were any."""
    found = [(library, rules) for library, rules in LATE.items() if library in sys.modules]
    for library, rules in found:
        importlib.import_module(rules)
        LATE.pop(library, None)  # another thread may have been here
    return bool(found)


def rule_of(function: Any) -> Rule | None:
    """The rule registered for this object, or None."""
    try:
        found = RULES.get(function)
    except TypeError:  # an unhashable object has no rule
        return None
    return RULES.get(function) if found is None and LATE and register_late() else found


def spelled_out(function: Any) -> FunctionType | None:
    """The Python function that is read in the place of this one, or None."""
    try:
        found = SPELLED.get(function)
    except TypeError:
        return None
    if found is None and LATE and register_late():
        found = SPELLED.get(function)
    return found[0] if found is not None else None


def spelled_form(function: Any, places: int, names: Collection[str]) -> FunctionType | None:
    """The Python function that is read in the place of a call that gives so many arguments by place, and others by
    these names."""
    if not _is_in(FORMS, function):
        return None
    body, _, wanted = FORMS[function]
    given = (*body.__code__.co_varnames[:places], *names)
    return body if any(name in given for name in wanted) else None


def is_spelled(body: Any) -> bool:
    """Whether a Python function is one of those that stand for another one, or a part of one."""
    module = getattr(body, "__module__", None) or ""
    known = any(body is found for found, *_ in (*SPELLED.values(), *FORMS.values()))
    return known or module.startswith(f"{__package__}.")


def is_elementwise(function: Any) -> bool:
    return _is_in(ELEMENTWISE, function)


def is_view(function: Any) -> bool:
    return _is_in(VIEWS, function)


def is_read_only(function: Any) -> bool:
    """Whether the result of a function is a view that cannot be written."""
    return _is_in(READ_ONLY, function)


def joins(e: Expr) -> bool:
    """Whether this is a call that puts together the arrays (or numbers) of a list or tuple that is written out."""
    match e:
        case Call(func=Object(value=function), args=(Display(), *_)):
            return function in JOINS or function in (np.array, np.asarray)
    return False


def rewriting(function: Any) -> Rewriting | None:
    """What is written for a call of this function, or None."""
    return REWRITTEN[function][0] if _is_in(REWRITTEN, function) else None


def writes(function: Any) -> Writing | None:
    """The writes that stand for a call of this function, or None."""
    return WRITING[function][0] if _is_in(WRITING, function) else None


def linear_operands(function: Any) -> tuple[str, ...]:
    """The operands in which a function is linear, all of them together; none for any other function."""
    try:
        return LINEAR.get(function, ())
    except TypeError:
        return ()


def bilinear_operands(function: Any) -> tuple[str, ...]:
    """The operands in which a function is linear, each of them alone; none for any other function."""
    try:
        return BILINEAR.get(function, ())
    except TypeError:
        return ()


def pushes(function: Any) -> bool:
    """Whether the tangent of the result is the function itself, of tangents."""
    return bool(linear_operands(function)) or bool(bilinear_operands(function))


def _is_own(body: Any) -> bool:
    return str(getattr(body, "__module__", "")).startswith(f"{__package__}.")


def _entered(table: dict[Any, Any], functions: tuple[Any, ...], body: Any) -> None:
    """Refuse a second rule of srcdiff's own for one function: which of them served would turn on the order of imports.
    A user's rule takes the place of another one."""
    for function in functions:
        if function in table and _is_own(body):
            raise ValueError(f"{function!r} has a rule already: {table[function]!r}")


def _add(kind: str, functions: tuple[Any, ...], body: Callable[..., Any], points: Points, skip: int) -> None:
    if not isinstance(body, FunctionType):
        raise TypeError(f"a rule is written as a Python function, and {body!r} is none")
    if not points:
        raise ValueError(f"the rule {body.__name__} has no points: a rule is registered with calls that test it")
    for function in functions:
        check_key(function)
    parameters = body.__code__.co_varnames[: body.__code__.co_argcount]
    if len(functions) == 1:  # of several, each may take fewer
        check_arity(functions[0], body, parameters[skip:])
    if not _is_own(body):  # `import srcdiff` parses no rule: the suite checks srcdiff's own
        check_results(body, parameters[skip:])
    _entered(RULES, functions, body)
    rule = Rule(kind, functions, body, parameters[skip:], points)
    RULES.update(dict.fromkeys(functions, rule))
