"""What `jit=` takes: True, False or a dict of options, checked when the derivative is made, and what becomes of it."""

import pickle

import numpy as np
import pytest

import srcdiff
from srcdiff.errors import BadArgument
from srcdiff.jit_options import REARRANGING, Jit, jit_of
from srcdiff.testing import check_grad

X = np.linspace(0.1, 2.0, 7)


def waves(x):
    total = 0.0
    for k in range(x.size):
        total += np.exp(x[k]) * x[k]
    return total


def scaled(x, a):
    return a * np.tanh(x)


GRADIENT = np.exp(X) * (1.0 + X)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (False, None),
        (np.False_, None),
        (True, Jit()),
        (np.True_, Jit()),
        ({}, Jit()),
        ({"parallel": False, "fastmath": False, "math": "libm"}, Jit()),
        ({"math": "simd"}, Jit(math="simd")),
        ({"fastmath": True}, Jit(fastmath=("arcp", "contract", "nsz", "reassoc"))),
        ({"fastmath": {"reassoc", "contract"}}, Jit(fastmath=("contract", "reassoc"))),
        ({"fastmath": ["nsz", "nsz"]}, Jit(fastmath=("nsz",))),
        ({"fastmath": set()}, Jit()),
        (Jit(math="simd"), Jit(math="simd")),
    ],
)
def test_what_jit_takes(given, expected):
    found = jit_of(given)
    assert found == expected
    assert hash(found) == hash(expected)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (1, "jit is True, False or a dict of options, not 1"),
        ({"fast_math": True}, "there is no option 'fast_math'; there are 'parallel', 'fastmath', 'math'"),
        ({"parallel": 1}, "jit={'parallel': 1}: it is True or False"),
        ({"math": "svml"}, "it is one of 'libm', 'simd'"),
        ({"math": np.ones(2)}, "it is one of 'libm', 'simd'"),
        ({"fastmath": "contract"}, "it is True, False or a set of flags out of"),
        ({"fastmath": {1}}, "it is True, False or a set of flags out of"),
        ({"fastmath": {"contact"}}, "there is no flag 'contact'; there are 'arcp'"),
        ({"fastmath": {"nnan"}}, "'nnan' lets the compiler assume that no NaN or infinity ever occurs"),
        ({"fastmath": ["fast"]}, "'fast' lets the compiler assume"),
    ],
)
@pytest.mark.parametrize(
    "make",
    [
        srcdiff.grad,
        srcdiff.value_and_grad,
        srcdiff.jvp,
        srcdiff.hvp,
        srcdiff.grad_and_hvp,
        srcdiff.jacobian,
        srcdiff.value_and_jacobian,
        srcdiff.elementwise_grad,
        srcdiff.batch_jacobian,
        srcdiff.hessian,
    ],
)
def test_what_it_refuses(make, given, said):
    with pytest.raises(BadArgument) as caught:
        make(waves, jit=given)
    assert said in str(caught.value)


def test_what_calls_with_arguments_refuse():
    for call in (
        lambda: srcdiff.vjp(waves, X, jit={"maths": "simd"}),
        lambda: srcdiff.jvp(waves, (X,), (X,), jit={"maths": "simd"}),
        lambda: srcdiff.source(srcdiff.grad(waves), X, jit={"maths": "simd"}),
        lambda: srcdiff.grad(jit={"maths": "simd"})(waves),
    ):
        with pytest.raises(BadArgument, match="there is no option 'maths'"):
            call()


def test_the_flags_never_assume_that_there_is_no_nan():
    assert not {"nnan", "ninf", "fast"} & set(REARRANGING)


def test_a_derivative_shows_its_options():
    assert repr(srcdiff.grad(waves)).endswith("with respect to x>")
    assert repr(srcdiff.grad(waves, jit={})).endswith("with respect to x, jit>")
    assert repr(srcdiff.grad(waves, jit={"math": "simd"})).endswith("x, jit={'math': 'simd'}>")
    assert repr(srcdiff.jacobian(waves, jit={"fastmath": True})).endswith("x, jit={'fastmath': True}>")


