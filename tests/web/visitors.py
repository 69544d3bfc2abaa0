"""Visitors that speak to a server in bytes of their own, over real sockets."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from watcher.web.connections import Timeouts

SHORT = Timeouts(
    head=1.0, body=4.0, body_grace=1.0, body_rate=4 << 10, read_window=1.5, read_least=16 << 10, linger=1.0
)
HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def connect(address: str, source: str = "127.0.0.1") -> socket.socket:
    """Connect from an address of loopback."""
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname, parts.port), timeout=10, source_address=(source, 0))


@contextmanager
def crowd(address: str, count: int, source: str = "127.0.0.1") -> Iterator[list[socket.socket]]:
    """Open many connections, and close them at the end."""
    with ExitStack() as held:
        yield [held.enter_context(connect(address, source)) for _ in range(count)]


def read_until_closed(sock: socket.socket, seconds: float = 10) -> bytes | None:
    """Read until the other side closes; None where it does not do so in time."""
    got, end = b"", time.monotonic() + seconds
    sock.settimeout(0.2)
    while time.monotonic() < end:
        try:
            some = sock.recv(1 << 16)
        except TimeoutError:
            continue
        except OSError:
            return got
        if not some:
            return got
        got += some
    return None


def closed_ones(socks: list[socket.socket]) -> list[bytes]:
    """Return what those were sent that the other side has closed by now."""
    answers = []
    for sock in select.select(socks, [], [], 0)[0]:
        sock.settimeout(0.5)
        try:
            got = sock.recv(1 << 16)
            if got and sock.recv(1):
                continue
        except TimeoutError:
            continue
        except OSError:
            got = b""
        answers.append(got)
    return answers


def status_of(answer: bytes) -> int:
    """Return the status of an answer; 0 where there is none."""
    line = answer.split(b"\r\n", 1)[0].split()
    return int(line[1]) if len(line) > 1 else 0
