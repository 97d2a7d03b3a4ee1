"""Sparse Jacobians and Hessians: the pattern read off the program, against the dense derivative."""

import builtins
import contextlib
import inspect
import io
import linecache
import math
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from programs import CASES
from scipy import sparse

import srcdiff
from srcdiff.errors import BackendUnavailable, BadArgument, BadOutput, SrcdiffError
from srcdiff.sparse import colouring
from srcdiff.sparse.dependence import Dependence
from tests.generator import Options, generate
from tests.generator.dependence import missing
from tests.generator.load import load, unload

X = np.array([0.3, -1.2, 0.7, 2.0, -0.4, 1.1])


def held_against_dense(f, *args, wrt=0, **options):
    """The sparse Jacobian, after a look at its entries and at the sets: those of the dense one."""
    single = not isinstance(wrt, tuple)
    found = srcdiff.jacobian(f, wrt=wrt, sparse=True, **options)(*args)
    expected = srcdiff.jacobian(f, wrt=wrt)(*args)
    blocks = [(found, expected)] if single else list(zip(found, expected, strict=True))
    for own, dense in blocks:
        assert isinstance(own, sparse.csr_array)
        np.testing.assert_allclose(own.toarray(), np.reshape(dense, own.shape), rtol=1e-10, atol=1e-13)
    return found


def pattern(f, *args, wrt=0):
    return srcdiff.sparsity(f, wrt=wrt)(*args).toarray().astype(int)


def colours(f, *args, **options):
    """The number of directions that the sparse Jacobian takes."""
    own = srcdiff.jacobian(f, sparse=True, **options)
    own(*args)
    return own.plans["x"].count


# -------------------------------------------------------------------------------------------------------- structures


def tridiagonal(x):
    y = np.empty_like(x)
    for i in range(len(x)):
        s = 2.0 * x[i] * x[i]
        if i > 0:
            s -= x[i - 1]
        if i < len(x) - 1:
            s -= math.sin(x[i + 1])
        y[i] = s
    return y


def banded(x):
    return x[2:] * x[1:-1] - np.exp(x[:-2])


def arrow(x):
    y = x * x[0]
    y[0] = np.sum(x * x)
    return y


def blocks(x):
    b = np.reshape(x, (3, 2))
    return np.concatenate([b[:, 0] * b[:, 1], np.sum(b, axis=1)])


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
@pytest.mark.parametrize("f", [tridiagonal, banded, arrow, blocks])
def test_structures(f, mode):
    held_against_dense(f, X, mode=mode)


def test_the_pattern_is_the_structure():
    n = len(X)
    np.testing.assert_array_equal(pattern(tridiagonal, X), np.tri(n, n, 1) - np.tri(n, n, -2))
    np.testing.assert_array_equal(pattern(banded, X), (np.tri(n, n, 2) - np.tri(n, n, -1))[: n - 2])
    assert pattern(arrow, X).sum() == n + 2 * (n - 1)


def test_few_directions_are_taken():
    long = np.linspace(0.1, 1.0, 200)
    assert colours(tridiagonal, long) == 3
    assert colours(banded, long) == 3
    assert colours(blocks, X) == 2


def test_an_entry_that_happens_to_be_zero_is_in_the_pattern():
    at_zero = srcdiff.jacobian(lambda x: x * x, sparse=True)(np.zeros(3))
    assert at_zero.nnz == 3
    assert at_zero.toarray().tolist() == np.zeros((3, 3)).tolist()


def test_rows_are_compressed_where_that_takes_fewer_directions():
    def wide(x):
        return np.sum(np.reshape(x, (2, 50)) ** 2, axis=1)

    own = srcdiff.jacobian(wide, sparse=True)
    x = np.linspace(0.0, 1.0, 100)
    found = own(x)
    assert (own.plans["x"].way, own.plans["x"].count) == ("rows", 1)
    np.testing.assert_allclose(found.toarray(), srcdiff.jacobian(wide)(x))


# ------------------------------------------------------------------------------------------------- ways of a program


