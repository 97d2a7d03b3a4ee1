"""The elementary functions of `jit={"math": "simd"}` beside the platform's, NumPy's own and XLA's, and what they do for
gradients: `python -m benchmarks.simd`; with JAX, where the extra `bench` is installed.

Every line is one race: the contenders take turns, CPU time of one thread, medians. The figures of two lines are not
comparable on a busy machine, those of one are.
"""

from __future__ import annotations

from .threads import use_one_thread

use_one_thread()

import argparse  # noqa: E402
import importlib.util  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

import srcdiff  # noqa: E402

from .kernels import KERNELS, WITH_FUNCTIONS  # noqa: E402
from .timing import Contender, machine, race, ratio_of  # noqa: E402

ELEMENTS = 2**16  # enough to make little of what a call of XLA costs, and few enough to stay in a cache
RANGES = {
    "exp": (-10, 10), "expm1": (-2, 2), "tanh": (-3, 3), "expit": (-6, 6), "log": (0.01, 100), "log1p": (-0.9, 10),
    "sin": (-10, 10), "cos": (-10, 10), "power": (0.01, 10),
}  # fmt: skip


def functions() -> dict[str, tuple[Callable[..., Any], Callable[..., Any]]]:
    """For each function its loop, for Numba, and NumPy's own (SciPy's) with a place for the result."""
    from scipy import special

    texts = {name: (f"np.{name}(x[k])", f"np.{name}(x, out)") for name in RANGES}
    texts["expit"] = "special.expit(x[k])", "special.expit(x, out)"
    texts["power"] = "x[k] ** 1.7", "np.power(x, 1.7, out)"
    found = {}
    for name, (element, whole) in texts.items():
        space: dict[str, Any] = {"np": np, "special": special}
        exec(f"def loop(x, out):\n    for k in range(x.size):\n        out[k] = {element}\n", space)
        exec(f"def at_once(x, out):\n    {whole}\n", space)
        found[name] = space["loop"], space["at_once"]
    return found


def by_xla(name: str, x: Any) -> Callable[[], Any] | None:
    if importlib.util.find_spec("jax") is None:
        return None
    import jax

    jax.config.update("jax_enable_x64", True)
    named = {"expit": jax.nn.sigmoid, "power": lambda v: v**1.7}
    compiled, given = jax.jit(named.get(name) or getattr(jax.numpy, name)), jax.numpy.asarray(x)
    return lambda: compiled(given).block_until_ready()


def function_rows(rounds: int, dtype: Any) -> None:
    """One row for each function: nanoseconds an element, and times as fast as the platform's."""
    from numba import njit

    from srcdiff.compiled import numba_module, settings
    from srcdiff.jit_options import Jit

    loops = functions()  # (it imports SciPy, of which `numba_module` then tells Numba)
    numba_module()
    print(f"| {np.dtype(dtype).name} | libm | simd | NumPy | XLA | libm / simd | XLA / simd |")
    print("|---|---|---|---|---|---|---|")
    for name, (loop, at_once) in loops.items():
        low, high = RANGES[name]
        x = np.random.default_rng(1).uniform(low, high, ELEMENTS).astype(dtype)
        out = np.empty_like(x)
        own, platform = (njit(**settings(Jit(math=math), checked=False))(loop) for math in ("simd", "libm"))
        contenders = [
            Contender("libm", lambda f=platform, x=x, out=out: f(x, out)),
            Contender("simd", lambda f=own, x=x, out=out: f(x, out)),
            Contender("NumPy", lambda f=at_once, x=x, out=out: f(x, out)),
        ]
        xla = by_xla(name, x)
        if xla is not None:
            contenders.append(Contender("XLA", xla))
        found = race(contenders, rounds, 0.02, 1.0)
        times = {c.name: f"{1e9 * float(np.median(found[c.name].seconds)) / ELEMENTS:.2f}" for c in contenders}
        gained = ratio_of(found["libm"], found["simd"]).median
        against = f"{ratio_of(found['XLA'], found['simd']).median:.2f}" if xla is not None else "-"
        cells = [times["libm"], times["simd"], times["NumPy"], times.get("XLA", "-"), f"{gained:.2f}", against]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def kernel_rows(rounds: int, size: str) -> None:
    """One row for each kernel that calls such functions: value and gradient of its loops."""
    print("| value and gradient | libm, ms | simd / libm | with fastmath | largest difference |\n|---|---|---|---|---|")
    for kernel in (k for k in KERNELS if k.name in WITH_FUNCTIONS):
        arguments = kernel.arguments(size)
        wrt = kernel.wrt if len(kernel.wrt) > 1 else kernel.wrt[0]
        ways = {"libm": True, "simd": {"math": "simd"}, "fast": {"math": "simd", "fastmath": True}}
        found = {way: srcdiff.value_and_grad(kernel.lowered or kernel.f, wrt=wrt, jit=jit) for way, jit in ways.items()}
        gradients = {way: df(*arguments)[1] for way, df in found.items()}
        times = race([Contender(w, lambda df=df, a=arguments: df(*a)) for w, df in found.items()], rounds, 0.05, 1.0)
        ratios = [f"{ratio_of(times[way], times['libm']).median:.2f}" for way in ("simd", "fast")]
        first = 1e3 * float(np.median(times["libm"].seconds))
        off = _difference(gradients["libm"], gradients["simd"])
        print(f"| {kernel.label} | {first:.3g} | {' | '.join(ratios)} | {off:.1e} |", flush=True)


def _difference(one: Any, other: Any) -> float:
    """Between two gradients, relative to the largest element of each part."""
    if isinstance(one, tuple):
        return max(_difference(a, b) for a, b in zip(one, other, strict=True))
    return float(np.max(np.abs(np.subtract(one, other))) / max(float(np.max(np.abs(one))), 1e-300))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--size", default="small", help="of the kernels")
    parser.add_argument("--only", choices=("functions", "kernels"))
    asked = parser.parse_args()
    print(machine())
    if asked.only != "kernels":
        print("\nnanoseconds an element\n")
        for dtype in (np.float64, np.float32):
            function_rows(asked.rounds, dtype)
            print()
    if asked.only != "functions":
        kernel_rows(asked.rounds, asked.size)


if __name__ == "__main__":
    main()
