"""Lists whose length the run decides: the text of their derivatives, lists as arguments, and what is refused."""

import itertools

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import (
    AmbiguousAlias,
    UnsupportedCall,
    UnsupportedMutation,
    UnsupportedSyntax,
    UnsupportedType,
)
from srcdiff.testing import check_grad

X = np.array([0.3, 0.9, -0.4, 1.1])
FIXED = [1.0, 2.0]


def powers(x, n):
    xs = [x]
    for _ in range(n):
        xs.append(xs[-1] * x)
    return sum(xs)


POWERS = '''\
def powers_grad(x, n, result_bar=1.0):
    """d powers / d x.  Written by srcdiff from test_lists.py:@."""
    # forward sweep
    xs = []
    xs.append(x)
    for _ in range(n):
        xs.append(xs[-1] * x)
    n_1 = len(xs)

    # reverse sweep
    xs_bar = [0.0] * len(xs)
    total_bar = result_bar  # return sum(xs)
    for k in range(n_1 - 1, -1, -1):
        xs_bar[k] += total_bar  # return sum(xs)
    x_bar = 0.0
    for _ in range(n):
        xs.pop()
        xs_bar_1 = xs_bar.pop()  # xs.append(xs[-1] * x)
        xs_bar[-1] += x * xs_bar_1
        x_bar += xs[-1] * xs_bar_1
    xs_bar_1 = xs_bar.pop()  # xs = [x]
    x_bar += xs_bar_1
    return x_bar
'''


def test_what_has_been_appended_is_taken_back():
    line = powers.__code__.co_firstlineno
    assert POWERS.replace("@", str(line)) in srcdiff.source(srcdiff.grad(powers), 0.7, 4)
    assert srcdiff.grad(powers)(0.7, 4) == pytest.approx(sum(k * 0.7 ** (k - 1) for k in range(1, 6)))


def lengthened(xs, k):
    for _ in range(k):
        xs.append(xs[-1] * xs[0])
    return sum(xs)


def test_a_list_among_the_arguments_stays_as_it_is():
    given = [0.5, 1.5]
    gradient = srcdiff.grad(lengthened)(given, 3)
    assert given == [0.5, 1.5]
    step = 1e-6
    for k in range(2):
        up, down = ([v + s * (j == k) for j, v in enumerate([0.5, 1.5])] for s in (step, -step))
        assert gradient[k] == pytest.approx((lengthened(up, 3) - lengthened(down, 3)) / (2.0 * step), rel=1e-6)


def more_ways(x):
    xs = []
    for v in x:
        xs += [v * v, v]
    ys = [1.0, *xs]
    a, b, *_ = xs[0], xs[1], 0.0
    buckets = [[] for _ in range(3)]
    for i, v in enumerate(x):
        buckets[i % 3].append(v**3)
    row = buckets[0]
    row[0] *= 2.0
    cubes = sum(sum(bucket) for bucket in buckets)
    return sum(map(lambda v: v * v, ys)) * a + b * cubes + sum(buckets[0])


def taken_from_a_list_of_numbers(x):
    q = x[0]
    for v in x:
        xs = [0.0] * len(x)
        xs[0] = 2.0
        q = q * v
        q = xs.pop()  # carries no derivative
    return q * x[1]


def a_part_is_a_new_list(x):
    xs = [0.5 * x[0], x[1]]
    ys = xs[::1]
    last = ys.pop()
    ys[0] = last
    return xs[0] * xs[1] + ys[0]


def in_place_under_two_names(x):
    xs = [x[0], x[1]]
    ys = xs
    xs += [x[2]]
    xs *= 2
    zs = xs * len(x)
    return sum(ys) * len(ys) + zs[-1] * len(zs)


def pop_in_a_callee(x):
    def top(values):
        return values.pop()

    xs = [v * v for v in x]
    return xs[-1] * top(xs) + xs[-1] * xs[0]


def whole_numbers_first(x):
    xs = [1]
    for v in x:
        xs.append(xs[-1] + v)
    return xs[2] * xs[-1]


@pytest.mark.parametrize(
    "f",
    [
        more_ways,
        in_place_under_two_names,
        a_part_is_a_new_list,
        taken_from_a_list_of_numbers,
        pop_in_a_callee,
        whole_numbers_first,
    ],
)
def test_gradients(f):
    check_grad(f, (X,))
    check_grad(f, (X,), order=2)


@pytest.mark.jit
def test_whole_numbers_in_a_list_of_floats_under_numba():
    assert srcdiff.grad(whole_numbers_first, jit=True)(X) == pytest.approx(srcdiff.grad(whole_numbers_first)(X))


# a user's list whose name is that of a tape is no tape
def named_like_a_tape(x):
    s_tape = []
    s = 1.0
    for v in x:
        s = s * np.sin(v)
        s_tape.append(s)
    return s_tape[0] * s_tape[-1]


def test_a_name_does_not_make_a_tape():
    check_grad(named_like_a_tape, (X,))
    check_grad(named_like_a_tape, (X,), order=2)


