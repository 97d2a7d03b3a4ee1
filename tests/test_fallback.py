"""`fallback="tape"` and `@srcdiff.dynamic`: functions that are not read run on the eager runtime."""

import itertools
import pickle
import subprocess
import sys
import threading
import traceback
import warnings
from pathlib import Path

import fallback_programs as programs
import numpy as np
import pytest
from fallback_programs import Point, marked, pair, steps, summed

import srcdiff
from srcdiff.errors import (
    BadArgument,
    CompilationFailed,
    FallbackWarning,
    NotRecorded,
    UnsupportedCall,
    UnsupportedSyntax,
    UnsupportedType,
)

X = np.array([0.3, 0.7, 0.5])
ALONG = np.array([1.0, -2.0, 0.5])
pytestmark = pytest.mark.filterwarnings("ignore::srcdiff.errors.FallbackWarning")


def slopes(f, x, step=1e-6):
    """Central finite differences by each element."""
    found = []
    for k, _ in enumerate(x):
        ahead, behind = x.copy(), x.copy()
        ahead[k] += step
        behind[k] -= step
        found.append((f(ahead) - f(behind)) / (2.0 * step))
    return np.array(found)


OTHER = np.array([-0.4, 0.2, -0.6])


@pytest.mark.parametrize("f", programs.PROGRAMS, ids=lambda f: f.__name__)
def test_programs(f):
    """Reverse and forward mode against differences, at two points."""
    gradient = srcdiff.grad(f, fallback="tape")
    for x in (X, OTHER):
        before = x.copy()
        wanted = slopes(f, x)
        np.testing.assert_allclose(gradient(x), wanted, rtol=1e-5, atol=1e-7)
        value, tangent = srcdiff.jvp(f, (x,), (ALONG,), fallback="tape")
        np.testing.assert_allclose(value, f(x), rtol=1e-12)
        np.testing.assert_allclose(tangent, wanted @ ALONG, rtol=1e-5, atol=1e-7)
        assert np.array_equal(x, before)


@pytest.mark.parametrize("f", programs.PROGRAMS, ids=lambda f: f.__name__)
def test_second_derivatives_of_programs(f):
    """Forward over reverse and reverse over reverse, against differences of the gradient."""
    gradient = srcdiff.grad(f, fallback="tape")
    curvature = slopes(gradient, X) @ ALONG
    np.testing.assert_allclose(srcdiff.hvp(f, fallback="tape")(X, ALONG), curvature, rtol=1e-4, atol=1e-6)
    again = srcdiff.grad(lambda z: np.sum(gradient(z) * ALONG))
    np.testing.assert_allclose(again(X), curvature, rtol=1e-4, atol=1e-6)


# ------------------------------------------------------------------------------------------------ the text


def test_the_text_of_a_loop():
    text = srcdiff.source(srcdiff.grad(programs.in_a_loop, fallback="tape"), X)
    assert text == (
        '''from srcdiff.runtime import pulled_back
import numpy as np


def in_a_loop_grad(x, result_bar=1.0):
    """d in_a_loop / d x.  Written by srcdiff from fallback_programs.py:31. summed runs on srcdiff.tape."""
'''
        if text.startswith("from")
        else '''import numpy as np
from srcdiff.runtime import pulled_back


def in_a_loop_grad(x, result_bar=1.0):
    """d in_a_loop / d x.  Written by srcdiff from fallback_programs.py:31. summed runs on srcdiff.tape."""
'''
    ) + (
        """    # forward sweep
    s = x
    summed_pullback_tape = []
    for _ in range(4):
        summed_1, summed_pullback = pulled_back(summed, s, 2)
        summed_pullback_tape.append(summed_pullback)
        s = summed_1 * 0.5 + x

    # reverse sweep
    s_bar = np.full_like(s, result_bar)  # return np.sum(s)
    x_bar = np.zeros_like(x)
    for _ in range(4):
        summed_pullback = summed_pullback_tape.pop()
        summed_1_bar = 0.5 * s_bar  # s = summed(s, 2) * 0.5 + x
        x_bar += s_bar
        s_bar = summed_pullback(summed_1_bar)
    x_bar += s_bar  # s = x
    return x_bar
"""
    )


