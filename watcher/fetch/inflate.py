"""Inflates a body piece by piece within bounds: a bomb is found before it is unpacked."""

from __future__ import annotations

import re
import zlib
from typing import Protocol

import brotli
import zstandard

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind

STEP = 65_536
RATIO = 200
TELLING = 8
"""Bytes that tell what a body is; a server may send them one by one."""
FREE = 2**20
"""Bytes that may come out whatever the ratio: small documents compress better than any bomb needs to."""
ACCEPTED = "gzip, br, zstd"


_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?<(?:\?xml|rss|feed|rdf|!--|!DOC|html)", re.IGNORECASE)


class _Inflater(Protocol):
    def feed(self, data: bytes, room: int) -> list[bytes]: ...
    def finish(self) -> None: ...


class Body:
    """Gathers a body: takes wire bytes, keeps inflated ones; raises FetchError (too-large, encoding, truncated)."""

    def __init__(self, coding: str, *, most_wire: int, most_body: int) -> None:
        self._most_wire = most_wire
        self._most_body = most_body
        self._coding = _coding(coding)
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
            if len(self._head) < TELLING:
                return
            data, self._head = self._head, b""
            self._inflater = self._choose(data)
        self._inflate(self._inflater, data)

    def finished(self) -> bytes:
        """Give the whole body, once the wire has ended."""
        if self._inflater is None and self._head:
            self._inflater = self._choose(self._head)
            self._inflate(self._inflater, self._head)
        if self._inflater is not None:
            self._inflater.finish()
        return b"".join(self._parts)

    def _inflate(self, inflater: _Inflater, data: bytes) -> None:
        # One byte more than may come out, and the bomb is known: no need to see the rest of it.
        fair = max(FREE, RATIO * self.wire)
        for part in inflater.feed(data, min(self._most_body, fair) - self.size + 1):
            self.size += len(part)
            self._parts.append(part)
        if self.size > self._most_body:
            raise FetchError(FailureKind.TOO_LARGE, f"more than {self._most_body:,} bytes unpacked")
        if self.size > fair:
            raise FetchError(FailureKind.ENCODING, f"unpacks to more than {RATIO} times its size")

    def _choose(self, data: bytes) -> _Inflater:
        # Servers say gzip and send plain text, and send gzip without a word: the bytes know better.
        if data[:2] == b"\x1f\x8b":
            return _Zlib(16 + zlib.MAX_WBITS, "gzip")
        match self._coding:
            case "deflate":
                if _MARKUP.match(data) is not None:
                    return _Plain()
                wrapped = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] * 256 + data[1]) % 31 == 0
                return _Zlib(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, "deflate")
            case "br":
                return _Plain() if data.lstrip()[:1] in {b"<", b"{"} else _Brotli()
            case "zstd":
                return _Plain() if data[:4] != b"\x28\xb5\x2f\xfd" else _Zstd()
            case _:
                return _Plain()


def _coding(said: str) -> str:
    names = [name.strip().lower() for name in said.split(",") if name.strip() and name.strip().lower() != "identity"]
    if len(names) > 1:
        raise FetchError(FailureKind.ENCODING, "packed more than once, which nobody asked for")
    known = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}
    if names and names[0] in {"compress", "x-compress", "exi", "pack200-gzip", "dcb", "dcz"}:
        raise FetchError(FailureKind.ENCODING, f"content coding {names[0]!r}, which nobody asked for")
    return known.get(names[0], "") if names else ""


class _Plain:
    def feed(self, data: bytes, room: int) -> list[bytes]:
        return [data]

    def finish(self) -> None:
        return


class _Zlib:
    """gzip (RFC 1952) of one or more members, zlib or raw deflate."""

    def __init__(self, bits: int, name: str) -> None:
        self._bits = bits
        self._name = name
        self._inflater = zlib.decompressobj(bits)
        self._began = False

    def feed(self, data: bytes, room: int) -> list[bytes]:
        parts: list[bytes] = []
        while data and room > 0:
            if self._inflater.eof:
                if self._name != "gzip" or data[:2] != b"\x1f\x8b":
                    return parts  # what follows the last member is nothing to us
                self._inflater = zlib.decompressobj(self._bits)
            try:
                some = self._inflater.decompress(data, min(STEP, room))
            except zlib.error as error:
                raise FetchError(FailureKind.ENCODING, f"broken {self._name}: {error}") from error
            parts.append(some)
            room -= len(some)
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
        return parts

    def finish(self) -> None:
        if not self._inflater.eof:
            raise FetchError(FailureKind.TRUNCATED, f"{self._name} ends too early")


class _Brotli:
    def __init__(self) -> None:
        self._inflater = brotli.Decompressor()

    def feed(self, data: bytes, room: int) -> list[bytes]:
        parts: list[bytes] = []
        try:
            parts.append(self._inflater.process(data, output_buffer_limit=min(STEP, room)))
            room -= len(parts[-1])
            while room > 0 and not self._inflater.can_accept_more_data():
                parts.append(self._inflater.process(b"", output_buffer_limit=min(STEP, room)))
                room -= len(parts[-1])
        except brotli.error as error:
            raise FetchError(FailureKind.ENCODING, f"broken brotli: {error}") from error
        return parts

    def finish(self) -> None:
        if not self._inflater.is_finished():
            raise FetchError(FailureKind.TRUNCATED, "brotli ends too early")


class _Zstd:
    def __init__(self) -> None:
        self._inflater = zstandard.ZstdDecompressor(max_window_size=2**23).decompressobj()

    def feed(self, data: bytes, room: int) -> list[bytes]:
        parts: list[bytes] = []
        try:
            # The library gives all that a piece unpacks to: small pieces keep a bomb small.
            for start in range(0, len(data), 64):
                if room <= 0 or self._inflater.eof:
                    break
                parts.append(self._inflater.decompress(data[start : start + 64]))
                room -= len(parts[-1])
        except zstandard.ZstdError as error:
            raise FetchError(FailureKind.ENCODING, f"broken zstd: {error}") from error
        return parts

    def finish(self) -> None:
        if not self._inflater.eof:
            raise FetchError(FailureKind.TRUNCATED, "zstd ends too early")
