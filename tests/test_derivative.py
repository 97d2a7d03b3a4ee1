"""The derivative object: what it accepts, what it refuses and how, what it notices between calls, how it travels."""

from __future__ import annotations

import copy
import functools
import inspect
import linecache
import math
import operator
import pickle
import subprocess
import sys
import threading
import traceback
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument, BadOutput, Refusal, SharedMemory

ROOT = Path(__file__).resolve().parent.parent


def cube(x):
    """The third power."""
    return x**3


def keyword_only(x, *, k=2.0):
    return k * x * x


def keyword_without_default(x, m=1.0, *, k):
    return m * k * x * x


# ------------------------------------------------------------------------------------------- names bound anew (B9)


def module_of(text: str, name: str = "rebinding") -> types.ModuleType:
    """A module whose source Python can find."""
    module = types.ModuleType(name)
    filename = f"<{name} {abs(hash(text))}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    exec(compile(text, filename, "exec"), module.__dict__)
    return module


REBOUND = [
    ("C * x", "C", 2.0, 5.0, 2.0, 5.0),
    ("C * x", "C", np.float32(2), np.float32(7), 2.0, 7.0),
    ("C * x", "C", np.float64(2), 7, 2.0, 7.0),
    ("C * x", "C", np.int64(2), np.int64(3), 2.0, 3.0),
    ("C * x", "C", np.array(2.0), np.array(3.0), 2.0, 3.0),
    ("C[0] * x", "C", (2.0, 1.0), (3.0, 1.0), 2.0, 3.0),
    ("x if C == 'a' else 3.0 * x", "C", "a", "b", 1.0, 3.0),
    ("x if C is None else C * x", "C", None, 4.0, 1.0, 4.0),
    ("x if C else 2.0 * x", "C", True, False, 1.0, 2.0),
    ("C(x)", "C", math.sin, math.cos, math.cos(0.5), -math.sin(0.5)),
    ("C(x)", "C", np.sin, np.cos, math.cos(0.5), -math.sin(0.5)),
    ("C(x)", "C", abs, operator.neg, 1.0, -1.0),
    ("C.pi * x", "C", math, types.SimpleNamespace, math.pi, None),
]


@pytest.mark.parametrize(
    ("body", "name", "first", "second", "before", "after"), REBOUND, ids=[f"{r[0]}-{r[2]}" for r in REBOUND]
)
def test_a_global_bound_anew_is_noticed(body, name, first, second, before, after):
    module = module_of(f"def f(x):\n    return {body}\n")
    setattr(module, name, first)
    df = srcdiff.grad(module.f)
    assert df(0.5) == pytest.approx(before)
    assert df(0.5) == pytest.approx(before)
    setattr(module, name, second)
    if after is None:
        with pytest.raises((Refusal, TypeError)):
            df(0.5)
    else:
        assert df(0.5) == pytest.approx(after)
    setattr(module, name, first)
    assert df(0.5) == pytest.approx(before)


def test_a_builtin_hidden_by_a_global_is_noticed():
    module = module_of("def f(x):\n    return abs(x)\n")
    df = srcdiff.grad(module.f)
    assert df(2.0) == 1.0
    module.abs = operator.neg
    assert df(2.0) == -1.0


def test_an_attribute_of_a_users_module_is_noticed():
    module = module_of("def f(x):\n    return settings.rate * x\n")
    module.settings = module_of("rate = 2.0\n", "settings")
    df = srcdiff.grad(module.f)
    assert df(1.0) == 2.0
    module.settings.rate = 3.0
    assert df(1.0) == 3.0


def test_a_closure_variable_bound_anew_is_noticed():
    rate = 2.0
    scale = np.array([1.0, 2.0])

    def f(x):
        return np.sum(rate * scale * x)

    df = srcdiff.grad(f)
    np.testing.assert_array_equal(df(np.zeros(2)), [2.0, 4.0])
    rate = 3.0
    np.testing.assert_array_equal(df(np.zeros(2)), [3.0, 6.0])
    scale[0] = 5.0
    np.testing.assert_array_equal(df(np.zeros(2)), [15.0, 6.0])
    scale = np.array([[1.0, 1.0], [1.0, 1.0]])
    np.testing.assert_array_equal(df(np.zeros(2)), [6.0, 6.0])