def test_the_text_of_the_whole_function():
    text = srcdiff.source(srcdiff.grad(programs.as_a_whole, fallback="tape"), X)
    assert text.splitlines()[-6:] == [
        "    # forward sweep",
        "    result, as_a_whole_pullback = pulled_back(as_a_whole, x)",
        "",
        "    # reverse sweep",
        "    x_bar = as_a_whole_pullback(result_bar)",
        "    return x_bar",
    ]


def test_the_text_without_arguments_takes_an_unknown_result_for_a_number():
    @srcdiff.dynamic
    def never_run(v):
        raise AssertionError

    def square(x):
        return never_run(x) ** 2

    text = srcdiff.source(srcdiff.grad(square))
    assert "never_run_1, never_run_pullback = pulled_back(never_run, x)" in text


def test_the_text_of_forward_mode():
    text = srcdiff.source(srcdiff.jvp(programs.straight, fallback="tape"), X, X)
    assert "summed_1, summed_1_dot = summed_jvp(summed_1_1, 3, summed_1_1_dot)" in text


# ------------------------------------------------------------------------------------------------ all the entries


def scaled(x):
    return summed(x, 2) * x


def cube(x):
    (v,) = steps_of(x)
    return v * x * x


def steps_of(x):
    yield x


def total(x):
    return np.sum(scaled(x))


def test_value_and_grad():
    value, gradient = srcdiff.value_and_grad(total, fallback="tape")(X)
    assert value == total(X)
    np.testing.assert_allclose(gradient, slopes(total, X), rtol=1e-6)


def test_has_aux():
    def with_aux(x):
        y = summed(x, 2)
        return np.sum(y), {"y": y}

    (value, aux), gradient = srcdiff.value_and_grad(with_aux, has_aux=True, fallback="tape")(X)
    np.testing.assert_allclose(aux["y"], summed(X, 2))
    assert value == pytest.approx(np.sum(aux["y"]))
    np.testing.assert_allclose(gradient, slopes(lambda x: with_aux(x)[0], X), rtol=1e-6)


def test_vjp():
    value, pullback = srcdiff.vjp(scaled, X, fallback="tape")
    np.testing.assert_allclose(value, scaled(X))
    np.testing.assert_allclose(pullback(ALONG)[0], slopes(scaled, X).T @ ALONG, rtol=1e-6)
    np.testing.assert_allclose(pullback(2.0 * ALONG)[0], 2.0 * pullback(ALONG)[0])


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_jacobian(mode):
    found = srcdiff.jacobian(scaled, mode=mode, fallback="tape")(X)
    np.testing.assert_allclose(found, slopes(scaled, X).T, rtol=1e-6, atol=1e-8)


def test_value_and_jacobian_and_elementwise():
    value, found = srcdiff.value_and_jacobian(scaled, fallback="tape")(X)
    np.testing.assert_allclose(value, scaled(X))
    np.testing.assert_allclose(srcdiff.elementwise_grad(scaled, fallback="tape")(X), np.diag(found), rtol=1e-12)


def test_hvp_and_grad_and_hvp():
    curvature = slopes(srcdiff.grad(total, fallback="tape"), X)
    np.testing.assert_allclose(srcdiff.hvp(total, fallback="tape")(X, ALONG), curvature @ ALONG, rtol=1e-5)
    gradient, product = srcdiff.grad_and_hvp(total, fallback="tape")(X, ALONG)
    np.testing.assert_allclose(gradient, slopes(total, X), rtol=1e-6)
    np.testing.assert_allclose(product, curvature @ ALONG, rtol=1e-5)


def test_third_derivative():
    third = srcdiff.grad(srcdiff.grad(srcdiff.grad(cube, fallback="tape")))
    assert third(2.0) == pytest.approx(6.0)


def test_a_derivative_that_has_not_run_inside_another_function():
    inner = srcdiff.grad(lambda x: np.sum(summed(x, 3) * x), fallback="tape")

    def outer(x):
        return np.sum(inner(x) * x)

    np.testing.assert_allclose(srcdiff.grad(outer)(X), slopes(outer, X), rtol=1e-5)


