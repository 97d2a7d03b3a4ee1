"""What is read when: the parts of a statement in order, what a loop runs over when it begins."""

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import UnsupportedMutation
from srcdiff.testing import check_grad

Y = np.array([0.7, 1.3])


def a_name_of_a_tuple_bound_anew_in_the_loop(y):
    a, b = y[0], y[1]
    q = 0.0
    for v in (a, b):
        b = b * 0.5
        q = q * 2 + v
    return q


def an_element_of_a_tuple_written_in_the_loop(y):
    y = y.copy()
    q = 0.0
    for v in (y[0], y[1]):
        y[1] = 3 * y[0]
        q = q * 2 + v
    return q


def an_element_of_a_list_updated_in_the_loop(y):
    y = y.copy()
    q = 0.0
    for v in [y[0], y[1]]:
        y[1] *= 0.5
        q = q * 2 + v
    return q


def a_loop_over_a_copy(y):
    xs = [y[0], y[1]]
    q = 0.0
    for v in list(xs):
        xs[1] *= 0.5
        q = q * 2 + v
    return q


def a_loop_over_the_list_itself(y):
    xs = [y[0], y[1]]
    q = 0.0
    for v in xs:
        xs[1] *= 0.5
        q = q * 2 + v
    return q


def a_loop_over_a_tuple_of_the_list(y):
    xs = [y[0], y[1]]
    q = 0.0
    for i, v in enumerate(tuple(xs)):
        xs[1] *= 0.5
        q = q * 2 + v
    return q


def a_list_and_its_copy_side_by_side(y):
    xs = [y[0], y[1]]
    q = 0.0
    for u, v in zip(xs, xs[:]):
        xs[1] *= 0.5
        q = q * 2 + v * u
    return q


def a_loop_over_a_dict(y):
    d = {"a": y[0], "b": y[1]}
    q = 0.0
    for k, v in d.items():
        d["b"] *= 0.5
        q = q * 2 + v
    return q


def a_loop_over_a_list_of_a_dict(y):
    d = {"a": y[0], "b": y[1]}
    q = 0.0
    for v in list(d.values()):
        d["b"] *= 0.5
        q = q * 2 + v
    return q


def a_comprehension_that_binds_a_name(y):
    a, b = y[0], y[1]

    def g(v):
        nonlocal b
        b = b * 0.5
        return v * b

    return sum([g(v) for v in (a, b)])


def a_comprehension_over_a_copy(y):
    xs = [y[0], y[1]]

    def g(v):
        xs[1] *= 0.5
        return v * xs[1]

    return sum([g(v) for v in xs[:]])


def a_comprehension_over_the_list_itself(y):
    xs = [y[0], y[1]]

    def g(v):
        xs[1] *= 0.5
        return v * xs[1]

    return sum([g(v) for v in xs])


def elements_read_before_a_call_writes_them(y):
    y = y.copy()

    def g(v):
        y[1] *= 0.5
        return v * y[1]

    return sum([g(v) for v in (y[0], y[1])]) + (y[0] + g(1.0)) * y[1]


def an_item_before_and_after_a_call(y):
    xs = [y[0], y[1]]

    def g():
        xs[1] *= 0.5
        return xs[1]

    return xs[1] * g() + xs[1]


def a_number_before_and_after_a_call(y):
    s = y[0]

    def g():
        nonlocal s
        s = s * 0.5
        return s

    return s * g() + s


def an_argument_before_the_next_one_changes_it(y):
    s = y[0]

    def g(a, b):
        return a * b + a

    def h():
        nonlocal s
        s = s * 0.5
        return s

    return g(s, h())


def a_tuple_around_a_call(y):
    xs = [y[0], y[1]]

    def g():
        xs[1] *= 0.5
        return xs[1]

    t = (xs[1], g(), xs[1])
    return t[0] * t[1] + t[2] ** 2


def a_tuple_around_a_call_that_appends(y):
    xs = [y[0], y[1]]

    def g():
        xs.append(xs[1] * 0.5)
        return xs[-1]

    t = (xs[-1], g(), xs[-1])
    return t[0] * t[1] + t[2] ** 2


def an_update_by_what_changes_the_number(y):
    s = y[0]

    def g():
        nonlocal s
        s *= 0.5
        return s

    s += g()
    return s * y[1]


def an_update_by_what_changes_the_element(y):
    u = y * 1.0

    def g():
        u[0] *= 0.5
        return u[0]

    u[0] += g()
    return u[0] * y[1]


def an_update_by_what_changes_the_item(y):
    b = {"x": y[0]}

    def g():
        b["x"] *= 0.5
        return b["x"]

    b["x"] += g()
    return b["x"] * y[1]


