"""What stands below a C++ function for `ctypes` to call it, and its gradient by Enzyme: text from its parameters.

All arguments come in one buffer: for each parameter a pointer (or the whole number itself), the pointer to its gradient
and how many elements that has. The gradient is what a user of Enzyme writes: `__enzyme_autodiff` of a function that
stores its result, with a shadow for each array and number that is differentiated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


class Parameter(NamedTuple):
    kind: str  # "array", "number" (a double) or "size" (a long)
    name: str


def parameters(text: str, name: str) -> list[Parameter]:
    """Those of the C++ function `name`."""
    found = re.search(rf"^double {name}\(([^)]*)\)", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"there is no function `{name}`")
    kinds = (("array", "*"), ("number", "double"), ("size", "long"))
    parts = found.group(1).split(",")
    return [Parameter(next(k for k, mark in kinds if mark in part), part.split()[-1].lstrip("*")) for part in parts]


def entries(name: str, given: Sequence[Parameter], active: Sequence[int]) -> str:
    """C++ text: `primal` and `gradient` of the function `name`.

    Enzyme is told, by `__restrict__`, that arguments do not overlap: without, what it keeps cost ten times as much.
    """
    outer, passed, plain, differentiated = ["double *value"], [], [], []
    for k, (kind, parameter) in enumerate(given):
        if kind == "size":
            outer.append(f"long {parameter}")
            passed.append(parameter)
            plain.append(f"(long)a[{3 * k}]")
            differentiated += ["enzyme_const", plain[-1]]
            continue
        outer.append(f"const double *__restrict__ {parameter}")
        passed.append(parameter if kind == "array" else f"*{parameter}")
        plain.append(f"(double *)a[{3 * k}]")
        shadow = ["enzyme_dup", plain[-1], f"shadow(a, {k})"]
        differentiated += shadow if k in active else ["enzyme_const", plain[-1]]
    buffer = f"enzyme::tensor<double, 1> &value, const enzyme::tensor<double, {3 * len(given)}> &in"
    return f"""
static double *shadow(void *const *a, long k) {{
    double *found = (double *)a[3 * k + 1];
    for (long i = 0; i < (long)a[3 * k + 2]; i++)
        found[i] = 0.0;
    return found;
}}
static void outcome({", ".join(outer)}) {{ *value = {name}({", ".join(passed)}); }}
void primal({buffer}) {{
    auto a = (void *const *)&in;
    outcome((double *)&value, {", ".join(plain)});
}}
void gradient({buffer}) {{
    auto a = (void *const *)&in;
    double seed = 1.0;
    enzyme::__enzyme_autodiff<void>((void *)outcome, enzyme_dup, (double *)&value, &seed,
                                    {", ".join(differentiated)});
}}
"""
