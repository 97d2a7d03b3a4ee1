"""Random programs: srcdiff's gradient against the complex step and finite differences; and the generator itself.

An ordinary run checks 60 programs in plain Python and 8 jitted, always the same ones; `SRCDIFF_FULL=1` in the
environment checks 1000 and 60. `python -m tests.generator` runs more, and shrinks what fails.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from thinning import FULL

from srcdiff.errors import Problem, UnsupportedSyntax
from tests.generator import (
    FEATURES,
    Crashed,
    Discarded,
    Options,
    Program,
    Wrong,
    campaign,
    check_program,
    examine,
    examine_apart,
    generate,
    shrink,
    summary,
    truth,
    valid,
)
from tests.generator.fakes import by_differences, changing_arguments, forgetting
from tests.generator.load import load, load_jitted, unload

ROOT = Path(__file__).resolve().parent.parent

PLAIN, PLAIN_CHUNK = (1000, 50) if FULL else (60, 10)
JITTED, JITTED_CHUNK = (60, 6) if FULL else (8, 2)
SET_ASIDE = 0.3  # of a chunk may be refused or discarded; more would make the test an empty one


def check_chunk(start: int, count: int, jit: bool) -> None:
    records = list(campaign(range(start, start + count), jit=jit, workers=2 if jit else 1, seconds=120.0))
    text = summary(records, show=1)
    assert not any(r.state in ("wrong", "crashed") for r in records), text
    assert sum(r.state != "agreed" for r in records) <= SET_ASIDE * count, text


@pytest.mark.parametrize("start", range(0, PLAIN, PLAIN_CHUNK))
def test_gradients_of_random_programs(start: int) -> None:
    check_chunk(start, PLAIN_CHUNK, jit=False)


@pytest.mark.jit
@pytest.mark.parametrize("start", range(0, JITTED, JITTED_CHUNK))
def test_jitted_gradients_of_random_programs(start: int) -> None:
    check_chunk(start, JITTED_CHUNK, jit=True)


# --------------------------------------------------------------------------------------------------- the generator


def digest() -> str:
    text = "".join(str(generate(seed, Options(jit_ok=jit))) for seed in range(40) for jit in (False, True))
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_seed_gives_the_same_program_in_every_process() -> None:
    code = "from tests.test_random_programs import digest; print(digest())"
    for hash_seed in ("1", "2"):
        paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
        run = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == digest()


@pytest.mark.parametrize("jit_ok", [False, True])
def test_every_program_runs_and_gives_finite_numbers(jit_ok: bool) -> None:
    for seed in range(3000 if FULL else 150):
        program = generate(seed, Options(jit_ok=jit_ok))
        assert valid(program), program


@pytest.mark.parametrize("size", [2, 40])
def test_programs_of_any_size_run(size: int) -> None:
    for seed in range(40):
        program = generate(seed, Options(size=size, depth=1 + seed % 5))
        assert valid(program), program


@pytest.mark.jit
def test_numba_compiles_what_is_said_to_be_jit_ok() -> None:
    for seed in range(100 if FULL else 2):
        program = generate(seed, Options(jit_ok=True))
        plain, jitted = load(program.source), load_jitted(program.source)
        np.testing.assert_allclose(jitted.f(*program.fresh_args()), plain.f(*program.fresh_args()), rtol=1e-9)
        unload(plain)
        unload(jitted)


def test_every_feature_occurs() -> None:
    used = {feature for seed in range(1200) for feature in generate(seed).features}
    assert used == set(FEATURES)


def test_jit_ok_leaves_out_what_numba_lacks() -> None:
    used = {feature for seed in range(200) for feature in generate(seed, Options(jit_ok=True)).features}
    assert not [feature for feature in used if FEATURES[feature].startswith("!")]


def test_features_can_be_switched_off_and_weighted() -> None:
    off = frozenset({"while", "helper", "recursion", "swap_arrays", "matrix"})
    texts = [generate(seed, Options(off=off)).source for seed in range(100)]
    assert not any("while " in text or text.count("\ndef ") > 1 or "A[" in text for text in texts)
    some = sum("while " in generate(seed).source for seed in range(100))
    many = sum("while " in generate(seed, Options(weights={"while": 8.0})).source for seed in range(100))
    assert many > 1.5 * some
    with pytest.raises(ValueError, match="unknown features"):
        Options(off=frozenset({"whlie"}))


# ------------------------------------------------------------------------------------------------------ the oracle


def program_of(source: str, *args: object) -> Program:
    return Program(0, "import math\n\nimport numpy as np\n\n\n" + source, args, jit_ok=True)


def gradients_of(program: Program) -> list[np.ndarray]:
    module = load(program.source)
    try:
        return truth(program, module.f).gradients
    finally:
        unload(module)


IN_PLACE = """\
def f(x, k):
    u = np.zeros(len(x))
    v = u[1:]
    for i in range(len(x)):
        u[i] = x[i] * k
        u[i] *= u[i]
    v[0] = max(v[0], -1.0) * abs(u[0])
    if k > 1:
        u[0] = 7.3 % x[0]
    return u.sum() + (x[1] // 0.35)
"""


def test_the_oracle_is_right_where_the_answer_is_known() -> None:
    x, k = np.array([0.7, -1.2, 0.4]), 2
    by_x, by_k = gradients_of(program_of(IN_PLACE, x, k))
    # u = (7.3 % x0, (x1 k)^2 (x0 k)^2, (x2 k)^2)
    expected = [-10.0 + 2 * x[0] * x[1] ** 2 * k**4, 2 * x[1] * x[0] ** 2 * k**4, 2 * x[2] * k**2]
    np.testing.assert_allclose(by_x, expected, rtol=1e-12)
    np.testing.assert_allclose(by_k, 4 * (x[0] * x[1]) ** 2 * k**3 + 2 * x[2] ** 2 * k, rtol=1e-12)


STAND_INS = """\
def f(a, b, x):
    s = np.arctan2(a, b) + np.hypot(a, b) + math.atan2(b, a) + math.log1p(a * a) + math.pi * np.sign(a)
    s += float(np.max(x)) + min(x) + max(a, b, 0.1) + np.clip(b, -0.5, 0.5) + round(a) + int(b)
    return s + np.minimum(a, b) * np.maximum(x, b).sum() + np.abs(x).mean() + np.expm1(a) + pow(b, 3)
"""


def test_complex_numbers_pass_through_functions_with_kinks() -> None:
    a, b, x = 0.6, 0.37, np.array([0.2, -0.9, 1.1])
    by_a, by_b, by_x = gradients_of(program_of(STAND_INS, a, b, x))
    r2, top = a * a + b * b, np.maximum(x, b)
    np.testing.assert_allclose(by_a, a / r2**0.5 + 2 * a / (1 + a * a) + 1 + np.exp(a), rtol=1e-12)
    np.testing.assert_allclose(by_b, b / r2**0.5 + 1 + top.sum() + b * (x < b).sum() + 3 * b * b, rtol=1e-12)
    np.testing.assert_allclose(by_x, [0 + 1 / 3, 1 - 1 / 3, 1 + b + 1 / 3], rtol=1e-12)


@pytest.mark.parametrize(
    ("body", "at"),
    [("return abs(x)", 0.0), ("return 1.0 if x > 0.5 else 0.0", 0.5), ("return x if x > 0.500004 else 2 * x", 0.5)],
)
def test_points_on_an_edge_are_discarded(body: str, at: float) -> None:
    program = program_of(f"def f(x):\n    {body}\n", at)
    with pytest.raises(Discarded):
        gradients_of(program)
    assert examine(program, jit=False, differentiate=by_differences).state == "discarded"


def test_differences_stand_in_where_complex_numbers_do_not_go() -> None:
    program = program_of("def f(x):\n    return np.heaviside(x, 0.0) * math.gamma(x)\n", 1.5)
    module = load(program.source)
    found = truth(program, module.f)
    unload(module)
    assert found.by == "differences"
    np.testing.assert_allclose(found.gradients[0], 0.03233839744888, rtol=1e-6)


# ----------------------------------------------------------------------------------------------------- the checker


def test_a_right_gradient_agrees() -> None:
    records = list(campaign(range(20), differentiate=by_differences))
    assert [r.state for r in records] == ["agreed"] * 20, summary(records)


def test_a_wrong_gradient_is_reported_with_all_that_is_needed() -> None:
    program = generate(5)
    with pytest.raises(Wrong) as caught:
        check_program(program, differentiate=forgetting("def f"))
    text = str(caught.value)
    assert program.source.rstrip() in text
    assert "the gradient differs" in text
    assert "--seed 5" in text


def test_a_changed_argument_is_noticed() -> None:
    program = program_of("def f(x):\n    x[0] = 2.0 * x[1]\n    return x.sum()\n", np.array([1.0, 2.0]))
    with pytest.raises(Wrong, match="argument 0 was changed"):
        check_program(program, differentiate=changing_arguments)


def test_shared_memory_is_noticed() -> None:
    program = program_of("def f(x):\n    return 0.5 * x.dot(x)\n", np.array([1.0, 2.0]))
    with pytest.raises(Wrong, match="shares memory"):
        check_program(program, differentiate=lambda f, args, weights, jit, how: (None, args))


def test_refusals_and_crashes_are_told_apart() -> None:
    def refuse(f: object, args: object, weights: object, jit: bool, how: int) -> object:
        raise UnsupportedSyntax(Problem(UnsupportedSyntax, "`while` on line 3", "why", "fix"))

    def crash(f: object, args: object, weights: object, jit: bool, how: int) -> object:
        raise KeyError("s_bar")

    program = generate(0)
    refused, crashed = (examine(program, False, differentiate=d) for d in (refuse, crash))
    assert (refused.state, refused.group) == ("refused", "UnsupportedSyntax: … on line #")
    assert (crashed.state, crashed.group) == ("crashed", "KeyError: …")
    with pytest.raises(Crashed, match="s_bar"):
        check_program(program, differentiate=crash)
    assert summary([refused, crashed]).startswith("0 wrong, 1 crashed, 1 refused, 0 discarded, 0 agreed of 2")


def test_a_derivative_that_does_not_end_is_a_crash() -> None:
    def endless(f: object, args: object, weights: object, jit: bool, how: int) -> object:
        while True:
            pass

    assert examine(generate(0), False, seconds=1.0, differentiate=endless).group.startswith("TimedOut")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="jitted programs are checked in forked processes")
def test_the_death_of_a_process_is_a_record() -> None:
    def die(f: object, args: object, weights: object, jit: bool, how: int) -> object:
        os._exit(70)

    record = examine_apart(generate(0), jit=False, seconds=20.0, differentiate=die)
    assert (record.state, record.text.splitlines()[0]) == ("crashed", "the process died with exit code 70")


@pytest.mark.jit
def test_what_numba_cannot_compile_without_srcdiff_is_discarded() -> None:
    program = program_of("def f(x):\n    return x * len(reversed([1, 2]).__doc__)\n", 0.5)
    record = examine_apart(program, jit=True, seconds=60.0, differentiate=lambda *_: 1 / 0)
    assert record.state == "discarded"
    assert record.group.startswith("Numba fails without srcdiff: TypingError")


def test_a_failing_program_is_shrunk() -> None:
    seed = next(s for s in range(100) if "np.tanh" in generate(s, Options(size=20)).source)
    program, wrong = generate(seed, Options(size=20)), forgetting("np.tanh")
    small = shrink(program, lambda p: examine(p, False, differentiate=wrong).state == "wrong", seconds=20.0)
    assert valid(small)
    assert examine(small, False, differentiate=wrong).state == "wrong"
    assert len([line for line in small.source.splitlines() if line.startswith("    ")]) <= 4, small


def test_the_shrinker_rejects_programs_that_are_none() -> None:
    endless = program_of("def f(x):\n    while x > 0.0:\n        x = x * 1.0\n    return x\n", 1.0)
    unset = program_of("def f(x):\n    u = np.empty(2)\n    return u.sum() * x\n", 1.0)
    unbound = program_of("def f(x):\n    return x + s\n", 1.0)
    infinite = program_of("def f(x):\n    return np.log(x)\n", 0.0)
    assert not any(map(valid, (endless, unset, unbound, infinite)))
