"""One HTTP/1.1 exchange over a guarded connection, as an httpx transport without a pool: one feed, one connection.

A pool gains nothing where a thousand feeds live on a thousand hosts, and httpx's own costs more than all the rest.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import h11
import httpx

from watcher.fetch.errors import FetchError
from watcher.fetch.guard import Guard
from watcher.fetch.policy import FetchPolicy
from watcher.model.poll import FailureKind

CHUNK = 65_536


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
            return await self.exchange(request)
        except FetchError as error:
            raise httpx.ConnectError(str(error), request=request) from error

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of its answer; raises FetchError."""
        url = request.url
        if url.scheme not in {"http", "https"}:
            raise FetchError(FailureKind.REFUSED, f"scheme {url.scheme!r} is not fetched")
        connection = await self._connect(
            url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80), url.scheme == "https"
        )
        try:
            return await self._talk(connection, request)
        except BaseException:
            connection.close()
            raise

    async def _connect(self, host: str, port: int, secure: bool) -> _Connection:
        try:
            async with asyncio.timeout(self._policy.resolve.total_seconds()):
                addresses = await self._guard.addresses(host, port)
        except TimeoutError as error:
            raise FetchError(
                FailureKind.OFFLINE, f"{host}: no answer from the name server", seems=FailureKind.DNS
            ) from error
        patience = self._policy.connect.total_seconds()
        each = max(2.0, patience / min(len(addresses), 4)) if len(addresses) > 1 else patience
        fault: FetchError | None = None
        try:
            async with asyncio.timeout(patience):
                for address in addresses[:4]:
                    try:
                        async with asyncio.timeout(each):
                            return await self._dial(address, host, port, secure)
                    except TimeoutError:
                        fault = FetchError(FailureKind.TIMEOUT, f"{host}: no connection within {each:.0f} s")
                    except FetchError as error:
                        fault = error
        except TimeoutError:
            fault = FetchError(FailureKind.TIMEOUT, f"{host}: no connection within {patience:.0f} s")
        assert fault is not None
        raise fault

    async def _dial(self, address: str, host: str, port: int, secure: bool) -> _Connection:
        name = host.strip("[]") if secure else None
        try:
            reader, writer = await asyncio.open_connection(
                address, port, ssl=self._context if secure else None, server_hostname=name, limit=CHUNK
            )
        except ssl.SSLCertVerificationError as error:
            raise FetchError(FailureKind.TLS, f"{host}: certificate refused ({error.verify_message})") from error
        except ssl.SSLError as error:
            raise FetchError(FailureKind.TLS, f"{host}: TLS failed ({error.reason or 'no TLS'})") from error
        except (ConnectionResetError, asyncio.IncompleteReadError) as error:
            kind = FailureKind.TLS if secure else FailureKind.CONNECT
            raise FetchError(kind, f"{host}: connection reset") from error
        except OSError as error:
            said = error.strerror or str(error)
            kind = FailureKind.OFFLINE if error.errno in _OFFLINE else FailureKind.CONNECT
            raise FetchError(kind, f"{host}: {said}", seems=FailureKind.CONNECT) from error
        return _Connection(reader, writer, self._policy)

    async def _talk(self, connection: _Connection, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        headers = [(name, value) for name, value in request.headers.raw if name.lower() != b"connection"]
        headers.append((b"Connection", b"close"))
        try:
            await connection.send(
                h11.Request(method=request.method, target=request.url.raw_path, headers=headers), body
            )
            head = await connection.head()
        except h11.LocalProtocolError as error:
            raise FetchError(FailureKind.PROTOCOL, f"request cannot be sent: {error}") from error
        return httpx.Response(
            head.status_code,
            headers=head.headers.raw_items(),
            stream=_Body(connection),
            request=request,
            extensions={"http_version": b"HTTP/1.1"},
        )


_OFFLINE = {100, 101}
"""ENETDOWN, ENETUNREACH: our own network is not there."""


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, policy: FetchPolicy) -> None:
        self._reader = reader
        self._writer = writer
        self._read = policy.read.total_seconds()
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=policy.most_header)

    async def send(self, request: h11.Request, body: bytes) -> None:
        parts = [self._http.send(request)]
        if body:
            parts.append(self._http.send(h11.Data(data=body)))
        parts.append(self._http.send(h11.EndOfMessage()))
        try:
            self._writer.write(b"".join(part for part in parts if part))
            async with asyncio.timeout(self._read):
                await self._writer.drain()
        except TimeoutError as error:
            raise FetchError(FailureKind.TIMEOUT, "the server does not take the request") from error
        except OSError as error:
            raise FetchError(FailureKind.CONNECT, f"connection lost while asking ({error.strerror})") from error

    async def head(self) -> h11.Response:
        for _interim in range(20):
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse):
                raise FetchError(FailureKind.PROTOCOL, "the server closed the connection without an answer")
        raise FetchError(FailureKind.PROTOCOL, "interim answers without end")

    async def data(self) -> bytes | None:
        """Give the next piece of the body, None at its end."""
        event = await self._event()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            return None
        raise FetchError(FailureKind.TRUNCATED, "the connection closed before the end of the document")

    async def _event(self) -> object:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                said = str(error)
                cut = "peer closed connection" in said or "without sending complete message body" in said
                kind = FailureKind.TRUNCATED if cut else FailureKind.PROTOCOL
                raise FetchError(
                    kind, f"the answer is not HTTP: {said}"[:200] if not cut else "the document is cut short"
                ) from error
            if event is not h11.NEED_DATA:
                return event
            try:
                async with asyncio.timeout(self._read):
                    some = await self._reader.read(CHUNK)
            except TimeoutError as error:
                raise FetchError(FailureKind.TIMEOUT, f"no bytes for {self._read:.0f} s") from error
            except (OSError, ssl.SSLError) as error:
                raise FetchError(FailureKind.TRUNCATED, "the connection broke") from error
            self._http.receive_data(some)

    def close(self) -> None:
        transport = self._writer.transport
        # A server that never closes its side must not keep ours.
        transport.abort()


class _Body(httpx.AsyncByteStream):
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (some := await self._connection.data()) is not None:
            yield some

    async def aclose(self) -> None:
        self._connection.close()
