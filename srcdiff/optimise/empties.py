"""Empty lists in text for Numba, which learns what a list holds from what is put into it.

in:   used = []                          out:  used = stack(0)
      for j in range(n):                       for j in range(n):
          used.append(j)                           used.append(j)
          used = []                                used = stack(0)

Where a variable gets several lists, an append tells it of one of them only; and where a comparison of constants leads
to the append, Numba may drop that ahead of looking at types.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from ..derive.stacks import stack_of
from ..ir.nodes import Assign, Block, Call, Const, Display, Expr, For, Function, If, Name, Stmt, Update
from ..ir.types import ListOf, Num, Type
from ..ir.walk import expressions, is_call_of, map_stmt, names, statements, subexprs, targets

_COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)


def typed_empties(function: Function, types: Mapping[str, Type]) -> Function:
    """The function with the empty lists told what they are for, in variables that get several, or maybe no append."""
    bound = Counter(
        n for s in statements(function.body) if isinstance(s, Assign | Update | For) for n in targets(s.target)
    )
    plain = (s for s in statements(function.body) if isinstance(s, Assign) and isinstance(s.value, Const))
    constants = Counter(s.target.id for s in plain if isinstance(s.target, Name))
    constant = {name for name, count in constants.items() if bound[name] == count}
    dropped = _appended_under(function.body, constant)

    def told(s: Stmt) -> Stmt:
        match s:
            case Assign(target=Name(id=name), value=Display(kind="list", items=())) if (
                bound[name] > 1 or name in dropped
            ):
                held = types.get(name)
                if isinstance(held, ListOf) and isinstance(held.item, Num) and held.item.ndim is not None:
                    return replace(s, value=stack_of((held.item,)))
        return map_stmt(s, lambda e: e, block)

    def block(b: Block) -> Block:
        return tuple(map(told, b))

    return replace(function, body=block(function.body))


def _appended_under(body: Block, constant: set[str]) -> set[str]:
    """The lists to which something is appended behind comparisons of these constants."""
    sides = (
        i for s in statements(body) if isinstance(s, If) and _compares(s.test, constant) for i in (*s.body, *s.orelse)
    )
    calls = (e for s in statements(tuple(sides)) for top in expressions(s) for e in subexprs(top))
    return {
        e.args[0].id
        for e in calls
        if isinstance(e, Call) and is_call_of(e, list.append) and isinstance(e.args[0], Name)
    }


def _compares(test: Expr, constant: set[str]) -> bool:
    """Whether a test has a comparison of nothing but constants."""
    return any(is_call_of(e, *_COMPARISONS) and names(e) <= constant for e in subexprs(test))
