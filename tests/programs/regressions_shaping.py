"""Programs that were wrong or refused without need: variables named like items of tuples, slices of new arrays."""

import numpy as np

from .registry import case, draw


@case(args=(1.5,), second=True)
def a_variable_named_like_an_item(x):
    p_1 = x * 3.0
    p = (x, x * x)
    return p_1 * p[1]


@case(args=(1.5,), second=True)
def an_item_of_a_tuple_in_a_loop_and_a_variable_of_its_name(x):
    p_0 = 3.0 * x
    p = (1.0, x)
    for _ in range(3):
        p = (p[0] * x, p[1] + p_0)
        if p[0] > 2.0:
            p = (p[1], p[0])
    return p[0] * p[1] + p_0


@case(args=(1.5, (2.0, 5.0)), wrt=(0,))
def an_argument_that_is_a_tuple_and_a_variable_of_the_name_of_its_item(x, p):
    p_0 = p[1] * x
    return p_0 * p[0] * x


@case(args=(draw(5),), second=True)
def a_slice_of_a_new_array_is_written(x):
    v = np.sin(x)[1:]
    v[0] = x[0] * x[1]
    return np.sum(v * v)


@case(args=(draw(5),), second=True)
def zeros_of_a_shape_in_a_list(x):
    v = np.zeros([2, 5, 1]) + np.reshape(x, [5, 1])
    return np.sum(v[1] * v[0, 1] * v)


# ------------------------------------------------- parts of a `reshape` that NumPy makes a copy for


@case((draw(2, 3, 4),))
def part_of_a_reshaped_swap(x):
    return np.sum(np.swapaxes(x, 0, 2).reshape(4, -1)[1:] ** 3)


@case((draw(2, 4),), second=True)
def part_of_a_reshaped_transpose(x):
    return np.sum(x.T.reshape(-1)[1:] ** 3) + x.T.ravel()[2] ** 2


@case((np.asfortranarray(draw(2, 4)),), also=((draw(2, 4),),), second=True)
def part_of_what_may_be_in_fortran_order(x):
    s = 0.0
    for i in range(3):
        s += x.reshape(-1)[i] ** 3
    return s + np.sum(x.reshape(-1)[1:] ** 2)


@case((draw(2, 4),), second=True)
def items_of_a_reshaped_transpose(x):
    s = 0.0
    for v in x.T.reshape(-1):
        s += v**3
    return s
