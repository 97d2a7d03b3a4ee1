"""A rule checked on the tape at one of its points: value, gradient and second derivative against differences."""

import re

import numpy as np

from srcdiff import tape
from srcdiff.errors import UnsupportedType
from srcdiff.rules.points import Complexes
from srcdiff.testing.rules import Program

STEPS = (1e-4, 1e-5, 1e-6)


def listed(value):
    return list(value) if isinstance(value, tuple | list) else [value]


def check(function, example, second):
    """Raises AssertionError where the tape's value or a derivative is wrong. What is complex is refused."""
    if any(isinstance(a, Complexes) for a in example.args):
        return
    try:
        compare(function, example, second)
    except UnsupportedType as refusal:
        if "complex" not in str(refusal):
            raise


def compare(function, example, second):
    program = Program(function, example)
    args, wrt = program.args, program.wrt
    plain = program.whole()
    value = listed(plain(*args))
    rng = np.random.default_rng(0)
    weights = [rng.uniform(0.5, 1.5, np.shape(v)) for v in value]
    directions = [rng.uniform(-1.0, 1.0, np.shape(args[k])) for k in wrt]

    def moved(step):
        found = list(args)
        for k, d in zip(wrt, directions, strict=True):
            found[k] = args[k] + step * d if np.ndim(args[k]) else float(args[k] + step * d)
        return found

    def weighed(*xs):
        parts = listed(plain(*xs))
        return sum(
            np.sum(np.asarray(v) * w) for v, w in zip(parts, weights, strict=True) if np.asarray(v).dtype.kind == "f"
        )

    text = on_tensors(program, function)

    def run(xs, twice):
        """The leaves, and the gradients of the weighed sum by them."""
        leaves = [tape.tensor(x, requires_grad=True) if k in wrt else x for k, x in enumerate(xs)]
        program.constants["function"] = lambda *a, **k: tape.apply(function, *a, **k)
        try:
            results = listed(text(*leaves))
        finally:
            program.constants["function"] = function
        active = [leaves[k] for k in wrt]
        total = tape.zeros(())
        for r, w in zip(results, weights, strict=True):
            if isinstance(r, tape.Tensor) and r.requires_grad:
                total = total + (r * w).sum()
        if not total.requires_grad:
            return results, active, [None] * len(active)
        return results, active, tape.grad(total, active, create_graph=twice, allow_unused=True)

    results, active, gradients = run(args, second)
    for r, v in zip(results, value, strict=True):
        got = r.detach().numpy() if isinstance(r, tape.Tensor) else r
        assert np.allclose(got, v, rtol=1e-12, atol=1e-300, equal_nan=True)
    for g, k in zip(gradients, wrt, strict=True):
        assert g is None or g.shape == np.shape(args[k])
    agree(along(gradients, directions), [(weighed(*moved(h)) - weighed(*moved(-h))) / (2 * h) for h in STEPS], 1e-5)
    if second:
        total = sum((g.sin().sum() for g in gradients if g is not None and g.requires_grad), tape.zeros(()))
        again = tape.grad(total, active, allow_unused=True) if total.requires_grad else [None] * len(active)

        def first(xs):
            return sum(float(np.sum(np.sin(g.numpy()))) for g in run(xs, False)[2] if g is not None)

        agree(along(again, directions), [(first(moved(h)) - first(moved(-h))) / (2 * h) for h in STEPS], 2e-4)


def on_tensors(program, function):
    """The program's call as a call of `function`: methods and attributes of arrays, too."""
    before = program.call
    method = re.match(r"(\w+)\.\w+(?:\((.*)\))?(\[\d\])?$", before)
    if method is not None:
        first, rest, part = method.groups()
        program.call = f"function({first}{', ' + rest if rest else ''}){part or ''}"
    program.constants["function"] = lambda *a, **k: tape.apply(function, *a, **k)
    try:
        return program.whole()
    finally:
        program.call = before
        program.constants["function"] = function


def along(gradients, directions):
    """The derivative along the directions."""
    pairs = zip(gradients, directions, strict=True)
    return sum(float(np.sum(g.detach().numpy() * d)) for g, d in pairs if g is not None)


def agree(got, differences, rtol):
    """One of the steps has to give the same number."""
    size = max(1.0, abs(differences[1]))
    assert min(abs(d - got) for d in differences) < rtol * size, f"{got} against {differences}"
