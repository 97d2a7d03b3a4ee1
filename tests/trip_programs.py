"""Random functions with loops over samples: bodies of which many, but by no means all, are independent of each other.

They have what decides whether such a loop and its adjoint may become one: variables that are passed on or left
behind, arrays written in places of their own and of others, branches, inner loops that end early, lists, and results
that need the adjoint of a sum before or after it is known.
"""

import random

import numpy as np

_FORMS = (
    "math.exp(-{0} * {0})", "math.sin({0} * {1})", "{0} * {1}", "math.tanh({0} + w)", "math.sqrt(1.0 + {0} * {0})",
    "{0} * w + {1}", "{0} / (2.0 + {1} * {1})", "math.log(2.0 + {0} * {0})", "x[i] * w", "math.cos(x[i])",
    "y[i % len(y)]",
)  # fmt: skip
_SCALARS = ("k = 0.5 * k + 0.1", "k = k * 0.9", "k = 0.3", "k = 0.3", "k = math.tanh(k * w)")
_ELEMENTS = (
    "u[i] = math.tanh(u[i] * w)",
    "u[i] += {0}",
    "u[i] = {0} * u[i]",
    "{0} = u[i] * w",
    "u[i] = u[i - 1] * {0}",
)
_TOTALS = ("acc[i % 3] += {0}", "acc[1] += {0} * w", "acc[0] = {0}")
_ROWS = (
    ("v = np.tanh(M[i] * {0})", "total += np.sum(v * v) * w"),
    ("v = M[i] * w", "v[0] = v[1] * {0}", "total += np.sum(v * v)"),
)
_WHILE = ("t = 0", "while t < 3 and a < 0.9:", "    a = a + 0.1 + 0.2 * math.sin(b)", "    b = {0}", "    t += 1")
_ENDS = (
    ("total", 5), ("total * total", 1), ("total + np.sum(u * u) + k", 2), ("total / len(x) + np.sum(acc)", 1),
    ("total + sum(kept)", 1), ("total + a", 1),
)  # fmt: skip


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def expression(self, names: list[str]) -> str:
        return self.random.choice(_FORMS).format(self.random.choice(names), self.random.choice(names))

    def statement(self, names: list[str], depth: int) -> list[str]:
        pick, own = self.random.choice, self.random.choice("abc")
        kinds = ("assign", "total", "scalar", "element", "sums", "row", "keep")
        weights: tuple[int, ...] = (35, 12, 4, 8, 4, 10, 2)
        if depth < 2:
            kinds, weights = (*kinds, "if", "for", "while"), (*weights, 10, 12, 3)
        match self.random.choices(kinds, weights)[0]:
            case "assign":
                return [f"{own} = {self.expression(names)}"]
            case "total":
                return [f"total += {pick(names)} * {pick(names)}"]
            case "scalar":
                return [pick(_SCALARS)]
            case "element":
                return [pick(_ELEMENTS).format(own)]
            case "sums":
                return [pick(_TOTALS).format(own)]
            case "row":
                return [row.format(own) for row in pick(_ROWS)]
            case "keep":
                return [f"kept.append({own})"]
            case "if":
                other = ["else:", *self.block(names, depth + 1)] if self.random.random() < 0.6 else []
                return [f"if {pick(names)} > {pick(['0.3', 'w', 'b'])}:", *self.block(names, depth + 1), *other]
            case "for":
                counter = f"j{depth}"
                inner = self.block([*names, f"y[{counter} % len(y)]"], depth + 1)
                early = [f"    if {own} > 0.8:", "        break"] if self.random.random() < 0.4 else []
                return [f"for {counter} in range({pick(['len(y)', '3', 'n', 'len(y) - 1'])}):", *inner, *early]
            case _:
                return [row.format(self.expression(names)) for row in _WHILE]

    def block(self, names: list[str], depth: int) -> list[str]:
        rows = [row for _ in range(self.random.randint(2, 5)) for row in self.statement(names, depth)]
        return [f"    {row}" for row in rows]

    def loop(self, set_before: bool) -> list[str]:
        head = f"for i in range({self.random.choice(['len(x)', 'len(x)', '1, len(x)', 'len(x) - 1'])}):"
        starts = ["    a = x[i] * w", "    b = math.sin(x[i])", "    c = y[i % len(y)]"]
        ends = f"    total += {self.random.choice(['a', 'a * b', 'b * c', 'a * a'])}"
        own = [] if set_before and self.random.random() < 0.4 else starts
        return [head, *own, *self.block(["a", "b", "c", "w", "x[i]", "k"], 0), ends]

    def function(self) -> str:
        rows = ["total = 0.0", "k = 1.0", "u = x.copy()", "acc = np.zeros(3)", "kept = []"]
        set_before = self.random.random() < 0.35
        rows += ["a = b = c = 0.4"] if set_before else []
        for _ in range(self.random.choice([1, 1, 2])):
            rows += self.loop(set_before)
        ends, weights = zip(*_ENDS, strict=True)
        rows.append(f"return {self.random.choices(ends, weights)[0]}")
        body = "".join(f"    {row}\n" for row in rows)
        return f"import math\n\nimport numpy as np\n\n\ndef f(x, y, w, M, n):\n{body}"


def trip_program(seed: int) -> str:
    """A module whose `f` takes what `arguments` makes."""
    return _Writer(seed).function()


def arguments(seed: int) -> tuple[np.ndarray, np.ndarray, float, np.ndarray, int]:
    rng = np.random.default_rng(seed)
    return 0.6 * rng.normal(size=5), 0.5 * rng.normal(size=3), 0.4, 0.5 * rng.normal(size=(5, 2)), 2
