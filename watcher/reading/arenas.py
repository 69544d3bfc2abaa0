"""One heap for all threads: glibc gives each thread that allocates much a heap of its own, which keeps what was freed.

Trees of documents are made in threads that take turns at the interpreter, so that heaps of their own save no time.
"""

from __future__ import annotations

from functools import cache

_M_ARENA_MAX = -8
"""The parameter of mallopt(3)."""


@cache
def share_heap() -> bool:
    """Have threads that begin from now on share the heap of the process; return whether this system can do that."""
    import ctypes  # which commands that read nothing do not need

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_ARENA_MAX, 1) == 1


def release_heap() -> bool:
    """Release memory that was freed within the heap to the system; return whether this system can do that."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and trim(0) == 1