def branching(x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = x[i] * x[0] if x[i] > 0.5 else x[i]
    return y


def test_branches_are_followed():
    held_against_dense(branching, X)
    held_against_dense(branching, -X)
    assert pattern(branching, np.ones(3)).tolist() == [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
    assert pattern(branching, -np.ones(3)).tolist() == np.eye(3).tolist()


def gathered(x, places):
    return x[places] * x[places[::-1]]


def scattered(x, places):
    y = np.zeros(4)
    np.add.at(y, places, x * x)
    y[places[:2]] = x[:2]
    return y


def masked(x):
    y = np.zeros_like(x)
    y[x > 0.0] = x[x > 0.0] ** 2
    return np.where(x > 1.0, y, x[::-1])


def swapped(x):
    u, v = x.copy(), x[::-1].copy()
    for _ in range(2):
        u, v = v, u
        u[1:] = u[:-1] * v[1:]
    return np.stack([u, v])


def until(x):
    y = x.copy()
    trips = 0
    while np.sum(y * y) > 1.0 and trips < 4:
        y[1:-1] = 0.4 * (y[2:] + y[:-2])
        y[0] = y[0] * 0.5
        y[-1] = 0.5
        trips += 1
    return y


def listed(x):
    kept = []
    for value in x:
        kept.append(value * value)
        if len(kept) > 2:
            kept.append(kept[-2] * kept[0])
    return np.array(kept)


def term(a, b):
    return math.exp(a) * b if a > b else b * b


def calling(x):
    return np.array([term(x[i], x[i + 1]) for i in range(len(x) - 1)])


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def recursive(x):
    y = np.empty(len(x))
    for i in range(len(x)):
        y[i] = power(x[i], i)
    return y


def through_matrices(x):
    fixed = np.diag(np.arange(1.0, 7.0)) + np.diag(np.ones(5), 1)
    return fixed @ np.tanh(x)


def reduced(x):
    a = np.reshape(x, (2, 3))
    running = np.cumsum(a, axis=1).ravel()
    return np.concatenate([np.max(a, axis=0), np.prod(a, axis=1), running, np.diff(x), np.linalg.norm(a, axis=1)])


def moved(x):
    a = np.pad(np.transpose(np.reshape(x, (2, 3))), 1)
    return np.tril(np.roll(a, 1, axis=0))[1:, :-1] + np.tile(x[:1], 3)


def complex_parts(x):
    z = x[:3] + 1j * x[3:]
    z.real[0] = 1.0
    return np.concatenate([np.abs(z), (z * z).imag, np.real(np.fft.ifft(np.fft.fft(z[:2])))])


def empty_places(x):
    y = np.zeros(4)
    y[2] = x[1]
    return y


PLACES = np.array([0, 2, 2, 1, 3, 0])
PROGRAMS = [
    (gathered, (X, PLACES)),
    (scattered, (X, PLACES % 4)),
    (masked, (X,)),
    (swapped, (X,)),
    (until, (X,)),
    (until, (0.1 * X,)),
    (listed, (X[:4],)),
    (calling, (X,)),
    (recursive, (X,)),
    (through_matrices, (X,)),
    (reduced, (X,)),
    (moved, (X,)),
    (complex_parts, (X,)),
    (empty_places, (X[:3],)),
    (lambda x: np.fft.rfft(x).real, (X,)),
    (lambda x: np.linalg.solve(np.eye(6) + np.outer(x, x), x), (X,)),
    (lambda x: np.sort(x) * 2.0, (X,)),
    (lambda x: np.array([]), (X,)),
    (lambda x: np.sin(x), (0.3,)),
    (lambda x: np.array([x, x * x]), (0.3,)),
    (lambda x: x[0] * x[-1], (X,)),
]


@pytest.mark.parametrize(("f", "args"), PROGRAMS, ids=lambda p: getattr(p, "__name__", ""))
def test_programs(f, args):
    held_against_dense(f, *args)
    assert missing(f, lambda: [np.copy(a) if np.ndim(a) else a for a in args], (0,)) == []


def test_empty_rows_and_columns():
    found = held_against_dense(empty_places, X[:3])
    assert (found.shape, found.nnz) == ((4, 3), 1)


def test_a_fixed_matrix_lets_through_what_is_not_zero():
    assert pattern(through_matrices, X).sum() == 11
    a = np.array([[0.0, 2.0], [3.0, 0.0]])
    assert pattern(lambda x, a: np.dot(x, a), np.ones((2, 2)), a).tolist() == np.kron(np.eye(2), a.T > 0).tolist()


def test_arrays_of_two_dimensions_are_flattened():
    def f(a):
        return a[1:, :] * a[:-1, :]

    a = np.arange(6.0).reshape(3, 2)
    found = held_against_dense(f, a)
    assert found.shape == (4, 6)


def test_several_arguments():
    def f(x, k, y):
        return x[1:] * y[k] + x[:-1]

    by_x, by_y = held_against_dense(f, X, 1, np.array([2.0, 3.0]), wrt=("x", "y"))
    assert (by_x.shape, by_y.shape, by_y.nnz) == ((5, 6), (5, 2), 5)


def test_more_inputs_than_one_run_takes(monkeypatch):
    monkeypatch.setattr("srcdiff.sparse.dependence._BITS", 4)

    def f(x, s, y):
        return x[1:] * x[:-1] * s + y

    held_against_dense(f, X, 2.0, np.arange(5.0), wrt=(0, 1, 2))


def test_single_precision():
    found = srcdiff.jacobian(tridiagonal, sparse=True)(X.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), srcdiff.jacobian(tridiagonal)(X), rtol=1e-5)


def test_the_value_comes_with_it():
    value, found = srcdiff.value_and_jacobian(tridiagonal, sparse=True)(X)
    np.testing.assert_array_equal(value, tridiagonal(X))
    np.testing.assert_allclose(found.toarray(), srcdiff.jacobian(tridiagonal)(X))


@pytest.mark.jit
@pytest.mark.parametrize("f", [tridiagonal, banded, arrow])
def test_jitted(f):
    held_against_dense(f, X, jit=True)


def drawn(x, rng):
    return x * rng.normal(size=len(x)) + x[0]


def test_every_run_sees_the_same_draws_and_the_generator_is_left_as_by_one_call():
    rng, other = np.random.default_rng(3), np.random.default_rng(3)
    found = srcdiff.jacobian(drawn, sparse=True)(X, rng)
    factors = other.normal(size=len(X))
    expected = np.diag(factors)
    expected[:, 0] += 1.0
    np.testing.assert_allclose(found.toarray(), expected)
    assert rng.normal() == other.normal()


def test_arguments_stay_as_they_are():
    def f(x):
        x[0] = x[1] * 2.0
        return x * x

    x = X.copy()
    held_against_dense(f, x)
    np.testing.assert_array_equal(x, X)


# ---------------------------------------------------------------------------------------------------------- Hessians


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def loops(x):
    s = 0.0
    for i in range(len(x) - 1):
        s += (x[i + 1] - x[i] * x[i]) ** 2 * (1.0 + math.cos(x[i]))
    return s


def star_of(x):
    return np.sum(x[1:] * x[0] ** 2) + np.sum(x**4)


def separable(x):
    return np.sum(np.sin(x) * x)


def by_differences(x):
    return np.sum(np.diff(x) ** 4) + np.sum(np.cumsum(x)[:2] ** 3)


@pytest.mark.parametrize("f", [rosenbrock, loops, star_of, separable, by_differences])
def test_hessians(f):
    found = srcdiff.hessian(f, sparse=True)(X)
    assert isinstance(found, sparse.csr_array)
    np.testing.assert_allclose(found.toarray(), srcdiff.hessian(f)(X), rtol=1e-10, atol=1e-12)


def test_symmetry_saves_directions():
    x = np.linspace(0.1, 1.0, 60)
    own = srcdiff.hessian(star_of, sparse=True)
    found = own(x)
    assert (own.plans["x"].way, own.plans["x"].count) == ("symmetric", 2)  # of the columns, 60 are neighbours
    np.testing.assert_allclose(found.toarray(), srcdiff.hessian(star_of)(x), rtol=1e-10)
    diagonal = srcdiff.hessian(separable, sparse=True)
    assert (diagonal(x).nnz, diagonal.plans["x"].count) == (60, 1)


def test_hessians_by_several_arguments():
    def f(x, y):
        return np.sum(x[1:] ** 2 * x[:-1]) * 1.0 + np.sum(x * y**3)

    found = srcdiff.hessian(f, wrt=(0, 1), sparse=True)(X, 2.0 + X)
    expected = srcdiff.hessian(f, wrt=(0, 1))(X, 2.0 + X)
    for row, wanted in zip(found, expected, strict=True):
        for own, dense in zip(row, wanted, strict=True):
            np.testing.assert_allclose(own.toarray(), dense, rtol=1e-10, atol=1e-12)
    assert found[0][1].nnz == 6


@pytest.mark.jit
def test_jitted_hessian():
    found = srcdiff.hessian(loops, sparse=True, jit=True)(X)
    np.testing.assert_allclose(found.toarray(), srcdiff.hessian(loops)(X), rtol=1e-10, atol=1e-12)


# ---------------------------------------------------------------------------------------------------- a given pattern


def test_a_pattern_that_is_given_is_not_found_anew(monkeypatch):
    known = srcdiff.sparsity(tridiagonal)(X)
    own = srcdiff.jacobian(tridiagonal, sparse=True, pattern=known)
    monkeypatch.setattr(Dependence, "__call__", None)
    for x in (X, X + 1.0):
        np.testing.assert_allclose(own(x).toarray(), srcdiff.jacobian(tridiagonal)(x))
    dense = srcdiff.jacobian(tridiagonal, sparse=True, pattern=known.toarray(), mode="reverse")
    np.testing.assert_allclose(dense(X).toarray(), own(X).toarray())


def test_patterns_of_several_arguments_and_of_hessians():
    def f(x, y):
        return x[1:] * y

    at = X, X[1:]
    both = srcdiff.sparsity(f, wrt=(0, 1))(*at)
    found = srcdiff.jacobian(f, wrt=(0, 1), sparse=True, pattern=both)(*at)
    np.testing.assert_allclose(found[1].toarray(), np.diag(X[1:]))
    known = srcdiff.sparsity(srcdiff.grad(rosenbrock))(X)
    own = srcdiff.hessian(rosenbrock, sparse=True, pattern=known)(X)
    np.testing.assert_allclose(own.toarray(), srcdiff.hessian(rosenbrock)(X))


def test_a_pattern_that_does_not_fit():
    small = srcdiff.jacobian(tridiagonal, sparse=True, pattern=np.ones((6, 5)))
    with pytest.raises(BadArgument, match="`x` has 6 elements, and the pattern given has 5 columns"):
        small(X)
    for mode in ("forward", "reverse"):
        low = srcdiff.jacobian(tridiagonal, sparse=True, mode=mode, pattern=np.ones((5, 6)))
        with pytest.raises(BadArgument, match="pattern given for `x` has 5 rows"):
            low(X)
    with pytest.raises(BadArgument, match="is a sparse matrix, or an array of two dimensions"):
        srcdiff.jacobian(tridiagonal, sparse=True, pattern="dense")
    with pytest.raises(BadArgument, match="for each of x, y"):
        srcdiff.jacobian(lambda x, y: x * y, wrt=(0, 1), sparse=True, pattern=np.ones((2, 2)))
    with pytest.raises(BadArgument, match="a row of patterns is needed"):
        srcdiff.hessian(lambda x, y: x * y, wrt=(0, 1), sparse=True, pattern=np.ones((2, 2)))


# ------------------------------------------------------------------------------------------------- what users see


def test_what_is_not_meant():
    with pytest.raises(BadArgument, match="a pattern is for sparse=True"):
        srcdiff.jacobian(tridiagonal, pattern=np.ones((6, 6)))
    with pytest.raises(BadArgument, match="sparse is True or False"):
        srcdiff.jacobian(tridiagonal, sparse="csr")
    with pytest.raises(BadArgument, match="mode is one of"):
        srcdiff.jacobian(tridiagonal, sparse=True, mode="sideways")
    with pytest.raises(BadOutput, match="one number or one array"):
        srcdiff.jacobian(lambda x: (x, x), sparse=True)(X)
    with pytest.raises(BadArgument, match="columns for the elements of one array"):
        srcdiff.jacobian(lambda x: x[0] * 2.0, sparse=True)((1.0, 2.0))


def test_without_scipy(monkeypatch):
    real = builtins.__import__

    def missing_scipy(name, *args, **kwargs):
        if name.partition(".")[0] == "scipy":
            raise ImportError("no scipy here")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing_scipy)
    for make in (srcdiff.sparsity, lambda f: srcdiff.jacobian(f, sparse=True)):
        with pytest.raises(BackendUnavailable, match="pip install scipy"):
            make(tridiagonal)


