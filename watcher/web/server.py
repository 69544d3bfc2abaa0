"""Serves the application. Off loopback it needs a password or a token."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from watcher.app.bootstrap import App
from watcher.errors import ConfigError, StoreError
from watcher.fetch import Fetcher
from watcher.settings import Settings
from watcher.web.application import create_app
from watcher.web.auth.sources import Proxies
from watcher.web.connections import (
    KEEP_ALIVE_SECONDS,
    MAX_BACKLOG,
    BoundedProtocol,
    Connections,
    Timeouts,
    compute_limits,
)

TICKS_PER_SWEEP = 10
"""uvicorn ticks ten times a second."""


class PageServer(uvicorn.Server):
    """A server on a port that is bound from the start; its caller handles signals.

    `port` is the one that was bound, also where 0 asked for any free one.
    """

    def __init__(
        self, closing: asyncio.Event, config: uvicorn.Config, listening: socket.socket, connections: Connections
    ) -> None:
        super().__init__(config)
        self._connections = connections
        self._closing = closing
        self._listening = listening
        self.port: int = listening.getsockname()[1]

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on the bound port until `should_exit`."""
        await super().serve(sockets=sockets or [self._listening])

    async def on_tick(self, counter: int) -> bool:
        """Enforce the time limits of connections, once a second."""
        if counter % TICKS_PER_SWEEP == 0:
            self._connections.sweep(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, then the server."""
        # Ends the streams of new hits; otherwise the server would wait for them.
        self._closing.set()
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller."""
        yield


def make_server(app: FastAPI, host: str, port: int, timeouts: Timeouts | None = None) -> PageServer:
    """Bind the port and return a server of the page; raises StoreError if it is taken."""
    context = app.state.context
    return bind_server(app, context.app.settings, context.closing, host, port, timeouts)


def bind_server(
    app: ASGIApp, settings: Settings, closing: asyncio.Event, host: str, port: int, timeouts: Timeouts | None = None
) -> PageServer:
    """Bind the port and return a server that `serve()` runs until `should_exit`; raises StoreError if it is taken.

    `closing` is set when it shuts down, so that streams end.
    """
    # uvicorn would end the process where a port is taken.
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=256
        )
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(
            f"the page cannot be served on {host}:{port}: {(reason or 'no such address').lower()}"
        ) from error
    # asyncio sets TCP_NODELAY only where the socket names its protocol: responses in two segments would wait 40 ms for
    # an acknowledgement. Accepted sockets inherit this.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    limits = compute_limits(settings.web, settings.fetch.concurrency)
    connections = Connections(limits, Proxies(settings.web.trusted_proxies), timeouts or Timeouts())
    config = uvicorn.Config(
        app,
        http=partial(BoundedProtocol, connections),  # type: ignore[arg-type]
        ws="none",
        backlog=MAX_BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        # auth/forwarded.py respects `web.trusted_proxies`; uvicorn's own would trust every local process.
        proxy_headers=False,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    return PageServer(closing, config, listening, connections)


def require_login(settings: Settings) -> None:
    """Raise ConfigError where the page would be open to others without a password or a token."""
    if settings.exposed:
        raise ConfigError(settings.exposed)


async def serve_alone(
    app: App,
    *,
    clock: Callable[[], datetime],
    port: int | None = None,
    on_ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve the page and the API until SIGTERM or SIGINT; `on_ready` gets the address once it can be reached.

    `port` overrides the configured one; 0 takes a free one. Raises ConfigError and StoreError.
    """
    require_login(app.settings)
    web = app.settings.web
    async with Fetcher(app.fetch_policy()) as fetcher:
        page = create_app(app, clock=clock, fetcher=fetcher)
        server = make_server(page, web.host, web.port if port is None else port)
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, setattr, server, "should_exit", True)
        on_ready(web.address if port is None and web.port else f"http://{web.host}:{server.port}")
        await server.serve()
