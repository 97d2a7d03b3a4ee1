"""`lib`: the tape, and torch where it is installed. A test that takes it says what both have to do."""

from types import SimpleNamespace

import pytest

from srcdiff import optim, tape


def of_tape():
    return SimpleNamespace(
        **{name: getattr(tape, name) for name in tape.__all__},
        name="tape",
        F=tape.functional,
        optim=optim,
    )


def of_torch():
    torch = pytest.importorskip("torch", reason="the comparison with torch runs where torch is installed")
    import torch.utils.checkpoint as checkpoint

    torch.set_default_dtype(torch.float64)
    autograd = torch.autograd
    own = {
        "backward": autograd.backward,
        "grad": autograd.grad,
        "Function": autograd.Function,
        "once_differentiable": autograd.function.once_differentiable,
        "gradcheck": autograd.gradcheck,
        "detect_anomaly": autograd.detect_anomaly,
        "checkpoint": lambda f, *args: checkpoint.checkpoint(f, *args, use_reentrant=False),
    }
    names = [n for n in tape.__all__ if n not in own and hasattr(torch, n)]
    return SimpleNamespace(
        **{n: getattr(torch, n) for n in names}, **own, name="torch", F=torch.nn.functional, optim=torch.optim
    )


@pytest.fixture(params=["tape", "torch"])
def lib(request):
    return of_tape() if request.param == "tape" else of_torch()