def an_array_updated_by_what_gives_its_name_away(y):
    u = y * 1.0

    def g():
        nonlocal u
        u = u * 3.0
        return u[0]

    u += g()
    return u[0] * y[1]


def an_array_before_a_call_gives_its_name_away(y):
    u = y * 1.0

    def g():
        nonlocal u
        u = u * 3.0
        return u

    return u.dot(g()) + np.dot(b=g(), a=u)


def a_list_that_grows_in_its_loop(y):
    xs = [y[0], y[1]]
    n = 0
    for i, v in enumerate(xs):
        if i < 2:
            xs.append(v * v)
        n += 1
    return xs[-1] * n


def the_name_of_the_list_given_away_in_the_loop(y):
    xs = [y[0], y[1]]
    q = 0.0
    for v in xs:
        xs = [v * 2, 3.0]
        q = q * 2 + v + xs[0]
    return q


def a_view_of_a_dict_under_a_name(y):
    d = {"a": y[0], "b": y[1]}
    vs = d.values()
    d["a"] *= 2
    return sum(vs) * d["a"]


def the_values_of_a_dict_in_a_list(y):
    d = {"a": y[0], "b": y[1]}
    vs = list(d.values())
    d["a"] *= 2
    return sum(vs) * d["a"]


def an_argument_that_the_callee_changes(y):
    xs = [y[0], y[1]]

    def g(v, w):
        xs[0] *= 2
        return v * w * xs[0]

    return g(xs[0], w=xs[1] * xs[0]) + g(*xs)


def an_argument_taken_from_a_list_that_grows(y):
    xs = [v * v for v in y]

    def g(v):
        xs.append(v * xs[-1])
        return v * xs[-1]

    return g(xs[-1]) * xs[-1] + g(len(xs))


def a_number_set_by_a_function(y):
    s = y[0]

    def set_(v):
        nonlocal s
        s = v

    def get():
        return s

    a = get()
    set_(y[1])
    return a * get() + s


def a_counter(y):
    n = 1

    def count():
        nonlocal n
        n = n + 1
        return n

    return y[0] * count() + y[1] * count() * n


class Acc:
    def __init__(self):
        self.t = 0.0

    def add(self, v):
        self.t += v
        return self.t


def a_running_total(y):
    a = Acc()
    return a.add(y[0]) * a.add(y[1]) + a.t * a.add(y[0])


def a_running_total_in_a_tuple(y):
    a = Acc()
    s = 0.0
    for v in (a.add(y[0]), a.t, a.add(y[1])):
        s = s * 2 + v * a.add(v)
    return s * a.t


def a_total_added_to_itself(y):
    a = Acc()
    a.t = y[0]
    a.t += a.add(y[1])
    return a.t**2


def a_test_that_adds(y):
    a = Acc()
    a.t = y[0]
    return a.t if a.add(y[1]) > a.t * 0.1 else 0.0


PROGRAMS = [
    a_name_of_a_tuple_bound_anew_in_the_loop,
    an_element_of_a_tuple_written_in_the_loop,
    an_element_of_a_list_updated_in_the_loop,
    a_loop_over_a_copy,
    a_loop_over_the_list_itself,
    a_loop_over_a_tuple_of_the_list,
    a_list_and_its_copy_side_by_side,
    a_loop_over_a_dict,
    a_loop_over_a_list_of_a_dict,
    a_comprehension_that_binds_a_name,
    a_comprehension_over_a_copy,
    a_comprehension_over_the_list_itself,
    elements_read_before_a_call_writes_them,
    an_item_before_and_after_a_call,
    a_number_before_and_after_a_call,
    an_argument_before_the_next_one_changes_it,
    a_tuple_around_a_call,
    a_tuple_around_a_call_that_appends,
    an_update_by_what_changes_the_number,
    an_update_by_what_changes_the_element,
    an_update_by_what_changes_the_item,
    an_array_before_a_call_gives_its_name_away,
    the_name_of_the_list_given_away_in_the_loop,
    the_values_of_a_dict_in_a_list,
    an_argument_that_the_callee_changes,
    an_argument_taken_from_a_list_that_grows,
    a_number_set_by_a_function,
    a_counter,
    a_running_total,
    a_running_total_in_a_tuple,
    a_total_added_to_itself,
    a_test_that_adds,
]


@pytest.mark.parametrize("f", PROGRAMS)
def test_gradient(f):
    check_grad(f, (Y,), order=2)


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (an_array_updated_by_what_gives_its_name_away, "an update by a call that gives the name of the array"),
        (a_list_that_grows_in_its_loop, "a list that grows or shrinks while a loop runs over it"),
        (a_view_of_a_dict_under_a_name, "a view of a dict that is changed in place, under a name"),
    ],
)
def test_refused(f, text):
    with pytest.raises(UnsupportedMutation, match=text):
        srcdiff.grad(f)(Y)
