"""Compiled derivatives on disk: found again by the next process, never stale, and never in the way."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from thinning import FULL

import srcdiff
from srcdiff.cache.store import Store

ROOT = Path(__file__).resolve().parent.parent
on_posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no owners and modes of this kind")
jit = pytest.mark.jit


full = pytest.mark.skipif(not FULL, reason="several processes that compile: SRCDIFF_FULL=1 runs it")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The cache is on, in a folder of this test's own."""
    monkeypatch.delenv("SRCDIFF_CACHE", raising=False)
    monkeypatch.setenv("SRCDIFF_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def store(folder):
    return Store.of_environment()


# ----------------------------------------------------------------------------------------------------------- the store


def test_what_is_written_is_read(store):
    assert store.read("a" * 64) is None
    store.write("a" * 64, b"one")
    store.write("a" * 64, b"two")
    assert store.read("a" * 64) == b"two"
    assert [entry.path.name for entry in store.entries()] == ["a" * 64]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:20],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: b"garbage",
    ],
    ids=["empty", "half a mark", "cut", "longer", "one bit", "garbage"],
)
def test_damaged_entries_are_no_entries(store, damage):
    store.write("a" * 64, b"content" * 10)
    file = store.folder / ("a" * 64)
    file.write_bytes(damage(file.read_bytes()))
    assert store.read("a" * 64) is None
    store.write("a" * 64, b"new")
    assert store.read("a" * 64) == b"new"


def test_an_entry_under_another_key_is_none(store):
    store.write("a" * 64, b"content")
    shutil.copy(store.folder / ("a" * 64), store.folder / ("b" * 64))
    assert store.read("b" * 64) is None


def test_a_folder_in_the_place_of_an_entry(store):
    (store.folder / ("a" * 64)).mkdir(parents=True)
    assert store.read("a" * 64) is None
    store.write("a" * 64, b"content")
    assert store.read("a" * 64) is None
    assert not [file for file in store.folder.iterdir() if file.name.startswith("unfinished")]


@on_posix
def test_what_others_could_have_written_is_not_read(store, monkeypatch):
    store.write("a" * 64, b"content")
    file = store.folder / ("a" * 64)
    file.chmod(0o660)
    assert store.read("a" * 64) is None
    file.chmod(0o600)
    assert store.read("a" * 64) == b"content"
    os.link(file, store.folder / "target")
    file.unlink()
    file.symlink_to(store.folder / "target")
    assert store.read("a" * 64) is None
    own = os.geteuid()
    file.unlink()
    store.write("a" * 64, b"content")
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert store.read("a" * 64) is None


@on_posix
def test_a_folder_that_others_can_write_is_not_used(store):
    store.folder.mkdir(parents=True)
    store.folder.chmod(0o777)
    store.write("a" * 64, b"content")
    assert list(store.folder.iterdir()) == []


@on_posix
def test_the_folder_is_the_users_alone(store):
    store.write("a" * 64, b"content")
    assert store.folder.stat().st_mode & 0o077 == 0
    assert (store.folder / ("a" * 64)).stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.delenv("SRCDIFF_CACHE", raising=False)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SRCDIFF_CACHE_DIR", str(tmp_path / "file"))
    store = Store.of_environment()
    store.write("a" * 64, b"content")
    assert store.read("a" * 64) is None
    assert (srcdiff.cache.info().entries, srcdiff.cache.clear()) == (0, 0)


def test_a_full_disk_leaves_nothing_behind(store, monkeypatch):
    store.write("b" * 64, b"earlier")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        store.write("a" * 64, b"content")
    assert [file.name for file in store.folder.iterdir()] == ["b" * 64]


