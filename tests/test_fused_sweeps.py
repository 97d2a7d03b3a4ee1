"""Loops whose trips are independent and their adjoints, as one loop: when, when not, and the same derivatives."""

import copy
import math

import numpy as np
import pytest
from parallel_text import run
from thinning import FULL
from trip_programs import arguments, trip_program

import srcdiff
from srcdiff.errors import NonFinite
from srcdiff.optimise import passes
from srcdiff.testing import check_grad
from tests.generator.load import load, unload

HEADING = "# reverse sweep of this trip"
X = np.array([0.3, -0.4, 1.2, 0.8, -0.1])
Y = np.array([0.5, 0.2, -0.7])
W = np.array([[0.2, -0.5, 0.3], [0.7, 0.1, -0.2]])


def all_pairs(x, y, w):
    total = 0.0
    for i in range(len(x)):
        for j in range(len(y)):
            d = math.exp(-w * (x[i] - y[j]) ** 2)
            total += d * math.sqrt(1.0 + d)
    return total / len(x)


def passed_on(x, w):
    total, k = 0.0, 1.0
    for i in range(len(x)):
        k = 0.5 * k + 0.1
        e = math.exp(w * x[i])
        total += e * k
    return total


def layers(x, w, b):
    total = 0.0
    for i in range(len(x)):
        h = np.tanh(w @ x[i] + b)
        total += np.sum(h * h)
    return total


def guarded(x, w):
    total = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            root = math.sqrt(x[i])
            total += w * root * root * root
        else:
            total += math.exp(w * x[i])
    return total


def barrier(price, rate, noise):
    payoff = 0.0
    for p in range(len(noise)):
        s = price
        alive = True
        for t in range(noise.shape[1]):
            if noise[p, t] > -1.0:
                growth = math.exp(rate + 0.1 * noise[p, t])
                s = s * growth
            else:
                s = s * s
            if s > 2.2:
                alive = False
                break
        if alive:
            payoff += s
    return payoff / len(noise)


def at_most(price, rate, noise, n):
    """A loop of which the caller says how long it may be: the argument may be negative, too."""
    payoff = 0.0
    for p in range(len(noise)):
        s = price
        for t in range(n):
            s = s * math.exp(rate * noise[p, 0])
            if s > 2.2:
                break
        payoff += s
    return payoff


def overwritten(x, w):
    """The variable that is kept is bound again before the trip ends, and read."""
    total = 0.0
    for i in range(len(x)):
        e = math.exp(w * x[i])
        total += e * e
        e = math.sin(e)
        total += e * w
    return total


def two_loops(x, y):
    first = 0.0
    for i in range(len(x)):
        e = math.exp(x[i])
        first += e * math.sin(e)
    second = 0.0
    for j in range(len(y)):
        e = math.exp(y[j])
        second += e * math.cos(e)
    return first - 2.0 * second


def own_elements(x, w):
    """Each trip writes an element of its own, and looks at it again."""
    u = x.copy()
    total = 0.0
    for i in range(len(x)):
        u[i] = math.exp(w * u[i])
        total += u[i] * math.sin(u[i])
    return total


FUSED = [
    (all_pairs, (X, Y, 0.3)),
    (passed_on, (X, 0.4)),
    (layers, (np.outer(X, Y), W, np.array([0.1, -0.3]))),
    (guarded, (X, 0.7)),
    (barrier, (1.3, 0.2, np.array([[0.1, 0.5, -0.4, 2.0], [3.0, 2.5, 1.0, 0.2], [-1.5, 0.3, 0.1, 0.2]]))),
    (at_most, (1.3, 0.2, np.array([[0.1], [2.5], [-1.5]]), 4)),
    (overwritten, (X, 0.4)),
    (two_loops, (X, Y)),
    (own_elements, (X, 0.4)),
]


def last_of_all(x):
    """The adjoint of the last trip's value is not that of the others."""
    total = e = 0.0
    for i in range(len(x)):
        e = math.exp(x[i])
        total += e * e
    return total + math.sin(e)


def squared(x):
    total = 0.0
    for i in range(len(x)):
        total += math.exp(x[i])
    return total * total


def recurrence(x):
    s = 0.0
    for i in range(len(x)):
        s = math.exp(x[i] * s)
    return s