@pytest.mark.parametrize("jit", [{"fastmath": True}, {"math": "simd"}], ids=["fastmath", "simd"])
def test_options_survive_pickling_and_derivatives_of_derivatives(jit):
    df = pickle.loads(pickle.dumps(srcdiff.grad(waves, jit=jit)))
    assert df.options.jit == jit_of(jit)
    assert srcdiff.grad(srcdiff.grad(scaled, jit=jit)).options.jit == jit_of(jit)  # as its function is
    assert srcdiff.grad(srcdiff.grad(scaled, jit=jit), jit=True).options.jit == Jit()
    assert pickle.loads(pickle.dumps(srcdiff.jacobian(waves, jit=jit))).jit == jit_of(jit)
    assert srcdiff.hessian(waves, jit=jit).jit == jit_of(jit)


def test_source_shows_the_text_for_other_options():
    plain, compiled = srcdiff.grad(waves), srcdiff.grad(waves, jit=True)
    plain(X)
    assert srcdiff.source(plain, X, jit=True) == srcdiff.source(compiled, X)
    assert srcdiff.source(compiled, X, jit=False) == srcdiff.source(plain, X)
    assert plain.options.jit is None
    assert "def waves_jacobian(x)" in srcdiff.source(srcdiff.jacobian(waves), X, jit={})


def test_source_leaves_a_parameter_named_jit_alone():
    def wave(x, jit):
        return x * np.sin(x) if jit else x

    assert "np.cos" in srcdiff.source(srcdiff.grad(wave), 1.0, jit=True)


@pytest.mark.jit
def test_fastmath_reaches_the_compiled_code():
    pytest.importorskip("numba", reason="it is Numba that has such options")
    df = srcdiff.grad(waves, jit={"fastmath": {"contract", "reassoc"}})
    np.testing.assert_allclose(df(X), GRADIENT, rtol=1e-14)
    inner = df._last.call.dispatcher
    assert inner.targetoptions["fastmath"] == {"contract", "reassoc"}
    assert "reassoc contract" in inner.inspect_llvm(inner.signatures[0])
    usual = srcdiff.grad(waves, jit=True)
    usual(X)
    assert "fastmath" not in usual._last.call.dispatcher.targetoptions


@pytest.mark.jit
def test_fastmath_keeps_a_guarded_branch_guarded():
    """An operation that the branch excludes is not evaluated, and a NaN is still one."""
    pytest.importorskip("numba", reason="it is Numba that has such options")

    def guarded(x):
        total = 0.0
        for k in range(x.size):
            if x[k] > 0.0:
                total += np.sqrt(x[k])
        return total

    df = srcdiff.grad(guarded, jit={"fastmath": True})
    np.testing.assert_allclose(df(np.array([4.0, 0.0, -1.0, np.nan, 1.0])), [0.25, 0.0, 0.0, 0.0, 0.5])


@pytest.mark.jit
def test_every_way_to_a_derivative_takes_options():
    pytest.importorskip("numba", reason="it is Numba that has such options")
    jit = {"fastmath": {"contract"}}
    value, gradient = srcdiff.value_and_grad(waves, jit=jit)(X)
    np.testing.assert_allclose((value, *gradient), (waves(X), *GRADIENT))
    _, pullback = srcdiff.vjp(waves, X, jit=jit)
    np.testing.assert_allclose(pullback(1.0)[0], GRADIENT)
    _, tangent = srcdiff.jvp(waves, (X,), (np.ones(7),), jit=jit)
    np.testing.assert_allclose(tangent, GRADIENT.sum())
    by_x = srcdiff.elementwise_grad(scaled, jit=jit)(X, 2.0)
    np.testing.assert_allclose(by_x, 2.0 / np.cosh(X) ** 2)
    np.testing.assert_allclose(srcdiff.jacobian(scaled, jit=jit)(X, 2.0), np.diag(by_x))
    check_grad(waves, (X,), jit=jit)
