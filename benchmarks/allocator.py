"""The allocator as it is in a process that has been running for a while."""

import numpy as np

BLOCK = 31 * 2**20  # bytes; glibc learns from blocks below 32 MB


def settle() -> None:
    """Make and free one large block, for the whole process.

    glibc keeps memory for the next array up to the size of the largest block that it has seen freed, and gives the
    rest back to the system: to be asked for page by page again. A plain gradient makes more arrays than its function;
    before such a block was there, page faults made a third of the time of some gradients, depending on what had run
    earlier in the process.
    """
    np.empty(BLOCK, np.uint8)
