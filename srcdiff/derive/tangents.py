"""The tangent of an expression, by the rules.

`Tangents.of(e)` gives the directional derivative of `e` in terms of the tangents of the variables in it: elementwise
arithmetic as a sum of products, a linear function as the function of tangents, any other one as the transpose of its
pullback. What comes back has the shape of `e`; None stands for zero.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ..analysis.aliases import Aliases
from ..errors import UnsupportedCall
from ..ir.nodes import Call, Choice, Display, Expr, Item, Name, Object
from ..ir.types import Num, Type
from ..ir.walk import Fresh, is_call_of, subexprs, substitute
from ..rules import Rule, bilinear_operands, linear_operands, rule_of
from ..rules.typing import TypeProblem, Typer
from .common_factors import factored
from .complexes import CONJ, real_part, squared_size
from .places import is_place
from .push import SINGULAR, Pusher, adjoints_of, check_part, differentiated, no_rule, operands_of, same_shape
from .splice import splice, splice_tangent
from .terms import ADD, ZERO, Term, collected, simplified, total

ZEROS_LIKE = Object(np.zeros_like, "np.zeros_like")
FULL_LIKE = Object(np.full_like, "np.full_like")
_SEED = Name("the tangent")  # stands last in a product until the operand's own tangent takes its place


@dataclass
class Tangents:
    """`dots` gives the tangent variable of each active one; `let` names an expression ahead of the statement."""

    types: dict[str, Type]
    aliases: Aliases
    dots: dict[str, str]
    fresh: Fresh
    let: Callable[[Expr], Name]
    result: Expr | None = None  # how the whole statement's value can be read, if it can
    owners: dict[Expr, Expr] = field(default_factory=dict)  # the expression that a tangent belongs to

    def pusher(self, active: set[str]) -> Pusher:
        return Pusher(self.types, active, self.let)

    def num(self, e: Expr) -> Num:
        type_ = Typer(self.types)(e)
        assert isinstance(type_, Num), f"not a number: {e!r}"
        return type_

    def is_active(self, e: Expr) -> bool:
        return self.pusher(set(self.dots)).is_active(e)

    # ------------------------------------------------------------------------------------------------ expressions

    def of(self, e: Expr, top: bool = False) -> Expr | None:
        """The tangent of `e`, of its shape; `top` where `result` is the value of `e`."""
        if isinstance(e, Display):
            return self.displayed(e) if self.is_active(e) else None
        terms: list[Term] = []
        self.collect(e, Term((_SEED,)), terms, top)
        terms = collected(terms)
        if not terms:
            return None
        typer = Typer(self.types)
        value = total(factored(terms, typer), typer)
        owners = [owner for t in terms if (owner := self.owners.get(t.factors[-1])) is not None]
        whole = any(owner == e or same_shape(self.num(owner), self.num(e)) for owner in owners)
        return value if whole else self.full(value, e)

    def displayed(self, e: Display) -> Expr:
        """The tangents of what is written out, item by item."""
        return replace(e, items=tuple(self.of(i) or self.zero(i) for i in e.items))

    def collect(self, e: Expr, term: Term, out: list[Term], top: bool = False) -> None:
        """Add the products that make up the tangent of `e`, times `term`."""
        if not self.is_active(e) or term.coefficient == 0 or not self.num(e).is_inexact:
            return
        if not isinstance(e, Call):
            self.add(term, e, self.leaf(e), out)
            return
        assert isinstance(e.func, Object)
        rule = rule_of(e.func.value)
        if rule is None:
            raise no_rule(e)
        if rule.kind != "partials" or linear_operands(e.func.value):
            pushed = self.pushed(e, rule, top)
            if pushed is not None:
                self.add(term, e, pushed, out)
            return
        y = self.result if top and self.result is not None else e
        found: list[Term] = []
        z = squared_size(e, Typer(self.types))
        if z is not None:
            self.collect(z, Term((_SEED,), 2.0).scaled(Call(CONJ, (z,))), found)
        else:
            for operand, partial in differentiated(rule, e, splice(rule, e, {"y": y}, self.types), self.is_active):
                scaled = Term((_SEED,)).scaled(simplified(partial))
                self.collect(operand, replace(scaled, singular=e.func.value in SINGULAR), found)
        out.extend(self.within(term, t if self.num(e).is_complex else self.real(t)) for t in found)

    def real(self, term: Term) -> Term:
        """What a real-valued function of complex numbers makes of its operand's tangent."""
        found = real_part(term, Typer(self.types))
        if found.factors[-1] != term.factors[-1] and term.factors[-1] in self.owners:
            self.owners[found.factors[-1]] = self.owners[term.factors[-1]]
        return found

    def within(self, outer: Term, inner: Term) -> Term:
        """The product of what stands before a tangent with a product that ends with it."""
        *head, _ = outer.factors
        return Term(
            (*head, *inner.factors),
            outer.coefficient * inner.coefficient,
            (*outer.denominators, *inner.denominators),
            tuple(dict.fromkeys((*outer.masks, *inner.masks))),
            outer.singular or inner.singular,
        )

    def add(self, term: Term, e: Expr, tangent: Expr, out: list[Term]) -> None:
        """The product with the operand's own tangent at the end; a sign of that comes to the front."""
        head = replace(term, factors=term.factors[:-1])
        match tangent:
            case Call(func=Object(value=op), args=(inner,)) if op is operator.neg:
                head, tangent = replace(head, coefficient=-head.coefficient), inner
        self.owners[tangent] = e
        out.append(replace(head, factors=(*head.factors, tangent)))

    def leaf(self, e: Expr) -> Expr:
        match e:
            case Name() | Item() if is_place(e):
                return self.mirrored(e)
            case Item(base=base):
                return replace(e, base=self.of(base) or self.zero(base))
            case Choice(then=then, other=other):
                return replace(e, then=self.of(then) or self.zero(then), other=self.of(other) or self.zero(other))
        raise TypeProblem(
            UnsupportedCall,
            "an expression of this form",
            "its derivative cannot be written in place",
            "assign its parts to variables first",
            e.at,
        )

    def mirrored(self, e: Expr) -> Expr:
        """The same place of the tangent."""
        match e:
            case Name(id=name):
                return Name(self.dots[name])
            case Item(base=base):
                return replace(e, base=self.mirrored(base))
            case Choice(then=then, other=other):
                return replace(e, then=self.mirrored(then), other=self.mirrored(other))
            case Call(args=(base, *rest)):
                return replace(e, args=(self.mirrored(base), *rest))
        raise TypeError(f"no tangent for {e!r}")

    # --------------------------------------------------------------------------------- what is not elementwise

    def pushed(self, e: Call, rule: Rule, top: bool) -> Expr | None:
        assert isinstance(e.func, Object)
        function = e.func.value
        linear = linear_operands(function)
        if linear:
            short = self.of_tangents(e, rule, linear, zero_is_a_number=function is np.where)
            whole = same_shape(self.num(short), self.num(e))  # a zero that is a number does not fill out the shape
            return short if whole else self.of_tangents(e, rule, linear, zero_is_a_number=False)
        bilinear = bilinear_operands(function)
        if bilinear:
            parts: list[Expr] = []
            for k, (name, a) in enumerate(zip(rule.operands, e.args, strict=False)):
                a_dot = self.of(a) if name in bilinear else None
                if a_dot is not None:
                    parts.append(replace(e, args=(*e.args[:k], a_dot, *e.args[k + 1 :])))
            # (active by an operand of which only the shape is read: no tangent)
            return functools.reduce(lambda p, q: Call(ADD, (p, q)), parts) if parts else None
        y = self.result if top and self.result is not None else e
        if rule.tangent is not None:
            return self.by_pushforward(e, rule, y)
        return self.transposed(e, rule, y)

    def of_tangents(self, e: Call, rule: Rule, linear: tuple[str, ...], zero_is_a_number: bool) -> Call:
        """The function itself, of the tangents of those operands in which it is linear."""
        args = tuple(
            self.operand(a, zero_is_a_number) if name in linear else a
            for name, a in zip(rule.operands, e.args, strict=False)
        )
        kwargs = tuple((k, self.operand(v, zero_is_a_number) if k in linear else v) for k, v in e.kwargs)
        return replace(e, args=(*args, *e.args[len(args) :]), kwargs=kwargs)

    def by_pushforward(self, e: Call, rule: Rule, y: Expr) -> Expr:
        assert rule.tangent is not None
        wanted, defaults = rule.tangent.__code__.co_varnames, rule.tangent.__kwdefaults__ or {}
        given = {
            dot: self.operand(a, False)
            for name, a in operands_of(rule, e)
            if (dot := f"{name}_dot") in wanted and (defaults.get(dot, a) is not None or self.is_active(a))
        }
        return simplified(splice_tangent(rule, e, {"y": y, **given}, self.types))

    def parts(self, e: Call, results: Display, wanted: list[int]) -> tuple[Expr, ...]:
        """The tangents of several results of one call, by its pushforward; those of `wanted` are read."""
        assert isinstance(e.func, Object)
        rule = rule_of(e.func.value)
        assert rule is not None
        for place in wanted:
            check_part(rule, e, place)
        found = self.by_pushforward(e, rule, results)
        assert isinstance(found, Display)
        return found.items

    def operand(self, e: Expr, zero_is_a_number: bool) -> Expr:
        return self.of(e) or (ZERO if zero_is_a_number else self.zero(e))

    def transposed(self, e: Call, rule: Rule, y: Expr) -> Expr | None:
        """The tangent by the transpose of the pullback: that is linear in the adjoint of the result, so its own
        pullback takes a tangent of the operand to the tangent of the result (Griewank and Walther, section 3.2)."""
        seed = self.fresh("y_bar")
        self.types[seed] = self.num(e)
        adjoints = adjoints_of(rule, e, y, Name(seed), self.types)
        terms: list[Term] = []
        for operand, adjoint in differentiated(rule, e, adjoints, self.is_active):
            tangent = self.of(operand)
            if tangent is None:
                continue
            # what is left of the adjoint is asked for its shape, which is that of the result
            pusher = Pusher(self.types, {seed}, lambda held: self.let(substitute(held, {seed: y})))
            adjoint = simplified(adjoint)
            pusher.known[operand] = self.num(operand)
            pusher.descend(operand, adjoint, Term((tangent,)))
            for leaf, found in pusher.leaves.items():
                if leaf != Name(seed):
                    raise TypeProblem(
                        UnsupportedCall,
                        f"the tangent of `{e.func.text if isinstance(e.func, Object) else e}`",
                        "its rule takes single elements of the result's adjoint, which is not turned round yet",
                        "use reverse mode (grad, vjp)",
                        e.at,
                    )
                terms.extend(found)
        terms = collected(terms)
        typer = Typer(self.types)
        return substitute(total(factored(terms, typer), typer), {seed: y}) if terms else None

    # -------------------------------------------------------------------------------------------------- shapes

    def zero(self, e: Expr) -> Expr:
        """The zero tangent of an expression that carries none."""
        if isinstance(e, Display):
            return replace(e, items=tuple(map(self.zero, e.items)))
        return ZERO if self.num(e).ndim == 0 else Call(ZEROS_LIKE, (e,))

    def full(self, value: Expr, e: Expr) -> Expr:
        """`value` expanded to the shape of `e` where it may be smaller."""
        wanted = self.num(e)
        if self.num(value).ndim == 0 and wanted.ndim:
            like = next((n for n in subexprs(e) if isinstance(n, Name) and self.is_like(n, wanted)), None)
            if like is not None:
                return Call(FULL_LIKE, (like, value))
        return self.pusher(set()).full(value, wanted, e)

    def is_like(self, n: Name, wanted: Num) -> bool:
        type_ = self.types.get(n.id)
        return isinstance(type_, Num) and type_.dtype == self.wide(wanted) and same_shape(self.num(n), wanted)

    def wide(self, wanted: Num) -> str:
        return "complex128" if wanted.is_complex else "float64"


def is_pop(e: Expr) -> bool:
    return is_call_of(e, list.pop)
