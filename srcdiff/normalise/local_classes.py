"""Classes that the program itself defines: what their methods read of the function around them.

in:   k = 2.0 * x                        out:  k = 2.0 * x
      class Spring:                            y = k * x
          def pull(self, u): return k * u
      y = Spring().pull(x)

The class was made when the function was read (`frontend/local_classes.py`); its methods are inlined like those of any
other, with the variables of the function as they are at the call.
"""

from __future__ import annotations

import collections
import functools
from typing import Any

from ..errors import UnsupportedCall, UnsupportedSyntax
from ..frontend import Local, frame_of
from ..ir.marks import defines
from ..ir.nodes import Call, Const, Display, Expr, Name, Object
from ..rules.typing import TypeProblem
from .wrappers import Wrappers


@functools.cache
def _named_tuple(name: str, fields: str | tuple[str, ...]) -> type:
    return collections.namedtuple(name, fields)


class LocalClasses(Wrappers):
    """The classes that one function defines."""

    def value_now(self, e: Expr) -> Any:
        raise NotImplementedError

    def special_call(self, function: Any, e: Call) -> Expr | None:
        if function is defines:
            (cls,) = e.args
            assert isinstance(cls, Object)
            code = frame_of(cls.value)
            if self.state.frames.get(code, self) is not self:
                raise self.of_two_calls(cls.text, e)
            self.state.frames[code] = self
            return Const(None)
        if function is collections.namedtuple:
            return Object(self.named_tuple(e), "namedtuple", e.at)
        return super().special_call(function, e)

    def named_tuple(self, e: Call) -> type:
        """The class that a call of `namedtuple` makes."""
        raw = [Display("tuple", a.items, a.at) if isinstance(a, Display) else a for a in e.args]
        given = [self.value_now(self.expr(a)) for a in raw]
        parts = [p for g in given for p in (g if isinstance(g, tuple) else (g,))]
        if len(given) != 2 or e.kwargs or not all(isinstance(p, str) for p in parts):
            raise TypeProblem(
                UnsupportedCall,
                "a call of `namedtuple` with more than a name and fields that are written out",
                "the class is made when the derivative is written",
                "write `class Point(NamedTuple):` with its fields and defaults at the top of the file",
                e.at,
            )
        return _named_tuple(*given)

    def _object(self, e: Object) -> Expr:
        if not isinstance(e.value, Local):
            return super()._object(e)
        frame = self.state.frames.get(e.value.code)
        name = e.value.name
        if not isinstance(frame, LocalClasses) or (frame.callee and name not in frame.scope):
            raise TypeProblem(
                UnsupportedSyntax,
                f"`{name}`, which a method reads of the function around its class, where it has no value",
                "the method is called before the variable is bound, or by another call of the function",
                "pass the method what it reads as an argument, or keep it in the object",
                e.at,
            )
        return frame.expr(Name(name, e.at))

    def of_two_calls(self, name: str, e: Call) -> TypeProblem:
        return TypeProblem(
            UnsupportedSyntax,
            f"the class `{name}`, defined in a function that is called twice, whose methods read its variables",
            "which call an object is from would have to be known wherever a method is called",
            "keep what the methods read in the object: assign it in `__init__`",
            e.at,
        )