def test_the_size_is_bounded_and_what_was_not_used_for_long_goes_first(store, monkeypatch):
    small = Store(store.folder, 1000)
    for k, name in enumerate("abcd"):
        small.write(name * 64, bytes(200))
        os.utime(small.folder / (name * 64), (time.time() - 1000 + k,) * 2)
    assert small.read("a" * 64) is not None  # now it is the one used last
    small.write("e" * 64, bytes(200))
    assert {entry.path.name[0] for entry in small.entries()} == {"a", "d", "e"}
    small.write("f" * 64, bytes(2000))
    assert small.read("f" * 64) is None
    monkeypatch.setenv("SRCDIFF_CACHE_SIZE", "2")
    assert Store.of_environment().limit == 2 * 2**20
    monkeypatch.setenv("SRCDIFF_CACHE_SIZE", "much")
    assert Store.of_environment().limit == 256 * 2**20


def test_files_that_nobody_finishes_are_removed(store):
    store.write("a" * 64, b"content")
    old, new = store.folder / "unfinished-old", store.folder / "unfinished-new"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    store.write("b" * 64, b"content")
    assert (old.exists(), new.exists()) == (False, True)


def test_clear_removes_entries_and_nothing_else(store, folder):
    assert srcdiff.cache.clear() == 0
    store.write("a" * 64, b"content")
    (store.folder / "mine.txt").write_text("kept")
    found = srcdiff.cache.info()
    assert (found.folder, found.entries, found.size) == (str(store.folder), 1, 39)
    assert srcdiff.cache.clear() == 1
    assert [file.name for file in store.folder.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("word", ["0", "off", "False"])
def test_the_cache_is_turned_off(folder, monkeypatch, word):
    monkeypatch.setenv("SRCDIFF_CACHE", word)
    assert Store.of_environment() is None
    assert srcdiff.cache.info() == srcdiff.cache.Info(None, 0, 0, 0)
    assert srcdiff.cache.clear() == 0


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these have places of their own")
def test_the_default_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("SRCDIFF_CACHE", raising=False)
    monkeypatch.delenv("SRCDIFF_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert Store.of_environment().folder.parent == tmp_path / "xdg" / "srcdiff"
    for unset in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
        assert Store.of_environment().folder.parent == tmp_path / ".cache" / "srcdiff"


def test_the_command(store):
    store.write("a" * 64, b"content")
    show = subprocess.run(
        [sys.executable, "-m", "srcdiff", "cache"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert show.stdout == f"{store.folder}: 1 derivative, 0.0 of 256 MB\n"
    clear = [sys.executable, "-m", "srcdiff", "cache", "--clear"]
    assert (
        subprocess.run(clear, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "1 derivative removed\n"
    )
    assert list(store.folder.iterdir()) == []
    off = {**os.environ, "SRCDIFF_CACHE": "0"}
    shown = subprocess.run(show.args, cwd=ROOT, capture_output=True, text=True, check=True, env=off)
    assert shown.stdout == "there is no cache\n"


# ------------------------------------------------------------------------------------------------ from run to run

PROGRAM = """
import math

import numpy as np

RATE = 0.5


def helper(x):
    return math.sin(x)


def walk(x, w):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            s = s + w * helper(x[i] * RATE)
        else:
            s = s - x[i]
    return s
"""

RUN = """
import json, sys
sys.path.insert(0, {where!r})
import numpy as np
import program
import srcdiff

df = srcdiff.value_and_grad(program.walk, wrt=("x", "w"), jit=True)
x = np.array([0.5, -1.0, 2.0])
found = df(x, 0.25)
plain = srcdiff.value_and_grad(program.walk, wrt=("x", "w"))(x, 0.25)
stats = df.ready((x, 0.25)).call.dispatcher.stats
print(json.dumps([
    sum(stats.cache_hits.values()),
    sum(stats.cache_misses.values()),
    bool(np.allclose(found[0], plain[0], 1e-14) and all(map(np.allclose, found[1], plain[1]))),
    found[0],
]))
"""


def run(where, text=PROGRAM, srcdiff_in=ROOT, **environment):
    """(cache hits, cache misses, the value) of a new process; the compiled derivative is held against the plain one."""
    (where / "program.py").write_text(text)
    command = [sys.executable, "-c", RUN.format(where=str(where))]
    env = {**os.environ, "PYTHONPATH": str(srcdiff_in), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(command, cwd=where, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    hits, misses, agree, value = json.loads(done.stdout)
    assert agree
    return hits, misses, value


@jit
def test_the_second_process_compiles_nothing(folder, tmp_path):
    assert run(tmp_path)[:2] == (0, 1)
    assert run(tmp_path)[:2] == (1, 0)
    moved = PROGRAM.replace("def helper", "# a line more\n\n\ndef helper")
    assert run(tmp_path, moved)[:2] == (1, 0)
    assert srcdiff.cache.info().entries == 1


@jit
def test_what_has_changed_is_compiled_anew(folder, tmp_path):
    _, _, value = run(tmp_path)
    for old, new in [
        ("RATE = 0.5", "RATE = 0.75"),
        ("math.sin(x)", "math.sin(x) + 0.0 * x"),
        ("x[i] > 0.0", "x[i] > 0.6"),
    ]:
        hits, misses, changed = run(tmp_path, PROGRAM.replace(old, new))
        assert (hits, misses) == (0, 1), new
        assert changed != value or "0.0 * x" in new
    assert run(tmp_path) == (1, 0, value)


@jit
def test_settings_and_sources_are_part_of_the_key(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "srcdiff", copy / "srcdiff", ignore=shutil.ignore_patterns("__pycache__"))
    assert run(tmp_path)[:2] == (0, 1)
    assert run(tmp_path, NUMBA_OPT="1")[:2] == (0, 1)
    assert run(tmp_path, NUMBA_CPU_NAME="generic")[:2] == (0, 1)
    assert run(tmp_path, srcdiff_in=copy)[:2] == (1, 0)  # the same sources
    helpers = copy / "srcdiff" / "runtime_numba" / "helpers.py"
    helpers.write_text(helpers.read_text() + "\n# another version\n")
    assert run(tmp_path, srcdiff_in=copy)[:2] == (0, 1)


@jit
def test_processes_at_the_same_time_and_damaged_entries(folder, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-c", RUN.format(where=str(tmp_path))]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    results = [json.loads(process.communicate()[0]) for process in running]
    assert all(agree for _, _, agree, _ in results)
    assert len({value for *_, value in results}) == 1
    (entry,) = Store.of_environment().entries()
    entry.path.write_bytes(entry.path.read_bytes()[: entry.size // 2])
    assert run(tmp_path)[:2] == (0, 1)
    assert run(tmp_path)[:2] == (1, 0)


@jit
def test_an_entry_that_cannot_be_brought_back_is_compiled_anew(folder, tmp_path):
    import pickle

    run(tmp_path)
    store = Store.of_environment()
    (entry,) = store.entries()
    store.write(entry.path.name, pickle.dumps(("what Numba does not know",)))
    assert run(tmp_path)[:2] == (0, 1)


@jit
def test_a_folder_that_is_a_file_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("SRCDIFF_CACHE", raising=False)
    (tmp_path / "file").write_text("no folder")
    assert run(tmp_path, SRCDIFF_CACHE_DIR=str(tmp_path / "file"))[:2] == (0, 1)


# ---------------------------------------------------------------------------------------------- within this process


def hits(derivative, *args):
    """How often the compiled code for these arguments came from the cache, and the result."""
    result = derivative(*args)
    stats = derivative.ready(args).call.dispatcher.stats
    return sum(stats.cache_hits.values()), result


def constant_in(k):
    def f(x):
        return k * x * x

    return f


def scaled_by(array):
    def f(x):
        return np.sum(array) * x * x

    return f


@jit
def test_captured_values_are_part_of_the_key(folder):
    assert hits(srcdiff.grad(constant_in(2.0), jit=True), 3.0) == (0, 12.0)
    assert hits(srcdiff.grad(constant_in(2.0), jit=True), 3.0) == (1, 12.0)
    assert hits(srcdiff.grad(constant_in(2), jit=True), 3.0) == (0, 12.0)
    assert hits(srcdiff.grad(constant_in(np.float32(2.0)), jit=True), 3.0) == (0, 12.0)
    assert hits(srcdiff.grad(constant_in(0.0), jit=True), 3.0)[0] == 0
    count, slope = hits(srcdiff.grad(constant_in(-0.0), jit=True), 3.0)
    assert (count, np.signbit(slope)) == (0, True)


@jit
def test_captured_arrays_are_arguments(folder):
    assert hits(srcdiff.grad(scaled_by(np.ones(3)), jit=True), 1.0) == (0, 6.0)
    assert hits(srcdiff.grad(scaled_by(np.ones(5)), jit=True), 1.0) == (1, 10.0)
    assert hits(srcdiff.grad(scaled_by(np.ones((3, 3))), jit=True), 1.0) == (0, 18.0)
    assert hits(srcdiff.grad(scaled_by(np.ones(3, np.float32)), jit=True), 1.0) == (0, 6.0)


@jit
def test_argument_types_are_part_of_the_key(folder):
    def f(x):
        return np.sum(x * x)

    for argument in (
        np.ones(3),
        np.ones(3, np.float32),
        np.ones((2, 2)),
        np.ones(6)[::2],
        np.asfortranarray(np.ones((2, 3))),
    ):
        for count in (0, 1):
            found, slope = hits(srcdiff.grad(f, jit=True), argument)
            assert found == count
            assert np.array_equal(slope, 2.0 * argument)
            assert slope.dtype == argument.dtype


@jit
def test_indices_are_looked_at_or_not_as_before(folder):
    import numba

    def f(x, k):
        return x[k] * x[k]

    x = np.array([1.0, 2.0])
    assert hits(srcdiff.grad(numba.njit(f)), x, 1)[0] == 0
    assert hits(srcdiff.grad(f, jit=True), x, 1)[0] == 0
    count, slope = hits(srcdiff.grad(f, jit=True), x, 1)
    assert (count, slope.tolist()) == (1, [0.0, 4.0])
    with pytest.raises(srcdiff.errors.BadIndex):
        srcdiff.grad(f, jit=True)(x, 2)


@jit
def test_functions_replaced_in_a_module(folder, monkeypatch):
    import math

    def f(x):
        return math.exp(x) * x

    def other(x):
        return x * x

    assert hits(srcdiff.grad(f, jit=True), 0.0) == (0, 1.0)
    monkeypatch.setattr(math, "exp", other)
    assert hits(srcdiff.grad(f, jit=True), 2.0) == (0, 12.0)


@jit
def test_a_rule_of_the_user_that_changes(folder):
    """The text of the derivative holds what the rule says."""
    from srcdiff.rules import over, partials

    def slope_of(rule):
        def softened(x):
            return x * x

        partials(softened, points=over((-1, 1)))(rule)

        def f(x):
            return softened(x) * 1.0

        return srcdiff.grad(f, jit=True)

    def right(y, x):
        return 2.0 * x

    def wrong(y, x):
        return 5.0 * x

    assert [slope_of(rule)(3.0) for rule in (right, wrong, right)] == [6.0, 15.0, 6.0]


@jit
def test_two_functions_of_one_name_in_one_text(folder):
    def f(x, n):
        return x if n == 0 else f(x * np.sin(x), n - 1) + x

    plain = srcdiff.grad(f)(0.5, 3)
    for count in (0, 1):
        found, slope = hits(srcdiff.grad(f, jit=True), 0.5, 3)
        assert found == count
        assert np.isclose(slope, plain, 1e-14)


@jit
def test_what_others_have_told_numba_keeps_the_cache_out(folder):
    """In a process of its own, as Numba forgets nothing."""
    code = (
        "import numba, numpy as np, srcdiff\n"
        "{before}\n"
        "df = srcdiff.grad(f, jit=True)\n"
        "df(2.0)\n"
        "print(srcdiff.cache.info().entries)\n"
    )
    own = "@numba.extending.overload(f)\ndef overloaded(x):\n    return f\n"
    numpys = "@numba.extending.overload(np.sinc)\ndef overloaded(x):\n    return lambda x: x\n"
    for before, entries in [(own, "1\n"), (numpys, "0\n")]:
        folder.parent.joinpath("program.py").write_text("def f(x):\n    return x * x\n")
        text = code.format(before="from program import f\n" + before)
        env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder.parent}"}
        done = subprocess.run([sys.executable, "-c", text], env=env, capture_output=True, text=True, check=True)
        assert done.stdout == entries
        srcdiff.cache.clear()


@jit
def test_sources_that_changed_since_they_were_loaded(folder, monkeypatch):
    from srcdiff.cache import surroundings

    def f(x):
        return x * x * 3.0

    surroundings.own_sources.cache_clear()
    monkeypatch.setattr(surroundings, "_LOADED", 0.0)
    assert hits(srcdiff.grad(f, jit=True), 1.0) == (0, 6.0)
    surroundings.own_sources.cache_clear()
    assert srcdiff.cache.info().entries == 0


@full
@jit
def test_numbas_own_cache_does_not_keep_what_calls_a_derivative(tmp_path):
    """It would not notice that the derivative has changed: only the file of the function with `cache=True` counts."""
    (tmp_path / "loops.py").write_text(
        "import numba\nfrom helpers import df\n\n\n@numba.njit(cache=True)\ndef loop(x):\n    return df(x)\n"
    )
    code = "import loops; print(loops.loop(1.0))"
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    for factor in ("2.0", "5.0"):
        text = f"import srcdiff\n\n\n@srcdiff.grad(jit=True)\ndef df(x):\n    return {factor} * x * x\n"
        (tmp_path / "helpers.py").write_text(text)
        done = subprocess.run([sys.executable, "-B", "-c", code], env=env, capture_output=True, text=True, check=True)
        assert float(done.stdout) == 2.0 * float(factor)
        assert "Cannot cache compiled function" in done.stderr


# ------------------------------------------------------------------------------------------------ names of symbols


@full
@jit
def test_symbols_have_other_names_in_every_process(folder, tmp_path):
    """Two functions of one name, in code from two processes, are one function to the linker."""
    from srcdiff.cache.machine_code import _NUMBERED, _has_unique_names

    numbers = []
    for _ in range(2):
        run(tmp_path)
        (entry,) = Store.of_environment().entries()
        content = Store.of_environment().read(entry.path.name)
        assert _has_unique_names(content)
        numbers.append({int(n) for n in _NUMBERED.findall(content)})
        srcdiff.cache.clear()
    assert not numbers[0] & numbers[1]
    assert not _has_unique_names(b"")
    assert not _has_unique_names(b"_ZN4impl5outerB4v502B38c8t")


@jit
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_counts_anew(folder):
    code = (
        "import itertools, os, srcdiff\n"
        "from program import f\n"
        "srcdiff.grad(f, jit=True)(2.0)\n"
        "from srcdiff.cache.machine_code import _counting\n"
        "child = os.fork()\n"
        "child and os.waitpid(child, 0)\n"
        "print(_counting[0], flush=True)\n"
        "os._exit(0)\n"
    )
    folder.parent.joinpath("program.py").write_text("def f(x):\n    return x * x\n")
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder.parent}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert len(set(done.stdout.split())) == 2


@full
@jit
def test_code_compiled_before_counting_anew_is_not_stored(folder):
    """A helper of Numba's that the user's own code has had compiled keeps its old name."""
    code = (
        "import numba, numpy as np, srcdiff\n"
        "from program import f\n"
        "user = numba.njit(lambda x: np.linalg.solve(x, x))\n"
        "user(np.eye(2))\n"
        "srcdiff.grad(f, jit=True)(np.eye(2))\n"
        "print(srcdiff.cache.info().entries)\n"
    )
    text = "import numpy as np\n\n\ndef f(x):\n    return np.sum(np.linalg.solve(x, x * x))\n"
    folder.parent.joinpath("program.py").write_text(text)
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder.parent}"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
