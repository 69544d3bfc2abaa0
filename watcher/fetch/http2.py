"""HTTP/2 for feeds that ask for it, by httpcore and h2 over connections that the guard has checked.

Servers that offer no HTTP/2 are spoken to in HTTP/1.1. Each request has a connection of its own.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpcore

from watcher.fetch.dialer import Dialer, Route, Trace, translated
from watcher.fetch.errors import FetchError
from watcher.fetch.policy import HTTP2_MISSING, FetchPolicy, has_http2
from watcher.fetch.tls import Contexts
from watcher.model.poll import FailureKind

_CONNECTION_HEADERS = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}


class Http2:
    """Asks in HTTP/2."""

    def __init__(self, policy: FetchPolicy, dialer: Dialer, contexts: Contexts) -> None:
        self._dialer = dialer
        self._contexts = contexts
        connect, read = policy.connect.total_seconds(), policy.read.total_seconds()
        self._timeouts = {"connect": connect, "read": read, "write": read, "pool": connect}

    async def exchange(
        self,
        route: Route,
        method: str,
        path: bytes,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        trace: Trace | None,
    ) -> Http2Exchange:
        """Send a request and read the head of its answer; raises FetchError, and what `trace` does at each step."""
        if not has_http2():
            raise FetchError(FailureKind.REFUSED, HTTP2_MISSING)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._contexts.get(route.verify, http2=True),
            max_connections=1,
            max_keepalive_connections=0,
            http2=True,
            network_backend=_Backend(self._dialer, route),
        )
        request = httpcore.Request(
            method,
            httpcore.URL(scheme=b"https", host=route.host.encode(), port=route.port, target=path),
            headers=[(name, value) for name, value in headers if name.lower() not in _CONNECTION_HEADERS],
            content=body or None,
            extensions={"timeout": self._timeouts} | ({} if trace is None else {"trace": trace}),
        )
        try:
            with translated(route):
                return Http2Exchange(pool, await pool.handle_async_request(request), route)
        except BaseException as error:
            await pool.aclose()
            if isinstance(error, Exception):
                raise _translate(error, route) from error
            raise


class Http2Exchange:
    """A request that was answered; its connection ends with it."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, response: httpcore.Response, route: Route) -> None:
        self._pool = pool
        self._response = response
        self._route = route
        self.status = response.status
        self.headers: Iterable[tuple[bytes, bytes]] = [(name.lower(), value) for name, value in response.headers]

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes; raises FetchError."""
        try:
            async for some in self._response.aiter_stream():
                yield some
        except (httpcore.RemoteProtocolError, httpcore.NetworkError) as error:
            raise FetchError(FailureKind.TRUNCATED, "the document is cut short") from error
        except httpcore.TimeoutException as error:
            raise FetchError(FailureKind.TIMEOUT, "no bytes for too long") from error

    async def close(self) -> None:
        """Close the connection."""
        await self._response.aclose()
        await self._pool.aclose()


def _translate(error: Exception, route: Route) -> Exception:
    match error:
        case httpcore.TimeoutException():
            return FetchError(FailureKind.TIMEOUT, f"{route.host}: no answer in time")
        case httpcore.NetworkError():
            return FetchError(FailureKind.CONNECT, f"{route.host}: the connection broke")
        case httpcore.ProtocolError():
            return FetchError(FailureKind.PROTOCOL, f"the answer is not HTTP: {error}"[:200])
        case _:
            return error


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens the connection of one route, whatever address it is called with."""

    def __init__(self, dialer: Dialer, route: Route) -> None:
        self._dialer = dialer
        self._route = route

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection through the dialer; raises FetchError."""
        return _Opened(await self._dialer.open_socket(self._route))


class _Opened(httpcore.AsyncNetworkStream):
    """A connection before TLS, which carries nothing else."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return the stream over TLS; the socket is closed where the handshake fails."""
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(
                    sock=self._socket, ssl=ssl_context, server_hostname=server_hostname
                )
        except BaseException:
            self._socket.close()
            raise
        return _Stream(reader, writer)

    async def aclose(self) -> None:
        """Close the socket."""
        self._socket.close()


class _Stream(httpcore.AsyncNetworkStream):
    """A connection with TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes, none at the end; raises httpcore.ReadError."""
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes; raises httpcore.WriteError."""
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        """Close at once."""
        self._writer.transport.abort()

    def get_extra_info(self, info: str) -> Any:
        """Return what the transport knows: `ssl_object`, `peername` and the like."""
        return self._writer.get_extra_info(info)
