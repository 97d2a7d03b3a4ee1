"""Every optimisation switched off, one at a time and all at once: the same numbers.

What is written for Numba is Python, and is run as such here. An ordinary run has a few random programs and kernels,
`SRCDIFF_FULL=1` many.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from parallel_text import run
from thinning import FULL

import srcdiff
from benchmarks.kernels import KERNELS
from srcdiff.errors import Refusal
from srcdiff.optimise import passes
from tests.generator import Options, generate
from tests.generator.load import load, unload

# What makes a program shorter or faster, and what it returns beside the function where it does nothing.
OFF: dict[str, Callable[..., Any]] = dict.fromkeys(
    (
        "fused", "without_dead_zeros", "computed_once", "multiplied_once", "turned", "last_copies", "added_at_once",
        "first_sums", "drop_dead", "joined", "refilled", "as_dots", "laid_out", "along_rows", "in_order", "apart",
        "turned_round", "without_trip_zeros", "with_sums", "hoisted", "with_first_writes", "handed_on", "with_factors",
        "in_any_order", "with_workspaces", "columns_first", "kept_at_once", "masked_once", "coalesce",
    ),
    lambda function, *_, **__: function,
)  # fmt: skip
OFF["lowered"] = lambda function, *_: (function, set(), set())
OFF["in_vectors"] = lambda function, *_: (function, frozenset(), frozenset())
OFF["all_inside"] = lambda function, *_: (function, False)
# for Numba, for the text, where it is asked for
NEEDED = {"typed_empties", "of_numpy", "arranged", "in_parallel", "with_old_values"}

SEEDS = range(60 if FULL else 2)
SOME = [k for k in KERNELS if k.task == "gradient" and (FULL or k.name in ("heat_loops", "cholesky"))]


def test_every_pass_is_switched_off_here() -> None:
    called = {name for name in passes.optimise.__code__.co_names if inspect.isfunction(getattr(passes, name, None))}
    called |= {name for name in passes.without_waste.__code__.co_names if name in ("drop_dead", "first_sums")}
    assert called - {"without_waste"} == set(OFF) | NEEDED


def numbers(f: Callable[..., Any], args: tuple[Any, ...], wrt: Any) -> tuple[list[np.ndarray], str]:
    """Value and gradient by the text for Numba, run as Python, and by the plain one; and both texts."""
    jitted, plain = srcdiff.value_and_grad(f, wrt=wrt, jit=True), srcdiff.value_and_grad(f, wrt=wrt)
    found = [np.asarray(part) for part in run(jitted, copy.deepcopy(args), range)]
    value, gradient = plain(*args)
    parts = [value, *(gradient if isinstance(gradient, tuple) else (gradient,))]
    return [*found, *map(np.asarray, parts)], jitted.text_for(*args) + plain.text_for(*args)


def check(f: Callable[..., Any], fresh: Callable[[], tuple[Any, ...]], wrt: Any, patch: pytest.MonkeyPatch) -> None:
    expected, text = numbers(f, fresh(), wrt)
    for names in [*([name] for name in OFF), list(OFF)]:
        with patch.context() as patched:
            for name in names:
                patched.setattr(passes, name, OFF[name])
            found, other = numbers(f, fresh(), wrt)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10, err_msg=f"without {', '.join(names)}")
    assert other != text, "with all of them off there is the same text"


@pytest.mark.parametrize("kernel", SOME, ids=lambda k: k.name)
def test_kernels(kernel: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    check(kernel.f, lambda: kernel.arguments("tiny"), kernel.wrt, monkeypatch)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_programs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program = generate(seed, Options(jit_ok=True))
    module = load(program.source)
    wrt = tuple(range(len(program.args)))

    try:
        check(module.f, program.fresh_args, wrt, monkeypatch)
    except Refusal:
        pytest.skip("srcdiff refuses the program")
    finally:
        unload(module)
