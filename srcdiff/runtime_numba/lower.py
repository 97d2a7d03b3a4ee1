"""Numba's last step for generated functions, the same code for LLVM in fewer instructions: LLVM has to read and shorten
every one of them before it optimises anything, and a derivative is mostly elements of arrays in loops.

Numba copies an array's whole description (nine words) for each element that is read or written, and for each reference
that is counted. Here an element takes the words that it needs, once for all that a piece of code without branches
does with one array. All other things are Numba's, loops among them: with another way to count the trips of `range` one
kernel became 4 % slower.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Hashable
from typing import Any, NamedTuple

import numba.core.cgutils
import numba.core.compiler
import numba.core.lowering
import numba.core.typed_passes
import numba.core.types
import numba.core.untyped_passes
import numba.np.arrayobj
from numba.core.compiler_machinery import register_pass

from .repeats import Repeats
from .steps import Closures, Typing
from .straight import product_type, write_product

cgutils: Any = numba.core.cgutils
types: Any = numba.core.types
arrays: Any = numba.np.arrayobj
passes: Any = numba.core.typed_passes
untyped: Any = numba.core.untyped_passes
_lower: Any = numba.core.lowering.Lower
_lowering: Any = passes.BaseNativeLowering
_register: Any = register_pass
_base: Any = numba.core.compiler.CompilerBase
_builder: Any = numba.core.compiler.DefaultPassBuilder


class _Words(NamedTuple):
    """What is read of an array: where its data begin, its lengths and (for an array in no order) its strides, as
    values of a piece of code without branches, and the addresses of elements that have been asked for."""

    block: Any
    places: dict[Hashable, Any]
    data: Any
    shape: list[Any]
    strides: list[Any]


class Lower(_lower):  # type: ignore[misc,unused-ignore]
    """Numba's translator into LLVM's language, with shorter ways for the elements of arrays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._words: dict[str, _Words] = {}
        self._versions: Counter[str] = Counter()  # how often a variable has been assigned

    # ------------------------------------------------------------------------------------------------- elements

    def lower_getitem(self, resty: Any, expr: Any, value: Any, index: Any, signature: Any) -> Any:
        array = self.typeof(value.name)
        if not _is_element(array, *signature.args):
            return super().lower_getitem(resty, expr, value, index, signature)
        place = self._place(value.name, array, index.name, signature.args[1])
        item = arrays.load_item(self.context, self.builder, array, place)
        return self.context.cast(self.builder, item, signature.return_type, resty)

    def lower_setitem(self, target_var: Any, index_var: Any, value_var: Any, signature: Any) -> Any:
        array, given = self.typeof(target_var.name), self.typeof(value_var.name)
        if not _is_element(array, *signature.args[:2]) or not isinstance(given, types.Number | types.Boolean):
            return super().lower_setitem(target_var, index_var, value_var, signature)
        item = self.loadvar(value_var.name)
        for before, after in ((given, signature.args[2]), (signature.args[2], array.dtype)):
            item = self.context.cast(self.builder, item, before, after)
        place = self._place(target_var.name, array, index_var.name, signature.args[1])
        return arrays.store_item(self.context, self.builder, array, item, place)

    def _place(self, name: str, array: Any, index: str, wanted: Any) -> Any:
        """The address of an element, whose index counts from the end where it is negative."""
        context, builder, words = self.context, self.builder, self._read(name, array)
        known = words.places.get(key := (index, self._versions[index], wanted))
        if known is not None:
            return known
        given = context.cast(builder, self.loadvar(index), self.typeof(index), wanted)
        kinds = list(wanted) if isinstance(wanted, types.BaseTuple) else [wanted]
        parts = cgutils.unpack_tuple(builder, given, len(kinds)) if isinstance(wanted, types.BaseTuple) else [given]
        fixed = []
        for axis, (kind, part, length) in enumerate(zip(kinds, parts, words.shape, strict=True)):
            fixed.append(arrays.fix_integer_index(context, builder, kind, part, length))
            if context.enable_boundscheck:
                cgutils.do_boundscheck(context, builder, fixed[-1], length, axis)
        place = cgutils.get_item_pointer2(context, builder, words.data, words.shape, words.strides, array.layout, fixed)
        if builder.block is words.block:  # (which ends where an index is looked at)
            words.places[key] = place
        return place

    def _read(self, name: str, array: Any) -> _Words:
        """What is to be known of an array: read once in a piece of code without branches."""
        words = self._words.get(name)
        if words is None or words.block is not self.builder.block:
            words = self._words[name] = _Words(self.builder.block, {}, *self._loaded(name, array))
        return words

    def _loaded(self, name: str, array: Any) -> tuple[Any, list[Any], list[Any]]:
        builder, in_no_order = self.builder, array.layout == "A"
        field = self.context.data_model_manager[array].get_field_position
        if name not in self.varmap:  # (it has one value, in this piece of code only)
            value = self.loadvar(name)
            shape, strides = (builder.extract_value(value, field(f)) for f in ("shape", "strides"))
            return builder.extract_value(value, field("data")), *(
                cgutils.unpack_tuple(builder, t, array.ndim) for t in (shape, strides)
            )
        held = self.varmap[name]

        def word(*place: int) -> Any:
            return builder.load(cgutils.gep_inbounds(builder, held, 0, *place))

        shape = [word(field("shape"), axis) for axis in range(array.ndim)]
        for length in shape:
            arrays.mark_positive(builder, length)
        strides = [word(field("strides"), axis) for axis in range(array.ndim)] if in_no_order else []
        return word(field("data")), shape, strides

    def storevar(self, value: Any, name: str, argidx: Any = None) -> None:
        self._words.pop(name, None)
        self._versions[name] += 1
        super().storevar(value, name, argidx)

    def delvar(self, name: str) -> None:
        self._words.pop(name, None)
        self._versions[name] += 1
        super().delvar(name)

    # ------------------------------------------------------------------------------------------------- lengths

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        if expr.op == "getattr" and expr.attr == "shape" and _is_array(array := self.typeof(expr.value.name)):
            return cgutils.pack_array(self.builder, self._read(expr.value.name, array).shape)
        return super().lower_expr(resty, expr)

    # ------------------------------------------------------------------------------------------------- products

    def lower_binop(self, resty: Any, expr: Any, op: Any) -> Any:
        signature = self.fndesc.calltypes[expr]
        if op is not operator.matmul or product_type(signature.args) != signature:
            return super().lower_binop(resty, expr, op)
        given = [
            self.context.cast(self.builder, self.loadvar(v.name), self.typeof(v.name), t)
            for v, t in zip((expr.lhs, expr.rhs), signature.args, strict=True)
        ]
        made = write_product(self.context, self.builder, signature, given)
        return self.context.cast(self.builder, made, signature.return_type, resty)

    # ----------------------------------------------------------------------------------------------- references

    def incref(self, typ: Any, val: Any) -> None:
        if self.context.data_model_manager[typ].contains_nrt_meminfo():
            super().incref(*self._owner(typ, val))

    def decref(self, typ: Any, val: Any) -> None:
        if self.context.data_model_manager[typ].contains_nrt_meminfo():
            super().decref(*self._owner(typ, val))

    def _owner(self, typ: Any, val: Any) -> tuple[Any, Any]:
        """What counts the references to a value: of an array, one of its nine words."""
        if not _is_array(typ):
            return typ, val
        place = self.context.data_model_manager[typ].get_field_position("meminfo")
        return types.MemInfoPointer(typ.dtype), self.builder.extract_value(val, place)


