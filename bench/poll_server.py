"""The server of bench/poll.py, in a process of its own: a feed each on 127.x.y.z, ETags, gzip, three kinds of manners.

Of ten feeds seven answer 304 to their ETag, two send the same body again whatever was asked, and one has a new edition
in every round. Reads `edition N` and `end` from stdin, and answers `ready` and what it has served.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import press

PORT = int(os.environ.get("BENCH_PORT", "18080"))
"""Set BENCH_PORT where another run of these benches uses the usual one."""


def address(feed: int) -> str:
    """Give a feed's own loopback address."""
    return f"127.{10 + feed // 62_500}.{feed // 250 % 250}.{feed % 250 + 1}"


def manners(feed: int) -> str:
    """Say how a feed behaves: `honest` (304), `deaf` (200 with the same body), `lively` (a new edition each round)."""
    return "lively" if feed % 10 == 9 else "deaf" if feed % 10 in {3, 6} else "honest"


class Site:
    """What is served now."""

    def __init__(self, feeds: int) -> None:
        self.feeds = feeds
        self.served: dict[int, int] = {}
        self._answers: list[tuple[bytes, bytes, bytes]] = []
        self._pool = ProcessPoolExecutor(2)

    def turn_to(self, edition: int) -> None:
        """Bring out an edition; only lively feeds have more than the first."""
        wanted = [feed for feed in range(self.feeds) if edition == 0 or manners(feed) == "lively"]
        bodies = self._pool.map(partial(press.document, edition=edition), wanted, chunksize=20)
        if edition == 0:
            self._answers = [(b"", b"", b"")] * self.feeds
        for feed, body in zip(wanted, bodies, strict=True):
            tag = body.etag.encode()
            common = (
                b"Date: Mon, 02 Mar 2026 06:00:00 GMT\r\nServer: press\r\nETag: "
                + tag
                + b"\r\nVary: Accept-Encoding\r\n"
            )
            whole = (
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + common + b"Content-Type: " + body.media_type.encode()
                + b"\r\nContent-Length: " + str(len(body.packed)).encode() + b"\r\n\r\n" + body.packed
            )  # fmt: skip
            self._answers[feed] = (tag, whole, b"HTTP/1.1 304 Not Modified\r\n" + common + b"\r\n")
        self.served = {}

    def answer(self, request: bytes) -> bytes:
        """Answer a request's head."""
        feed = int(request.split(b" ", 2)[1].rpartition(b"/")[2])
        tag, whole, unchanged = self._answers[feed]
        known = manners(feed) != "deaf" and b"\r\nif-none-match: " + tag + b"\r\n" in request.replace(
            b"If-None-Match", b"if-none-match"
        )
        self.served[304 if known else 200] = self.served.get(304 if known else 200, 0) + 1
        return unchanged if known else whole

    def close(self) -> None:
        self._pool.shutdown()


class Connection(asyncio.Protocol):
    """One connection: as many requests as the client sends."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while b"\r\n\r\n" in self._pending:
            request, _, self._pending = self._pending.partition(b"\r\n\r\n")
            request += b"\r\n"
            self._transport.write(self._site.answer(request))
            if b"connection: close\r\n" in request.lower():
                self._transport.close()


async def serve(feeds: int) -> None:
    site = Site(feeds)
    site.turn_to(0)
    loop = asyncio.get_running_loop()
    addresses = [address(feed) for feed in range(feeds)]
    servers = [
        await loop.create_server(lambda: Connection(site), some, PORT, backlog=64)
        for some in (addresses[start : start + 250] for start in range(0, feeds, 250))
    ]
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("ready", flush=True)
    while (line := (await lines.readline()).split()) and line[0] != b"end":
        print(json.dumps(site.served), flush=True)
        site.turn_to(int(line[1]))
        print("ready", flush=True)
    for server in servers:
        server.close()
    site.close()


if __name__ == "__main__":
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    asyncio.run(serve(int(sys.argv[1])))
