"""Lists of floats: in, the scope; out, lines that make lists, let them grow and shrink, and write into them.

A list always holds at least as many items as its variable says (`lo`): what makes it shorter stands under a test of its
length. All items stay within [-2, 2].
"""

from __future__ import annotations

from .arrays import Arrays
from .scope import Var, bare

STEPS = ["0.5 * ({t} + {e})", "{t} * np.cos({b})", "0.5 * {t} * {e}", "np.tanh({t} - {e})"]


class Lists(Arrays):
    """Statements on lists, and their items as operands."""

    def growing(self) -> list[Var]:
        """The lists that may be made longer or shorter here."""
        return [v for v in self.variables("list") if not v.fixed]

    def place(self, var: Var) -> str:
        """An index within the list."""
        places = [str(self.rng.randint(0, var.lo - 1)), "-1", f"-{self.rng.randint(1, var.lo)}"]
        places += [f"{v.name} % len({var.name})" for v in self.variables("int")]
        return self.rng.choice(places)

    def item(self) -> str | None:
        """An item of a list, or a number made of all of them."""
        var = self.choose("list")
        if var is None:
            return None
        forms = [
            ("", 6.0, lambda: f"{var.name}[{self.place(var)}]"),
            ("list_total", 1.0, lambda: f"np.sin(sum({var.name}))"),
            ("list_total", 1.0, lambda: f"np.mean(np.array({var.name}))"),
            ("list_total", 0.7, lambda: f"(sum({var.name}) / len({var.name}))"),
            ("list_generator", 0.7, lambda: f"np.tanh(sum(e * e for e in {var.name} if e > {self.literal()}))"),
        ]
        made: str = self.pick(forms)
        return made

    # -------------------------------------------------------------------------------------------------- statements

    def make_list(self) -> bool:
        """A new list, or a new one under an old name."""
        olds = [v for v in self.growing() if v.lo <= 2]
        if olds and self.chance(0.4):
            var = self.rng.choice(olds)
        else:
            least = self.rng.randint(1, 3)
            var = self.new("list", lo=least)
        name, rest = var.name, self._literals(var.lo)
        vectors = self.variables("array", ndim=1)
        forms = [("", 2.0, lambda: f"[{rest}]"), ("", 1.0, lambda: f"[0.0] * {self._count(var.lo)}")]
        lists = [v for v in self.variables("list") if v.lo >= var.lo]
        if vectors and (vector := self.rng.choice(vectors)).shape[0] >= var.lo:
            forms.append(("list_comprehension", 1.5, lambda: f"[{bare(self._of_item('e'))} for e in {vector.name}]"))
        if lists:
            other = self.rng.choice(lists)
            forms += [
                ("list_comprehension", 2.0, lambda: f"[{bare(self._of_item('e'))} for e in {other.name}]"),
                ("list_slice", 1.0, lambda: f"{other.name}[1:] + [{bare(self.scalar(1))}]"),
                ("list_slice", 0.7, lambda: f"{other.name}[:]"),
                ("list_slice", 0.5, lambda: f"{other.name}[::-1]"),
            ]
        value: str = self.pick(forms)
        self.bind(var)
        return self.emit(f"{name} = {value}")

    def _literals(self, count: int) -> str:
        return ", ".join(bare(self.scalar(1)) for _ in range(count))

    def _count(self, least: int) -> str:
        found = [v for v in self.variables("array") if v.shape[0] >= least]
        return f"len({self.rng.choice(found).name})" if found and self.chance(0.7) else str(least)

    def _of_item(self, name: str) -> str:
        return self.rng.choice(["0.5 * ({v} + {e})", "np.sin({v} * {e})", "{v} * {v} * 0.4", "{e} - 0.5 * {v}"]).format(
            v=name, e=self.scalar(0)
        )

    def append(self) -> bool | None:
        found = self.growing()
        if not found:
            return None
        var = self.rng.choice(found)
        if self.chance(0.15):
            return self.emit(f"{var.name}.extend([{self._literals(2)}])")
        if self.chance(0.4):
            step = self.rng.choice(STEPS)
            value = self.scalar(1)
            return self.emit(f"{var.name}.append({step.format(t=f'{var.name}[-1]', e=value, b=bare(value))})")
        return self.emit(f"{var.name}.append({bare(self.scalar())})")

    def pop(self) -> bool | None:
        found = self.growing()
        if not found:
            return None
        var = self.rng.choice(found)
        self.emit(f"if len({var.name}) > {var.lo}:")
        self.f.indent += 1
        target = self.choose("float", fixed=False)
        if target is None or self.chance(0.2):
            self.emit(f"{var.name}.pop()")
        elif self.on("list_pop_choice", 0.3):
            self.emit(f"{target.name} = {var.name}.pop() if {self.test(0)} else {bare(self.scalar(0))}")
        elif self.chance(0.3):
            self.emit(f"{target.name} = 0.5 * ({var.name}.pop() + {target.name})")
        else:
            self.emit(f"{target.name} = {var.name}.pop()")
        self.f.indent -= 1
        return True

    def write_item(self) -> bool | None:
        var = self.choose("list")
        if var is None:
            return None
        target = f"{var.name}[{self.place(var)}]"
        if self.chance(0.3):
            return self.emit(f"{target} = {bare(self.scalar())}")
        value = self.scalar(1)
        if self.chance(0.4):
            return self.emit(f"{target} *= np.cos({bare(value)})")
        return self.emit(f"{target} = {self.rng.choice(STEPS).format(t=target, e=value, b=bare(value))}")

    def second_list(self) -> bool | None:
        """A second name for a list, or two lists that change names."""
        found = self.growing()
        pairs = [(a.name, b.name) for a in found for b in found if a.name < b.name and a.lo == b.lo]
        if pairs and self.chance(0.6):
            a, b = self.rng.choice(pairs)
            return self.emit(f"{a}, {b} = {b}, {a}")
        if not found:
            return None
        base = self.rng.choice(found)
        var = self.bind(self.new("list", lo=base.lo))
        return self.emit(f"{var.name} = {base.name}")
