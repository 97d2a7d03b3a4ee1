"""A random program: in, a seed and options; out, the text of a module with a function `f`, and arguments for it.

The same seed and options give the same text in every process: one `random.Random` makes all choices and nothing is
drawn from a set.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .control import Control
from .options import Options
from .scope import Function, Helper, Var, bare
from .values import MIXED

LIST_HELPERS = {
    "gather": """def gather(ts, v):
    t = ts[-1]
    ts.append(FIRST)
    return 0.5 * (ts[0] + v)""",
    "shed": """def shed(ts):
    if len(ts) > 3:
        t = ts.pop()
        return 0.7 * t
    return ts[-1]""",
    "grown": """def grown(v):
    ts = [v]
    for _ in range(2):
        t = ts[-1]
        ts.append(FIRST)
    return ts""",
    "folded": """def folded(ts):
    s = 0.2
    for t in ts:
        s = SECOND
    return s""",
}


@dataclass(frozen=True)
class Program:
    """A module's text and the arguments to call its `f` with. An argument is a float, an int or a float64 array."""

    seed: int
    source: str
    args: tuple[Any, ...]
    jit_ok: bool
    features: dict[str, int] = field(default_factory=dict, compare=False)

    def fresh_args(self) -> tuple[Any, ...]:
        """The arguments, arrays copied."""
        return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in self.args)

    def __str__(self) -> str:
        rows = [f"# seed {self.seed}", self.source.rstrip(), "", "# arguments:"]
        return "\n".join(rows + [f"#   {a!r}".replace("\n", "\n#   ") for a in self.args])


class Body(Control):
    """The body of one function, with its results."""

    def result_text(self, last: bool) -> str:
        results = self.f.result
        return ", ".join(self._result(r, last) for r in results)

    def _result(self, result: Var, last: bool) -> str:
        if result.kind == "array":
            if self.f.name == "f" and self.chance(0.2):
                var = self.choose("array", shape=result.shape)
                if var is not None:
                    return var.name
            return bare(self.fresh_array(result.shape))
        if not last and self.chance(0.7):
            return bare(self.scalar())
        return self._sum_of_state()

    def _sum_of_state(self) -> str:
        """A float of most of what is in scope, so that little of the program is dead."""
        terms = [self.read(v) for v in self.variables("float")]
        terms += [f"np.sin({v.name})" for v in self.variables("float", "acc")]
        for var in self.variables("array"):
            forms = ["np.mean({0})", "np.mean({0} * {0})", "np.tanh({0}.sum())", "np.sin(np.sum({0}))"]
            if len(var.shape) == 1:
                forms += ["np.sin(np.dot({0}, {0}))", self.element(var).replace("{", "{{").replace("}", "}}")]
            terms.append(self.rng.choice(forms).format(var.name))
        terms += [f"np.mean(np.tanh({v.name}))" for v in self.variables("array", "acc")]
        terms += [f"0.7 * {v.name}.{self.rng.choice(['u', 'v', 'mid'])}" for v in self.variables("object")]
        terms += [f"np.sin(sum({v.name}.values()))" for v in self.variables("dict")]
        for var in self.variables("list"):
            terms.append(self.rng.choice(["np.mean(np.array({0}))", "np.sin(sum({0}))", "{0}[-1]"]).format(var.name))
        kept = [t for t in terms if self.chance(0.85)] or [self.scalar(1)]
        if self.f.name != "f":
            kept = kept[-6:]
            return f"({' + '.join(kept)}) / {len(kept)}.0" if len(kept) > 1 else kept[0]
        return " + ".join(t if self.chance(0.5) else f"{self.literal(0.3, 1.5)} * {t}" for t in kept)

    def write(self, budget: int) -> None:
        """The statements of the function up to its last return."""
        self.f.budget = budget
        if self.f.name == "f":
            for _ in range(self.rng.randint(1, 2)):
                self.define_scalar()
            if self.on("accumulate", 0.5):
                self.accumulate()
        while self.f.budget > 0:
            self.statement()
        text = self.result_text(last=True)
        if text:
            self.emit(f"return {text}")


