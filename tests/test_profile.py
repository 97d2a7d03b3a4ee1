"""Time and memory by line: what is measured adds up, belongs to the right lines, and changes nothing."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from programs import CASES, Case

import srcdiff
from srcdiff.errors import BackendUnavailable, BadArgument
from srcdiff.profiling import measure
from srcdiff.profiling.calls import called_by

ROOT = Path(__file__).resolve().parent.parent


def step(u, c):
    v = np.tanh(u) * c
    return v + u


def chain(u, c, n):
    for _ in range(n):
        u = step(u, c)
    return np.sum(u * u)


def tally(x):
    s = 1.0
    for i in range(len(x)):
        s = s * x[i] + 0.5
    return s


def lines(profile):
    return {line.text: line for line in profile.lines}


U = np.linspace(0.1, 1.0, 200)


# ----------------------------------------------------------------------------------------------------- what it says


def test_callees_have_their_own_lines():
    found = srcdiff.profile(srcdiff.value_and_grad(chain, wrt=(0, 1)), U, 0.5, 10)
    places = {(line.function, line.text) for line in found.lines if line.file}
    assert ("step", "v = np.tanh(u) * c") in places
    assert ("chain", "for _ in range(n):") in places
    assert {Path(line.file).name for line in found.lines if line.file} == {"test_profile.py"}
    source = Path(__file__).read_text(encoding="utf-8").splitlines()
    assert all(source[line.line - 1].strip() == line.text for line in found.lines if line.file)


def test_the_lines_add_up():
    """To the time that the generated code takes without clocks, too: the statements are long ones here."""
    big = np.linspace(0.0, 1.0, 300_000)
    found = srcdiff.profile(srcdiff.value_and_grad(chain, wrt=(0, 1)), big, 0.5, 3)
    assert found.seconds == pytest.approx(sum(line.forward + line.reverse for line in found.lines))
    assert found.kept == sum(line.forward_bytes + line.reverse_bytes for line in found.lines)
    assert found.alone / 4 < found.seconds < 4 * found.alone  # (others use this machine)
    rest = [line for line in found.lines if not line.file]
    assert sum(line.forward + line.reverse for line in rest) < 0.2 * found.seconds


def test_both_sweeps_have_their_time():
    found = lines(srcdiff.profile(srcdiff.grad(chain), U, 0.5, 50))
    for text in ("v = np.tanh(u) * c", "return v + u"):
        assert found[text].forward > 0.0
        assert found[text].reverse > 0.0


def test_time_goes_to_the_line_that_takes_it():
    def f(x):
        y = np.sum(np.sin(x @ x.T))
        return y * y

    found = lines(srcdiff.profile(srcdiff.grad(f), np.ones((300, 300)) / 300))
    heavy = found["y = np.sum(np.sin(x @ x.T))"]
    assert heavy.forward + heavy.reverse > 0.9 * sum(line.forward + line.reverse for line in found.values())


def test_what_an_indexed_tape_keeps():
    found = srcdiff.profile(srcdiff.grad(tally), U)
    assert lines(found)["s = s * x[i] + 0.5"].forward_bytes == 8 * len(U)
    assert found.kept == 8 * len(U)


def test_an_array_on_a_tape_counts_once():
    """`u` and `v + u` are one array in each trip, and the argument is the caller's."""
    found = srcdiff.profile(srcdiff.grad(chain), U, 0.5, 10)
    text = srcdiff.source(srcdiff.grad(chain), U, 0.5, 10)
    kept = [row.strip() for row in text.splitlines() if "_tape.append(" in row]
    assert len(kept) >= 1
    trips = 10 * U.nbytes
    assert found.kept <= len(kept) * trips + 3 * U.nbytes


def test_arrays_that_are_left_for_the_reverse_sweep():
    def f(x):
        y = np.tanh(x)
        return np.sum(y * y)

    found = lines(srcdiff.profile(srcdiff.grad(f), U))
    assert found["y = np.tanh(x)"].forward_bytes == U.nbytes


def test_snapshots_that_are_taken_again():
    def f(x, n):
        for _ in srcdiff.checkpointed(range(n), snapshots=3):
            x = x + np.sin(x)
        return np.sum(x)

    found = lines(srcdiff.profile(srcdiff.grad(f), U, 30))
    loop = found["for _ in srcdiff.checkpointed(range(n), snapshots=3):"]
    assert 3 * U.nbytes <= loop.forward_bytes <= 5 * (U.nbytes + 8)
    assert loop.reverse_bytes > 3 * U.nbytes
    again = found["x = x + np.sin(x)"]
    assert again.reverse > again.forward  # most trips are run more than once


# -------------------------------------------------------------------------------------------- kinds of derivatives


