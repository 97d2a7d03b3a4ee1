"""Simple statements: in, the scope; out, lines that assign scalars, write into arrays, and name views of them.

What is written into an array stays within [-2, 2]: an update is a convex step (`u += 0.5 * (e - u)`) or a contraction
(`u *= np.cos(e)`); accumulators are apart.
"""

from __future__ import annotations

from dataclasses import replace

from .arrays import Shape
from .lists import Lists
from .scope import Var, bare, substitute

STEPS = ["{t} += 0.5 * ({e} - {t})", "{t} -= 0.5 * ({t} - {e})", "{t} *= np.cos({b})"]
STEPS += ["{t} /= 1.0 + {e} * {e}", "{t} *= 0.5 * {e}"]
RECURRENCES = ["0.5 * ({u}[{i} - 1] + {e})", "np.sin({u}[{i} - 1]) * {e} * 0.5"]
RECURRENCES += ["{e} - 0.3 * {e} * {u}[{i} - 1] ** 2 / 2.0"]


# A new value for T from T itself.
CARRIED = ["0.5 * (T + E)", "T * np.cos(E)", "np.sin(T + E)", "0.5 * T * E", "np.tanh(T - E)", "T / (1.0 + E * E)"]
CARRIED += ["E - 0.3 * E * T * T", "np.exp(-T * T) * E", "0.4 * T ** 2 - 0.2 * E"]


