"""The registry of derivative rules: one plain function per rule, found by the object it belongs to.

A rule's function states the derivative in Python and NumPy; its parameter list says what it may read, its body what
it does read, and so what must be kept. The same text is spliced into generated code and can be called as it is.

`partials(f)`   elementwise `f`; the rule `(y, *operands)` returns the partial of each operand (None: no derivative).
`pullback(f)`   any `f`; the rule `(y_bar, y, *operands)` returns the adjoint of each operand, each of a shape that
                broadcasts to the operand's (None: no derivative).
`constant(f)`   the derivative of `f` is zero, by decision.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    """One derivative rule. `operands` are the parameters after `y` (and `y_bar`)."""

    kind: str  # "partials", "pullback" or "constant"
    functions: tuple[Any, ...]
    body: Callable[..., Any] | None
    operands: tuple[str, ...]

    @functools.cached_property
    def reads(self) -> frozenset[str]:
        """The parameters whose values the body uses (found when first asked: `import srcdiff` parses no rule)."""
        return _reads(self.body) if self.body is not None else frozenset()

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


def partials(*functions: Any) -> Callable[[F], F]:
    """Register the partials of elementwise functions: `rule(y, *operands) -> partial | tuple of partials`."""

    def register(body: F) -> F:
        _add("partials", functions, body, skip=1)
        ELEMENTWISE.update(functions)
        return body

    return register


def pullback(*functions: Any) -> Callable[[F], F]:
    """Register a pullback: `rule(y_bar, y, *operands) -> adjoint | tuple of adjoints`."""

    def register(body: F) -> F:
        _add("pullback", functions, body, skip=2)
        return body

    return register


def constant(*functions: Any, elementwise: bool = False) -> None:
    """Register functions whose derivative is zero by decision (steps, shapes, counts, fresh constant arrays)."""
    rule = Rule("constant", functions, None, ())
    RULES.update(dict.fromkeys(functions, rule))
    if elementwise:
        ELEMENTWISE.update(functions)


def views(*functions: Any) -> None:
    """Declare that the result of these functions shares memory with their first operand."""
    VIEWS.update(functions)


def rule_of(function: Any) -> Rule | None:
    """The rule registered for this object, or None."""
    try:
        return RULES.get(function)
    except TypeError:  # an unhashable object has no rule
        return None


def is_elementwise(function: Any) -> bool:
    try:
        return function in ELEMENTWISE
    except TypeError:
        return False


def is_view(function: Any) -> bool:
    try:
        return function in VIEWS
    except TypeError:
        return False


def _add(kind: str, functions: tuple[Any, ...], body: Callable[..., Any], skip: int) -> None:
    parameters = body.__code__.co_varnames[: body.__code__.co_argcount]
    rule = Rule(kind, functions, body, parameters[skip:])
    RULES.update(dict.fromkeys(functions, rule))


def _reads(body: Callable[..., Any]) -> frozenset[str]:
    """The parameters whose values the body reads (a shape or rank is no value: it never has to be kept)."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(body)))
    shape_only = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("shape", "ndim", "size", "dtype")
    }
    used = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in shape_only
    }
    return frozenset(used & set(inspect.signature(body).parameters))
