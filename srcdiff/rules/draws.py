"""Random draws: which calls they are, and how their arguments are named.

A draw is an effect on its generator (`effects`) and its result is a constant. Where a location or a scale may carry a
derivative the draw is written in terms of the standard one (`reparameterised`), of which the arguments are constants.

This module is imported when `numpy.random` is in use. It knows the methods of `Generator`, those of the older
`RandomState`, and the functions of `numpy.random`, which are methods of one `RandomState` that all share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..runtime import duplicate
from .effects import effect

FIX = (
    "no exact derivative of such a draw is written: pass a constant (srcdiff.stop_gradient), or transform a standard "
    "draw yourself, as in mean + np.linalg.cholesky(cov) @ rng.standard_normal(n)"
)

# The parameters of each draw, as far as all owners have them. What follows `size` is given by name only.
_FLOATS = {
    "beta": "a b size",
    "chisquare": "df size",
    "dirichlet": "alpha size",
    "exponential": "scale size",
    "f": "dfnum dfden size",
    "gamma": "shape scale size",
    "gumbel": "loc scale size",
    "laplace": "loc scale size",
    "logistic": "loc scale size",
    "lognormal": "mean sigma size",
    "multivariate_normal": "mean cov size",
    "noncentral_chisquare": "df nonc size",
    "noncentral_f": "dfnum dfden nonc size",
    "normal": "loc scale size",
    "pareto": "a size",
    "power": "a size",
    "rand": "",
    "randn": "",
    "random": "size",
    "random_sample": "size",
    "ranf": "size",
    "rayleigh": "scale size",
    "sample": "size",
    "standard_cauchy": "size",
    "standard_exponential": "size",
    "standard_gamma": "shape size",
    "standard_normal": "size",
    "standard_t": "df size",
    "triangular": "left mode right size",
    "uniform": "low high size",
    "vonmises": "mu kappa size",
    "wald": "mean scale size",
    "weibull": "a size",
}
_INTEGERS = {
    "binomial": "n p size",
    "choice": "a size replace p",
    "geometric": "p size",
    "hypergeometric": "ngood nbad nsample size",
    "integers": "low high size",
    "logseries": "p size",
    "multinomial": "n pvals size",
    "negative_binomial": "n p size",
    "permutation": "x",
    "poisson": "lam size",
    "randint": "low high size",
    "zipf": "a size",
}
_BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")


@dataclass(frozen=True)
class Draw:
    """One function that draws. `owner` is a class of generators, or the module; `names` are its parameters without
    the generator."""

    name: str
    owner: Any
    names: tuple[str, ...]
    is_float: bool

    @property
    def is_method(self) -> bool:
        return self.owner is not np.random

    def sibling(self, name: str) -> Any:
        """The function of this name that draws from the same generator."""
        return getattr(self.owner, name)


DRAWS: dict[Any, Draw] = {}
OWNERS = (np.random.Generator, np.random.RandomState, np.random)


def _register() -> None:
    for owner in OWNERS:
        for is_float, table in ((True, _FLOATS), (False, _INTEGERS)):
            for name, names in table.items():
                function = getattr(owner, name, None)
                if function is not None:
                    DRAWS[function] = Draw(name, owner, tuple(names.split()), is_float)
    for function, draw in DRAWS.items():
        effect(function, state="operand" if draw.is_method else "outside", fix=FIX)


_register()
SHUFFLES: dict[Any, Any] = {owner.shuffle: owner for owner in OWNERS}

SEEDS = (np.random.RandomState.seed, np.random.seed)
effect(np.random.RandomState.seed, state="operand", fix=FIX)
effect(np.random.seed, state="outside", fix=FIX)

effect(duplicate, state="new", fix=FIX)

# Each makes a generator, from the operating system's entropy where it gets no seed.
MAKERS: dict[Any, type] = {
    np.random.default_rng: np.random.Generator,
    np.random.Generator: np.random.Generator,
    np.random.RandomState: np.random.RandomState,
    **{(cls := getattr(np.random, name)): cls for name in _BIT_GENERATORS},
}
effect(*MAKERS, state="new", fix=FIX)
