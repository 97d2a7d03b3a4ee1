"""The machine code of the pool of `srcdiff.memory`: who asks for memory, who brings it back, and in which thread.

It is written in LLVM's instructions and not in Python, since compiled loops run without the interpreter's lock, on
several cores too. There is no lock of its own either: whoever wants to change a block's entry in the table moves its
state, in one step, to HELD, and nobody else touches it then. So nothing waits, a signal may come at any time, and a
process that is forked meanwhile loses the use of one entry at most.

    EMPTY -> HELD -> USED -> HELD -> IDLE -> HELD -> USED (found again) or EMPTY (given to the system)

A block in use belongs to an array of Numba's, whose last reference calls `give`. Where an exception leaves compiled
code, Numba drops no references: then `recover` brings back what the call has taken.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.binding
import numba.core.cgutils
import numba.core.compiler_lock
import numba.core.registry
import numba.core.runtime
from llvmlite import ir

from srcdiff import memory

cgutils: Any = numba.core.cgutils
binding: Any = llvmlite.binding
_RUNTIME: Any = numba.core.runtime
compiling: Any = numba.core.compiler_lock.global_compiler_lock

NAME = "srcdiff_workspace"  # by which compiled code knows the function that gives memory
LEAST = 64 * 1024  # bytes; smaller arrays are the system's business
_PAGE, _LINE = 4096, 64
_EMPTY, _HELD, _USED, _IDLE = range(4)  # states of a block
_STATE, _DATA, _SIZE, _MARK, _OWNER = range(5)  # the words of a block
_MANAGE = 2  # the place of `manage_memory` in the table of functions that Numba's runtime offers
_SLACK = 2  # a block may be so many times as large as what is asked for

_WORD = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()


class _Writer:
    """Writes the functions, each of which may call those before it."""

    def __init__(self) -> None:
        self.module = ir.Module("srcdiff_pool")
        self.module.triple = binding.get_process_triple()
        self.b: Any = None
        self.drop = self.function("srcdiff_drop", _WORD, [_WORD], self._drop)
        self.retire = self.function("srcdiff_retire", ir.VoidType(), [_WORD], self._retire)
        self.give = self.function("srcdiff_give", ir.VoidType(), [_WORD], self._give)
        self.returned = self.function("srcdiff_returned", ir.VoidType(), [_BYTES], self._returned)
        self.release = self.function("srcdiff_release", _WORD, [], self._release)
        self.recover = self.function("srcdiff_recover", _WORD, [_WORD, _WORD], self._recover)
        self.found = self.function("srcdiff_found", _WORD, [_WORD], self._found)
        self.made = self.function("srcdiff_made", _WORD, [_WORD], self._made)
        self.function(NAME, _BYTES, [_WORD, ir.IntType(32)], self._workspace)

    # --------------------------------------------------------------------------------------------------- the means

    def function(self, name: str, result: Any, params: list[Any], body: Callable[..., None]) -> Any:
        made = ir.Function(self.module, ir.FunctionType(result, params), name)
        self.b = ir.IRBuilder(made.append_basic_block())
        body(*made.args)
        return made

    def call(self, name: str, result: Any, *args: Any) -> Any:
        """A function of Numba's, or of the process."""
        type_ = ir.FunctionType(result, [a.type for a in args])
        return self.b.call(cgutils.get_or_insert_function(self.module, type_, name), args)

    def word(self, index: Any) -> Any:
        """The place of a word of the table."""
        table = ir.Constant(_WORD, ctypes.addressof(memory.TABLE))
        offset = self.b.mul(index, _WORD(8)) if isinstance(index, ir.Value) else _WORD(8 * index)
        return self.b.inttoptr(self.b.add(table, offset), _WORD.as_pointer())

    def part(self, block: Any, which: int) -> Any:
        """The place of a word of a block."""
        first = self.b.mul(block, _WORD(memory.BLOCK))
        return self.word(self.b.add(first, _WORD(memory.HEADER + which)))

    def load(self, place: Any) -> Any:
        return self.b.load_atomic(place, "acquire", 8)

    def store(self, value: Any, place: Any) -> None:
        self.b.store_atomic(value, place, "release", 8)

    def add(self, index: int, value: Any) -> Any:
        """Add to a word of the header; what it was before."""
        return self.b.atomic_rmw("add", self.word(index), value, "seq_cst")

    def moved(self, block: Any, before: int, after: int) -> Any:
        """Whether a block was in a state, and is in another one now."""
        return self.swapped(self.part(block, _STATE), _WORD(before), _WORD(after))

    def swapped(self, place: Any, before: Any, after: Any) -> Any:
        return self.b.extract_value(self.b.cmpxchg(place, before, after, "seq_cst"), 1)

    def variable(self, value: Any) -> Any:
        """A variable, which gets this value whenever its definition is reached."""
        place = cgutils.alloca_once(self.b, value.type)
        self.b.store(value, place)
        return place

    def blocks_in(self, state: int) -> Any:
        """A loop over the blocks that seem to be in a state: to be entered with `with`."""

        @contextmanager
        def loop() -> Iterator[Any]:
            with cgutils.for_range(self.b, self.load(self.word(memory.TOP))) as each:
                is_one = self.b.icmp_signed("==", self.load(self.part(each.index, _STATE)), _WORD(state))
                with self.b.if_then(is_one):
                    yield each.index

        return loop()

    @contextmanager
    def forever(self) -> Iterator[None]:
        """A loop that returns from inside."""
        head = self.b.append_basic_block()
        self.b.branch(head)
        self.b.position_at_end(head)
        yield
        self.b.branch(head)

    # ----------------------------------------------------------------------------------------------- the functions

    def _free(self, block: Any) -> None:
        """Give a held block to the system."""
        self.call("NRT_Free", ir.VoidType(), self.b.inttoptr(self.b.load(self.part(block, _DATA)), _BYTES))
        self.store(_WORD(_EMPTY), self.part(block, _STATE))

    def _drop(self, block: Any) -> None:
        """Give an idle block to the system: its size, or 0 if it was not idle."""
        with self.b.if_then(self.moved(block, _IDLE, _HELD)):
            size = self.b.load(self.part(block, _SIZE))
            self.add(memory.IDLE, self.b.neg(size))
            self._free(block)
            self.b.ret(size)
        self.b.ret(_WORD(0))

    def _retire(self, block: Any) -> None:
        """Let a held block lie idle. Above the limit, those that have lain idle for the longest time go first."""
        size = self.b.load(self.part(block, _SIZE))
        with self.forever():
            limit, idle = self.load(self.word(memory.LIMIT)), self.load(self.word(memory.IDLE))
            more = self.b.add(idle, size)
            fits = self.b.icmp_signed("<=", more, limit)
            with self.b.if_then(fits), self.b.if_then(self.swapped(self.word(memory.IDLE), idle, more)):
                self.b.store(self.load(self.word(memory.SERIAL)), self.part(block, _MARK))
                self.store(_WORD(_IDLE), self.part(block, _STATE))
                self.b.ret_void()
            oldest = self._oldest()
            useless = self.b.or_(self.b.icmp_signed(">", size, limit), self.b.icmp_signed("<", oldest, _WORD(0)))
            with self.b.if_then(useless):
                self._free(block)
                self.b.ret_void()
            with self.b.if_then(self.b.icmp_signed(">", more, limit)):
                self.b.call(self.drop, [oldest])

    def _oldest(self) -> Any:
        """The block that has been idle for the longest time; -1 if none is."""
        best, mark = self.variable(_WORD(-1)), self.variable(_WORD(2**63 - 1))
        with self.blocks_in(_IDLE) as block:
            own = self.b.load(self.part(block, _MARK))
            with self.b.if_then(self.b.icmp_signed("<", own, self.b.load(mark))):
                self.b.store(own, mark)
                self.b.store(block, best)
        return self.b.load(best)

    def _returned(self, data: Any) -> None:
        """What Numba calls when an array has lost its last reference: the block's number lies ahead of the data."""
        self.b.call(self.give, [self.b.load(self._number_at(self.b.ptrtoint(data, _WORD)))])
        self.b.ret_void()

    def _number_at(self, data: Any) -> Any:
        return self.b.inttoptr(self.b.sub(data, _WORD(8)), _WORD.as_pointer())

    def _give(self, block: Any) -> None:
        """Bring back a block in use."""
        with self.b.if_then(self.moved(block, _USED, _HELD)):
            self.add(memory.USED, self.b.neg(self.b.load(self.part(block, _SIZE))))
            self.b.call(self.retire, [block])
        self.b.ret_void()

    def _release(self) -> None:
        """Give all idle blocks to the system: how many bytes that is."""
        total = self.variable(_WORD(0))
        with self.blocks_in(_IDLE) as block:
            self.b.store(self.b.add(self.b.load(total), self.b.call(self.drop, [block])), total)
        self.b.ret(self.b.load(total))

    def _recover(self, owner: Any, since: Any) -> None:
        """Bring back all that a thread has taken since then: how many blocks there were."""
        count = self.variable(_WORD(0))
        with self.blocks_in(_USED) as block:
            own = self.b.icmp_signed("==", self.b.load(self.part(block, _OWNER)), owner)
            later = self.b.icmp_signed(">=", self.b.load(self.part(block, _MARK)), since)
            with self.b.if_then(self.b.and_(own, later)):
                self.b.store(self.b.add(self.b.load(count), _WORD(1)), count)
                self.b.call(self.give, [block])
        self.b.ret(self.b.load(count))

    def _found(self, size: Any) -> None:
        """The smallest idle block that a size fits into, held; -1 if there is none."""
        most = self.b.add(self.b.mul(size, _WORD(_SLACK)), _WORD(1))
        with self.forever():
            best, least = self.variable(_WORD(-1)), self.variable(most)
            with self.blocks_in(_IDLE) as block:
                own = self.b.load(self.part(block, _SIZE))
                fits = self.b.icmp_signed(">=", own, size)
                with self.b.if_then(self.b.and_(fits, self.b.icmp_signed("<", own, self.b.load(least)))):
                    self.b.store(own, least)
                    self.b.store(block, best)
            block = self.b.load(best)
            with self.b.if_then(self.b.icmp_signed("<", block, _WORD(0))):
                self.b.ret(block)
            with self.b.if_then(self.moved(block, _IDLE, _HELD)):
                own = self.b.load(self.part(block, _SIZE))  # (another thread may have put another one there meanwhile)
                self.add(memory.IDLE, self.b.neg(own))
                with self.b.if_then(self.b.icmp_signed("==", own, self.b.load(least))):
                    self.add(memory.REUSED, _WORD(1))
                    self.b.ret(block)
                self.b.call(self.retire, [block])

    def _made(self, size: Any) -> None:
        """A new block, held; -1 if the table is full, or there is no memory."""
        entry = self.variable(_WORD(-1))
        with cgutils.for_range(self.b, _WORD(memory.BLOCKS)) as at, self.b.if_then(self.moved(at.index, _EMPTY, _HELD)):
            self.b.store(at.index, entry)
            at.do_break()
        block = self.b.load(entry)
        with self.b.if_then(self.b.icmp_signed("<", block, _WORD(0))):
            self.b.ret(block)
        self.b.atomic_rmw("max", self.word(memory.TOP), self.b.add(block, _WORD(1)), "seq_cst")
        data = self.call("NRT_Allocate", _BYTES, self.b.add(size, _WORD(2 * _LINE)))
        with self.b.if_then(cgutils.is_null(self.b, data)):
            self.store(_WORD(_EMPTY), self.part(block, _STATE))
            self.b.ret(_WORD(-1))
        self.b.store(self.b.ptrtoint(data, _WORD), self.part(block, _DATA))
        self.b.store(size, self.part(block, _SIZE))
        self.add(memory.MADE, _WORD(1))
        self.b.ret(block)

    def _workspace(self, size: Any, align: Any) -> None:
        """What holds the memory of an array of Numba's: so many bytes, that begin at a multiple of `align`. Small ones,
        and those for which there is no place, are Numba's own."""
        small = self.b.icmp_signed("<", size, _WORD(LEAST))
        off = self.b.icmp_signed("<=", self.load(self.word(memory.LIMIT)), _WORD(0))
        with self.b.if_then(self.b.or_(small, off)):
            self.b.ret(self.call("NRT_MemInfo_alloc_aligned", _BYTES, size, align))
        whole = self.b.and_(self.b.add(size, _WORD(_PAGE - 1)), _WORD(-_PAGE))
        chosen = self.variable(self.b.call(self.found, [whole]))
        for _ in range(2):
            with self.b.if_then(self.b.icmp_signed("<", self.b.load(chosen), _WORD(0))):
                self.b.store(self.b.call(self.made, [whole]), chosen)
                with self.b.if_then(self.b.icmp_signed("<", self.b.load(chosen), _WORD(0))):
                    self.b.call(self.release, [])
        block = self.b.load(chosen)
        with self.b.if_then(self.b.icmp_signed("<", block, _WORD(0))):
            self.b.ret(self.call("NRT_MemInfo_alloc_aligned", _BYTES, size, align))
        self.b.store(self.call("srcdiff_thread", _WORD), self.part(block, _OWNER))
        self.b.store(self.add(memory.SERIAL, _WORD(1)), self.part(block, _MARK))
        self.add(memory.USED, self.b.load(self.part(block, _SIZE)))
        self.store(_WORD(_USED), self.part(block, _STATE))
        first = self.b.add(self.b.load(self.part(block, _DATA)), _WORD(_LINE + _LINE - 1))
        data = self.b.and_(first, _WORD(-_LINE))
        self.b.store(block, self._number_at(data))
        held = self._managed(self.b.inttoptr(data, _BYTES))
        with self.b.if_then(cgutils.is_null(self.b, held)):
            self.b.call(self.give, [block])
        self.b.ret(held)

    def _managed(self, data: Any) -> Any:
        """What counts the references to memory that is not Numba's own: see numba/core/runtime/nrt_external.h."""
        type_ = ir.FunctionType(_BYTES, [_BYTES, _BYTES])
        table = self.b.bitcast(self.call("NRT_get_api", _BYTES), type_.as_pointer().as_pointer())
        manage = self.b.load(self.b.gep(table, [ir.IntType(32)(_MANAGE)]))
        return self.b.call(manage, [data, self.b.bitcast(self.returned, _BYTES)])


