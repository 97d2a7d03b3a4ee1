"""Classes, dicts, lists of rows, values that may be absent, attempts and walruses: in, the scope; out, lines of them.

What an object, a dict or a row holds stays within [-2, 2].
"""

from __future__ import annotations

from .scope import Var, bare
from .values import MIXED, Values

CLASSES = ("Pair", "Cell", "Node", "Span")
KEYS = ("low", "high", "rate")


class Objects(Values):
    """Statements on structures, and expressions that read them."""

    def simple(self) -> bool:
        forms = [
            ("", 14.0, super().simple),
            ("local_class", 0.7, self.local_class),
            ("object", 1.0, self.make_object),
            ("object", 1.0, self.change_object),
            ("object_list", 0.5, self.list_of_objects),
            ("dict", 0.6, self.make_dict),
            ("dict", 0.8, self.change_dict),
            ("absent", 0.7, self.absent),
            ("rows", 0.7, self.rows),
            ("attempt", 0.6, self.attempt),
            ("walrus", 0.7, self.walrus),
            ("list_helper", 1.0, self.call_list_helper),
        ]
        return bool(self.pick(forms))

    def scalar(self, depth: int | None = None) -> str:
        forms = [
            ("", 20.0, lambda: super(Objects, self).scalar(depth)),
            ("object", 2.0, self.read_object),
            ("dict", 2.0, self.read_dict),
            ("generator_fold", 0.7, self.generator_fold),
            ("walrus", 0.5, lambda: self.walrus_inside(depth)),
        ]
        made: str = self.pick(forms)
        return made

    def mixed(self, a: str, b: str) -> str:
        return self.rng.choice(MIXED).format(a=a, b=b)

    def unused(self, names: tuple[str, ...]) -> str | None:
        """A name that nothing has had; each is given once, since a class has one meaning in all of a function."""
        left = [name for name in names if name not in self.f.taken]
        if not left:
            return None
        self.f.taken.add(name := self.rng.choice(left))
        return name

    # ----------------------------------------------------------------------------------------------------- classes

    def local_class(self) -> bool | None:
        """A class of two numbers: its methods read what is around it, as it is when they are called."""
        if self.f.loops or (name := self.unused(CLASSES)) is None:
            return None
        around = bare(self.scalar(0))
        if self.chance(0.5):
            self.f.uses_dataclass[:] = [True]
            self.emit("@dataclass")
            self.emit(f"class {name}:")
            self.emit("    u: float")
            self.emit(f"    v: float{' = 0.5' if self.chance(0.3) else ''}")
        else:
            self.emit(f"class {name}:")
            self.emit("    def __init__(self, u, v):")
            self.emit("        self.u = u")
            self.emit(f"        self.v = {self.rng.choice(['v', '0.5 * (u + v)', 'u * np.cos(v)'])}")
        self.emit("")
        self.emit("    @property")
        self.emit("    def mid(self):")
        self.emit(f"        return {self.mixed('self.u', 'self.v')}")
        self.emit("")
        self.emit("    def at(self, w):")
        self.emit(f"        return {self.mixed(self.mixed('self.u', 'w').join('()'), around.join('()'))}")
        self.emit("")
        self.emit("    def move(self, w):")
        if self.chance(0.3):
            self.emit(f"        if w > {self.literal(-0.9, 0.9)}:")
            self.emit("            return self")
        self.emit(f"        self.u = {self.mixed('self.u', 'w')}")
        if self.chance(0.4):
            self.emit("        self.u, self.v = self.v, self.mid")
        self.emit("        return self")
        self.emit("")
        self.bind(Var(name, "class", fixed=True))
        return self.make_object()

    def _made(self) -> str | None:
        var = self.choose("class")
        return None if var is None else f"{var.name}({bare(self.scalar(1))}, {bare(self.scalar(0))})"

    def make_object(self) -> bool | None:
        text = self._made()
        if text is None:
            return None
        olds = self.variables("object")
        if len(olds) > 1 and self.chance(0.15):
            return self.emit(f"{olds[0].name} = {olds[1].name}") if self.chance(0.5) else None
        class_name = text.partition("(")[0]
        same = [v for v in olds if v.of == class_name]
        if same and self.chance(0.4):
            return self.emit(f"{self.rng.choice(same).name} = {text}")
        var = Var(self.fresh("object", "cell node part", (class_name,)), "object", of=class_name)
        self.emit(f"{var.name} = {text}")
        self.bind(var)
        return True

    def read_object(self) -> str | None:
        var = self.choose("object")
        if var is None:
            return None
        forms = [f"{var.name}.u", f"{var.name}.v", f"{var.name}.mid", f"{var.name}.at({bare(super().scalar(0))})"]
        return self.rng.choice(forms)

    def change_object(self) -> bool | None:
        var = self.choose("object")
        if var is None:
            return None
        value = self.scalar(1)
        if self.chance(0.5):
            return self.emit(f"{var.name}.move({bare(value)}){self.rng.choice(['', '', '.move(0.3)'])}")
        field = f"{var.name}.{self.rng.choice('uv')}"
        return self.emit(f"{field} = {self.mixed(field, value)}")

    def list_of_objects(self) -> bool | None:
        """Objects in a list, changed in a loop over it and read out of it."""
        target, one, two = self.choose("float", fixed=False), self._made(), self._made()
        if target is None or one is None or two is None or one.partition("(")[0] != two.partition("(")[0]:
            return None
        name = self.fresh("objects", "parts cells", (one.partition("(")[0],))
        self.emit(f"{name} = [{one}, {two}]")
        if self.chance(0.4):
            self.emit(f"{name}.append({one})")
        self.emit(f"for _p in {name}:")
        self.emit(f"    _p.move({bare(self.scalar(0))})")
        if self.chance(0.4):
            self.emit(f"    {target.name} = {self.mixed(target.name, '_p.mid')}")
        read = [f"{name}[0].u", f"{name}[-1].mid", f"np.sin(sum(_p.v for _p in {name}))", f"max(_p.u for _p in {name})"]
        return self.emit(f"{target.name} = {self.mixed(target.name, self.rng.choice(read))}")

    # ------------------------------------------------------------------------------------------------------- dicts

    def make_dict(self) -> bool:
        keys = KEYS[: self.rng.randint(2, 3)]
        var = Var(self.fresh("dict", "table bag", (keys,)), "dict", hi=len(keys))
        items = [(key, bare(self.scalar(1))) for key in keys]
        if self.chance(0.2):
            self.emit(f"{var.name} = dict({', '.join(f'{key}={value}' for key, value in items)})")
        else:
            shown = ", ".join(f'"{key}": {value}' for key, value in items)
            self.emit(f"{var.name} = {{{shown}}}")
        self.bind(var)
        return True

    def _entry(self, var: Var) -> str:
        return f'{var.name}["{self.rng.choice(KEYS[: var.hi])}"]'

    def read_dict(self) -> str | None:
        var = self.choose("dict")
        if var is None:
            return None
        forms = [self._entry(var)] * 4
        forms += [f"np.sin(sum({var.name}.values()))", f"max({var.name}.values())", f'{var.name}.get("low", 0.3)']
        return self.rng.choice(forms)

    def change_dict(self) -> bool | None:
        var, target = self.choose("dict"), self.choose("float", fixed=False)
        if var is None or target is None:
            return None
        entry = self._entry(var)
        if self.chance(0.6):
            return self.emit(f"{entry} = {self.mixed(entry, self.scalar(1))}")
        if self.chance(0.5):
            self.emit(f"for _key, _a in {var.name}.items():")
            if self.chance(0.5):
                self.emit(f"    {var.name}[_key] = {self.mixed('_a', target.name)}")
            return self.emit(f"    {target.name} = {self.mixed(target.name, '_a')}")
        self.emit(f"for _key in {var.name}:")
        return self.emit(f"    {var.name}[_key] *= 0.7")

    # ---------------------------------------------------------------------------------------------- absent, attempts

    def _items(self) -> tuple[str, str]:
        """Something to loop over, and its items as a number."""
        found = self.variables("array", ndim=1) + self.variables("list") + self.variables("tuple")
        if not found or self.f.trips > 8:
            return f"range({self.rng.randint(2, 3)})", "(0.4 * _v + 0.13)"
        return self.rng.choice(found).name, "_v"

    def absent(self) -> bool | None:
        """`best = None`, set in a loop where something is better; it may stay None."""
        target = self.choose("float", fixed=False)
        if target is None:
            return None
        best = self.fresh("absent", "best nearest")
        source, item = self._items()
        self.emit(f"{best} = None")
        self.emit(f"for _v in {source}:")
        self.emit(f"    _w = {self.mixed(item, self.scalar(0))}")
        sign = self.rng.choice("<>")
        form = self.rng.choice(["or", "elif", "filtered"])
        if form == "elif":
            self.emit(f"    if {best} is None:")
            self.emit(f"        {best} = _w")
            self.emit(f"    elif _w {sign} {best}:")
            self.emit(f"        {best} = {self.mixed(best, '_w')}")
        else:
            extra = f"_w > {self.literal(-0.6, 0.9)} and (" if form == "filtered" else ""
            self.emit(f"    if {extra}{best} is None or _w {sign} {best}{')' if extra else ''}:")
            self.emit(f"        {best} = _w")
        if self.chance(0.5):
            return self.emit(f"{target.name} = {best} if {best} is not None else {bare(self.scalar(0))}")
        self.emit(f"if {best} is not None:")
        return self.emit(f"    {target.name} = {self.mixed(target.name, best)}")

    def attempt(self) -> bool | None:
        """`try` with a handler that may run, and a number that both give."""
        target = self.choose("float", fixed=False)
        if target is None:
            return None
        value, other = bare(self.scalar(1)), bare(self.scalar(1))
        self.emit("try:")
        if (var := self.choose("list")) and self.chance(0.4):
            error, value = "IndexError", self.mixed(f"{var.name}[{self.rng.randint(1, 5)}]", self.scalar(0))
        elif (table := self.choose("dict")) and self.chance(0.4):
            error, value = "KeyError", self.mixed(f'{table.name}["{self.rng.choice(KEYS)}"]', self.scalar(0))
        else:
            error = "ValueError"
            self.emit(f"    if {self.test(1)}:")
            self.emit('        raise ValueError("not here")')
        self.emit(f"    {target.name} = {value}")
        self.emit(f"except {self.rng.choice([error, f'({error}, ArithmeticError)'])}:")
        self.emit(f"    {target.name} = {other}")
        if self.chance(0.2):
            self.emit("else:")
            self.emit(f"    {target.name} = {self.mixed(target.name, self.scalar(0))}")
        if self.chance(0.2):
            self.emit("finally:")
            self.emit(f"    {target.name} *= 0.9")
        return True

    # ------------------------------------------------------------------------------------------------ rows, walruses

    def rows(self) -> bool | None:
        """Rows of numbers, taken by columns."""
        target = self.choose("float", fixed=False)
        if target is None:
            return None
        name = self.fresh("rows", "rows points")
        if self.chance(0.4):
            source, item = self._items()
            self.emit(f"{name} = []")
            self.emit(f"for _v in {source}:")
            self.emit(f"    {name}.append(({self.mixed(item, self.scalar(0))}, {item} * 0.5))")
        else:
            row = [bare(self.scalar(0)) for _ in range(3)]
            other = [self.mixed(self.scalar(0), target.name) for _ in range(3)]
            texts = [f"({', '.join(r)})" if self.chance(0.6) else f"[{', '.join(r)}]" for r in (row, other)]
            shut = self.rng.choice(["[]", "()"])
            self.emit(f"{name} = {shut[0]}{', '.join(texts)}{shut[1]}")
            if self.chance(0.5):
                self.emit(f"for _a, _b in zip(*{name}):")
                return self.emit(f"    {target.name} = {self.mixed(target.name, '(_a * _b)')}")
            forms = [f"np.tanh(sum([_a * _b for _a, _b in zip(*{name})]))", f"max(max(_c) for _c in zip(*{name}))"]
            forms.append(f"np.sin(sum(sum(_c) for _c in zip(*{name})))")
            return self.emit(f"{target.name} = {self.mixed(target.name, self.rng.choice(forms))}")
        self.emit(f"_us, _vs = zip(*{name})")
        reads = ["_us[0] * _vs[-1]", "np.sin(sum(_us) - max(_vs))", "np.tanh(sum(p * q for p, q in zip(_us, _vs)))"]
        return self.emit(f"{target.name} = {self.mixed(target.name, self.rng.choice(reads).join('()'))}")

    def walrus(self) -> bool | None:
        target = self.choose("float", fixed=False)
        if target is None:
            return None
        value, name = bare(self.scalar(1)), self.rng.choice(["_n", "_m"])
        form = self.rng.choice(["if", "and", "comprehension", "while" if self.options.weight("while") else "if"])
        if form == "if":
            self.emit(f"if ({name} := {value}) > {self.literal()}:")
        elif form == "and":
            self.emit(f"if ({name} := {value}) > {self.literal()} and {name} * {target.name} < {self.literal(0.3, 2)}:")
        elif form == "while":
            self.emit("_k = 0")
            self.emit(
                f"while ({name} := {self.mixed(target.name, self.scalar(0))}) > {self.literal(-1, 0.5)} and _k < 3:"
            )
            self.emit("    _k += 1")
        else:
            source, item = self._items()
            test = f"({name} := {self.mixed(item, self.scalar(0))}) > {self.literal(-1.2, 0.3)}"
            text = self.rng.choice(["np.sin(sum({}))", "np.tanh(sum([{}]))"])
            text = text.format(f"{name} * {name} for _v in {source} if {test}")
            return self.emit(f"{target.name} = {self.mixed(target.name, text)}")
        self.emit(f"    {target.name} = {self.mixed(target.name, name)}")
        return True

    def walrus_inside(self, depth: int | None) -> str | None:
        """A number that is named in the middle of an expression; not in functions, where it would be another name."""
        if depth == 0 or self.f.name != "f" or self.choose("function") is not None:
            return None
        name = self.rng.choice(["_g", "_h"])
        return f"({self.mixed(f'({name} := {bare(super().scalar(0))})', name)})"

    def generator_fold(self) -> str | None:
        source, item = self._items()
        value = self.mixed(item, super().scalar(0))
        form = self.rng.choice(["np.sin(sum({}))", "min({})", "max({})", "np.tanh(sum({}))"])
        return form.format(f"{value} for _v in {source}")

    # ------------------------------------------------------------------------------------------------- list helpers

    def call_list_helper(self) -> bool | None:
        """A call of a helper that is given a list, or gives one."""
        target = self.choose("float", fixed=False)
        helpers = list(self.f.list_helpers)
        if target is None or not helpers:
            return None
        helper = self.rng.choice(helpers)
        if helper == "grown":
            self.emit(f"{(var := self.new('list', lo=3)).name} = grown({bare(self.scalar(1))})")
            self.bind(var)
            return True
        found = self.variables("list") if helper == "folded" else [v for v in self.growing() if v.lo <= 3]
        if not found:
            return None
        name = self.rng.choice(found).name
        text = f"gather({name}, {bare(self.scalar(1))})" if helper == "gather" else f"{helper}({name})"
        if self.chance(0.5):
            return self.emit(f"{target.name} = {text}")
        return self.emit(f"{target.name} = {self.mixed(target.name, text)}")