def test_gradients_by_structures_and_several_arguments():
    def energy(p, scale):
        moved = p.moved(scale)
        return np.sum(moved.place**2) * p.mass

    by_point, by_scale = srcdiff.grad(energy, wrt=("p", "scale"), fallback="tape")(Point(2.0, X), 0.4)
    assert isinstance(by_point, Point)
    wanted = slopes(lambda x: energy(Point(2.0, x), 0.4), X)
    np.testing.assert_allclose(by_point.place, wanted, rtol=1e-6)
    assert by_point.mass == pytest.approx(energy(Point(1.0, X), 0.4))
    assert by_scale == pytest.approx(slopes(lambda s: energy(Point(2.0, X), s[0]), np.array([0.4]))[0], rel=1e-6)


def test_float32():
    x = X.astype(np.float32)
    gradient = srcdiff.grad(total, fallback="tape")(x)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, slopes(total, X), rtol=1e-4)


def test_whole_numbers_truths_strings_and_none_are_constants():
    @srcdiff.dynamic
    def about(x):
        return int(np.argmax(x)), bool(x[0] > 0), None, "text", x.shape[0]

    def f(x):
        place, positive, nothing, text, n = about(x)
        assert nothing is None
        return x[place] ** 2 * n if positive and text == "text" else x[0]

    assert np.array_equal(srcdiff.grad(f)(X), [0.0, 2 * 3 * 0.7, 0.0])


def test_what_is_marked_is_the_function_itself():
    assert marked(np.array([2.0, 1.0]), power=3) == 9.0
    with pytest.raises(BadArgument, match="cannot be called"):
        srcdiff.dynamic(3.0)


def test_a_marked_function_is_differentiated_as_a_whole():
    gradient = srcdiff.grad(marked)
    assert np.array_equal(gradient(np.array([2.0, 1.0])), [4.0, 2.0])
    assert "pulled_back(marked, x, power)" in gradient.source


def test_marked_methods():
    class Model:
        def __init__(self, rate):
            self.rate = rate

        @srcdiff.dynamic
        def value(self, x):
            return self.rate * sum(steps(x, 2))

    def f(x):
        return np.sum(Model(x[0]).value(x))

    np.testing.assert_allclose(srcdiff.grad(f)(X), slopes(f, X), rtol=1e-6)


def test_a_function_of_a_library_that_calls_back():
    accumulate = srcdiff.dynamic(lambda x: list(itertools.accumulate(x, lambda a, b: a * b + b)))

    def f(x):
        a, b, c = accumulate(x)
        return a * b * c

    np.testing.assert_allclose(srcdiff.grad(f)(X), slopes(f, X), rtol=1e-6)


# ------------------------------------------------------------------------------------------------ what is refused


def test_without_the_option_it_is_refused_and_the_remedy_names_it():
    with pytest.raises(UnsupportedSyntax) as info:
        srcdiff.grad(programs.straight)(X)
    assert "called through: straight -> summed\n" in str(info.value)
    remedy = 'let it run on srcdiff.tape: mark it with @srcdiff.dynamic, or give the derivative fallback="tape"'
    assert remedy in str(info.value)


def test_an_unknown_fallback():
    with pytest.raises(BadArgument, match="fallback is 'tape' or None, not 'torch'"):
        srcdiff.grad(total, fallback="torch")


def test_a_name_that_is_not_defined_stays_an_error():
    def f(x):
        return undefined_function(x)  # noqa: F821

    with pytest.raises(srcdiff.errors.UnresolvedName):
        srcdiff.grad(f, fallback="tape")(1.0)


@srcdiff.dynamic
def clipped(x, limit):
    if limit > 1.0:
        x[0] = 0.0
    return np.sum(x * x)


def test_a_function_that_writes_into_its_arguments():
    def f(x, limit):
        return clipped(x * 2.0, limit)

    gradient = srcdiff.grad(f)
    np.testing.assert_allclose(gradient(X, 0.0), 8.0 * X)
    with pytest.raises(UnsupportedType) as info:
        gradient(X, 2.0)  # what it does with other values is seen when it does it
    assert "`clipped`, which runs on the tape, writes into its arguments" in str(info.value)


