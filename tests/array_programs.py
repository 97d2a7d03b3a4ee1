"""Random functions of statements that write into square arrays: into rows, columns, diagonals' ends and whole arrays,
reversed, transposed and broadcast, from views of the same arrays.

They have what decides whether nests of loops may be fused, moved or turned round, and which array may be made in place.
"""

from __future__ import annotations

import random

import numpy as np

SIZE = 3
_RANKS = {"A": 2, "B": 2, "x": 1, "y": 1, "C": 3}
# {k} is an array with k axes, {i} an index
_TERMS = {
    1: (
        "{1}", "{1}[::-1]", "{2}[{i}]", "{2}[:, {i}]", "{3}[{i}, {i}]", "{3}[{i}, :, {i}]", "{2} @ {1}", "{1} @ {2}",
        "{2}.sum(axis=0)", "{2}.mean(axis=1)", "np.roll({1}, 1)", "{1}[[2, 0, 0]]", "np.cumsum({1})", "np.flip({1})",
    ),
    2: (
        "{2}", "{2}.T", "{2}[::-1]", "{2}[:, ::-1]", "{3}[{i}]", "{3}[:, {i}]", "{3}[:, :, {i}]", "{1}[:, None]", "{1}",
        "{2} @ {2}", "np.outer({1}, {1})", "{3}.sum(axis=1)", "{3}[{i}].T", "{2}[[1, 1, 0]]", "np.flip({2}, 0)",
    ),
    3: (
        "{3}", "{3}.transpose(0, 2, 1)", "{3}.transpose(2, 1, 0)", "{3}[::-1]", "{2}", "{2}[:, None]", "{3}[:, ::-1]",
        "{1}[:, None, None]", "{2}[:, :, None]", "np.swapaxes({3}, 0, 2)", "np.moveaxis({3}, 0, 2)",
    ),
}  # fmt: skip
# targets with the number of axes that they have
_TARGETS = {
    1: (("{1}[:]", 1), ("{1}[::-1]", 1), ("{1}[{i}]", 0)),
    2: (
        ("{2}[:]", 2), ("{2}[{i}]", 1), ("{2}[:, {i}]", 1), ("{2}[::-1]", 2), ("{2}[{i}, {i}]", 0),
        ("{2}[{i}, ::-1]", 1),
    ),
    3: (("{3}[:]", 3), ("{3}[{i}]", 2), ("{3}[:, {i}]", 2), ("{3}[{i}, :, {i}]", 1), ("{3}[::-1]", 3)),
}  # fmt: skip
_NUMBERS = ("s", "x[{i}] * y[{i}]", "np.sum({1})", "A[{i}, {i}] * 0.5", "np.sin(x[{i}])", "x[{i}] / (2.0 + s * s)")
_FORMS = ("{} + {}", "{} * {}", "{} - {}", "{} / (2.0 + {} ** 2)", "np.where({} > 0.1, {}, 0.5)")


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.counters: list[str] = []

    def filled(self, form: str) -> str:
        """A form with arrays and indices in its places."""
        pick = self.random.choice
        while "{" in form:
            start = form.index("{")
            kind = form[start + 1]
            name = pick(["0", "1", "2", "-1", *self.counters * 2])
            if kind != "i":
                name = pick([n for n, rank in _RANKS.items() if rank == int(kind)])
            form = form[:start] + name + form[start + 3 :]
        return form

    def value(self, rank: int) -> str:
        if rank == 0:
            return self.filled(self.random.choice(_NUMBERS))
        one, other = (self.filled(self.random.choice(_TERMS[rank])) for _ in range(2))
        way = self.random.random()
        if way < 0.35:
            return one
        if way < 0.55:
            return f"{self.random.choice(['0.5', 's', '0.3'])} * {one}"
        if way < 0.65:
            return f"{self.random.choice(['np.sin', 'np.tanh', 'np.cos'])}({one})"
        return self.random.choice(_FORMS).format(one, other)

    def statement(self, depth: int) -> list[str]:
        way = self.random.random()
        if way < 0.15 and depth < 2:
            counter = "ij"[depth]
            self.counters.append(counter)
            body = self.block(depth + 1)
            self.counters.remove(counter)
            return [f"for {counter} in {self.random.choice(['range(3)', 'range(2, -1, -1)', 'range(-1, 2)'])}:", *body]
        if way < 0.22 and depth < 2:
            return [f"if {self.random.choice(['s > 0.2', 'x[0] > y[1]', 'A[0, 0] < s'])}:", *self.block(depth + 1)]
        if way < 0.3:
            return [f"s = {self.random.choice(['0.5 * s + ', 'np.sin(s) * ', 's - '])}{self.value(0)}"]
        target, rank = self.random.choice(_TARGETS[self.random.choice([1, 2, 2, 3])])
        operator = self.random.choice(["=", "+=", "-=", "*=", "+=", "="])
        return [f"{self.filled(target)} {operator} {self.value(rank)}"]

    def block(self, depth: int) -> list[str]:
        return [f"    {row}" for _ in range(self.random.randint(1, 4)) for row in self.statement(depth)]

    def function(self) -> str:
        rows = [row for _ in range(self.random.randint(3, 8)) for row in self.statement(0)]
        body = "".join(f"    {row}\n" for row in rows)
        result = "np.sum(A * B) + np.sum(x * x * y) + np.sum(np.sin(C)) + s * s"
        return f"import numpy as np\n\n\ndef f(A, B, C, x, y, s):\n{body}    return {result}\n"


def array_program(seed: int) -> str:
    """A module whose `f` takes what `array_arguments` makes."""
    return _Writer(seed).function()


def array_arguments(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
    rng = np.random.default_rng(seed)
    a, b, c, x, y = (0.7 * rng.normal(size=(SIZE,) * rank) for rank in (2, 2, 3, 1, 1))
    return a, b, c, x, y, 0.37
