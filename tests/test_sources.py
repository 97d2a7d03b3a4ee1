"""Where the text of a function comes from: files that change, notebooks, the prompt, `-c`; and what is said where it
is missing or stale."""

from __future__ import annotations

import linecache
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import srcdiff
from srcdiff.errors import SourceUnavailable

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str, text: str | None = None, cwd: Path | None = None) -> str:
    """What another Python prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *arguments], input=text, capture_output=True, text=True, env=env, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def script(folder: Path, text: str) -> str:
    """What a program prints that is run as a file."""
    file = folder / "script.py"
    file.write_text("import sys\nsys.path.insert(0, '.')\n" + textwrap.dedent(text), encoding="utf-8")
    return run(str(file), cwd=folder)


def test_a_program_after_the_option_c() -> None:
    text = """
        import srcdiff

        def f(x):
            return x * helper(x)

        def helper(v):
            return v + 1.0

        print(srcdiff.grad(f)(2.0), srcdiff.grad(lambda x: 3.0 * x)(1.0))
        """
    assert run("-c", textwrap.dedent(text)) == "5.0 3.0\n"
    assert run("-Wignore", "-Bc", textwrap.dedent(text)) == "5.0 3.0\n"


def test_what_exec_made_in_a_program_after_the_option_c_is_missing() -> None:
    text = """
import srcdiff
space = {}
exec("def f(x): return x * x", space)
try:
    srcdiff.grad(space["f"])
except srcdiff.errors.SourceUnavailable as error:
    print(error)
"""
    if sys.version_info < (3, 13):
        assert run("-c", text) == MISSING.format(file="<string>", line=1)


MISSING = """
SourceUnavailable [SD101]: the source of `f` is missing
  File "{file}", line {line}
  why: Python keeps no text of what is given to exec, and of what is typed at its prompt only the history
  fix: put the function into a file and import it, or register the text in linecache.cache (as Jupyter does)
  docs: docs/errors.md#sd101
"""


def said(function: object) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        srcdiff.grad(function)
    return f"{caught.value}\n"


def made(text: str, file: str) -> dict[str, object]:
    space: dict[str, object] = {}
    exec(compile(text, file, "exec"), space)
    return space


def test_exec_without_a_text() -> None:
    assert said(made("def f(x): return x * x", "<string>")["f"]) == MISSING.format(file="<string>", line=1)
    assert said(made("def f(x): return x * x", "<nowhere>")["f"]) == (
        "\nSourceUnavailable [SD101]: the source of `f` is missing\n"
        '  File "<nowhere>", line 1\n'
        "  why: the function was made from a text called <nowhere>, and no such text is registered in linecache\n"
        "  fix: register the text in linecache.cache under that name, or write it to a file and import it\n"
        "  docs: docs/errors.md#sd101\n"
    )


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    file = tmp_path / "gone.py"
    assert said(made("def f(x): return x * x", str(file))["f"]) == (
        "\nSourceUnavailable [SD101]: the source of `f` is missing\n"
        f'  File "{file}", line 1\n'
        "  why: the file it was compiled from cannot be read\n"
        "  fix: make the .py file readable at that path; a compiled .pyc file alone is not enough\n"
        "  docs: docs/errors.md#sd101\n"
    )


def test_a_file_that_changed_after_its_import(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text("def f(x):\n    return x * x\n", encoding="utf-8")
    function = made(file.read_text(encoding="utf-8"), str(file))["f"]
    assert srcdiff.grad(function)(3.0) == 6.0
    file.write_text("def f(x):\n    return x * x * x\n", encoding="utf-8")
    assert said(function) == (
        "\nSourceUnavailable [SD101]: the source of `f` is stale\n"
        f'  File "{file}", line 1\n'
        "  why: the text in its file does not match the code that runs: it has changed since, or something rewrote the "
        "function's code\n"
        "  fix: import the module again (importlib.reload, or a new interpreter), so that the file's code is what "
        "runs\n"
        "  docs: docs/errors.md#sd101\n"
    )
    file.write_text("def f(x:\n", encoding="utf-8")
    assert said(function) == (
        "\nSourceUnavailable [SD101]: the source of `f` is stale\n"
        f'  File "{file}", line 1\n'
        "  why: its file is not valid Python now (line 1: '(' was never closed), so it is not the text that runs\n"
        "  fix: correct the file and import it again\n"
        "  docs: docs/errors.md#sd101\n"
    )


def test_a_module_that_is_loaded_again(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("RATE = 1.0\ndef f(x):\n    return RATE * x * x\n", encoding="utf-8")
    found = script(
        tmp_path,
        """
        import importlib, pathlib, srcdiff, model

        def loss(x):
            return model.f(x)

        d = srcdiff.grad(loss)
        old = model.f
        print(d(3.0), srcdiff.grad(old)(3.0))
        pathlib.Path("model.py").write_text("RATE = 2.0\\n\\n\\ndef f(x):\\n    return RATE * x * x * x\\n")
        importlib.reload(model)
        print(d(3.0), srcdiff.grad(model.f)(3.0))
        try:
            srcdiff.grad(old)
        except srcdiff.errors.SourceUnavailable as error:
            print(error.problems[0].what)
        """,
    )
    assert found == "6.0 6.0\n54.0 54.0\nthe source of `f` is stale\n"


def cell(file: str, text: str, space: dict[str, object]) -> None:
    """Run a text as IPython runs a cell: registered under a name of its own, without a time."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), space)


