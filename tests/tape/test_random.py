"""Random programs on the tape: its gradients against the complex step and differences, and so against the source's.

An ordinary run checks 40 programs, always the same ones; `SRCDIFF_FULL=1` in the environment checks 600.
"""

import math
import os

import numpy as np
import pytest

from srcdiff import tape
from srcdiff.errors import NotRecorded, Refusal
from srcdiff.tape.retracing import Module, NumPy
from srcdiff.tape.tensor import Tensor
from tests.generator import Crashed, Discarded, Options, check_program, generate

COUNT, CHUNK = (600, 50) if os.environ.get("SRCDIFF_FULL") == "1" else (40, 10)


def number(x):
    return x if type(x) is Tensor else float(x)


def by_tape(f, args, weights, jit, how):
    """The program run on tensors: with a NumPy whose new arrays take tensors, and a `math` that is recorded."""
    scope = f.__globals__
    before = dict(scope)
    scope.update({name: tape.tensor(value) for name, value in before.items() if isinstance(value, np.ndarray)})
    scope.update({"np": NumPy(np), "math": Module(math), "float": number})
    try:
        value, back = tape.pullback(f, *map(real, args))
    except NotRecorded as lost:
        raise Discarded(str(lost)) from None
    finally:
        scope.clear()
        scope.update(before)
    return value, back(weights)


def real(a):
    """An argument as the real number that it is differentiated as."""
    return a.astype(float) if isinstance(a, np.ndarray) and a.dtype.kind != "f" else float(a) if type(a) is int else a


@pytest.mark.parametrize("start", range(0, COUNT, CHUNK))
def test_gradients_of_random_programs(start):
    agreed = 0
    for seed in range(start, start + CHUNK):
        try:
            outcome = check_program(generate(seed, Options()), differentiate=by_tape)
        except (Refusal, Discarded):
            continue
        except Crashed as crash:
            if not isinstance(crash.__cause__, Discarded):
                raise
            continue
        agreed += outcome.state == "agreed"
    assert agreed >= 0.6 * CHUNK