def grows_in_its_own_loop(x):
    xs = [v for v in x]
    for v in xs:
        if v > 1.0:
            xs.append(v * 0.5)
    return sum(xs)


def of_two_kinds(x):
    xs = []
    for v in x:
        xs.append(v)
        xs.append(x)
    return xs[0]


def rows_change_places(x):
    rows = [[v] for v in x]
    rows.reverse()
    return rows[0][0]


def asks_whether_they_are_equal(x):
    xs, ys = [v for v in x], [v for v in x]
    return x[0] if xs == ys else 1.0


def looks_for_an_array(x):
    xs = [v * x for v in x]
    return xs.index(x) * x[0]


def in_an_order_of_arrays(x):
    return sorted([v * x for v in x])[0][0]


def in_a_direction_that_the_run_decides(x):
    return sorted([v for v in x], reverse=x[0] > 0.0)[0]


def pairs_of_all(x):
    for a, b in itertools.product(x, x):
        if a > b:
            break
    return a * b


def a_list_of_the_module(x):
    rows = []
    for _ in range(len(x)):
        rows.append(FIXED)
    rows[0][0] = x[0]
    return rows[1][0]


def a_generator_under_a_name(x):  # it reads `k` when it is asked for its elements
    k = 2.0
    squares = (k * v * v for v in x)
    k = x[0]
    return sum(squares) * k


def map_under_a_name(x):
    squares = map(lambda v: v * v, x)
    return sum(squares) + sum(squares)


def a_generator_read_twice(x):
    def spread(values):
        return max(values) - min(values)

    return spread(v * v for v in x)


def elements_made_of_what_the_loop_changes(x):
    s = 1.0
    for k, v in enumerate(v * s for v in x):
        s = s + k * v
    return s


def holds_an_array_that_is_written(x):
    u, us = np.zeros(3), []
    for v in x:
        u[0] += v
        us.append(u)
    return np.sum(us[0])


def updates_an_array_in_it(x):
    us = [x * v for v in x]
    us[0] += x
    return np.sum(us[0])


def pops_a_row(x):
    rows = [[v] for v in x]
    row = rows.pop()
    return row[0]


def replaces_a_row(x):
    rows = [[v] for v in x]
    for i in range(2):
        rows[i] = [x[0]]
    return rows[0][0]


def one_row_many_times(x):
    rows = [[0.0] * 3] * len(x)
    for i in range(3):
        rows[i][0] = x[i]
    return rows[0][0]


def holds_dicts(x):
    path = []
    for v in x:
        path.append({"v": v, "w": v**2})
    return path[0]["w"]


def reads_what_is_always_empty(x):
    xs = []
    for v in x:
        if len(xs) > 10:
            xs.append(xs[0] * v)
    return xs[-1]


def writes_a_slice(x):
    xs = [v for v in x]
    xs[1:] = [1.0]
    return sum(xs)


def of_lists_of_lists_an_array(x):
    rows = [[[v], [v]] for v in x]
    return np.sum(np.array(rows))


def backwards_between_bounds(x):
    xs = [v for v in x]
    return sum(xs[3:0:-1])


def half_grown(x):
    xs = [x[0], x[1]]
    for k in range(3):
        try:
            xs.append(x[k] * 2.0)
            xs.append(1.0 / x[k])
        except ZeroDivisionError:
            xs.append(0.0)
    return sum(xs)


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (grows_in_its_own_loop, UnsupportedMutation, "a list that grows or shrinks while a loop runs over it"),
        (of_two_kinds, UnsupportedType, r"a 1-D array \(float64\) put into a list of another kind of items \(float\)"),
        (rows_change_places, UnsupportedCall, "a list of lists whose items change places"),
        (asks_whether_they_are_equal, UnsupportedCall, "`==` of a list whose length is not known"),
        (looks_for_an_array, UnsupportedCall, r"a 1-D array \(float64\) looked for in a list of items of the kind 1-D"),
        (in_an_order_of_arrays, UnsupportedCall, "an order by the rows of a 2-D array"),
        (in_a_direction_that_the_run_decides, UnsupportedCall, "`reverse=` of a sort, as the run decides"),
        (pairs_of_all, UnsupportedCall, "`itertools.product` over elements whose number is not known"),
        (a_list_of_the_module, UnsupportedMutation, "a list from outside of the function, in a list"),
        (a_generator_under_a_name, UnsupportedSyntax, "a generator expression under a name"),
        (map_under_a_name, UnsupportedSyntax, "`map` under a name"),
        (
            a_generator_read_twice,
            UnsupportedSyntax,
            "an iterator as the argument `values`, which is read more than once",
        ),
        (elements_made_of_what_the_loop_changes, UnsupportedSyntax, "a loop that changes `s`, of which the elements"),
        (
            holds_an_array_that_is_written,
            AmbiguousAlias,
            "an array in the list `us`, and an array that may",
        ),
        (updates_an_array_in_it, UnsupportedMutation, "an update in place of a 1-D array"),
        (pops_a_row, UnsupportedMutation, "a list that is taken out of a list"),
        (replaces_a_row, UnsupportedMutation, "a list that takes the place of a list in a list"),
        (one_row_many_times, UnsupportedCall, "a list of one list many times"),
        (holds_dicts, UnsupportedType, "a dict as an item of a list"),
        (reads_what_is_always_empty, UnsupportedType, "an item of a list that nothing has been put into"),
        (writes_a_slice, UnsupportedMutation, "a write to a slice of a list"),
        (of_lists_of_lists_an_array, UnsupportedCall, "a list of lists of other things than numbers as an array"),
        (backwards_between_bounds, UnsupportedSyntax, "a part of a list that runs backwards between bounds"),
        (half_grown, UnsupportedSyntax, "a list that `try` may leave half-way"),
    ],
)
def test_refused(f, error, text):
    with pytest.raises(error, match=text):
        srcdiff.grad(f)(X)


