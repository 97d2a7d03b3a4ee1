"""What decorators of inner functions make, where it is one of Python's own: `functools.wraps`, `cache` and `lru_cache`.

in:   @functools.cache                   out:  y = x * x + x * x
      def square(v): return v * v
      y = square(x) + square(x)

`wraps` is about names. A cache makes no difference to a function that gives the same for the same arguments, and does
nothing beside; an inner function of which that is not seen is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from ..errors import UnsupportedCall
from ..ir.nodes import Assign, Attr, Block, Call, Closure, Effect, Expr, For, Item, Name, Object, Update, While
from ..ir.types import Num, Static
from ..ir.walk import assigned, expressions, names, statements, subexprs
from ..rules.effects import has_effect
from ..rules.typing import TypeProblem
from .closures import Defined
from .forms import may_change
from .stdlib import Library

_CACHES: tuple[Any, ...] = (functools.cache, functools.lru_cache)


def _as_it_is(function: Any) -> Any:
    """What `functools.wraps(f)` is, as far as numbers are concerned."""
    return function


def _cached(function: Any) -> Any:
    """What `functools.lru_cache(maxsize=...)` is."""
    return function


class Wrappers(Library):
    """The wrappers that one function makes of functions."""

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is functools.wraps and e.args:
            return Object(_as_it_is, "functools.wraps", e.at)
        if function in (functools.update_wrapper, _as_it_is) and e.args:
            return self.expr(e.args[0])
        if function is _cached and len(e.args) == 1:
            return self.cached(self.expr(e.args[0]), e)
        if any(function is known for known in _CACHES):
            args, _ = self.arguments(e)
            if args and isinstance(args[0], Object):
                return self.cached(args[0], e)
            return Object(_cached, "functools.lru_cache", e.at)
        return super().special_call(function, e)

    def cached(self, function: Expr, e: Call) -> Expr:
        defined = function.value if isinstance(function, Object) else None
        if isinstance(defined, Defined) and (why := self.differs(defined)):
            raise TypeProblem(
                UnsupportedCall,
                f"a cache for the inner function `{defined.__name__}`",
                f"{why}, so what it gives with the cache is not what it gives without",
                "leave the cache out, or pass what it reads as arguments",
                e.at,
            )
        return function

    def differs(self, defined: Defined) -> str:
        """Why a function may give something else, or do more, when it is called again with the same arguments."""
        node, around = defined.node, defined.walker.program.function
        if node.nonlocals:
            return f"it assigns `{node.nonlocals[0]}`, a variable of the function around it"
        if any(_does_more(node.function.body, set(node.free))):
            return "it does more than to compute a value"
        writes = any(isinstance(s, Assign | Update) and isinstance(s.target, Item) for s in statements(around.body))
        for name in node.free:
            if _times_bound(around.body, name) + (name in (p.name for p in around.params)) > 1:
                return f"it reads `{name}`, which is bound anew"
            type_ = defined.walker.type_apart(Name(name))
            number = isinstance(type_, Num) and type_.ndim == 0
            if not number and not isinstance(type_, Static) and writes:
                return f"it reads `{name}`, which may be written into"
        return ""


def _does_more(body: Block, free: set[str]) -> Iterator[bool]:
    for s in statements(body):
        yield isinstance(s, Effect)
        yield isinstance(s, Assign | Update) and isinstance(s.target, Item | Attr) and bool(names(s.target) & free)
        for top in expressions(s):
            yield has_effect(top)
            for e in subexprs(top):
                method = isinstance(e, Call) and isinstance(e.func, Attr)
                yield method and isinstance(e, Call) and may_change(e) and bool(names(e.func) & free)


def _times_bound(body: Block, name: str) -> int:
    """How often a variable may be bound: twice, for all that is known, in a loop."""
    count = 0
    for s in statements(body):
        if isinstance(s, For | While):
            count += name in assigned(s.body)
        for top in expressions(s):
            count += sum(isinstance(e, Closure) and name in e.nonlocals for e in subexprs(top))
        binds = isinstance(s, Assign | Update | For) and name in _bound(s.target)
        count += binds
    return count


def _bound(target: Expr) -> set[str]:
    if isinstance(target, Name):
        return {target.id}
    items = getattr(target, "items", ())
    return {n for i in items for n in _bound(i)}
