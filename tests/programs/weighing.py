"""A number made of the results of a program that returns arrays or structures: it has second derivatives to check."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np

from srcdiff import records

_COUNT = iter(range(10**9))


def weighed(function: Callable[..., Any], result: Any) -> Callable[..., Any]:
    """A weighed sum of curved functions of all numbers in the results; `result` shows how these are put together. It is
    Python that a user could have written: the items of a structure are taken one by one, those of a list, which may be
    longer elsewhere, in a loop."""
    params, passed = _parameters(function)
    lines = [f"def weighed({params}):", f"    found = function({passed})", "    total = 0.0"]
    lines += [f"    {line}" for line in _terms("found", result, iter(range(1, 1000)))]
    text = "\n".join([*lines, "    return total", ""])
    file = f"<weighed {next(_COUNT)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"np": np, "function": function}
    exec(compile(text, file, "exec"), space)
    found: Callable[..., Any] = space["weighed"]
    return found


def _parameters(function: Callable[..., Any]) -> tuple[str, str]:
    """The parameters of a function that has the same ones, and how it passes them on: `wrt` names them. A function with
    defaults or keywords is called with what there is."""
    params = inspect.signature(function).parameters
    if any(p.kind is not p.POSITIONAL_OR_KEYWORD or p.default is not p.empty for p in params.values()):
        return "*args, **kwargs", "*args, **kwargs"
    return ", ".join(params), ", ".join(params)


def _terms(name: str, value: Any, weights: Iterator[int]) -> Iterator[str]:
    form = records.form_of(value)
    if isinstance(value, list):
        if value:
            item = f"item_{next(weights)}"
            yield f"for place_{item}, {item} in enumerate({name}):"
            yield f"    scale_{item} = 1.0 + 0.1 * place_{item}"
            for line in _terms(item, value[0], weights):
                yield f"    {line.replace('total += ', f'total += scale_{item} * ')}"
    elif isinstance(value, tuple) or form is not None:
        parts = records.parts_of(value, form)
        keys: tuple[Hashable, ...] = form.keys if form is not None else tuple(range(len(parts)))
        for key, part in zip(keys, parts, strict=True):
            yield from _terms(
                f"{name}.{key}" if form is not None and form.by_attribute else f"{name}[{key!r}]", part, weights
            )
    elif np.asarray(value).dtype.kind == "f":
        yield f"total += {0.5 + 0.25 * next(weights)} * np.sum({name} * {name} * (1.0 + np.sin({name})))"
    elif np.asarray(value).dtype.kind == "c":
        yield f"total += {0.5 + 0.25 * next(weights)} * np.sum(np.abs({name}) ** 2 + np.real({name}) ** 3)"