def test_a_function_that_writes_into_a_structure():
    @srcdiff.dynamic
    def push(p, mass):
        p.mass = mass * 3.0
        return mass * 2.0

    with pytest.raises(UnsupportedType, match="`push`, which runs on the tape, writes into its arguments"):
        srcdiff.grad(lambda x: push(Point(x, X), x))(1.0)


def test_with_the_option_the_caller_of_such_a_function_runs_on_the_tape():
    def f(x):
        y = x * 1.0
        return clipped(y, 2.0) + y[0]

    np.testing.assert_allclose(srcdiff.grad(f, fallback="tape")(X), slopes(f, X), rtol=1e-6, atol=1e-9)


def test_a_result_that_generated_code_cannot_take():
    marked_steps = srcdiff.dynamic(lambda x: steps(x, 2))
    with pytest.raises(UnsupportedType, match="which runs on the tape, returns an object of class generator"):
        srcdiff.grad(lambda x: sum(marked_steps(x)))(1.0)


def test_another_kind_of_result_than_before():
    @srcdiff.dynamic
    def either(x, n):
        return x if n else x[0]

    gradient = srcdiff.grad(lambda x, n: np.sum(either(x, n)))
    assert np.array_equal(gradient(X, 1), np.ones(3))
    with pytest.raises(UnsupportedType, match="`either`, which runs on the tape, returns a float, and did not before"):
        gradient(X, 0)


def test_other_lengths_than_before():
    first = srcdiff.dynamic(lambda x, n: x[:n] * 2.0)
    gradient = srcdiff.grad(lambda x, n, y: np.sum(first(x, n) * y))
    assert np.array_equal(gradient(X, 3, X), 2.0 * X)
    assert np.array_equal(gradient(X, 2, X[:2]), [0.6, 1.4, 0.0])
    assert np.array_equal(gradient(X, 1, X), [2.0 * np.sum(X), 0.0, 0.0])  # broadcast
    assert np.array_equal(gradient(X, 3, X), 2.0 * X)


def test_what_leaves_the_tape_raises():
    leaving = srcdiff.dynamic(lambda x: float(x) * 2.0)
    with pytest.raises(NotRecorded, match="turned into a float"):
        srcdiff.grad(lambda x: leaving(x) * x)(2.0)
    with pytest.raises(NotRecorded, match="cannot become an array"):
        srcdiff.grad(lambda x: np.sum(srcdiff_asarray(x)))(X)


@srcdiff.dynamic
def srcdiff_asarray(x):
    return np.asarray(x) * 2.0


@srcdiff.dynamic
def catching(x):
    try:
        return float(x) ** 2
    except TypeError:
        return x * 0.0 + 4.0


def test_what_leaves_the_tape_and_catches_the_error_raises():
    with pytest.raises(NotRecorded, match="`catching` tries to turn a tensor into a plain number"):
        srcdiff.grad(lambda x: catching(x) * x)(2.0)


def test_a_function_that_tells_tensors_from_numbers():
    @srcdiff.dynamic
    def only_floats(x):
        return x * x if isinstance(x, float) else x * 0.0

    with pytest.raises(UnsupportedType, match="gives another value for tensors than for the numbers"):
        srcdiff.grad(lambda x: only_floats(x) * x)(2.0)


def test_a_tensor_that_was_left_outside():
    kept = {}

    @srcdiff.dynamic
    def put(x):
        kept["x"] = x
        return x * 2.0

    @srcdiff.dynamic
    def take(y):
        return kept["x"] * y

    with pytest.raises(NotRecorded, match="`take` uses a tensor that is none of its arguments"):
        srcdiff.grad(lambda x: put(x) + take(x))(2.0)


def test_compiled_code_without_a_rule():
    with pytest.raises(UnsupportedCall, match=r"a call of `np.frexp` on a tensor"):
        srcdiff.grad(lambda x: np.frexp(x)[0] * x, fallback="tape")(3.0)


def test_inner_functions_are_no_arguments():
    @srcdiff.dynamic
    def apply(f, x):
        return f(x)

    def f(x):
        k = x * 2.0
        return apply(lambda v: v * k, x)

    with pytest.raises(UnsupportedType, match="an inner function as an argument of a function that runs on the tape"):
        srcdiff.grad(f)(2.0)
    assert srcdiff.grad(f, fallback="tape")(2.0) == 8.0  # the whole of it