def test_a_name_in_a_callee_bound_anew_is_noticed():
    module = module_of("def g(x):\n    return C * x\n\ndef f(x):\n    return g(x) * x\n")
    module.C = 2.0
    df = srcdiff.grad(module.f)
    assert df(1.0) == 4.0
    module.C = np.float32(3)
    assert df(1.0) == 6.0


def test_a_function_on_which_another_derivative_depends_is_noticed():
    module = module_of("def h(x):\n    return C * x**3\n")
    module.C = 2.0
    dd = srcdiff.grad(srcdiff.grad(module.h))
    assert dd(1.0) == 12.0
    module.C = 5.0
    assert dd(1.0) == 30.0


# --------------------------------------------------------------------------------------------- keyword-only arguments


def test_keyword_only_arguments():
    df = srcdiff.grad(keyword_only)
    assert df(3.0) == 12.0
    assert df(3.0, k=1.0) == 6.0
    with pytest.raises(BadArgument, match="too many positional arguments"):
        df(3.0, 1.0)
    with pytest.raises(BadArgument, match="missing a required"):
        srcdiff.grad(keyword_without_default)(3.0)
    assert srcdiff.grad(keyword_only, wrt="k")(3.0, k=1.0) == 9.0


def test_keyword_only_arguments_to_second_order():
    dd = srcdiff.grad(srcdiff.grad(keyword_only))
    assert dd(3.0) == 4.0
    assert dd(3.0, k=1.0) == 2.0
    with pytest.raises(BadArgument, match="too many positional arguments"):
        dd(3.0, 1.0)
    assert srcdiff.grad(srcdiff.grad(keyword_without_default))(3.0, k=5.0) == 10.0
    assert srcdiff.grad(srcdiff.grad(srcdiff.grad(cube)))(1.0) == pytest.approx(6.0)


def test_parameters_called_self_and_f():
    def f(self, f, args):
        return self * f * args

    assert srcdiff.grad(f, wrt="f")(self=2.0, f=3.0, args=4.0) == 8.0
    assert "f_bar" in srcdiff.source(srcdiff.grad(f, wrt="f"), self=2.0, f=3.0, args=4.0)


# ------------------------------------------------------------------------------------------ what `grad` is given


def test_attributes_of_the_function_do_no_harm():
    def f(x):
        return x * x

    for name in ("options", "wrt", "_ready", "_names", "primal", "signature", "run", "prepare", "__call__", "jitted"):
        setattr(f, name, "mine")
    df = srcdiff.grad(f)
    assert df(3.0) == 6.0
    assert df.primal is f is df.__wrapped__


class Model:
    rate = 2.0

    def loss(self, x):
        return self.rate * x

    @staticmethod
    def plain(x):
        return x * x

    def __call__(self, x):
        return x


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Model.loss, "is a method.*takes what `loss` needs of `self`"),
        (lambda: Model, "Model is a class"),
        (lambda: functools.partial(cube, 2.0), "wrt=0 is out of range|no argument of this call|too many positional"),
        (lambda: staticmethod(cube), "Put @staticmethod above"),
        (lambda: np.sin, r"lambda x: np.sin\(x\)"),
        (lambda: abs, r"lambda x: abs\(x\)"),
        (lambda: math.sin, r"lambda x: \w*\.?sin\(x\)"),
        (lambda: 3, "srcdiff differentiates Python functions"),
        (lambda: [cube], "srcdiff differentiates Python functions"),
    ],
)
def test_what_is_no_function_is_told_what_to_write(make, message):
    for transform in (srcdiff.grad, srcdiff.value_and_grad, lambda f: srcdiff.vjp(f, 1.0)):
        with pytest.raises(BadArgument, match=message):
            transform(make())


def test_a_method_is_refused_where_it_is_decorated():
    with pytest.raises(BadArgument, match="is a method"):

        class Other:
            @srcdiff.grad
            def loss(self, x):
                return x


def test_static_methods_work():
    assert srcdiff.grad(Model.plain)(3.0) == 6.0

    class Other:
        @staticmethod
        @srcdiff.grad
        def loss(x):
            return x * x

    assert Other.loss(2.0) == Other().loss(2.0) == 4.0


