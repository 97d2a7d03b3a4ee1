"""Programs in which parts that were each right by themselves met: calls that add to an adjoint that is added to."""

import math

import numpy as np

from srcdiff import checkpointed

from .registry import case, draw


@case(args=(draw(5),))
def a_checkpointed_loop_started_from_an_element(x):
    s = x[0]
    for i in checkpointed(range(5), snapshots=2):
        s = math.sin(s) * x[i]
    return s


def _folded(x, n, s):
    if n == 0:
        return s
    return _folded(x, n - 1, math.sin(s) * x[n])


@case(args=(draw(5),), second=True)
def a_recursion_started_from_an_element(x):
    return _folded(x, 3, x[2]) * x[1]


@case(args=(draw(4, 3),), second=True)
def recursions_started_from_elements_in_a_loop(x):
    s = 0.5
    for i in range(len(x)):
        s = s * _folded(x[i], 2, x[i, 1]) + _folded(x[:, 0], 3, x[i, 0] * s)
    return s


@case(args=(draw(5),))
def a_checkpointed_loop_with_an_attempt(x):
    s = x[1]
    for i in checkpointed(range(5), snapshots=2):
        try:
            if s > 100.0:
                raise ValueError
            s = math.sin(s) * x[i] + x[1]
        except ValueError:
            s = s * 0.5
    return np.sum(x) * s


@case(args=(draw(5),))
def a_queue_made_by_list(x):
    q = list(x)
    s = 0.0
    while len(q) > 1:
        a = q.pop(0)
        b = q.pop(0)
        q.append(a * b + math.cos(a))
        s += q[0] * q[-1]
    return s


@case(args=(draw(5),), second=True)
def deleted_from_a_list_under_another_name(x):
    p = [v * v for v in x]
    q = p
    del q[1]
    q.insert(0, q[0] * p[2])
    del p[0]
    return q[0] * p[-1] + q[1]


@case(args=(draw(5, 3),), jit=False, reason="Numba has no type for the queue")
def a_queue_of_arrays(x):
    q = [row * row for row in x]
    for i in range(3):
        a = q.pop(0)
        del q[0]
        q.append(a * x[i])
        q.append(q[0] * a)
    return np.sum(q[0] * q[-1])


@case(args=(draw(5),), also=((-draw(5),),))
def popped_under_two_names_on_one_branch(x):
    p = [v * v for v in x]
    q = p
    for i in range(3):
        if x[i] > 0.0:
            q.pop(0)
        else:
            del p[-1]
        p.append(q[0] * x[i])
    return q[0] * p[-1] + q[1] * q[1]
