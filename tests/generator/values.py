"""Tuples, inner functions and comprehensions: in, the scope; out, lines that make them and expressions that read them.

The items of a tuple stay within [-2, 2], and an inner function gives a number within [-2, 2] for any such number.
"""

from __future__ import annotations

from .scope import Var, bare
from .statements import Statements

FOLDS = ["np.sin(sum({}))", "(sum({}) / {n}.0)", "max({})", "min({})", "np.tanh(math.prod({}))"]
MIXED = ["0.5 * ({a} + {b})", "np.sin({a} * {b})", "{a} * np.cos({b})", "{a} - 0.3 * {a} * {b} * {b}"]


class Values(Statements):
    """Statements on tuples and functions, and expressions with them."""

    def simple(self) -> bool:
        forms = [
            ("", 12.0, super().simple),
            ("tuple_value", 1.0, self.make_tuple),
            ("tuple_unpack", 0.8, self.unpack),
            ("tuple_nested", 0.5, self.nested),
            ("tuple_loop", 0.7, self.over_tuple),
            ("closure", 1.0, self.inner_function),
            ("lambda", 0.5, self.lambda_),
            ("nonlocal", 0.5, self.writer),
        ]
        return bool(self.pick(forms))

    def scalar(self, depth: int | None = None) -> str:
        forms = [
            ("", 20.0, lambda: super(Values, self).scalar(depth)),
            ("tuple_value", 2.0, self.item_of_tuple),
            ("tuple_fold", 0.7, self.fold),
            ("comprehension", 1.0, self.generated),
            ("closure", 2.5, lambda: self.call_inner(depth)),
        ]
        made: str = self.pick(forms)
        return made

    # ------------------------------------------------------------------------------------------------------ tuples

    def make_tuple(self) -> bool:
        olds = [v for v in self.variables("tuple") if not v.fixed]
        if olds and self.chance(0.6):
            var = self.rng.choice(olds)
            items = [self.rng.choice(MIXED).format(a=self.tuple_item(var), b=self.scalar(0)) for _ in range(var.hi)]
        else:
            var = self.new("tuple", hi=self.rng.randint(2, 3))
            items = [bare(self.scalar(1)) for _ in range(var.hi)]
        self.bind(var)
        return self.emit(f"{var.name} = ({', '.join(items)})")

    def tuple_item(self, var: Var) -> str:
        return f"{var.name}[{self.rng.choice([*range(var.hi), -1])}]"

    def item_of_tuple(self) -> str | None:
        var = self.choose("tuple")
        return None if var is None else self.tuple_item(var)

    def fold(self) -> str | None:
        var = self.choose("tuple")
        return None if var is None else self.rng.choice(FOLDS).format(var.name, n=var.hi)

    def unpack(self) -> bool | None:
        var = self.choose("tuple")
        if var is None:
            return None
        targets: list[str] = []
        for _ in range(var.hi):
            olds = [v for v in self.variables("float") if not v.fixed and v.name not in targets]
            target = self.rng.choice(olds) if olds and self.chance(0.5) else self.new("float")
            self.bind(target)
            targets.append(target.name)
        if self.chance(0.3):
            self.emit(f"{targets[0]}, *_rest = {var.name}")
            return self.emit(" = ".join([f"[{', '.join(targets[1:])}]", "_rest"]))
        return self.emit(f"{', '.join(targets)} = {var.name}")

    def nested(self) -> bool | None:
        """A tuple in a tuple, taken apart at once."""
        var = self.choose("tuple")
        if var is None:
            return None
        value = bare(self.scalar(1))
        first, last = self.bind(self.new("float")), self.bind(self.new("float"))
        names = ", ".join(f"_{k}" for k in range(var.hi))
        self.emit(f"({names}), {first.name} = {var.name}, {value}")
        return self.emit(f"{last.name} = 0.5 * (_0 - _{var.hi - 1})")

    def over_tuple(self) -> bool | None:
        """A loop over a tuple, or over two of them."""
        target = self.choose("float", fixed=False)
        if target is None:
            return None
        first, second = self.choose("tuple"), self.choose("tuple")
        items = first.name if first else f"({bare(self.scalar(1))}, {bare(self.scalar(0))})"
        if first and second and self.chance(0.5):
            self.emit(f"for _a, _b in zip({first.name}, {second.name}):")
            value = "_a * _b"
        elif self.chance(0.3):
            self.emit(f"for _k, _a in enumerate({items}):")
            value = "(0.1 * _k + 0.07) * _a"
        else:
            self.emit(f"for _a in {items}:")
            value = "_a"
        self.f.indent += 1
        if self.chance(0.3):
            self.emit(f"if _a > {self.literal(-0.9, 0.9)}:")
            self.emit(f"    {self.rng.choice(['continue', 'break'])}")
        self.emit(f"{target.name} = {self.rng.choice(MIXED).format(a=target.name, b=f'({value})')}")
        self.f.indent -= 1
        return True

    # -------------------------------------------------------------------------------------------- comprehensions

    def generated(self) -> str:
        """A number made of all that a comprehension gives."""
        source, n = f"range({(n := self.rng.randint(2, 4))})", n
        element, test = "(0.2 * _v + 0.03)", f" if _v != {self.rng.randint(0, 1)}"
        var = self.choose("tuple")
        if var and self.chance(0.7):
            source, n, element, test = var.name, var.hi, "_v", ""
        elif self.chance(0.4) and ":=" not in (pair := f"({bare(self.scalar(1))}, {bare(self.scalar(0))})"):
            source, n, element, test = pair, 2, "_v", ""
        text = self.rng.choice(MIXED).format(a=element, b=self.scalar(0)) + f" for _v in {source}"
        text += test if self.chance(0.3) and n > 2 else ""
        form = self.rng.choice(["np.sin(sum({}))", "np.tanh(sum([{}]))", "max([{}])", "np.mean(np.array([{}]))"])
        return form.format(text)

    # ------------------------------------------------------------------------------------------------- functions

    def inner_function(self) -> bool:
        """A function of a number that reads what is around it, as it is when it is called."""
        name = self.f.rng.choice(["inner", "local", "near"])
        while name in self.f.scope or name in self.f.taken:
            name += "_"
        self.f.taken.add(name)
        default = f"={self.literal(0.1, 0.9)}" if self.chance(0.3) else ""
        if not self.f.loops and self.on("decorator", 0.25):
            self.emit(f"@{self.decorator()}")
        self.emit(f"def {name}(v, w{default}):" if default else f"def {name}(v):")
        self.f.indent += 1
        saved, loops = dict(self.f.scope), self.f.loops
        self.f.loops = []
        self.bind(Var("v", "float", fixed=True))
        if default:
            self.bind(Var("w", "float", fixed=True))
        if self.chance(0.4):
            self.emit(f"if v > {self.literal(-0.9, 0.9)}:")
            self.emit(f"    return {bare(self.scalar(1))}")
        if self.chance(0.4):
            self.emit(f"_r = {bare(self.scalar(1))}")
            self.bind(Var("_r", "float"))
        self.emit(f"return {bare(self.scalar(2))}")
        self.f.scope, self.f.loops = saved, loops
        self.f.indent -= 1
        self.bind(Var(name, "function", fixed=True))
        return True

    def decorator(self) -> str:
        """A decorator defined here, and how it stands above a function."""
        name = "changed"
        while name in self.f.taken:
            name += "_"
        self.f.taken.add(name)
        within = self.rng.choice(MIXED).format(a="g(v, *rest)", b=self.scalar(0))
        inner = ["def wrapper(v, *rest):", f"    return {within}", "return wrapper"]
        if self.chance(0.4):
            lines = [
                f"def {name}(by):",
                "    def decorate(g):",
                *(f"        {row}" for row in inner),
                "    return decorate",
            ]
            lines[3] = lines[3].replace("return ", "return by * ")
            shown = f"{name}({self.literal(0.2, 0.9)})"
        else:
            lines, shown = [f"def {name}(g):", *(f"    {row}" for row in inner)], name
        for line in lines:
            self.emit(line)
        return shown

    def lambda_(self) -> bool:
        name = "g"
        while name in self.f.scope or name in self.f.taken:
            name += "_"
        self.f.taken.add(name)
        saved = dict(self.f.scope)
        self.bind(Var("v", "float", fixed=True))
        text = bare(self.scalar(1))
        self.f.scope = saved
        self.emit(f"{name} = lambda v: {text}")
        self.bind(Var(name, "function", fixed=True))
        return True

    def call_inner(self, depth: int | None) -> str | None:
        var = self.choose("function")
        if var is None or depth == 0:
            return None
        return f"{var.name}({bare(super().scalar(0))})"

    def writer(self) -> bool | None:
        """An inner function that binds a variable of the function around it, and two calls of it."""
        target = self.choose("float", fixed=False)
        if target is None or self.f.loops or "bump" in self.f.taken or self.f.name != "f":
            return None
        if target.name in self.f.taken and self.f.indent > 1:
            return None
        self.f.taken.add("bump")
        value = self.rng.choice(MIXED).format(a=target.name, b="v")
        self.emit("def bump(v):")
        self.emit(f"    nonlocal {target.name}")
        self.emit(f"    {target.name} = {value}")
        for _ in range(self.rng.randint(1, 2)):
            self.emit(f"bump({bare(self.scalar(1))})")
        return True
