"""Structures as arguments, inside functions and as results: tuples, lists, dicts, dataclasses, objects."""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument, SharedMemory, UnsupportedMutation, UnsupportedSyntax, UnsupportedType
from srcdiff.testing import check_grad

RNG = np.random.default_rng(11)


class Pair(NamedTuple):
    a: float
    m: np.ndarray
    label: str = "pair"

    def scaled(self, k):
        return self._replace(a=self.a * k)


@dataclasses.dataclass
class Body:
    x: float
    v: np.ndarray
    steps: int = 3
    name: str = "body"

    @property
    def speed(self):
        return np.sqrt(np.sum(self.v**2))

    def energy(self, c=0.5):
        return c * self.speed**2 + self.x**2

    def kick(self, dv):
        self.v = self.v + dv
        self.x += 0.1 * dv


@dataclasses.dataclass(frozen=True)
class Params:
    rate: float
    shape: tuple[float, float] = (1.0, 2.0)
    extra: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Wheel:
    radius: float
    spokes: list[float] = dataclasses.field(default_factory=list)
    area: float = dataclasses.field(init=False, default=0.0)

    def __post_init__(self):
        self.area = 3.0 * self.radius**2


class Net:
    slope = 0.1

    def __init__(self, sizes, rng):
        self.layers = [(rng.normal(size=(n, m)), rng.normal(size=n)) for m, n in itertools.pairwise(sizes)]
        self.act = np.tanh

    def __call__(self, x):
        for k, (W, b) in enumerate(self.layers):
            x = W @ x + b
            if k < len(self.layers) - 1:
                x = self.act(x)
        return x

    @staticmethod
    def square(x):
        return x * x

    @classmethod
    def penalty(cls, w):
        return cls.slope * np.sum(w**2)


class Slotted:
    __slots__ = ("_hidden", "value")

    def __init__(self, value):
        self.value = value
        self._hidden = 2.0 * value

    @property
    def hidden(self):
        return self._hidden

    @hidden.setter
    def hidden(self, value):
        self._hidden = value


# ------------------------------------------------------------------------------------------------- the programs


def dict_of_weights(p, x):
    h = np.tanh(p["W"] @ x + p["b"])
    return np.sum(h**2) * p["scale"]


def list_of_layers(params, x):
    for W, b in params:
        x = np.tanh(W @ x + b)
    return np.sum(x)


def a_list_of_numbers(ws, x):
    total = 0.0
    for k, w in enumerate(ws):
        total += w * x**k
    first, *rest = ws
    return total * first + sum(rest) + rest[-1] * len(ws)


def nested(p, q):
    (a, b), c = p
    return a * np.sum(b) * c["deep"]["er"] + q[0] * q[1][0] ** 2


def named_tuple(t, k):
    u = t.scaled(k)
    a, m, _ = u
    return a * np.sum(m**2) * u.a + u[1][0] + np.sum(t._asdict()["m"])


def dataclass_with_methods(body, k):
    e = 0.0
    for i in range(body.steps):
        e = e + body.energy(c=k) * (i + 1.0)
    return e * body.x


def changed_in_place(body, dt):
    for _ in range(body.steps):
        body.x = body.x + dt * np.sum(body.v)
        body.v -= dt * body.x * body.v
        body.kick(dt)
    return body.energy()


def two_names(body, dt):
    other = body
    other.x = other.x * dt
    body.x += dt
    return other.x * body.x * np.sum(other.v)


def frozen(p, x):
    q = dataclasses.replace(p, rate=p.rate * x)
    a, b = q.shape
    return q.rate**2 * a + b * q.extra["k"] * x


def state_of_a_loop(x0, k, n):
    state = {"x": x0, "v": 1.0}
    for _ in range(n):
        state = {"x": state["x"] + 0.1 * state["v"], "v": state["v"] - 0.1 * k * state["x"]}
    return state["x"] ** 2 + state["v"]


def remade_each_trip(x0, k, n):
    body = Body(x0, np.array([1.0, k]))
    for _ in range(n):
        body = Body(body.x + 0.1 * body.speed, body.v * 0.9, steps=2)
        body.kick(0.1 * k)
    return body.energy()


def made_in_a_callee(x, k):
    def_ = build(x, k)
    best = def_
    best.x += k
    return best.x * np.sum(best.v) + def_.speed


def one_of_two(x, k):
    best = build(x, k)
    if x > 100.0:
        best = build(k, x)
    other = best
    if x < 100.0:
        other = build(k, k)
    return other.x


def build(x, k):
    body = Body(x, np.array([k, x * k]))
    body.x = body.x * 2.0
    return body


def post_init(r):
    wheel = Wheel(r, [r, 2.0 * r])
    return wheel.area * wheel.spokes[1] + len(wheel.spokes)


