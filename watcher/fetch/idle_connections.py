"""Keeps connections whose answer is over for the next request to the same place, a few and for seconds."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from watcher.fetch.connection import Connection
from watcher.fetch.dialer import Route

IDLE_SECONDS = 8.0
"""Seconds that a connection waits. Most servers wait longer, so that few are closed while a request is on its way."""
LIFE = 120.0
"""Seconds after which a connection carries no further request: the guard looks at the host's addresses again."""
MAX_IDLE = 64


class IdleConnections:
    """Connections that wait, the oldest first; at most `per_host` of a route and MAX_IDLE of all."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._waiting: OrderedDict[Connection, tuple[Route, float]] = OrderedDict()
        self._routes: dict[Route, list[Connection]] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def take(self, route: Route) -> Connection | None:
        """Return a connection that can carry a request now, the one that waited least; None where there is none."""
        self._enter(asyncio.get_running_loop())
        while (connections := self._routes.get(route)) is not None:
            connection = connections[-1]
            self._forget(connection)
            if connection.is_idle:
                return connection
            connection.close()
        return None

    def keep(self, route: Route, connection: Connection) -> None:
        """Take back a connection whose answer is over, or close it where it is of no use or one too many."""
        self._enter(connection.loop)
        now = connection.loop.time()
        connections = self._routes.get(route, ())
        if not connection.is_idle or now - connection.opened_at > LIFE or len(connections) >= self._per_host:
            connection.close()
            return
        self._waiting[connection] = route, now
        self._routes.setdefault(route, []).append(connection)
        if len(self._waiting) > MAX_IDLE:
            self._close_oldest()
        if self._sweep is None:
            self._sweep = connection.loop.call_later(IDLE_SECONDS, self._close_expired, connection.loop)

    def close(self) -> None:
        """Close all of them."""
        while self._waiting:
            self._close_oldest()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forget what belongs to another event loop: it cannot be used here, nor closed."""
        if self._loop is not loop:
            self._waiting.clear()
            self._routes.clear()
            self._loop, self._sweep = loop, None

    def _close_oldest(self) -> None:
        connection = next(iter(self._waiting))
        self._forget(connection)
        connection.close()

    def _close_expired(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweep = None
        while self._waiting:
            _route, since = next(iter(self._waiting.values()))
            left = since + IDLE_SECONDS - loop.time()
            if left > 0:
                self._sweep = loop.call_later(left, self._close_expired, loop)
                return
            self._close_oldest()

    def _forget(self, connection: Connection) -> None:
        route, _since = self._waiting.pop(connection)
        connections = self._routes[route]
        connections.remove(connection)
        if not connections:
            del self._routes[route]
