"""Arrays put together, cut and turned: the text that is written, what is refused and in which words, Numba."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import errors
from srcdiff.testing import check_grad

_numbers = itertools.count()
HELD = np.arange(12.0).reshape(3, 4)
VECTOR = np.array([1.0, -2.0, 0.5, 3.0, 2.0, -1.0])
MATRIX = np.array([[1.0, 2.0, -1.0], [0.5, -0.5, 3.0], [2.0, 1.0, 0.25]])


def program(*lines: str) -> Any:
    text = "def f(x):\n" + "".join(f"    {line}\n" for line in lines)
    file = f"<shaping {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names = {"np": np, "HELD": HELD, "__name__": "shaping"}
    exec(compile(text, file, "exec"), names)
    return names["f"]


def written(*lines: str, x: Any = VECTOR) -> str:
    return srcdiff.source(srcdiff.grad(program(*lines)), x)


@pytest.mark.parametrize(
    ("line", "x", "adjoint"),
    [
        ("y = np.concatenate((x, x * x))", VECTOR, "x_bar = y_bar[: len(x)] + 2.0 * x * y_bar[len(x) :]"),
        ("y = np.concatenate([[0.0, 1.0], x, [2.0]])", VECTOR, "x_bar = y_bar[2 : len(x) + 2].copy()"),
        ("y = np.hstack((np.ones((3, 1)), x))", MATRIX, "x_bar = y_bar[:, 1:].copy()"),
        ("y = np.column_stack((np.ones(6), x))", VECTOR, "x_bar = y_bar[:, 1].copy()"),
        ("y = np.stack((np.ones(6), x))", VECTOR, "x_bar = y_bar[1].copy()"),
        ("y = np.append(x, 1.0)", VECTOR, "x_bar = y_bar[: len(x)].copy()"),
        ("y = np.pad(x, (1, 2))", VECTOR, "x_bar = y_bar[1:-2].copy()"),
        ("y = np.tile(x, 3)", VECTOR, "x_bar = np.sum(np.reshape(y_bar, (3, x.shape[0])), axis=0)"),
        ("y = np.repeat(x, 2)", VECTOR, "x_bar = np.sum(np.reshape(y_bar, (x.shape[0], 2)), axis=-1)"),
        ("y = np.roll(x, 1, axis=0)", MATRIX, "x_bar = np.roll(y_bar, -1, axis=0)"),
        ("y = np.triu(x, 1)", MATRIX, "x_bar = np.triu(y_bar, k=1)"),
        ("y = np.transpose(x[None], (1, 2, 0))", MATRIX, "np.transpose(y_bar, (2, 0, 1))"),
        ("y = np.diag(x)", VECTOR, "x_bar = np.diagonal(y_bar).copy()"),
        ("y = np.diag(x)", MATRIX, "x_bar = on_diagonal(y_bar, x)"),
    ],
)
def test_the_adjoint_reads_as_a_person_writes_it(line: str, x: Any, adjoint: str) -> None:
    text = written(line, "return np.sum(y * y * y)", x=x)
    assert adjoint in text.replace("\n    ", "\n"), text


@pytest.mark.parametrize(
    ("lines", "x", "error", "words"),
    [
        (("return np.concatenate(x)",), MATRIX, errors.UnsupportedCall, "not written out"),
        (("return np.stack(x)",), MATRIX, errors.UnsupportedCall, "not written out"),
        (("return np.concatenate((x, x), dtype=np.float32)",), VECTOR, errors.UnsupportedCall, "`dtype=`"),
        (("return np.repeat(x, x[0])",), VECTOR, errors.UnsupportedCall, "as repeats"),
        (("return np.pad(x, 1, mode='mean')",), VECTOR, errors.UnsupportedCall, "`mode` of `np.pad`"),
        (("return np.pad(x, len(x))",), VECTOR, errors.UnsupportedCall, "known only when the program runs"),
        (("return np.split(x, len(x))[0]",), VECTOR, errors.UnsupportedCall, "known only when the program runs"),
        (("return np.rot90(x, len(x))",), MATRIX, errors.UnsupportedCall, "known only when the program runs"),
        (("return np.squeeze(x[:1])",), MATRIX, errors.UnsupportedCall, "without an axis"),
        (("return np.tril(x)",), VECTOR, errors.UnsupportedType, "at least 2 dimensions"),
        (("return np.trace(x[None], 0, 1, 1)",), MATRIX, errors.UnsupportedCall, "one axis twice"),
        (("return np.diagonal(x[None], 0, 1, len(x))",), MATRIX, errors.UnsupportedCall, "known only when"),
        (("return np.meshgrid(x, x, sparse=True)[0]",), VECTOR, errors.UnsupportedCall, "np.meshgrid"),
        (("return np.ravel(x, order='F')",), MATRIX, errors.UnsupportedCall, "`order=`"),
        (("v = np.diagonal(x)", "x[0, 0] = 2.0", "return v * v"), MATRIX, errors.AmbiguousAlias, "diagonal"),
        (("v = np.ravel(x.T)", "v[0] = 2.0", "return x"), MATRIX, errors.AmbiguousAlias, "not surely contiguous"),
        (("a, b = np.split(x.T, 3)[:2]", "a[0] = b[0]", "return x"), MATRIX, errors.AmbiguousAlias, "contiguous"),
    ],
)
def test_refused(lines: tuple[str, ...], x: Any, error: type[errors.Refusal], words: str) -> None:
    with pytest.raises(error, match=words):
        srcdiff.vjp(program(*lines), x)


@pytest.mark.parametrize(
    "view",
    [
        "np.atleast_3d(HELD)[0]",
        "np.permute_dims(HELD, (1, 0))",
        "np.matrix_transpose(HELD)",
        "np.split(HELD, [1])[0]",
        "np.hsplit(HELD, 2)[1]",
        "np.flip(HELD, 0)",
    ],
)
def test_a_captured_array_is_not_written_through_a_view(view: str) -> None:
    with pytest.raises(errors.UnsupportedMutation):
        srcdiff.grad(program(f"v = {view}", "v[0, 0] = 1.0", "return x * v[0, 0]"))(2.0)


def test_a_diagonal_of_a_written_matrix_is_read_where_it_stands() -> None:
    check_grad(program("x[0, 0] = x[1, 1] * x[1, 2]", "return np.sum(np.diag(x) ** 2)"), (MATRIX,), order=2)


def test_parts_that_are_not_equal_are_an_error_as_in_numpy() -> None:
    f = program("a, b = np.split(x, 2)", "return np.sum(a * b)")
    with pytest.raises(ValueError, match="cannot reshape"):
        srcdiff.grad(f)(np.ones(5))


@pytest.mark.jit
@pytest.mark.parametrize(
    ("expression", "x"),
    [
        ("np.concatenate([x, x * x])", VECTOR),
        ("np.concatenate((x, x[:, :1]), axis=1)", MATRIX),
        ("np.hstack([x, 1.0])", VECTOR),
        ("np.stack((x, x * x), axis=1)", VECTOR),
        ("np.append(x, x[0])", VECTOR),
        ("np.roll(x, 1) * np.flip(x)", VECTOR),
        ("np.repeat(x, 2)", VECTOR),
        ("np.diag(x)", VECTOR),
        ("np.diag(x, 1)", MATRIX),
        ("np.swapaxes(x, 0, 1) * x", MATRIX),
        ("np.split(x, 3)[1]", VECTOR),
    ],
)
def test_under_numba(expression: str, x: Any) -> None:
    check_grad(program(f"return np.sum(np.sin({expression}))"), (x,), jit=True)