def test_forward_mode_is_one_sweep():
    found = srcdiff.profile(srcdiff.jvp(chain), U, 0.5, 10, np.ones_like(U))
    assert found.seconds > 0.0
    assert found.kept == 0
    assert not any(line.reverse for line in found.lines)
    tangents = [line for line in found.lines if not line.file]
    assert sum(line.forward for line in tangents) < 0.5 * found.seconds


def test_a_pullback():
    _, pullback = srcdiff.vjp(step, U, 0.5)
    seed = np.ones_like(U)
    expected = pullback(seed)
    found = srcdiff.profile(pullback, seed)
    assert "v = np.tanh(u) * c" in lines(found)
    np.testing.assert_array_equal(seed, 1.0)
    np.testing.assert_array_equal(pullback(seed)[0], expected[0])


def test_second_derivatives_lead_to_the_same_lines():
    found = srcdiff.profile(srcdiff.hvp(chain), U, 0.5, 10, np.ones_like(U))
    assert {line.function for line in found.lines} == {"chain", "step", ""}


def test_recursion():
    def power(x, n):
        if n == 0:
            return 1.0
        return x * power(x, n - 1)

    found = srcdiff.profile(srcdiff.grad(power), 1.1, 20)
    ends = lines(found)["return x * power(x, n - 1)"]
    assert ends.forward > 0.0
    assert ends.reverse > 0.0
    assert found.kept > 0


def test_on_the_tape():
    @srcdiff.dynamic
    def unread(x):
        return x * x

    def f(x):
        y = unread(x)
        return y + 1.0

    with pytest.warns(srcdiff.errors.FallbackWarning):
        found = srcdiff.profile(srcdiff.grad(f), 2.0)
    assert lines(found)["y = unread(x)"].forward > 0.0


@pytest.mark.jit
@pytest.mark.parametrize(("f", "args"), [(chain, (U, 0.5, 40)), (tally, (U,))])
def test_compiled(f, args):
    plain = srcdiff.profile(srcdiff.value_and_grad(f), *args)
    found = srcdiff.profile(srcdiff.value_and_grad(f, jit=True), *args)
    assert found.note.startswith("Compiled code")
    assert found.seconds > 0.0
    own, other = lines(plain), lines(found)
    assert own.keys() == other.keys()
    assert {t: line.forward_bytes for t, line in own.items()} == {t: line.forward_bytes for t, line in other.items()}


def curved(x):
    return np.sum((x * x - 1.0) ** 2) + np.sum(np.exp(x) * x)


@pytest.mark.jit
def test_compiled_second_derivatives_have_no_clock_inside_a_line(monkeypatch):
    """All loops stand for one line of the user's: no clock inside them. (They took six times as long with one.)"""
    readings = []
    read = measure._Clocked.read
    monkeypatch.setattr(measure._Clocked, "read", lambda self: readings.append(sum(self.books[1])) or read(self))
    x = np.linspace(0.0, 1.0, 50_000)
    derivative = srcdiff.hvp(curved, jit=True)
    found = srcdiff.profile(derivative, x, x)
    assert [line.text for line in found.lines if line.file] == [
        "return np.sum((x * x - 1.0) ** 2) + np.sum(np.exp(x) * x)"
    ]
    assert readings
    assert max(readings) < 20
    assert found.handing > 0.0


def waits(x, w):
    s = 0.0
    for i in range(len(x)):
        s = np.sin(s) * w + x[i]
    return s


@pytest.mark.jit
def test_a_statement_is_charged_with_all_that_it_does():
    found = srcdiff.profile(srcdiff.value_and_grad(waits, jit=True), np.linspace(0.0, 1.0, 20_000), 0.3)
    own = lines(found)["s = np.sin(s) * w + x[i]"]
    assert own.forward > 0.4 * sum(line.forward for line in found.lines)


@pytest.mark.jit
def test_compiled_by_the_users_own_decorator():
    import numba

    found = srcdiff.profile(srcdiff.grad(numba.njit(tally)).jitted, U)
    assert found.note.startswith("Compiled code")


@pytest.mark.jit
def test_where_there_is_no_counter(monkeypatch):
    monkeypatch.setattr(measure, "has_counter", lambda: False)
    found = srcdiff.profile(srcdiff.grad(tally, jit=True), U)
    assert found.note == (
        "The derivative is compiled; this is its text in plain Python, because this processor has no counter of time "
        "that compiled code can read."
    )
    assert found.seconds > 0.0


def test_what_is_no_derivative():
    with pytest.raises(BadArgument, match=r"has no profile; profile takes what srcdiff\.grad"):
        srcdiff.profile(np.sin, 1.0)
    with pytest.raises(BadArgument, match="has no profile"):
        srcdiff.profile(srcdiff.jacobian(step), U, 0.5)


