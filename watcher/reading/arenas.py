"""One heap for all threads: glibc gives each thread that allocates much a heap of its own, which keeps what was freed.

Trees of documents are made in threads that take turns at the interpreter, so that heaps of their own save no time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

_M_ARENA_MAX = -8
"""The parameter of mallopt(3)."""


@cache
def share_heap() -> bool:
    """Have threads that begin from now on share the heap of the process; return whether this system can do that."""
    mallopt = _find_in_libc("mallopt")
    return mallopt is not None and mallopt(_M_ARENA_MAX, 1) == 1


def release_heap() -> bool:
    """Release memory that was freed within the heap to the system; return whether there was any."""
    malloc_trim = _find_in_libc("malloc_trim")
    return malloc_trim is not None and malloc_trim(0) == 1


@cache
def _find_in_libc(name: str) -> Any:
    """Return a function of the C library; None where it has none of that name."""
    import ctypes  # which commands that read nothing do not need

    return getattr(ctypes.CDLL(None), name, None)