def test_wrt_accepts_what_python_accepts_as_an_index():
    def f(x, y):
        return x * y

    assert srcdiff.grad(f, wrt=np.int64(1))(2.0, 3.0) == 2.0
    assert srcdiff.grad(f, wrt=(np.int8(0), -1))(2.0, 3.0) == (3.0, 2.0)
    for wrt, message in [
        (2, "out of range"),
        (-3, "out of range"),
        ("z", "no parameter of that name"),
        ((), "selects no argument"),
        ((0, "x"), "twice"),
        ([0, 1], "as a tuple"),
        (True, "neither a position nor"),
        (1.0, "neither a position nor"),
        (None, "neither a position nor"),
        (np.array([0]), "neither a position nor"),
    ]:
        with pytest.raises(BadArgument, match=message):
            srcdiff.grad(f, wrt=wrt)


# ------------------------------------------------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (10**400, "`x` is a whole number too large for a float"),
        pytest.param(-(10**6000), "too large for a float", id="huge"),
        ("text", "`x` is a str and cannot be differentiated"),
        (None, "`x` is a NoneType"),
        (True, "is a bool: it has no derivative"),
        (np.bool_(True), "is a bool: it has no derivative"),
        (np.array(True), "array of bool: it has no derivative"),
        (1j, "`x` is complex; .* real and imaginary part"),
        (np.array([1j]), "array of complex128"),
        (np.array(["a"]), "array of <U1"),
        (np.ma.array([1.0]), "subclass of ndarray"),
        (np.float16(1.0), "use float64 or float32"),
        (np.longdouble(1.0), "use float64 or float32"),
        (np.array([1.0], object), "array of object"),
    ],
)
def test_arguments_that_do_not_fit(value, message):
    with pytest.raises(BadArgument, match=message):
        srcdiff.grad(cube)(value)


def test_a_whole_number_too_large_for_the_machine():
    def f(x, n):
        return x * n

    with pytest.raises(BadArgument, match="does not fit into 64 bits"):
        srcdiff.grad(f)(1.0, 2**63)
    with pytest.raises(BadArgument, match="does not fit into 64 bits"):
        srcdiff.grad(f)(1.0, 10**6000)


def test_every_kind_of_number_and_array():
    df = srcdiff.grad(cube)
    for x in (2.0, 2, np.float64(2), np.int8(2), np.uint64(2), np.array(2.0), np.array(2), np.array(2.0, ">f8")):
        for _ in range(2):  # the second call takes another way through the code
            result = df(x)
            assert float(result) == 12.0
            assert isinstance(result, np.ndarray) == isinstance(x, np.ndarray)
    assert type(df(np.float32(2))) is np.float32

    def total(x):
        return np.sum(x * x)

    dt = srcdiff.grad(total)
    for dtype in ("f8", "f4", ">f8", ">f4", "i4", "u1", ">i8"):
        for x in (
            np.ones((2, 3), dtype),
            np.ones((2, 3), dtype).T,
            np.ones((1, 3), dtype),
            np.ones((4, 6), dtype)[::2],
        ):
            for _ in range(2):
                result = dt(x)
                np.testing.assert_array_equal(result, 2.0 * x)
                assert result.dtype == (x.dtype if x.dtype.kind == "f" else np.float64)


def test_tuples_as_arguments():
    def f(x, t):
        return x * t[0] * np.sum(t[1])

    df = srcdiff.grad(f)
    for _ in range(2):
        assert df(2.0, (3, np.ones(2))) == 6.0
        assert df(2.0, (3.0, np.ones((2, 1)))) == 6.0


# ---------------------------------------------------------------------------------------------------- shared memory


def writes(x, y):
    x[0] = y[0] * x[1]
    return np.sum(x * y)


def writes_tuple(x, t):
    a = t[0]
    a[0] = x[0] * x[0]
    return np.sum(a * x)


