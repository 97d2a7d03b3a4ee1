"""What a call of a derivative runs. In: a derivative of some kind, and the arguments of a call. Out: a `Called`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..derivative import Derivative
from ..errors import BadArgument
from ..learning import copied
from ..pushforward import Pushforward
from ..ready import Ready
from ..signature import duplicated
from ..vjp import Pullback


@dataclass(frozen=True)
class Called:
    """A call of a derivative: the function's own arguments, and what generated code takes after them."""

    title: str
    derivative: Derivative
    args: tuple[Any, ...]
    more: tuple[Any, ...] = ()
    captured: tuple[Any, ...] | None = None  # where they are not the ones that the function captures now

    def ready(self) -> Ready:
        """What runs, written and compiled."""
        return self.derivative.ready(self.args, self.more)

    def run(self, ready: Ready, function: Callable[..., Any]) -> Any:
        """What `function` returns in the place of the generated one. Generators draw the same in every run, and what is
        taken after the arguments is copied: generated code may write into it."""
        captured = ready.extra() if self.captured is None else self.captured
        return self.derivative.run(
            replace(ready, call=function), duplicated(self.args), (*captured, *map(copied, self.more))
        )


def called_by(derivative: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Called:
    """Raises BadArgument for what is no derivative that a profile can be made of."""
    behind = getattr(derivative, "derivative", None)  # of the dispatcher that `jitted` gives
    derivative = behind if isinstance(behind, Derivative) else derivative
    title = repr(derivative).strip("<>")
    if isinstance(derivative, Pullback):
        return Called(title, *derivative.call_of(*args, **kwargs))
    if isinstance(derivative, Derivative):
        whole = derivative.by_position(tuple(args), dict(kwargs))
        own, tangents = derivative.apart(whole)
        if isinstance(derivative, Pushforward):
            tangents = list(derivative.fitted(own, tangents))
        return Called(title, derivative, tuple(own), tuple(tangents))
    raise BadArgument(
        f"{derivative!r} has no profile; profile takes what srcdiff.grad, value_and_grad, jvp, hvp and grad_and_hvp "
        f"give, and a pullback. What a Jacobian or Hessian runs for many directions at once, these run for one: "
        f"profile srcdiff.jvp(f), a pullback of srcdiff.vjp(f, ...), or srcdiff.hvp(f)"
    )
