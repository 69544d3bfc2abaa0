"""Exchanges over guarded connections: a request and its answer. Also a transport for httpx's clients.

HTTP/1.1 is spoken over connections of our own: httpx's pool costs more than all the rest of a fetch.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import h11
import httpx

from watcher.fetch.connection import Connection
from watcher.fetch.dialer import Dialer, Route, Trace
from watcher.fetch.errors import FetchError
from watcher.fetch.idle_connections import IdleConnections
from watcher.fetch.policy import FetchPolicy
from watcher.fetch.proxy import ProxyRules, refused
from watcher.fetch.ssrf_guard import SsrfGuard
from watcher.fetch.tls import Contexts
from watcher.fetch.usual_http import Head, Question
from watcher.model.access import Access
from watcher.model.poll import FailureKind

if TYPE_CHECKING:
    from watcher.fetch.http2 import Http2

_USUAL = Access()
_REPEATABLE = {"GET", "HEAD"}

_PLAIN = re.compile(r"(https?)://([a-z0-9][a-z0-9.-]{0,252})(?::(\d{1,5}))?(/[\w/.~!$&'()*+,;=:@%?-]*)?", re.ASCII)
"""Addresses that need no encoding, which is most of them."""


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed URL: the connection target and the request target."""

    secure: bool
    host: str
    port: int
    path: bytes

    @property
    def authority(self) -> bytes:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}").encode("ascii")


def parse_target(url: str) -> Target:
    """Parse an address, in the encoding of the wire; raises FetchError, httpx.InvalidURL or ValueError."""
    if (plain := _PLAIN.fullmatch(url)) is not None:
        scheme, host, port, path = plain.groups()
        if port is None or int(port) < 65_536:
            secure = scheme == "https"
            return Target(secure, host, int(port) if port else (443 if secure else 80), (path or "/").encode("ascii"))
    return _to_target(httpx.URL(url))


def _to_target(url: httpx.URL) -> Target:
    if url.scheme not in {"http", "https"}:
        raise FetchError(FailureKind.REFUSED, f"scheme {url.scheme!r} is not fetched")
    secure = url.scheme == "https"
    host = url.raw_host.decode("ascii").strip("[]")
    return Target(secure, host, url.port or (443 if secure else 80), url.raw_path)


class Exchange(Protocol):
    """A request that was answered: the head is here, the body still on its way. `headers` have lower-case names."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Iterable[tuple[bytes, bytes]]: ...

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes; raises FetchError."""

    async def close(self) -> None:
        """Release the connection, read to its end or not."""


class _Exchange:
    """An exchange in HTTP/1.1; its connection goes back to `idle` once the answer is over."""

    def __init__(
        self, connection: Connection, head: Head | h11.Response, route: Route, idle: IdleConnections | None
    ) -> None:
        self._connection = connection
        self._route = route
        self._idle = idle
        self.status = head.status_code
        self.headers = head.headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes; raises FetchError."""
        while (some := await self._connection.data()) is not None:
            yield some

    async def close(self) -> None:
        """Keep the connection for the next request where it can be kept."""
        if self._idle is None:
            self._connection.close()
            return
        self._connection.finish()
        self._idle.keep(self._route, self._connection)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Dials only what the guard lets through, on every request that any client makes with it.

    For httpx's callers its faults are httpx.TransportError; the FetchError that says more is the cause.
    """

    def __init__(self, policy: FetchPolicy, guard: SsrfGuard, context: ssl.SSLContext | None = None) -> None:
        contexts = Contexts(context)
        self._dialer = Dialer(policy, guard, contexts)
        self._proxies = ProxyRules(policy.proxy, policy.plain_proxy, policy.no_proxy)
        self._idle = IdleConnections(policy.per_host)
        self._policy = policy
        self._contexts = contexts
        self._http2: Http2 | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request of an httpx client; raises httpx.ConnectError."""
        try:
            body = await request.aread()
            names = [(name, value) for name, value in request.headers.raw if name.lower() != b"connection"]
            trace = request.extensions.get("trace")
            exchange = await self.exchange(request.method, _to_target(request.url), names, body, trace=trace)
        except FetchError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        return httpx.Response(
            exchange.status,
            headers=list(exchange.headers),
            stream=_Body(exchange),
            request=request,
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def aclose(self) -> None:
        """Close what waits for further requests; one that comes nevertheless dials anew."""
        self._idle.close()

    async def exchange(
        self,
        method: str,
        to: Target,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes = b"",
        access: Access = _USUAL,
        trace: Trace | None = None,
    ) -> Exchange:
        """Send a request, whose headers name the host, and read the head of its answer; raises FetchError.

        Of `access` only the way counts here: proxy, certificates and protocol.
        """
        proxy = self._proxies.choose(to.secure, to.host, to.port, access.proxy)
        route = Route(to.secure, to.host, to.port, proxy, access.verify)
        if access.http_version == "2" and to.secure:
            return await self._get_http2().exchange(route, method, to.path, list(headers), body, trace)
        sent, path = list(headers), to.path
        if proxy is not None and route.is_absolute:
            path = b"http://" + to.authority + path
            if proxy.authorization is not None:
                sent.append((b"Proxy-Authorization", proxy.authorization))
        # A request that changes something goes over a connection of its own, so that it is never sent twice.
        repeatable = method in _REPEATABLE
        sent.append((b"Connection", b"keep-alive" if repeatable else b"close"))
        try:
            question = Question(method, path, sent)
        except h11.LocalProtocolError as error:
            raise FetchError(FailureKind.PROTOCOL, f"request cannot be sent: {error}") from error
        exchange = await self._ask_again(route, question, trace) if repeatable else None
        if exchange is None:
            connection = await self._dialer.connect(route)
            exchange = await _ask(connection, question, body, route, self._idle if repeatable else None, trace)
        if proxy is not None and route.is_absolute and exchange.status == 407:
            await exchange.close()
            raise refused(proxy, 407)
        return exchange

    def _get_http2(self) -> Http2:
        # Imported where a feed needs it: httpcore is most of what a command would otherwise load for nothing.
        from watcher.fetch.http2 import Http2

        if self._http2 is None:
            self._http2 = Http2(self._policy, self._dialer, self._contexts)
        return self._http2

    async def _ask_again(self, route: Route, question: Question, trace: Trace | None) -> Exchange | None:
        """Ask over a connection that waits; None where there is none, or where the server was just closing it."""
        connection = self._idle.take(route)
        if connection is None:
            return None
        try:
            return await _ask(connection, question, b"", route, self._idle, trace)
        except FetchError as error:
            if connection.is_answered or error.kind is FailureKind.TIMEOUT:
                raise
            return None


async def _ask(
    connection: Connection,
    question: Question,
    body: bytes,
    route: Route,
    idle: IdleConnections | None,
    trace: Trace | None = None,
) -> Exchange:
    try:
        if trace is not None:
            await trace("http11.send_request_headers.started", {})
        await connection.send(question, body)
        return _Exchange(connection, await connection.head(), route, idle)
    except h11.LocalProtocolError as error:
        connection.close()
        raise FetchError(FailureKind.PROTOCOL, f"request cannot be sent: {error}") from error
    except BaseException:
        connection.close()
        raise


class _Body(httpx.AsyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for some in self._exchange.pieces():
            yield some

    async def aclose(self) -> None:
        """Release the connection."""
        await self._exchange.close()