# ------------------------------------------------------------------------------------------- nothing else is changed


def test_arguments_and_generators_stay_as_they_are():
    def f(x, rng):
        x[0] = x[0] * rng.normal()
        return np.sum(x * x)

    x, rng = U.copy(), np.random.default_rng(1)
    before = rng.bit_generator.state
    srcdiff.profile(srcdiff.grad(f), x, rng)
    np.testing.assert_array_equal(x, U)
    assert rng.bit_generator.state == before


def test_what_prints_runs_once(capsys):
    def f(x):
        y = x * x
        print("once")
        return y

    found = srcdiff.profile(srcdiff.grad(f), 2.0)
    assert capsys.readouterr().out == "once\n"
    assert (found.runs, found.alone) == (1, None)


def test_an_error_of_the_function_is_its_own():
    def f(x):
        y = np.zeros(2)
        y[5] = x
        return y[0]

    with pytest.raises(IndexError) as caught:
        srcdiff.profile(srcdiff.grad(f), 1.0)
    assert "y[5] = x" in "".join(caught.value.__notes__)


def test_names_of_the_users_like_those_of_the_clocks():
    def f(now_, spent_, books_):
        was_ = now_ * spent_
        clock_ = was_ * books_
        return clock_ * was_

    found = srcdiff.profile(srcdiff.grad(f), 1.0, 2.0, 3.0)
    assert found.seconds > 0.0


@pytest.mark.parametrize("case", CASES[::20], ids=[c.name for c in CASES[::20]])
def test_clocks_change_no_result(case: Case):
    def ones(value):
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return tuple(map(ones, value))
        return np.ones(np.shape(value)) if np.shape(value) else 1.0

    try:
        value, pullback = srcdiff.vjp(case.function, *case.at(case.points[0]), **case.kwargs)
        call = called_by(pullback, (ones(value),), {})
    except (srcdiff.errors.SrcdiffError, TypeError):
        pytest.skip("not by all arguments at once: the program has no pullback of this form")
    ready = call.ready()
    plain = call.run(ready, ready.call)
    clocked, _ = measure._clocked(call, ready, [])
    for a, b in zip(flat(plain), flat(call.run(ready, clocked)), strict=True):
        np.testing.assert_array_equal(a, b)


def flat(value):
    if isinstance(value, list | tuple):
        for part in value:
            yield from flat(part)
    else:
        yield value


# ------------------------------------------------------------------------------------------------- how it is shown


def test_for_programs():
    found = srcdiff.profile(srcdiff.grad(tally), U)
    numbers = json.loads(json.dumps(found.to_dict()))
    assert numbers["kept"] == found.kept
    assert [line["text"] for line in numbers["lines"]] == [line.text for line in found.lines]


def test_as_a_table():
    line = "srcdiff.profile(srcdiff.grad(tally), U)"
    found = eval(line)
    first, blank, head, title, *rows = repr(found).splitlines()
    assert first.startswith("gradient of tally(x) with respect to x: ")
    assert first.endswith(" without clocks), 1.6 kB kept")
    assert (blank, title) == ("", "tally, test_profile.py")
    assert head.split()[0::2][:2] == ["line", head.split()[2]]
    assert any(row.endswith("1.6 kB  s = s * x[i] + 0.5") for row in rows)
    page = found._repr_html_()
    assert "<td" in page
    assert "s = s * x[i] + 0.5" in page


def test_as_a_picture():
    matplotlib = pytest.importorskip("matplotlib", reason="the extra srcdiff[examples] is not installed")
    matplotlib.use("Agg")
    found = srcdiff.profile(srcdiff.grad(tally), U)
    axes = found.plot()
    widths = [bar.get_width() for bars in axes.containers for bar in bars]
    factor = 1e3 if axes.get_xlabel() == "time (ms)" else 1e6
    assert sum(widths) == pytest.approx(found.seconds * factor, rel=1e-6)
    axes.figure.savefig("/dev/null" if sys.platform != "win32" else "NUL", format="png")


def test_a_picture_without_matplotlib(monkeypatch):
    found = srcdiff.profile(srcdiff.grad(tally), U)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(BackendUnavailable, match="a plot needs matplotlib"):
        found.plot()


def test_the_page_runs_as_it_stands(tmp_path):
    page = (ROOT / "docs" / "profile.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    shown = page.split("```text\n")[1].split("```")[0]
    script = tmp_path / "filter.py"
    script.write_text(code, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert _without_times(run.stdout) == _without_times(shown)


def _without_times(table):
    """The lines of the program with what they keep; how long they take is another matter every time."""
    rows = [row.split("%", 1) for row in table.splitlines() if "%" in row]
    return [(row[0][:4], row[1].split()) for row in rows]
