"""The short way for structures, compiled and in plain Python: the long way's results, for the same arguments only."""

import dataclasses
import enum
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

import srcdiff
from srcdiff.shortcut import MISS

MODES = [pytest.param(True, marks=pytest.mark.jit), False]
RATE = 2.0


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclasses.dataclass
class Record:
    a: Any
    b: Any


@dataclasses.dataclass(slots=True)
class Slotted:
    a: Any
    b: Any


class Loose:
    __slots__ = ("__dict__", "a")

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = a, b


def by_place(p):
    return p[0] ** 2 * p[1]


def by_key(p):
    return p["a"] ** 2 * p["b"]


def by_name(p):
    return p.a**2 * p.b


STRUCTURES = {
    "tuple": (by_place, lambda a, b: (a, b)),
    "list": (by_place, lambda a, b: [a, b]),
    "dict": (by_key, lambda a, b: {"a": a, "b": b}),
    "named": (by_name, Pair),
    "dataclass": (by_name, Record),
    "slots": (by_name, Slotted),
    "object": (by_name, Loose),
}


def numbers_of(value: Any) -> list[Any]:
    """The parts of a structure, as deep as it goes."""
    if isinstance(value, dict):
        return [n for v in value.values() for n in numbers_of(v)]
    if isinstance(value, tuple | list):
        return [n for v in value for n in numbers_of(v)]
    if isinstance(value, Record | Slotted | Loose):
        return [*numbers_of(value.a), *numbers_of(value.b)]
    return [value]


def assert_same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert [*map(repr, one)] == [*map(repr, other)]
    for left, right in zip(numbers_of(one), numbers_of(other), strict=True):
        assert type(left) is type(right)
        assert np.array_equal(left, right)
        assert getattr(left, "dtype", None) == getattr(right, "dtype", None)


def both_ways(derivative: Any, *args: Any) -> Any:
    """The result of the long way, held against that of the short one."""
    first = derivative(*args)
    assert derivative._shortcut is not None
    assert_same(derivative._shortcut(*args), first)
    assert_same(derivative(*args), first)
    return first


@pytest.mark.parametrize("jit", MODES)
@pytest.mark.parametrize("make", [srcdiff.grad, srcdiff.value_and_grad])
@pytest.mark.parametrize("kind", STRUCTURES)
def test_structures_of_numbers(kind, make, jit) -> None:
    f, build = STRUCTURES[kind]
    found = both_ways(make(f, jit=jit), build(1.5, 2.0))
    slopes = found if make is srcdiff.grad else found[1]
    step = 1e-6
    differences = [
        (f(build(1.5 + step, 2.0)) - f(build(1.5 - step, 2.0))) / (2.0 * step),
        (f(build(1.5, 2.0 + step)) - f(build(1.5, 2.0 - step))) / (2.0 * step),
    ]
    assert type(slopes) is type(build(1.5, 2.0))
    assert numbers_of(slopes) == pytest.approx(differences, rel=1e-6)


