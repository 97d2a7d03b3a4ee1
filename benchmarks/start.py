"""CPU seconds from a kernel to the result of its jitted derivative, in a process of its own.

    python -m benchmarks.start NAME

`peers` runs it twice with one folder for srcdiff's cache: the first time nothing is there, the second time all is.
What is printed leaves the imports out.
"""

import sys
import time

from .threads import use_one_thread

use_one_thread()


def main() -> None:
    import numba  # noqa: F401  imported here, so that it is not counted

    from .kernels import KERNELS
    from .libraries import by_srcdiff

    kernel = next(k for k in KERNELS if k.name == sys.argv[1])
    arguments = kernel.arguments("tiny")
    start = time.process_time()
    by_srcdiff(kernel, arguments, jit=True).call()
    print(time.process_time() - start)


if __name__ == "__main__":
    main()
