"""Arrays of which each trip of a nest needs one element, as numbers.

in:   y = np.empty_like(x)                  out:  for i in range(len(x)):
      for i in range(len(x)):                         y = np.exp(x[i])
          y[i] = np.exp(x[i])                         z[i] = y * w[i]
          z[i] = y[i] * w[i]
"""

from __future__ import annotations

from collections import Counter

from ...ir.nodes import Assign, Block, Expr, For, Item, Name, Stmt
from ...ir.types import Num
from ...ir.walk import expressions, map_stmt, rebuild, statements, subexprs
from .site import Context


def contracted(context: Context, body: Block) -> Block:
    """A function's body without the arrays that lowering has made and that one nest fills and reads element by
    element."""
    uses = Counter(
        e.id for s in statements(body) for top in expressions(s) for e in subexprs(top) if isinstance(e, Name)
    )
    numbers: dict[Expr, Name] = {}
    gone: set[str] = set()
    for block in _innermost(body):
        for name, place, count in _filled(context, block):
            if uses[name] == count + 1:  # and where it is made
                numbers[place] = _number(context, name, place, block)
                gone.add(name)
    return _replaced(body, numbers, gone) if gone else body


def _number(context: Context, name: str, place: Item, block: Block) -> Name:
    """The variable that takes the place of an array: the one that its elements are added up in, or a new one."""
    wish, type_ = context.wished.get(name, name), context.types[name]
    assert isinstance(type_, Num)
    for s in block:
        if isinstance(s, Assign) and s.target == place and isinstance(s.value, Name) and s.value.id in context.totals:
            context.wished[s.value.id] = wish
            return s.value
    return context.name(wish, Num(type_.dtype))


def _innermost(body: Block) -> list[Block]:
    return [s.body for s in statements(body) if isinstance(s, For)]


def _filled(context: Context, block: Block) -> list[tuple[str, Item, int]]:
    """The buffers that a block writes before it does anything else with them, always at the same place: each with that
    place and how often it is mentioned."""
    found: list[tuple[str, Item, int]] = []
    for k, s in enumerate(block):
        match s:
            case Assign(target=Item(base=Name(id=name)) as place) if name in context.buffers:
                mentions = [
                    e for t in statements(block) for top in expressions(t) for e in subexprs(top) if e == Name(name)
                ]
                places = [e for t in statements(block) for top in expressions(t) for e in subexprs(top) if e == place]
                early = any(_mentions(t, name) for t in block[:k])
                if len(places) == len(mentions) and not early and not _reads(s, name):
                    found.append((name, place, len(mentions)))
    return found


def _mentions(s: Stmt, name: str) -> bool:
    return any(e == Name(name) for t in statements((s,)) for top in expressions(t) for e in subexprs(top))


def _reads(s: Assign, name: str) -> bool:
    return any(e == Name(name) for e in subexprs(s.value))


def _replaced(body: Block, numbers: dict[Expr, Name], gone: set[str]) -> Block:
    def expr(e: Expr) -> Expr:
        return numbers[e] if e in numbers else rebuild(e, expr)

    def block(b: Block) -> Block:
        kept = (s for s in b if not (isinstance(s, Assign) and isinstance(s.target, Name) and s.target.id in gone))
        done = (map_stmt(s, expr, block) for s in kept)
        return tuple(s for s in done if not (isinstance(s, Assign) and s.target == s.value))

    return block(body)