def object_with_call(net, x, y):
    return np.sum(Net.square(net(x) - y)) + net.penalty(net.layers[0][0])


def slots_and_properties(s, x):
    s.hidden = s.hidden * x
    return s.value * s.hidden + s._hidden


def dict_methods(d, x):
    e = {**d, "b": x * 2.0}
    e["c"] = e.get("c", 1.0) * x
    e.update(d=x, a=d["a"] * x)
    total = 0.0
    for key, value in e.items():
        if key != "skip":
            total += value * value
    return total * (3.0 if "a" in d else 5.0) * len(e) + sum(d.values())


def star_arguments(p, x):
    pair = (x, p["k"])
    return weighed(*pair, **{"c": p["c"]}) + weighed(x, *[1.0, x])


def weighed(a, b, c):
    return a * b * b + c


def in_a_branch(p, x):
    if x > 0.0:
        q = {"a": p["a"] * x, "b": x}
    else:
        q = {"a": x, "b": p["a"]}
    return q["a"] * q["b"] ** 2


def a_dict_of_results(p, x):
    return {"loss": p["w"] * np.sum(x), "parts": [x * p["w"], (p["w"], x[0])]}


def attributes_by_name(body, x):
    setattr(body, "x", x * getattr(body, "x"))
    return body.x * getattr(body, "missing", 2.0) + (1.0 if hasattr(body, "v") else 0.0)


def swapped(p, x):
    p = (p[1], (p[0], p[1] * x))
    p = (p[1][0], (p[0], p[1][1]))
    return p[0] * x + p[1][0] ** 2 * p[1][1]


def left_early(ws, x):
    for w in ws:
        x = x * w
        if x > 4.0:
            break
    else:
        x = -x
    return x


def zipped(ws, x):
    s = 0.0
    for w, xi, k in zip(ws, x, range(10)):
        s += w * xi**2 * (k + 1)
    for k, w in reversed(list(enumerate(ws))):
        s = s * w + k
    return s


def an_array_in_two_places(p):
    q = {"u": p["m"], "w": p["m"]}
    q["u"][0] = 3.0 * p["k"]
    return np.sum(q["w"] ** 2) * p["k"]


BODY = Body(1.2, np.array([0.5, -1.5]))
LAYERS = [(RNG.normal(size=(3, 2)), RNG.normal(size=3)), (RNG.normal(size=(2, 3)), RNG.normal(size=2))]
X2 = np.array([0.3, -0.7])
PROGRAMS: list[tuple[Any, tuple[Any, ...]]] = [
    (dict_of_weights, ({"W": RNG.normal(size=(3, 2)), "b": RNG.normal(size=3), "scale": 2.0, "name": "abc"}, X2)),
    (list_of_layers, (LAYERS, X2)),
    (a_list_of_numbers, ([1.5, 2.0, -0.5], 0.7)),
    (nested, (((2.0, X2), {"deep": {"er": 1.5}}), (0.5, [3.0]))),
    (named_tuple, (Pair(1.5, X2), 0.7)),
    (dataclass_with_methods, (BODY, 0.4)),
    (changed_in_place, (BODY, 0.1)),
    (two_names, (BODY, 0.6)),
    (frozen, (Params(1.5, (0.5, 2.5), {"k": 3.0, "unused": object()}), 0.7)),
    (state_of_a_loop, (1.0, 2.0, 4)),
    (remade_each_trip, (1.0, 2.0, 3)),
    (made_in_a_callee, (1.5, 0.5)),
    (post_init, (1.5,)),
    (object_with_call, (Net([2, 3, 1], RNG), X2, np.ones(1))),
    (slots_and_properties, (Slotted(1.5), 0.8)),
    (dict_methods, ({"a": 1.5, "c": 0.5}, 0.9)),
    (star_arguments, ({"k": 1.5, "c": 2.0}, 0.4)),
    (in_a_branch, ({"a": 1.5}, 0.4)),
    (in_a_branch, ({"a": 1.5}, -0.4)),
    (a_dict_of_results, ({"w": 1.5}, X2)),
    (attributes_by_name, (BODY, 0.4)),
    (swapped, ((1.5, 2.0), 0.7)),
    (left_early, ([1.5, 2.0, 3.0], 1.0)),
    (left_early, ([1.5, 2.0, 1.1], 3.0)),
    (zipped, ([1.5, 2.0], np.array([0.5, 0.2]))),
    (an_array_in_two_places, ({"m": np.array([1.0, 2.0]), "k": 0.5},)),
]
NAMES = [f"{f.__name__}_{k}" for k, (f, _) in enumerate(PROGRAMS)]


