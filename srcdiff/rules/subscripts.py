"""The subscripts of `np.einsum`: what they say of the result, and those of its transposes.

in:   "ij,jk->ik", operand 0          out:  "ik,jk->ij"
"""

from __future__ import annotations

MOST = 5  # operands that the rule covers; of more, `einsum_forms` multiplies two after another


def parted(subscripts: str) -> tuple[list[str], str]:
    """The subscripts of the operands and of the result."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    operands = inputs.split(",")
    if not arrow:  # NumPy's implicit form: the indices that occur once, in alphabetical order
        output = "".join(sorted(c for c in set(inputs) - {","} if inputs.count(c) == 1))
    return operands, output


def uncovered(subscripts: str, count: int) -> tuple[str, str] | None:
    """What the rule does not cover of these subscripts for so many operands, and what to do; None if it covers all."""
    operands, output = parted(subscripts)
    if len(operands) != count:
        return f"subscripts for {len(operands)} operands of `np.einsum`, which has {count}", "name the indices of each"
    if len(set(output)) < len(output) or not set(output) <= set("".join(operands)):
        return "indices of the result of `np.einsum` that occur twice, or in no operand", "name each of them once"
    return None


def _others(subscripts: str, k: int) -> tuple[str, list[str], str]:
    operands, output = parted(subscripts)
    return operands[k], [o for j, o in enumerate(operands) if j != k], output


def transposed(subscripts: str, k: int) -> str:
    """The subscripts that take the result's adjoint and the other operands to the adjoint of operand `k`.

    >>> transposed("ij,jk->ik", 0), transposed("ij->i", 0)
    ('ik,jk->ij', 'i->i')
    """
    own, others, output = _others(subscripts, k)
    present = set(output).union(*others)
    return ",".join([output, *others]) + "->" + "".join(c for c in own if c in present)


def missing(subscripts: str, k: int) -> tuple[int, ...]:
    """The axes of operand `k` that nothing else has: it is summed along them.

    >>> missing("ij->i", 0)
    (1,)
    """
    own, others, output = _others(subscripts, k)
    present = set(output).union(*others)
    return tuple(axis for axis, c in enumerate(own) if c not in present)
