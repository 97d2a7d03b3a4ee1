"""Sharing that cannot be seen in the text alone: the derivative is right or it is refused, never a guess."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import SrcdiffError


def summed_in_place(x: Any) -> Any:
    acc = 0.0
    before = 0.0
    for i in range(3):
        before = acc
        acc += x * x[i]
    return np.sum(before * acc * x)


def array_or_number(x: Any, flag: bool) -> Any:
    y = x if flag else 0.0
    z = y
    y += x * x
    return np.sum(x * y * z)


def through_reshape(x: Any) -> Any:
    y = x.reshape(-1)
    y[0] = 3.0 * y[1]
    return np.sum(x * x)


def two_arguments(a: Any, b: Any) -> Any:
    a[0] = 2.0 * b[1] * b[0]
    a[1] = b[0] * b[0]
    return a * b


FORTRAN = np.asfortranarray(np.arange(1.0, 7.0).reshape(2, 3))


@pytest.mark.parametrize("jit", [False, True], ids=["plain", "jit"])
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (summed_in_place, (np.array([1.0, 2.0, 3.0]),)),
        (array_or_number, (np.array([1.0, 2.0, 3.0]), True)),
        (through_reshape, (FORTRAN,)),
    ],
    ids=["number-then-array", "array-or-number", "reshape-of-fortran-order"],
)
def test_the_value_is_the_functions_own_or_it_is_refused(f: Any, args: tuple[Any, ...], jit: bool) -> None:
    copies = [a.copy(order="K") if isinstance(a, np.ndarray) else a for a in args]
    expected = f(*copies)
    try:
        value, _ = srcdiff.value_and_grad(f, jit=jit)(*args)
    except SrcdiffError:
        return
    assert value == pytest.approx(expected)


def test_vjp_sees_arguments_that_share_memory() -> None:
    x = np.array([1.0, 2.0, 3.0])
    with pytest.raises(srcdiff.errors.SharedMemory):
        srcdiff.vjp(two_arguments, x, x)
    with pytest.raises(srcdiff.errors.SharedMemory):
        srcdiff.vjp(two_arguments, x[1:], x[:-1])


def test_aux_lists_are_as_the_function_left_them() -> None:
    def f(x: Any) -> Any:
        y = np.zeros(3)
        for k in range(3):
            y[k] = x[k] * y[k - 1] + x[0]
        return y[0] * y[1] * y[2], [y]

    x = np.array([1.0, 2.0, 3.0])
    try:
        (_, aux), _ = srcdiff.value_and_grad(f, has_aux=True)(x)
    except SrcdiffError:
        return
    np.testing.assert_array_equal(aux[0], f(x)[1][0])
