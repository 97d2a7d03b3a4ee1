"""From the adjoint of an expression to the adjoints of the variables in it, by the rules.

`Pusher.push(e, term)` walks down an expression tree with the adjoint so far as a product. What arrives at a leaf (a
variable, an element, a view) is collected there; where a shape changes on the way (broadcasting) the product is summed.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from .. import runtime
from ..errors import UnsupportedCall
from ..ir.nodes import Call, Choice, Const, Display, Expr, Item, Logic, Name, Object, Slice
from ..ir.types import Num, Type
from ..ir.walk import is_call_of, rebuild, subexprs
from ..normalise import negated
from ..rules import Rule, is_view, joins, of_complex, rule_of
from ..rules.typing import TypeProblem, Typer
from ..runtime import resized, unbroadcast
from .complexes import conjugated, conjugated_call, is_complex, plain_shapes, real_part, squared_size
from .parts import parts
from .places import is_place
from .splice import splice
from .terms import COPY, DIV, MUL, QUOTIENTS, Term, build, guarded, is_plain, negative, simplified

SUM = Object(np.sum, "np.sum")
UNBROADCAST = Object(unbroadcast, "unbroadcast")
BROADCAST = Object(np.broadcast_to, "np.broadcast_to")
TRANSPOSE = Object(np.ndarray.T, "T")
SHAPE = Object(np.ndarray.shape, "shape")


# functions whose partials are infinite at places where they themselves are finite
SINGULAR = {
    *(math.sqrt, np.sqrt, math.cbrt, np.cbrt),
    *(math.hypot, np.hypot, math.pow, operator.pow, pow, np.power, np.float_power),
    *(math.asin, math.acos, math.acosh, np.arcsin, np.arccos, np.arccosh, math.atan2, np.arctan2),
    *(np.log, np.log2, np.log10, np.log1p, np.arctanh),
}


def no_rule(e: Call) -> TypeProblem:
    """The problem of a call whose derivative is asked, of a function without a rule."""
    assert isinstance(e.func, Object)
    return TypeProblem(
        UnsupportedCall,
        f"the derivative of `{e.func.text}`",
        "there is no rule for it",
        "write the operation with functions that have a rule",
        e.at,
    )


@dataclass
class Pusher:
    """`types` grows by the temporaries; `let` names an expression ahead of the accumulations (an adjoint that is read
    several times); `leaves` holds what was collected, in order of first appearance. With `divides_once`, that of a
    quotient of arrays is an array of its own (loops for Numba divide anew: that array would keep them apart).
    `quotient_at_hand` is how the whole statement's value can be read where it is a quotient and that costs nothing."""

    types: dict[str, Type]
    active: set[str]
    let: Callable[[Expr], Name]
    result: Expr | None = None  # how the whole statement's value can be read, if it can
    leaves: dict[Expr, list[Term]] = field(default_factory=dict)
    divides_once: bool = False
    quotient_at_hand: Expr | None = None
    known: dict[Expr, Num] = field(default_factory=dict)  # expressions whose shape is known from where they are put

    @property
    def typer(self) -> Typer:
        return Typer(self.types)

    def num(self, e: Expr) -> Num:
        type_ = self.known.get(e) or self.typer(e)
        assert isinstance(type_, Num), f"not a number: {e!r}"
        return type_

    def is_active(self, e: Expr) -> bool:
        match e:
            case Name():
                return e.id in self.active
            case Const() | Object() | Slice():
                return False
            case Item():
                return self.is_active(e.base)
            case Display():
                return any(map(self.is_active, e.items))
            case Choice():
                return self.is_active(e.then) or self.is_active(e.other)
            case Logic():
                return any(map(self.is_active, e.values))
            case Call(func=Object(value=function)):
                rule = rule_of(function)
                if rule is not None and rule.kind == "constant":
                    return False
                return any(map(self.is_active, (*e.args, *(v for _, v in e.kwargs))))
        return False

    # ---------------------------------------------------------------------------------------------------- walking

    def push(self, e: Expr, term: Term, top: bool = False) -> None:
        if not self.is_active(e) or term.coefficient == 0:
            return
        if not isinstance(e, Display) and not is_complex(e, self.typer):  # (`known` tells the shape alone)
            term = real_part(term, self.typer)
            if term.coefficient == 0:
                return
        match e:
            case Name():
                self.leaves.setdefault(e, []).append(term)
            case Item() if is_place(e):
                self.leaves.setdefault(e, []).append(term)
            case Choice():
                self.push(e.then, term.masked(e.test))
                self.push(e.other, term.masked(negated(e.test)))
            case Call():
                self.call(e, term, top)
            case _:
                raise TypeProblem(
                    UnsupportedCall,
                    "an expression of this form",
                    "its derivative cannot be written in place",
                    "assign its parts to variables first",
                    e.at,
                )

    def part(self, e: Call, seed: Expr, place: int, count: int) -> None:
        """What the adjoint of one of several results gives the operands: the rule gets None for the others."""
        assert self.result is not None
        y_bar = tuple(seed if k == place else Const(None) for k in range(count))
        rule = self.rule(e)
        check_part(rule, e, place)
        self.pull(e, rule, self.result, Display("tuple", y_bar))

    def rule(self, e: Call) -> Rule:
        assert isinstance(e.func, Object)
        rule = rule_of(e.func.value)
        if rule is None:
            raise no_rule(e)
        return rule

    def call(self, e: Call, term: Term, top: bool) -> None:
        assert isinstance(e.func, Object)
        z = squared_size(e, self.typer)
        if z is not None:
            self.push(z, term.scaled(Call(MUL, (Const(2.0), z))))
            return
        rule = self.rule(e)
        y = self.result if top and self.result is not None else e
        if top and e.func.value in QUOTIENTS and self.quotient_at_hand is not None and self.is_simple(e, term):
            self.quotient(e, term, negative(self.quotient_at_hand))
        elif (
            e.func.value in QUOTIENTS
            and self.divides_once
            and self.num(e).ndim
            and self.is_simple(e, term)
            and self.count(e) > 1
        ):
            self.quotient(e, term, None)
        elif rule.kind == "partials":
            found = splice(rule, e, {"y": y}, self.types)
            for operand, partial in differentiated(rule, e, found, self.is_active):
                scaled = term.scaled(conjugated(simplified(partial), self.typer))
                self.descend(e, operand, replace(scaled, singular=True) if e.func.value in SINGULAR else scaled)
        elif joins(e):
            for item, its_part in parts(rule, e, self.seed(e, term), self.types):
                self.push(item, Term((its_part,)))
        elif is_call_of(e, np.ndarray.T) and (product := transposed(term, self.typer)) is not None:
            self.push(e.args[0], product)
        else:
            self.pull(e, rule, y, self.seed(e, term))

    def is_simple(self, e: Call, term: Term) -> bool:
        """Whether the adjoint of a quotient may be divided ahead of the sums that take it: no mask excludes a zero."""
        return not (is_complex(e, self.typer) or term.masks or term.singular)

    def count(self, e: Expr) -> int:
        """How many sums take a part of the adjoint of an expression."""
        return sum(1 for part in subexprs(e) if isinstance(part, Name) and part.id in self.active)

    def quotient(self, e: Call, term: Term, minus: Expr | None) -> None:
        """Divided once: `q = y_bar / d`, `n_bar = q`, `d_bar = -y * q`; if `y` is not at hand `d_bar = -n * q / d`.
        The result of `1 / d` divides by `d` itself: `d_bar = -y * (y * y_bar)`."""
        over, under = e.args
        if over == Const(1.0) and minus is not None:
            y_bar = build(term.scaled(negative(minus)), self.typer)
            self.descend(e, under, Term((y_bar,)).scaled(minus))
            return
        divided = term.times(under, inverse=True)
        if self.count(e) > 1:
            divided = Term((self.let(build(divided, self.typer)),))
        if self.is_active(over):
            self.descend(e, over, divided)
        if self.is_active(under):
            self.descend(e, under, divided.scaled(minus or Call(DIV, (negative(over), under))))

    def pull(self, e: Call, rule: Rule, y: Expr, y_bar: Expr) -> None:
        """The adjoints that a pullback gives the operands; a call that several of them contain is made once."""
        adjoints = adjoints_of(rule, e, y, y_bar, self.types)
        found = [
            (part, self.asking_less(simplified(adjoint)))
            for part, adjoint in differentiated(rule, e, adjoints, self.is_active)
        ]
        names = named_apart([adjoint for _, adjoint in found], self.let)
        for part, adjoint in found:
            adjoint = replaced(adjoint, names)
            match adjoint:
                case Call(func=Object(value=op), args=(inner,)) if op is operator.neg:
                    self.push(part, Term((self.summed(inner, part),), -1.0))
                case _:
                    self.push(part, Term((self.summed(adjoint, part),)))

    # -------------------------------------------------------------------------------------------------- shapes

    def summed(self, adjoint: Expr, operand: Expr) -> Expr:
        """The adjoint without a sum over what broadcasting repeated, where nothing can have been repeated."""
        if not is_call_of(adjoint, unbroadcast, resized):
            return adjoint
        assert isinstance(adjoint, Call)
        given, wanted = self.num(adjoint.args[0]), self.num(operand)
        if is_call_of(adjoint, resized):
            return adjoint.args[0] if same_shape(given, wanted) else adjoint
        if given.ndim is None or given.ndim != wanted.ndim or wanted.ndim == 0:
            return adjoint
        return adjoint if _may_shrink(wanted, given) else adjoint.args[0]

    def seed(self, e: Expr, term: Term) -> Expr:
        """The adjoint of `e` as one expression of the full shape of `e`, named if it is more than a name."""
        if term.singular:
            term = guarded(term, self.typer)
        value = self.full(build(term, self.typer), self.num(e), e)
        return value if is_plain(value) else self.let(value)

    def full(self, value: Expr, wanted: Num, e: Expr) -> Expr:
        """`value` expanded to the shape of `e` where it may be smaller."""
        if same_shape(self.num(value), wanted):
            return value
        if wanted.ndim == 0 and self.num(value).ndim == 0:
            return value
        if self.num(value).ndim == wanted.ndim is not None and value_is_at_least(self.num(value), wanted):
            return value
        if wanted.ndim is None:
            return Call(UNBROADCAST, (value, e))
        like = next((n for n in subexprs(e) if isinstance(n, Name) and self.is_like(n, wanted)), e)
        return Call(COPY, (Call(BROADCAST, (value, Call(SHAPE, (like,)))),))

    def is_like(self, n: Name, wanted: Num) -> bool:
        type_ = self.types.get(n.id)
        return isinstance(type_, Num) and same_shape(type_, wanted) and bool(wanted.ndim)

    def descend(self, e: Expr, operand: Expr, term: Term) -> None:
        """On into an operand of an elementwise `e`: summed over what broadcasting repeated."""
        outer, inner = self.num(e), self.num(operand)
        if outer.is_complex and not inner.is_complex:
            term = real_part(term, self.typer)  # before it is summed: that is half the work
        if outer.ndim == inner.ndim == 0 or same_shape(outer, inner):
            self.push(operand, term)
            return
        if outer.ndim is not None and outer.ndim == inner.ndim:
            whole = not _may_shrink(inner, outer) if is_place(operand) else value_is_at_least(inner, outer)
            # else: nothing in it has its shape, and most likely nothing is repeated: it is summed at the leaves
            if whole or (self.is_mixed(operand, inner) and not any(d.one for d in inner.shape)):
                self.known[operand] = replace(inner, shape=outer.shape)
                self.push(operand, term)
                del self.known[operand]
                return
        # (the sign and a literal are for the sum, where that surely has fewer elements)
        smaller = bool(outer.ndim) and (inner.ndim == 0 or any(d.one for d in inner.shape))
        outside = term.coefficient if smaller else 1.0
        value = self.full(build(replace(term, coefficient=term.coefficient / outside), self.typer), outer, e)
        self.push(operand, Term((self.shared(operand, self.reduced(value, operand)),), outside))

    def is_elementwise(self, e: Expr) -> bool:
        """Whether a call of real numbers has partials, which may have a larger shape than it has itself."""
        if not isinstance(e, Call) or not isinstance(e.func, Object) or e in self.known:
            return False
        rule = rule_of(e.func.value)
        return rule is not None and rule.kind == "partials" and not is_complex(e, self.typer)

    def shared(self, operand: Expr, value: Expr) -> Expr:
        """A sum is computed once, also where several leaves below the operand take it."""
        return value if isinstance(operand, Name | Item) or is_plain(value) else self.let(value)

    def reduced(self, value: Expr, operand: Expr) -> Expr:
        """`value` summed to the shape of the operand, by the plainest call that the types allow."""
        outer, inner = self.num(value), self.num(operand)
        if inner.ndim == 0 and outer.ndim:
            return Call(SUM, (value,))
        one_more = outer.ndim is not None and inner.ndim is not None and outer.ndim == inner.ndim + 1
        if one_more and all(a.same(b) for a, b in zip(outer.shape[1:], inner.shape, strict=True)):
            return Call(SUM, (value,), (("axis", Const(0)),))
        return Call(UNBROADCAST, (value, self.model(operand, inner)))

    def model(self, e: Expr, wanted: Num) -> Expr:
        """The plainest part of an elementwise expression that surely has its shape."""
        if not self.is_elementwise(e) or wanted.ndim is None:
            return e
        assert isinstance(e, Call)
        parts = [self.model(a, wanted) for a in e.args if self.is_alike(a, wanted)]
        return min(parts, key=lambda part: not isinstance(part, Name), default=e)

    def asking_less(self, e: Expr) -> Expr:
        """An adjoint in which arithmetic is not done for its shape alone."""
        match e:
            case Call(func=Object(value=np.ndarray.size | np.ndarray.shape), args=(a,)) if self.is_elementwise(a):
                return replace(e, args=(self.model(a, self.num(a)),))
            case Call(func=Object(value=runtime.unbroadcast), args=(given, a)) if self.is_elementwise(a):
                return replace(e, args=(self.asking_less(given), self.model(a, self.num(a))))
        return rebuild(e, self.asking_less)

    def is_mixed(self, e: Expr, own: Num) -> bool:
        """Whether an elementwise expression has a shape that no array in it surely has."""
        return self.is_elementwise(e) and self.is_elementwise(self.model(e, own))

    def is_alike(self, e: Expr, wanted: Num) -> bool:
        type_ = self.typer(e)
        return isinstance(type_, Num) and same_shape(type_, wanted)


