"""Statements with blocks: in, the scope; out, lines of branches and loops that end and leave every name defined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .objects import Objects
from .scope import Loop, Var, bare


@dataclass(frozen=True)
class Header:
    """The head of a `for`: text, the names it binds, and how often the body runs."""

    text: str
    names: tuple[Var, ...]
    least: int
    most: int
    over_list: bool = False


class Control(Objects):
    """Branches, loops, exits."""

    def result_text(self, last: bool) -> str:
        raise NotImplementedError  # from `Body`

    # -------------------------------------------------------------------------------------------------- blocks

    def block(self, most: int = 3) -> None:
        """One to `most` statements, one level deeper; what is born in it ends with it."""
        saved = dict(self.f.scope)
        self.f.indent += 1
        for _ in range(self.rng.randint(1, most)):
            self.statement()
        self.f.indent -= 1
        self.f.scope = saved

    def statement(self) -> None:
        """A statement; a compound one where there is room for it."""
        self.f.budget -= 1
        if self.f.budget > 0 and self.f.indent <= self.options.depth and self.chance(0.42):
            forms = [
                ("if", 3.0, self.branch),
                ("both_branches", 0.6, self.both_branches),
                ("for_range", 4.0, lambda: self.loop(self.over_range())),
                ("for_array", 2.0, lambda: self.loop(self.over_array())),
                ("list_loop", 1.5, lambda: self.loop(self.over_list())),
                ("reversed", 0.7, lambda: self.loop(self.over_reversed())),
                ("while", 1.5, self.while_loop),
                ("return", 0.5, self.early_return),
                ("double_buffer", 0.5, self.double_buffer),
                ("", 5.0 if self.f.loops else 0.0, self.exit),
            ]
            if self.pick(forms):
                return
        if not self.simple():
            self.define_scalar()

    def line_block(self, make: Callable[[], object]) -> None:
        """A block of what `make` writes."""
        saved = dict(self.f.scope)
        self.f.indent += 1
        make()
        self.f.indent -= 1
        self.f.scope = saved

    # ------------------------------------------------------------------------------------------------ branches

    def branch(self) -> bool:
        self.emit(f"if {self.test()}:")
        self.block()
        while self.chance(0.2):
            self.emit(f"elif {self.test()}:")
            self.block()
        if self.chance(0.5):
            self.emit("else:")
            self.block()
        return True

    def both_branches(self) -> bool:
        """A variable that is born on each branch, a float or an array (which may be a view on one of them)."""
        shape = self.some_shape()
        array = self.chance(0.3)
        var = self.new("array", shape=shape) if array else self.new("float")

        def define() -> bool:
            return self.assign(var.name, self.fresh_array(shape) if array else self.scalar())

        self.emit(f"if {self.test()}:")
        self.line_block(define)
        self.emit("else:")
        self.line_block(define)
        self.bind(var)
        return True

    def early_return(self) -> bool:
        self.emit(f"if {self.test()}:")
        self.line_block(lambda: self.emit(f"return {self.result_text(last=False)}".rstrip()))
        return True

    def exit(self) -> bool | None:
        """`if test: [statement] break`, or `continue`, or `return`."""
        loop = self.f.loops[-1]
        word = self.pick(
            [
                ("break", 2.0, lambda: "break"),
                ("continue", 1.5 if loop.can_continue else 0.0, lambda: "continue"),
                ("return", 0.6, lambda: "return"),
            ]
        )
        if word is None:
            return None
        self.emit(f"if {self.test()}:")
        other = word != "return" and self.chance(0.2)  # the exit on the other branch

        def leave() -> None:
            if self.chance(0.4) and not other:
                self.simple()
            self.emit(f"return {self.result_text(last=False)}".rstrip() if word == "return" else word)

        self.line_block(self.simple if other else leave)
        if other:
            self.emit("else:")
            self.line_block(leave)
        loop.left = loop.left or word == "break"
        return True

    # ------------------------------------------------------------------------------------------------ for loops

    def loop(self, head: Header | None) -> bool | None:
        """A `for` with this head."""
        if head is None or head.most * self.f.trips > self.options.max_trips:
            return None
        name = head.names[0]
        after = self.on("after_loop", 0.35)
        if after and head.least == 0:
            if name.kind != "int":
                after = False
            else:  # it may run zero times: the variable is given a value before
                self.emit(f"{name.name} = {self.rng.randint(max(0, name.lo), max(0, name.hi))}")
        self.emit(f"for {head.text}:")
        saved = dict(self.f.scope)
        for var in head.names:
            self.bind(var)
        if head.over_list:  # which must not grow while the loop runs, under whatever name
            for var in self.variables("list"):
                self.freeze(var.name)
        loop = self._body(max(1, head.most))
        self.f.scope = saved
        if after:
            self.bind(replace(name, lo=min(name.lo, 0), hi=max(name.hi, 0)) if head.least == 0 else name)
        self._else(loop)
        return True

    def _body(self, trips: int, last: str = "") -> Loop:
        """The body of a loop; `last` is a line at its end, which `continue` would leave out."""
        loop = Loop(can_continue=not last)
        self.f.loops.append(loop)
        self.f.trips *= trips
        self.f.budget += 1
        self.block()
        if last:
            self.line_block(lambda: self.emit(last))
        self.f.trips //= trips
        self.f.loops.pop()
        return loop

    def _else(self, loop: Loop) -> None:
        if self.on("loop_else", 0.35 if loop.left else 0.04):
            self.emit("else:")
            self.block(2)

    def _int(self, lo: int, hi: int) -> Var:
        return Var(self.loop_variable(), "int", lo=min(lo, hi), hi=max(lo, hi))

    def over_range(self) -> Header | None:
        """`range` in one of its forms."""
        forms: list[tuple[str, float, Callable[[], Header | None]]] = [
            ("", 3.0, self._range_length),
            ("", 2.0, self._range_numbers),
            ("triangular", 4.0, self._range_triangular),
            ("zero_trip", 0.25, self._range_empty),
        ]
        made: Header | None = self.pick(forms)
        return made

    def _range_length(self) -> Header | None:
        var = self.choose("array")
        if var is None:
            return None
        axis = self.rng.randrange(len(var.shape))
        n, text = var.shape[axis], self._length(var, axis)
        forms = [("{n}", 0, n - 1, n), ("{n} - 1, -1, -1", 0, n - 1, n)]
        if n >= 2:
            forms += [("1, {n}", 1, n - 1, n - 1), ("{n} - 1", 0, n - 2, n - 1), ("0, {n}, 2", 0, n - 1, (n + 1) // 2)]
            forms += [("{n} - 1, 0, -1", 1, n - 1, n - 1), ("-1, -{n} - 1, -1", -n, -1, n)]
        if n >= 3:
            forms += [("1, {n} - 1", 1, n - 2, n - 2), ("{n} - 2, 0, -1", 1, n - 2, n - 2)]
        form, lo, hi, trips = self.rng.choice(forms)
        i = self._int(lo, hi)
        return Header(f"{i.name} in range({form.format(n=text)})", (i,), trips, trips)

    def _range_numbers(self) -> Header:
        start, step, trips = self.rng.randint(0, 3), self.rng.choice([1, 1, 2, 3, -1, -2]), self.rng.randint(1, 4)
        last = start + step * (trips - 1)
        i = self._int(start, last)
        if step == 1 and start == 0:
            return Header(f"{i.name} in range({trips})", (i,), trips, trips)
        return Header(f"{i.name} in range({start}, {last + (1 if step > 0 else -1)}, {step})", (i,), trips, trips)

    def _range_triangular(self) -> Header | None:
        found = [v for v in self.variables("int") if v.lo >= 0 and v.hi <= 8]
        if not found:
            return None
        outer = self.rng.choice(found)
        name, hi = outer.name, outer.hi
        i = self.loop_variable()
        top = self.rng.randint(hi, hi + 1)
        forms = [(f"{name}", 0, max(hi - 1, 0), outer.lo, hi), (f"{name} + 1", 0, hi, outer.lo + 1, hi + 1)]
        forms += [(f"{name}, {top}", outer.lo, max(top - 1, outer.lo), top - hi, top - outer.lo)]
        forms += [
            (f"{name}, -1, -1", 0, hi, outer.lo + 1, hi + 1),
            (f"{name} - 1, -1, -1", 0, max(hi - 1, 0), outer.lo, hi),
        ]
        text, lo, high, least, most = self.rng.choice(forms)
        return Header(f"{i} in range({text})", (Var(i, "int", lo=lo, hi=high),), least, most)

    def _range_empty(self) -> Header:
        i = self._int(0, 0)
        return Header(f"{i.name} in range({self.rng.choice(['0', '2, 2', '3, 1', '0, 2, -1'])})", (i,), 0, 1)

    def _item(self, var: Var) -> Var:
        """The loop variable that takes the items of an array."""
        if len(var.shape) == 1:
            return self.new("float")
        return self.new("array", shape=var.shape[1:], contiguous=var.contiguous, writable=var.writable)

    def over_array(self) -> Header | None:
        """Items, `enumerate` or `zip`."""
        found = self.variables("array")
        if not found:
            return None
        var = self.rng.choice(found)
        item, n = self._item(var), var.shape[0]
        form = self.rng.choice(["items", "enumerate", "enumerate", "zip", "zip_numbers"])
        if form == "items":
            return Header(f"{item.name} in {var.name}", (item,), n, n)
        if form == "zip":
            other = self.rng.choice(found)
            second, n = self._item(other), min(n, other.shape[0])
            if second.name == item.name:
                return None
            return Header(f"{item.name}, {second.name} in zip({var.name}, {other.name})", (item, second), n, n)
        first = 1 if form == "enumerate" and self.chance(0.2) else 0
        i = self._int(first, first + n - 1)
        if form == "zip_numbers":
            return Header(f"{i.name}, {item.name} in zip(range({n}), {var.name})", (i, item), n, n)
        start = ", 1" if first else ""
        return Header(f"{i.name}, {item.name} in enumerate({var.name}{start})", (i, item), n, n)

    def over_list(self) -> Header | None:
        found = self.variables("list")
        if not found or self.f.trips > 4:
            return None
        var = self.rng.choice(found)
        item, i = self.new("float"), self._int(0, 20)
        forms = [
            (f"{item.name} in {var.name}", (item,)),
            (f"{item.name} in {var.name}[:]", (item,)),
            (f"{i.name}, {item.name} in enumerate({var.name})", (item, i)),
            (f"{i.name} in range(len({var.name}))", (i,)),
        ]
        if not self.options.jit_ok:
            forms.append((f"{item.name} in reversed({var.name})", (item,)))
        text, bound = self.rng.choice(forms)
        return Header(text, bound, var.lo, 4, over_list=True)

    def over_reversed(self) -> Header | None:
        var = self.choose("array")
        if var is None:
            return None
        n = var.shape[0]
        if self.chance(0.6):
            i = self._int(0, n - 1)
            return Header(f"{i.name} in reversed(range({self._length(var, 0)}))", (i,), n, n)
        item = self._item(var)
        return Header(f"{item.name} in reversed({var.name})", (item,), n, n)

    # ---------------------------------------------------------------------------------------------- while loops

    def while_loop(self) -> bool | None:
        most = self.rng.randint(2, 5)
        if most * self.f.trips > self.options.max_trips:
            return None
        var = self.new("int", lo=0, hi=most)
        name = var.name
        if self.f.scope.get(name) is not None:
            return None
        down = self.chance(0.2)
        self.emit(f"{name} = {most if down else 0}")
        step, stop = (f"{name} -= 1", f"{name} > 0") if down else (f"{name} += 1", f"{name} < {most}")
        inside = replace(var, fixed=True)
        test = self.rng.choice([stop, f"{stop} and {self.scalar(1)} < {self.literal(0.4, 1.4)}"])
        state = self.choose("float", fixed=False)
        form = self.rng.choice(["first", "last", "forever"])
        saved = dict(self.f.scope)
        self.bind(inside)
        if form == "forever":
            self.emit("while True:")
        elif state and self.chance(0.4):
            self.emit(f"while abs({state.name}) > {self.literal(0.1, 0.6)} and {stop}:")
        else:
            self.emit(f"while {test}:")
        self.f.indent += 1
        if form != "last":
            self.emit(step)
        if form == "forever":
            self.emit(f"if {name} {'<=' if down else '>='} {0 if down else most} or {self.test(1)}:")
            self.line_block(lambda: self.emit("break"))
        if state and self.chance(0.6):
            self.emit(f"{state.name} = 0.6 * {state.name} + 0.4 * {self.scalar(1)}")
        self.f.indent -= 1
        loop = self._body(most, last=step if form == "last" else "")  # goes on at the same level
        self.f.scope = saved
        self.bind(var)
        self._else(loop)
        return True

    # ------------------------------------------------------------------------------------------------- idioms

    def double_buffer(self) -> bool | None:
        """Two arrays that take turns: one is read, the other written in place, then they swap."""
        found = [v for v in self.variables("array", ndim=1) if v.shape[0] >= 3 and v.contiguous and v.writable]
        found = [v for v in found if not v.fixed]
        if not found or 3 * self.f.trips > self.options.max_trips:
            return None
        old = self.rng.choice(found)
        new = self.new("array", shape=old.shape)
        self.emit(f"{new.name} = {self.rng.choice([f'{old.name}.copy()', f'np.zeros_like({old.name})'])}")
        i, rate, (u, v) = self.loop_variable(), self.scalar(0), (old.name, new.name)
        self.emit(f"for {i} in range({self.rng.randint(1, 3)}):")
        self.f.indent += 1
        if self.chance(0.5):
            self.emit(f"{v}[1:-1] = 0.5 * {u}[1:-1] + 0.1 * {rate} * ({u}[2:] - {u}[1:-1]) * np.cos({u}[:-2])")
        else:
            j = "j" if i != "j" else "i"
            if j in self.f.scope:
                j = i + "_in"
            self.f.taken.add(j)
            self.emit(f"for {j} in range(1, len({u}) - 1):")
            self.f.indent += 1
            self.emit(f"{v}[{j}] = 0.3 * {u}[{j} - 1] + 0.1 * {rate} * {u}[{j}] * {u}[{j} + 1] + 0.1 * {v}[{j}]")
            self.f.indent -= 1
        if self.chance(0.4):
            self.emit(f"{v}[0] = {bare(self.scalar(1))}")
        self.emit(f"{u}, {v} = {v}, {u}")
        self.f.indent -= 1
        self.bind(new)
        return True
