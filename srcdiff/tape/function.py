"""`Function`: an operation with a backward of the user's own."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..errors import GraphError
from . import modes
from .modes import Within
from .record import ABOUT, CODE, PLACE, About, Record, serial
from .recording import recorded
from .several import Bundle, result_record
from .tensor import Tensor, canonical, made, ndarray, plain
from .versions import check


class Context:
    """What `forward` leaves for `backward`: anything as attributes, tensors by `save_for_backward`."""

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self._saved: tuple[Any, ...] = ()
        self._record: Record | None = None
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (inputs, outputs, or others) for `backward`, where `saved_tensors` has them."""
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that were saved. Raises GraphError if one was changed in place since."""
        if self._record is not None:
            check(self._record)
        return self._saved

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Declare results that need no gradient."""
        self._constant = outputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` is given zeros (else None) for results that nothing depends on."""
        self._materialize = value


class _Back:
    """The pullback of one application of a Function."""

    def __init__(self, function: type[Function], ctx: Context, values: tuple[Any, ...], args: tuple[Any, ...]) -> None:
        self.function, self.ctx = function, ctx
        self.shapes = [(np.shape(v), getattr(v, "dtype", np.dtype(np.float64))) for v in values]
        self.like = [(a.shape, a.dtype) if type(a) is Tensor else None for a in args]
        self.places = tuple(k for k, a in enumerate(args) if type(a) is Tensor and a._node is not None)
        tensors = [k for k, a in enumerate(args) if type(a) is Tensor]
        places = tuple(tensors.index(k) for k in self.places)
        self.about = About(f"{function.__name__}Backward", self.again, places, len(tensors))

    def __call__(self, g: Bundle, saved: Any) -> Any:
        with Within("recording", False):
            found = self.run(g)
        parts = [None if f is None else f._v if type(f) is Tensor else f for f in found]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def again(self, g: Bundle, saved: Any) -> Any:
        found = self.run(g)
        return found[0] if len(found) == 1 else tuple(found)

    def run(self, g: Bundle) -> list[Any]:
        """The gradients of the inputs that need one."""
        grads = [self.gradient(g.parts.get(k), *like) for k, like in enumerate(self.shapes)]
        found = self.function.backward(self.ctx, *grads)
        results = list(found) if isinstance(found, tuple) else [found]
        expected = len(self.like)
        if len(results) > expected and all(r is None for r in results[expected:]):
            results = results[:expected]
        if len(results) != expected:
            raise GraphError(
                f"function {self.about.name} returned an incorrect number of gradients "
                f"(expected {expected}, got {len(results)})"
            )
        return [self.checked(results[k], k) for k in self.places]

    def gradient(self, g: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        if g is None:
            if not self.ctx._materialize:
                return None
            g = np.zeros(shape, dtype)
        if type(g) is Tensor:
            return g
        if np.shape(g) != shape:
            g = np.broadcast_to(g, shape)
        return made(canonical(g[()] if type(g) is ndarray and g.ndim == 0 else g))

    def checked(self, result: Any, place: int) -> Any:
        like = self.like[place]
        if result is None or like is None:
            return None
        if type(result) is not Tensor:
            result = made(canonical(result))
        if result.shape != like[0]:
            try:
                wide = np.broadcast_shapes(result.shape, like[0])
            except ValueError:
                wide = ()
            if wide not in (like[0], result.shape) or like[0] == ():
                raise GraphError(
                    f"function {self.about.name} returned an invalid gradient at index {place}: "
                    f"got {result.shape} but expected shape {like[0]}"
                )
            from .retracing import fit_again

            result = fit_again(result, like[0])
        return result


class Function:
    """An operation whose derivative the user writes: subclass it, with two static methods, and call `apply`.

    >>> from srcdiff import tape
    >>> class Cube(tape.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return grad_output * 3 * x * x
    >>> x = tape.tensor(2.0, requires_grad=True)
    >>> y = Cube.apply(x)
    >>> y.backward()
    >>> y, x.grad
    (tensor(8., grad_fn=<CubeBackward>), tensor(12.))
    """

    @staticmethod
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        """The value, of tensors and anything else; what it computes is not recorded."""
        raise NotImplementedError("a Function needs a static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each argument of `forward`, None for those that have none."""
        raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call `forward`, and record `backward` where an argument needs a gradient."""
        ctx = Context()
        ctx.needs_input_grad = tuple(type(a) is Tensor and a._node is not None for a in args)
        with Within("recording", False):
            found = cls.forward(ctx, *args)
        if not modes.thread.recording or not any(ctx.needs_input_grad):
            return found
        outputs = found if isinstance(found, tuple) else (found,)
        values = tuple(plain(o) for o in outputs)
        back = _Back(cls, ctx, values, args)
        parents = tuple(args[k]._node for k in back.places)
        saved = tuple(s._v for s in ctx._saved if type(s) is Tensor)
        record = recorded(back, parents[0] if len(parents) == 1 else parents, saved, values)
        assert record is not None
        ctx._record = record
        results = tuple(_output(o, ctx, args, record, k, back.about.name) for k, o in enumerate(outputs))
        ctx._saved = tuple(_recorded_one(s, outputs, results) for s in ctx._saved)
        return results if isinstance(found, tuple) else results[0]


def _output(o: Any, ctx: Context, args: tuple[Any, ...], record: Record, k: int, name: str) -> Any:
    if type(o) is not Tensor:
        return o
    if o.dtype.kind != "f" or any(o is c for c in ctx._constant):
        return o
    return made(o._v, result_record(record, k, name))


def _recorded_one(saved: Any, outputs: tuple[Any, ...], results: tuple[Any, ...]) -> Any:
    """A saved output with its record, for second derivatives; anything else as it is."""
    for o, r in zip(outputs, results, strict=True):
        if saved is o:
            return r
    return saved


def once_differentiable(backward: Any) -> Any:
    """Mark a `backward` (below `@staticmethod`) that cannot itself be differentiated: a second derivative through it is
    an error instead of a wrong number."""

    @functools.wraps(backward)
    def once(ctx: Any, *grads: Any) -> Any:
        recording = modes.thread.recording
        with Within("recording", False):
            found = backward(ctx, *grads)
        if not recording or ctx._record is None:
            return found
        where = (ctx._record[CODE], ctx._record[PLACE])
        results = tuple(
            made(r._v, [serial(), _refusing, ctx._record, (), *where]) if type(r) is Tensor else r
            for r in (found if isinstance(found, tuple) else (found,))
        )
        return results if isinstance(found, tuple) else results[0]

    return once


def _refusing(g: Any, saved: Any) -> Any:
    raise GraphError("trying to differentiate twice a function that was marked with @once_differentiable")


ABOUT[_refusing] = About("Error", _refusing)
