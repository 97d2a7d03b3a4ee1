"""The shape of the source tree: one import direction, small files that say what they are, a light import."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "srcdiff"
FILES = sorted(PACKAGE.rglob("*.py"))

# In the order of the pipeline: what each folder or top-level module may import of srcdiff. A new one is entered here.
PIPELINE = {
    "ir": set(),
    "errors": set(),
    "jit_options": {"errors"},
    "runtime": {"errors"},
    "rules": {"ir", "errors", "runtime"},
    "records": {"ir"},
    "tape": {"ir", "errors", "runtime", "rules"},
    "opaque": {"ir", "errors", "records", "tape"},
    "frontend": {"ir", "errors", "runtime", "records"},
    "analysis": {"ir", "errors", "rules", "runtime"},
    "normalise": {"ir", "errors", "runtime", "rules", "records", "opaque", "frontend", "analysis"},
    "derive": {"ir", "errors", "jit_options", "runtime", "rules", "frontend", "normalise", "analysis"},
    "optimise": {"ir", "errors", "jit_options", "runtime", "rules", "frontend", "normalise", "analysis", "derive"},
    "backend": {"ir", "errors", "runtime"},
}
MAY_IMPORT = PIPELINE | {
    "garbage": set(),
    "optim": {"errors", "tape"},
    "signature": {"ir", "errors", "records", "runtime"},
    "sharing": {"errors", "records"},
    "watch": {"frontend"},
    "guess": {"ir", "errors", "frontend", "signature"},
    "result": {"ir", "errors", "rules", "records", "frontend", "normalise", "derive"},
    "warned": {"ir", "errors", "frontend", "normalise", "analysis"},
    "build": {*PIPELINE, "garbage", "result", "warned"},
    "memory": {"errors"},
    "runtime_numba": {"errors", "runtime", "memory"},
    "cache": {"backend"},
    "compiled": {"ir", "errors", "garbage", "runtime", "jit_options", "backend", "memory", "runtime_numba", "cache"},
    "learning": {*PIPELINE, "signature", "build"},
    "derivative": {*PIPELINE, "signature", "sharing", "watch", "guess", "warned", "build", "compiled", "learning"},
    "vjp": {"jit_options", "ir", "errors", "records", "runtime", "signature", "learning", "derivative"},
    "seeded": {"derivative"},
    "pushforward": {"jit_options", "errors", "records", "signature", "derivative", "seeded"},
    "blocks": {"ir", "errors", "backend", "records", "signature"},
    "sweeps": {
        *PIPELINE,
        "jit_options",
        "records",
        "signature",
        "build",
        "derivative",
        "pushforward",
        "blocks",
        "seeded",
    },
    "batches": {*PIPELINE, "jit_options", "derivative", "blocks", "sweeps", "seeded"},
    "sparse": {*PIPELINE, "jit_options", "signature", "derivative", "pushforward", "blocks", "sweeps"},
    "jacobian": {
        *(*PIPELINE, "records", "signature", "warned", "build", "compiled", "derivative", "pushforward"),
        *("blocks", "sparse"),
    },
    "api": {"jit_options", "errors", "derivative", "vjp", "pushforward", "jacobian", "batches", "sparse"},
    "from_source": {"jit_options", "errors", "tape", "vjp", "api"},
    "testing": {"jit_options", "errors", "records", "rules", "signature", "api"},
    "debugging": {"errors", "backend"},
    "kinks": {"errors", "runtime", "debugging"},
    "profiling": {*PIPELINE, "signature", "learning", "compiled", "derivative", "pushforward", "vjp"},
    "__init__": {"errors", "runtime", "opaque", "api", "debugging", "kinks", "cache", "memory", "profiling"},
    "__main__": {"cache"},
}
# modules that are one unit with another: they name its class, or hold a part of it
PARTS = {
    "hessians": "jacobian",
    "subject": "derivative",
    "ready": "derivative",
    "shortcut": "derivative",
    "short_reading": "derivative",
    "jitted": "derivative",
    "runtime_quantiles": "runtime",
    "runtime_reductions": "runtime",
    "runtime_matrices": "runtime",
    "runtime_complex": "runtime",
    "runtime_texts": "runtime",
    "runtime_adjoints": "runtime",
    "runtime_schedules": "runtime",
    "runtime_calls": "runtime",
    "runtime_loops": "runtime",
    "runtime_largest": "runtime",
    "runtime_lists": "runtime",
    "sets": "runtime",
    "runtime_parallel": "runtime",
    "runtime_workspaces": "runtime",
    "turns": "compiled",
}


def dotted(file):
    """The module's name as a tuple, with `__init__` kept."""
    return file.relative_to(ROOT).with_suffix("").parts