@pytest.mark.parametrize(("f", "args"), PROGRAMS, ids=NAMES)
def test_gradient(f, args):
    scalar = np.ndim(f(*copy.deepcopy(args))) == 0 and not isinstance(f(*copy.deepcopy(args)), dict)
    check_grad(f, args, order=2 if scalar else 1)


@pytest.mark.jit
@pytest.mark.parametrize(("f", "args"), PROGRAMS[::3], ids=NAMES[::3])
def test_jitted(f, args):
    if f is a_dict_of_results:
        return
    check_grad(f, args, jit=True)


def test_the_gradient_has_the_form_of_its_argument():
    net = Net([2, 3, 1], RNG)
    found = srcdiff.grad(object_with_call)(net, X2, np.ones(1))
    assert type(found) is Net
    assert found.act is None
    assert [tuple(a.shape for a in layer) for layer in found.layers] == [((3, 2), (3,)), ((1, 3), (1,))]
    frozen_gradient = srcdiff.grad(frozen)(Params(1.5, extra={"k": 3.0}), 0.7)
    assert isinstance(frozen_gradient, Params)
    assert frozen_gradient.shape == pytest.approx(((1.5 * 0.7) ** 2, 3.0 * 0.7))
    float32 = srcdiff.grad(dict_of_weights)({"W": np.ones((1, 1), np.float32), "b": np.ones(1), "scale": 1}, np.ones(1))
    assert float32["W"].dtype == np.float32
    assert float32["scale"] is None  # a whole number within a structure is a count


def test_has_aux_and_products_with_vectors():
    value, aux = srcdiff.grad(lambda p: (p["x"] ** 2, {"double": 2.0 * p["x"]}), has_aux=True)({"x": 3.0})
    assert (value, aux) == ({"x": 6.0}, {"double": 6.0})
    product = srcdiff.hvp(lambda p: p.a**3 * np.sum(p.m))(Pair(2.0, np.ones(2)), Pair(1.0, np.zeros(2)))
    assert isinstance(product, Pair)
    assert product.a == 24.0
    np.testing.assert_allclose(product.m, [12.0, 12.0])


def scaled_by(p, x, f):
    return p["k"] * f(x) * p["m"][0]


def test_jacobians_with_structures_beside():
    p = {"k": 2.0, "m": [3.0]}
    np.testing.assert_allclose(srcdiff.jacobian(scaled_by, wrt="x")(p, X2, np.sin), np.diag(6.0 * np.cos(X2)))
    value, block = srcdiff.value_and_jacobian(scaled_by, wrt="x", mode="reverse")(p, X2, lambda v: v * v)
    np.testing.assert_allclose(value, 6.0 * X2**2)
    np.testing.assert_allclose(block, np.diag(12.0 * X2))
    np.testing.assert_allclose(
        srcdiff.hessian(lambda p, x: np.sum(scaled_by(p, x, np.sin)), wrt=1)(p, X2), np.diag(-6.0 * np.sin(X2))
    )
    with pytest.raises(BadArgument, match="Give the parts of `p` parameters of their own"):
        srcdiff.jacobian(scaled_by)(p, X2, np.sin)


CONFIG = {"rate": 2.0, "w": np.arange(3.0), "n": 2, "other": object(), "act": np.tanh, "sub": {"k": 1.5}}


def reads_config(x):
    s = CONFIG["rate"] * x
    for _ in range(CONFIG["n"]):
        s = CONFIG["act"](s) * CONFIG["sub"]["k"]
    return s * np.sum(CONFIG["w"])


def test_a_structure_from_outside_is_read_anew():
    df = srcdiff.grad(reads_config)

    def check():
        step = 1e-6
        expected = (reads_config(0.3 + step) - reads_config(0.3 - step)) / (2 * step)
        assert df(0.3) == pytest.approx(expected, rel=1e-7)

    check()
    for change in (
        lambda: CONFIG.update(rate=3.0),
        lambda: CONFIG["w"].__setitem__(1, 7.0),
        lambda: CONFIG.update(w=np.ones(5)),
        lambda: CONFIG["sub"].update(k=0.5),
        lambda: CONFIG.update(n=4),
    ):
        change()
        check()


def test_a_class_attribute_is_read_anew(monkeypatch):
    df = srcdiff.grad(lambda net, w: net.penalty(w), wrt=1)
    net = Net([1, 1], RNG)
    assert df(net, 2.0) == pytest.approx(0.4)
    monkeypatch.setattr(Net, "slope", 0.5)
    assert df(net, 2.0) == pytest.approx(2.0)


class Model:
    def __init__(self, a):
        self.a = a
        self.W = np.eye(2)

    def run(self, x, k=2.0):
        return np.sum(self.W @ x) * self.a * k

    def __call__(self, x):
        return self.a * x**2