def test_arguments_that_share_memory():
    df = srcdiff.grad(writes)
    z = np.array([1.0, 2.0, 3.0])
    with pytest.raises(SharedMemory, match=r"`x`.*`y`"):
        df(z, z)
    with pytest.raises(SharedMemory):
        df(z[1:], z[:-1])
    m = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(df(m[:, 0], m[:, 1]), df(m[:, 0].copy(), m[:, 1].copy()))


def test_items_of_a_tuple_that_share_memory():
    df = srcdiff.grad(writes_tuple)
    z = np.array([1.0, 2.0])
    assert df(z, (z.copy(), 1.0)).shape == (2,)
    with pytest.raises(SharedMemory, match=r"`t\[0\]`.*`x`"):
        df(z, (z, 1.0))


@pytest.mark.parametrize(
    ("shape", "strides", "shares"),
    [
        ((3, 2), (8, 8), True),
        ((3,), (0,), True),
        ((3,), (4,), True),
        ((2, 2), (16, 8), False),
        ((2, 2), (8, 16), False),
        ((2, 2), (8, 24), False),
        ((1, 4), (0, 8), False),
        ((3, 2), (16, 0), True),
    ],
)
def test_arguments_that_share_memory_with_themselves(shape, strides, shares):
    def f(x):
        x[0] = x[-1] * 2.0
        return np.sum(x * x)

    x = np.lib.stride_tricks.as_strided(np.arange(20.0), shape, strides)
    if shares:
        with pytest.raises(SharedMemory, match="overlap in memory"):
            srcdiff.grad(f)(x)
    else:
        expected = srcdiff.grad(f)(x.copy())
        np.testing.assert_array_equal(srcdiff.grad(f)(x), expected)


# ---------------------------------------------------------------------------------------------------------- results


def ranks(x, flag):
    y = x if flag else 1.0
    return y * 2.0


def ranks_with_aux(x, flag):
    y = x if flag else 1.0
    return y * 2.0, np.zeros((2, 5))


def test_an_array_found_only_when_the_function_runs():
    assert srcdiff.grad(lambda x, flag: ranks(x, flag))(2.0, True) == 2.0
    with pytest.raises(BadOutput, match=r"shape \(3,\).*vjp"):
        srcdiff.grad(ranks)(np.ones(3), True)
    with pytest.raises(BadOutput, match=r"shape \(3,\).*vjp"):
        srcdiff.value_and_grad(ranks_with_aux, has_aux=True)(np.ones(3), True)
    gradient, aux = srcdiff.grad(ranks_with_aux, has_aux=True)(np.ones(3), False)
    assert aux.shape == (2, 5)
    np.testing.assert_array_equal(gradient, np.zeros(3))


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x > 0.0, "returns a bool"),
        (lambda x: 3, "returns a whole number"),
        (lambda x: int(x), "returns a whole number"),
        (lambda x: (x, x), "returns a tuple"),
        (lambda x: np.array([x, x]), "returns a 1-D array"),
        (lambda x: None, "returns None"),
    ],
)
def test_results_that_are_no_real_number(f, message):
    for transform in (srcdiff.grad, srcdiff.value_and_grad):
        with pytest.raises(BadOutput, match=message):
            transform(f)(2.0)


def test_a_whole_number_on_one_path_only():
    def f(x):
        if x > 0.0:
            return x * x
        return 0

    assert srcdiff.grad(f)(2.0) == 4.0
    assert srcdiff.grad(f)(-2.0) == 0.0


@pytest.mark.parametrize("result", ["(x, [x, x])", "(x * x, [[x]])", "(x, (x, [])) "])
def test_lists_in_a_result(result):
    module = module_of(f"def f(x):\n    y = x * x\n    return {result}\n")
    assert srcdiff.grad(module.f, has_aux=True)(2.0)[1] == module.f(2.0)[1]
    assert srcdiff.value_and_grad(module.f, has_aux=True)(2.0)[0] == module.f(2.0)
    with pytest.raises(BadOutput):
        srcdiff.grad(lambda x: [x * x, x])(2.0)


def test_a_list_variable_in_a_result():
    def f(x):
        parts = []
        parts.append(x)
        return x * x, parts

    assert srcdiff.value_and_grad(f, has_aux=True)(2.0) == ((4.0, [2.0]), 4.0)


# ----------------------------------------------------------------------------------------------- looking at it


