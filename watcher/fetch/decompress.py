"""Decompression of a body piece by piece within bounds: a bomb is found before it is unpacked."""

from __future__ import annotations

import re
import sys
import zlib
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind

STEP_BYTES = 65_536
MAX_RATIO = 200
MAGIC_BYTES = 8
"""Bytes that show what a body is; a server may send them one by one."""
SHOWN_BYTES = 64
"""Bytes among which a packed body has some that no text has, where they have come."""
FREE_BYTES = 2**20
"""Bytes that may come out whatever the ratio: small documents compress better than any bomb needs to."""
ACCEPTED = "gzip, br, zstd"
MAX_WINDOW_LOG = 23
"""Windows of at most 8 MB, which is what a zstd decoder on the web has to have (RFC 9659)."""
_PLAIN_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?([ \t\r\n]*)(?:<[?!a-zA-Z]|\{)")
"""How documents begin. Without blanks no brotli stream does (RFC 7932, 9.1); one may begin with a blank."""
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?<(?:\?xml|rss|feed|rdf|!--|!DOC|html)", re.IGNORECASE)


class _Inflater(Protocol):
    """Decompresses one coding."""

    def feed(self, data: bytes, room: int) -> list[bytes]:
        """Return what comes out of some bytes: at most `room` bytes, or little more."""
        ...

    def finish(self) -> None:
        """Raise FetchError (`truncated`) where the stream has not ended."""
        ...


class Body:
    """Gathers a body: takes wire bytes, keeps inflated ones; raises FetchError (too-large, encoding, truncated)."""

    def __init__(self, coding: str, *, most_wire: int, most_body: int) -> None:
        self._most_wire = most_wire
        self._most_body = most_body
        self._coding = _parse_coding(coding)
        self._inflater: _Inflater | None = None
        self._head = b""
        self._parts: list[bytes] = []
        self.wire = 0
        self.size = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the wire."""
        self.wire += len(data)
        if self.wire > self._most_wire:
            raise FetchError(FailureKind.TOO_LARGE, f"more than {self._most_wire:,} bytes sent")
        if self._inflater is None:
            self._head += data
            if len(self._head) < MAGIC_BYTES:
                return
            data, self._head = self._head, b""
            self._inflater = self._choose(data)
        self._inflate(self._inflater, data)

    def finished(self) -> bytes:
        """Return the whole body, once the wire has ended."""
        if self._inflater is None and self._head:
            self._inflater = self._choose(self._head)
            self._inflate(self._inflater, self._head)
        if self._inflater is not None:
            self._inflater.finish()
        return b"".join(self._parts)

    def _inflate(self, inflater: _Inflater, data: bytes) -> None:
        # One byte more than may come out, and the bomb is known: no need to see the rest of it.
        fair = max(FREE_BYTES, MAX_RATIO * self.wire)
        for part in inflater.feed(data, min(self._most_body, fair) - self.size + 1):
            self.size += len(part)
            self._parts.append(part)
        if self.size > self._most_body:
            raise FetchError(FailureKind.TOO_LARGE, f"more than {self._most_body:,} bytes unpacked")
        if self.size > fair:
            raise FetchError(FailureKind.ENCODING, f"unpacks to more than {MAX_RATIO} times its size")

    def _choose(self, data: bytes) -> _Inflater:
        # Servers say gzip and send plain text, and send gzip without a word: the bytes know better.
        if _is_gzip(data):
            return _Zlib(16 + zlib.MAX_WBITS, "gzip")
        match self._coding:
            case "deflate":
                if _MARKUP.match(data) is not None:
                    return _Plain()
                wrapped = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] * 256 + data[1]) % 31 == 0
                return _Zlib(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, "deflate")
            case "br":
                return _Plain() if _is_plain(data) else _Brotli()
            case "zstd":
                return _Zstd() if _is_zstd(data) else _Plain()
            case _:
                return _Plain()


def _is_plain(data: bytes) -> bool:
    """Return whether a body that is called brotli begins like a document."""
    begin = _PLAIN_TEXT.match(data)
    return begin is not None and (not begin[1] or _NO_TEXT.search(data, 0, SHOWN_BYTES) is None)


def _is_gzip(data: bytes) -> bool:
    # The method and the reserved flags as well: a brotli stream may begin with the two bytes that gzip begins with.
    return data[:2] == b"\x1f\x8b" and (len(data) < 4 or (data[2] == 8 and data[3] < 0x20))


def _is_zstd(data: bytes) -> bool:
    """Return whether a frame begins here: one with data, or one that is to be skipped (RFC 8878, 3.1)."""
    return data[:4] == b"\x28\xb5\x2f\xfd" or (data[1:4] == b"\x2a\x4d\x18" and 0x50 <= data[0] <= 0x5F)


def _parse_coding(header: str) -> str:
    """Return the one content coding that is to be undone, empty for none; raises FetchError (`encoding`)."""
    names = [name for name in (name.strip().lower() for name in header.split(",")) if name not in ("", "identity")]
    if len(names) > 1:
        raise FetchError(FailureKind.ENCODING, "packed more than once, which nobody asked for")
    known = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}
    if names and names[0] in {"compress", "x-compress", "exi", "pack200-gzip", "dcb", "dcz"}:
        raise FetchError(FailureKind.ENCODING, f"content coding {names[0]!r}, which nobody asked for")
    return known.get(names[0], "") if names else ""


class _Plain:
    def feed(self, data: bytes, room: int) -> list[bytes]:
        """Return what comes out of some bytes."""
        return [data]

    def finish(self) -> None:
        """Accept any end."""


class _Zlib:
    """gzip (RFC 1952) of one or more members, zlib or raw deflate."""

    def __init__(self, bits: int, name: str) -> None:
        self._bits = bits
        self._name = name
        self._inflater = zlib.decompressobj(bits)
        self._after = b""
        """The first byte behind a member, until the second one shows whether another member follows."""

    def feed(self, data: bytes, room: int) -> list[bytes]:
        """Return what comes out of some bytes."""
        parts: list[bytes] = []
        while room > 0:
            if self._inflater.eof:
                data = self._after + data
                self._after = data if data == b"\x1f" else b""
                if self._name != "gzip" or data[:2] != b"\x1f\x8b":
                    return parts  # what follows the last member is nothing to us
                self._inflater = zlib.decompressobj(self._bits)
            try:
                some = self._inflater.decompress(data, min(STEP_BYTES, room))
            except zlib.error as error:
                raise FetchError(FailureKind.ENCODING, f"broken {self._name}: {error}") from error
            parts.append(some)
            room -= len(some)
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            # Without input there may still be output: the end of raw deflate is not followed by anything.
            if not data and not some:
                break
        return parts

    def finish(self) -> None:
        """Raise FetchError (`truncated`) where the stream has not ended."""
        if not self._inflater.eof:
            raise FetchError(FailureKind.TRUNCATED, f"{self._name} ends too early")


class _Brotli:
    def __init__(self) -> None:
        self._inflater = brotli.Decompressor()
        self._fed: list[bytes] = []

    def feed(self, data: bytes, room: int) -> list[bytes]:
        """Return what comes out of some bytes."""
        if self._inflater.is_finished():
            return []
        try:
            parts = _drain_brotli(self._inflater, data, room)
        except brotli.error as error:
            return self._feed_again(data, room, error)
        self._fed.append(data)
        return parts

    def finish(self) -> None:
        """Raise FetchError (`truncated`) where the stream has not ended."""
        if not self._inflater.is_finished():
            raise FetchError(FailureKind.TRUNCATED, "brotli ends too early")

    def _feed_again(self, data: bytes, room: int, fault: Exception) -> list[bytes]:
        # Bytes behind the end of a stream break the library as broken ones do, and the output of their piece is lost.
        # So the piece is read once more byte by byte, up to the end of the stream.
        self._inflater = brotli.Decompressor()
        parts: list[bytes] = []
        try:
            for piece in self._fed:
                _drain_brotli(self._inflater, piece, sys.maxsize)
            for at in range(len(data)):
                some = _drain_brotli(self._inflater, data[at : at + 1], room)
                parts += some
                room -= sum(map(len, some))
                if self._inflater.is_finished():
                    return parts
        except brotli.error:
            pass
        raise FetchError(FailureKind.ENCODING, f"broken brotli: {fault}") from fault


def _drain_brotli(inflater: brotli.Decompressor, data: bytes, room: int) -> list[bytes]:
    """Inflate a piece up to `room`, and give what comes out.

    `can_accept_more_data` speaks of input alone: with a limit, output may wait inside although it says yes
    (google/brotli#1234). The limit holds for a block of the library's own buffer, so that up to 96 KiB come at once.
    """
    parts: list[bytes] = []
    while room > 0:
        some = inflater.process(data, output_buffer_limit=min(STEP_BYTES, room))
        if not some and (not data or inflater.can_accept_more_data()):
            break
        parts.append(some)
        room -= len(some)
        data = b""
    return parts


class _Zstd:
    """zstd (RFC 8878) of one or more frames."""

    def __init__(self) -> None:
        self._inflater = _new_zstd()
        self._after = b""
        """The first bytes behind a frame, until there are enough to know whether another frame follows."""

    def feed(self, data: bytes, room: int) -> list[bytes]:
        """Return what comes out of some bytes."""
        parts: list[bytes] = []
        while room > 0:
            if self._inflater.eof:
                data = self._after + data
                self._after = data if len(data) < 4 else b""
                if not _is_zstd(data):
                    return parts  # what follows the last frame is nothing to us
                self._inflater = _new_zstd()
            try:
                some = self._inflater.decompress(data, min(STEP_BYTES, room))
            except zstd.ZstdError as error:
                raise FetchError(FailureKind.ENCODING, f"broken zstd: {error}") from error
            parts.append(some)
            room -= len(some)
            data = self._inflater.unused_data if self._inflater.eof else b""
            if not data and (self._inflater.eof or self._inflater.needs_input):
                break
        return parts

    def finish(self) -> None:
        """Raise FetchError (`truncated`) where the stream has not ended."""
        if not self._inflater.eof:
            raise FetchError(FailureKind.TRUNCATED, "zstd ends too early")


def _new_zstd() -> zstd.ZstdDecompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: MAX_WINDOW_LOG})