def test_a_program_that_takes_a_sparse_jacobian_is_refused():
    own = srcdiff.jacobian(tridiagonal, sparse=True)
    with pytest.raises(SrcdiffError):
        srcdiff.grad(lambda x: own(x)[0, 0])(X)


def test_inspection():
    own, found = srcdiff.jacobian(tridiagonal, sparse=True), srcdiff.sparsity(tridiagonal)
    assert repr(own) == "<sparse Jacobian of tridiagonal(x) with respect to x>"
    assert repr(found) == "<sparsity pattern of tridiagonal(x) with respect to x>"
    assert "s_from |= x_from[i - 1]" in srcdiff.source(found, X)
    assert "s_dot" in srcdiff.source(own, X)
    for again in (pickle.loads(pickle.dumps(own)), pickle.loads(pickle.dumps(found))):
        assert again(X).nnz == 16


PROGRAM = '''
from srcdiff import sets


def tridiagonal_sparsity(x, x_from):
    """The inputs that tridiagonal(x) depends on, of those in x_from.  Written by srcdiff from test_sparse.py:{line}."""
    y_from = sets.empty_like(x)
    for i in range(len(x)):
        s_from = x_from[i]
        if i > 0:
            s_from |= x_from[i - 1]
        if i < len(x) - 1:
            s_from |= x_from[i + 1]
        y_from[i] = s_from
    return y_from
'''


