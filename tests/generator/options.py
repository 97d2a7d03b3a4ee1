"""What a random program may contain: in, numbers and names of features; out, one frozen `Options`.

A *feature* is a name for one construct of the language ("swap_arrays", "while", "ternary", ...). Each has a weight,
1.0 if nothing else is said; `off` removes it. `FEATURES` lists them all, with what Numba's front end cannot compile
marked, so that a program made with `jit_ok` has none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# feature: what it adds. A "!" in front: not for programs that Numba compiles.
FEATURES: dict[str, str] = {
    # expressions of scalars
    "math": "functions of the module math",
    "minmax": "min and max of scalars",
    "abs": "abs of scalars, np.abs of arrays",
    "abs_array": "!abs of arrays",
    "power": "** with constant and active exponents, pow",
    "modulo": "% and // of floats",
    "round": "round and float of active values",
    "ternary": "a if t else b",
    "arctan2": "arctan2 and hypot",
    "int_as_float": "a loop variable used as a number",
    "reduction": "sum, mean, max, min, prod of arrays",
    "builtin_reduction": "!sum(x), max(x), min(x) of an array",
    "axis": "sum over an axis",
    "axis_mean": "!mean and max over an axis",
    "dot": "dot and matmul",
    "scalar_where": "!np.where and np.clip of scalars",
    "logic": "and, or, not",
    "chained": "a < b < c",
    "write_in_test": "tests that call a helper which writes, behind `and` and `or`, in chains",
    "call": "calls of helper functions",
    "keyword": "keyword arguments in those calls",
    "constant": "module constants",
    # expressions of arrays
    "broadcast": "operands of different shape",
    "where": "np.where, maximum, minimum, clip of arrays",
    "slice_read": "slices as operands",
    "build": "full, array([...]), zeros_like, ones as operands",
    # statements on scalars
    "augment": "+= and its kind on scalars",
    "accumulate": "an accumulator that only grows",
    "tuple_assign": "a, b = ...",
    "swap": "a, b = b, a",
    "annotate": "v: float = ...",
    "flag": "bool locals",
    "counter": "int locals",
    # statements on arrays
    "element_write": "u[i] = ... and u[i] += ...",
    "slice_write": "u[1:] = ... and u[1:] *= ...",
    "whole_write": "u *= ..., u[:] = ...",
    "array_assign": "a name bound to a fresh array",
    "shrink_name": "y = y[1:]",
    "view": "a name for a part of an array",
    "alias": "a second name for an array",
    "swap_arrays": "u, v = v, u",
    "buffer": "zeros, empty, full, copy filled by a loop",
    "double_buffer": "the time-stepping idiom with two buffers",
    "write_argument": "writes into arguments of f",
    "places": "!u[[0, 2, 2]], read and written",
    "mask": "!u[v > 0.3] = ... and u[v > 0.3] *= ...",
    # lists
    "list": "lists of floats",
    "list_growth": "append, extend, pop",
    "list_pop_choice": "a = xs.pop() if len(xs) > 2 else b",
    "list_write": "xs[i] = ...",
    "list_names": "second names of lists, xs, ys = ys, xs",
    "list_comprehension": "[... for v in xs]",
    "list_slice": "xs[1:] + [e], xs[:], xs[::-1]",
    "list_total": "sum(xs), np.mean(np.array(xs))",
    "list_generator": "!sum(... for v in xs if ...)",
    "list_loop": "for v in xs, enumerate(xs), reversed(xs), range(len(xs))",
    # tuples, functions, comprehensions
    "tuple_value": "tuples of floats, their items",
    "tuple_unpack": "a, b = pair, a, *rest = pair",
    "tuple_nested": "(a, b), c = pair, e",
    "tuple_loop": "loops over tuples, zip, enumerate of them",
    "tuple_fold": "sum, max, min, math.prod of a tuple",
    "comprehension": "!list comprehensions and generators over tuples and short ranges",
    "closure": "!functions inside f that read its variables",
    "lambda": "!lambdas",
    "nonlocal": "!functions inside f that bind its variables",
    "decorator": "!decorators of inner functions",
    "recursion": "helpers that call themselves",
    # structures, absent values, attempts
    "local_class": "!classes inside f",
    "object": "!objects of them: made, read, changed",
    "object_list": "!objects in lists",
    "dict": "!dicts with constant keys",
    "absent": "!best = None, set in a loop",
    "attempt": "!try, except, else, finally",
    "rows": "!zip(*rows)",
    "walrus": "!(n := e) in tests, expressions, comprehensions",
    "generator_fold": "!sum, min, max of a generator expression",
    "list_helper": "!helpers that are given lists, or give one",
    # control
    "if": "if, elif, else",
    "both_branches": "a variable born on every branch",
    "for_range": "for over range",
    "for_array": "for over an array, its rows, enumerate, zip",
    "reversed": "!reversed(range(n)), reversed(x)",
    "triangular": "bounds that depend on an outer loop variable",
    "zero_trip": "loops that run zero times",
    "while": "while loops",
    "loop_else": "else on a loop",
    "break": "break",
    "continue": "continue",
    "return": "return in loops and branches",
    "after_loop": "a loop variable used after its loop",
    "loop_variable": "a loop variable reassigned in the body",
    # functions
    "helper": "helper functions",
    "helper_inplace": "helpers that write into their array argument",
    "helper_tuple": "helpers that return a tuple",
    "default": "default arguments",
    "int_argument": "an int argument of f that is differentiated",
    "matrix": "2-D arrays",
    "array_result": "!f returns an array",
    "tuple_result": "!f returns a tuple",
}


@dataclass(frozen=True)
class Options:
    """`size`: about how many statements f has; `depth`: how deep blocks and expressions nest."""

    size: int = 14
    depth: int = 3
    jit_ok: bool = False
    off: frozenset[str] = frozenset()
    weights: Mapping[str, float] = field(default_factory=dict)
    max_trips: int = 64  # of the innermost body of a nest

    def __post_init__(self) -> None:
        unknown = sorted((set(self.off) | set(self.weights)) - set(FEATURES))
        if unknown:
            raise ValueError(f"unknown features {unknown}; there are {sorted(FEATURES)}")

    def weight(self, feature: str) -> float:
        """How much a feature is wanted; 0.0 where it is switched off or Numba would refuse it."""
        if feature in self.off or (self.jit_ok and FEATURES[feature].startswith("!")):
            return 0.0
        return self.weights.get(feature, 1.0)