def transposed(term: Term, typer: Typer) -> Term | None:
    """The transpose of a product of two matrices, or of the outer product of two vectors, as a product again."""
    if len(term.factors) != 1 or term.denominators or term.masks:
        return None
    match term.factors[0]:
        case Call(func=Object(value=np.outer), args=(a, b)) as product:
            return replace(term, factors=(replace(product, args=(b, a)),))
        case Call(func=Object(value=operator.matmul), args=(a, b)) as product if (
            _rank(a, typer) == 2 == _rank(b, typer)
        ):
            factors = tuple(simplified(Call(TRANSPOSE, (m,))) for m in (b, a))
            return replace(term, factors=(replace(product, args=factors),))
    return None


def _rank(e: Expr, typer: Typer) -> int | None:
    type_ = typer(e)
    return type_.ndim if isinstance(type_, Num) else None


def adjoints_of(rule: Rule, e: Call, y: Expr, y_bar: Expr, types: Mapping[str, Type]) -> list[Expr | None]:
    """What a pullback gives the operands. One that is stated by the complex derivative gets conjugates to read."""
    typer = Typer(types)
    assert isinstance(e.func, Object)
    if of_complex(e.func.value) != "holomorphic" or not any(is_complex(a, typer) for a in (e, *e.args)):
        return splice(rule, e, {"y": y, "y_bar": y_bar}, types)
    call = conjugated_call(rule, e, typer)
    own = conjugated(y, typer) if rule.reads_result else y
    found = splice(rule, call, {"y": own, "y_bar": y_bar}, types)
    return [None if adjoint is None else plain_shapes(adjoint) for adjoint in found]


