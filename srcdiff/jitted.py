"""A derivative that other `numba.njit` code can call: written anew for every combination of Numba types it meets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .backend import load, render_module
from .build import check_compiled
from .compiled import compiled, numba_module, process_mark
from .errors import BadArgument, SharedMemory
from .ir.nodes import Assign, Call, Const, Display, Effect, Expr, Function, Item, Name, Object, Param, Return, Stmt
from .ir.types import BOOL, FLOAT, Dim, Held, Num, Static, Tup, Type, describe
from .ir.walk import Fresh
from .jit_options import Jit
from .signature import COMPLEX_HINT, fitted, type_of
from .subject import function_of, identifier, plain_params

if TYPE_CHECKING:
    from .derivative import Derivative


def jitted(derivative: Derivative) -> Any:
    """A Numba dispatcher with the derivative's parameters and result. Arrays that the function captures are constants
    of the compiled code, as Numba has it."""
    names = list(derivative.signature.parameters)

    def written_for(types: tuple[Any, ...]) -> Any:
        return _Caller(derivative, names, types).function()

    name = f"{identifier(derivative)}_{derivative.options.kind}"
    return dispatcher_by_types(name, names, plain_params(derivative), derivative, written_for)


def jitted_by_types(owner: Any, written_for: Callable[[list[Type]], Any]) -> Any:
    """A Numba dispatcher that runs the function that `written_for` gives for the types of the arguments."""
    names = list(owner.signature.parameters)

    def implementation(types: tuple[Any, ...]) -> Any:
        return written_for([from_numba(t, n) for t, n in zip(types, names, strict=True)])

    return dispatcher_by_types(f"{identifier(owner)}_{owner.kind}", names, plain_params(owner), owner, implementation)


def dispatcher_by_types(
    name: str, names: list[str], params: tuple[Param, ...], owner: Any, written_for: Callable[[tuple[Any, ...]], Any]
) -> Any:
    """A Numba dispatcher that runs the function that `written_for` gives for the Numba types of the arguments. Where
    compilation is turned off it is the owner itself, since whoever calls it is plain Python."""
    numba = numba_module()
    if numba.config.DISABLE_JIT:
        return owner
    plain = tuple(map(Param, names))
    # What the stub returns makes it one of a kind: two derivatives never share a function object, nor an overload.
    stub = function_of(f"{name}_stub", plain, Object(owner, "derivative"))

    def implement(*types: Any) -> Any:
        return written_for(types)

    # Numba wants the overload to have the stub's own parameters.
    call = Call(Object(implement, "implement"), tuple(map(Name, names)))
    overload = numba.extending.overload(stub, jit_options={"error_model": "numpy"})
    overload(function_of("implement_for", plain, call))
    mark = Effect(Call(Object(process_mark(), "of_this_process"), ()))
    own = Function(name, params, (mark, Return(Call(Object(stub, "stub"), tuple(map(Name, names))))))
    dispatcher = numba.njit(error_model="numpy")(load(render_module([own]), name).functions[name])
    dispatcher.derivative = owner  # what stands for it where srcdiff meets it
    return dispatcher


class _Caller:
    """The function that compiled code calls for arguments of certain Numba types: it makes them fit and calls the
    generated function."""

    def __init__(self, derivative: Derivative, names: list[str], types: tuple[Any, ...]) -> None:
        self.derivative, self.names = derivative, names
        self.given: list[tuple[Expr, Type]] = []  # the arguments item by item, as the caller gives them
        self.args: list[Expr] = []  # and as the generated function takes them
        found = {n: from_numba(t, n) for t, n in zip(types, names, strict=True)}
        self.wrt = {n: t for n, t in found.items() if n in derivative.wrt}
        own, tangents = derivative.apart(names)
        fit = [self.taken(Name(n), found[n]) for n in own]
        self.built = derivative.built_for_types(fit, compiled=True)
        check_compiled(self.built, derivative.function.__name__, derivative.checked)
        for name, array in self.built.captured:
            value = fitted(array, name, False)
            self.given.append((Object(value, name), type_of(value, name)))
            self.args.append(Object(value, name))
        self.args.extend(map(Name, tangents))

    def taken(self, e: Expr, type_: Type) -> Type:
        """Note an argument: tuples item by item, what `wrt` selects as floats."""
        if isinstance(type_, Tup):
            return Tup(tuple(self.taken(Item(e, Const(k)), t) for k, t in enumerate(type_.items)))
        self.given.append((e, type_))
        if isinstance(e, Name) and e.id in self.derivative.wrt:
            if not isinstance(type_, Num) or type_.dtype == "bool":
                raise BadArgument(f"`{e.id}` is {describe(type_)}: it has no derivative; leave it out of wrt")
            if type_.is_complex:
                raise BadArgument(f"`{e.id}` is complex; {COMPLEX_HINT}")
            if not type_.is_float:
                e, type_ = _as_float(e, type_)
        self.args.append(e)
        return type_

    def function(self) -> Any:
        whole = Name(Fresh(set(self.names))("result"))
        checked = self.derivative.checked and not self.built.inside
        inner = compiled(self.built.plain, self.derivative.options.jit or Jit(), checked)
        call = Assign(whole, Call(Object(inner, "derivative"), tuple(self.args)))
        name = f"{identifier(self.derivative)}_call"
        body = (*self.checks(), call, Return(self.result(whole)))
        return load(render_module([Function(name, tuple(map(Param, self.names)), body)]), name).functions[name]

    def result(self, whole: Expr) -> Expr:
        """What the derivative returns, of what the generated function returns: gradients in their arguments' dtype."""
        kind, single = self.derivative.options.kind, self.derivative.single
        if kind in ("jvp", "tangent", "tangents", "adjoints"):
            return whole
        aux = kind == "grad" and self.derivative.options.has_aux
        gradient = Item(whole, Const(0)) if aux else whole
        first = 0 if kind == "grad" else 1
        count = len(self.derivative.wrt)
        alone = single and kind == "grad"
        parts = [gradient] if alone else [Item(gradient, Const(first + k)) for k in range(count)]
        parts = [_narrowed(part, self.wrt[n]) for part, n in zip(parts, self.derivative.wrt, strict=True)]
        done: Expr = parts[0] if single else Display("tuple", tuple(parts))
        if kind == "grad":
            return Display("tuple", (done, Item(whole, Const(1)))) if aux else done
        return Display("tuple", (Item(whole, Const(0)), done))

    def checks(self) -> list[Stmt]:
        """Arguments that the function writes, held against all others: memory that two of them share is refused."""
        arrays = [k for k, (_, t) in enumerate(self.given) if isinstance(t, Num) and t.ndim]
        pairs = {(min(i, j), max(i, j)) for i in self.built.written for j in arrays if i != j and i in arrays}
        if not pairs:
            return []
        check = Object(_check_apart(self.derivative.function.__name__), "check_apart")
        return [Effect(Call(check, (self.given[i][0], self.given[j][0]))) for i, j in sorted(pairs)]


