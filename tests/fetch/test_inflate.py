"""Bodies are inflated within bounds, in pieces of any size."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.fetch.errors import FetchError
from watcher.fetch.inflate import RATIO, Body

TEXT = ("<rss>" + "".join(f"<item>{n} of many</item>" for n in range(400)) + "</rss>").encode()
PACKED = {
    "": TEXT,
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": bytes(brotli.compress(TEXT)),
    "zstd": bytes(zstandard.ZstdCompressor().compress(TEXT)),
}


def inflated(coding: str, *pieces: bytes, most_body: int = 2**20) -> bytes:
    body = Body(coding, most_wire=2**20, most_body=most_body)
    for piece in pieces:
        body.feed(piece)
    return body.finished()


@pytest.mark.parametrize("coding", PACKED)
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=30))
@settings(max_examples=25, deadline=None)
def test_pieces_of_any_size_give_the_same_body(coding: str, sizes: list[int]) -> None:
    packed, pieces, at = PACKED[coding], [], 0
    for size in sizes:
        pieces.append(packed[at : at + size])
        at += size
    pieces.append(packed[at:])

    assert inflated(coding, *(piece for piece in pieces if piece)) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_body_that_ends_early_is_no_body(coding: str) -> None:
    with pytest.raises(FetchError) as caught:
        inflated(coding, PACKED[coding][:-5])

    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_bomb_is_found_before_it_is_unpacked(coding: str) -> None:
    blanks = b" " * (32 * 2**20)
    packers = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.ZstdCompressor().compress}
    packed = bytes(packers[coding](blanks))  # type: ignore[operator]
    body = Body(coding, most_wire=2**20, most_body=16 * 2**20)

    def unpack() -> None:
        for start in range(0, len(packed), 1024):
            body.feed(packed[start : start + 1024])
        body.finished()

    with pytest.raises(FetchError):
        unpack()

    assert body.size <= max(2**20, RATIO * body.wire) + 2**22


def test_body_is_cut_off_at_its_bound() -> None:
    with pytest.raises(FetchError) as caught:
        inflated("", TEXT, most_body=1000)

    assert caught.value.kind == "too-large"


def test_nothing_is_nothing() -> None:
    assert inflated("gzip") == b""
