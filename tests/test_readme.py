"""The README keeps its word: its snippets run and print what it shows, and CI runs the test command that it gives."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]+?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
SEPARATOR = "\x1e"


class Block(NamedTuple):
    mark: str | None
    language: str
    text: str


BLOCKS = [Block(m["mark"], m["language"], m["text"]) for m in BLOCK.finditer(README)]


def snippets():
    """Each Python block that is code, with the output shown after it (empty where none is shown)."""
    pairs = []
    for block in BLOCKS:
        if block.mark == "output":
            code, _ = pairs[-1]
            pairs[-1] = (code, block.text)
        elif block.language == "python":
            pairs.append((block.text, ""))
    return pairs


def command(name):
    """The one command line of the block that is marked as this command."""
    (block,) = [b for b in BLOCKS if b.mark == f"command: {name}"]
    assert block.language == "bash"
    (line,) = block.text.splitlines()
    return line


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each snippet prints when all of them run, one after another, as one program."""
    program = tmp_path_factory.mktemp("readme") / "huber_walk.py"
    program.write_text(f"\nprint({SEPARATOR!r}, end='')\n".join(code for code, _ in snippets()), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=program.parent,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split(SEPARATOR)


@pytest.mark.parametrize("number", range(len(snippets())))
def test_snippet_prints_what_is_shown(number, printed):
    _, shown = snippets()[number]
    assert printed[number].strip() == shown.strip()


def test_there_are_snippets_with_output():
    assert sum(bool(shown) for _, shown in snippets()) >= 3


@pytest.mark.parametrize("name", ["quickstart", "tests"])
def test_command_is_one_line_that_sets_itself_up(name):
    assert command(name).startswith("python3 -m venv .venv && .venv/bin/python -m pip install ")


def test_quickstart_command_runs_the_example():
    assert command("quickstart").endswith(" && .venv/bin/python examples/quickstart.py")


def test_ci_runs_the_test_command_to_the_letter():
    ci = subprocess.run(["bash", str(ROOT / ".ci" / "run"), "--command"], capture_output=True, text=True, check=True)
    assert ci.stdout == command("tests") + "\n"


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_into_the_repository_lead_somewhere(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in t]
    assert [t for t in targets if not (ROOT / t).exists()] == []
