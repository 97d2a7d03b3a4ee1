"""Statements of ordinary Python: exceptions, `with`, `try`, `match`, and what a program tells the world."""

import contextlib
import logging
import math
import threading
import time
import warnings

import numpy as np
import pytest

import srcdiff
from srcdiff import errors
from srcdiff.testing import check_grad

LOCK = threading.Lock()
LOG = logging.getLogger("statements")


class Diverged(Exception):
    pass


def same_exception(f, *args):
    """The exception of a function is that of its derivatives, in every mode."""
    with pytest.raises(Exception) as own:  # noqa: PT011
        f(*args)
    directions = tuple(np.ones_like(a) if np.asarray(a).dtype.kind == "f" else None for a in args)
    for call in (
        lambda: srcdiff.grad(f)(*args),
        lambda: srcdiff.value_and_grad(f)(*args),
        lambda: srcdiff.jvp(f, args, directions),
        lambda: srcdiff.vjp(f, *args),
        lambda: srcdiff.hessian(f)(*args),
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            call()
        assert type(caught.value) is type(own.value)
        assert caught.value.args == own.value.args
    return own.value


# ---------------------------------------------------------------------------------------------------- exceptions


def with_checks(x, n):
    if n < 0:
        raise ValueError(f"n is {n}")
    s = 0.0
    for k in range(n):
        s = s + x**k
        if s > 100.0:
            raise Diverged("too large", k)
    if x.ndim if isinstance(x, np.ndarray) else False:
        raise TypeError("a number")
    return s


@pytest.mark.parametrize(("x", "n"), [(2.0, -1), (3.0, 9)])
def test_exceptions_leave_as_they_do(x, n):
    same_exception(with_checks, x, n)


def test_an_exception_that_the_types_decide():
    def one_dimension(x):
        if x.ndim != 1:
            raise ValueError("one dimension, please")
        return x @ x

    same_exception(one_dimension, np.ones((2, 2)))
    assert "raise ValueError" in srcdiff.source(srcdiff.grad(one_dimension), np.ones((2, 2)))
    np.testing.assert_array_equal(srcdiff.grad(one_dimension)(np.ones(2)), [2.0, 2.0])


def test_where_the_exception_comes_from_is_noted():
    def f(x):
        if x < 0.0:
            raise ValueError("negative")
        return x * x

    with pytest.raises(ValueError, match="negative") as caught:
        srcdiff.grad(f)(-1.0)
    (note,) = caught.value.__notes__
    assert note.endswith('raise ValueError("negative")')


def test_a_path_that_raises_is_no_part_of_the_reverse_sweep():
    def f(x, y):
        if x > y:
            z = x * y
        elif x > 0.0:
            z = x
        else:
            raise ValueError("x")
        return z

    text = srcdiff.source(srcdiff.grad(f), 1.0, 2.0)
    forward, reverse = text.split("# reverse sweep")
    assert 'raise ValueError("x")' in forward
    assert "x > 0.0" not in reverse


def test_assert_is_written_as_assert():
    def f(x):
        assert x > 0.0, "positive"
        return x * x

    assert 'assert x > 0.0, "positive"' in srcdiff.source(srcdiff.grad(f), 1.0)


def test_a_function_that_only_raises():
    def f(x):
        raise NotImplementedError

    same_exception(f, 1.0)


# -------------------------------------------------------------------------------------------------------- effects


def outputs(capsys):
    return capsys.readouterr().out.splitlines()


def tells(x, n):
    print("begin")
    s = 0.0
    for k in range(n):
        s = s + x[k] ** 2
        if k % 2:
            print(k, float(s))
    print("end", f"{s:.2f}")
    return s


def test_effects_run_once_and_in_order(capsys):
    x = np.array([1.0, 2.0, 3.0, 4.0])
    tells(x, 4)
    own = outputs(capsys)
    srcdiff.grad(tells)(x, 4)
    assert outputs(capsys) == own
    srcdiff.value_and_grad(tells)(x, 4)
    assert outputs(capsys) == own
    srcdiff.jvp(tells, (x, 4), (x, None))
    assert outputs(capsys) == own
    _, pullback = srcdiff.vjp(tells, x, 4)
    assert outputs(capsys) == own
    pullback(1.0)
    srcdiff.hessian(tells)(x, 4)
    srcdiff.jacobian(tells)(x, 4)
    assert outputs(capsys) == []


def test_what_is_told_are_the_values_at_that_place(capsys):
    def f(x):
        y = x
        for _ in range(3):
            print(y)
            y = y * y
        return y

    assert srcdiff.grad(f)(2.0) == 8 * 2.0**7
    assert outputs(capsys) == ["2.0", "4.0", "16.0"]


def test_an_effect_on_one_branch(capsys):
    def f(x):
        if x > 1.0:
            print("large")
        return 3.0 * x

    df = srcdiff.grad(f)
    assert (df(2.0), df(0.5)) == (3.0, 3.0)
    assert outputs(capsys) == ["large"]


def test_logging_and_warnings(caplog):
    def f(x):
        LOG.warning("x is %.1f", x)
        if x > 1.0:
            warnings.warn("large", RuntimeWarning)
        return x * x

    with pytest.warns(RuntimeWarning, match="large"):
        assert srcdiff.grad(f)(2.0) == 4.0
    assert caplog.messages == ["x is 2.0"]


def test_a_clock_is_read_once_and_is_a_constant(monkeypatch):
    readings = iter(range(100))
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(readings)))

    def f(x):
        return x * x

    assert srcdiff.grad(f)(3.0) == 6.0