def _is_array(type_: Any) -> bool:
    return type(type_) is types.Array and type_.ndim > 0


def _is_element(array: Any, wanted: Any, index: Any) -> bool:
    """Whether whole numbers alone say which element of an array of numbers is meant."""
    kinds = list(index) if isinstance(index, types.BaseTuple) else [index]
    of_numbers = _is_array(array) and array == wanted and isinstance(array.dtype, types.Number | types.Boolean)
    return of_numbers and len(kinds) == array.ndim and all(isinstance(k, types.Integer) for k in kinds)


@_register(mutates_CFG=True, analysis_only=False)
class ShortLowering(_lowering):  # type: ignore[misc,unused-ignore]
    """Numba's last step, with the translator above."""

    _name = "srcdiff_lowering"
    lowering_class = Lower


_SHORTER = {
    untyped.InlineClosureLikes: Closures,
    passes.NopythonTypeInference: Typing,
    passes.NativeLowering: ShortLowering,
}


def pipeline(state: Any) -> Any:
    """Numba's passes with these steps. (Functions with parallel loops have others, which stay.)"""
    manager = _builder.define_nopython_pipeline(state)
    if any(step is passes.NativeLowering for step, _ in manager.passes):
        manager.add_pass_after(Repeats, untyped.FixupArgs)
        manager.passes = [(_SHORTER.get(step, step), text) for step, text in manager.passes]
    return manager


class Generated(_base):  # type: ignore[misc,unused-ignore]
    """The compiler for generated functions."""

    def define_pipelines(self) -> list[Any]:
        manager = pipeline(self.state)
        manager.finalize()
        return [manager]
