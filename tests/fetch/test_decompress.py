"""Bodies are inflated within bounds, in pieces of any size."""

from __future__ import annotations

import gzip
import random
import sys
import zlib
from collections.abc import Callable

import brotli
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.fetch.decompress import MAX_RATIO, Body
from watcher.fetch.errors import FetchError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MB = 2**20
SIZES = [1, 1_400, 16_384, 65_536, 8 * MB]


def raw_deflate(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush()


def wide_brotli(text: bytes) -> bytes:
    return bytes(brotli.compress(text, quality=5, lgwin=24))


def quick_brotli(text: bytes) -> bytes:
    return bytes(brotli.compress(text, quality=1))


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "plain": ("", bytes),
    "gzip": ("gzip", gzip.compress),
    "gzip unannounced": ("", gzip.compress),
    "gzip of two members": ("gzip", lambda text: gzip.compress(text[:9]) + gzip.compress(text[9:])),
    "gzip and bytes behind it": ("gzip", lambda text: gzip.compress(text) + b"\x1f\x00behind"),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "brotli": ("br", quick_brotli),
    "brotli with a large window": ("br", wide_brotli),
    "brotli and bytes behind it": ("br", lambda text: quick_brotli(text) + b"\n<!-- served by cache 3 -->"),
    "zstd": ("zstd", zstd.compress),
    "zstd of two frames": ("zstd", lambda text: zstd.compress(text[:9]) + zstd.compress(text[9:])),
    "zstd and a frame to skip": ("zstd", lambda text: b"\x53\x2a\x4d\x18\x03\x00\x00\x00abc" + zstd.compress(text)),
    "zstd and bytes behind it": ("zstd", lambda text: zstd.compress(text) + b"\r\n"),
    "plain called brotli": ("br", bytes),
    "plain called zstd": ("zstd", bytes),
    "gzip called brotli": ("br", gzip.compress),
}


def inflated(coding: str, packed: bytes, size: int, *, most_body: int = 16 * MB) -> bytes:
    body = Body(coding, most_wire=16 * MB, most_body=most_body)
    for start in range(0, len(packed), size):
        body.feed(packed[start : start + size])
    return body.finished()


def press_text(seed: int, length: int, words: int) -> bytes:
    """Write a document of about so many bytes, with words of its own: the fewer they are, the better it is packed."""
    dice = random.Random(seed)
    lexicon = [f"{dice.getrandbits(40):x}" for _ in range(words)]
    count = max(1, length // 11)
    return f"<rss><channel>{' '.join(dice.choices(lexicon, k=count))}</channel></rss>".encode()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PACKERS)
def test_large_document_comes_out_whole_in_pieces_of(name: str, size: int) -> None:
    coding, pack = PACKERS[name]
    text = press_text(7, 60_000 if size == 1 else 900_000, 4_000)

    assert inflated(coding, pack(text), size) == text


@given(
    name=st.sampled_from(sorted(PACKERS)),
    seed=st.integers(0, 2**32),
    length=st.integers(1, 2 * MB),
    words=st.integers(40, 50_000),
    size=st.sampled_from([100, 1_400, 5_000, 16_384, 40_000, 65_536, 8 * MB]),
)
@settings(max_examples=60, deadline=None)
def test_any_document_comes_out_whole(name: str, seed: int, length: int, words: int, size: int) -> None:
    coding, pack = PACKERS[name]
    text = press_text(seed, length, words)

    assert inflated(coding, pack(text), size) == text


@pytest.mark.parametrize("size", [100, 8 * MB])
@pytest.mark.parametrize(("quality", "window"), [(1, 22), (1, 16), (5, 16), (5, 22), (5, 24), (9, 21), (9, 23)])
def test_brotli_of_any_length_is_told_from_plain_text(quality: int, window: int, size: int) -> None:
    # The second byte is that of the length: for some it is a bracket, and the first may be a blank.
    text = press_text(5, 1_000, 60)

    for length in range(40, 700):
        document = text[:length]
        packed = bytes(brotli.compress(document, quality=quality, lgwin=window))
        assert inflated("br", packed, size) == document, length


