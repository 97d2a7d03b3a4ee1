"""Values that nobody changes: dataclasses with slots that compare by content.

The type checker takes them for frozen ones. At run time they are not: what `frozen=True` adds makes an object three
times as dear to construct, and `import srcdiff` a tenth of a second slower.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """The class as such a dataclass; one that has `__eq__` and `__hash__` keeps them."""
    own = "__eq__" in vars(cls)
    cls.__repr__ = _shown  # type: ignore[method-assign]
    return dataclass(slots=True, repr=False, eq=not own, unsafe_hash=not own)(cls)


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def distinct(cls: type[T]) -> type[T]:
    """The same, but that each object is equal to itself alone."""
    cls.__repr__ = _shown  # type: ignore[method-assign]
    return dataclass(slots=True, repr=False, eq=False)(cls)


def _shown(value: object) -> str:
    """As a dataclass shows itself."""
    parts = [f"{f.name}={getattr(value, f.name)!r}" for f in fields(value) if f.repr]  # type: ignore[arg-type]
    return f"{type(value).__qualname__}({', '.join(parts)})"