def test_the_program_of_sets():
    line = tridiagonal.__code__.co_firstlineno
    assert srcdiff.source(srcdiff.sparsity(tridiagonal), X) == PROGRAM.lstrip().replace("{line}", str(line))


PAGE = Path(__file__).resolve().parent.parent / "docs" / "sparse.md"
BLOCK = re.compile(r"(<!-- output -->\n)?```(python|text)\n(.*?)```", re.DOTALL)


def test_the_page_runs_and_prints_what_it_says():
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    program = "".join(f"{text}\n" for output, kind, text in found if kind == "python" and not output)
    expected = "".join(text for output, _, text in found if output)
    linecache.cache["sparse.md"] = (len(program), None, program.splitlines(keepends=True), "sparse.md")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "sparse.md", "exec"), {"__name__": "sparse_md"})
    assert printed.getvalue().split() == expected.split()


# ---------------------------------------------------------------------------------------------- all kinds of programs


def floats(case):
    """The places of the arguments that hold floats; none where one is a structure."""
    args = case.points[0]
    whole = len(args) == len(inspect.signature(case.function).parameters)
    numbers = all(isinstance(a, float | int | np.ndarray | np.generic) for a in args)
    return tuple(k for k, a in enumerate(args) if np.asarray(a).dtype.kind == "f") if whole and numbers else ()