def workplace(x):
    """All trips write to the same elements."""
    a = np.zeros(2)
    total = 0.0
    for i in range(len(x)):
        a[0] = math.exp(x[i])
        a[1] = math.sin(a[0])
        total += a[0] * a[1]
    return total


def neighbours(x):
    """A trip reads what the one before has written."""
    u = x.copy()
    total = 0.0
    for i in range(1, len(x)):
        u[i] = math.exp(u[i] * u[i - 1])
        total += u[i]
    return total


def chain(x):
    """What the first loop makes is for the second one."""
    y = np.zeros(len(x))
    for i in range(len(x)):
        e = math.exp(x[i])
        y[i] = e * math.sin(e)
    total = 0.0
    for i in range(len(x)):
        total += y[i] * y[len(x) - 1 - i]
    return total


def ends_early(x):
    total = 0.0
    for i in range(len(x)):
        e = math.exp(x[i])
        total += e * e
        if e > 3.0:
            break
    return total


APART = [last_of_all, squared, recurrence, workplace, neighbours, chain, ends_early]


@pytest.mark.parametrize(("f", "args"), FUSED, ids=lambda case: getattr(case, "__name__", ""))
def test_one_loop(f, args):
    wrt = tuple(k for k, a in enumerate(args) if not isinstance(a, int))[:3]
    found = srcdiff.source(srcdiff.value_and_grad(f, wrt=wrt), *args)
    assert HEADING in found
    check_grad(f, args, order=2)


@pytest.mark.jit
@pytest.mark.parametrize(("f", "args"), FUSED, ids=lambda case: getattr(case, "__name__", ""))
def test_one_loop_compiled(f, args):
    wrt = tuple(k for k, a in enumerate(args) if not isinstance(a, int))[:3]
    assert "append" not in srcdiff.source(srcdiff.value_and_grad(f, wrt=wrt), *args, jit=True)
    if FULL or f in (layers, barrier, at_most, overwritten):
        check_grad(f, args, jit=True)


@pytest.mark.parametrize("f", APART)
def test_two_loops(f):
    assert HEADING not in srcdiff.source(srcdiff.value_and_grad(f), X)
    check_grad(f, (X,), order=2)


def test_no_list_is_left_for_values_of_one_trip():
    found = srcdiff.source(srcdiff.value_and_grad(all_pairs, wrt=(0, 1, 2)), X, Y, 0.3)
    assert "tape" not in found
    assert found.count("for ") == found.count("# reverse sweep of this trip") + 1 + found.count("# forward sweep")


def test_a_list_in_compiled_code_is_an_array_as_long_as_the_inner_loop():
    noise = np.zeros((4, 7))
    found = srcdiff.source(srcdiff.value_and_grad(barrier), 1.3, 0.2, noise, jit=True)
    assert "growth_tape[t] = growth" in found
    assert "growth = growth_tape[t]" in found
    assert "append" not in found
    at_negative = srcdiff.value_and_grad(at_most, jit=True)
    assert at_negative(1.3, 0.2, noise, -3) == (5.2, 4.0)


def test_a_loop_of_unknown_length_inside_keeps_its_list_in_plain_text_and_stays_apart_in_compiled_text():
    def roots(a):
        total = 0.0
        for i in range(len(a)):
            r = a[i]
            while abs(r * r - a[i]) > 1e-9:
                r = 0.5 * (r + a[i] / r)
            total += r
        return total

    at = np.array([2.0, 0.5, 9.0])
    derivative = srcdiff.value_and_grad(roots)
    assert HEADING in srcdiff.source(derivative, at)
    assert HEADING not in srcdiff.source(derivative, at, jit=True)
    check_grad(roots, (at,))


def test_the_values_of_no_trip_at_all():
    for f in (all_pairs, passed_on, guarded):
        args = (np.zeros(0), Y, 0.3)[: 3 if f is all_pairs else 1]
        args = args if f is all_pairs else (*args, 0.3)
        if f is all_pairs:
            with pytest.raises(ZeroDivisionError):
                srcdiff.value_and_grad(f)(*args)
            continue
        value, gradient = srcdiff.value_and_grad(f)(*args)
        assert value == 0.0
        assert gradient.shape == (0,)


