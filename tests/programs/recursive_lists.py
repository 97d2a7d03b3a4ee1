"""Functions that call themselves with lists: taken, changed and restored, filled, returned."""

import numpy as np

from .registry import case, draw, positive

LEFT = np.array([1, 3, -1, -1, -1])
RIGHT = np.array([2, 4, -1, -1, -1])


def minors(a, row, cols):
    if row == len(a):
        return 1.0
    total, sign = 0.0, 1.0
    for k in range(len(cols)):
        c = cols.pop(k)
        total += sign * a[row, c] * minors(a, row + 1, cols)
        cols.insert(k, c)
        sign = -sign
    return total


@case(args=(draw(4, 4),), also=((draw(1, 1),),), second=True)
def determinant_by_minors(a):
    """The list of columns is changed and restored."""
    return minors(a, 0, list(range(len(a))))


@case(args=(draw(3, 3), [0, 1, 2]), wrt="a", second=True)
def determinant_of_columns(a, cols):
    """The function itself takes the list."""
    n = len(cols)
    if n == 1:
        return a[len(a) - 1, cols[0]]
    s = 0.0
    for j in range(n):
        c = cols.pop(j)
        s += (-1.0) ** j * a[len(a) - n, c] * determinant_of_columns(a, cols)
        cols.insert(j, c)
    return s


def cofactors(a, cols):
    if len(cols) == 0:
        return 1.0
    row = len(a) - len(cols)
    total = 0.0
    for i in range(len(cols)):
        total += (-1) ** i * a[row, cols[i]] * cofactors(a, cols[:i] + cols[i + 1 :])
    return total


@case(args=(draw(4, 4),), second=True)
def determinant_by_slices(a):
    """A new list for each call, which only reads it."""
    return cofactors(a, list(range(len(a))))


def permanent(a, row, used):
    if row == len(a):
        return 1.0
    s = 0.0
    for j in range(len(a)):
        if j not in used:
            used.append(j)
            s += a[row, j] * permanent(a, row + 1, used)
            used.pop()
    return s


@case(args=(draw(3, 3),), second=True)
def permanent_by_backtracking(a):
    """The list is empty at the first call."""
    return permanent(a, 0, [])


def squares_into(x, i, out):
    if i < len(x):
        out.append(x[i] * x[i])
        squares_into(x, i + 1, out)
        out[i] = out[i] + 1.5 * out[-1]


@case(args=(positive(5),), also=((positive(1),),), second=True)
def filled_on_the_way(x):
    """The list is the result; items are written on the way back."""
    out = []
    squares_into(x, 0, out)
    s = 0.0
    for k, v in enumerate(out):
        s += (k + 1) * v * v
    return s


def ordered(xs):
    if len(xs) <= 1:
        return xs
    pivot = xs[0]
    low = [v for v in xs[1:] if v < pivot]
    high = [v for v in xs[1:] if v >= pivot]
    return ordered(low) + [pivot] + ordered(high)


@case(args=(positive(6),), also=((positive(1),),), second=True)
def quicksort(x):
    s = 0.0
    for k, v in enumerate(ordered(list(x))):
        s += (k + 1) * v * v
    return s


def merged(xs):
    if len(xs) < 2:
        return xs
    m = len(xs) // 2
    a, b = merged(xs[:m]), merged(xs[m:])
    out = []
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i] <= b[j]:
            out.append(a[i])
            i += 1
        else:
            out.append(b[j])
            j += 1
    return out + a[i:] + b[j:]


@case(args=(positive(7),), jit=False, reason="Numba's inference of types goes too deep")
def mergesort(x):
    s = 0.0
    for k, v in enumerate(merged([u for u in x])):
        s += k * v * v
    return s


def remembered(x, n, memo):
    if n < 2:
        return x * (n + 1)
    if memo[n] == 0.0:
        memo[n] = remembered(x, n - 1, memo) * 0.5 + remembered(x, n - 2, memo) * x
    return memo[n]


