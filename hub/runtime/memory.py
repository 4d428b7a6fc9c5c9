"""Memory under load: the C library gives freed memory back, and Python looks for cycles seldom."""

from __future__ import annotations

import ctypes
import gc
import platform

__all__ = ["keep_small", "seek_cycles_seldom"]

# malloc.h of the GNU C library
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_KEPT_BYTES = 1024 * 1024
_ARENAS = 2
_ALLOCATIONS, _YOUNG, _MIDDLE = 10_000, 20, 50


def keep_small() -> bool:
    """Bound what malloc keeps of freed memory, before threads start; says whether it could.

    Fetch buffers come and go; with malloc's defaults, which grow with them, and an arena per thread a worker kept 50 MB more
    after a flood than it used. Below a megabyte they are kept for the next one: the system takes its time to give a page anew.
    Elsewhere than on glibc nothing is done, and nothing depends on it.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    settings = ((_M_ARENA_MAX, _ARENAS), (_M_TRIM_THRESHOLD, _KEPT_BYTES), (_M_MMAP_THRESHOLD, _KEPT_BYTES))
    taken = [library.mallopt(name, value) == 1 for name, value in settings]
    return all(taken)


def seek_cycles_seldom() -> None:
    """Leave what has been imported out of the search for cycles, and search after ten thousand new objects, not seven hundred.

    States hold no cycles, but each look walks through all that is new, and through every state now and then: a tenth of a
    step's time with Python's defaults.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, _YOUNG, _MIDDLE)
