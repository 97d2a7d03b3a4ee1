"""Many programs, checked and counted: in, seeds; out, a record for each and a summary in words.

What Numba compiles is checked in a process of its own: LLVM aborts the process on some valid programs (an assertion of
its vectoriser), which must not end the campaign. Where Numba fails on the program itself, without any derivative, the
case is discarded.
"""

from __future__ import annotations

import multiprocessing
import re
import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from typing import Any

import numpy as np

from srcdiff.errors import Refusal

from .check import Differentiate, ProgramError, Wrong, by_srcdiff, check_program
from .load import load_jitted, unload
from .options import Options
from .program import Program, generate

STATES = ("wrong", "crashed", "refused", "discarded", "agreed")


@dataclass(frozen=True)
class Record:
    """What became of one seed. `group` is `message` without its particulars; `text` is all there is to say."""

    seed: int
    state: str
    group: str = ""
    text: str = ""
    features: tuple[str, ...] = ()


class TimedOut(Exception):
    """A check took too long: most likely a derivative that does not end."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises `TimedOut` in the block after so many seconds (in the main thread of a process that has alarms)."""

    def ring(number: int, frame: Any) -> None:
        raise TimedOut(f"no end after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def group(message: str) -> str:
    """A message without names and numbers, so that like causes count together."""
    message = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"", "…", message.strip().split("\n")[0])
    return re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "#", message)[:150]


def examine(program: Program, jit: bool, seconds: float = 60.0, differentiate: Differentiate = by_srcdiff) -> Record:
    """One program's record; never raises."""
    features = tuple(sorted(program.features))
    try:
        with at_most(seconds):
            outcome = check_program(program, jit, differentiate)
    except ProgramError as error:
        state = "wrong" if isinstance(error, Wrong) else "crashed"
        cause = error.__cause__
        text = str(error) + ("\n" + "".join(traceback.format_exception(cause)[-6:]) if cause else "")
        return Record(program.seed, state, group(error.what), text, features)
    except Refusal as error:
        first = f"{type(error).__name__}: {error.problems[0].what}"
        return Record(program.seed, "refused", group(first), f"{error}\n\n{program}", features)
    except Exception as error:  # noqa: BLE001  whatever it is, it is a finding and the campaign goes on
        text = f"{type(error).__name__}: {error}\n\n{program}\n" + traceback.format_exc(limit=-8)
        return Record(program.seed, "crashed", group(f"{type(error).__name__}: {error}"), text, features)
    return Record(program.seed, outcome.state, group(outcome.detail), outcome.detail, features)


def _examine_seed(job: tuple[int, Options, bool, float, Differentiate]) -> Record:
    seed, options, jit, seconds, differentiate = job
    return examine(generate(seed, options), jit, seconds, differentiate)


def examine_apart(program: Program, jit: bool, seconds: float, differentiate: Differentiate = by_srcdiff) -> Record:
    """`examine` in a process of its own, whose death is a record too."""
    record = apart(lambda: examine(program, jit, seconds, differentiate), seconds)
    if isinstance(record, str):
        record = Record(
            program.seed, "crashed", group(record), f"{record}\n\n{program}", tuple(sorted(program.features))
        )
    if jit and record.state == "crashed":
        alone = apart(lambda: _compiles(program), seconds)
        if alone is not True:
            return Record(program.seed, "discarded", f"Numba fails without srcdiff: {group(str(alone))}", record.text)
    return record


def _examine_apart(job: tuple[int, Options, bool, float, Differentiate]) -> Record:
    seed, options, jit, seconds, differentiate = job
    return examine_apart(generate(seed, options), jit, seconds, differentiate)


def _compiles(program: Program) -> bool | str:
    """Whether Numba compiles and runs the program itself."""
    try:
        load_jitted(program.source).f(*program.fresh_args())
    except Exception as error:  # noqa: BLE001  whatever it is, it is Numba's
        return f"{type(error).__name__}: {error}"
    return True


def warm() -> None:
    """Has Numba compile something, so that processes forked from this one need not start it: half of their time."""
    module = load_jitted("import numpy as np\n\n\ndef f(x):\n    return np.sin(x[1:]).sum()\n")
    module.f(np.ones(2))
    unload(module)


def apart(call: Callable[[], Any], seconds: float) -> Any:
    """`call()` in a forked process; a text that says how it died if it did."""
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    process = fork.Process(target=lambda: sender.send(call()))
    process.start()
    sender.close()
    try:
        if receiver.poll(2.0 * seconds):
            return receiver.recv()
        process.kill()
        return "the process did not end"
    except EOFError:
        process.join()
        return f"the process died with exit code {process.exitcode}"
    finally:
        process.join()
        receiver.close()


def campaign(
    seeds: Iterable[int],
    options: Options | None = None,
    jit: bool = False,
    workers: int = 1,
    seconds: float = 60.0,
    differentiate: Differentiate = by_srcdiff,
) -> Iterator[Record]:
    """The records of the seeds, in their order."""
    jobs = [(seed, options or Options(jit_ok=jit), jit, seconds, differentiate) for seed in seeds]
    if jit:
        warm()
        with ThreadPool(workers) as threads:  # each waits for a process
            yield from threads.imap(_examine_apart, jobs)
    elif workers <= 1:
        yield from map(_examine_seed, jobs)
    else:
        with multiprocessing.Pool(workers) as pool:
            yield from pool.imap(_examine_seed, jobs, chunksize=4)


def summary(records: list[Record], show: int = 3) -> str:
    """Counts, causes with the seeds to look at, and the features that bad cases have more often than good ones."""
    rows = [", ".join(f"{sum(r.state == s for r in records)} {s}" for s in STATES) + f" of {len(records)}"]
    for state in STATES[:-1]:
        chosen = [r for r in records if r.state == state]
        causes = Counter(r.group for r in chosen)
        for cause, count in causes.most_common():
            seeds = [str(r.seed) for r in chosen if r.group == cause][:6]
            rows.append(f"  {state:9} {count:5}  {cause}  (seeds {', '.join(seeds)})")
        if chosen and state != "discarded":
            rows.append(f"  {state:9} more often with: {_suspects(chosen, records)}")
    for record in [r for r in records if r.state in ("wrong", "crashed")][:show]:
        rows += ["", "=" * 100, record.text]
    return "\n".join(rows)


def _suspects(chosen: list[Record], records: list[Record]) -> str:
    """Features by how much more frequent they are in the chosen records than in all."""
    inside = Counter(f for r in chosen for f in r.features)
    overall = Counter(f for r in records for f in r.features)
    lift = {f: (inside[f] / len(chosen)) / (overall[f] / len(records)) for f in inside if inside[f] > 0.2 * len(chosen)}
    best = sorted(lift, key=lambda f: (-lift[f], f))[:5]
    return ", ".join(f"{f} x{lift[f]:.1f}" for f in best) or "nothing in particular"
