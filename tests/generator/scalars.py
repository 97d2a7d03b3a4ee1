"""Expressions of scalars: in, the scope; out, text of a float within [-2, 2], of a test, or of an index."""

from __future__ import annotations

from collections.abc import Callable

from .scope import Helper, Var, Writer, bare, substitute

# (feature, weight, text) with A, B, C for operands in [-2, 2]; each result is in [-2, 2] again and smooth, or has
# kinks and jumps only where almost no input is.
FORMS: list[tuple[str, float, str]] = [
    ("", 3.0, "(0.5 * (A + B))"),
    ("", 3.0, "(0.5 * (A - B))"),
    ("", 4.0, "(0.5 * A * B)"),
    ("", 2.0, "(A / (1.0 + B * B))"),
    ("", 2.0, "(A * np.cos(B))"),
    ("", 2.0, "np.sin(A)"),
    ("", 2.0, "np.tanh(A)"),
    ("", 1.0, "np.exp(-A * A)"),
    ("", 1.0, "np.log(2.0 + A * A)"),
    ("", 1.0, "(0.5 * np.sqrt(1.0 + A * A))"),
    ("", 0.5, "np.arctan(A)"),
    ("", 1.0, "(1.0 / (1.0 + np.exp(-A)))"),
    ("", 0.5, "(-A)"),
    ("", 0.5, "(0.4 * np.square(A))"),
    ("", 1.0, "(A - 0.3 * A * B * B)"),
    ("math", 1.0, "math.sin(A)"),
    ("math", 1.0, "math.exp(0.3 * A)"),
    ("math", 0.5, "math.tanh(A * B)"),
    ("math", 0.5, "math.sqrt(1.0 + A ** 2 / 4.0)"),
    ("math", 0.5, "(0.5 * math.log1p(A * A))"),
    ("minmax", 0.7, "min(A, B)"),
    ("minmax", 0.7, "max(A, B)"),
    ("minmax", 0.4, "max(A, B, C)"),
    ("minmax", 0.4, "np.minimum(A, B)"),
    ("abs", 1.0, "abs(A)"),
    ("power", 0.7, "(0.25 * A ** 2)"),
    ("power", 0.5, "(0.2 * A ** 3)"),
    ("power", 0.3, "(0.8 ** A)"),
    ("power", 0.3, "((1.2 + 0.1 * A) ** B)"),
    ("power", 0.3, "(0.25 * pow(A, 2))"),
    ("power", 0.3, "(1.0 / (1.0 + B ** 2) ** 0.5)"),
    ("modulo", 0.3, "(A % 0.71)"),
    ("modulo", 0.2, "(0.5 * (A // 0.71))"),
    ("round", 0.3, "(0.5 * round(A))"),
    ("round", 0.3, "float(A)"),
    ("arctan2", 0.3, "(0.6 * np.arctan2(A, 1.5 + B * B))"),
    ("arctan2", 0.3, "(0.3 * np.hypot(A, 1.0 + B * B))"),
    ("scalar_where", 0.3, "(0.9 * np.where(A > L, B, C))"),
    ("scalar_where", 0.3, "(0.9 * np.clip(A, (-1.13), 0.87))"),
]


REDUCTIONS = ["np.mean({})", "np.max({})", "np.min({})"]
REDUCTIONS += ["np.sin(np.sum({}))", "np.tanh(np.sum({}))", "np.sin(np.prod({}))"]


