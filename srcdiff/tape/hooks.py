"""Functions of the user's that are called with a gradient when the sweep has it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from ..errors import GraphError
from .record import BACK, Record, about
from .tensor import State, Tensor, canonical, made, methods, state_of

_numbers = itertools.count().__next__
Hook = Callable[[Tensor], Any]


class Handle:
    """What `register_hook` returns: `remove()` takes the hook away again."""

    def __init__(self, hooks: dict[int, Hook], number: int) -> None:
        self._hooks, self._number = hooks, number

    def remove(self) -> None:
        """Take the hook away; once is enough."""
        self._hooks.pop(self._number, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


class Hooked:
    """The pullback of a record with hooks on its result."""

    __slots__ = ("about", "back", "hooks", "state")

    def __init__(self, record: Record, state: State) -> None:
        self.back, self.about, self.state = record[BACK], about(record), state
        self.hooks: dict[int, Hook] = {}

    def run(self, g: Any) -> Any:
        """The gradient after the hooks; it is kept where the tensor retains it."""
        g = run_hooks(self.hooks, g, self.state)
        if self.state.retains:
            kept = g if type(g) is Tensor else made(canonical(_full(g, self.state)))
            self.state.grad = kept if self.state.grad is None else self.state.grad + kept
        return g

    def __call__(self, g: Any, saved: Any) -> Any:
        return self.back(self.run(g), saved)


def _full(g: Any, state: State) -> Any:
    """A copy of a gradient with the shape and dtype of its tensor."""
    import numpy as np

    if not state.shape:
        return state.dtype.type(g)
    return np.array(np.broadcast_to(g, state.shape), state.dtype)


def run_hooks(hooks: dict[int, Hook], g: Any, state: State) -> Any:
    """Call the hooks in turn; what one returns takes the gradient's place."""
    from .modes import Within, is_grad_enabled

    recorded = type(g) is Tensor
    for hook in list(hooks.values()):
        given = g if type(g) is Tensor else made(canonical(_full(g, state)))
        if recorded or not is_grad_enabled():
            found = hook(given)
        else:
            with Within("recording", False):
                found = hook(given)
        if found is None:
            continue
        if type(found) is not Tensor:
            raise TypeError(f"a hook returned {type(found).__name__}: it has to return None or a Tensor")
        if found.shape != given.shape:
            raise GraphError(f"a hook changed the shape of a gradient from {given.shape} to {found.shape}")
        g = found if recorded else found._v
    return g


def _hooks_of(t: Tensor) -> dict[int, Hook]:
    record = t._node
    state = state_of(t)
    if record is None:
        raise GraphError("cannot register a hook on a tensor that doesn't require gradient")
    if record[BACK] is None:
        if state.hooks is None:
            state.hooks = {}
        return state.hooks
    if type(record[BACK]) is not Hooked:
        state.shape, state.dtype = t.shape, t.dtype
        record[BACK] = Hooked(record, state)
    hooked: Hooked = record[BACK]
    return hooked.hooks


def register_hook(self: Tensor, hook: Hook) -> Handle:
    """Call `hook(grad)` with the gradient of this tensor, each time one is computed; what it returns, if not None, is
    used in its place. Returns a handle with `remove()`.

    >>> from srcdiff import tape
    >>> x = tape.tensor(3.0, requires_grad=True)
    >>> handle = x.register_hook(lambda g: 2 * g)
    >>> (x * x).backward()
    >>> x.grad
    tensor(12.)
    """
    if not callable(hook):
        raise TypeError("a hook has to be callable")
    hooks, number = _hooks_of(self), _numbers()
    hooks[number] = hook
    return Handle(hooks, number)


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this tensor in `.grad` though it is no leaf."""
    if self._node is None:
        raise GraphError("can't retain_grad on a tensor that has requires_grad=False")
    if self._node[BACK] is not None:
        _hooks_of(self)
        state_of(self).retains = True


def retains_grad(self: Tensor) -> bool:
    """Whether the gradient of a tensor that is no leaf is kept."""
    return self._state is not None and self._state.retains


methods(register_hook=register_hook, retain_grad=retain_grad, retains_grad=property(retains_grad))