@pytest.mark.parametrize("jit", MODES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("wrt", [0, 1, (0,), (1, 0)])
def test_nested_structures_of_arrays(wrt, dtype, jit) -> None:
    def f(p, k):
        layer, bias = p["layers"][0], p["bias"]
        return np.sum(layer.a * layer.b * bias.b) * k[1] + k[0] * p["n"]

    x = np.array([1.0, 2.0, 3.0], dtype)
    p = {"layers": [Pair(x, x + 1)], "bias": Record("own", x * 2), "n": 3, "flag": None, "on": True}
    both_ways(srcdiff.value_and_grad(f, wrt=wrt, jit=jit), p, (2.0, (np.float64(0.5))))


@pytest.mark.parametrize("jit", MODES)
def test_the_parts_of_a_gradient(jit) -> None:
    def f(p, scale):
        return scale(p[0]) * p[1] * p[2]

    found = both_ways(srcdiff.grad(f, jit=jit), (2.0, 3, 0.5, "name", None), abs)
    assert found == (1.5, None, 6.0, None, None)


@pytest.mark.parametrize("jit", MODES)
def test_one_part(jit) -> None:
    assert both_ways(srcdiff.grad(lambda p: p[0] * p[0], jit=jit), (3.0,)) == (6.0,)
    assert both_ways(srcdiff.grad(lambda p, x: x * x, wrt="x", jit=jit), (), 3.0) == 6.0


class Letter(enum.StrEnum):
    A = "a"


class Tuple(tuple):
    __slots__ = ()


class Own(Record):
    pass


def unset(value: Any, name: str) -> Any:
    delattr(value, name)
    return value


def with_more(value: Any) -> Any:
    value.c = 1.0
    return value


def turned(value: Any) -> Any:
    value.a = value.__dict__.pop("a")
    return value


@pytest.mark.parametrize("jit", MODES)
@pytest.mark.parametrize(
    ("kind", "others"),
    [
        ("tuple", [(1.0,), (1.0, 2.0, 3.0), [1.0, 2.0], Tuple((1.0, 2.0)), Pair(1.0, 2.0), (1.0, 2), (1.0, (2.0,))]),
        ("tuple", [(np.float64(1.0), 2.0), (np.ones(2), 2.0), (None, 2.0), ("1", 2.0), 1.0, None, (1j, 2.0)]),
        ("list", [[1.0], [1.0, 2.0, 3.0], (1.0, 2.0), [1.0, True], np.ones(2)]),
        ("dict", [{"b": 2.0, "a": 1.0}, {"a": 1.0}, {"a": 1.0, "b": 2.0, "c": 3.0}, {"a": 1.0, "c": 2.0}, (1.0, 2.0)]),
        ("named", [(1.0, 2.0), Pair(1.0, 2), Record(1.0, 2.0)]),
        (
            "dataclass",
            [Own(1.0, 2.0), with_more(Record(1.0, 2.0)), turned(Record(1.0, 2.0)), unset(Record(1.0, 2.0), "b")],
        ),
        ("slots", [unset(Slotted(1.0, 2.0), "a"), Record(1.0, 2.0)]),
        ("object", [unset(Loose(1.0, 2.0), "a"), unset(Loose(1.0, 2.0), "b"), with_more(Loose(1.0, 2.0))]),
    ],
)
def test_other_arguments_are_no_hit(kind, others, jit) -> None:
    f, build = STRUCTURES[kind]
    derivative = srcdiff.grad(f, jit=jit)
    first = both_ways(derivative, build(1.5, 2.0))
    short = derivative._shortcut
    for other in others:
        assert short(other) is MISS
    assert_same(derivative(build(1.5, 2.0)), first)


@pytest.mark.parametrize("jit", MODES)
def test_known_parts_are_held_against_those_of_the_call(jit) -> None:
    def f(p):
        return p["rule"](p["x"]) * (2.0 if p["name"] == "twice" else 1.0) if p["n"] is None else p["x"]

    def args(rule=abs, name="twice", n=None):
        return {"x": 3.0, "rule": rule, "name": name, "n": n}

    derivative = srcdiff.grad(f, jit=jit)
    for given, slope in [
        (args(), 2.0),
        (args(np.square), 12.0),
        (args(name="once"), 1.0),
        (args(name="".join(["tw", "ice"])), 2.0),
        (args(n=1), 1.0),
    ]:
        assert both_ways(derivative, given)["x"] == slope


@pytest.mark.parametrize("jit", MODES)
def test_the_keys_of_a_gradient_are_those_of_the_argument(jit) -> None:
    derivative = srcdiff.grad(lambda p: p["a"] * p["a"], jit=jit)
    both_ways(derivative, {"a": 3.0})
    (key,) = derivative({Letter.A: 3.0})
    assert key is Letter.A


@pytest.mark.parametrize("jit", MODES)
def test_numbers_that_do_not_fit(jit) -> None:
    derivative = srcdiff.grad(lambda p: p[0] * p[1], jit=jit)
    assert both_ways(derivative, (2.0, 3)) == (3.0, None)
    assert derivative._shortcut((2.0, 2**63)) is MISS


def family() -> tuple[Any, Any, Any, Any]:
    """Classes of this test alone: one that has a method, two below it, and another one with such a method."""

    class Base:
        def __init__(self, x: float) -> None:
            self.x = x

        def shape(self) -> float:
            return self.x * self.x

    class Middle(Base):
        pass

    class Derived(Middle):
        pass

    class Other(Base):
        def shape(self) -> float:
            return 7.0 * self.x

    return Base, Middle, Derived, Other


@pytest.mark.parametrize("jit", MODES)
@pytest.mark.parametrize(("level", "slope"), [(0, 5.0), (1, 5.0), (2, 5.0), (3, 7.0)])
def test_methods_bound_anew(level, slope, jit) -> None:
    classes = family()
    derived = classes[2]
    derivative = srcdiff.grad(lambda p: p.shape(), jit=jit)
    assert both_ways_by_x(derivative, derived(3.0)) == 6.0
    short = derivative._shortcut
    if level < 3:  # where it stands, between, at the class itself
        classes[level].shape = lambda self: 5.0 * self.x
    else:
        derived.__bases__ = (classes[3],)
    assert short(derived(3.0)) is MISS
    assert derivative(derived(3.0)).x == slope


def both_ways_by_x(derivative: Any, p: Any) -> float:
    first = derivative(p)
    assert derivative._shortcut(p).x == first.x
    return first.x


@pytest.mark.parametrize("jit", MODES)
def test_globals_bound_anew(jit, monkeypatch) -> None:
    derivative = srcdiff.grad(lambda p: RATE * p[0] * p[1], jit=jit)
    assert both_ways(derivative, (3.0, 5.0)) == (10.0, 6.0)
    monkeypatch.setitem(globals(), "RATE", 3.0)
    assert derivative((3.0, 5.0)) == (15.0, 9.0)


@pytest.mark.parametrize("jit", MODES)
def test_what_is_written_takes_the_long_way(jit) -> None:
    def f(p):
        p[0][0] = p[0][0] * p[1]
        return p[0][0] * p[0][1]

    x = np.array([2.0, 3.0])
    derivative = srcdiff.grad(f, jit=jit)
    for _ in range(2):
        first, second = derivative((x, 5.0))
        assert (first.tolist(), second) == ([15.0, 10.0], 6.0)
        x[:] = 2.0, 3.0
    assert derivative._shortcut is None


def test_errors_in_plain_python_are_those_of_the_long_way() -> None:
    def f(p, k):
        return p[0][k] * p[1]

    derivative = srcdiff.grad(f)
    both_ways(derivative, (np.ones(3), 2.0), 1)
    long = srcdiff.grad(f)
    for _ in range(2):
        with pytest.raises(IndexError) as found:
            derivative((np.ones(3), 2.0), 7)
        long._shortcut = None
        with pytest.raises(IndexError) as expected:
            long((np.ones(3), 2.0), 7)
        assert (str(found.value), found.value.__notes__) == (str(expected.value), expected.value.__notes__)


def test_plain_gradients_have_the_form_of_their_arguments() -> None:
    def f(x, y, z):
        return np.sum(x) + y * z

    args = np.ones((2, 3), np.float32), np.float32(2.0), 3.0
    found = both_ways(srcdiff.grad(f, wrt=(0, 1, 2)), *args)
    assert [type(g) for g in found] == [np.ndarray, np.float32, float]
    assert (found[0].dtype, found[0].flags.writeable) == (np.float32, True)


@pytest.mark.parametrize("jit", MODES)
@pytest.mark.parametrize("kind", STRUCTURES)
def test_a_call_runs_few_functions_of_python(kind, jit) -> None:
    """Its time is for a quiet machine to measure: 0.3 to 1 us above the generated function for two numbers."""
    f, build = STRUCTURES[kind]
    derivative, p = srcdiff.grad(f, jit=jit), build(1.5, 2.0)
    both_ways(derivative, p)
    seen: list[str] = []
    sys.setprofile(lambda frame, event, _: seen.append(frame.f_code.co_name) if event == "call" else None)
    try:
        derivative(p)
    finally:
        sys.setprofile(None)
    assert seen[:2] == ["__call__", "call"]
    assert not {"ready", "key_of", "form_of", "run", "finish", "mapped", "rebuilt"} & set(seen)