def check_part(rule: Rule, e: Call, place: int) -> None:
    """Refuse the derivative of one of several results that the rule does not cover."""
    if rule.results is not None and place not in rule.results:
        assert isinstance(e.func, Object)
        covered = " and ".join(f"[{k}]" for k in rule.results)
        raise TypeProblem(
            UnsupportedCall,
            f"the derivative of result [{place}] of `{e.func.text}`",
            f"there is a rule for {covered} only",
            "compute it from the others, with functions that have a rule",
            e.at,
        )


def repeated(values: list[Expr]) -> list[Expr]:
    """The calls that occur more than once in these values and cost more than arithmetic or a view: inner ones first,
    without those that occur in another such call only."""
    counts: dict[Expr, int] = {}
    for e in (e for value in values for e in subexprs(value)):
        if isinstance(e, Call) and isinstance(e.func, Object):
            rule = rule_of(e.func.value)
            if rule is not None and rule.kind == "pullback" and not is_view(e.func.value):
                counts[e] = counts.get(e, 0) + 1
    twice = [e for e, n in counts.items() if n > 1]
    inside = {e for outer in twice for e in subexprs(outer) if e != outer and counts.get(e) == counts[outer]}
    return sorted((e for e in twice if e not in inside), key=lambda e: sum(1 for _ in subexprs(e)))


