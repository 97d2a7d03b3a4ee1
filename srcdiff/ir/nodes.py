"""The whole intermediate language on one page.

A program is structured (no control-flow graph, no SSA): a `Function` holds statements, statements hold blocks and
expressions. Nodes are frozen and compare by content; where they came from (`at`, `origin`) does not take part in the
comparison. Every operator, builtin, ufunc and method is a `Call` of the real object: `a + b` is
`Call(Object(operator.add), (a, b))`, `x.sum()` is `Call(Object(numpy.ndarray.sum), (x,))` once types are known.
`mentions` are the variables that occur in an expression, and `parts` is all that it is made of: kept by `walk` for the
next who asks.

Two levels use the same nodes:

* *raw*, as the frontend delivers it: everything below may occur;
* *core*, after `normalise`: no `Attr`, `Continue`, `With`, `Try`, loop `orelse` or keyword arguments to user
  functions; a `For` runs over `range`; `Return` is the last statement only; the target of an `Assign` is a `Name`, an
  `Item`, or a tuple `Display` of names whose value is a tuple `Display` of equal length (a simultaneous assignment) or
  the `Call` of a function with several results, none of which the call itself reads: `w, V = np.linalg.eigh(A)`.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, NamedTuple

from .frozen import frozen
from .types import Form


class Span(NamedTuple):
    """A range of source text: 1-based lines, 0-based columns, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@frozen
class Origin:
    """The statement of the user's program that a statement stands for."""

    file: str
    span: Span
    text: str  # the statement's first line, or all of it where it is simple, without indentation


@frozen
class Kept(Origin):
    """The origin of a generated statement that keeps, for the reverse sweep, what that statement has computed."""

    @staticmethod
    def of(origin: Origin | None) -> Kept | None:
        return None if origin is None else Kept(origin.file, origin.span, origin.text)


# ---------------------------------------------------------------------------------------------------- expressions


@frozen
class Name:
    """A local variable."""

    id: str
    at: Span | None = field(default=None, compare=False, repr=False)


