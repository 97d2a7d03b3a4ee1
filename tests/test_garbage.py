"""Cycles are looked for rarely while a derivative is written and compiled, and as before afterwards."""

import gc

import pytest

import srcdiff
import srcdiff.build
import srcdiff.compiled
from srcdiff.garbage import rare_collections


@pytest.fixture(autouse=True)
def thresholds():
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_rarely_inside_and_as_before_afterwards():
    with rare_collections():
        inside = gc.get_threshold()
        with rare_collections():
            assert gc.get_threshold() == inside
        assert gc.get_threshold() == inside
    assert inside[0] > 700
    assert gc.get_threshold() == (700, 10, 10)


def test_after_an_exception():
    with pytest.raises(ZeroDivisionError), rare_collections():
        raise ZeroDivisionError
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("chosen", [(0, 10, 10), (1_000_000, 5, 5)])
def test_who_has_turned_it_off_or_made_it_rarer_has_it_so(chosen):
    gc.set_threshold(*chosen)
    with rare_collections():
        assert gc.get_threshold() == chosen
    assert gc.get_threshold() == chosen


def test_what_is_set_in_between_stays():
    with rare_collections():
        gc.set_threshold(800, 10, 10)
    assert gc.get_threshold() == (800, 10, 10)


def note(monkeypatch, module, name):
    """The thresholds that hold whenever this function runs."""
    own, seen = getattr(module, name), []

    def noting(*args, **kwargs):
        seen.append(gc.get_threshold())
        return own(*args, **kwargs)

    monkeypatch.setattr(module, name, noting)
    return seen


def square(x):
    return x * x


def test_while_a_derivative_is_written(monkeypatch):
    seen = note(monkeypatch, srcdiff.build, "specialise")
    assert srcdiff.grad(square)(3.0) == 6.0
    assert seen and min(seen)[0] > 700
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.jit
def test_while_it_is_compiled(monkeypatch):
    seen = note(monkeypatch, srcdiff.compiled, "narrowing")
    assert srcdiff.grad(square, jit=True)(3.0) == 6.0
    assert seen and min(seen)[0] > 700
    assert gc.get_threshold() == (700, 10, 10)
