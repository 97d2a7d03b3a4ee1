"""`checkpoint`: what a function saves is thrown away, and computed again when the backward pass needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import GraphError
from . import creation
from .modes import Within, enable_grad, thread
from .record import BACK, SAVED, About, Record, about
from .sweep import Into, saved_tensors
from .tensor import Tensor, made


class _Run:
    """One run of a checkpointed function: its arguments, and the records whose saved values were thrown away."""

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.fn, self.kwargs = fn, kwargs
        self.args = tuple(made(a._v, a._node) if type(a) is Tensor else a for a in args)
        self.random = creation.generator().bit_generator.state
        self.records: list[Record] = []
        self.found: dict[int, Any] = {}

    def forget(self) -> None:
        """Throw away what the records have saved; the arguments stay, and stay checked for changes in place."""
        kept = tuple(a._v for a in self.args if type(a) is Tensor)
        for k, record in enumerate(self.records):
            if record[SAVED] and type(record[2]) is not Into:  # a part has saved no more than where it lies
                record[BACK], record[SAVED] = _Again(self, k, record), (self, *kept)

    def saved(self, k: int) -> Any:
        """What record `k` had saved: the function runs once more, for all records that the sweep will come to."""
        if k not in self.found:
            again: list[Record] = []
            random = creation.generator().bit_generator
            state, random.state = random.state, self.random
            try:
                with enable_grad(), Within("listener", again.append):
                    self.fn(*self.args, **self.kwargs)
            finally:
                random.state = state
            if len(again) != len(self.records):
                raise GraphError(
                    f"checkpoint: the function recorded {len(self.records)} operations when it was called, and "
                    f"{len(again)} when it ran again; it has to do the same each time"
                )
            self.found = {j: record[SAVED] for j, record in enumerate(again)}
        return self.found.pop(k)


class _Again:
    """The pullback of a record whose saved values are computed when it is called."""

    __slots__ = ("about", "back", "inner", "k", "operands", "record", "run")

    def __init__(self, run: _Run, k: int, record: Record) -> None:
        known = about(record)
        self.run, self.k, self.back, self.inner = run, k, record[BACK], known.again
        self.operands, self.record = known.operands, record
        self.about = About(known.name, self.again if known.again else None, known.places, known.count)

    def __call__(self, g: Any, saved: Any) -> Any:
        return self.back(g, self.run.saved(self.k))

    def again(self, g: Any, saved: Any) -> Any:
        """The same on tensors."""
        assert self.inner is not None
        return self.inner(g, saved_tensors(self.record, self.operands, self.run.saved(self.k)))


def checkpoint(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`fn(*args, **kwargs)`, whose intermediate values are not kept for the backward pass but computed again there.

    `fn` has to do the same each time; random numbers of `rand` and `randn` are the same again.

    >>> from srcdiff import tape
    >>> x = tape.tensor([1.0, 2.0], requires_grad=True)
    >>> tape.checkpoint(lambda v: (v.exp() * v).sum(), x).backward()
    >>> x.grad
    tensor([ 5.4366, 22.1672])
    """
    if not thread.recording:
        return fn(*args, **kwargs)
    run = _Run(fn, args, kwargs)
    with Within("listener", run.records.append):
        found = fn(*run.args, **kwargs)
    run.forget()
    return found
