"""Optimisers with torch's names and update formulas, for the tensors of `srcdiff.tape`. Anything beyond is SciPy's.

>>> from srcdiff import optim, tape
>>> x = tape.tensor([5.0, -3.0], requires_grad=True)
>>> optimizer = optim.SGD([x], lr=0.1)
>>> for _ in range(100):
...     optimizer.zero_grad()
...     loss = (x * x).sum()
...     loss.backward()
...     optimizer.step()
>>> loss.item() < 1e-12
True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .errors import BadArgument
from .tape import Tensor, enable_grad, kernels, zeros_like
from .tape.tensor import boxed
from .tape.versions import changed

Params = Iterable[Tensor] | Iterable[dict[str, Any]]


class Optimizer:
    """What the optimisers share: groups of parameters with their settings, and the state of each parameter.

    `param_groups` is a list of dicts, each with "params" and the settings; `state` has a dict for each parameter.
    """

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError("params has to be an iterable of tensors, or of dicts; it is one tensor")
        self.defaults = defaults
        self.state: dict[Tensor, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        given = list(params)
        if not given:
            raise ValueError("optimizer got an empty parameter list")
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        for group in groups:
            assert isinstance(group, dict)
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with settings of their own; what is not set is as for the others."""
        tensors = param_group["params"]
        group = {**self.defaults, **param_group, "params": [tensors] if isinstance(tensors, Tensor) else list(tensors)}
        known = {id(p) for g in self.param_groups for p in g["params"]}
        for p in group["params"]:
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError("can't optimize a non-leaf Tensor")
            if id(p) in known:
                raise ValueError("some parameters appear in more than one parameter group")
            known.add(id(p))
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with `set_to_none=False` set them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None or set_to_none:
                    p.grad = None
                else:
                    p.grad = zeros_like(p)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters by one step, in place. `closure` computes the loss anew, and its value is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    value = boxed(p)
                    changed(p, f"{type(self).__name__}.step", None)
                    self._update(p, value, np.asarray(p.grad._v, value.dtype), group)
        return loss

    def _update(self, p: Tensor, value: Any, g: Any, group: dict[str, Any]) -> None:
        """Change the array of a parameter in place, given its gradient."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """The settings and the state of all parameters, which are numbered: arrays are copies."""
        numbers = {id(p): k for k, p in enumerate(p for g in self.param_groups for p in g["params"])}
        groups = [{**g, "params": [numbers[id(p)] for p in g["params"]]} for g in self.param_groups]
        state = {numbers[id(p)]: {k: _copied(v) for k, v in s.items()} for p, s in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` of an optimiser with the same parameters returned."""
        groups = state_dict["param_groups"]
        if [len(g["params"]) for g in groups] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError("loaded state dict has parameter groups of other sizes")
        params = [p for g in self.param_groups for p in g["params"]]
        for own, given in zip(self.param_groups, groups, strict=True):
            own.update({k: v for k, v in given.items() if k != "params"})
        self.state = {params[k]: {n: _copied(v) for n, v in s.items()} for k, s in state_dict["state"].items()}

    def __repr__(self) -> str:
        rows = [f"{type(self).__name__} ("]
        for k, group in enumerate(self.param_groups):
            rows.append(f"Parameter Group {k}")
            rows += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*rows, ")"])


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _check(name: str, value: float, below: float = math.inf) -> None:
    if not 0.0 <= value < below:
        raise BadArgument(f"invalid {name}: {value}")


class SGD(Optimizer):
    """Gradient descent, with momentum: `b = momentum b + g`, `p = p - lr b`, or Nesterov's `p - lr (g + momentum b)`.

    `weight_decay` adds `weight_decay p` to the gradient. The first step with momentum has `b = g`, as in torch.
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        _check("learning rate", lr)
        _check("momentum value", momentum)
        _check("weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "nesterov": nesterov, "maximize": maximize})

    def _update(self, p: Tensor, value: Any, g: Any, group: dict[str, Any]) -> None:
        lr, momentum, dampening = group["lr"], group["momentum"], group["dampening"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * value
        if not momentum:
            value -= lr * g
            return
        state = self.state.setdefault(p, {})
        buffer = state.get("momentum_buffer")
        if buffer is None:
            state["momentum_buffer"] = buffer = np.array(g)
            value -= lr * (g + momentum * buffer if group["nesterov"] else buffer)
        elif dampening:
            buffer *= momentum
            buffer += (1.0 - dampening) * g
            value -= lr * buffer
        else:
            kernels.sgd(value, g, buffer, lr, momentum, group["nesterov"])


class Adam(Optimizer):
    """Adam: running means of the gradient and of its square, each divided by `1 - beta ** t`.

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015. `weight_decay` adds `weight_decay p` to the
    gradient; `amsgrad` divides by the largest of the second means so far.
    """

    decoupled = False

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        _check("learning rate", lr)
        _check("epsilon value", eps)
        _check("beta parameter at index 0", betas[0], 1.0)
        _check("beta parameter at index 1", betas[1], 1.0)
        _check("weight_decay value", weight_decay)
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "amsgrad": amsgrad, "maximize": maximize})

    def _update(self, p: Tensor, value: Any, g: Any, group: dict[str, Any]) -> None:
        lr, (beta1, beta2), eps, decay = group["lr"], group["betas"], group["eps"], group["weight_decay"]
        if group["maximize"]:
            g = -g
        if decay and self.decoupled:
            value *= 1.0 - lr * decay
        elif decay:
            g = g + decay * value
        state = self.state.setdefault(p, {})
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(value), exp_avg_sq=np.zeros_like(value))
        state["step"] += 1
        step_size = lr / (1.0 - beta1 ** state["step"])
        root2 = math.sqrt(1.0 - beta2 ** state["step"])
        m, v = state["exp_avg"], state["exp_avg_sq"]
        if not group["amsgrad"]:
            kernels.adam(value, g, m, v, beta1, beta2, step_size, root2, eps)
            return
        m += (1.0 - beta1) * (g - m)
        v *= beta2
        v += (1.0 - beta2) * (g * g)
        largest = state.setdefault("max_exp_avg_sq", np.zeros_like(v))
        np.maximum(largest, v, out=largest)
        value -= step_size * (m / (np.sqrt(largest) / root2 + eps))


class AdamW(Adam):
    """Adam with the weight decay apart from the gradient: `p = p (1 - lr weight_decay)` before the step.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019.
    """

    decoupled = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
