"""Structures and closures where it is easy to go wrong: second names, changes in place, late values, copies."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from srcdiff.testing import check_grad


@dataclasses.dataclass
class Body:
    x: float
    v: float = 0.0


@dataclasses.dataclass
class World:
    b: Body
    arr: np.ndarray
    hist: list = dataclasses.field(default_factory=list)


def a_structure_within_another(w, dt):  # nested mutable alias
    b = w.b
    b.x += dt * w.arr[0]
    w.arr[1] = b.x**2
    a = w.arr
    a += b.v
    return w.b.x * np.sum(w.arr)


def a_list_within_a_dict(x):  # list aliasing through structure
    d = {"l": [x, 2 * x]}
    l = d["l"]
    l[0] = l[0] * 3
    d["l"].append(x * x)
    return sum(l) * len(d["l"])


def fields_swapped(x):  # swap fields
    p = Body(x, 2 * x)
    p.x, p.v = p.v, p.x * x
    return p.x * p.v**2


def an_object_from_each_branch(x):  # object returned from branch
    def mk(s):
        q = Body(s)
        q.v = s * 2
        return q

    if x > 0:
        p = mk(x)
    else:
        p = mk(-x)
    p.x = p.x + p.v
    return p.x**2


def a_new_object_each_trip(x, n):
    p = Body(x)
    for i in range(n):
        q = Body(p.x * 1.1, p.v + 0.1)
        p = q
    return p.x * p.v


def a_second_name_in_a_loop(x, n):  # mutated in loop, alias in loop
    p = Body(x)
    for i in range(n):
        q = p
        q.x = q.x * 1.1
        if i % 2 == 0:
            q.v += p.x
    return p.x * p.v


def a_closure_that_changes_a_dict(x):  # default mutable arg-like closure
    acc = {"s": 0.0}

    def add(v, k=x):
        acc["s"] += v * k

    for i in range(3):
        add(x * i)
    return acc["s"]


def closures_see_the_last_trip(x):  # closure late binding loop var
    fs = []
    for k in (1.0, 2.0, 3.0):
        fs.append(lambda v: v * k)
    return sum(f(x) for f in fs)


def closures_with_defaults(x):
    fs = [lambda v, k=k: v * k for k in (1.0, 2.0, 3.0)]
    return sum(f(x) for f in fs)


def a_closure_called_before_and_after(x):
    k = 2.0
    f = lambda v: k * v
    a = f(x)
    k = x
    return a + f(x)


def a_closure_that_writes_an_array(x):  # array in closure written
    a = np.array([x, x * x])

    def bump(i):
        a[i] *= 2.0

    bump(0)
    bump(1)
    s = 0.0
    for i in range(2):
        bump(i)
        s += np.sum(a)
    return s


def a_comprehension_hides_a_name(x):  # shadowing in comprehension
    i = x
    ys = [i * 2.0 for i in (x, x + 1)]
    return i * sum(ys)


def nested_unpacking(x):
    t = (x, (x * 2, [x * 3, {"k": x * 4}]))
    a, (b, [c, d]) = t
    return a * b + c * d["k"]


def a_parameter_bound_anew(p, x):  # param rebinding in callee
    def f(p):
        p = Body(p.x * 2, p.v)
        p.x = 5.0 * p.x
        return p.x

    return f(p) * p.x * x


def a_copy_with_other_fields(p, x):
    p2 = dataclasses.replace(p, x=x)
    p2.x = p2.x * 3
    return p.x * p2.x


def objects_in_a_list(p):
    ps = [p, Body(2.0 * p.x)]
    ps[0].x = 3.0
    for q in ps:
        q.v = q.x * 2
    return ps[1].v + p.x + p.v


def copies_of_a_dict_that_changes(x, n):
    s = {"a": x, "b": 1.0}
    for i in range(n):
        old = dict(s)
        s["a"] = old["b"] * x
        s["b"] = old["a"] + s["a"]
    return s["a"] * s["b"]


def a_dict_comprehension_in_a_while_loop(x, n):
    s = {"a": x, "b": 1.0}
    while s["a"] < 10.0:
        s = {k: v * 1.5 + s["b"] for k, v in s.items()}
        n += 1
        if n > 20:
            break
    return s["a"] * s["b"]


class Counter:
    def __init__(self):
        self.t = 0.0
        self.n = 0

    def __call__(self, v):
        self.t += v
        self.n += 1
        return self

    @property
    def mean(self):
        return self.t / self.n


def a_callable_object_that_counts(x):
    a = Counter()
    for i in range(3):
        a(x * i)(x)
    return a.mean


class Base:
    scale = 2.0

    def val(self):
        return self.x * self.scale


class Derived(Base):
    def __init__(self, x):
        self.x = x

    def val(self):
        return super().val() + 1.0


class Hiding(Base):
    def __init__(self, x):
        self.x = x
        self.scale = x


def an_attribute_hides_that_of_the_class(x):
    return Hiding(x).val()


def a_method_of_the_base_class(x):
    return Derived(x).val()


def an_array_under_two_keys(p, x):
    e = {**p}
    e["arr"] += x
    return np.sum(p["arr"]) * x


def lists_of_lists_of_numbers(x):
    z = [[x, 1.0], [2.0, x]]
    A = np.array(z)
    z[0][0] = 7.0 * x
    return np.linalg.det(A) * z[0][0]


def slices_of_lists_are_copies(x):
    xs = [x, 2.0, 3 * x]
    ys = xs[:]
    ys[0] = 1.0
    zs = xs[::-1]
    a, *b = zs
    return sum(xs) * ys[0] + a * b[0]


def lists_in_place(x):
    xs = [x, 2 * x]
    xs += [3 * x]
    xs *= 2
    return sum(xs) * len(xs)


def tuples_that_grow(x):
    t = (x,)
    t += (2 * x,)
    return t[1] * t[0]


def methods_of_parts(a):
    return np.sum(a["p"].T @ a["p"]) + a["q"].sum()


def a_second_name_outlives_the_first(x):
    p, r = Body(x), Body(2 * x)
    q = p
    p = r
    p.x += 1.0
    q.x *= 3
    return p.x * q.x


def objects_change_names(x):
    p, q, r = Body(x), Body(2 * x), Body(3 * x)
    s = p
    p, q, r = q, r, p
    p.x += x
    r.x *= 2.0
    return p.x * q.x**2 * r.x + s.x


def objects_change_places_in_a_list(x):
    ps = [Body(x), Body(2 * x), Body(3 * x)]
    q = ps[0]
    ps[0] = ps[1]
    ps[0].x *= x
    q.x += x * x
    ps[1], ps[2] = ps[2], ps[1]
    ps.reverse()
    ps[0].x *= 3.0
    return ps[0].x * ps[1].x ** 2 + ps[2].x * q.x


def an_object_is_taken_out_and_put_back(x):
    ps = [Body(x), Body(2 * x), Body(3 * x)]
    q = ps.pop(0)
    ps.insert(1, q)
    ps[0].x *= x
    q.x += x * x
    return ps[0].x * ps[1].x ** 2 + ps[2].x * q.x


def objects_change_keys(x):
    d = {"a": Body(x), "b": Body(2 * x)}
    d["a"], d["b"] = d["b"], d["a"]
    d["a"].x *= x
    return d["a"].x ** 2 * d["b"].x


def lists_change_names(x):
    xs, ys = [x, 2 * x], [3 * x]
    a = xs
    xs, ys = ys, xs
    xs.append(x * x)
    ys[0] *= x
    return xs[-1] * ys[0] * len(xs) * a[0]


def a_closure_rebinds_what_it_was_given(x):
    p = Body(x)

    def g(v):
        nonlocal p
        q = p
        p = Body(5 * x)
        v.x += x
        return v.x * p.x**2 * q.x

    return g(p) * p.x


PROGRAMS = [
    *((f, (1.3,)) for f in (a_second_name_outlives_the_first, objects_change_names, objects_change_places_in_a_list)),
    *((f, (1.3,)) for f in (an_object_is_taken_out_and_put_back, objects_change_keys, lists_change_names)),
    (a_closure_rebinds_what_it_was_given, (1.3,)),
    (a_structure_within_another, (World(Body(1.2, 0.5), np.array([1.0, 2.0, 3.0])), 0.3)),
    (a_list_within_a_dict, (1.5,)),
    (fields_swapped, (1.5,)),
    (an_object_from_each_branch, (1.5,)),
    (an_object_from_each_branch, (-1.5,)),
    (a_new_object_each_trip, (1.5, 3)),
    (a_second_name_in_a_loop, (1.5, 4)),
    (a_closure_that_changes_a_dict, (1.5,)),
    (closures_see_the_last_trip, (1.5,)),
    (closures_with_defaults, (1.5,)),
    (a_closure_called_before_and_after, (1.5,)),
    (a_closure_that_writes_an_array, (1.5,)),
    (a_comprehension_hides_a_name, (1.5,)),
    (nested_unpacking, (1.5,)),
    (a_parameter_bound_anew, (Body(1.2, 0.5), 0.7)),
    (a_copy_with_other_fields, (Body(1.2, 0.5), 0.7)),
    (objects_in_a_list, (Body(1.2, 0.5),)),
    (copies_of_a_dict_that_changes, (1.5, 3)),
    (a_dict_comprehension_in_a_while_loop, (1.5, 0)),
    (a_callable_object_that_counts, (1.5,)),
    (an_attribute_hides_that_of_the_class, (1.5,)),
    (a_method_of_the_base_class, (1.5,)),
    (an_array_under_two_keys, ({"arr": np.ones(2)}, 1.5)),
    (lists_of_lists_of_numbers, (1.5,)),
    (slices_of_lists_are_copies, (1.5,)),
    (lists_in_place, (1.5,)),
    (tuples_that_grow, (1.5,)),
    (methods_of_parts, ({"p": np.arange(4.0).reshape(2, 2), "q": np.ones(3)},)),
]


@pytest.mark.parametrize(("f", "args"), PROGRAMS, ids=[f"{f.__name__}_{k}" for k, (f, _) in enumerate(PROGRAMS)])
def test_gradient(f, args):
    check_grad(f, args, order=2)