@pytest.mark.parametrize("case", [c for c in CASES if floats(c)][::7], ids=lambda c: c.name)
def test_no_derivative_is_outside_the_sets(case):
    try:
        assert missing(case.function, lambda: case.at(case.points[0]), floats(case)) == []
    except SrcdiffError:
        pytest.skip("refused, as it is in forward mode")


@pytest.mark.parametrize("first", [0, 15])
def test_random_programs(first):
    for seed in range(first, first + 15):
        program = generate(seed, Options())
        module = load(program.source)
        try:
            wrt = tuple(k for k, a in enumerate(program.args) if not isinstance(a, int))
            assert missing(module.f, program.fresh_args, wrt) == [], program
        except SrcdiffError:
            continue
        finally:
            unload(module)


# -------------------------------------------------------------------------------------------------------- colourings


def random_pattern(rng, height, width, density):
    return np.nonzero(rng.random((height, width)) < density)


@pytest.mark.parametrize("seed", range(10))
def test_columns_of_one_colour_share_no_row(seed):
    rng = np.random.default_rng(seed)
    rows, cols = random_pattern(rng, 20, 15, 0.15)
    colour = colouring.columns(rows, cols, 15)
    pairs = list(zip(rows.tolist(), colour[cols].tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("seed", range(20))
def test_a_star_colouring_gives_every_entry(seed):
    rng = np.random.default_rng(seed)
    n = 18
    rows, cols = random_pattern(rng, n, n, 0.12)
    full = np.zeros((n, n), bool)
    full[rows, cols] = full[cols, rows] = full[np.arange(n), np.arange(n)] = True
    rows, cols = np.nonzero(full)
    colour = colouring.star(rows, cols, n)
    own = colouring.alone(rows, cols, colour)
    mirrored = {(c, r) for r, c, alone in zip(rows.tolist(), cols.tolist(), own.tolist(), strict=True) if alone}
    assert all(
        alone or (r, c) in mirrored for r, c, alone in zip(rows.tolist(), cols.tolist(), own.tolist(), strict=True)
    )
    assert colour.max() <= colouring.columns(rows, cols, n).max()