class Scalars(Writer):
    """Scalar expressions, tests and indices."""

    def array(self, shape: tuple[int, ...], depth: int) -> str:
        raise NotImplementedError  # from `Arrays`

    def item(self) -> str | None:
        raise NotImplementedError  # from `Lists`

    # -------------------------------------------------------------------------------------------------- floats

    def scalar(self, depth: int | None = None) -> str:
        """A float expression, in parentheses where it needs them."""
        if depth is None:
            depth = self.rng.choice([1, 1, 2, 2, self.options.depth])
        if depth <= 0:
            return self.atom()
        forms: list[tuple[str, float, Callable[[], str | None]]] = [
            ("", 18.0, lambda: self.fill(depth - 1)),
            ("", 4.0, self.atom),
            ("ternary", 1.0, lambda: self._ternary(depth - 1)),
            ("reduction", 2.0, lambda: self._reduction(depth - 1)),
            ("builtin_reduction", 0.5, self._builtin_reduction),
            ("dot", 1.0, lambda: self._dot(depth - 1)),
            ("call", 3.0, lambda: self._call(depth - 1)),
        ]
        made: str = self.pick(forms)
        return made

    def fill(self, depth: int) -> str:
        """One of the forms, its operands filled in."""

        def operand(letter: str, uses: int) -> str:
            return self.literal(-0.9, 0.9) if letter == "L" else self._short(self.scalar(depth), uses)

        return str(self.pick([(f, w, lambda t=t: substitute(t, operand)) for f, w, t in FORMS]))

    def _short(self, operand: str, uses: int) -> str:
        """An operand that stands more than once is kept short."""
        return operand if uses == 1 or len(operand) < 24 else self.atom()

    def atom(self) -> str:
        """A variable, an element, a constant or a literal."""
        forms: list[tuple[str, float, Callable[[], str | None]]] = [
            ("", 6.0, self._float_name),
            ("", 5.0, self._element),
            ("", 0.5, self.literal),
            ("int_as_float", 0.7, self._number),
            ("accumulate", 0.7, self._accumulator),
            ("list", 2.5, self.item),
        ]
        made: str = self.pick(forms)
        return made

    def _float_name(self) -> str | None:
        var = self.choose("float")
        return self.read(var) if var else None

    def read(self, var: Var) -> str:
        """A float variable; an int argument in an expression that makes a float of it."""
        if var.name != "power":
            return var.name
        return self.rng.choice(["(0.5 * power)", "(power / 3)", "(1.3 ** power)", "np.sin(power)"])

    def _element(self) -> str | None:
        var = self.choose("array")
        return self.element(var) if var else None

    def element(self, var: Var) -> str:
        """An element of an array."""
        index = [self.index(n, self._length(var, axis)) for axis, n in enumerate(var.shape)]
        if len(index) == 2 and self.chance(0.3):
            return f"{var.name}[{index[0]}][{index[1]}]"
        return f"{var.name}[{', '.join(index)}]"

    def _length(self, var: Var, axis: int) -> str:
        return f"len({var.name})" if axis == 0 and self.chance(0.6) else f"{var.name}.shape[{axis}]"

    def _number(self) -> str | None:
        found = [v for v in self.variables("int") if -15 <= v.lo and v.hi <= 15]
        if not found:
            return None
        var = self.rng.choice(found)
        return self.rng.choice(["(0.1 * {} + 0.053)", "(0.57 / (2.0 + {0} * {0}))", "np.sin(0.7 * {} + 0.21)"]).format(
            var.name
        )

    def _accumulator(self) -> str | None:
        found = [v.name for v in self.variables("float", "acc")]
        found += [self.element(v) for v in self.variables("array", "acc")]
        if not found:
            return None
        return self.rng.choice(["np.tanh(0.2 * {})", "np.sin({})", "({0} / (1.0 + {0} * {0}))"]).format(
            self.rng.choice(found)
        )

    def _ternary(self, depth: int) -> str:
        return f"({bare(self.scalar(depth))} if {self.test(0)} else {bare(self.scalar(depth))})"

    def _reduction(self, depth: int) -> str | None:
        var = self.choose("array")
        if var is None:
            return None
        inner = self.array(var.shape, min(depth, 1)) if self.chance(0.4) else var.name
        name = bare(inner)
        if inner.isidentifier() and self.chance(0.4):
            return self.rng.choice(["{}.mean()", "{}.max()", "{}.min()", "np.tanh({}.sum())"]).format(name)
        return self.rng.choice(REDUCTIONS).format(name)

    def _builtin_reduction(self) -> str | None:
        found = self.variables("array", ndim=1)
        if not found:
            return None
        return self.rng.choice(["max({})", "min({})", "np.sin(sum({}))"]).format(self.rng.choice(found).name)

    def _dot(self, depth: int) -> str | None:
        found = self.variables("array", ndim=1)
        if not found:
            return None
        var = self.rng.choice(found)
        other = self.array(var.shape, depth)
        text = self.rng.choice(["np.dot({}, {})", "({} @ {})", "{}.dot({})"])
        return f"np.tanh(0.4 * {text.format(var.name, bare(other) if 'dot' in text else other)})"

    # --------------------------------------------------------------------------------------------------- calls

    def _call(self, depth: int) -> str | None:
        found = [h for h in self.f.helpers if not h.writes and [r.kind for r in h.result] == ["float"]]
        return self.call(self.rng.choice(found), depth) if found else None

    def call(self, helper: Helper, depth: int) -> str | None:
        """A call of a helper with arguments that fit, or None where there is no array to write into."""
        args, named = [], False
        for position, param in enumerate(helper.params):
            if position >= len(helper.params) - helper.defaults and self.chance(0.4):
                named = True  # left out; those after it are named
                continue
            value = self._argument(param, helper.writes and position == 0, depth)
            if value is None:
                return None
            if position > 0 and (named or self.on("keyword", 0.25)):
                named = True
                args.append(f"{param.name}={value}")
            else:
                args.append(value)
        return f"{helper.name}({', '.join(args)})"

    def _argument(self, param: Var, written: bool, depth: int) -> str | None:
        if param.kind == "int":
            return str(self.rng.randint(param.lo, param.hi))
        if param.kind == "float":
            return bare(self.scalar(depth))
        if not written:
            return bare(self.array(param.shape, min(depth, 1)))
        var = self.choose("array", shape=param.shape, writable=True)
        return var.name if var else None

    # --------------------------------------------------------------------------------------------------- tests

    def test(self, depth: int = 1) -> str:
        """A test whose outcome is not on an edge."""
        forms: list[tuple[str, float, Callable[[], str | None]]] = [
            ("", 5.0, lambda: f"{self._side(depth)} {self._sign()} {bare(self.literal(-0.9, 0.9))}"),
            ("", 2.0, lambda: f"{self.scalar(0)} {self._sign()} {self.scalar(depth)} + {self.literal(0.01, 0.4)}"),
            ("chained", 1.0, lambda: self._chained(depth)),
            ("counter", 1.5, self._int_test),
            ("flag", 1.0, self._flag),
            ("logic", 1.0, lambda: self._logic(depth)),
            ("write_in_test", 0.7, lambda: self._writing(depth)),
        ]
        made: str = self.pick(forms)
        return made

    def _side(self, depth: int) -> str:
        text = self.scalar(depth)
        return text if " if " in text else bare(text)

    def _chained(self, depth: int) -> str:
        end = self.literal(0.2, 1.2) if self.chance(0.7) else self.scalar(depth)
        return f"{bare(self.literal(-1.2, 0.0))} < {self.scalar(depth)} < {end}"

    def _writing(self, depth: int) -> str | None:
        """A test with a call of a helper that writes into an array."""
        found = [h for h in self.f.helpers if h.writes and [r.kind for r in h.result] == ["float"]]
        call = self.call(self.rng.choice(found), depth) if found else None
        if call is None:
            return None
        form = self.rng.choice(["{a} < {c} and {c} < {d}", "{a} < {d} or {c} < {d}", "{a} < {c} < {d}", "{d} > {c}"])
        return form.format(a=self.scalar(0), c=call, d=self.literal(0.1, 1.1))

    def _sign(self) -> str:
        return self.rng.choice(["<", ">", "<=", ">="])

    def _flag(self) -> str | None:
        var = self.choose("bool")
        return None if var is None else self.rng.choice([var.name, f"not {var.name}"])

    def _int_test(self) -> str | None:
        var = self.choose("int")
        if var is None:
            return None
        value = self.rng.randint(var.lo, var.hi)
        return self.rng.choice([f"{var.name} % 2 == {value % 2}", f"{var.name} == {value}", f"{var.name} < {value}"])

    def _logic(self, depth: int) -> str:
        if depth <= 0:
            return f"not ({self.test(0)})" if self.chance(0.3) else self.test(0)
        word = self.rng.choice(["and", "or"])
        if self.chance(0.5):
            return f"({self.test(0)}) {word} ({self.test(0)})"
        return f"not ({self.test(0)} {word} {self.test(0)})"

    # ------------------------------------------------------------------------------------------------- indices

    def index(self, n: int, length: str) -> str:
        """An index into n elements; `length` is a text for n."""
        forms: list[tuple[str, float, Callable[[], str | None]]] = [
            ("", 1.0, lambda: str(self.rng.randrange(n))),
            ("", 0.4, lambda: str(-self.rng.randint(1, n))),
            ("", 0.3, lambda: f"{length} - {self.rng.randint(1, n)}"),
            ("", 5.0, lambda: self._int_index(n, length)),
        ]
        made: str = self.pick(forms)
        return made

    def _int_index(self, n: int, length: str) -> str | None:
        var = self.choose("int")
        if var is None:
            return None
        name, choices = var.name, [f"{var.name} % {length}", f"({var.name} + {self.rng.randint(1, 3)}) % {length}"]
        for shift in (-2, -1, 0, 0, 0, 0, 0, 1, 2):
            if -n <= var.lo + shift and var.hi + shift < n:
                choices.append(name + (f" + {shift}" if shift > 0 else f" - {-shift}" if shift else ""))
        if 0 <= var.lo and var.hi < n:
            choices.append(f"{length} - 1 - {name}")
        return self.rng.choice(choices)
