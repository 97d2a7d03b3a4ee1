"""Programs in which an array, a list or a shadow has more names than one block, one loop or one place."""

import itertools
import math

import numpy as np

from srcdiff import checkpoint

from .registry import case, draw, positive

# ----------------------------------------------------- arrays written on every trip, under second names


@case(args=(draw(4),), second=True)
def the_array_of_the_last_trip_is_read_after_the_loop(x):
    for i in range(3):
        u = 2.0 * x
        u[0] *= x[1] * (i + 1)
        w = u
    return np.sum(w * w)


@case(args=(draw(4),), second=True)
def a_view_of_the_last_trip_is_read_after_a_while(x):
    i = 0
    while i < 3:
        u = 2.0 * x
        u[0] *= x[1] * (i + 1)
        w = u[1:]
        if i == 2:
            z = w
        i += 1
    return np.sum(z * w)


@case(args=(draw(4),), second=True)
def two_names_given_at_once_in_a_loop(x):
    s = 0.0
    for i in range(3):
        u = 2.0 * x
        v = x * x
        u[0] *= x[1] * (i + 1)
        a, b = u, v
        b[1] *= a[0]
        s += np.sum(a * b)
    return s


@case(args=(draw(4),), second=True)
def views_in_an_inner_loop(x):
    s = 0.0
    for _ in range(2):
        u = 2.0 * x
        v = x * x
        for j in range(3):
            k = int(x[j] > 0.2)
            r = u[k:]
            r[0] *= v[j]
            q, p = u[1:], v
            p[0] *= np.sin(q[j])
            s += q[0] * r[-1]
    return s


def _exchanged(a, b):
    a[0] *= b[1]
    return b, a


@case(args=(draw(4),), second=True)
def arrays_go_through_a_function_and_come_back_exchanged(x):
    s = 0.0
    for _ in range(3):
        u = 2.0 * x
        v = x * x
        v, u = _exchanged(u, v)
        v[2] *= u[1]
        w, z = _exchanged(u, v)
        s += w[0] * z[2] + np.sum(u * v)
    return s


@checkpoint
def _smoothed(u, c, n=3):
    v = u.copy()
    for i in range(n):
        v[i] = np.tanh(v[i - 1] * c) + v[i]
        u[i] *= c
    return v, np.sum(v) * c


@case(args=(draw(5), 0.5), second=True)
def a_checkpointed_function_that_writes_its_argument_in_a_loop(x, c):
    x = 1.0 * x
    s = 0.0
    for k in range(3):
        v, e = _smoothed(x, c + 0.1 * k, n=k + 1)
        s += e
        x = x + v
    return s + np.sum(x)


# ----------------------------------------------------------- one list or array in several places


@case(args=(draw(4),), second=True)
def rows_that_are_one_list(x):
    rows = [[0.0] * 3] * 2
    rows[0][1] = x[0] * x[1]
    rows[1][1] += x[2]
    return rows[0][1] * rows[1][1] + rows[1][0]


@case(args=(draw(4),), second=True)
def a_dict_and_an_array_many_times(x):
    states = 2 * [{"a": x[0]}]
    states[0]["a"] *= x[1]
    states[1]["a"] += x[2]
    u = (2.0 * x,) * 2
    u[0][0] *= x[1]
    u[1][0] += states[0]["a"]
    return states[0]["a"] * states[1]["a"] * u[0][0]


@case(args=(draw(4),), second=True)
def one_list_on_every_trip(x):
    s = 0.0
    for row in itertools.repeat([x[0]], 3):
        row[0] *= x[1]
        s += row[0]
    for a, row in itertools.product(x, ([x[0]],)):
        row[0] *= a
        s += row[0]
    return s


@case(args=(draw(4),), second=True)
def one_array_in_many_pairs(x):
    s = 0.0
    for a, b in itertools.product((2.0 * x, x * x), repeat=2):
        b[0] *= a[1]
        s += b[0] * a[2]
    for p, q in itertools.permutations(([x[0]], [x[1]], [x[2]]), 2):
        p[0] *= q[0]
        s += p[0]
    return s


