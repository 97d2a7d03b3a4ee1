"""Adjoints of least and largest elements in text for Numba: the loop over an array with one element other than zero is
that element's trip, and where it must stay a loop."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from test_lowering_neighbours import jitted_text

import srcdiff
from srcdiff.ir.nodes import Assign, Call, Const, For, Item, Name, Object, Update
from srcdiff.optimise.lowering.one_place import Vanishing
from srcdiff.testing import check_grad

pytest.importorskip("numba")
pytestmark = pytest.mark.jit


def nearest(centres, x):
    apart = x[:, None, :] - centres[None, :, :]
    square = np.sum(apart * apart, axis=2)
    return np.sum(np.min(square, axis=1))


def given(samples, centres, width):
    rng = np.random.default_rng(3)
    return rng.normal(size=(centres, width)), rng.normal(size=(samples, width))


def loops(text: str) -> int:
    return text.count("for ")


@pytest.mark.parametrize("shape", [(7, 4, 3), (0, 3, 2), (4, 3, 0)])
def test_the_nearest_of_some_places(shape):
    text = jitted_text(nearest, ("centres", "x"), *given(*shape))
    assert "square_bar[" not in text
    assert "centres_bar[square_bar_at, k] -=" in text
    assert "apart = x[i, k] - centres[j, k]" in text  # and no array of them
    check_grad(nearest, given(5, 3, 2), wrt=("centres", "x"), jit=True)


@pytest.mark.parametrize("shape", [(5, 1, 2), (1, 1, 1), (1, 3, 1)])
def test_lengths_of_one(shape):
    args = given(*shape)
    expected = srcdiff.grad(nearest, wrt=("centres", "x"))(*args)
    for one, other in zip(srcdiff.grad(nearest, wrt=("centres", "x"), jit=True)(*args), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_its_second_derivative():
    centres, x = given(6, 3, 2)
    hvp = srcdiff.grad_and_hvp(nearest, wrt="centres", jit=True)
    assert "square_bar[" not in srcdiff.source(hvp, centres, x, centres)
    plain = srcdiff.grad_and_hvp(nearest, wrt="centres")
    for one, other in zip(hvp(centres, x, centres), plain(centres, x, centres), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_of_places_at_the_same_distance_the_first_counts():
    centres, x = given(5, 4, 2)
    centres[2] = centres[1]
    text = jitted_text(nearest, "centres", centres, x, compiled=True)
    assert "square_bar[" not in text
    assert not srcdiff.grad(nearest, jit=True)(centres, x)[2].any()


def test_what_is_far_away_has_no_part_in_it():
    centres, x = given(5, 3, 2)
    centres[1] = np.inf
    found = srcdiff.grad(nearest, jit=True)(centres, x)
    assert np.isfinite(found).all()
    assert not found[1].any()


def weighed(centres, x, weights):
    apart = x[:, None, :] - centres[None, :, :]
    square = np.sum(apart * apart, axis=2)
    return np.sum(weights * np.sqrt(np.min(square, axis=1) + 1.0))


def test_a_weight_for_each():
    text = jitted_text(weighed, ("centres", "weights"), *given(6, 3, 2), np.linspace(0.5, 1.5, 6), compiled=True)
    assert "square_bar[" not in text


def hinge(scores, label, weights):
    lead = scores * weights - scores[:, 0][:, None]
    return np.sum(np.max(lead, axis=1)) + label


def test_what_is_computed_of_it_outside():
    rng = np.random.default_rng(5)
    jitted_text(hinge, ("scores", "weights"), rng.normal(size=(4, 3)), 1.0, rng.normal(size=(4, 3)), compiled=True)


def spread(centres, x):
    apart = x[:, None, :] - centres[None, :, :]
    square = np.sum(apart * apart, axis=2)
    return np.sum(np.min(square, axis=1)) + 0.1 * np.sum(square * square)


def test_an_adjoint_of_all_elements_stays_a_loop():
    text = jitted_text(spread, "centres", *given(6, 3, 2), compiled=True)
    assert "square_bar[" in text or "square_bar =" in text


def steep(centres, x):
    apart = np.exp(x[:, None, :] - centres[None, :, :])
    square = np.sum(apart * apart, axis=2)
    return np.sum(np.min(square, axis=1))


def test_what_is_dear_is_not_computed_again():
    text = jitted_text(steep, ("centres", "x"), *given(5, 3, 2), compiled=True)
    assert "apart[j, k] = np.exp(x[i, k] - centres[j, k])" in text
    assert "2.0 * apart[square_bar_at, k] * result_1_bar" in text


def both_ways(a, b):
    apart = a[:, None, :] - b[None, :, :]
    square = np.sum(apart * apart, axis=2)
    return np.mean(np.min(square, axis=1)) + np.mean(np.min(square, axis=0))


def test_the_distance_of_two_sets():
    rng = np.random.default_rng(6)
    jitted_text(both_ways, ("a", "b"), rng.normal(size=(5, 2)), rng.normal(size=(4, 2)), compiled=True)
    check_grad(both_ways, (rng.normal(size=(5, 2)), rng.normal(size=(4, 2))), wrt=("a", "b"), jit=True)


def moved(centres, x, steps):
    centres = centres.copy()
    for _ in range(steps):
        apart = x[:, None, :] - centres[None, :, :]
        square = np.sum(apart * apart, axis=2)
        centres *= 1.0 + 0.1 * np.sum(np.max(square, axis=1))
    return np.sum(centres)


def test_places_that_move():
    centres, x = given(4, 3, 2)
    jitted_text(moved, ("centres", "x"), 0.1 * centres, 0.1 * x, 2, compiled=True)


def vanishes(*statements: Assign | Update | For, local: str = "c t") -> bool:
    """Whether the statements do nothing where `z_bar[j]` is zero."""
    return Vanishing(Z_BAR, set(local.split())).block(statements)


Z_BAR = Item(Name("z_bar"), Name("j"))
ADDED = Update(Item(Name("y_bar"), Name("j")), Object(operator.add, "add"), Name("t"))


def inner(*body: Assign | Update) -> For:
    return For(Name("c"), Call(Object(range, "range"), (Name("m"),)), body)


def test_what_a_loop_without_trips_leaves():
    """`t` is zero behind a loop that sets it to zero, if the loop has a trip at all."""
    zero = Assign(Name("t"), Z_BAR)
    assert vanishes(zero, ADDED)
    assert vanishes(Assign(Name("t"), Const(0.0)), inner(zero), ADDED)
    assert not vanishes(Assign(Name("t"), Const(1.0)), inner(zero), ADDED)


def test_what_another_trip_has_left():
    """What is carried from trip to trip needs all of them."""
    scaled = Update(Item(Name("y_bar"), Name("j")), Object(operator.add, "add"), times(Name("t"), Z_BAR))
    grown = Update(Name("t"), Object(operator.add, "add"), Item(Name("x"), Name("j")))
    assert vanishes(Assign(Name("t"), Item(Name("x"), Name("j"))), grown, scaled)
    assert not vanishes(grown, scaled)
    assert not vanishes(scaled, Assign(Name("t"), Item(Name("x"), Name("j"))))


def times(a: Name, b: Item) -> Call:
    return Call(Object(operator.mul, "mul"), (a, b))
