"""How the C library's allocator (glibc) keeps what is freed, for a process that runs for months."""

from __future__ import annotations

import ctypes

# <malloc.h>
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_ARENAS = 2
_OWN_PAGES_BYTES = 256 << 10
_KEPT_BYTES = 4 << 20


def return_freed_memory() -> bool:
    """From now on freed memory goes back to the system; False where the allocator is another one.

    By default each of some forty threads may get an arena of its own (8 for each processor), and
    the size from which a block has pages of its own grows to 32 MB: blocks that outlive others then
    hold up whole arenas, and the process grows for hours without anything being lost.

    Call it early. Libraries may have threads by then: the arenas that these have stay, and only
    where there are no more than 8 yet is the limit on new ones heard (glibc's malloc/arena.c).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    options = (
        (_M_ARENA_MAX, _ARENAS),
        (_M_MMAP_THRESHOLD, _OWN_PAGES_BYTES),
        (_M_TRIM_THRESHOLD, _KEPT_BYTES),
    )
    return all([mallopt(option, value) == 1 for option, value in options])
