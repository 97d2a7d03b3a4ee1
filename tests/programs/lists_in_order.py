"""Lists whose items are put in order, moved and chosen; functions that go through elements one by one."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from .registry import case, draw

X = np.array([0.3, 0.9, -0.4, 1.1, 0.6])


@case((X,), second=True)
def items_put_in_the_middle(x):
    xs = []
    for k, v in enumerate(x):
        xs.insert(k // 2, v * v)
        xs.insert(-1, v)
        xs.insert(100, xs[0] * v)
    return sum(v * (k + 1.0) for k, v in enumerate(xs)) * xs[1]


@case((X,), second=True)
def items_taken_out_of_the_middle(x):
    xs = [v * v for v in x]
    ys = [v + xs[0] for v in x]
    s = 1.0
    for i in range(3):
        s = s * xs.pop(i % 2) + xs[0]
        s += ys.pop(-2) * ys[-1]
    del xs[0]
    return s * xs[0] + ys[0]


@case((X,), second=True)
def a_queue(x):
    queue = [x[0], x[1]]
    s = 1.0
    for i in range(len(x)):
        first = queue.pop(0)
        queue.append(first * queue[0] + x[i])
        s += first * s
    return s * queue[-1]


@case((X,), second=True)
def turned_round(x):
    xs = [v * v for v in x]
    xs.reverse()
    return xs[0] * xs[1] ** 2 + xs[2]


@case((X,), second=True)
def sorted_in_place(x):
    xs = [v * v for v in x]
    ys = xs
    xs.sort()
    xs[0] = xs[0] * xs[1]
    ys.sort(reverse=True)
    return xs[0] * xs[1] ** 2 + xs[-1] * 3.0


@case((X, 0.65), second=True)
def sorted_by_distance(x, a):
    xs = [v * a for v in x]
    xs.sort(key=lambda v: abs(v - 0.5 * a))
    return xs[0] * xs[1] ** 2 + xs[-1] * a


@case((X, 0.7), second=True)
def weighed_by_rank(x, a):
    s = 0.0
    for rank, v in enumerate(sorted(x, key=lambda v: v * v * a, reverse=True)):
        s += v * v * (rank + 1.0)
    return s + sorted(v * v for v in x)[1] * sorted([x[0], x[1] * a, x[2]])[-1]


@case((X,))
def an_order_of_places(x):
    order = sorted(range(len(x)), key=lambda i: x[i])
    s = 0.0
    for rank, i in enumerate(order):
        s += rank * x[i] ** 2
    return s


@case((np.array([0.5, 2.0, 0.5, -1.0, 2.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])), wrt=1)
def ties_keep_their_order(key, x):
    up = sorted(range(len(x)), key=lambda i: key[i])
    down = sorted(range(len(x)), key=lambda i: key[i], reverse=True)
    s = 0.0
    for rank in range(len(x)):
        s += rank * x[up[rank]] ** 2 + rank**2 * x[down[rank]]
    return s


@case((X,), second=True)
def chosen_by_a_key(x):
    xs = [v * 2.0 for v in x]
    furthest = max(xs, key=lambda v: abs(v - 1.0))
    nearest = min([x[0], x[1] * 2.0, x[2]], key=lambda v: abs(v - 1.0))
    place = max(range(len(x)), key=lambda i: x[i] ** 2)
    nothing = max([v for v in x if v > 100.0], default=0.5)
    return furthest**2 * nearest + x[place] ** 3 * max((v * v for v in x), default=0.0) * nothing


@case((X,))
def items_looked_for(x):
    seen = []
    s = 0.0
    for k in [0, 1, 1, 2, 3, 0]:
        if k not in seen:
            seen.append(k)
            s += x[k] * len(seen)
    seen.remove(2)
    return s * x[seen.index(3)] + seen.count(1) * x[seen[-1]]


@case((X,))
def emptied(x):
    xs = [v * v for v in x]
    s = sum(xs)
    xs.clear()
    xs.append(s * x[0])
    return xs[0] * len(xs)


@case((X,), second=True)
def items_change_places(x):
    xs = [v * v for v in x]
    i, j = 0, len(xs) - 1
    while i < j:
        xs[i], xs[j] = xs[j] * xs[i], xs[i]
        i += 1
        j -= 1
    return xs[0] * xs[1] ** 2 + xs[-1]


@case((X,))
def bubble_sort(x):
    xs = [v * v for v in x]
    for i in range(len(xs)):
        for j in range(len(xs) - 1 - i):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
    return xs[0] * xs[1] ** 2 + xs[2]


@case((X, 0.2), second=True)
def filtered(x, a):
    s = 0.0
    for v in filter(lambda v: v > a, x):
        s = s * v + v
    kept = list(filter(lambda v: v > a, [v * 2.0 for v in x]))
    return s * kept[0] + kept[-1] * len(kept) + sum(filter(None, x)) ** 2


@case((X,), second=True)
def map_in_a_loop(x):
    s = 1.0
    for v in map(lambda v: v * s, x):
        s = s + v
    for u, v in zip(x, (w * w for w in x if w > 0.0)):
        s = s + u * v
    return s + sum(map(lambda u, v: u * v, x, [v * v for v in x]))


@case((X,), second=True)
def running_totals(x):
    s = 0.0
    for v in itertools.accumulate(x):
        s += v * v
    products = list(itertools.accumulate(x, lambda a, b: a * b + 1.0))
    shifted = list(itertools.accumulate([v * v for v in x], initial=2.0))
    return s * products[-1] + products[1] * shifted[-1] + shifted[0] * x[0]


@case((X,), second=True)
def folded(x):
    first = functools.reduce(lambda a, b: a * b + 1.0, x)
    second = functools.reduce(lambda a, b: a + b * b, [v * v for v in x], 1.0)
    return first * second + sum([v * v for v in x], 1.0) * sum((v for v in x), start=2.0)


@case((X,))
def all_pairs(x):
    n = len(x)
    s = 0.0
    for a, b in itertools.product(x, x):
        s += a * b * b
    for i, j in itertools.product(range(n), repeat=2):
        s += x[i] * x[j] ** 2 * i
    return s + sum(a * b for a, b in itertools.product(x, [2.0, 3.0]))


@case((X,))
def one_behind_another(x):
    ys = [v * v for v in x]
    s = 0.0
    for a in itertools.chain(x, ys, [2.0 * x[0]]):
        s = s * 0.5 + a * a
    rows = [[v, v * v] for v in x]
    return s + sum(v * v for v in itertools.chain.from_iterable(rows))


@case((X,), second=True)
def rows_as_a_matrix(x):
    rows = []
    for v in x:
        rows.append([v, v * v, 1.0])
    a = np.array(rows)
    return np.sum(a[:, 0] * a[:, 1]) + np.sum(np.array([[v * w for w in x] for v in x]) ** 2)


@case((X,))
def vectors_joined(x):
    parts = []
    for k, v in enumerate(x):
        parts.append(v * x[k:])
    rows = [v * x for v in x]
    return np.sum(np.concatenate(parts) ** 3) + np.sum(np.hstack(rows) * 2.0) + np.sum(np.column_stack(rows)[0] ** 2)


CODES = np.array([0, 1, 10, 2, 11, 12])


@case((X,), second=True)
def a_stack_machine(x):
    stack = []
    for code in CODES:
        if code < 10:
            stack.append(x[code])
        elif code == 10:
            b = stack.pop()
            a = stack.pop()
            stack.append(a * b)
        elif code == 11:
            stack.append(stack.pop() + stack.pop())
        else:
            stack.append(np.sin(stack.pop()))
    return stack.pop()


OPERATIONS = {"square": lambda v: v * v, "sine": np.sin, "same": lambda v: v}


@case((X,), jit=False, reason="Numba has no dicts of functions")
def a_table_of_functions(x):
    s = 0.0
    for name in sorted(OPERATIONS):
        for v in x:
            s += OPERATIONS[name](v) * v
    return s * OPERATIONS["sine"](s)


@case((draw(4, 4, seed=12),), second=True)
def determinant_by_pivots(a):
    rows = [[a[i, j] for j in range(4)] for i in range(4)]
    order = list(range(4))
    result = 1.0
    for c in range(4):
        p = max(range(c, 4), key=lambda i: abs(rows[order[i]][c]))
        if p != c:
            order[c], order[p] = order[p], order[c]
            result = -result
        top = rows[order[c]]
        result = result * top[c]
        for i in range(c + 1, 4):
            row = rows[order[i]]
            factor = row[c] / top[c]
            for j in range(c, 4):
                row[j] = row[j] - factor * top[j]
    return result
