"""Texts are hashed in pieces, and to what they are as a whole."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from watcher.text.hashing import hash_bytes


@pytest.mark.parametrize("length", [0, 1, 1_919, 1_920, 1_921, 3_839, 3_840, 3_841, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("size", [8, 16])
def test_a_hash_in_pieces_is_that_of_the_whole(length: int, size: int) -> None:
    data = bytes(number % 251 for number in range(length))

    assert hash_bytes(data, size) == blake2b(data, digest_size=size).digest()
