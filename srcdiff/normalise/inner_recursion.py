"""Inner functions that call themselves: lifted out, with what they use of the functions around them as parameters.

in:   def f(x):                                out:  go(n, y, x):  go_1 = go(n - 1, y * x, x); result = go_1 ...
          def go(n, y):
              return go(n - 1, y * x) if n else y    go_1 = go(3, 1.0, x)
          return go(3, 1.0)

A recursive function is a function of its own (see `groups`). What is lifted depends on the text of the inner function
alone, so that the call that it makes of itself, where these parameters stand for the variables, is one of the same.
"""

from __future__ import annotations

from ..errors import UnsupportedRecursion
from ..ir.nodes import Call, Const, Expr, Param
from ..rules.typing import TypeProblem
from .closures import Defined
from .generators import check_arguments
from .local_classes import LocalClasses


class InnerRecursion(LocalClasses):
    """The inner functions of one function that call themselves."""

    def call_lifted(self, defined: Defined, e: Call) -> Expr:
        """A call of an inner function that is known to call itself."""
        function = defined.node.function
        check_arguments(e, function.params, function.body)
        args, kwargs = self.arguments(e)
        given = self.bound(defined.signature, function.name, args, kwargs, e)
        try:
            lifted = self.lifted(defined, e)
            free = [(Param(name), self.outer_value(name, walker, e)) for name, walker in lifted.free.items()]
        except TypeProblem as problem:
            raise self.not_lifted(defined, problem.why, e) from None
        pairs = [(p, given.get(p.name, defined.defaults.get(p.name, Const(None)))) for p in function.params]
        return self.call_recursive(None, lifted.program, [*pairs, *free], e)

    def not_lifted(self, defined: Defined, why: str, e: Call) -> TypeProblem:
        return TypeProblem(
            UnsupportedRecursion,
            f"the inner function `{defined.__name__}`, which calls itself",
            why,
            "define it at the top level of the module and pass it what it uses, or write the recursion as a loop",
            e.at,
        )