class Module:
    """Constants, helpers and f."""

    def __init__(self, seed: int, options: Options) -> None:
        self.rng = random.Random(f"srcdiff {seed}")
        self.seed, self.options = seed, options
        self.used: dict[str, int] = {}
        self.taken = {"f", "np", "math"}
        self.helpers: list[Helper] = []
        self.constants: list[Var] = []
        self.parts: list[str] = []
        self.list_helpers: tuple[str, ...] = ()
        self.uses_dataclass: list[bool] = []
        self.n = self.rng.randint(2, 6)
        self.m = self.rng.choice([n for n in (2, 3, 4) if n != self.n] + [self.n if self.n < 5 else 2])

    def body(self, name: str) -> Body:
        state = Function(self.rng, self.options, name, tuple(self.helpers), self.used, set(self.taken))
        state.list_helpers, state.uses_dataclass = self.list_helpers, self.uses_dataclass
        body = Body(state)
        for var in self.constants:
            body.bind(var)
        return body

    def wants(self, feature: str, p: float) -> bool:
        weight = self.options.weight(feature)
        hit = self.rng.random() < p * weight and weight > 0.0
        if hit:
            self.used[feature] = self.used.get(feature, 0) + 1
        return hit

    # ------------------------------------------------------------------------------------- constants, helpers

    def constant(self) -> None:
        if self.rng.random() < 0.5:
            var = Var(self.rng.choice(["RATE", "GAIN"]), "float", fixed=True)
            text = f"{self.rng.randint(11, 149) / 100:.2f}"
        else:
            var = Var(self.rng.choice(["WEIGHTS", "TABLE"]), "array", shape=(self.n,), fixed=True, writable=False)
            text = f"np.array([{', '.join(self.number() for _ in range(self.n))}])"
        if var.name not in self.taken:
            self.taken.add(var.name)
            self.constants.append(var)
            self.parts.append(f"{var.name} = {text}")

    def number(self) -> str:
        return f"{self.rng.randint(-140, 140) / 100 + 0.003:.3f}"

    def helper(self) -> None:
        """A helper of one of four kinds: of scalars, of arrays, in place, with several results."""
        kinds = ["scalar", "scalar", "array"]
        kinds += ["inplace"] * 2 if self.options.weight("helper_inplace") else []
        kinds += ["tuple"] if self.options.weight("helper_tuple") else []
        kind = self.rng.choice(kinds)
        shape = (self.m, self.n) if kind in ("array", "inplace") and self.wants("matrix", 0.2) else (self.n,)
        name = self.rng.choice([n for n in ("blend", "force", "relax", "step", "warp", "mix") if n not in self.taken])
        self.taken.add(name)
        params = []
        if kind in ("array", "inplace") or self.rng.random() < 0.4:
            params.append(Var("x", "array", shape=shape, writable=kind == "inplace"))
        letters = ["a", "b", "c"][: self.rng.randint(0 if params else 1, 3 if not params else 2)]
        params += [Var(letter, "float") for letter in letters]
        defaults = 1 if letters and len(params) > 1 and self.wants("default", 0.5) else 0
        number = Var("", "float")
        array = Var("", "array", shape=shape)
        result = {
            "scalar": (number,),
            "array": (array,),
            "inplace": (number,) if self.rng.random() < 0.3 else (),
            "tuple": (number, array if params[0].kind == "array" and self.rng.random() < 0.5 else number),
        }[kind]
        body = self.body(name)
        body.f.result = result
        for param in params:
            body.f.taken.add(param.name)
            body.bind(param)
        body.f.trips = max(1, self.options.max_trips // 8)  # it will be called from loops
        if kind == "inplace":
            (body.write_element if self.rng.random() < 0.5 else body.write_whole)()
        body.write(self.rng.randint(0, 2 if self.rng.random() < 0.6 else 5))
        if not body.f.lines:
            body.emit("pass")
        self.define(name, params, defaults, body)
        self.helpers.append(Helper(name, tuple(params), defaults, result, kind == "inplace"))

    def recursion(self) -> None:
        """A helper that calls itself: a number of times, along an array, or for the halves of one."""
        name = self.rng.choice([n for n in ("fold", "descend", "split") if n not in self.taken])
        self.taken.add(name)
        body = self.body(name)
        number, array = Var("a", "float"), Var("x", "array", shape=(self.n,))
        count = Var("k", "int", lo=0, hi=3)
        kind = self.rng.choice(["times", "times", "along", "halves"])
        params = {"times": [number, count], "along": [array, count], "halves": [array]}[kind]
        for param in params:
            body.f.taken.add(param.name)
            if kind == "times":
                body.bind(param)
        mixed = self.rng.choice(["0.5 * ({} + {})", "np.sin({} * {})", "{} * np.cos({})", "np.tanh({} - {})"])
        done = bare(body.scalar(1))
        lines, own = {
            "times": (["if k <= 0:"], (body.scalar(1), f"{name}({bare(body.scalar(1))}, k - 1)")),
            "along": (["if k >= len(x):"], ("x[k]", f"{name}(x, {self.rng.choice(['k + 1', '2 * k + 1'])})")),
            "halves": (["if len(x) < 2:"], (f"{name}(x[: len(x) // 2])", f"{name}(x[len(x) // 2 :])")),
        }[kind]
        body.emit(lines[0])
        body.emit(f"    return {'x[0]' if kind == 'halves' else done}")
        if self.rng.random() < 0.4:
            body.emit(f"s = {own[1]}")
            own = (own[0], "s")
        body.emit(f"return {mixed.format(*(own if self.rng.random() < 0.5 else own[::-1]))}")
        self.define(name, params, 0, body)
        self.helpers.append(Helper(name, tuple(params), 0, (Var("", "float"),), False))

    def list_helper(self) -> None:
        """One of the helpers of lists: one that appends, one that pops, one that makes a list, one that reads it."""
        name = self.rng.choice([n for n in LIST_HELPERS if n not in self.list_helpers])
        first, second = self.rng.choice(MIXED), self.rng.choice(MIXED)
        text = (
            LIST_HELPERS[name]
            .replace("FIRST", first.format(a="t", b="v"))
            .replace("SECOND", second.format(a="s", b="t"))
        )
        self.parts.append(text)
        self.taken.add(name)
        self.list_helpers += (name,)

    def define(self, name: str, params: list[Var], defaults: int, body: Body) -> None:
        texts = [p.name for p in params]
        for k in range(len(params) - defaults, len(params)):
            texts[k] += f"={self.rng.randint(11, 149) / 100:.2f}"
        self.parts.append("\n".join([f"def {name}({', '.join(texts)}):", *body.f.lines]))

    # ------------------------------------------------------------------------------------------------------- f

    def arguments(self) -> list[tuple[Var, Any]]:
        """The parameters of f with values for them."""
        data = np.random.RandomState(self.rng.randrange(2**31))
        write = self.wants("write_argument", 0.7)
        made: list[tuple[Var, Any]] = []
        names = self.rng.sample(["x", "y"], self.rng.choice([0, 1, 1, 1, 2, 2]))
        shapes: list[tuple[str, tuple[int, ...]]] = [(name, (self.n,)) for name in names]
        if self.wants("matrix", 0.4):
            shapes.append(("A", self.rng.choice([(self.m, self.n), (self.n, self.n), (self.n, self.m)])))
        for name, shape in shapes:
            value = np.round(data.uniform(-1.6, 1.6, shape), 6)
            made.append((Var(name, "array", shape=shape, writable=write and self.rng.random() < 0.6), value))
        scalars = self.rng.sample(["a", "b", "c"], self.rng.choice([1, 1, 2, 3] if not made else [0, 1, 1, 2]))
        for name in sorted(scalars):
            made.append((Var(name, "float"), float(np.round(data.uniform(-1.6, 1.6), 6))))
        if self.wants("int_argument", 0.1):
            made.append((Var("power", "float", fixed=True), int(data.choice([-2, -1, 1, 2]))))
        if self.rng.random() < 0.3:
            self.rng.shuffle(made)
        return made

    def program(self) -> Program:
        while len(self.constants) < 2 and self.wants("constant", 0.35):
            self.constant()
        while len(self.helpers) < 3 and self.wants("helper", 0.5):
            self.helper()
        few = 3 if self.options.weight("helper") else 0
        while len(self.list_helpers) < few and self.wants("list_helper", 0.3):
            self.list_helper()
        if self.wants("recursion", 0.15):
            self.recursion()
        made = self.arguments()
        number = Var("", "float")
        array = Var("", "array", shape=(self.n,))
        result: tuple[Var, ...] = (number,)
        if self.wants("array_result", 0.08):
            result = (array,)
        elif self.wants("tuple_result", 0.08):
            result = (number, array)
        body = self.body("f")
        body.f.result = result
        for var, _ in made:
            body.f.taken.add(var.name)
            body.bind(var)
        body.write(self.rng.randint(max(2, self.options.size // 3), self.options.size))
        self.define("f", [replace(var) for var, _ in made], 0, body)
        imports = "import math\nfrom dataclasses import dataclass" if self.uses_dataclass else "import math"
        text = "\n\n\n".join([f"{imports}\n\nimport numpy as np", *self.parts]) + "\n"
        return Program(self.seed, text, tuple(v for _, v in made), self.options.jit_ok, self.used)


def generate(seed: int, options: Options | None = None) -> Program:
    """The program of this seed. About a third are small, so that a failure is often small already."""
    options = options or Options()
    if random.Random(f"size {seed}").random() < 0.35:
        options = replace(options, size=max(3, options.size // 2), depth=max(1, options.depth - 1))
    return Module(seed, options).program()
