"""Elementary functions of which a loop computes several at a time: what `jit={"math": "simd"}` puts in the place of the
platform's, within 2 units in the last place of the exact result. See docs/jit-options.md.

Numba calls the platform's exp, tanh, ... once for each element of a loop. The functions here are arithmetic without
branches, written into the loop, and LLVM makes vector instructions of it. `compiler` says where they are used.
"""

from .compiler import Simd
from .functions import register_late

__all__ = ["Simd", "register_late"]