def test_exceptions_come_through():
    @srcdiff.dynamic
    def failing(x):
        if x > 1.0:
            raise KeyError("mine")
        return x * x

    gradient = srcdiff.grad(lambda x: failing(x) * 2.0)
    assert gradient(0.5) == 2.0
    with pytest.raises(KeyError, match="mine") as info:
        gradient(1.5)
    last = traceback.extract_tb(info.value.__traceback__)[-1]
    assert (last.name, last.line) == ("failing", 'raise KeyError("mine")')


# ------------------------------------------------------------------------------------------------ effects and draws


def test_effects_of_the_program_run_once(capsys):
    def f(x):
        print("before")
        y = summed(x, 1)
        print("after")
        return y * x

    srcdiff.grad(f, fallback="tape")(0.5)
    assert capsys.readouterr().out == "before\nafter\n"


def test_a_call_whose_result_is_not_used_is_made():
    seen = []

    @srcdiff.dynamic
    def note(x):
        seen.append(float(x.shape[0]))

    def f(x):
        note(x)
        return np.sum(x * x)

    gradient = srcdiff.grad(f)
    gradient(X)
    before = len(seen)
    gradient(X)
    assert len(seen) == before + 1


def test_generators_are_left_as_one_call_leaves_them():
    @srcdiff.dynamic
    def noisy(x, rng):
        return x * rng.normal()

    def f(x, rng):
        y = rng.normal() * x
        if x > 1.0:
            y = y + noisy(x, rng) * x
        return y + rng.normal()

    derivative = srcdiff.value_and_grad(f)
    for x in (0.5, 1.5, 1.5):  # the branch is met late
        mine, theirs = np.random.default_rng(3), np.random.default_rng(3)
        value, gradient = derivative(x, mine)
        assert value == f(x, theirs)
        assert mine.normal() == theirs.normal()
        ahead, behind = (f(x + h, np.random.default_rng(3)) for h in (1e-6, -1e-6))
        assert gradient == pytest.approx((ahead - behind) / 2e-6, rel=1e-6)


def test_a_second_derivative_of_what_draws_by_itself_is_refused():
    @srcdiff.dynamic
    def noise(x):
        return x * np.random.normal()

    gradient = srcdiff.grad(lambda x: noise(x) * x)
    gradient(1.0)
    with pytest.raises(UnsupportedType, match="`noise` gives another value when it is called once more"):
        srcdiff.grad(gradient)(1.0)


# ------------------------------------------------------------------------------------------------ the warning


