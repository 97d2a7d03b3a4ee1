"""How the short way reads arguments. In: arguments of one call. Out: lines of Python that send arguments of any other
kind the long way and take structures apart, and expressions that put gradients together in their form."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .ir.constants import is_plain_constant
from .ir.types import Form
from .records import all_slots, form_of, is_structure, is_whole, parts_of
from .signature import LAYOUT, is_exact, is_function, is_real

_SCALARS = (float, bool, np.float64, np.float32, np.int64, np.int32, np.bool_)


class NoShortWay(Exception):
    """An argument is of a kind that takes the long way."""


class Reading:
    """The arguments of one call and what tells that others are of their kinds (see `signature.key_of`). `leaves` are
    the variables that hold what generated code takes, with the values of this call; `names` is what the lines read."""

    def __init__(self, args: Sequence[Any], places: Sequence[int], alike: Sequence[tuple[int, int]] = ()) -> None:
        self.args = args
        self.names: dict[str, Any] = {"ndarray": np.ndarray, "new": object.__new__, "put": object.__setattr__}
        self.leaves: dict[str, Any] = {}
        self.active: dict[int, list[str]] = {k: [] for k in places}  # the leaves with a gradient, by argument
        self._lines: list[str] = []
        self._tests: list[str] = []
        for k, value in enumerate(args):
            name = f"a{k}"
            if is_structure(value):
                self._structure(name, value, k)
            elif k not in places and is_function(value):
                self._same(name, value)
            else:
                self._leaf(name, value, k in places)
                self.active.get(k, []).append(name)
        self._tests += [f"a{k}_shape != a{first}_shape" for k, first in alike]

    def head(self, last: Sequence[str]) -> list[str]:
        """The lines, with these tests at the end."""
        return [*self._lines, *_leaving([*self._tests, *last])]

    def _leaf(self, name: str, value: Any, differentiate: bool) -> None:
        taken = is_exact(value, differentiate) or (type(value) is int and not differentiate)
        test = _test(name, value, self.names) if taken else None
        if test is None:
            raise NoShortWay
        self._tests.append(test)
        self.leaves[name] = value

    def _same(self, name: str, value: Any) -> None:
        """Something that is known when the derivative is written, by identity."""
        if isinstance(value, np.ndarray | np.generic) or is_plain_constant(value):
            raise NoShortWay
        self.names[f"{name}_known"] = value
        self._tests.append(f"{name} is not {name}_known")

    def _part(self, name: str, value: Any, place: int) -> None:
        if is_structure(value):
            self._structure(name, value, place)
        elif type(value) is str:
            self._tests.append(f"type({name}) is not str or {name} != {value!r}")
        elif type(value) in (*_SCALARS, int, np.ndarray):
            self._leaf(name, value, False)
            if is_real(value):
                self.active.get(place, []).append(name)
        elif value is None or is_function(value):
            self._same(name, value)
        else:
            raise NoShortWay

    def _structure(self, name: str, value: Any, place: int) -> None:
        """Tests and reads a structure; its parts are tested once all of them have been read."""
        form, parts = form_of(value), parts_of(value, form_of(value))
        self.names[f"{name}_class"] = type(value)
        self._tests.append(f"type({name}) is not {name}_class")
        own = [f"{name}_{k}" for k in range(len(parts))]
        self._tests += self._shape_tests(name, value, form)
        if own:
            target = f"({own[0]},)" if len(own) == 1 else ", ".join(own)
            self._lines += [*_leaving(self._tests), f"    {target} = {_read(name, form)}"]
            self._tests = []
        for n, part in zip(own, parts, strict=True):
            self._part(n, part, place)

    def _shape_tests(self, name: str, value: Any, form: Form | None) -> Iterator[str]:
        """What tells that a value of this class is put together in the same way."""
        if form is None or form.kind in ("list", "named"):
            yield f"len({name}) != {len(value)}"
        elif form.kind == "dict":
            self.names[f"{name}_keys"] = list(form.keys)
            yield f"[*{name}] != {name}_keys"
        elif form.kind in ("dataclass", "object") and all(map(_is_plain_name, form.keys)):
            slots = all_slots(type(value))
            yield from (f"{'not ' if n in form.keys else ''}hasattr({name}, {n!r})" for n in slots)
            if hasattr(value, "__dict__"):
                self.names[f"{name}_keys"] = list(value.__dict__)
                yield f"[*{name}.__dict__] != {name}_keys"
            self.names["is_whole"] = is_whole
            yield f"is_whole({name})"
        else:
            raise NoShortWay

    # ------------------------------------------------------------------------------------------------- gradients

    def gradient(self, place: int, lines: list[str]) -> str:
        """The expression for the gradient by an argument, of variables for those by its leaves (`g0_1` for `a0_1`);
        `lines` gets the statements that come before it."""
        return self._gradient(f"a{place}", self.args[place], lines, top=True)

    def _gradient(self, name: str, value: Any, lines: list[str], top: bool = False) -> str:
        own = "g" + name[1:]
        if not is_structure(value):
            return own if top or is_real(value) else "None"
        form = form_of(value)
        parts = enumerate(parts_of(value, form))
        done = [self._gradient(f"{name}_{k}", part, lines) for k, part in parts]
        if form is None:
            return _tuple(done)
        if form.kind == "list":
            return f"[{', '.join(done)}]"
        if form.kind == "named":
            self.names["make"] = tuple.__new__
            return f"make({name}_class, {_tuple(done)})"
        if form.kind == "dict":  # (the keys of the argument itself: equal ones may be of another kind)
            pairs = (f"{name}_keys[{k}]: {part}" for k, part in enumerate(done))
            return "{" + ", ".join([f"**{name}", *pairs]) + "}"
        lines.append(f"    {own} = new({name}_class)")
        lines += [f"    put({own}, {str(key)!r}, {part})" for key, part in zip(form.keys, done, strict=True)]
        return own


def _leaving(tests: Sequence[str]) -> list[str]:
    return [f"    if {' or '.join(tests)}:", "        return MISS"] if tests else []


def _read(name: str, form: Form | None) -> str:
    """The expression for all parts of a structure, in their order."""
    if form is None or form.kind in ("list", "named"):
        return name
    if form.kind == "dict":
        return f"{name}.values()"
    return _tuple([f"{name}.{key}" for key in form.keys])


def _tuple(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _is_plain_name(name: object) -> bool:
    return isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)


def _test(name: str, value: Any, names: dict[str, Any]) -> str | None:
    """The expression that is true where an argument is not of the kind of this one."""
    kind = type(value)
    if kind is int:
        return f"type({name}) is not int or not -0x8000000000000000 <= {name} < 0x8000000000000000"
    if kind is np.ndarray and value.ndim and 1 not in value.shape:
        names[f"{name}_dtype"] = value.dtype
        return (
            f"type({name}) is not ndarray or {name}.dtype is not {name}_dtype "
            f"or len({name}_shape := {name}.shape) != {value.ndim} or 1 in {name}_shape "
            f"or {name}.flags.num & {LAYOUT} != {value.flags.num & LAYOUT}"
        )
    if kind not in _SCALARS:
        return None
    names[kind.__name__] = kind
    return f"type({name}) is not {kind.__name__}"
