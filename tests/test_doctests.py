"""The examples in the docstrings of the package run and say what they print."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import srcdiff

MODULES = sorted(m.name for m in pkgutil.walk_packages(srcdiff.__path__, "srcdiff."))


@pytest.mark.parametrize("name", ["srcdiff", *MODULES])
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    with np.printoptions(legacy=False):
        own = {"__name__": "__main__"}  # the examples are a user's, not a part of the module
        found = doctest.testmod(module, extraglobs=own, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0
