"""Hashes of short texts without a change of threads.

hashlib lets other threads run while it hashes 2,048 bytes or more. The text of an item takes a few microseconds, and to
get the interpreter back from a thread that is at work takes up to five milliseconds and two switches.
"""

from __future__ import annotations

from hashlib import blake2b

_PIECE = 1_920
"""Bytes that are hashed at once: less than hashlib's limit, and whole blocks of BLAKE2b."""
_LONG = 65_536
"""From so many bytes on other threads may as well run."""


def hash_bytes(data: bytes, size: int) -> bytes:
    """Return the BLAKE2b hash of some bytes, `size` bytes long."""
    if len(data) <= _PIECE or len(data) >= _LONG:
        return blake2b(data, digest_size=size).digest()
    digest = blake2b(data[:_PIECE], digest_size=size)
    for start in range(_PIECE, len(data), _PIECE):
        digest.update(data[start : start + _PIECE])
    return digest.digest()
