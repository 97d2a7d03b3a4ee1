"""Exits: break, continue, else on loops, return anywhere."""

import math

import numpy as np

from .registry import case, draw, positive


@case(args=(positive(6), 2.0), also=((positive(6), 100.0), (positive(6), 0.0)), wrt=0, second=True)
def break_at_a_budget(x, budget):
    spent = 0.0
    for i in range(len(x)):
        if spent > budget:
            break
        spent = spent + x[i] * x[i]
    return spent * spent


@case(args=(draw(6),), second=True)
def break_after_the_write(x):
    s = 1.0
    for v in x:
        s = s * (1.0 + v)
        if v < -0.5:
            break
        s = s + 0.1
    return s


@case(args=(draw(7),))
def continue_on_negatives(x):
    s = 0.0
    for v in x:
        if v < 0.0:
            continue
        s += math.sqrt(v)
    return s


@case(args=(draw(8), 0.2))
def several_continues(x, c):
    s = c
    for i in range(len(x)):
        if i % 3 == 0:
            s = s * 0.9
            continue
        t = x[i] * s
        if t < 0.0:
            s = s - t
            continue
        s = s + t * t
    return s


@case(args=(draw(5), 10.0), also=((draw(5), 0.5),), wrt=0, second=True)
def for_else(x, bound):
    s = 0.0
    for v in x:
        s += v * v
        if s > bound:
            s = -s
            break
    else:
        s = s * s
    return s


@case(args=(np.zeros(0), 1.3), also=((np.array([0.4]), 1.3),))
def for_else_of_nothing(x, a):
    for v in x:
        a = a * v
        if a > 0.0:
            break
    else:
        a = a * a
    return a


@case(args=(draw(5),), also=((np.abs(draw(5)) + 0.1,),), second=True)
def return_in_a_loop(x):
    s = 1.0
    for i in range(len(x)):
        if x[i] < 0.0:
            return s * x[i]
        s = s * x[i] + 1.0
    return s


@case(args=(draw(3, 4),), also=((np.abs(draw(3, 4)),), (draw(3, 4) * 0.2,)), second=True)
def return_from_nested_loops(A):
    s = 0.0
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            s += A[i, j] ** 2
            if s > 3.0:
                return s * A[i, j]
        s = s * 0.9
    return s


@case(args=(draw(4, 4),))
def break_inner_only(A):
    total = 0.0
    for i in range(4):
        row = 1.0
        for j in range(4):
            if A[i, j] > 0.8:
                break
            row = row * (A[i, j] + 2.0)
        total += row
    return total


@case(args=(draw(4, 4),), also=((np.abs(draw(4, 4)),),), second=True)
def inner_else_continues_outer(A):
    total = 1.0
    for i in range(4):
        for j in range(4):
            if A[i, j] < 0.0:
                total = total + A[i, j] ** 2
                break
        else:
            continue
        total = total * 0.5
    return total


@case(args=(draw(4, 4),))
def break_of_both_through_a_flag(A):
    s = 0.0
    done = False
    for i in range(4):
        for j in range(4):
            s = s + A[i, j] * s + A[i, j]
            if abs(A[i, j]) > 1.2:
                done = True
                break
        if done:
            break
    return s


@case(args=(1.5, 2.0), also=((-1.5, 2.0), (1.5, -2.0)), second=True)
def early_returns(x, y):
    if x < 0.0:
        return x * x
    z = x * y
    if z < 0.0:
        return z * z * z
    z = z + math.sin(x)
    return z * y


@case(args=(0.9,), also=((-0.9,), (3.0,)), second=True)
def return_in_every_branch(x):
    if x < 0.0:
        return -x * x
    elif x < 1.0:
        return x**3
    else:
        return math.log(x)


@case(args=(draw(6), 1.0), also=((draw(6), 40.0),), wrt=0)
def break_leaves_loop_variable(x, bound):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        if s > bound:
            break
    return s * x[i] * (i + 1)


@case(args=(draw(5), 3), also=((draw(5), -1),), wrt=0)
def break_before_anything(x, stop):
    s = x[0]
    for i in range(5):
        if i > stop:
            break
        s = s * x[i] + x[4 - i]
    return s


@case(args=(positive(5), 0.6), also=((positive(5), 50.0),), wrt=0, second=True)
def break_in_while_in_for(x, tol):
    total = 0.0
    for v in x:
        guess = v
        k = 0
        while True:
            guess = 0.5 * (guess + v / guess)
            k += 1
            if abs(guess * guess - v) < tol or k == 4:
                break
        total += guess * v
    return total


@case(args=(draw(6),), also=((-positive(6),),))
def array_returned_early(x):
    out = np.zeros(6)
    for i in range(6):
        out[i] = x[i] * x[i]
        if x[i] > 0.6:
            return out
        out[i] = out[i] * 2.0
    return out * 3.0


@case(args=(draw(5), 0), also=((draw(5), 2), (draw(5), 9)), wrt=0)
def search_for_a_position(x, wanted):
    for i in range(len(x)):
        if i == wanted:
            found = x[i]
            break
    else:
        found = x[0] * x[1]
    return found * found


@case(args=(np.array([0.5, 1.5, -0.6, 0.8]),), also=((np.array([0.5, 1.5, -1.6, 0.8]),),))
def continue_then_break(x):
    s = 2.0
    for i in range(4):
        if x[i] > 1.0:
            continue
        if x[i] < -1.0:
            break
        s = s * x[i] * x[i] + s
    else:
        s = s + 7.0 * s * s
    return s


@case(args=(0.5, 10), also=((0.2, 4), (0.2, 0)), wrt=0, second=True)
def escape_with_else_return(x, n):
    z = x
    for k in range(n):
        z = z * z + x
        if z > 4.0:
            return z / (k + 1)
    else:
        return z