class Item:
    def __init__(self, x):
        self.x = x


def objects_that_change_names_on_every_trip(x):
    ps = []
    p, q = Item(x[0]), Item(x[1])
    for v in x:
        ps.append(p)
        p, q = q, p
        p.x = p.x * v
    return sum(a.x * (k + 1) for k, a in enumerate(ps)) * p.x + q.x**2


def an_object_before_a_call_gives_its_name_away(x):
    ps = [Item(v) for v in x]
    p = ps[0]

    def g():
        nonlocal p
        p = ps[1]
        p.x = p.x * 3.0
        return p.x

    def h(a, b):
        return a.x * b + a.x**2

    return h(p, g()) * p.x + p.x * g()


def an_object_among_the_arguments(x, p):
    ps = [Item(v) for v in x]
    ps.append(p)
    p.x = p.x * 2.0
    ps[0].x += ps[-1].x
    return sum(q.x**2 for q in ps) * p.x


def one_object_in_two_lists(x):
    ps = [Item(v) for v in x]
    qs = list(ps)
    qs.reverse()
    for q in qs[:2]:
        q.x *= 2.0
    while len(ps) > 2:
        q = ps.pop(1)
        q.x += x[0]
    a, b = ps
    a.x, b.x = b.x, a.x * a.x
    return sum(q.x * (k + 1) for k, q in enumerate(qs)) * ps[0].x


def one_object_as_both_arguments(x):
    ps = [Item(v) for v in x]

    def f(p, q):
        p.x += q.x * q.x
        q = p
        q.x *= 2.0
        return q

    r = f(ps[0], ps[1])
    r.x += 1.0
    return ps[0].x * ps[1].x + f(ps[2], ps[2]).x * r.x


@pytest.mark.parametrize(
    "f",
    [
        objects_that_change_names_on_every_trip,
        an_object_before_a_call_gives_its_name_away,
        one_object_in_two_lists,
        one_object_as_both_arguments,
    ],
)
def test_objects_in_lists(f):
    check_grad(f, (X[:3],))


def test_an_object_among_the_arguments_in_a_list():
    check_grad(an_object_among_the_arguments, (X, Item(0.3)))


def test_rows_of_different_lengths_are_no_array():
    def lists(x, n):
        rows = []
        for i in range(n):
            rows.append([x[j] for j in range(i + 1)])
        return np.sum(np.array(rows))

    def arrays(x, n):
        rows = []
        for i in range(n):
            rows.append(x[i:] * 2.0)
        return np.sum(np.array(rows))

    x = np.array([1.0, 2.0, 3.0])
    for f in (lists, arrays):
        gradient = srcdiff.grad(f)
        gradient(x, 1)
        for call in (f, gradient):
            with pytest.raises(ValueError, match="shape"):
                call(x, 2)
    with pytest.raises(ValueError, match="shape"):  # (the last row alone would fit, by broadcasting)
        srcdiff.grad(lambda v, n: arrays(v[1:], n))(x, 2)


def row_sums(x, least):
    rows = []
    for v in x:
        if v > least:
            rows.append([v, v * v])
    return np.sum(np.array(rows))


def stacked(x, least):
    hs = []
    for v in x:
        if v > least:
            hs.append(x * v)
    return np.sum(np.stack(hs))


@pytest.mark.parametrize("f", [row_sums, stacked])
def test_an_array_of_no_rows(f):
    """NumPy makes a vector of it, which has another rank than the derivative is written for, or raises itself."""
    np.testing.assert_allclose(srcdiff.grad(row_sums)(X, 0.0), np.where(X > 0.0, 1.0 + 2.0 * X, 0.0))
    with pytest.raises(ValueError, match="an array of no rows"):
        srcdiff.grad(f)(X, 10.0)


def three_of_two(x):
    rows = [[v, v * v] for v in x]
    a, b, c = zip(*rows)
    return a[0] + b[0] + c[0]


def points_apart(x, least):
    xs, ys = zip(*[(v, v * v) for v in x if v > least])
    return sum(xs) + sum(ys)


def test_what_zip_does_not_give():
    with pytest.raises(ValueError, match="values to unpack"):
        three_of_two(X)
    with pytest.raises(ValueError, match="values"):
        srcdiff.grad(three_of_two)(X)
    with pytest.raises(ValueError, match="a list that holds nothing"):
        srcdiff.grad(points_apart)(X, 10.0)