@case(args=(0.7,), second=True)
def memo_in_a_list(x):
    return remembered(x, 9, [0.0] * 10)


def leaves_below(x, i, path):
    path.append(x[i])
    s = 0.0
    if LEFT[i] < 0 and RIGHT[i] < 0:
        p = 1.0
        for v in path:
            p *= v
        s = p
    else:
        if LEFT[i] >= 0:
            s += leaves_below(x, LEFT[i], path)
        if RIGHT[i] >= 0:
            s += leaves_below(x, RIGHT[i], path)
    path.pop()
    return s


@case(args=(positive(5),), second=True)
def paths_of_a_tree(x):
    return leaves_below(x, 0, [])


def subsets(x, i, chosen, out):
    if i == len(x):
        p = 1.0
        for c in chosen:
            p = p * c
        out.append(p)
        return
    subsets(x, i + 1, chosen, out)
    chosen.append(x[i])
    subsets(x, i + 1, chosen, out)
    chosen.pop()


@case(args=(positive(3),))
def products_of_subsets(x):
    """Two lists of floats, both changed."""
    out = []
    subsets(x, 0, [], out)
    s = 0.0
    for k, v in enumerate(out):
        s += v * (k + 1)
    return s


def moved(n, a, b, c, w):
    if n == 0:
        return 0.0
    s = moved(n - 1, a, c, b, w)
    b.append(a.pop())
    s += w[b[-1]] * len(a) + 0.1 * w[0] * w[b[-1]]
    return s + moved(n - 1, c, b, a, w)


@case(args=(positive(3),))
def towers(x):
    """Three lists of one kind, which change places with each call."""
    return moved(3, [2, 1, 0], [], [], x)


def even(xs, n):
    xs.append(n * xs[0])
    return odd(xs, n - 1) if n > 0 else xs[-1]


def odd(xs, n):
    xs.pop()
    xs.append(xs[0] ** 2)
    return even(xs, n - 1) + xs[-1] if n > 0 else 0.0


@case(args=(1.3, 0.6))
def by_turns(x, y):
    """Through another function, and read afterwards."""
    xs = [x, y]
    r = even(xs, 4)
    return r * xs[-1] + len(xs)


def grown(xs, ys, n):
    if n > 0:
        xs.append(xs[-1] * 2.0)
        s = grown(xs, ys, n - 1)
        return s + ys[-1]
    return ys[0]


@case(args=(positive(4),))
def second_name(x):
    """A list that the calls change has another name."""
    xs = [v for v in x]
    others = xs
    r = grown(xs, [1.0, x[0]], 2)
    return r + others[-1] * others[-2]


@case(args=(positive(4),))
def rows_of_a_table(x):
    """The lists that the calls change are in a list."""
    table = [[v, v * v] for v in x]
    s = 0.0
    for row in table:
        s += grown(row, [1.0, x[0]], 2)
    return s + table[0][-1] * table[-1][-1]


def two_halves(xs):
    if len(xs) == 1:
        return xs, [xs[0] * 2.0]
    a, b = two_halves(xs[1:])
    return [xs[0]] + a, b + [xs[0] * a[0]]


@case(args=(positive(4),), second=True)
def two_lists_returned(x):
    p, q = two_halves(list(x))
    return sum(u * v for u, v in zip(p, q, strict=True))


def up_to(x, n):
    return [] if n >= len(x) else up_to(x, n + 1) + [x[n] ** 2]


@case(args=(positive(4),), also=((positive(1),),), jit=False, reason="Numba has no type for a list that stays empty")
def empty_at_the_end(x):
    s = 0.0
    for k, v in enumerate(up_to(x, 0)):
        s += v * (k + 1)
    return s


def extended(xs, n):
    if n == 0:
        return 0
    xs.append(xs[-1] + n)
    return extended(xs, n - 1) + 1


