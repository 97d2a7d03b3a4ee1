"""What a gradient costs in units of the function itself, plain and jitted; what building and importing cost.

    python benchmarks/core.py              the figures, as text
    python benchmarks/core.py --markdown   the same as the README's table
    python benchmarks/core.py --quick      small sizes and few rounds: does it all still run?

A ratio is the CPU time of `value_and_grad` over the CPU time of the function, the two measured turn by turn in one
run: the median over the rounds, with the lowest and the highest beside it. Before anything is timed, every gradient is
held against finite differences, and the jitted one against the plain one.
"""

import argparse
import importlib.util
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from timing import Spread, as_jitted, batch_size, duration, machine, ratio, timed

import srcdiff

ROOT = Path(__file__).resolve().parent.parent
BUILD_LIMIT_MS = 50.0
IMPORT_LIMIT_S = 0.3

# -------------------------------------------------------------------------------------------------- the programs


def huber_walk(x, rate):
    s = 0.0
    for i in range(len(x)):
        r = x[i] - rate * s
        if abs(r) < 1.0:
            s = s + 0.5 * r * r
        else:
            s = s + abs(r) - 0.5
    return s


def relax(u, k, tol):
    u = u.copy()
    while True:
        err = 0.0
        for j in range(1, len(u) - 1):
            step = k * (u[j - 1] - 2.0 * u[j] + u[j + 1])
            if step < 0.0:
                step = 0.5 * step
            u[j] = u[j] + step
            err = max(err, abs(step))
        if err < tol:
            break
    return u


def relax_energy(u, k, tol):
    v = relax(u, k, tol)
    total = 0.0
    for j in range(len(v)):
        total += v[j] * v[j]
    return total


def kalman(theta, flow):
    obs_var = math.exp(theta[0])
    level_var = math.exp(theta[1])
    level = flow[0]
    var = obs_var + level_var
    loss = 0.0
    for t in range(1, len(flow)):
        surprise = flow[t] - level
        spread = var + obs_var
        loss += 0.5 * (math.log(spread) + surprise * surprise / spread)
        gain = var / spread
        level = level + gain * surprise
        var = var * (1.0 - gain) + level_var
    return loss


def heat(u, alpha, steps):
    u = u.copy()
    rows, columns = u.shape
    for _ in range(steps):
        v = u.copy()
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                u[i, j] = v[i, j] + alpha * (v[i - 1, j] + v[i + 1, j] + v[i, j - 1] + v[i, j + 1] - 4.0 * v[i, j])
    total = 0.0
    for i in range(rows):
        for j in range(columns):
            total += u[i, j] * u[i, j]
    return total


def n_body(position, velocity, mass, dt, steps):
    position = position.copy()
    velocity = velocity.copy()
    n = len(mass)
    for _ in range(steps):
        for i in range(n):
            ax = 0.0
            ay = 0.0
            az = 0.0
            for j in range(n):
                dx = position[j, 0] - position[i, 0]
                dy = position[j, 1] - position[i, 1]
                dz = position[j, 2] - position[i, 2]
                square = dx * dx + dy * dy + dz * dz + 0.01
                pull = mass[j] / (square * math.sqrt(square))
                ax += pull * dx
                ay += pull * dy
                az += pull * dz
            velocity[i, 0] += dt * ax
            velocity[i, 1] += dt * ay
            velocity[i, 2] += dt * az
        for i in range(n):
            for k in range(3):
                position[i, k] += dt * velocity[i, k]
    total = 0.0
    for i in range(n):
        for k in range(3):
            total += position[i, k] * position[i, k]
    return total


@dataclass(frozen=True)
class Program:
    """A function, what it is differentiated by, and arguments of a given size for each of the two ways to run it."""

    label: str
    f: Callable[..., float]
    wrt: tuple[str, ...]
    arguments: Callable[[int], tuple[Any, ...]]
    plain_size: int
    jit_size: int


def huber_arguments(n: int) -> tuple[Any, ...]:
    return np.random.default_rng(1).normal(size=n), 0.5


def relax_arguments(n: int) -> tuple[Any, ...]:
    return np.random.default_rng(2).normal(size=n), 0.4, 1e-3