def test_a_clock_is_refused_where_several_runs_have_to_agree():
    def f(x):
        return x * time.time()

    assert srcdiff.grad(f)(1.0) > 1e9
    with pytest.raises(errors.UnsupportedCall) as caught:
        srcdiff.vjp(f, 1.0)
    (problem,) = caught.value.problems
    assert problem.what == "`time.time`, which does not do the same in every run"
    assert "see the same time" in problem.why


def test_a_bar_around_an_iterable_is_left_out(capsys):
    tqdm = pytest.importorskip("tqdm", reason="the progress bar is an optional package")

    def f(x):
        s = 0.0
        for k in tqdm.tqdm(range(len(x)), desc="sum"):
            s = s + x[k] ** 2
        for value in tqdm.tqdm(x):
            s = s + value
        for k in tqdm.trange(2):
            s = s * (k + 1)
        return s

    np.testing.assert_array_equal(srcdiff.grad(f)(np.array([1.0, 2.0])), [6.0, 10.0])
    lines = srcdiff.source(srcdiff.grad(f), np.ones(2)).splitlines()
    assert not any("tqdm" in line.partition("#")[0] for line in lines)
    assert capsys.readouterr().err == ""


@pytest.mark.jit
def test_effects_and_exceptions_under_numba(capfd):
    def f(x, n):
        assert n > 0
        s = 0.0
        for k in range(n):
            s = s + x**k
            print(k)
            if s > 100.0:
                raise ValueError("large")
        return s

    df = srcdiff.grad(f, jit=True)
    assert df(2.0, 3) == 5.0
    assert capfd.readouterr().out.split() == ["0", "1", "2"]
    with pytest.raises(ValueError, match="large"):
        df(5.0, 9)
    with pytest.raises(AssertionError):
        df(2.0, 0)


# --------------------------------------------------------------------------------------------------- with and try