_WORKSPACE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32)


class _Pool:
    """The compiled functions. The engine that holds them has to stay."""

    def __init__(self) -> None:
        thread = ctypes.cast(ctypes.pythonapi.PyThread_get_thread_ident, ctypes.c_void_p).value
        binding.add_symbol("srcdiff_thread", thread)
        context: Any = numba.core.registry.cpu_target.target_context
        _RUNTIME.rtsys.initialize(context)  # Numba's own functions that are called
        machine = binding.Target.from_default_triple().create_target_machine(opt=0, jit=True)  # (five times as fast)
        self.engine = binding.create_mcjit_compiler(binding.parse_assembly(str(_Writer().module)), machine)
        self.engine.finalize_object()
        binding.add_symbol(NAME, self.address(NAME))
        word = ctypes.c_int64
        self.workspace = _WORKSPACE(self.address(NAME))
        self.release = ctypes.CFUNCTYPE(word)(self.address("srcdiff_release"))
        self.recover = ctypes.CFUNCTYPE(word, word, word)(self.address("srcdiff_recover"))

    def address(self, name: str) -> int:
        return int(self.engine.get_function_address(name))


@functools.cache
def _pool() -> _Pool:
    pool = _Pool()
    memory.released_by(pool.release)
    return pool


def installed() -> _Pool:
    """The pool's machine code, which compiled code that takes memory from it needs before it is loaded."""
    with compiling:  # (one alone: its table has one address, but its functions would have several)
        return _pool()


def _first(size: int, align: int) -> Any:
    """Stands under the name until the pool is installed: code that users have compiled themselves and that Numba loads
    from its own cache has nobody who would do that ahead of it."""
    return installed().workspace(size, align)


_STAND_IN = _WORKSPACE(_first)
binding.add_symbol(NAME, ctypes.cast(_STAND_IN, ctypes.c_void_p).value)


def giving_back(run: Callable[..., Any]) -> Callable[..., Any]:
    """A compiled function that takes memory from the pool: where an exception ends it, it gives that back, too."""
    recover, table, serial, thread = installed().recover, memory.TABLE, memory.SERIAL, threading.get_ident

    def call(*args: Any) -> Any:
        since = table[serial]
        try:
            return run(*args)
        except BaseException:
            recover(thread(), since)
            raise

    return call