def _as_float(e: Expr, type_: Num) -> tuple[Expr, Num]:
    """A whole number, or an array of them, as the real numbers they are."""
    if type_.ndim == 0:
        return Call(Object(float, "float"), (e,)), FLOAT
    floats = Call(Object(np.ndarray.astype, "astype"), (e, Object(np.float64, "np.float64")))
    return floats, Num("float64", type_.ndim, type_.shape, contiguous=type_.contiguous)


def _narrowed(gradient: Expr, type_: Type) -> Expr:
    """The gradient of a float32 argument as float32, whatever it was computed in."""
    if not isinstance(type_, Num) or type_.dtype != "float32":
        return gradient
    float32 = Object(np.float32, "np.float32")
    if type_.ndim == 0:
        return Call(float32, (gradient,))
    return Call(Object(np.ndarray.astype, "astype"), (gradient, float32))


def _check_apart(name: str) -> Any:
    """Compiled code that raises SharedMemory where two arrays may have an element in common.

    Array elements lie at the array's first byte plus multiples of the greatest common divisor of all strides; two
    arrays whose ranges of bytes meet are apart if no element of one can start within an element of the other.
    """
    numba = numba_module()
    message = f"{name} writes into an argument that shares memory with another one in this call; pass a copy of it"

    def reach(a: Any) -> Any:
        first = last = np.int64(a.ctypes.data)
        divisor = 0
        for axis in range(a.ndim):
            if a.shape[axis] > 1:
                step = (a.shape[axis] - 1) * a.strides[axis]
                first += min(step, 0)
                last += max(step, 0)
                divisor = math.gcd(divisor, abs(a.strides[axis]))
        return first, last, divisor

    reached = numba.njit(reach)

    def check_apart(a: Any, b: Any) -> None:
        if a.size == 0 or b.size == 0:
            return
        a_first, a_last, a_divisor = reached(a)
        b_first, b_last, b_divisor = reached(b)
        if a_last + a.itemsize <= b_first or b_last + b.itemsize <= a_first:
            return
        divisor = math.gcd(a_divisor, b_divisor)
        if divisor:
            distance = (b_first - a_first) % divisor
            if distance >= a.itemsize and divisor - distance >= b.itemsize:
                return
        raise SharedMemory(message)

    return numba.njit(check_apart)


def from_numba(type_: Any, name: str) -> Type:
    """What a Numba type says of an argument. Raises BadArgument for what a derivative does not take."""
    numba = numba_module()
    nt = numba.core.types
    if isinstance(type_, nt.StringLiteral):
        return Static(type_.literal_value)
    if isinstance(type_, nt.UnicodeType):  # with an error of Numba's own, Numba tries again with the literal
        raise numba.core.errors.TypingError(
            f"`{name}` is a string that is not known when this is compiled; write it out"
        )
    type_ = getattr(type_, "literal_type", type_)
    if isinstance(type_, nt.Omitted):
        return type_of(type_.value, name)
    if isinstance(type_, nt.Boolean):
        return BOOL
    if isinstance(type_, nt.Integer):
        return Num("int64", value=Dim(("argument", name)))
    if isinstance(type_, nt.Float | nt.Complex):
        return Num(str(type_))
    if isinstance(type_, nt.Array):
        dtype = from_numba(type_.dtype, name)
        if isinstance(dtype, Num):
            shape = tuple(Dim(("argument", name, axis)) for axis in range(type_.ndim))
            return Num(dtype.dtype, type_.ndim, shape, contiguous=type_.layout == "C", boxed=type_.ndim == 0)
    if isinstance(type_, nt.BaseTuple) and not isinstance(type_, nt.BaseNamedTuple):
        return Tup(tuple(from_numba(t, f"{name}_{k}") for k, t in enumerate(type_)))
    if isinstance(type_, nt.NoneType):
        return Static(None)
    if isinstance(type_, nt.NumPyRandomGeneratorType):
        return Held(np.random.Generator)
    raise BadArgument(f"`{name}` is a {type_} and is not supported as an argument; pass a float or an array of floats")