def kalman_arguments(n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    return np.array([0.1, -1.0]), np.cumsum(0.5 * rng.normal(size=n)) + rng.normal(size=n)


def heat_arguments(n: int) -> tuple[Any, ...]:
    return np.random.default_rng(4).normal(size=(n, n)), 0.2, 50


def n_body_arguments(n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(5)
    return rng.normal(size=(n, 3)), 0.1 * rng.normal(size=(n, 3)), rng.uniform(0.5, 1.0, size=n) / n, 0.01, 20


PROGRAMS = (
    Program("scalar loop with a branch (`huber_walk`)", huber_walk, ("x", "rate"), huber_arguments, 1000, 1000),
    Program("`while` with in-place writes (`relax`)", relax_energy, ("u", "k"), relax_arguments, 32, 64),
    Program("Kalman filter log-likelihood", kalman, ("theta", "flow"), kalman_arguments, 1000, 1000),
    Program("heat equation, explicit loops", heat, ("u", "alpha"), heat_arguments, 16, 128),
    Program("N-body steps", n_body, ("position", "velocity"), n_body_arguments, 8, 64),
)

# ------------------------------------------------------------------------------------------------- are they right


def check_against_differences(program: Program, gradient: tuple[Any, ...], arguments: tuple[Any, ...]) -> None:
    """Along a random direction, the gradient agrees with a central difference; one of several steps must do."""
    names = program.f.__code__.co_varnames
    rng = np.random.default_rng(6)
    positions = [names.index(name) for name in program.wrt]
    direction = [rng.normal(size=np.shape(arguments[p])) for p in positions]
    expected = sum(float(np.sum(g * d)) for g, d in zip(gradient, direction, strict=True))

    def shifted(step: float) -> float:
        moved = list(arguments)
        for p, d in zip(positions, direction, strict=True):
            moved[p] = arguments[p] + step * d if np.ndim(arguments[p]) else float(arguments[p] + step * d)
        return float(program.f(*moved))

    errors = [
        abs((shifted(step) - shifted(-step)) / (2.0 * step) - expected) / max(1.0, abs(expected))
        for step in (1e-4, 1e-5, 1e-6, 1e-7)
    ]
    if not min(errors) < 1e-6:
        raise SystemExit(f"{program.label}: the gradient is off finite differences by {min(errors):.1e}")


def check_jitted(program: Program, plain: tuple[Any, Any], jitted: tuple[Any, Any]) -> None:
    (value, gradient), (jit_value, jit_gradient) = plain, jitted
    pairs = [(value, jit_value), *zip(gradient, jit_gradient, strict=True)]
    if not all(np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs):
        raise SystemExit(f"{program.label}: plain and jitted derivatives differ")


# -------------------------------------------------------------------------------------------------- what they cost


class Cost(NamedTuple):
    """Seconds for one call of the function, and the gradient's time as a multiple of it."""

    primal: Spread
    ratio: Spread


def cost(f: Callable[..., Any], derivative: Callable[..., Any], arguments: tuple[Any, ...], quick: bool) -> Cost:
    """Time both, turn by turn; whatever compiles has been called before."""
    rounds, seconds = (3, 0.002) if quick else (15, 0.05)
    f_count = batch_size(f, arguments, seconds)
    derivative_count = batch_size(derivative, arguments, seconds)
    primal, ratio = [], []
    for _ in range(rounds):
        primal.append(timed(f, arguments, f_count))
        ratio.append(timed(derivative, arguments, derivative_count) / primal[-1])
    return Cost(Spread.of(primal), Spread.of(ratio))


class Row(NamedTuple):
    label: str
    plain_size: int
    plain: Cost
    jit_size: int
    jit: Cost | None


def measure(program: Program, quick: bool) -> Row:
    """Check one program's gradients, then time them; without Numba the jitted half is left out."""
    plain_size = min(program.plain_size, 16) if quick else program.plain_size
    jit_size = min(program.jit_size, 32) if quick else program.jit_size
    derivative = srcdiff.value_and_grad(program.f, wrt=program.wrt)
    arguments = program.arguments(plain_size)
    result = derivative(*arguments)
    check_against_differences(program, result[1], arguments)
    plain = cost(program.f, derivative, arguments, quick)
    if importlib.util.find_spec("numba") is None:
        return Row(program.label, plain_size, plain, jit_size, None)

    jitted = srcdiff.value_and_grad(program.f, wrt=program.wrt, jit=True)
    check_jitted(program, result, jitted(*arguments))
    primal = as_jitted(program.f)
    arguments = program.arguments(jit_size)
    primal(*arguments), jitted(*arguments)
    return Row(program.label, plain_size, plain, jit_size, cost(primal, jitted, arguments, quick))


# ------------------------------------------------------------------------------------------- building, importing

THIRTY_LINES = """
def program_{k}(x, w, rate):
    n = len(x)
    state = np.zeros(n)
    total = 0.0
    speed = {k}.5
    for i in range(1, n - 1):
        left = x[i] - x[i - 1]
        right = x[i + 1] - x[i]
        slope = 0.5 * (left + right)
        if slope > 0.0:
            flux = rate * slope * x[i]
        elif slope < -1.0:
            flux = math.tanh(slope) * x[i + 1]
        else:
            flux = rate * slope * slope
        state[i] = x[i] + speed * flux
        speed = 0.9 * speed + 0.1 * abs(flux)
    for i in range(n):
        a = state[i] * w[0] + w[1]
        if a > 0.0:
            b = a
        else:
            b = math.exp(a) - 1.0
        state[i] = b / (1.0 + b * b)
        total += w[2] * b
    tail = 1.0
    while tail > 0.01:
        tail = tail * 0.5
        total = total + tail * math.sin(total)
    energy = np.sum(state * state)
    return energy + total / n
"""


def build_times(quick: bool) -> Spread:
    """Milliseconds from a function of thirty lines to the text of its derivative; every function is a new one."""
    count = 4 if quick else 25
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "thirty_lines.py"
        path.write_text(
            "import math\n\nimport numpy as np\n\n" + "\n".join(THIRTY_LINES.format(k=k) for k in range(count))
        )
        spec = importlib.util.spec_from_file_location("thirty_lines", path)
        if spec is None or spec.loader is None:
            raise SystemExit("the functions to build cannot be imported")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        times = []
        for k in range(count):
            f = getattr(module, f"program_{k}")
            start = time.process_time()
            srcdiff.source(srcdiff.grad(f, wrt=("x", "w", "rate")))
            times.append(1e3 * (time.process_time() - start))
    return Spread.of(times[1:])  # the first one also warms up


def import_times(quick: bool) -> tuple[Spread, Spread]:
    """Seconds for `import srcdiff` in a new process, and for the `import numpy` that is part of it."""
    code = (
        "import sys, time; start = time.process_time(); import numpy; middle = time.process_time(); "
        "import srcdiff; end = time.process_time(); assert 'numba' not in sys.modules, 'Numba was imported'; "
        "print(end - start, middle - start)"
    )
    rows = []
    for _ in range(2 if quick else 9):
        output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        if output.returncode:
            raise SystemExit(f"import srcdiff: {output.stderr}")
        rows.append([float(word) for word in output.stdout.split()])
    return Spread.of([row[0] for row in rows]), Spread.of([row[1] for row in rows])


# ------------------------------------------------------------------------------------------------------ the report


def cells(row: Row) -> list[str]:
    jit = (
        ["-", "-", "-"]
        if row.jit is None
        else [str(row.jit_size), duration(row.jit.primal.median), ratio(row.jit.ratio)]
    )
    return [row.label, str(row.plain_size), duration(row.plain.primal.median), ratio(row.plain.ratio), *jit]


HEAD = ["program", "n", "plain function", "gradient ratio", "n", "jitted function", "gradient ratio"]


def markdown(rows: list[Row]) -> str:
    lines = [HEAD, ["---"] + ["---:"] * (len(HEAD) - 1), *(cells(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain_text(rows: list[Row]) -> str:
    lines = [HEAD, *(cells(row) for row in rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(HEAD))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    parser.add_argument("--markdown", action="store_true", help="print the README's table")
    options = parser.parse_args()

    rows = [measure(program, options.quick) for program in PROGRAMS]
    build = build_times(options.quick)
    whole, numpy_alone = import_times(options.quick)

    print(machine())
    print()
    print(markdown(rows) if options.markdown else plain_text(rows))
    print()
    print(
        f"Building the derivative of a 30-line function: {build.median:.1f} ms ({build.low:.1f}-{build.high:.1f}); "
        f"the limit is {BUILD_LIMIT_MS:.0f} ms."
    )
    print(
        f"`import srcdiff`: {whole.median:.3f} s ({whole.low:.3f}-{whole.high:.3f}), of which NumPy "
        f"{numpy_alone.median:.3f} s; the limit is {IMPORT_LIMIT_S} s. Numba is not imported."
    )
    if not options.quick and (build.median > BUILD_LIMIT_MS or whole.median > IMPORT_LIMIT_S):
        raise SystemExit("over the limit")


if __name__ == "__main__":
    main()