@frozen
class Const:
    """A literal: int, float, bool, str, None or Ellipsis. `1`, `1.0` and `True` are different constants."""

    value: Any
    at: Span | None = field(default=None, compare=False, repr=False)

    def _key(self) -> tuple[type, str]:
        return type(self.value), repr(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


@frozen
class Object:
    """A Python object known when the derivative is built (function, module, dtype, captured number or array).

    `text` is how the user's program spells it, for messages and for printing.
    """

    value: Any
    text: str
    at: Span | None = field(default=None, compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Object) and self.value is other.value

    def __hash__(self) -> int:
        return hash(id(self.value))


@frozen
class Attr:
    """`base.name` where `base` is not a static object. Raw level only."""

    base: Expr
    name: str
    at: Span | None = field(default=None, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


@frozen
class Call:
    """`func(*args, **kwargs)`; operators are calls of the functions of `operator`."""

    func: Expr
    args: tuple[Expr, ...]
    kwargs: tuple[tuple[str, Expr], ...] = ()
    at: Span | None = field(default=None, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


@frozen
class Item:
    """`base[index]`; several indices are a tuple `Display`."""

    base: Expr
    index: Expr
    at: Span | None = field(default=None, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


@frozen
class Slice:
    """`lower:upper:step` inside an index. `within` says that a check ahead of it has seen that the bounds are places
    in the axis."""

    lower: Expr | None
    upper: Expr | None
    step: Expr | None
    at: Span | None = field(default=None, compare=False, repr=False)
    within: bool = field(default=False, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


@frozen
class Display:
    """A structure written out. `kind` is "tuple", "list", or one that occurs at the raw level only: "dict" (its items
    are pairs, or a starred dict) and "starred" (of one item, inside another display or among the arguments of a call).

    While a program is made core, `form` says what a structure is besides a tuple ("record" where it is no sequence),
    and `home` which variable holds it, if it is one that is changed in place. `view_of` is the variable of a dict whose
    keys, values or items these are, as they are at any time.
    """

    kind: str
    items: tuple[Expr, ...]
    at: Span | None = field(default=None, compare=False, repr=False)
    form: Form | None = None
    home: str | None = None
    view_of: str | None = field(default=None, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


@frozen
class Choice:
    """`then if test else other`: only one side is evaluated."""

    test: Expr
    then: Expr
    other: Expr
    at: Span | None = field(default=None, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


@frozen
class Logic:
    """`a and b and ...` or `a or b or ...` (`op` is "and" or "or"), evaluated from the left as far as needed.

    A chained comparison `a < b < c` is `Logic("and", (a < b, b < c))`.
    """

    op: str
    values: tuple[Expr, ...]
    at: Span | None = field(default=None, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


@frozen
class Closure:
    """A function defined inside another one, or a lambda. Raw level only.

    `free` are the variables of the functions around it that it reads, `nonlocals` those that it binds; `defaults` are
    evaluated where it is defined.
    """

    function: Function
    free: tuple[str, ...]
    nonlocals: tuple[str, ...]
    defaults: tuple[tuple[str, Expr], ...]
    at: Span | None = field(default=None, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


@frozen
class Clause:
    """`for target in iter if condition if ...` of a comprehension. The names it binds are nobody else's."""

    target: Expr
    iter: Expr
    conditions: tuple[Expr, ...]


@frozen
class Comprehension:
    """`[element for ...]`: `kind` is "list", "generator" or "dict" (whose element is a pair). Raw level only."""

    kind: str
    element: Expr
    clauses: tuple[Clause, ...]
    at: Span | None = field(default=None, compare=False, repr=False)
    mentions: tuple[str, ...] | None = field(default=None, init=False, compare=False, repr=False)
    parts: tuple[Expr, ...] | None = field(default=None, init=False, compare=False, repr=False)


Expr = Name | Const | Object | Attr | Call | Item | Slice | Display | Choice | Logic | Closure | Comprehension


# ----------------------------------------------------------------------------------------------------- statements


@frozen
class Assign:
    """`target = value`; the target is a `Name`, an `Item` (a write in place) or a tuple `Display` of targets."""

    target: Expr
    value: Expr
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class Update:
    """`target op= value`; `op` is the binary function of `operator` (`operator.add` for `+=`)."""

    target: Expr
    op: Object
    value: Expr
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class Effect:
    """An expression evaluated for what it does (`tape.append(x)`)."""

    value: Expr
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class If:
    test: Expr
    body: Block
    orelse: Block = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class For:
    """`for target in iter: body` with `else: orelse`."""

    target: Expr
    iter: Expr
    body: Block
    orelse: Block = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class While:
    test: Expr
    body: Block
    orelse: Block = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class Break:
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class Continue:
    """Raw level only."""

    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class Return:
    value: Expr | None
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class Raise:
    """`raise value from cause`; without a value inside a handler, the exception that is being handled."""

    value: Expr | None
    cause: Expr | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


@frozen
class With:
    """`with context as target: body`. Raw level only."""

    context: Expr
    target: Expr | None
    body: Block
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


class Handler(NamedTuple):
    """`except classes as name: body`; without classes it takes every exception."""

    classes: Expr | None
    name: str | None
    body: Block
    origin: Origin | None


@frozen
class Try:
    """`try: body; except ...; else: orelse; finally: final`. Raw level only."""

    body: Block
    handlers: tuple[Handler, ...]
    orelse: Block = ()
    final: Block = ()
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


FORWARD, REVERSE = "forward sweep", "reverse sweep"  # the comments that head the parts of a derivative
TRIP = "reverse sweep of this trip"  # the one that heads the second part of a loop that is both


@frozen
class Comment:
    """A comment line in generated code; a `blank` line stands before it."""

    text: str
    blank: bool = False
    origin: Origin | None = field(default=None, compare=False, repr=False)
    adjoint_of: Origin | None = field(default=None, compare=False, repr=False)


Stmt = Assign | Update | Effect | If | For | While | Break | Continue | Return | Raise | With | Try | Comment
Block = tuple[Stmt, ...]


# ------------------------------------------------------------------------------------------------------ functions


@frozen
class Param:
    """A parameter; `default` is the value itself, wrapped, or None where there is no default. `kind` is "*" or "**" for
    those that take what is left over, "keyword" for one that is given by name only."""

    name: str
    default: Object | None = None
    kind: str = ""


@frozen
class Function:
    name: str
    params: tuple[Param, ...]
    body: Block
    doc: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)
