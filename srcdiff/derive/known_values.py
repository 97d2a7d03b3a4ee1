"""Values that the program has computed, for what adjoints would compute again.

in:   s = sin(a); c = cos(a); r = s / c            out:  ... a_bar += c * s_bar; a_bar -= s * c_bar
      a_bar += cos(a) * s_bar; a_bar -= sin(a) * c_bar

An elementary function is a hundred cycles in a loop, its value on a tape a few. A variable has its value from its
definition on, in both sweeps: the adjoint of a statement before that is written beside the one of the definition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir.nodes import Assign, Call, Const, Expr, Name, Object
from ..ir.types import Num, Type
from ..ir.walk import mentioned, names, rebuild, targets
from ..rules import rule_of
from .acts import Acc, Act, Fork, Kill, Let, Node, Round, Step, When
from .returned import read_by

Defined = Callable[[Node], set[str]]  # what the statement of a node binds, those in its blocks included


def with_known_values(nodes: list[Node], types: dict[str, Type], defined: Defined) -> None:
    """Change the nodes of a program: their acts read variables where these hold what the acts would compute."""
    for node in nodes:
        match node:
            case Fork():
                with_known_values(node.body, types, defined)
                with_known_values(node.orelse, types, defined)
            case Round():
                with_known_values(node.body, types, defined)
            case _:
                pass
    for made in [node for node in nodes if _call_of(node, types) is not None]:
        _use(made, nodes, types, defined)


def _use(made: Node, nodes: list[Node], types: dict[str, Type], defined: Defined) -> None:
    """Let the acts of a block read the variable of one definition."""
    call, p = _call_of(made, types), _place(made, nodes)
    assert call is not None
    assert isinstance(made, Step)
    assert isinstance(made.stmt, Assign)
    key, name, operands = _key(call), targets(made.stmt.target)[0], names(call)
    if operands & defined(made):
        return
    for q, node in enumerate(nodes):
        if q == p or not isinstance(node, Step) or not any(_has(act, key) for act in node.acts):
            continue
        between = nodes[p + 1 : q] if p < q else nodes[q:p]
        bound = set().union(*map(defined, between))
        if name in bound or operands & (bound | defined(node)):
            continue
        acts = [_replaced(act, key, Name(name)) for act in node.acts]
        if p < q:
            node.acts = acts
        elif _may_wait(node, nodes[q + 1 : p + 1], defined):
            made.acts, node.acts = [*made.acts, *acts], []


def _may_wait(node: Step, between: list[Node], defined: Defined) -> bool:
    """Whether what is done for a variable's adjoint may be done ahead of the reversal of the statements behind: none of
    them has to do with the variable, or binds what it is made of; and it is only added to adjoints of variables."""
    match node.stmt:
        case Assign(target=Name(id=own), value=value):
            apart = all(own not in mentioned((n.stmt,)) for n in between)
            sums = all(isinstance(a, Kill | Let) or _is_sum(a) for a in node.acts)
            bound = set().union(*map(defined, between))
            return apart and sums and not (read_by(node.acts) | names(value)) & bound
    return False


def _is_sum(act: Act) -> bool:
    return isinstance(act, Acc) and not act.assign and isinstance(act.target, Name)


def _place(node: Node, nodes: list[Node]) -> int:
    return next(p for p, other in enumerate(nodes) if other is node)


def _call_of(node: Node, types: dict[str, Type]) -> Call | None:
    """The elementary function of numbers that a statement gives a variable the value of."""
    match node:
        case Step(stmt=Assign(target=Name(id=name), value=Call(func=Object(value=f), args=args, kwargs=()) as e)):
            rule = rule_of(f)
            known = rule is not None and rule.kind == "partials" and getattr(f, "__name__", "") in _DEAR
            own = types.get(name)
            number = isinstance(own, Num) and own.ndim == 0 and not own.is_complex
            return e if known and number and all(map(_is_number, args)) else None
    return None


_DEAR = {"sin", "cos", "tan", "exp", "expm1", "log", "log1p", "sqrt", "tanh", "sinh", "cosh", "exp2", "log2", "cbrt"}


def _is_number(e: Expr) -> bool:
    return isinstance(e, Name | Const)


# ------------------------------------------------------------------------------------------------------------ acts


def _key(e: Call) -> tuple[str, tuple[Expr, ...]]:
    """What two calls have in common that give the same number (`np.cos` of a number is `math.cos` of it)."""
    assert isinstance(e.func, Object)
    return getattr(e.func.value, "__name__", ""), e.args


def _has(act: Act, key: object) -> bool:
    return _replaced(act, key, Name("_")) != act


def _replaced(act: Act, key: object, name: Name) -> Act:
    def expr(e: Expr) -> Expr:
        if isinstance(e, Call) and isinstance(e.func, Object) and not e.kwargs and _key(e) == key:
            return name
        return rebuild(e, expr)

    match act:
        case Acc(terms=terms):
            new = (
                replace(t, factors=tuple(map(expr, t.factors)), denominators=tuple(map(expr, t.denominators)))
                for t in terms
            )
            return replace(act, terms=tuple(new))
        case Let(value=value):
            return replace(act, value=expr(value))
        case When(then=then, other=other):
            sides = (tuple(_replaced(a, key, name) for a in side) for side in (then, other))
            return When(act.test, *sides)
    return act
