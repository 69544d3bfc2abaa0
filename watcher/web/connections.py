"""Bounds connections: how many there are, how long a head and a body may take, and how long a response may be unread.

uvicorn has no time limit for heads, and counts connections only once a head is complete. Every second `sweep` checks
all connections, which is one timer instead of several for each.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from dataclasses import dataclass
from typing import Any

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from watcher.settings import Web
from watcher.web.auth.sources import Proxies, get_source

log = structlog.get_logger()

MAX_DISCARDED = 16 << 20
"""Bytes of a body that are read and dropped after the response, so that a client that sends too much receives it."""
KEEP_ALIVE_SECONDS = 5
MAX_BACKLOG = 128
"""Connections that may be accepted in one turn of the loop, before they are counted."""
MAX_DESCRIPTORS = 1 << 16
DESCRIPTORS_RESERVED = 192
"""For files, the database and what the interpreter opens; each fetch needs two more."""
REPORT_SECONDS = 60.0

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a visitor may take, in seconds.

    `head` is for a whole request head: from its first byte, or from the connection, to the blank line. A body has to
    arrive with `body_rate` bytes a second on average after `body_grace`, and within `body`. A client has to read
    `read_least` bytes of a response in each `read_window` where so much is left, and the rest within `linger` once the
    connection is being closed.
    """

    head: float = 10.0
    body: float = 120.0
    body_grace: float = 10.0
    body_rate: float = 16 << 10
    read_window: float = 20.0
    read_least: int = 32 << 10
    linger: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many connections there may be in all, and from one source that is no trusted proxy."""

    total: int
    per_source: int


def compute_limits(web: Web, fetches: int) -> Limits:
    """Return the limits that leave descriptors for `fetches` at once; raises the soft limit of the process for them."""
    room = _raise_descriptor_limit() - DESCRIPTORS_RESERVED - MAX_BACKLOG - 2 * fetches
    total = max(16, min(web.max_connections, room))
    return Limits(total=total, per_source=min(web.max_connections_per_source, total))


def _raise_descriptor_limit() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    new_limit = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= new_limit:
        return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (new_limit, hard))
    except (OSError, ValueError):
        return soft
    return new_limit


class Connections:
    """The open connections of a server."""

    def __init__(self, limits: Limits, proxies: Proxies, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self._limits = limits
        self._proxies = proxies
        self._open: dict[BoundedProtocol, str] = {}
        self._by_source: Counter[str] = Counter()
        self._refused = 0
        self._reported_at = float("-inf")

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: BoundedProtocol, address: str) -> bool:
        """Count a connection; returns False where there are too many."""
        source = "" if self._proxies.include(address) else get_source(address)
        if len(self._open) >= self._limits.total or (source and self._by_source[source] >= self._limits.per_source):
            self._refused += 1
            return False
        self._open[connection] = source
        self._by_source[source] += 1
        return True

    def remove(self, connection: BoundedProtocol) -> None:
        """Uncount a connection."""
        source = self._open.pop(connection, None)
        if source is None:
            return
        self._by_source[source] -= 1
        if not self._by_source[source]:
            del self._by_source[source]

    def sweep(self, now: float) -> None:
        """End the connections that take too long, and report those that were refused, at most once a minute."""
        for connection in list(self._open):
            connection.enforce(now)
        if self._refused and now - self._reported_at >= REPORT_SECONDS:
            log.warning("connections refused: too many", refused=self._refused, open=len(self._open),
                        limit=self._limits.total, limit_per_source=self._limits.per_source)  # fmt: skip
            self._refused, self._reported_at = 0, now


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 with time limits."""

    def __init__(self, connections: Connections, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._connections = connections
        self._admitted = False
        self._head_since: float | None = None
        self._body_since: float | None = None
        self._body_received = 0
        self._unread: tuple[float, int] | None = None
        self._closing_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit a connection, or refuse it with 503."""
        peer = transport.get_extra_info("peername")
        self._admitted = self._connections.admit(self, str(peer[0]) if isinstance(peer, tuple) else "")
        if not self._admitted:
            transport.write(_BUSY)
            transport.close()
            return
        super().connection_made(transport)
        self._head_since = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """Uncount a connection."""
        if self._admitted:
            self._connections.remove(self)
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive data and note which phase the request is in."""
        if not self._admitted or self.transport.is_closing():
            return
        super().data_received(data)
        self._body_received += len(data)
        self._note_phase()
        if self._body_since is not None and self.cycle.response_complete and self._body_received > MAX_DISCARDED:
            self.transport.abort()

    def resume_writing(self) -> None:
        """Note that the client has read most of the response."""
        super().resume_writing()
        self._unread = None  # most of it was read

    def on_response_complete(self) -> None:
        """Note that the response is complete."""
        super().on_response_complete()
        self._note_phase()

    def enforce(self, now: float) -> None:
        """Close this connection where its client takes too long."""
        timeouts = self._connections.timeouts
        if self._is_stuck(now):
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self._head_since is not None and now - self._head_since > timeouts.head:
            # No response where nothing was sent: browsers open connections ahead of need.
            self._close(_TIMEOUT if self.conn.trailing_data[0] else b"")
        elif self._body_since is not None and not self.flow.read_paused:
            spent = now - self._body_since
            if spent > min(timeouts.body, timeouts.body_grace + self._body_received / timeouts.body_rate):
                self._close(b"" if self.cycle.response_started else _TIMEOUT)
                # The route that reads the body sees a disconnect.
                self.cycle.disconnected = True
                self.cycle.message_event.set()

    def _note_phase(self) -> None:
        """Note since when a head, or a body, is being received."""
        now = self.loop.time()
        state = self.conn.their_state
        waiting = state is h11.IDLE and bool(self.conn.trailing_data[0])
        self._head_since = (self._head_since or now) if waiting else None
        if state is not h11.SEND_BODY:
            self._body_since, self._body_received = None, 0
        elif self._body_since is None:
            self._body_since = now

    def _is_stuck(self, now: float) -> bool:
        """Return whether a response is not being read, or the connection cannot be closed."""
        timeouts = self._connections.timeouts
        if self.transport.is_closing():
            self._closing_since = self._closing_since or now
            return now - self._closing_since > timeouts.linger
        left = self.transport.get_write_buffer_size()
        if not left:
            self._unread = None
        elif self._unread is None:
            self._unread = now, left
        elif now - self._unread[0] > timeouts.read_window:
            if self._unread[1] - left < min(timeouts.read_least, self._unread[1]):
                return True
            self._unread = now, left
        return False

    def _close(self, response: bytes) -> None:
        if response:
            self.transport.write(response)
        self.transport.close()
