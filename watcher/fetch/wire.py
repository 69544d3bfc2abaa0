"""One HTTP/1.1 exchange over a guarded connection, without a pool: one question, one connection.

A pool gains nothing where a thousand feeds live on a thousand hosts, and httpx's own costs more than all the rest. The
same exchange is also a transport for httpx's clients.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import h11
import httpx

from watcher.fetch.connection import Connection
from watcher.fetch.errors import FetchError
from watcher.fetch.guard import Guard
from watcher.fetch.policy import FetchPolicy
from watcher.model.poll import FailureKind

_PLAIN = re.compile(r"(https?)://([a-z0-9][a-z0-9.-]{0,252})(?::(\d{1,5}))?(/[\w/.~!$&'()*+,;=:@%?-]*)?", re.ASCII)
"""Addresses that need no encoding, which is most of them."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart: whom to dial, and what to ask for there."""

    secure: bool
    host: str
    port: int
    path: bytes

    @property
    def authority(self) -> bytes:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}").encode("ascii")


def target(url: str) -> Target:
    """Take an address apart, in the encoding of the wire; raises FetchError, httpx.InvalidURL or ValueError."""
    if (plain := _PLAIN.fullmatch(url)) is not None:
        scheme, host, port, path = plain.groups()
        if port is None or int(port) < 65_536:
            secure = scheme == "https"
            return Target(secure, host, int(port) if port else (443 if secure else 80), (path or "/").encode("ascii"))
    return _of(httpx.URL(url))


def _of(url: httpx.URL) -> Target:
    if url.scheme not in {"http", "https"}:
        raise FetchError(FailureKind.REFUSED, f"scheme {url.scheme!r} is not fetched")
    secure = url.scheme == "https"
    host = url.raw_host.decode("ascii").strip("[]")
    return Target(secure, host, url.port or (443 if secure else 80), url.raw_path)


class Exchange:
    """A question that was answered: the head is here, the body still on its way. `headers` have lower-case names."""

    def __init__(self, connection: Connection, head: h11.Response) -> None:
        self._connection = connection
        self.status = head.status_code
        self.headers = head.headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the body as it comes; raises FetchError."""
        while (some := await self._connection.data()) is not None:
            yield some

    def close(self) -> None:
        """Let go of the connection, read to its end or not."""
        self._connection.close()


class GuardedTransport(httpx.AsyncBaseTransport):
    """Dials only what the guard lets through, on every request that any client makes with it.

    For httpx's callers its faults are httpx.TransportError; the FetchError that says more is the cause.
    """

    def __init__(self, policy: FetchPolicy, guard: Guard, context: ssl.SSLContext | None = None) -> None:
        self._policy = policy
        self._guard = guard
        self._context = context or ssl.create_default_context()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            body = await request.aread()
            names = [(name, value) for name, value in request.headers.raw if name.lower() != b"connection"]
            exchange = await self.exchange(request.method, _of(request.url), names, body)
        except FetchError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        return httpx.Response(
            exchange.status,
            headers=exchange.headers.raw_items(),
            stream=_Body(exchange),
            request=request,
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def exchange(
        self, method: str, to: Target, headers: Iterable[tuple[bytes, bytes]], body: bytes = b""
    ) -> Exchange:
        """Send a request, whose headers name the host, and read the head of its answer; raises FetchError."""
        connection = await self._connect(to)
        try:
            question = h11.Request(method=method, target=to.path, headers=[*headers, (b"Connection", b"close")])
            await connection.send(question, body)
            return Exchange(connection, await connection.head())
        except h11.LocalProtocolError as error:
            connection.close()
            raise FetchError(FailureKind.PROTOCOL, f"request cannot be sent: {error}") from error
        except BaseException:
            connection.close()
            raise

    async def _connect(self, to: Target) -> Connection:
        host = to.host
        addresses = await self._guard.addresses(host, to.port)
        patience = self._policy.connect.total_seconds()
        each = max(2.0, patience / min(len(addresses), 4)) if len(addresses) > 1 else patience
        deadline = asyncio.get_running_loop().time() + patience
        fault: FetchError | None = None
        for address in addresses[:4]:
            left = min(each, deadline - asyncio.get_running_loop().time())
            if left <= 0:
                break
            try:
                async with asyncio.timeout(left):
                    return await self._dial(address, to)
            except TimeoutError:
                fault = FetchError(FailureKind.TIMEOUT, f"{host}: no connection within {left:.0f} s")
            except FetchError as error:
                fault = error
        assert fault is not None
        raise fault

    async def _dial(self, address: str, to: Target) -> Connection:
        host = to.host
        try:
            _transport, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self._policy),
                address,
                to.port,
                ssl=self._context if to.secure else None,
                server_hostname=host if to.secure else None,
            )
        except ssl.SSLCertVerificationError as error:
            raise FetchError(FailureKind.TLS, f"{host}: certificate refused ({error.verify_message})") from error
        except ssl.SSLError as error:
            raise FetchError(FailureKind.TLS, f"{host}: TLS failed ({error.reason or 'no TLS'})") from error
        except ConnectionResetError as error:
            kind = FailureKind.TLS if to.secure else FailureKind.CONNECT
            raise FetchError(kind, f"{host}: connection reset") from error
        except OSError as error:
            said = error.strerror or str(error)
            kind = FailureKind.OFFLINE if error.errno in _OFFLINE else FailureKind.CONNECT
            raise FetchError(kind, f"{host}: {said}", seems=FailureKind.CONNECT) from error
        return connection


_OFFLINE = {100, 101}
"""ENETDOWN, ENETUNREACH: our own network is not there."""


class _Body(httpx.AsyncByteStream):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for some in self._exchange.pieces():
            yield some

    async def aclose(self) -> None:
        self._exchange.close()
