"""New arrays in compiled code: what NumPy makes, without a function of Numba's for every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff import runtime

numba = pytest.importorskip("numba")
pytestmark = pytest.mark.jit

ZEROS: dict[str, Callable[..., Any]] = {
    "a length": lambda n, a: np.zeros(n),
    "a small length": lambda n, a: np.zeros(np.uint8(n)),
    "a tuple": lambda n, a: np.zeros((n, 2)),
    "no elements": lambda n, a: np.zeros((n, 0, 2)),
    "a shape": lambda n, a: np.zeros(a.shape, np.float32),
    "a shape of floats": lambda n, a: np.zeros(a.shape, float),
    "by name": lambda n, a: np.zeros(shape=(n,), dtype=np.int64),
    "bools": lambda n, a: np.zeros(n, dtype=np.bool_),
    "complex": lambda n, a: np.zeros(n, np.complex64),
    "none": lambda n, a: np.zeros(n, None),
    "text": lambda n, a: np.zeros(n, "float32"),
    "the dtype of another": lambda n, a: np.zeros(n, a.dtype),
    "no axes": lambda n, a: np.zeros(()),
    "like another": lambda n, a: np.zeros_like(a),
    "like another, by name": lambda n, a: np.zeros_like(a=a),
    "like another, of none": lambda n, a: np.zeros_like(a, dtype=None),
    "like another, of small numbers": lambda n, a: np.zeros_like(a, np.int8),
    "like a number": lambda n, a: np.zeros_like(1.5),
}
EMPTY: dict[str, Callable[..., Any]] = {
    "a length": lambda n, a: np.empty(n),
    "a tuple": lambda n, a: np.empty((n, 2), dtype=np.complex64),
    "like another": lambda n, a: np.empty_like(a),
    "like another, of single precision": lambda n, a: np.empty_like(a, np.float32),
}
ARRAYS = {
    "C": np.ones((3, 4)),
    "F": np.asfortranarray(np.ones((3, 4))),
    "strided": np.ones((6, 8), np.float32)[::2, ::2],
    "read only": np.broadcast_to(np.ones(4, np.float64), (3, 4)),
}


def compiled(f: Callable[..., Any]) -> Any:
    from srcdiff.compiled import numba_module

    return numba_module().njit(f)


@pytest.mark.parametrize("case", ZEROS)
def test_zeros(case: str) -> None:
    f = compiled(ZEROS[case])
    for a in ARRAYS.values() if "another" in case else [ARRAYS["C"]]:
        for _ in range(2):  # the second time where something else has been
            found, expected = f(3, a), ZEROS[case](3, a)
            np.testing.assert_array_equal(found, expected)
            assert np.asarray(found).dtype == np.asarray(expected).dtype
            if a.flags.c_contiguous or a.flags.f_contiguous:
                assert np.asarray(found).strides == np.asarray(expected).strides or not found.size
            if np.ndim(found):
                found[...] = 7  # it is the caller's


@pytest.mark.parametrize("case", EMPTY)
def test_without_values(case: str) -> None:
    f = compiled(EMPTY[case])
    for a in ARRAYS.values():
        found, expected = f(3, a), EMPTY[case](3, a)
        assert (found.shape, found.dtype, found.flags.writeable) == (expected.shape, expected.dtype, True)


def test_shapes_that_cannot_be_are_errors() -> None:
    with pytest.raises(ValueError, match="negative dimensions"):
        compiled(lambda n: np.zeros((2, n)))(-1)
    with pytest.raises((ValueError, MemoryError)):
        compiled(lambda n: np.empty((n, n)))(2**40)


def test_they_are_no_functions_of_their_own() -> None:
    from numba.core import event

    from srcdiff.runtime_numba import pool

    pool.installed()
    compiled(lambda n: np.empty(n))(2)  # which makes Numba's allocator
    seen = []

    class Listener(event.Listener):
        def on_start(self, event: Any) -> None:
            seen.append(event.data["dispatcher"].py_func.__name__)

        def on_end(self, event: Any) -> None:
            pass

    def makes(n, a):
        total = np.zeros(n).size + np.zeros_like(a).size + np.empty_like(a).size + np.empty((n, n)).size
        b = runtime.workspace((n, n, n), np.float32)
        c = runtime.zeroed_workspace(n)
        d = runtime.copied_workspace(a)
        return total + b.size + c.size + d.size

    with event.install_listener("numba:compile", Listener()):
        assert compiled(makes)(3, np.ones((2, 5))) == 3 + 10 + 10 + 9 + 27 + 3 + 10
    assert seen == ["makes"]
