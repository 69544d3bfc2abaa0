"""Connections to checked addresses: directly or through a proxy, with TLS where the target asks for it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from watcher.fetch import proxy as proxies
from watcher.fetch.connection import Connection
from watcher.fetch.errors import FetchError
from watcher.fetch.policy import FetchPolicy
from watcher.fetch.ssrf_guard import SsrfGuard
from watcher.fetch.tls import Contexts
from watcher.model.poll import FailureKind
from watcher.model.proxy import Proxy

T = TypeVar("T")
Trace: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[None]]
"""The `trace` of a request's extensions, as httpx has it; awaited at least just before a request is sent."""

_OFFLINE = {100, 101}
"""ENETDOWN, ENETUNREACH: our own network is not there."""
_MAX_ADDRESSES = 4
"""Addresses of a host that are tried, one after another."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a target is reached. A connection may carry what has the same route, and nothing else."""

    secure: bool
    host: str
    port: int
    proxy: Proxy | None = None
    verify: bool | str = True

    @property
    def is_absolute(self) -> bool:
        """Whether the proxy is sent the whole address, as for plain http: it often refuses CONNECT to port 80."""
        return self.proxy is not None and self.proxy.scheme == "http" and not self.secure


class Dialer:
    """Opens connections. The address that the guard has checked is the one that is dialled."""

    def __init__(self, policy: FetchPolicy, guard: SsrfGuard, contexts: Contexts) -> None:
        self._policy = policy
        self._guard = guard
        self._contexts = contexts
        self._patience = policy.connect.total_seconds()

    async def connect(self, route: Route) -> Connection:
        """Open a connection for HTTP/1.1; raises FetchError."""
        context = self._contexts.get(route.verify) if route.secure else None
        name = route.host if route.secure else None
        loop = asyncio.get_running_loop()
        if route.proxy is None:

            async def open_(address: str) -> Connection:
                """Open a connection to one of the addresses."""
                _transport, connection = await loop.create_connection(
                    lambda: Connection(self._policy), address, route.port, ssl=context, server_hostname=name
                )
                return connection

            return await self._try_addresses(route, open_)
        opened = await (self._open_proxy(route.proxy, route) if route.is_absolute else self.open_socket(route))
        try:
            with translated(route):
                async with asyncio.timeout(self._patience):
                    _transport, connection = await loop.create_connection(
                        lambda: Connection(self._policy), sock=opened, ssl=context, server_hostname=name
                    )
                    return connection
        except BaseException as error:
            opened.close()
            if isinstance(error, TimeoutError):
                raise _too_slow(route, self._patience) from error
            raise

    async def open_socket(self, route: Route) -> socket.socket:
        """Open a connection to the target itself, without TLS yet; raises FetchError."""
        if route.proxy is not None:
            return await proxies.open_through(route.proxy, self._guard, route.host, route.port, self._patience)
        return await self._try_addresses(route, lambda address: _dial(address, route.port))

    async def _open_proxy(self, proxy: Proxy, route: Route) -> socket.socket:
        """Open a connection to a proxy that will be sent the whole address of a target that may be asked for."""
        await proxies.host_to_ask(proxy, self._guard, route.host, route.port)
        address = await proxies.proxy_address(proxy, self._guard)
        try:
            async with asyncio.timeout(self._patience):
                return await _dial(address, proxy.port)
        except TimeoutError as error:
            raise proxies.failed(proxy, f"cannot be reached within {self._patience:.0f} s") from error
        except OSError as error:
            raise proxies.failed(proxy, f"cannot be reached: {(error.strerror or str(error)).lower()}") from error

    async def _try_addresses(self, route: Route, open_: Callable[[str], Awaitable[T]]) -> T:
        addresses = await self._guard.addresses(route.host, route.port)
        patience = self._patience
        patience_per_address = (
            max(2.0, patience / min(len(addresses), _MAX_ADDRESSES)) if len(addresses) > 1 else patience
        )
        deadline = asyncio.get_running_loop().time() + patience
        fault: FetchError | None = None
        for address in addresses[:_MAX_ADDRESSES]:
            left = min(patience_per_address, deadline - asyncio.get_running_loop().time())
            if left <= 0:
                break
            try:
                with translated(route):
                    async with asyncio.timeout(left):
                        return await open_(address)
            except TimeoutError:
                fault = _too_slow(route, left)
            except FetchError as error:
                fault = error
        assert fault is not None
        raise fault


async def _dial(address: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
    except BaseException:
        opened.close()
        raise
    return opened


def _too_slow(route: Route, patience: float) -> FetchError:
    return FetchError(FailureKind.TIMEOUT, f"{route.host}: no connection within {patience:.0f} s")


@contextmanager
def translated(route: Route) -> Iterator[None]:
    """Raise FetchError for what goes wrong between dialling and the end of the TLS handshake."""
    host = route.host
    try:
        yield
    except TimeoutError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise FetchError(FailureKind.TLS, f"{host}: certificate refused ({error.verify_message})") from error
    except ssl.SSLError as error:
        raise FetchError(FailureKind.TLS, f"{host}: TLS failed ({error.reason or 'no TLS'})") from error
    except ConnectionResetError as error:
        kind = FailureKind.TLS if route.secure else FailureKind.CONNECT
        raise FetchError(kind, f"{host}: connection reset") from error
    except OSError as error:
        reason = error.strerror or str(error)
        kind = FailureKind.OFFLINE if error.errno in _OFFLINE else FailureKind.CONNECT
        raise FetchError(kind, f"{host}: {reason}", seems=FailureKind.CONNECT) from error