def test_a_notebook() -> None:
    space: dict[str, object] = {"srcdiff": srcdiff}
    cell("<ipython-input-1-a>", "def helper(v):\n    return v * v\n", space)
    cell("<ipython-input-2-b>", "def f(x):\n    return helper(x) * x\ndf = srcdiff.grad(f)\nfirst = df(2.0)", space)
    cell("<ipython-input-3-c>", "def helper(v):\n    return v\n", space)  # the first cell, edited and run again
    cell("<ipython-input-4-d>", "second = df(2.0)", space)
    cell("<ipython-input-5-e>", "def f(x):\n    return 5.0 * x\nthird = srcdiff.grad(f)(2.0)", space)
    assert (space["first"], space["second"], space["third"]) == (12.0, 4.0, 5.0)


def test_a_cell_whose_text_was_replaced_under_its_name() -> None:
    space: dict[str, object] = {}
    cell("<cell one>", "def f(x):\n    return x * x\n", space)
    old = space["f"]
    cell("<cell one>", "def f(x):\n    return x * x * x\n", space)
    assert srcdiff.grad(space["f"])(2.0) == 12.0
    assert said(old) == (
        "\nSourceUnavailable [SD101]: the source of `f` is stale\n"
        '  File "<cell one>", line 1\n'
        "  why: the text that is registered as <cell one> does not match the code that runs: it has changed since, or "
        "something rewrote the function's code\n"
        "  fix: define the function again, so that the code that runs is that of the text\n"
        "  docs: docs/errors.md#sd101\n"
    )


def test_a_function_in_a_doctest(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text(
        textwrap.dedent(
            """
            >>> import srcdiff
            >>> def f(x):
            ...     return x * x
            >>> srcdiff.grad(f)(3.0)
            6.0
            >>> def f(x):
            ...     return x * x * x
            >>> srcdiff.grad(f)(3.0)
            27.0
            """
        ),
        encoding="utf-8",
    )
    assert run("-m", "doctest", "page.txt", cwd=tmp_path) == ""


def test_lambdas_that_cannot_be_told_apart(tmp_path: Path) -> None:
    text = """
        import srcdiff
        f, g = lambda x: x, lambda x: 2 * x
        try:
            srcdiff.grad(f)
        except srcdiff.errors.SourceUnavailable as error:
            print(error)
        """
    file = tmp_path / "lambdas.py"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    assert run("-X", "no_debug_ranges", str(file), cwd=tmp_path) == (
        "\nSourceUnavailable [SD101]: the source of `<lambda>` is ambiguous\n"
        '  File "lambdas.py", line 3\n'
        "  why: several lambdas stand on its line, and Python was told to keep no columns (-X no_debug_ranges)\n"
        "  fix: write the lambdas on lines of their own, or start Python without that option\n"
        "  docs: docs/errors.md#sd101\n"
    )


def test_what_is_piped_into_python_is_missing() -> None:
    text = "import srcdiff\ndef f(x): return x * x\n\ntry: srcdiff.grad(f)\nexcept Exception as e: print(e)\n\n"
    if sys.version_info < (3, 13):
        assert run("-", text=text) == MISSING.format(file="<stdin>", line=2)


def test_a_prompt_with_a_history(tmp_path: Path) -> None:
    """At Python's own prompt, functions are found in the history of what was typed; also where one was defined anew."""
    pty = pytest.importorskip("pty", reason="there are terminals on POSIX only")
    pytest.importorskip("readline", reason="without it, the prompt keeps no history")
    typed = [
        "import srcdiff",
        "def f(x):",
        "    return x * x",
        "",
        "print('first', srcdiff.grad(f)(3.0))",
        "def f(x):",
        "    if x > 0:",
        "        return x * x * x",
        "    return x",
        "",
        "print('second', srcdiff.grad(f)(3.0))",
        "print('third', srcdiff.grad(lambda v: 5.0 * v)(3.0))",
        "exit()",
    ]
    leader, follower = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb", "HOME": str(tmp_path), "PYTHON_BASIC_REPL": "1"}
    process = subprocess.Popen(
        [sys.executable, "-i", "-q"], stdin=follower, stdout=follower, stderr=follower, env=env, cwd=tmp_path
    )
    os.close(follower)
    seen = b""
    for line in typed:
        os.write(leader, line.encode() + b"\n")
        time.sleep(0.05)
    try:
        while chunk := os.read(leader, 4096):
            seen += chunk
    except OSError:  # the other end is closed
        pass
    process.wait(30)
    os.close(leader)
    text = seen.decode()
    assert "first 6.0" in text, text
    assert "second 27.0" in text, text
    assert "third 5.0" in text, text
