"""The forms of `np.einsum` that its rule does not see, in the one that it does: letters for the operands, each letter
once in an operand, at most five operands.

in:   np.einsum("...i,ij->...j", x, A)      out:  np.einsum("Zi,ij->Zj", x, A)
      np.einsum("ii->i", A)                       np.einsum("i->i", np.diagonal(A))
      np.einsum(A, [0, 1], b, [1])                np.einsum("ab,b->a", A, b)
"""

from __future__ import annotations

import string

import numpy as np

from ..ir.nodes import Call, Const, Display, Expr
from .operands import literal, problem, rank
from .points import call, reals
from .registry import Writer, rewritten
from .stacking import as_array
from .subscripts import MOST, parted
from .turning import diagonals

_DOTS = "..."


@rewritten(
    np.einsum,
    points=call("...j,...j->...", reals(2, 3), reals(2, 3))
    + call("...i,ij", reals(2, 2, 3), reals(3, 2))
    + call("i...,i...->...", reals(2, 3), reals(2))
    + call("ii", reals(3, 3))
    + call("ii->i", reals(3, 3))
    + call("iij->j", reals(2, 2, 3))
    + call("iji,j->i", reals(2, 3, 2), reals(3))
    + call("i,i,i,i,i,i->i", reals(2), reals(2), reals(2), reals(2), reals(2), reals(2))
    + call("ab,bc,cd,de,ef,fg->ag", *(reals(2, 2) for _ in range(6)))
    + call(reals(2, 3), [0, 1], reals(3, 2), [1, 0])
    + call(reals(2, 3), [0, 1], reals(3, 2), [1, 2], [2, 0]),
)
def einsum_form(e: Call, writer: Writer) -> Expr:
    args = _with_letters(e, writer)
    if not args or not isinstance(args[0], Const) or not isinstance(args[0].value, str):
        return e  # refused by the types of the call
    subscripts, operands = args[0].value, [as_array(a) for a in args[1:]]
    if len(parted(subscripts)[0]) != len(operands) or not operands:
        return e
    subscripts = _without_dots(e, writer, subscripts, operands)
    inputs, output = parted(subscripts)
    plain = all(len(set(own)) == len(own) for own in inputs) and len(operands) <= MOST
    if not plain:
        for k in range(len(operands)):
            inputs[k], operands[k] = _without_repeats(e, writer, inputs[k], operands[k])
        while len(operands) > MOST:
            kept = "".join(c for c in dict.fromkeys(inputs[0] + inputs[1]) if c in output + "".join(inputs[2:]))
            pair = Call(e.func, (Const(f"{inputs[0]},{inputs[1]}->{kept}"), *operands[:2]), e.kwargs, e.at)
            inputs[:2], operands[:2] = [kept], [writer.atom(pair, "product")]
        subscripts = f"{','.join(inputs)}->{output}"
    return Call(e.func, (Const(subscripts), *operands), e.kwargs, e.at)


def _with_letters(e: Call, writer: Writer) -> tuple[Expr, ...]:
    """The arguments with the subscripts as a string in front, where they are given as lists behind the operands."""
    if len(e.args) < 2 or isinstance(e.args[0], Const) or not isinstance(e.args[1], Display):
        return e.args
    lists = [a for a in e.args[1::2] if isinstance(a, Display)]
    last = e.args[-1]
    written = ",".join(_letters(e, writer, own) for own in lists)
    if len(e.args) % 2 and isinstance(last, Display):
        written += "->" + _letters(e, writer, last)
    return Const(written), *e.args[: 2 * len(lists) : 2]


def _letters(e: Call, writer: Writer, own: Display) -> str:
    text = ""
    for item in own.items:
        if item == Const(Ellipsis):
            text += _DOTS
            continue
        number = literal(e, writer, item, "sublist")
        if not 0 <= number < len(string.ascii_letters):
            raise problem(e, f"the index {number} of `np.einsum`", "Python itself refuses this call")
        text += string.ascii_lowercase[number] if number < 26 else string.ascii_uppercase[number - 26]
    return text


def _without_dots(e: Call, writer: Writer, subscripts: str, operands: list[Expr]) -> str:
    """Letters for what an ellipsis stands for: the last ones of as many as the longest has."""
    if _DOTS not in subscripts:
        return subscripts
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    lengths = [
        rank(e, writer, a) - len(own.replace(_DOTS, "")) if _DOTS in own else 0
        for own, a in zip(parts, operands, strict=True)
    ]
    longest = max(lengths)
    if min(lengths) < 0 or text.replace(_DOTS, "").count("."):
        raise problem(e, f"the subscripts {subscripts!r} of `np.einsum`", "Python itself refuses this call")
    names = [c for c in reversed(string.ascii_letters) if c not in text][:longest]
    named = [own.replace(_DOTS, "".join(names[longest - n :])) for own, n in zip(parts, lengths, strict=True)]
    if arrow:
        result = output.replace(_DOTS, "".join(names))
    else:  # NumPy's implicit form: what the ellipsis stands for comes first
        letters = inputs.replace(",", "").replace(_DOTS, "")
        result = "".join(names) + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return f"{','.join(named)}->{result}"


def _without_repeats(e: Call, writer: Writer, own: str, operand: Expr) -> tuple[str, Expr]:
    """An operand with each letter once: of a letter that occurs twice the diagonal is taken, which becomes the last
    axis."""
    twice = next((c for c in own if own.count(c) > 1), None)
    if twice is None:
        return own, operand
    first = own.index(twice)
    second = own.index(twice, first + 1)
    on = diagonals(e, writer, operand, None, Const(first), Const(second))
    rest = own[:first] + own[first + 1 : second] + own[second + 1 :] + twice
    return _without_repeats(e, writer, rest, on)