@case(args=(draw(4),), second=True)
def elements_of_a_product_are_made_once(x):
    calls = [0.0]

    def made():
        calls[0] += x[1]
        return x[:2] * calls[0]

    s = 0.0
    for a, b in itertools.product(x, made()):
        s += a * b
    return s * calls[0]


# --------------------------------------------------------------------------- from the left to the right


@case(args=(draw(4),), second=True)
def elements_that_change_what_earlier_ones_are_read_from(x):
    total = 0.0

    def add(v):
        nonlocal total
        total += v
        return total

    a = list(map(add, (x[0], x[1])))
    b = [add(x[i]) for i in range(3)]
    c = {"p": add(x[2]), "q": add(x[3]), "r": total}
    d = [[add(x[i]) for i in range(2)], [total, add(x[2])]]
    e = (total, *[add(v) for v in (x[0], x[1])], total)
    first = a[0] * a[1] + b[0] * b[1] * b[2] + c["p"] * c["q"] * c["r"]
    return first + d[0][0] * d[0][1] + d[1][0] * d[1][1] + e[0] * e[1] + e[2] * e[3]


# ------------------------------------------------------------------------ objects that say what is true


class _Stack:
    def __init__(self):
        self.items = []

    def __bool__(self):
        return len(self.items) > 0


class _Above:
    def __init__(self, v):
        self.v = v

    def __bool__(self):
        return bool(self.v > 0.0)


@case(args=(draw(5),), second=True)
def a_loop_until_a_stack_is_empty(x):
    s = _Stack()
    for v in x:
        s.items.append(v * v)
    r = 0.0
    while s:
        r = 0.5 * r + math.sin(s.items.pop())
    return r


@case(args=(draw(5),), second=True)
def objects_as_conditions(x):
    s = 0.0
    for v in x:
        p = _Above(v)
        s += 2.0 * p.v if p else 1.0
        if not p or v < 0.5:
            s *= 0.7
        if bool(p):
            s += v * v
        while p:
            p.v -= 0.5
            s += p.v * v
    return s


@case(args=(draw(4),), second=True)
def a_table_in_lists_of_lists(x):
    n = len(x)
    rows = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            rows[i][j] = x[i] * x[(i + j) % n]
            if j > 0:
                rows[i][j] += rows[i][j - 1] * rows[i - 1][j]
    first = rows[1]
    first[0] *= rows[2][3]
    return sum(sum(r) for r in rows) + rows[1][0] * first[1]


# ------------------------------------------------- recursive functions of what has no derivative

TABLE = np.array([0.3, 0.5, 0.9])


def _halved(x):
    if len(x) < 2:
        return x[0]
    return 0.5 * (_halved(x[len(x) // 2 :]) + _halved(x[: len(x) // 2]))


@case(args=(0.7,), second=True)
def a_number_that_a_constant_call_starts(a):
    s = _halved(TABLE)
    m = 0
    while m < 2:
        m += 1
        s = 0.6 * s + a * a
    return s


@case(args=(0.7,), second=True)
def a_number_that_a_constant_call_sets_back(a):
    s = np.sum(TABLE)
    m = 0
    while m < 2:
        m += 1
        s = 0.6 * s + a * a
        if m == 2:
            for _ in TABLE:
                s = _halved(TABLE)
    return s * a


@case(args=(positive(4),), also=((positive(1),),), second=True)
def row_behind_the_last(x):
    """The last row is another one when the reverse sweep reads it: what has been put behind it is taken off first."""
    rows = [[1.0, 2.0]]
    for v in x:
        row = [0.0] * 2
        row[0] = rows[-1][0] * v
        row[1] = v * v
        rows.append(row)
    s = 0.0
    for k in range(len(rows)):
        s += rows[k][0] * (k + 1) + rows[k][1]
    return s


@case(args=(positive(4),))
def name_for_the_last_row(x):
    rows = [[1.0, 0.5]]
    for v in x:
        last = rows[-1]
        row = [v]
        for k in range(len(last) - 1):
            row.append(last[k] * last[k + 1] + v)
        row.append(v * last[0])
        rows.append(row)
    return sum(sum(row) for row in rows)