def test_the_warning():
    def walk(x):
        yield x

    def f(x):
        (v,) = walk(x)
        return v * v

    def outer(x):
        return f(x) * 2.0

    line = f.__code__.co_firstlineno
    with pytest.warns(FallbackWarning) as found:
        srcdiff.grad(outer, fallback="tape")(3.0)
    assert [(str(w.message), w.filename, w.lineno) for w in found] == [
        (
            (
                f"`f` (test_fallback.py, line {line}) runs on srcdiff.tape: `walk`, which runs on the tape, returns an "
                f"object of class generator; generated code goes on with numbers, arrays, None, strings and structures "
                f"of these"
            ),
            __file__,
            line,
        )
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        srcdiff.value_and_grad(outer, fallback="tape")(3.0)  # once for each place


def test_the_warning_of_a_marked_function():
    @srcdiff.dynamic
    def own(x):
        return x * x

    with pytest.warns(FallbackWarning, match=r"`own` .* runs on srcdiff.tape: it is marked @srcdiff.dynamic$"):
        srcdiff.grad(lambda x: own(x))(3.0)


def test_the_warning_of_a_function_without_source():
    typed = {}
    exec("def square(x):\n    return x * x", typed)
    square = typed["square"]
    with pytest.warns(FallbackWarning, match="runs on srcdiff.tape: the source of `square` is missing; "):
        assert srcdiff.grad(lambda x: square(x) + x, fallback="tape")(3.0) == 7.0


def test_jit_runs_in_plain_python_and_says_so():
    pytest.importorskip("numba")

    @srcdiff.dynamic
    def own(x):
        return x * x

    def f(x):
        return own(x) * x

    gradient = srcdiff.grad(f, jit=True)
    with pytest.warns(FallbackWarning, match="`f` runs in plain Python, though jit=True asks for compiled code"):
        assert gradient(2.0) == 12.0
    assert srcdiff.hessian(f, jit=True)(2.0) == 12.0
    assert srcdiff.jacobian(lambda x: own(x) * x, jit=True)(2.0) == 12.0


def test_compiled_code_cannot_call_such_a_derivative():
    numba = pytest.importorskip("numba")
    gradient = srcdiff.grad(cube, fallback="tape", jit=True)
    gradient(2.0)

    @numba.njit
    def twice(x):
        return 2.0 * gradient(x)

    with pytest.raises((CompilationFailed, numba.core.errors.NumbaError), match=r"runs on srcdiff\.tape"):
        twice(2.0)


# ------------------------------------------------------------------------------------------------ copies and threads


def test_pickling():
    gradient = srcdiff.grad(programs.straight, fallback="tape")
    wanted = gradient(X)
    copy = pickle.loads(pickle.dumps(gradient))
    assert np.array_equal(copy(X), wanted)
    assert np.array_equal(pickle.loads(pickle.dumps(srcdiff.hessian(total, fallback="tape")))(X).shape, (3, 3))


def test_in_another_process():
    folder = Path(__file__).parent
    stored = pickle.dumps((srcdiff.grad(programs.in_a_loop, fallback="tape"), X))
    code = "import pickle, sys; d, x = pickle.loads(sys.stdin.buffer.read()); print(d(x).tolist())"
    env = {"PYTHONPATH": f"{folder}:{folder.parent}", "PATH": ""}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], input=stored, capture_output=True, env=env, check=False
    )
    assert run.returncode == 0, run.stderr.decode()
    assert run.stdout.decode().strip() == str(slopes_exact(programs.in_a_loop).tolist())


def slopes_exact(f):
    return srcdiff.grad(f, fallback="tape")(X)


def test_threads():
    found = [None] * 8

    def work(k):
        def f(x):
            return np.sum(summed(x, 2) * pair(x, x)[0])

        gradient = srcdiff.grad(f, fallback="tape")
        found[k] = gradient(X), gradient.source

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(np.array_equal(g, found[0][0]) and text == found[0][1] for g, text in found)


def test_a_function_that_is_bound_anew(monkeypatch):
    gradient = srcdiff.grad(programs.straight, fallback="tape")
    gradient(X)
    monkeypatch.setattr(programs, "summed", lambda x, n: x * n)
    np.testing.assert_allclose(gradient(X), slopes(programs.straight, X), rtol=1e-6)


