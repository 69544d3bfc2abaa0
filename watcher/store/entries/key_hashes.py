"""Marks: keys, addresses and headlines as numbers of eight bytes, by which a feed's entries are looked up.

An index over the texts themselves was an eighth of a whole PostgreSQL database. Within one feed two texts with one mark
are not to be expected before there are some hundred million entries in it.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache


@lru_cache(maxsize=4_096)
def hash_key(key: str) -> int:
    """Return the hash of a key: a number from 0 that fits into 63 bits.

    The keys of a new entry are looked up, and then written.
    """
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1
