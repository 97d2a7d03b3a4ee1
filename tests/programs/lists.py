"""Lists whose length is known only when the program runs: grown in loops, popped, indexed, written, cut, joined."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .registry import case, draw, positive

X = np.array([0.3, 0.9, -0.4, 1.1, 0.6])


@case((X,), second=True)
def prefix_sums(x):
    sums = []
    s = 0.0
    for v in x:
        s += v * v
        sums.append(s)
    total = 0.0
    for i in range(len(sums)):
        total += sums[i] * x[i]
    return total


@case((X, 0.7), second=True)
def recurrence_on_the_last_item(x, a):
    xs = [a]
    for i in range(len(x)):
        xs.append(xs[-1] * a + np.sin(x[i]) * xs[i])
    return xs[-1] * xs[2]


@case((X, 0.7), also=((X, 1.3),))
def fibonacci_of_numbers(x, a):
    fs = [x[0], a]
    while len(fs) < 9:
        fs.append(fs[-1] * 0.5 + fs[-2] * a)
    return fs[-1] + fs[3] * fs[4]


@case((X,), second=True)
def squares_of_the_positive(x):
    ys = [v * v for v in x if v > 0.0]
    return np.sum(np.array(ys) ** 2) + sum(ys)


@case((X, 0.4))
def filtered_in_a_loop(x, limit):
    kept, dropped = [], []
    for v in x:
        if v > limit:
            kept.append(v * limit)
        else:
            dropped.append(v**2)
    return sum(kept) * sum(dropped) + len(kept)


@case((X,), second=True)
def stack_of_numbers(x):
    stack = []
    s = 1.0
    for i in range(len(x)):
        stack.append(np.exp(x[i]))
        if x[i] > 0.5:
            v = stack.pop()
            s += v * v * s
    while stack:
        s = s * stack.pop() + 1.0
    return s


@case((X,))
def two_pops_in_one_expression(x):
    stack = [v for v in x]
    while len(stack) > 1:
        stack.append(stack.pop() * 0.5 - stack.pop() ** 2)
    return stack[0]


@case((X,))
def reads_before_it_pops(x):
    xs = [v * v for v in x]
    s = 0.0
    for _ in range(3):
        s += xs[-1] * xs[0] - xs.pop() ** 3
    return s


@case((X,), second=True)
def written_at_a_variable_place(x):
    xs = [0.0] * len(x)
    for i in range(len(x)):
        xs[i] = x[i] * x[i]
        xs[i // 2] += xs[i] * x[0]
    for i in range(1, len(xs)):
        xs[i] = xs[i] * xs[i - 1]
    return xs[-1]


@case((X,))
def written_over_and_over(x):
    xs = [x[0], x[1], x[2]]
    for i in range(len(x)):
        k = i % 3
        xs[k] = np.sin(xs[k]) * xs[(k + 1) % 3] + x[i]
    return xs[0] * xs[1] + xs[2]


@case((X,), second=True)
def whole_numbers_at_first(x):
    xs = [0] * (len(x) + 1)
    for i in range(len(x)):
        xs[i + 1] = xs[i] + x[i] ** 2
    return xs[-1] * xs[2]


@case((X,))
def counts_beside(x):
    places = []
    for i in range(len(x)):
        if x[i] > 0.0:
            places.append(i)
    s = 0.0
    for k in places:
        s += x[k] ** 2
    return s * places[-1]


@case((X, 0.3), second=True)
def de_casteljau(b, t):
    points = [v for v in b]
    while len(points) > 1:
        points = [(1.0 - t) * points[k] + t * points[k + 1] * points[k] for k in range(len(points) - 1)]
    return points[0]


@case((X,))
def rows_in_turn(x):
    previous = [1.0] * len(x)
    for i in range(len(x)):
        current = []
        for j in range(len(previous)):
            left = current[j - 1] if j > 0 else 0.5
            current.append(left * x[i] + previous[j] * x[j])
        previous = current
    return previous[-1] * previous[0]


@case((X,))
def swapped_lists(x):
    old = [v for v in x]
    new = [0.0] * len(x)
    for _ in range(3):
        for j in range(len(x)):
            new[j] = old[j] * old[j - 1] + 0.1
        old, new = new, old
    return sum(old) + old[2] ** 2


@case((X,), second=True)
def table_of_products(x):
    n = len(x)
    t = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            t[i][j] = x[i] * x[j]
            if i > 0 and j > 0:
                t[i][j] += t[i - 1][j - 1] * t[i - 1][j]
    return t[-1][-1]


@case((X, np.array([0.1, 1.2, -0.3, 0.8]), 0.5), second=True)
def soft_dtw(a, b, gamma):
    n, m = len(a), len(b)
    r = [[1e3] * (m + 1) for _ in range(n + 1)]
    r[0][0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (a[i - 1] - b[j - 1]) ** 2
            z0, z1, z2 = -r[i - 1][j] / gamma, -r[i - 1][j - 1] / gamma, -r[i][j - 1] / gamma
            top = max(z0, max(z1, z2))
            soft = -gamma * (top + math.log(math.exp(z0 - top) + math.exp(z1 - top) + math.exp(z2 - top)))
            r[i][j] = cost + soft
    return r[n][m]


@case((X,))
def triangle_of_rows(x):
    rows = [[x[0]]]
    for i in range(1, len(x)):
        row = [x[i]]
        for j in range(i):
            row.append(row[j] * rows[i - 1][j])
        rows.append(row)
    s = 0.0
    for row in rows:
        for v in row:
            s += v
    return s


@case((X,))
def rows_that_are_iterated(x):
    table = [[x[i] * x[j] for j in range(i + 1)] for i in range(len(x))]
    s = 1.0
    for k, row in enumerate(table):
        s += row[0] * row[-1] + sum(row) * k
    return s


@case((draw(3, 3, seed=4), draw(4, 3, seed=5)), second=True)
def states_of_a_recurrent_net(w, x):
    h = np.zeros(3)
    hs = []
    for t in range(len(x)):
        h = np.tanh(w @ h + x[t])
        hs.append(h)
    loss = 0.0
    for h in hs:
        loss += np.sum(h * h)
    return loss * np.sum(hs[-1])


@case((draw(8, 4, seed=6) * 0.5, draw(4, 2, seed=7)), second=True)
def lstm_over_a_list(w, x):
    cell, h = np.zeros(2), np.zeros(2)
    states = []
    for t in range(len(x)):
        z = w @ np.concatenate((h, x[t]))
        cell = cell / (1.0 + np.exp(-z[0:2])) + np.tanh(z[2:4]) / (1.0 + np.exp(-z[4:6]))
        h = np.tanh(cell) / (1.0 + np.exp(-z[6:8]))
        states.append(h)
    return np.sum(np.array(states) ** 2) + np.sum(states[1] * states[-1])


@case((X,), second=True)
def arrays_put_in_the_place_of_others(x):
    rows = []
    for i in range(len(x)):
        rows.append(x * x[i])
    for i in range(len(rows)):
        rows[i] = rows[i] * rows[0]
    return np.sum(np.array(rows) * x) + rows[-1][0]


@case((X,))
def stack_of_arrays(x):
    stack = []
    for i in range(len(x)):
        stack.append(x[i] * x)
    s = 0.0
    while stack:
        top = stack.pop()
        s = s * 0.5 + np.sum(top * top)
    return s


@case((X, 1.2), second=True)
def horner_over_coefficients(x, t):
    coefficients = []
    for k in range(len(x)):
        coefficients.append(x[k] / (k + 1.0))
    y = 0.0
    for c in reversed(coefficients):
        y = y * t + c
    return y


@case((X,), second=True)
def product_of_polynomials(x):
    p = [1.0]
    for root in x:
        q = [0.0] * (len(p) + 1)
        for k in range(len(p)):
            q[k] -= root * p[k]
            q[k + 1] += p[k]
        p = q
    s = 0.0
    for k, c in enumerate(p):
        s += c * c * (k + 1.0)
    return s


@case((X,))
def cut_and_joined(x):
    xs = [v * v for v in x]
    head, tail = xs[:2], xs[-2:]
    both = tail + head
    both.extend(xs[1:4:2])
    s = 0.0
    for k, v in enumerate(both):
        s += v * (k + 1.0)
    return s + sum(xs[::-1][:1])


@case((X, 2), also=((X, -2), (X, 9)), wrt=0)
def cut_at_a_variable(x, k):
    xs = [np.sin(v) for v in x]
    return sum(xs[k:]) - sum(xs[:k]) ** 2


@case((X,))
def copies_are_apart(x):
    xs = [v * 2.0 for v in x]
    ys, zs = xs.copy(), list(xs)
    for i in range(len(xs)):
        ys[i] = ys[i] * xs[0]
        zs.append(xs[i] ** 2)
    return sum(xs) + sum(ys) * sum(zs)


@case((X,), second=True)
def second_names(x):
    xs = []
    ys = xs
    for v in x:
        xs.append(v)
        ys.append(v * xs[0])
    ys[0] = ys[0] ** 2
    return xs[0] * ys[1] + xs[-1]


def collect(x, scale):
    found = []
    for v in x:
        if v > 0.0:
            found.append(v * scale)
    return found


def double(values):
    for k in range(len(values)):
        values[k] *= 2.0
    values.append(values[0])


@case((X, 1.5), second=True)
def made_by_a_callee(x, scale):
    found = collect(x, scale)
    return sum(found) * found[0]


@case((X, 1.5))
def changed_by_a_callee(x, scale):
    found = collect(x, scale)
    double(found)
    double(found)
    return sum(found) + len(found) * found[-1]


@case((X, 1.5))
def made_by_a_callee_in_a_loop(x, scale):
    s = 0.0
    for i in range(3):
        found = collect(x, scale * (i + 1.0))
        double(found)
        s += found[-1] * sum(found)
    return s


@case((X, 1.5), jit=False, reason="a function that is defined inside another one is read, not compiled")
def filled_by_a_closure(x, scale):
    seen = []

    def visit(v):
        seen.append(v * scale)
        return seen[-1] * seen[0]

    s = 0.0
    for v in x:
        s += visit(v)
    return s + sum(seen)


@case((X,), also=((-X,),))
def made_on_one_path(x):
    xs = []
    if x[0] > 0.0:
        for v in x:
            xs.append(v * v)
    else:
        xs.append(x[1] ** 3)
    return sum(xs) * xs[0]


@case((X,), also=((-X,),))
def one_of_two_lists(x):
    up, down = [], []
    for v in x:
        up.append(v * v)
        down.append(v * 3.0)
    chosen = up if x[0] > 0.0 else down
    chosen[0] = chosen[0] * 2.0
    return sum(up) + up[0] * down[0] + chosen[-1] ** 2


@case((X,))
def grows_until_it_is_large(x):
    xs = [x[0]]
    for v in x:
        if sum(xs) > 1.5:
            break
        xs.append(v * v + xs[-1])
    return xs[-1] * len(xs)


@case((X,))
def nested_loops_over_lists(x):
    xs = [v for v in x]
    s = 0.0
    for i, a in enumerate(xs):
        for b in xs[i + 1 :]:
            s += (a - b) ** 2 * a
    return s


@case((X,))
def pairs_of_lists(x):
    xs = [v * v for v in x]
    ys = [math.sin(v) for v in x]
    s = 0.0
    for a, b in zip(xs, ys):
        s += a * b
    for k, (a, b) in enumerate(zip(xs, reversed(ys))):
        s += a * b * k
    return s


@case((X,))
def sums_of_generators(x):
    s = sum(x[i] * x[j] for i in range(len(x)) for j in range(i))
    t = sum(math.exp(-v) for v in x if v > 0.0)
    return s * t + math.prod(v + 2.0 for v in x)


@case((X,))
def questions_to_lists(x):
    xs = [v * v for v in x]
    s = 1.0
    if any(v > 1.0 for v in xs) and not all(v > 1.0 for v in xs):
        s = 2.0
    return s * max(xs) + min(xs) * xs[0]


@case((X,))
def reductions_of_lists(x):
    xs = []
    for v in x:
        xs.append(v * v + v)
    return np.mean(xs) * np.max(xs) + np.std(xs) + np.dot(xs, x) + np.linalg.norm(xs)


@case((positive(4, seed=3),))
def agents_that_come_and_go(x):
    positions, speeds = [], []
    for i in range(len(x)):
        positions.append(x[i])
        speeds.append(0.3 * x[i] ** 2)
    lost = 0.0
    for step in range(4):
        for k in range(len(positions)):
            speeds[k] -= 0.1 * positions[k]
            positions[k] += 0.5 * speeds[k]
        if positions[-1] > 1.0:
            lost += positions.pop() * speeds.pop()
        if step % 2 == 0:
            positions.append(x[0] * 0.1 + lost)
            speeds.append(0.05)
    return lost + sum(positions) + sum(speeds) ** 2


@case((positive(4, seed=3),), jit=False, reason="Numba does not type a list that is empty when a loop begins")
def running_mean_over_a_window(x):
    window = []
    out = []
    for v in x:
        window.append(v)
        if len(window) > 2:
            window = window[1:]
        out.append(sum(window) / len(window))
    return np.sum(np.array(out) ** 2)


@case((draw(5, seed=9),))
def result_is_an_array_of_a_list(x):
    ys = [1.0]
    for v in x:
        ys.append(ys[-1] * v + 0.5)
    return np.array(ys[1:]) * x


@case((draw(3, 4, seed=10),), jit=False, reason="Numba has no np.stack of lists")
def rows_appended_and_stacked(a):
    rows = []
    for i in range(a.shape[0]):
        r = a[i] / np.sum(a[i] ** 2)
        for q in rows:
            r = r - np.dot(q, a[i]) * q
        rows.append(r)
    return np.stack(rows)


@case((X, 0.1), second=True)
def trajectory(x, dt):
    path = [x[0]]
    v = x[1]
    for _ in range(6):
        v = v - dt * math.sin(path[-1])
        path.append(path[-1] + dt * v)
    energy = 0.0
    for k in range(1, len(path)):
        energy += (path[k] - path[k - 1]) ** 2 / dt
    return energy


@dataclass
class Log:
    values: list
    scale: float

    def note(self, v):
        self.values.append(v * self.scale)


@case((X, 1.5), jit=False, reason="Numba has no dataclasses")
def list_in_an_object(x, scale):
    log = Log([], scale)
    for v in x:
        log.note(v * v)
    return sum(log.values) * log.values[0]


@case((X,), jit=False, reason="Numba has no dicts of these kinds")
def list_in_a_dict(x):
    history = {"loss": [], "steps": 0}
    for v in x:
        history["loss"].append(v * v)
        history["steps"] += 1
    return sum(history["loss"]) * history["loss"][-1] + history["steps"]


@case((X,), second=True)
def in_place_in_an_array_from_a_list(x):
    xs = [v * x[0] for v in x]
    a = np.array(xs)
    a[1:] *= a[:-1].copy()
    xs[0] = a[-1]
    return np.sum(a) * xs[0]


@case((X,))
def while_with_work_list(x):
    work = [0]
    s = 1.0
    while len(work) > 0:
        i = work.pop()
        s = s * x[i] + 1.0
        if i + 1 < len(x):
            work.append(i + 1)
        if 2 * i + 2 < len(x):
            work.append(2 * i + 2)
    return s


@case((X, 0.7), also=((-X, 0.7),), second=True)
def made_anew_on_one_path(x, a):
    xs = [0.0] * len(x)
    xs.append(0.5)
    if x[0] > 0.0:
        xs = [a - v * a for v in xs]
    return np.sum(np.sin(np.array(xs)) * a)


@case((X, 0.7))
def longer_in_a_loop_that_is_left(x, a):
    q = a
    for i in range(3):
        ys = [a] * len(x)
        count = 4
        while True:
            count -= 1
            if count <= 0 or ys[0] * x[i] > 0.62:
                break
            ys.append(ys[-1] * np.cos(ys[i]) + x[0])
        q = q * ys[-1]
    return q


@case((X, 0.7))
def written_out_again_in_a_loop(x, a):
    h = [a, a * 2.0]
    for v in x:
        h = [a - 0.5 * e * v for e in h]
        h.append(h[0] * v)
        if v > 0.5:
            h = [a * a]
    return h[0] + sum(h)


@case((X,), second=True)
def old_rows_from_new_ones(x):
    xs = [v for v in x]
    for _ in range(3):
        ys = []
        for v in xs:
            ys.append(v * xs[0] + 0.1)
        xs = ys
    return sum(xs)


@case(args=(draw(3),), second=True)
def rows_filled_and_kept(x):
    """Arrays that are written before they are put into a list, each trip a new one."""
    rows = []
    for k in range(3):
        row = np.zeros(3)
        for i in range(3):
            row[i] = x[i] * x[k] + (rows[-1][i] if k else 0.0)
        rows.append(row)
    table = np.array(rows)
    return np.sum(table**2) * np.sum(table[0] * table[1])


@case(args=(draw(4),), second=True)
def parts_scaled_and_kept(x):
    us = []
    for k in range(3):
        u = x * (k + 1.0)
        tail = u[1:]
        tail *= 2.0
        us.append(u)
    s = 0.0
    for u in us:
        s += np.sum(u**2) * u[1]
    return s


@case(args=(positive(3),), second=True)
def items_replaced_by_written_ones(x):
    hs = []
    for _ in range(3):
        hs.append(x * 1.0)
    s = 0.0
    k = 0
    while s < 20.0 and k < 6:
        v = hs[k % 3] + 0.1
        v[1] += v[0] * s
        hs[k % 3] = v
        s += np.sum(hs[0] * hs[1]) * 0.3 + np.sum(v)
        k += 1
    return s


@case(args=(positive(4),), second=True)
def taken_off_the_end(x):
    hs = [x]
    for _ in range(4):
        hs.append(np.sin(hs[-1]) * x)
    s = 0.0
    while len(hs) > 1:
        h = hs.pop()
        s = s * np.sum(h) + np.sum(h * hs[-1])
    return s