def test_methods_objects_and_partials_can_be_differentiated():
    model = Model(3.0)
    df = srcdiff.grad(model.run)
    np.testing.assert_allclose(df(np.ones(2)), [6.0, 6.0])
    np.testing.assert_allclose(df(np.ones(2), k=1.0), [3.0, 3.0])
    model.a = 5.0
    np.testing.assert_allclose(df(np.ones(2)), [10.0, 10.0])
    assert srcdiff.grad(model)(2.0) == 20.0
    np.testing.assert_allclose(srcdiff.grad(functools.partial(model.run, k=4.0))(np.ones(2)), [20.0, 20.0])
    assert srcdiff.grad(functools.partial(weighed, 2.0))(3.0, 4.0) == 12.0
    partial = functools.partial(weighed, 2.0)
    assert srcdiff.grad(lambda x: model.run(x) + partial(x[0], 1.0) + model(x[1]))(np.ones(2)).tolist() == [14.0, 20.0]


# ----------------------------------------------------------------------------------------------- what is refused


def changes_both(p, q):
    p["a"] = 1.0
    return p["a"] + q["a"]


def test_one_object_in_two_places_of_a_call():
    d = {"a": 2.0}
    with pytest.raises(SharedMemory, match="changes a dict that is both"):
        srcdiff.grad(changes_both)(d, d)
    assert srcdiff.grad(changes_both, wrt=(0, 1))(d, dict(d)) == ({"a": 0.0}, {"a": 1.0})


def changes_config(x):
    body = BODY
    body.x = x
    return body.x


def of_unknown_key(d, k):
    return d[k] * 2.0


def of_a_missing_key(d, k):
    return d["zz"] * k


def of_a_missing_attribute(body, k):
    return body.z * k


def changes_a_frozen_one(p, x):
    p.rate = x
    return p.rate


def grows_in_a_branch(d, x):
    if x > 0.0:
        d["new"] = x
    return d["a"] * x


@pytest.mark.parametrize(
    ("f", "args", "error", "text"),
    [
        (changes_config, (1.0,), UnsupportedMutation, "no variable of the function holds|defined outside"),
        (of_unknown_key, ({"a": 1.0}, 3), UnsupportedSyntax, "a key that is known only when the program runs"),
        (one_of_two, (1.0, 2.0), UnsupportedType, "different kinds on the paths"),
        (of_a_missing_key, ({"a": 1.0}, 3.0), UnsupportedSyntax, "the key 'zz' of a dict that has no such key"),
        (of_a_missing_attribute, (BODY, 3.0), UnsupportedSyntax, "the attribute `z` of a Body"),
        (changes_a_frozen_one, (Params(1.0), 3.0), UnsupportedMutation, "which cannot be changed"),
    ],
)
def test_refused(f, args, error, text):
    with pytest.raises(error, match=text):
        srcdiff.grad(f)(*args)


def test_structures_without_numbers():
    with pytest.raises(BadArgument, match="holds no real number"):
        srcdiff.grad(lambda p, x: x)({"n": 3}, 1.0)
    loop = Net([1, 1], RNG)
    loop.parent = loop
    with pytest.raises(BadArgument, match="contains itself"):
        srcdiff.grad(lambda net, x: x * net.layers[0][0][0, 0])(loop, 1.0)
    with pytest.raises(BadArgument, match=r"np\.array"):
        srcdiff.grad(lambda x: sum(x))([1.0] * 5000)


def test_tangents_have_the_form_of_their_argument():
    with pytest.raises(BadArgument, match="has to be a structure like"):
        srcdiff.jvp(dict_of_weights, ({"W": np.ones((1, 1)), "b": np.ones(1), "scale": 1.0}, np.ones(1)), ({}, None))


def a_list_that_is_changed(x, k):
    xs = [x, 2.0 * x]
    ys = xs
    xs.append(k)
    ys.extend([x * k, 1.0])
    xs[0] += k
    xs.insert(1, xs[0] * xs[-2])
    taken = xs.pop(2)
    last = ys.pop()
    xs[-1] = xs[-1] ** 2
    total = last * taken
    for place, value in enumerate(xs):
        total += value * (place + 1.0)
    return total * len(ys) + sum(xs) + max(xs)


def sequences(x, k):
    pair = (x, k) + (x * k,)
    many = [x] * 2 + [k]
    return pair[2] * many[1] * sum(many) + np.sum(np.array(many) ** 2) + np.max(np.stack([x * np.ones(2), np.zeros(2)]))


@pytest.mark.parametrize("f", [a_list_that_is_changed, sequences])
def test_sequences(f):
    check_grad(f, (1.5, 0.7), order=2)