@case(args=(0.4,))
def in_a_loop(x):
    xs = [x]
    n = 0
    while len(xs) < 9:
        n += extended(xs, 2)
    return sum(v * v for v in xs) * n


def squares_of(hs, i):
    return 0.0 if i == len(hs) else np.sum(hs[i] ** 2) * (i + 1) + squares_of(hs, i + 1)


@case(
    args=(draw(4),),
    also=((draw(1),),),
    second=True,
    jit=False,
    reason="Numba infers two layouts for the arrays in one list",
)
def arrays_read(x):
    """A list of arrays of different lengths is handed down."""
    hs = []
    for k in range(len(x)):
        hs.append(x[: k + 1] * x[k])
    return squares_of(hs, 0)


def levels(x, depth, out):
    out.append(x * depth)
    if depth == 0:
        return 0.0
    return levels(x * 0.5, depth - 1, out) + np.sum(x**2)


@case(args=(draw(3),), second=True)
def arrays_gathered(x):
    """Each call puts an array into the list."""
    out = []
    s = levels(x, 3, out)
    for k, h in enumerate(out):
        s += (k + 1) * np.sum(h * h)
    return s


def layers(x, n):
    if n == 0:
        return [x]
    hs = layers(x, n - 1)
    return hs + [np.tanh(hs[-1]) * x]


@case(args=(draw(3),), second=True, jit=False, reason="Numba infers two layouts for the arrays in one list")
def arrays_returned(x):
    s = 0.0
    for k, h in enumerate(layers(x, 3)):
        s += (k + 1) * np.sum(h)
    return s


def product_of(ms, i):
    return ms[i] if i == len(ms) - 1 else ms[i] @ product_of(ms, i + 1)


@case(
    args=(draw(2, 2), 3), wrt="x", second=True, jit=False, reason="Numba infers two layouts for the arrays in one list"
)
def matrices_read(x, n):
    ms = []
    for k in range(n):
        ms.append((k + 1.0) * x + k)
    return np.sum(product_of(ms, 0))


def rows_read(t, i):
    return 0.0 if i == len(t) else t[i][0] * t[i][-1] + rows_read(t, i + 1)


@case(args=(draw(4),), also=((draw(1),),), second=True)
def lists_of_lists_read(x):
    return rows_read([[v, v * v, 2.0] for v in x], 0)


def orders(xs, used, out):
    if len(used) == len(xs):
        out.append([xs[k] for k in used])
        return
    for k in range(len(xs)):
        if k not in used:
            used.append(k)
            orders(xs, used, out)
            used.pop()


@case(args=(draw(3),), second=True, jit=False, reason="Numba has no type for a list that stays empty")
def permutations(x):
    """A list of lists that is filled on the way."""
    out = []
    orders(list(x), [], out)
    s = 0.0
    for k, row in enumerate(out):
        for j, v in enumerate(row):
            s += (k + 1) * (j + 2) * v * v
    return s


def powers_of(xs, i):
    if i == len(xs):
        return [[]]
    rest = powers_of(xs, i + 1)
    return rest + [[xs[i]] + row for row in rest]


@case(args=(draw(3),), jit=False, reason="Numba has no type for a list that stays empty")
def powerset(x):
    """Lists of different lengths are returned, the empty one among them."""
    s = 0.0
    for row in powers_of(list(x), 0):
        p = 1.0
        for v in row:
            p *= v
        s += p * p
    return s


def folded(hs, weights):
    """A structure with lists in it."""
    if len(hs) == 1:
        return hs[0] * weights["last"]
    merged = []
    for k in range(len(hs) - 1):
        merged.append(hs[k] + weights["next"] * hs[k + 1])
    return folded(merged, weights)


@case(args=(draw(4), 0.7), second=True, jit=False, reason="Numba infers two layouts for the arrays in one list")
def pyramid_of_arrays(x, a):
    hs = []
    for v in x:
        hs.append(v * x[:2])
    return np.sum(folded(hs, {"last": a, "next": a * a}) ** 2)