@pytest.mark.parametrize("blank", [b"", b" ", b"\n", b"\r\n", b"\t\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
@pytest.mark.parametrize(
    "start", [b"<?xml version='1.0'?>", b"<rss>", b"<!-- a -->", b'{"version": 1', b"{\n\n\n\n\n\n\n\n\n"]
)
@pytest.mark.parametrize("size", [1, 8, 8 * MB])
def test_plain_text_that_is_called_brotli_is_kept(blank: bytes, start: bytes, size: int) -> None:
    text = blank + start + "Häfen schließen".encode() * 20

    assert inflated("br", text, size) == text


@given(name=st.sampled_from(sorted(PACKERS)), sizes=st.lists(st.integers(1, 700), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_pieces_of_changing_size_give_the_same_body(name: str, sizes: list[int]) -> None:
    coding, pack = PACKERS[name]
    text = press_text(3, 30_000, 300)
    packed, body, at = pack(text), Body(coding, most_wire=MB, most_body=MB), 0
    while at < len(packed):
        for size in sizes:
            body.feed(packed[at : at + size])
            at += size

    assert body.finished() == text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cut", [5, 1_000])
@pytest.mark.parametrize("name", ["gzip", "zlib", "raw deflate", "brotli", "zstd"])
def test_body_that_ends_early_is_no_body(name: str, cut: int, size: int) -> None:
    coding, pack = PACKERS[name]
    packed = pack(press_text(5, 40_000, 500))

    with pytest.raises(FetchError) as caught:
        inflated(coding, packed[:-cut], size)

    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["gzip of two members", "zstd of two frames"])
def test_second_part_that_ends_early_is_no_body(name: str, size: int) -> None:
    coding, pack = PACKERS[name]
    packed = pack(press_text(5, 40_000, 500))

    with pytest.raises(FetchError) as caught:
        inflated(coding, packed[:-30], size)

    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("name", ["gzip", "brotli", "zstd"])
def test_broken_body_is_no_body(name: str) -> None:
    coding, pack = PACKERS[name]
    packed = bytearray(pack(press_text(5, 200_000, 500)))
    packed[len(packed) // 2 : len(packed) // 2 + 200] = b"\xff" * 200

    with pytest.raises(FetchError) as caught:
        inflated(coding, bytes(packed), 1_400)

    assert caught.value.kind in {"encoding", "truncated"}


def test_zstd_that_wants_a_window_of_more_than_8_mb_is_refused() -> None:
    wide = {zstd.CompressionParameter.window_log: 27}
    packer = zstd.ZstdCompressor(options=wide)
    packed = packer.compress(press_text(5, 40_000, 500)) + packer.flush()

    with pytest.raises(FetchError) as caught:
        inflated("zstd", packed, 1_400)

    assert caught.value.kind == "encoding"


def packed_bomb(coding: str, blocks: int) -> bytes:
    block = bytes(MB)
    packer = {
        "gzip": lambda: zlib.compressobj(wbits=16 + zlib.MAX_WBITS),
        "br": lambda: brotli.Compressor(quality=1),
        "zstd": zstd.ZstdCompressor,
    }[coding]()
    add = packer.process if coding == "br" else packer.compress
    end = packer.finish if coding == "br" else packer.flush
    return b"".join([*(bytes(add(block)) for _ in range(blocks)), bytes(end())])


@pytest.mark.parametrize("size", [1, 1_024, 65_536, 8 * MB])
@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_bomb_is_found_before_it_is_unpacked(coding: str, size: int) -> None:
    packed = packed_bomb(coding, 256)
    body = Body(coding, most_wire=8 * MB, most_body=16 * MB)
    before = psutil.Process().memory_info().rss

    def unpack() -> None:
        for start in range(0, len(packed), size):
            body.feed(packed[start : start + size])
        body.finished()

    with pytest.raises(FetchError):
        unpack()

    assert body.size <= max(MB, MAX_RATIO * body.wire) + 2**17
    assert psutil.Process().memory_info().rss - before < 64 * MB


def test_body_is_cut_off_at_its_bound() -> None:
    with pytest.raises(FetchError) as caught:
        inflated("", press_text(5, 40_000, 500), 1_400, most_body=1_000)

    assert caught.value.kind == "too-large"


@pytest.mark.parametrize("coding", ["", "gzip", "deflate", "br", "zstd"])
def test_nothing_is_nothing(coding: str) -> None:
    assert inflated(coding, b"", 1) == b""
