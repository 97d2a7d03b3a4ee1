"""Arrays that a loop fills anew in every trip: on several cores each chunk of trips has one of its own.

in:   row = np.empty(m)                       out:  `row` belongs to the trips of the loop over `i`
      for i in range(n):
          for j in range(m): row[j] = math.exp(x[i, j])
          for j in range(m): y[i] += row[j] * w[j]

Lowering has made them, and writes every element that it reads. So a trip of a loop that all uses are in reads nothing
there that another trip has written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..ir.nodes import Assign, Block, Expr, For, Function, Name
from ..ir.walk import assigned, expressions, names, statements, subexprs


class Filled:
    """Those of some arrays that are made once, with what makes them."""

    def __init__(self, function: Function, arrays: Iterable[str]) -> None:
        wanted = set(arrays)
        made = [s for s in statements(function.body) if isinstance(s, Assign) and isinstance(s.target, Name)]
        count = Counter(s.target.id for s in made if isinstance(s.target, Name))
        self.made: dict[str, Expr] = {
            s.target.id: s.value
            for s in made
            if isinstance(s.target, Name) and s.target.id in wanted and count[s.target.id] == 1
        }
        self.uses = _uses(function.body)

    def by(self, loop: For) -> dict[str, Expr]:
        """The arrays that belong to the trips of a loop, made outside of it as could be done at its start."""
        inside, own = _uses(loop.body), assigned((loop,))
        return {
            name: value
            for name, value in self.made.items()
            if inside[name] == self.uses[name] - 1 and name not in own and not names(value) & own
        }


def _uses(block: Block) -> Counter[str]:
    parts = (e for s in statements(block) for top in expressions(s) for e in subexprs(top))
    return Counter(e.id for e in parts if isinstance(e, Name))
