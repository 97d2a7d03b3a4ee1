"""Random recurrences: cells whose gates are slices of one vector, products with rows of data in loops.

They have what decides whether products of all trips may be one, whether slices are inside of their axes, and which
nests over parts of one array may be fused.
"""

from __future__ import annotations

import random

import numpy as np

WIDTH, INPUTS, STEPS = 2, 3, 4
_PRODUCTS = ("W @ x[t]", "x[t] @ W.T", "np.dot(W, x[t])", "np.dot(x[t], W.T)", "W[:] @ x[t]", "V @ h", "U.T @ (V @ h)")
_DOTS = ("x[t] @ v", "np.dot(v, x[t])", "y[t] @ h", "np.sum(x[t] * v)", "np.dot(h, y[t])", "(2.0 * v) @ x[t]")
_LOOPS = ("range(len(x))", "range(x.shape[0])", "range(len(y))", "range(3)", "range(1, len(x))", "range(len(x) - 1)")
_PARTS = (
    "{}[:n]",
    "{}[n : 2 * n]",
    "{}[2 * n :]",
    "{}[2 * n : 3 * n]",
    "{}[: len(h)]",
    "{}[n : n + len(h)]",
    "{}[-n:]",
)
_SQUASHED = (
    "np.tanh({})",
    "1.0 / (1.0 + np.exp(-{}))",
    "np.sin({})",
    "0.5 * {}",
    "{} * {}",
    "{}",
    "1.0 / (2.0 + {} ** 2)",
)


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.gates = ["b"]  # vectors with three parts
        self.states = ["h"]  # vectors with one

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def part(self) -> str:
        return self.pick(*_PARTS).format(self.pick(*self.gates))

    def state(self) -> str:
        """An expression of the length of the state."""
        own = self.part() if self.random.random() < 0.6 else self.pick(*self.states)
        return self.pick(*_SQUASHED).replace("{}", own)

    def gate(self) -> str:
        terms = [self.pick(*_PRODUCTS), self.pick(*_PRODUCTS, *self.gates), self.pick(*self.gates)]
        return self.pick(" + ", " - ").join(terms[: self.random.randint(1, 3)])

    def number(self) -> str:
        return self.pick(f"np.sum({self.state()} * {self.state()})", self.pick(*_DOTS), "0.1 * s * s", "np.sum(g)")

    def statement(self, depth: int) -> list[str]:
        way = self.random.random()
        if way < 0.2:
            return [f"s {self.pick('+=', '-=')} {self.pick('', '0.3 * ')}{self.number()}"]
        if way < 0.4:
            name = self.pick("p", "q", "h", "h")
            row = f"{name} = {self.state()} * {self.pick(*self.states)} + {self.state()}"
            self.states = sorted({*self.states, name})
            return [row]
        if way < 0.5:
            name = self.pick(*self.states)
            return [f"{name} = {name} + 0.1 * {self.state()}"]
        if way < 0.6:
            return [f"{self.pick(*_PARTS[:4]).format('k')} {self.pick('+=', '-=', '=')} {self.state()}"]
        if way < 0.7:
            return [f"g = {self.gate()}"]
        if way < 0.75:
            return [f"k[:] = g * {self.pick('0.5', 's', 'b')}"]
        if way < 0.8:
            return [self.pick("g[0] = s", "g += b", "g[:n] *= h", "W = 0.9 * W", "x = x * 0.9", "x[0] *= 0.5")]
        if way < 0.88 and depth < 1:
            known = list(self.states)
            body = self.block(depth + 1, 2)
            self.states = known
            return [f"if {self.pick('s > 0.1', 'h[0] < g[1]', 'x[t, 0] > 0.0')}:", *body]
        return [f"r[t] = {self.state()}"]

    def block(self, depth: int, most: int) -> list[str]:
        rows = (row for _ in range(self.random.randint(1, most)) for row in self.statement(depth))
        return [f"    {row}" for row in rows]

    def function(self) -> str:
        rows = ["n = len(h)", "s = 0.1", "k = np.zeros(3 * n)", "r = np.zeros((len(x), n))", "x = x.copy()"]
        if self.random.random() < 0.6:
            del rows[-1]
        loop = [f"for t in {self.pick(*_LOOPS)}:", f"    g = {self.gate()}"]
        self.gates += ["g", "k"]
        loop += self.block(0, 7)
        if self.random.random() < 0.25:
            loop = ["for e in range(2):", *(f"    {row}" for row in loop)]
        body = "".join(f"    {row}\n" for row in [*rows, *loop])
        result = "s * s + np.sum(h * h) + np.sum(np.sin(r)) + np.sum(k * k)"
        return f"import numpy as np\n\n\ndef f(W, U, V, x, y, b, v, h):\n{body}    return {result}\n"


def cell_program(seed: int) -> str:
    """A module whose `f` takes what `cell_arguments` makes."""
    return _Writer(seed).function()


def cell_arguments(seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    gates = 3 * WIDTH
    rows = STEPS - seed % 2
    shapes = (gates, INPUTS), (gates, gates), (gates, WIDTH), (STEPS, INPUTS), (rows, WIDTH), gates, INPUTS, WIDTH
    return tuple(0.6 * rng.normal(size=shape) for shape in shapes)