class Statements(Lists):
    """Each method writes a statement and says so, or gives None where there is nothing to write it with."""

    def simple(self) -> bool:
        """One simple statement."""
        forms = [
            ("", 1.5 if self.f.loops else 3.0, self.define_scalar),
            ("", 5.0, self.assign_scalar),
            ("augment", 2.0, self.augment),
            ("accumulate", 3.0 if self.f.loops else 1.2, self.accumulate),
            ("tuple_assign", 0.7, self.tuple_assign),
            ("swap", 0.5, self.swap),
            ("flag", 0.5, self.flag),
            ("counter", 0.7, self.counter),
            ("loop_variable", 0.3, self.change_loop_variable),
            ("element_write", 4.0, self.write_element),
            ("slice_write", 3.0, self.write_slice),
            ("whole_write", 2.0, self.write_whole),
            ("places", 0.7, self.write_places),
            ("mask", 0.9, self.write_mask),
            ("array_assign", 2.5, self.assign_array),
            ("shrink_name", 0.3, self.shrink_name),
            ("view", 2.0, self.view),
            ("alias", 0.5, self.alias),
            ("swap_arrays", 0.7, self.swap_arrays),
            ("buffer", 1.0, self.buffer),
            ("call", 6.0, self.call_statement),
            ("list", 1.5, self.make_list),
            ("list_growth", 2.5, self.append),
            ("list_growth", 1.2, self.pop),
            ("list_write", 2.0, self.write_item),
            ("list_names", 0.5, self.second_list),
        ]
        return bool(self.pick(forms))

    # ------------------------------------------------------------------------------------------------- scalars

    def define_scalar(self) -> bool:
        var = self.new("float")
        value = bare(self.scalar())
        note = ": float" if self.on("annotate", 0.07) else ""
        self.emit(f"{var.name}{note} = {value}")
        self.bind(var)
        return True

    def assign_scalar(self) -> bool | None:
        var = self.choose("float", fixed=False)
        if var is None:
            return None
        if self.chance(0.7 if self.f.loops else 0.2):
            return self._carry(var.name, self.scalar(self.rng.choice([0, 1])))
        return self.assign(var.name, self.scalar())

    def _carry(self, target: str, value: str) -> bool:
        """The target from its own old value and another one."""
        return self.emit(
            f"{target} = {substitute(self.rng.choice(CARRIED), lambda letter, _: {'T': target, 'E': value}[letter])}"
        )

    def augment(self) -> bool | None:
        var = self.choose("float", fixed=False)
        return None if var is None else self._step(var.name, self.scalar(self.rng.choice([0, 1])))

    def _step(self, target: str, value: str) -> bool:
        return self.emit(self.rng.choice(STEPS).format(t=target, e=value, b=bare(value)))

    def accumulate(self) -> bool | None:
        found = self.variables("float", "acc") + [v for v in self.variables("array", "acc") if v.writable]
        if not found and self.f.indent > 1:
            return None
        if not found or (self.f.indent == 1 and self.chance(0.3)):
            return self._accumulator_at_zero()
        var = self.rng.choice(found)
        sign = self.rng.choice(["+=", "+=", "-="])
        if var.kind == "float":
            return self.emit(f"{var.name} {sign} {bare(self.scalar())}")
        if self.chance(0.5):
            return self.emit(f"{self.element(var)} {sign} {bare(self.scalar())}")
        region = self.rng.choice(list(self.regions(var)))
        if self.chance(0.5):
            return self.emit(f"{var.name}{region.text} {sign} {bare(self.fresh_array(region.shape))}")
        return self.emit(f"{var.name} {sign} {bare(self.fresh_array(var.shape))}")

    def _accumulator_at_zero(self) -> bool:
        if self.chance(0.8):
            return self.emit(f"{self.bind(self.new('float', role='acc')).name} = 0.0")
        shape = self.some_shape()
        size = self._size(shape)
        return self.emit(f"{self.bind(self.new('array', role='acc', shape=shape)).name} = np.zeros({size})")

    def tuple_assign(self) -> bool:
        olds = [v for v in self.variables("float") if not v.fixed]
        first = self.rng.choice(olds) if olds and self.chance(0.6) else self.new("float")
        values = f"{bare(self.scalar(1))}, {bare(self.scalar(1))}"
        self.bind(first)
        second = self.bind(self.new("float"))
        return self.emit(f"{first.name}, {second.name} = {values}")

    def swap(self) -> bool | None:
        olds = [v.name for v in self.variables("float") if not v.fixed]
        if len(olds) < 2:
            arrays = [v for v in self.variables("array") if v.writable]
            if not arrays:
                return None
            var = self.rng.choice(arrays)
            one, two = self.element(var), self.element(var)
            return self.emit(f"{one}, {two} = {two}, {one}") if one != two else None
        if len(olds) > 2 and self.chance(0.3):
            a, b, c = self.rng.sample(olds, 3)
            return self.emit(f"{a}, {b}, {c} = {c}, {a}, {b}")
        a, b = self.rng.sample(olds, 2)
        second = a if self.chance(0.6) else bare(self.scalar(1))
        return self.emit(f"{a}, {b} = {b}, {second}")

    def flag(self) -> bool:
        var = self.choose("bool")
        if var is None or self.chance(0.4):
            var = self.new("bool")
        value = self.test(1)
        self.emit(f"{var.name} = {value}")
        self.bind(var)
        return True

    def counter(self) -> bool:
        found = [v for v in self.variables("int") if not v.fixed and v.lo == 0]
        if not found or self.chance(0.3):
            var = self.new("int", lo=0, hi=self.rng.randint(2, 4))
            value = self._int_value(var)
            self.bind(var)
            return self.emit(f"{var.name} = {value}")
        var = self.rng.choice(found)
        return self.emit(f"{var.name} = {self._int_value(var)}")

    def _int_value(self, var: Var) -> str:
        choices = [str(self.rng.randint(0, var.hi)), f"int(3.0 * abs({self.scalar(1)})) % {var.hi + 1}"]
        for other in self.variables("int"):
            choices.append(f"({other.name} + {self.rng.randint(1, 2)}) % {var.hi + 1}")
            if other.lo >= 0:
                choices += [f"min({other.name}, {var.hi})", f"{other.name} // 2 % {var.hi + 1}"]
        return self.rng.choice(choices)

    def change_loop_variable(self) -> bool | None:
        found = [v for v in self.variables("int") if not v.fixed and v.name[0] in "ijkl" and v.hi > v.lo]
        if not found or not self.f.loops:
            return None
        var = self.rng.choice(found)
        return self.emit(f"{var.name} = min({var.name} + 1, {var.hi})")

    # ------------------------------------------------------------------------------------------- array writes

    def _target(self) -> Var | None:
        return self.choose("array", writable=True)

    def write_element(self) -> bool | None:
        var = self._target()
        if var is None:
            return None
        target = self.element(var)
        if self.chance(0.4):
            return self.emit(f"{target} = {bare(self.scalar())}")
        write = self._step if self.chance(0.6) else self._carry
        return write(target, self.scalar(self.rng.choice([0, 1])))

    def write_slice(self) -> bool | None:
        var = self._target()
        if var is None:
            return None
        region = self.rng.choice(list(self.regions(var)))
        target = var.name + region.text
        if self.chance(0.2):
            return self.emit(f"{target} = {bare(self.scalar(1))}")
        if self.chance(0.5):
            # A bare part may overlap the target: NumPy and Numba both copy it first in a plain assignment.
            value = self.array(region.shape, self.rng.choice([0, 1, 1]))
            return self.emit(f"{target} = {bare(value)}")
        return self._array_step(target, region.shape)

    def write_places(self) -> bool | None:
        var = self._target()
        if var is None:
            return None
        count = self.rng.choice([1, 2, 2, 3])
        target = f"{var.name}[{self.places(var.shape[0], count)}]"
        if self.chance(0.3):
            return self.emit(f"{target} = {bare(self.scalar(1))}")
        if self.chance(0.5):
            return self.emit(f"{target} = {bare(self.array((count, *var.shape[1:]), 1))}")
        return self._array_step(target, (count, *var.shape[1:]))

    def write_mask(self) -> bool | None:
        var = self._target()
        if var is None:
            return None
        test = self.rng.choice([v for v in self.variables("array") if v.shape == var.shape] or [var])
        target = f"{var.name}[{test.name} {self.rng.choice('<>')} {self.literal(-0.9, 0.9)}]"
        if self.chance(0.5):
            return self.emit(f"{target} = {bare(self.scalar(1))}")
        if self.chance(0.4):
            return self.emit(f"{target} = 0.5 * {target}")
        return self._step(target, self.scalar(1))

    def _array_step(self, target: str, shape: Shape) -> bool:
        value = self._other(shape, 0, 2) if self.chance(0.7) else self.operand(shape)
        return self._step(target, value)

    def write_whole(self) -> bool | None:
        var = self._target()
        if var is None:
            return None
        if self.chance(0.4):
            return self.emit(f"{var.name}[:] = {bare(self.fresh_array(var.shape))}")
        if not var.fixed:
            return self._array_step(var.name, var.shape)
        return None

    # --------------------------------------------------------------------------------------- names of arrays

    def some_shape(self) -> Shape:
        """The shape of an array in scope, or of a short vector."""
        var = self.choose("array")
        return var.shape if var else (self.rng.randint(2, 4),)

    def _size(self, shape: Shape) -> str:
        if len(shape) == 1:
            same = [v.name for v in self.variables("array") if v.shape[0] == shape[0]]
            return f"len({self.rng.choice(same)})" if same and self.chance(0.6) else str(shape[0])
        same = [v.name for v in self.variables("array") if v.shape == shape]
        return f"{self.rng.choice(same)}.shape" if same and self.chance(0.4) else f"({shape[0]}, {shape[1]})"

    def assign_array(self) -> bool:
        olds = [v for v in self.variables("array") if not v.fixed and v.contiguous]
        if olds and self.chance(0.55):
            var = self.rng.choice(olds)
            if self.chance(0.6 if self.f.loops else 0.2):
                return self._carry(var.name, self._other(var.shape, 0, 2))
            return self.assign(var.name, self.fresh_array(var.shape))
        shape = self.some_shape()
        value = self.fresh_array(shape)
        var = self.bind(self.new("array", shape=shape))
        return self.assign(var.name, value)

    def shrink_name(self) -> bool | None:
        found = [v for v in self.variables("array", ndim=1) if not v.fixed and v.shape[0] > 3 and v.contiguous]
        if self.f.indent > 1 or not found:
            return None
        var = self.rng.choice(found)
        text, less = self.rng.choice([("1:", 1), (":-1", 1), ("1:-1", 2)])
        self.bind(replace(var, shape=(var.shape[0] - less,)))
        return self.emit(f"{var.name} = {var.name}[{text}]")

    def view(self) -> bool | None:
        found = self.variables("array")
        if not found:
            return None
        base = self.rng.choice(found)
        parts = list(self.reshapes(base)) if self.chance(0.35) else list(self.regions(base))
        if not parts:
            return None
        region = self.rng.choice(parts)
        var = self.new("array", shape=region.shape, contiguous=region.contiguous, writable=base.writable)
        self.bind(var)
        return self.emit(f"{var.name} = {base.name}{region.text}")

    def alias(self) -> bool | None:
        found = self.variables("array")
        if not found:
            return None
        base = self.rng.choice(found)
        olds = [v for v in found if v != base and not v.fixed and self._same(v, base)]
        if olds and self.chance(0.5):
            return self.emit(f"{self.rng.choice(olds).name} = {base.name}")
        var = self.new("array", shape=base.shape, contiguous=base.contiguous, writable=base.writable)
        self.bind(var)
        return self.emit(f"{var.name} = {base.name}")

    @staticmethod
    def _same(a: Var, b: Var) -> bool:
        return (a.shape, a.contiguous, a.writable) == (b.shape, b.contiguous, b.writable)

    def swap_arrays(self) -> bool | None:
        found = [v for v in self.variables("array") if not v.fixed]
        pairs = [(a.name, b.name) for a in found for b in found if a.name < b.name and self._same(a, b)]
        if not pairs:
            return None
        a, b = self.rng.choice(pairs)
        return self.emit(f"{a}, {b} = {b}, {a}")

    # ------------------------------------------------------------------------------------------------ buffers

    def buffer(self) -> bool:
        """A new array that is filled in place, at once or from now on."""
        shape = self.some_shape()
        var = self.new("array", shape=shape)
        size = self._size(shape)
        same = [v.name for v in self.variables("array") if v.shape == shape]
        kinds = [f"np.zeros({size})", f"np.full({size}, {bare(self.scalar(0))})"]
        kinds += [f"{name}.copy()" for name in same[:2]] + [f"np.copy({name})" for name in same[:1]]
        if len(shape) == 1 and self.chance(0.6):
            self._filled(var, size)
        else:
            self.emit(f"{var.name} = {self.rng.choice(kinds)}")
        self.bind(var)
        return True

    def _filled(self, var: Var, size: str) -> None:
        """`np.empty` and the loop that fills it, each element perhaps from the one before."""
        recursion = var.shape[0] > 1 and self.chance(0.5)
        self.emit(f"{var.name} = np.empty({size})")
        if recursion:
            self.emit(f"{var.name}[0] = {bare(self.scalar(1))}")
        i = self.loop_variable()
        start = "1, " if recursion else ""
        self.emit(f"for {i} in range({start}{size}):")
        self.bind(Var(i, "int", lo=1 if recursion else 0, hi=var.shape[0] - 1))
        value = self.scalar(1)
        if recursion:
            short = value if len(value) < 24 else self.atom()
            value = self.rng.choice(RECURRENCES).format(u=var.name, i=i, e=short)
        self.f.indent += 1
        self.emit(f"{var.name}[{i}] = {bare(value) if not recursion else value}")
        self.f.indent -= 1
        del self.f.scope[i]

    # -------------------------------------------------------------------------------------------------- calls

    def call_statement(self) -> bool | None:
        """A call of a helper that writes into its argument, or that returns a tuple."""
        found = [h for h in self.f.helpers if h.writes or len(h.result) > 1]
        if not found:
            return None
        helper = self.rng.choice(found)
        text = self.call(helper, 1)
        if text is None:
            return None
        if not helper.result:
            self.count("helper_inplace")
            return self.emit(text)
        self.count("helper_inplace" if helper.writes else "helper_tuple")
        names = []
        for result in helper.result:
            olds = [v for v in self.variables(result.kind) if v.shape == result.shape and v.contiguous]
            olds = [v for v in olds if not v.fixed and v.name not in names]
            reuse = olds and self.chance(0.5)
            var = self.rng.choice(olds) if reuse else self.new(result.kind, shape=result.shape)
            self.bind(var)
            names.append(var.name)
        return self.emit(f"{', '.join(names)} = {text}")