def test_documentation_and_repr():
    df = srcdiff.value_and_grad(cube, wrt=(0,))
    assert df.__doc__ == "The value and gradient of cube(x) with respect to (x).\n\nThe third power."
    assert repr(df) == "<value and gradient of cube(x) with respect to (x)>"
    assert srcdiff.grad(keyword_only).__doc__ == "The gradient of keyword_only(x, *, k=2.0) with respect to x."
    assert df.__name__ == "cube"
    assert inspect.signature(srcdiff.grad(keyword_only)) == inspect.signature(keyword_only)
    assert inspect.signature(srcdiff.grad(srcdiff.grad(keyword_only))) == inspect.signature(keyword_only)


def test_source_tells_what_ran_last():
    df = srcdiff.grad(cube)
    assert "x_bar" in df.source
    df(2.0)
    scalar = df.source
    df(np.float32(2.0))
    df(2.0)
    assert df.source == scalar


def test_the_generic_form_takes_counts_in_wrt_for_real_numbers():
    def f(x, n=3):
        return x * n * n

    text = srcdiff.source(srcdiff.grad(f, wrt="n"))
    assert text == srcdiff.source(srcdiff.grad(f, wrt="n"), 2.0, 3)


def fails(x, n):
    y = x * x
    return math.sqrt(y - n)


def test_exceptions_show_the_generated_code_and_name_the_users_line():
    with pytest.raises(ValueError, match="math domain error") as caught:
        srcdiff.grad(fails)(1.0, 5)
    note = "\n".join(caught.value.__notes__)
    assert "test_derivative.py" in note
    assert "return math.sqrt(y - n)" in note
    frame = [f for f, _ in traceback.walk_tb(caught.value.__traceback__)][-1]
    assert "def fails_grad(x, n" in inspect.getsource(frame)


# --------------------------------------------------------------------------------------------- copying, pickling


@srcdiff.grad
def decorated(x):
    return x * x


def test_pickling():
    for df in (srcdiff.grad(cube), decorated, srcdiff.grad(srcdiff.grad(cube)), srcdiff.value_and_grad(keyword_only)):
        df(2.0)
        again = pickle.loads(pickle.dumps(df))
        assert again(2.0) == df(2.0)
        assert repr(again) == repr(df)
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_what_cannot_be_pickled_says_so():
    def local(x):
        return x * x

    for f in (local, lambda x: x):
        for df in (srcdiff.grad(f), srcdiff.grad(srcdiff.grad(f))):
            with pytest.raises(BadArgument, match=r"cannot be pickled.*top level of a module"):
                pickle.dumps(df)


def test_copies_are_the_derivative_itself():
    df = srcdiff.grad(lambda x: x * x)
    assert copy.copy(df) is df
    assert copy.deepcopy({"f": df})["f"] is df


def test_a_pickle_is_read_in_another_process():
    code = (
        "import pickle, sys; sys.path.insert(0, 'tests'); import test_derivative as t; import srcdiff; "
        "sys.stdout.buffer.write(pickle.dumps(srcdiff.grad(t.cube)))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout
    assert pickle.loads(out)(2.0) == 12.0


# ---------------------------------------------------------------------------------------------------------- threads


def test_threads_build_and_call_together():
    for round_number in range(3):
        module = module_of(
            "import numpy as np\n\ndef helper(y):\n    return y * y\n\n"
            f"def f(x, k):\n    return np.sum(helper(x) * k) + {round_number}.0\n"
        )
        df = srcdiff.value_and_grad(module.f, wrt=(0, 1))
        barrier = threading.Barrier(8)
        filters = list(warnings.filters)

        def work(seed: int, df: Any = df, barrier: Any = barrier) -> list[bool]:
            barrier.wait()
            x = np.full((3,) if seed % 2 else (2, 2), 1.0 + seed)
            results = []
            for _ in range(20):
                _, (gx, gk) = df(x, 2.0)
                results.append(bool(np.all(gx == 4.0 * x)) and gk == np.sum(x * x))
            return results

        with ThreadPoolExecutor(8) as pool:
            assert all(all(r) for r in pool.map(work, range(8)))
        assert warnings.filters == filters