def named_apart(values: list[Expr], let: Callable[[Expr], Name]) -> dict[Expr, Name]:
    """A name for each call that occurs more than once in these values, in terms of the names before it."""
    names: dict[Expr, Name] = {}
    for call in repeated(values):
        names[call] = let(replaced(call, names))
    return names


def replaced(e: Expr, names: dict[Expr, Name]) -> Expr:
    """`e` with some expressions replaced by the names that they have been given."""
    return names[e] if e in names else rebuild(e, lambda child: replaced(child, names))


def operands_of(rule: Rule, e: Call) -> list[tuple[str, Expr]]:
    """The operands that a call gives, by position or by name."""
    named = dict(e.kwargs)
    given = [*e.args, *(named.get(name) for name in rule.operands[len(e.args) :])]
    return [(name, operand) for name, operand in zip(rule.operands, given, strict=False) if operand is not None]


def differentiated(
    rule: Rule, e: Call, found: list[Expr | None], is_active: Callable[[Expr], bool]
) -> list[tuple[Expr, Expr]]:
    """The active operands of a call, each with what its rule has found for it. One of which the rule says nothing, not
    even None, has a derivative that nobody has written."""
    results = dict(zip(rule.operands, found, strict=False))
    unwritten = {*rule.unknown, *(rule.operands[len(found) :] if found != [None] else ())}
    pairs = []
    for name, operand in operands_of(rule, e):
        result = results.get(name)
        if result is not None and is_active(operand):
            pairs.append((operand, result))
        elif name in unwritten and is_active(operand):
            assert isinstance(e.func, Object)
            raise TypeProblem(
                UnsupportedCall,
                f"the derivative of `{e.func.text}` in its argument `{name}`",
                "there is a rule for its other arguments only",
                f"keep what `{name}` is computed from out of wrt",
                e.at,
            )
    return pairs


def same_shape(a: Num, b: Num) -> bool:
    """Whether two values surely have the same shape."""
    if a.ndim is None or a.ndim != b.ndim:
        return False
    return all(m.same(n) for m, n in zip(a.shape, b.shape, strict=True))


def _may_shrink(inner: Num, outer: Num) -> bool:
    """Whether an operand of the same rank may be shorter along some axis."""
    pairs = zip(inner.shape, outer.shape, strict=True)
    return any(not a.same(b) and a.one is not False for a, b in pairs)


def value_is_at_least(value: Num, wanted: Num) -> bool:
    """Whether a value of the same rank that broadcasts to `wanted` surely has its shape already."""
    return all(a.covers(b) for a, b in zip(value.shape, wanted.shape, strict=True))