def unit(parts):
    """The folder or top-level module of srcdiff that ("srcdiff", ...) lies in."""
    if len(parts) < 2:
        return "__init__"
    name = parts[1]
    is_module = (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()
    return PARTS.get(name, name) if is_module else "__init__"  # a name that `srcdiff/__init__.py` exports


def imports(source, module):
    """Every (line, unit) of srcdiff that this source imports: at the top, in a function, for the type checker alike."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            targets = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = module[: len(module) - node.level] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            targets = [(*base, alias.name) for alias in node.names]
        else:
            continue
        for target in targets:
            if target[0] == "srcdiff":
                yield node.lineno, unit(target)


@pytest.mark.parametrize(
    ("source", "module", "expected"),
    [
        ("import srcdiff.errors", "srcdiff.derive.reverse", "errors"),
        ("import srcdiff", "srcdiff.derive.reverse", "__init__"),
        ("from srcdiff import grad", "srcdiff.derive.reverse", "__init__"),
        ("from srcdiff.errors import Refusal", "srcdiff.derive.reverse", "errors"),
        ("from ..errors import Refusal", "srcdiff.derive.reverse", "errors"),
        ("from .. import errors", "srcdiff.derive.reverse", "errors"),
        ("from .names import fresh", "srcdiff.derive.reverse", "derive"),
        ("from . import reverse", "srcdiff.derive.__init__", "derive"),
        ("from .errors import Refusal", "srcdiff.api", "errors"),
        ("def f():\n    from ..errors import Refusal", "srcdiff.derive.reverse", "errors"),
        ("if TYPE_CHECKING:\n    from ..errors import Refusal", "srcdiff.derive.reverse", "errors"),
    ],
)
def test_the_reader_of_imports(source, module, expected):
    assert [name for _, name in imports(source, tuple(module.split(".")))] == [expected]


def test_no_unit_may_import_a_later_one():
    order = list(MAY_IMPORT)
    backwards = {
        name: [other for other in allowed if order.index(other) >= order.index(name)]
        for name, allowed in MAY_IMPORT.items()
    }
    assert {name: later for name, later in backwards.items() if later} == {}


def test_every_unit_is_in_the_table():
    assert {unit(dotted(file)) for file in FILES} <= set(MAY_IMPORT)


def test_imports_go_one_way():
    wrong = []
    for file in FILES:
        own = unit(dotted(file))
        for line, other in imports(file.read_text(encoding="utf-8"), dotted(file)):
            if other != own and other not in MAY_IMPORT.get(own, set()):
                wrong.append(f"{file.relative_to(ROOT)}:{line}: {own} imports {other}")
    assert wrong == []


def test_only_the_frontend_knows_gast_and_only_the_backend_astor():
    owners = {"gast": "frontend", "astor": "backend"}
    wrong = []
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            wrong += [
                f"{file.relative_to(ROOT)}:{node.lineno}: {name}"
                for name in names
                if owners.get(name.partition(".")[0], unit(dotted(file))) != unit(dotted(file))
            ]
    assert wrong == []


def test_files_are_small():
    lines = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {name: count for name, count in lines.items() if count > 450} == {}


def test_every_module_says_what_it_is():
    silent = [
        str(file.relative_to(ROOT))
        for file in FILES
        if not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert silent == []


def fresh_import():
    """Import srcdiff in a new process: the heavy modules that came with it, and the CPU time it took."""
    code = (
        "import json, sys, time; start = time.process_time(); import srcdiff; spent = time.process_time() - start; "
        "heavy = [m for m in ('numba', 'llvmlite', 'scipy', 'matplotlib') if m in sys.modules]; "
        "print(json.dumps([heavy, spent]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_import_is_light():
    """How long it takes is printed by `benchmarks/core.py`: a machine under load would fail a timed test."""
    heavy, _ = fresh_import()
    assert heavy == []