def test_the_page_runs_as_it_stands(tmp_path):
    page = (Path(__file__).parent.parent / "docs" / "fallback.md").read_text(encoding="utf-8")
    code, shown = (page.split(f"```{kind}\n")[1].split("```")[0] for kind in ("python", "text"))
    script = tmp_path / "fallback.py"
    script.write_text(code, encoding="utf-8")
    env = {"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": ""}
    run = subprocess.run([sys.executable, "-W", "ignore", script], capture_output=True, text=True, env=env, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout == shown


# ------------------------------------------------------------------------------------------------ found on the way


def always_failing(x):
    raise ValueError("never")


def test_a_side_of_a_ternary_that_always_fails():
    def f(x):
        y = always_failing(x) if x > 0.0 else 1.0
        return y * x

    assert srcdiff.grad(f)(-1.0) == 1.0
    with pytest.raises(ValueError, match="never"):
        srcdiff.grad(f)(1.0)


def test_a_condition_that_always_fails_further_on():
    def f(x):
        if x < 0.0 and always_failing(x):
            return x
        return x * x

    assert srcdiff.grad(f)(2.0) == 4.0
    with pytest.raises(ValueError, match="never"):
        srcdiff.grad(f)(-2.0)


def test_each_element_of_a_comprehension_has_its_own_draw():
    def f(x, rng):
        return sum([rng.normal() * v for v in (x[0], x[1], x[2])])

    value, gradient = srcdiff.value_and_grad(f)(X, np.random.default_rng(0))
    assert value == f(X, np.random.default_rng(0))
    assert np.array_equal(gradient, np.random.default_rng(0).normal(size=3))


@srcdiff.dynamic
def itself(x):
    return x


@srcdiff.dynamic
def parts_of(x):
    return x[1:], x[:2]


def test_a_result_that_is_an_argument_is_not_written():
    def reads(x):
        return np.sum(itself(x) * x)

    def writes(x):
        y = itself(x)
        y[0] = 5.0
        return np.sum(x * x) + np.sum(y)

    def writes_the_argument(x):
        x = x * 1.0
        y, _ = parts_of(x)
        x[1] = 7.0
        return np.sum(y * x[1:])

    def writes_one_of_two(x):
        y, z = parts_of(x)
        y[0] = 3.0
        return np.sum(y * z)

    np.testing.assert_allclose(srcdiff.grad(reads)(X), 2.0 * X)
    for f in (writes, writes_the_argument, writes_one_of_two):
        with pytest.raises(srcdiff.errors.AmbiguousAlias, match="that may be one of its arguments"):
            srcdiff.grad(f)(X)


def test_an_array_that_is_an_argument_sometimes():
    @srcdiff.dynamic
    def maybe(x):
        return x if float(np.sum(np.asarray(x))) > 100.0 else x * 1.0

    def f(x):
        y = maybe(x)
        y[0] = 5.0
        return np.sum(x * y)

    x = np.array([1.0, 2.0])
    with pytest.raises((srcdiff.errors.NotRecorded, srcdiff.errors.AmbiguousAlias)):
        srcdiff.grad(f)(x * 100.0)


class Doubling:
    def __call__(self, x):
        return 2.0 * x * next(repeated(x, 1))


def repeated(x, n):
    for _ in range(n):
        yield x


DOUBLING = srcdiff.dynamic(Doubling())


def test_an_object_that_is_called():
    def calls(x):
        return DOUBLING(x) * x

    def is_given(x, g):
        return g(x) * x

    class Holder:
        def __init__(self):
            self.own = DOUBLING

        def __call__(self, x):
            return self.own(x) * x

    holder = Holder()
    for gradient, args in (
        (srcdiff.grad(calls), (2.0,)),
        (srcdiff.grad(is_given), (2.0, DOUBLING)),
        (srcdiff.grad(holder), (2.0,)),
    ):
        assert gradient(*args) == 24.0
        assert "runs on srcdiff.tape" in srcdiff.source(gradient, *args)
    assert srcdiff.grad(DOUBLING)(2.0) == 8.0


@srcdiff.dynamic
def squared(x):
    return x * x


def test_lists_that_hold_what_is_not_known_yet():
    def grown(x, n):
        ys = [x[0], x[1]]
        for _ in range(n):
            ys.append(squared(x[2]))
        return ys[2] * ys[0]

    def pairs(x, n):
        ys = []
        for i in range(n):
            ys.append((squared(x[i]), x[i]))
        return ys[0][1] * ys[1][0]

    def listed(x, n):
        ys = [squared(x[i]) for i in range(n)]
        return ys[0] * ys[1]

    x = np.array([1.5, 2.0, 3.0])
    for f in (grown, pairs, listed):
        np.testing.assert_allclose(srcdiff.grad(f)(x, 2), slopes(lambda v, f=f: f(v, 2), x), rtol=1e-6)


def test_where_no_run_finds_out():
    """A list that nothing is put into is refused, and the next call is another matter."""

    @srcdiff.dynamic
    def new(x):
        return x * x

    def f(x, n):
        ys = []
        for _ in range(n):
            ys.append(new(new(x)))
        return ys[0]

    gradient = srcdiff.grad(f)
    with pytest.raises(srcdiff.errors.UnsupportedType, match="nothing has been put into"):
        gradient(2.0, 0)
    assert gradient(2.0, 1) == 32.0


def test_counts_of_what_runs_on_the_tape_as_a_whole():
    def f(x, n):
        return x * sum(next(repeated(x, 1)) for _ in range(n)) * next(iter({1.0: 2.0}))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value, pullback = srcdiff.vjp(f, 3.0, 2, fallback="tape")
    assert value == f(3.0, 2)
    assert pullback(1.0)[1] is None or isinstance(pullback(1.0)[1], float)
