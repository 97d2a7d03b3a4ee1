"""Expressions of arrays: in, a shape; out, text of an array of that shape with values within [-2, 2]."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .scalars import Scalars
from .scope import Var, bare, substitute

Shape = tuple[int, ...]

# As in `scalars.FORMS`; F stands for an operand that has the full shape, B and C may be broadcast.
FORMS: list[tuple[str, float, str]] = [
    ("", 3.0, "(0.5 * (F + B))"),
    ("", 3.0, "(0.5 * (B - F))"),
    ("", 4.0, "(0.5 * F * B)"),
    ("", 2.0, "(F / (1.0 + B * B))"),
    ("", 1.0, "(B / (1.0 + F * F))"),
    ("", 2.0, "(B * np.cos(F))"),
    ("", 2.0, "np.sin(F)"),
    ("", 2.0, "np.tanh(F)"),
    ("", 1.0, "np.exp(-F * F)"),
    ("", 1.0, "np.log(2.0 + F * F)"),
    ("", 0.5, "np.arctan(F)"),
    ("", 0.7, "(0.5 * np.sqrt(1.0 + F * F))"),
    ("", 0.5, "(-F)"),
    ("", 0.5, "(F - 0.3 * F * B * B)"),
    ("", 0.5, "(0.4 * np.square(F))"),
    ("power", 0.5, "(0.25 * F ** 2)"),
    ("power", 0.3, "(0.2 * F ** 3)"),
    ("power", 0.3, "((1.2 + 0.1 * F) ** B)"),
    ("abs", 0.5, "np.abs(F)"),
    ("abs_array", 0.3, "abs(F)"),
    ("where", 0.7, "np.where(F > L, B, C)"),
    ("where", 0.5, "np.maximum(F, B)"),
    ("where", 0.5, "np.minimum(B, F)"),
    ("where", 0.4, "np.clip(F, (-1.13), 0.87)"),
    ("modulo", 0.15, "(F % 0.71)"),
    ("arctan2", 0.2, "(0.6 * np.arctan2(B, 1.5 + F * F))"),
]


@dataclass(frozen=True)
class Region:
    """A part of an array: the text after the name, the shape, and whether it surely is one contiguous block."""

    text: str
    shape: Shape
    contiguous: bool = False


def _cuts(n: int) -> list[tuple[str, slice, bool]]:
    """Slices of an axis of n elements, with their text and whether their step is 1."""
    cuts = [
        ("1:", slice(1, None), True),
        (":-1", slice(None, -1), True),
        ("::-1", slice(None, None, -1), False),
        ("::2", slice(None, None, 2), False),
        ("1::2", slice(1, None, 2), False),
        ("::-2", slice(None, None, -2), False),
        ("-2:", slice(-2, None), True),
        (":2", slice(None, 2), True),
        ("-2::-1", slice(-2, None, -1), False),
    ]
    if n >= 3:
        cuts += [("1:-1", slice(1, -1), True), ("2:", slice(2, None), True), (":-2", slice(None, -2), True)]
    return [c for c in cuts if _count(n, c[1])]


def _count(n: int, cut: slice) -> int:
    return len(range(*cut.indices(n)))


class Arrays(Scalars):
    """Array expressions and the parts of arrays that are read, written and named."""

    # ------------------------------------------------------------------------------------------------- regions

    def regions(self, var: Var) -> Iterator[Region]:
        """Parts of an array that are arrays."""
        if len(var.shape) == 1:
            n = var.shape[0]
            for text, cut, unit in _cuts(n):
                yield Region(f"[{text}]", (_count(n, cut),), unit and var.contiguous)
            return
        m, n = var.shape
        i, j = self.index(m, self._length(var, 0)), self.index(n, f"{var.name}.shape[1]")
        yield Region(f"[{i}]", (n,), var.contiguous)
        yield Region(f"[{i}, :]", (n,), var.contiguous)
        yield Region(f"[:, {j}]", (m,))
        for text, cut, unit in _cuts(m):
            yield Region(f"[{text}]", (_count(m, cut), n), unit and var.contiguous)
            yield Region(f"[{text}, {j}]", (_count(m, cut),))
        for text, cut, _ in _cuts(n):
            yield Region(f"[:, {text}]", (m, _count(n, cut)))
            yield Region(f"[{i}, {text}]", (_count(n, cut),))
            yield Region(f"[{i}][{text}]", (_count(n, cut),))
        row_text, row_cut, _ = self.rng.choice(_cuts(m))
        column_text, column_cut, _ = self.rng.choice(_cuts(n))
        yield Region(f"[{row_text}, {column_text}]", (_count(m, row_cut), _count(n, column_cut)))

    def reshapes(self, var: Var) -> Iterator[Region]:
        """The transpose and the reshaped forms, all of them views."""
        size = 1
        for n in var.shape:
            size *= n
        if len(var.shape) == 2:
            yield Region(".T", var.shape[::-1])
            if var.contiguous:
                yield Region(".reshape(-1)", (size,), True)
                yield Region(f".reshape({size})", (size,), True)
        if var.contiguous and self.options.weight("matrix"):
            for m in range(2, size):
                if size % m == 0 and (m, size // m) != var.shape:
                    yield Region(f".reshape({m}, {size // m})", (m, size // m), True)
                    yield Region(f".reshape(({m}, -1))", (m, size // m), True)

    # ----------------------------------------------------------------------------------------------- operands

    def array(self, shape: Shape, depth: int) -> str:
        """An array of this shape; it may be a name or a view."""
        if depth <= 0 or self.chance(0.2):
            return self.operand(shape)
        return self.fresh_array(shape, depth)

    def operand(self, shape: Shape) -> str:
        """A variable or a part of one, else something built for the purpose."""
        made = self.pick(
            [
                ("", 5.0, lambda: self._whole(shape)),
                ("slice_read", 2.0, lambda: self._part(shape)),
                ("", 1.0, lambda: self._transposed(shape)),
                ("accumulate", 0.4, lambda: self._grown(shape)),
                ("build", 0.5, lambda: self.built(shape)),
            ]
        )
        return str(made) if made is not None else self.built(shape)

    def _whole(self, shape: Shape) -> str | None:
        var = self.choose("array", shape=shape)
        return var.name if var else None

    def _part(self, shape: Shape) -> str | None:
        found = [f"{v.name}{r.text}" for v in self.variables("array") for r in self.regions(v) if r.shape == shape]
        return self.rng.choice(found) if found else None

    def _transposed(self, shape: Shape) -> str | None:
        found = [f"{v.name}{r.text}" for v in self.variables("array") for r in self.reshapes(v) if r.shape == shape]
        return self.rng.choice(found) if found else None

    def _grown(self, shape: Shape) -> str | None:
        var = self.choose("array", "acc", shape=shape)
        return f"np.tanh(0.2 * {var.name})" if var else None

    def built(self, shape: Shape) -> str:
        """A new array from scalars."""
        size = shape[0] if len(shape) == 1 else f"({', '.join(map(str, shape))})"
        forms: list[tuple[str, float, Callable[[], str | None]]] = [
            ("", 2.0, lambda: f"np.full({size}, {bare(self.scalar(1))})"),
            ("", 0.5, lambda: f"np.ones({size})"),
            ("", 1.0, lambda: self._display(shape)),
            ("", 0.5, lambda: self._like(shape)),
        ]
        made: str = self.pick(forms)
        return made

    def _display(self, shape: Shape) -> str | None:
        if len(shape) != 1 or shape[0] > 4:
            return None
        return f"np.array([{', '.join(bare(self.scalar(1)) for _ in range(shape[0]))}])"

    def _like(self, shape: Shape) -> str | None:
        var = self.choose("array", shape=shape)
        if var is None:
            return None
        return self.rng.choice([f"np.zeros_like({var.name})", f"np.ones_like({var.name})", f"{var.name}.copy()"])

    # -------------------------------------------------------------------------------------------- new arrays

    def fresh_array(self, shape: Shape, depth: int | None = None) -> str:
        """An expression whose result shares memory with nothing."""
        if depth is None:
            depth = self.rng.choice([1, 1, 2])
        forms: list[tuple[str, float, Callable[[], str | None]]] = [
            ("", 18.0, lambda: self._fill(shape, depth - 1)),
            ("dot", 1.5, lambda: self._matrix_product(shape, depth - 1)),
            ("axis", 0.7, lambda: self._axis(shape)),
            ("axis_mean", 0.5, lambda: self._axis_mean(shape)),
            ("build", 0.7, lambda: self.built(shape)),
            ("broadcast", 1.0, lambda: self._outer(shape)),
            ("places", 0.7, lambda: self._gathered(shape)),
            ("call", 3.0, lambda: self._array_call(shape, depth - 1)),
        ]
        made: str = self.pick(forms)
        return made

    def _fill(self, shape: Shape, depth: int) -> str:
        def operand(letter: str, uses: int) -> str:
            if letter == "L":
                return self.literal(-0.9, 0.9)
            if letter != "F":
                return self._other(shape, depth, uses)
            full = self.array(shape, depth)
            return full if uses == 1 or len(full) < 24 else self.operand(shape)

        return str(self.pick([(f, w, lambda t=t: substitute(t, operand)) for f, w, t in FORMS]))

    def _other(self, shape: Shape, depth: int, uses: int) -> str:
        """An operand that broadcasts to the shape."""
        if self.on("broadcast", 0.5):
            if len(shape) == 2 and self.chance(0.4):
                text = self.operand(shape[1:])
            elif len(shape) == 2 and self.chance(0.4):
                text = f"{self.operand(shape[:1])}[:, None]"
            else:
                text = self.scalar(min(depth, 1))
        else:
            text = self.array(shape, depth)
        return text if uses == 1 or len(text) < 24 else self.atom()

    def _outer(self, shape: Shape) -> str | None:
        if len(shape) != 2:
            return None
        return f"(0.5 * {self.operand(shape[:1])}[:, None] * {self.operand(shape[1:])})"

    def places(self, n: int, count: int) -> str:
        """Positions along an axis of n elements, some from the end; one may occur several times."""
        return f"[{', '.join(str(self.rng.randrange(-n, n)) for _ in range(count))}]"

    def _gathered(self, shape: Shape) -> str | None:
        found = [v for v in self.variables("array", ndim=len(shape)) if v.shape[1:] == shape[1:]]
        if not found:
            return None
        var = self.rng.choice(found)
        return f"{var.name}[{self.places(var.shape[0], shape[0])}]"

    def _matrix_product(self, shape: Shape, depth: int) -> str | None:
        if len(shape) == 2:
            found = [v for v in self.variables("array", ndim=2) if v.shape[0] == shape[0]]
            if not found:
                return None
            left = self.rng.choice(found)
            return f"np.tanh({left.name} @ {self.array((left.shape[1], shape[1]), min(depth, 0))})"
        found = [v for v in self.variables("array", ndim=2) if v.shape[0] == shape[0]]
        if found and self.chance(0.7):
            left = self.rng.choice(found)
            right = self.array(left.shape[1:], depth)
            return self.rng.choice([f"np.sin({left.name} @ {right})", f"np.tanh(np.dot({left.name}, {bare(right)}))"])
        found = [v for v in self.variables("array", ndim=2) if v.shape[1] == shape[0]]
        if not found:
            return None
        right_var = self.rng.choice(found)
        return f"np.tanh({self.array(right_var.shape[:1], depth)} @ {right_var.name})"

    def _axis(self, shape: Shape) -> str | None:
        return self._over_axis(shape, ["np.tanh({}.sum(axis={}))", "np.sin(np.sum({}, axis={}))"])

    def _axis_mean(self, shape: Shape) -> str | None:
        return self._over_axis(shape, ["{}.mean(axis={})", "np.mean({}, {})", "np.max({}, axis={})", "{}.min({})"])

    def _over_axis(self, shape: Shape, texts: list[str]) -> str | None:
        if len(shape) != 1:
            return None
        found = [(v, axis) for v in self.variables("array", ndim=2) for axis in (0, 1) if v.shape[1 - axis] == shape[0]]
        if not found:
            return None
        var, axis = self.rng.choice(found)
        return self.rng.choice(texts).format(var.name, axis if self.options.jit_ok or axis == 0 else -1)

    def _array_call(self, shape: Shape, depth: int) -> str | None:
        found = [h for h in self.f.helpers if not h.writes and [r.shape for r in h.result] == [shape]]
        return self.call(self.rng.choice(found), depth) if found else None