def test_errstate_holds_in_both_sweeps():
    def f(x):
        with np.errstate(divide="raise"):
            return np.sum(np.log(x))

    df = srcdiff.value_and_grad(f)
    assert srcdiff.source(df, np.ones(2)).count('with np.errstate(divide="raise"):') == 2
    with pytest.raises(FloatingPointError):
        df(np.array([0.0, 1.0]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        def quiet(x):
            with np.errstate(all="ignore"):
                return np.sum(np.sqrt(x))

        assert srcdiff.grad(quiet)(np.array([0.0]))[0] == np.inf


class Watch:
    def __init__(self):
        self.seen = []

    def __enter__(self):
        self.seen.append("enter")
        return self

    def __exit__(self, *_):
        self.seen.append("exit")


WATCH = Watch()


def test_a_manager_is_entered_once_and_left_by_an_exception():
    def f(x):
        with WATCH, LOCK:
            y = x * x
            if y > 100.0:
                raise Diverged
        return y * x

    WATCH.seen.clear()
    df = srcdiff.grad(f)
    assert df(2.0) == 12.0
    assert WATCH.seen == ["enter", "exit"]
    with pytest.raises(Diverged):
        df(20.0)
    assert WATCH.seen == ["enter", "exit"] * 2
    assert not LOCK.locked()


RATE = [1.0]


@contextlib.contextmanager
def changes_a_rate(value):
    RATE[0] = value
    yield


@contextlib.contextmanager
def catches():
    try:
        yield
    except ValueError:
        pass


class Swallows:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        return kind is not None


@pytest.mark.parametrize(
    ("manager", "why"),
    [
        (changes_a_rate, "the generator writes into what it has not made, which the function may compute with"),
        (catches, "the generator catches exceptions, and the function would go on half-way"),
        (Swallows, "its `__exit__` may stop exceptions, and the function would go on half-way"),
        (open, "srcdiff cannot look into it, and it may change what is computed inside"),
    ],
)
def test_managers_that_are_refused(manager, why):
    if manager is changes_a_rate:

        def f(x):
            with manager(2.0):
                return x * RATE[0]

    else:

        def f(x):
            with manager():
                return x * x

    with pytest.raises(errors.UnsupportedSyntax) as caught:
        srcdiff.grad(f)(1.0)
    (problem,) = caught.value.problems
    assert problem.what == f"`with` of `{manager.__qualname__}`"
    assert problem.why == why


def test_a_manager_of_a_value_that_is_differentiated():
    @contextlib.contextmanager
    def reports(value):
        yield

    def f(x):
        with reports(x):
            return x * x

    with pytest.raises(errors.NotDifferentiable):
        srcdiff.grad(f)(1.0)


def test_the_branch_of_a_failed_attempt():
    def f(x):
        try:
            y = math.sqrt(x)
        except ValueError:
            y = x * x
        return y * x

    df = srcdiff.value_and_grad(f)
    assert df(4.0) == (8.0, 3.0)
    assert df(-2.0) == (-8.0, 12.0)
    assert srcdiff.jvp(f, (-2.0,), (1.0,)) == (-8.0, 12.0)
    assert srcdiff.hessian(f)(-2.0) == -12.0


def test_no_exception_of_a_tangent_is_taken_for_one_of_the_program():
    def f(x):
        try:
            y = math.sqrt(x)
        except (ValueError, ZeroDivisionError):
            y = -1.0
        return y + 1.0

    with pytest.raises(ZeroDivisionError):
        srcdiff.jvp(f, (0.0,), (1.0,))


def test_which_exception_comes_first():
    def f(x, n):
        try:
            y = x / n * math.log(x)
        except ZeroDivisionError:
            y = 2.0 * x
        except ValueError:
            y = 3.0 * x
        return y

    df = srcdiff.grad(f)
    assert [df(-1.0, 0), df(-1.0, 1), df(1.0, 1)] == [2.0, 3.0, 1.0]


def test_a_handler_raises_again():
    def f(x, strict):
        try:
            y = math.sqrt(x)
        except ValueError:
            if strict:
                raise
            y = 0.0
        return y * x

    assert srcdiff.grad(f)(-1.0, False) == 0.0
    same_exception(f, -1.0, True)


def test_an_exception_is_chained():
    def f(x):
        try:
            return math.sqrt(x)
        except ValueError as error:
            raise Diverged("root") from error

    with pytest.raises(Diverged) as caught:
        srcdiff.grad(f)(-1.0)
    assert isinstance(caught.value.__cause__, ValueError)


def test_what_is_attempted_is_not_left_out():
    def f(x, n):
        try:
            y = x / n  # linear: no derivative reads it
        except ZeroDivisionError:
            y = 5.0 * x
        return y

    df = srcdiff.grad(f)
    assert (df(1.0, 2), df(1.0, 0)) == (0.5, 5.0)


def half_way(x, n):
    s = x
    try:
        s = s * s
        t = s / n
    except ZeroDivisionError:
        t = 0.0
    return s + t


def half_written(x, n):
    try:
        x[0] = 2.0 * x[1]
        y = x[0] / n
    except ZeroDivisionError:
        y = 0.0
    return y


def carried_half_way(x, n):
    s = x
    t = 0.0
    for k in range(n):
        try:
            s = 2.0 * s
            t = s / k
        except ZeroDivisionError:
            continue
    return t


@pytest.mark.parametrize(
    ("f", "args", "what"),
    [
        (half_way, (1.0, 0), "`s`, which `try` may leave half-way"),
        (half_written, (np.ones(2), 0), "an array that `try` may leave half-way"),
        (carried_half_way, (1.0, 3), "`s`, which `try` may leave half-way"),
    ],
)
def test_what_may_be_left_half_way_is_refused(f, args, what):
    with pytest.raises(errors.UnsupportedSyntax) as caught:
        srcdiff.grad(f)(*args)
    (problem,) = caught.value.problems
    assert problem.what == what
    assert problem.why == (
        "the derivative takes it that the body of `try` has run in full or not at all, and a failure would come between"
    )


def test_values_that_would_stay_on_a_list():
    def f(x, n):
        s = x
        while s < 100.0:
            try:
                t = s * s
                t = t * t
                u = t / n
            except ZeroDivisionError:
                u = s
            n = n - 1
            s = s + u
        return s

    near = (f(1.5 + 1e-6, 3) - f(1.5 - 1e-6, 3)) / 2e-6
    assert srcdiff.grad(f)(1.5, 3) == pytest.approx(near, rel=1e-6)


# --------------------------------------------------------------------------------------------------- other syntax


def test_a_deleted_name_is_gone():
    def f(x):
        y = x * x
        del y
        return y  # noqa: F821

    with pytest.raises(errors.UnresolvedName) as caught:
        srcdiff.grad(f)(1.0)
    assert caught.value.problems[0].what == "`y` is read where nothing has been assigned to it"


def test_the_order_of_evaluation_around_an_assignment():
    def f(x):
        a = x
        return a * 10.0 + (a := 2.0 * x) + a * 100.0

    assert f(1.0) == 212.0
    assert srcdiff.value_and_grad(f)(1.0) == (212.0, 212.0)


def test_an_import_inside_is_done_when_the_derivative_is_written():
    def f(x):
        import math as m
        from math import cos

        return m.sin(x) * cos(x)

    assert srcdiff.grad(f)(0.3) == pytest.approx(math.cos(0.6))


@pytest.mark.parametrize("kind", [float, np.ndarray, (int, float), float | None])
def test_the_class_of_a_value_is_decided(kind):
    def f(x):
        if isinstance(x, kind):
            return x * x
        return 3.0 * x

    assert srcdiff.grad(f)(2.0) == (4.0 if isinstance(2.0, kind) else 3.0)


def test_a_class_that_differs_between_values_is_refused():
    def f(x):
        return x if isinstance(x, np.float64) else 2.0 * x

    with pytest.raises(errors.UnsupportedSyntax) as caught:
        srcdiff.grad(f)(2.0)
    assert caught.value.problems[0].what == "a test for the class of a value that may be of several classes"


def test_raise_of_a_computed_value():
    def f(x, e):
        raise e[0]

    with pytest.raises(errors.UnsupportedSyntax) as caught:
        srcdiff.grad(f)(2.0, (1.0, 2.0))
    assert caught.value.problems[0].what == "`raise` of a value that is computed"


# ------------------------------------------------------------------------------------------- adjoints looked at


def clipped(x, n, limit):
    for _ in range(n):
        x = 3.0 * np.sin(x)
        with srcdiff.adjoint_of(x) as x_bar:
            x_bar[:] = np.clip(x_bar, -limit, limit)
    return np.sum(2.0 * x)


def test_an_adjoint_is_clipped_where_the_sweep_passes():
    x = np.array([0.3, 0.4])
    assert clipped(x, 2, 1.0) == np.sum(2.0 * 3.0 * np.sin(3.0 * np.sin(x)))
    first = 3.0 * np.cos(3.0 * np.sin(x))
    expected = 3.0 * np.cos(x) * np.clip(first, -1.0, 1.0)
    np.testing.assert_allclose(srcdiff.grad(clipped)(x, 2, 1.0), expected)
    _, tangent = srcdiff.jvp(clipped, (x, 2, 1.0), (x, None, None))
    np.testing.assert_allclose(tangent, np.sum(2.0 * 3.0 * np.cos(3.0 * np.sin(x)) * 3.0 * np.cos(x) * x))
    free = srcdiff.grad(clipped)(x, 2, np.inf)
    np.testing.assert_allclose(np.sum(free * x), tangent)


def test_an_adjoint_is_bound_anew_and_shown(capsys):
    def f(x):
        y = x * x
        scale = 3.0 * x
        with srcdiff.adjoint_of(y) as y_bar:
            print(f"{y_bar} at {y}, {scale}")
            y_bar = min(y_bar, 10.0)
        return y**3

    assert f(2.0) == 64.0
    assert capsys.readouterr().out == ""
    assert srcdiff.grad(f)(2.0) == 40.0
    assert capsys.readouterr().out == "48.0 at 4.0, 6.0\n"


def test_the_adjoint_of_an_array_that_is_written_in_place():
    def f(u, n):
        for k in range(n):
            u[1:] = u[1:] * u[:-1]
            with srcdiff.adjoint_of(u) as u_bar:
                u_bar[0] = 0.0
        return np.sum(u)

    np.testing.assert_array_equal(srcdiff.grad(f)(np.ones(3), 2), [2.0, 3.0, 1.0])


def test_the_seed_of_a_pullback_stays_as_it_is():
    def f(x):
        with srcdiff.adjoint_of(x) as x_bar:
            x_bar[:] = 0.0
        return x

    _, pullback = srcdiff.vjp(f, np.ones(2))
    seed = np.ones(2)
    np.testing.assert_array_equal(pullback(seed)[0], [0.0, 0.0])
    np.testing.assert_array_equal(seed, [1.0, 1.0])


def test_a_traceback_out_of_the_body_has_the_line_of_the_program():
    def f(x):
        y = x * x
        with srcdiff.adjoint_of(y) as y_bar:
            raise Diverged(y_bar)
        return y

    assert f(2.0) == 4.0
    with pytest.raises(Diverged) as caught:
        srcdiff.grad(f)(2.0)
    assert caught.traceback[-1].path.name == "test_statements.py"


def test_adjoint_of_needs_a_name():
    def f(x):
        with srcdiff.adjoint_of(x * x) as bar:
            print(bar)
        return x

    with pytest.raises(errors.UnsupportedSyntax) as caught:
        srcdiff.grad(f)(2.0)
    assert caught.value.problems[0].what == "`adjoint_of` in another form than `with adjoint_of(x) as x_bar:`"


def test_second_derivatives_through_statements_on_an_adjoint_are_refused():
    def f(x):
        y = x * x
        with srcdiff.adjoint_of(y) as y_bar:
            y_bar = 2.0 * y_bar
        return y**3

    for second in (srcdiff.hessian(f), srcdiff.grad(srcdiff.grad(f)), lambda x: srcdiff.hvp(f)(x, 1.0)):
        with pytest.raises(errors.Refusal) as caught:
            second(2.0)
        assert "hooked" in caught.value.problems[0].what


def never_found(x):
    best = None
    for v in x:
        if v > 100.0:
            best = v
    return best * 2.0


def test_none_is_no_number():
    """What Python raises where a variable still holds None."""
    assert srcdiff.grad(never_found)(np.array([1.0, 200.0])).tolist() == [0.0, 2.0]
    with pytest.raises(TypeError, match="best is None"):
        srcdiff.grad(never_found)(np.ones(2))


def settling(c, x):
    """Each of two numbers is computed from the other one of the last trip, and something else depends on both."""
    q = np.tanh(c)
    n = 0
    while n < 3:
        n += 1
        c = 0.6 * c + 0.4 * q
        c = 0.5 * (c + x[n])
        if 0.57 / (2.0 + n * n) <= 0.5 * round(c) + 0.24:
            q -= 0.5 * (q - x[len(x) - 1 - n])
    return 0.63 * c + q


def test_definitions_that_need_each_other_from_trip_to_trip():
    """It recursed without end."""
    check_grad(settling, (0.4, np.array([0.3, -0.4, 1.2, 0.8, -0.1])))