def test_draws_keep_their_order():
    def drawn(x, rng):
        total = 0.0
        for i in range(len(x)):
            z = math.exp(x[i] * rng.normal())
            total += z * math.sin(z)
        return total

    assert HEADING in srcdiff.source(srcdiff.value_and_grad(drawn), X, np.random.default_rng(1))
    one, other = np.random.default_rng(5), np.random.default_rng(5)
    value, _ = srcdiff.value_and_grad(drawn)(X, one)
    assert value == drawn(X, other)
    assert one.normal() == other.normal()
    check_grad(drawn, (X, np.random.default_rng(2)))


def test_what_the_user_looks_at_comes_in_the_order_of_the_reverse_sweep():
    seen = []

    def looked_at(x):
        total = 0.0
        for i in range(len(x)):
            e = math.exp(x[i])
            with srcdiff.adjoint_of(e) as e_bar:
                seen.append((i, float(e_bar)))
            total += e * e
        return total

    derivative = srcdiff.grad(looked_at)
    assert HEADING not in srcdiff.source(derivative, X)
    derivative(X)
    assert [i for i, _ in seen] == [4, 3, 2, 1, 0]


def test_what_is_printed_comes_once_and_in_order(capsys):
    def printed(x):
        total = 0.0
        for i in range(len(x)):
            e = math.exp(x[i])
            print(i, round(e, 3))
            total += e * e
        return total

    printed(X)
    expected = capsys.readouterr().out
    srcdiff.grad(printed)(X)
    assert capsys.readouterr().out == expected


def test_a_nan_is_found_in_either_part_of_the_loop():
    def root(x):
        total = 0.0
        for i in range(len(x)):
            r = np.sqrt(x[i])
            total += r * 2.0
        return total

    with pytest.raises(NonFinite, match="reverse sweep"), srcdiff.debug_nans(), np.errstate(all="ignore"):
        srcdiff.grad(root)(np.array([1.0, 0.0]))
    with pytest.raises(NonFinite, match="forward sweep"), srcdiff.debug_nans(), np.errstate(all="ignore"):
        srcdiff.grad(root)(np.array([1.0, -1.0]))


@pytest.mark.jit
def test_trips_that_run_on_all_cores_have_no_tape():
    long = np.linspace(-1.0, 1.0, 2000)
    found = srcdiff.source(srcdiff.value_and_grad(all_pairs, jit={"parallel": True}), long, long, 0.3)
    assert found.count("in prange(") == 1
    assert "tape" not in found
    one = srcdiff.value_and_grad(all_pairs, wrt=(0, 1, 2), jit={"parallel": True})(long, long, 0.3)
    other = srcdiff.value_and_grad(all_pairs, wrt=(0, 1, 2), jit=True)(long, long, 0.3)
    assert one[0] == pytest.approx(other[0])
    for a, b in zip(one[1], other[1], strict=True):
        np.testing.assert_allclose(a, b)


def test_the_profile_knows_the_two_parts_apart():
    found = srcdiff.profile(srcdiff.value_and_grad(overwritten), X, 0.4)
    line = next(line for line in found.lines if line.text == "e = math.exp(w * x[i])")
    assert line.forward > 0.0
    assert line.reverse > 0.0


def gradients(f, args, jit):
    derivative = srcdiff.value_and_grad(f, wrt=(0, 1, 2, 3), jit=jit)
    if jit:
        return run(derivative, copy.deepcopy(args), range)  # the text for Numba, as Python
    value, found = derivative(*args)
    return value, *found


@pytest.mark.filterwarnings("ignore::srcdiff.SrcdiffWarning")
@pytest.mark.parametrize("start", range(0, 1000 if FULL else 20, 20))
def test_random_loops_have_the_gradient_that_two_loops_have(start, monkeypatch):
    together = 0
    for seed in range(start, start + 20):
        module, args = load(trip_program(seed)), arguments(seed)
        try:
            value = module.f(*copy.deepcopy(args))
        except (IndexError, NameError, OverflowError):
            continue
        for jit in (False, True):
            found = gradients(module.f, args, jit)
            text = srcdiff.source(srcdiff.value_and_grad(module.f, wrt=(0, 1, 2, 3)), *args, jit=jit)
            with monkeypatch.context() as patched:
                patched.setattr(passes, "fused", lambda function, *_: function)
                expected = gradients(module.f, args, jit)
            together += HEADING in text
            assert found[0] == pytest.approx(value)
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10, err_msg=f"seed {seed}, jit={jit}")
        unload(module)
    assert together > 5
