"""Writes srcdiff/runtime_numba/simd/coefficients.py: polynomials and constants of the elementary functions.

The polynomials are the minimax ones for a weighted error, found by the exchange algorithm of E. Y. Remez (Cheney,
Introduction to Approximation Theory, 2nd ed., chapter 3) in 200 bits and then rounded to float64. It needs mpmath.

    python scripts/simd_coefficients.py            # writes the file
    python scripts/simd_coefficients.py --check    # exits with 1 if the file differs
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath as mp

FILE = Path(__file__).resolve().parent.parent / "srcdiff" / "runtime_numba" / "simd" / "coefficients.py"
Real = Callable[[Any], Any]


def remez(f: Real, weight: Real, degree: int, low: Any, high: Any) -> tuple[list[float], Any]:
    """The polynomial, lowest power first, that minimises the largest `weight * |p - f|`, and that error."""
    count = degree + 2
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / (count - 1)) for k in range(count)]
    grid = [low + (high - low) * (1 - mp.cos(mp.pi * k / (60 * count))) / 2 for k in range(60 * count + 1)]
    coefficients, largest = [], mp.inf
    for _ in range(20):
        matrix = mp.matrix(count, count)
        for row, x in enumerate(points):
            for power in range(degree + 1):
                matrix[row, power] = x**power
            matrix[row, degree + 1] = (-1) ** row / weight(x)
        coefficients = list(mp.lu_solve(matrix, mp.matrix([f(x) for x in points])))[: degree + 1]
        extrema = _extrema([(x, weight(x) * (mp.polyval(coefficients[::-1], x) - f(x))) for x in grid])
        while len(extrema) > count:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        assert len(extrema) == count, "the error does not alternate: more bits are needed"
        points = [x for x, _ in extrema]
        sizes = [abs(e) for _, e in extrema]
        largest = max(sizes)
        if largest < 1.001 * min(sizes):
            return [float(c) for c in coefficients], largest
    raise ArithmeticError("the exchange does not converge")


def _extrema(errors: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The largest error of each run of one sign."""
    found: list[tuple[Any, Any]] = []
    for x, error in errors:
        if found and (error > 0) == (found[-1][1] > 0):
            if abs(error) > abs(found[-1][1]):
                found[-1] = (x, error)
        else:
            found.append((x, error))
    return found


def series(term: Callable[[int], Any]) -> Real:
    """The power series with these coefficients, of which forty are enough for the intervals below."""
    terms = [term(k) for k in range(40)]
    return lambda x: mp.polyval(terms[::-1], x)


def parts(value: Any, count: int, first: float | None = None) -> list[float]:
    """A number as the unevaluated sum of float64 numbers, of which the first may be given."""
    found = [] if first is None else [first]
    while len(found) < count:
        found.append(float(value - sum(map(mp.mpf, found))))
    return found


def text() -> str:
    mp.mp.prec = 200
    tiny = mp.mpf(2) ** -20
    half = mp.log(2) / 2 * (1 + tiny)
    slope = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * (1 + tiny)
    square = (mp.pi / 4) ** 2 * (1 + tiny)
    exponential = series(lambda k: 1 / mp.factorial(k + 2))
    polynomials = [
        ("EXP", "(exp(r) - 1 - r) / r**2, relative to r, for |r| <= log(2)/2", exponential, abs, 9, -half, half),
        ("EXPM1", "the same, for expm1", exponential, abs, 10, -half, half),
        ("LOG", "(2*atanh(s) - 2*s) / s**3 of z = s**2, relative to 2/z", series(lambda k: mp.mpf(2) / (2 * k + 3)),
         lambda z: z / 2, 6, mp.mpf(0), slope),
        ("POW", "the same without its first term", series(lambda k: mp.mpf(2) / (2 * k + 5)),
         lambda z: z * z / 2, 7, mp.mpf(0), slope),
        ("SIN", "(sin(r) - r) / r**3 of z = r**2, for |r| <= pi/4",
         series(lambda k: (-1) ** (k + 1) / mp.factorial(2 * k + 3)), lambda z: z, 5, mp.mpf(0), square),
        ("COS", "(cos(r) - 1 + r**2/2) / r**4 of z = r**2", series(lambda k: (-1) ** k / mp.factorial(2 * k + 4)),
         lambda z: z * z, 5, mp.mpf(0), square),
    ]  # fmt: skip
    rows = [
        '"""Polynomials, lowest power first, and constants. Written by scripts/simd_coefficients.py."""',
        "",
    ]
    for name, meaning, f, weight, degree, low, high in polynomials:
        positive = lambda x, weight=weight: weight(x) + mp.mpf(10) ** -6  # noqa: E731
        found, error = remez(f, positive, degree, low, high)
        rows.append(f"# {meaning}; error 2**{float(mp.log(error, 2)):.1f}")
        rows += [f"{name} = (", *(f"    {c!r}," for c in found), ")"]
    mp.mp.prec = 1400
    high = float.fromhex("0x1.62e42fefa3800p-1")
    digits = int(mp.floor(2 / mp.pi * mp.mpf(2) ** 1280))
    rows += [
        "# log(2) in two parts, the first of 42 bits: its multiples by exponents are exact",
        f"LOG2_HIGH, LOG2_LOW = {', '.join(map(repr, parts(mp.log(2), 2, high)))}",
        f"LOG2_E = {float(1 / mp.log(2))!r}",
        f"TWO_THIRDS, TWO_THIRDS_LOW = {', '.join(map(repr, parts(mp.mpf(2) / 3, 2)))}",
        f"PI_HALF, PI_HALF_LOW = {', '.join(map(repr, parts(mp.pi / 2, 2)))}",
        "# the first 1280 binary places of 2/pi",
        "TWO_OVER_PI = int(",
        *(f'    "{chunk}"' for chunk in _chunks(f"{digits:x}")[:-1]),
        f'    "{_chunks(f"{digits:x}")[-1]}",',
        "    16,",
        ")",
    ]
    return "\n".join(rows) + "\n"


def _chunks(digits: str) -> list[str]:
    return [digits[k : k + 80] for k in range(0, len(digits), 80)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    written = text()
    if parser.parse_args().check:
        return int(FILE.read_text(encoding="utf-8") != written)
    FILE.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
