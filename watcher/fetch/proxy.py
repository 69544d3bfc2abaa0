"""Outbound proxies: which one a request goes through, and how a connection is opened through it."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind
from watcher.model.proxy import DIRECT, Proxy, parse_proxy

if TYPE_CHECKING:
    from watcher.fetch.ssrf_guard import SsrfGuard

_TARGET_UNREACHED = {502, 503, 504}
"""What a proxy answers a CONNECT with whose target it cannot reach: that is no fault of the proxy's."""
_SOCKS_UNREACHED = {1, 3, 4, 5, 6}
"""The same in SOCKS (RFC 1928, 6): failure, network or host unreachable, refused, TTL expired."""
_AT_PROXY_ONLY = re.compile(r"(?:.*\.)?(?:onion|i2p)")
"""Names that must not be looked up anywhere but at the proxy (RFC 7686)."""


class ProxyRules:
    """Decides by address which proxy is asked. `proxy` serves https and, without `plain`, http; both may be `none`."""

    def __init__(self, proxy: str | None, plain: str | None, without: Iterable[str]) -> None:
        self._secure = _read(proxy)
        self._plain = self._secure if plain is None else _read(plain)
        self._without = [_Exception(entry) for entry in without if entry.strip()]

    def choose(self, secure: bool, host: str, port: int, own: str | None = None) -> Proxy | None:
        """Return the proxy for a target, None for a direct way; `own` is what its feed says, which rules."""
        if own is not None:
            return _read(own)
        proxy = self._secure if secure else self._plain
        if proxy is None or any(entry.holds(host, port) for entry in self._without):
            return None
        return proxy


class _Exception:
    """An entry of NO_PROXY: `*`, a network, or a host with all hosts beneath it; a port narrows it."""

    def __init__(self, written: str) -> None:
        entry = written.strip().lower()
        self._port: int | None = None
        self._network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
        name, colon, port = entry.rpartition(":")
        if colon and port.isdigit() and (":" not in name or name.endswith("]")):
            entry, self._port = name, int(port)
        with suppress(ValueError):
            self._network = ipaddress.ip_network(entry.strip("[]"), strict=False)
        self._host = entry.removeprefix("*.").strip(".") if entry != "*" else "*"

    def holds(self, host: str, port: int) -> bool:
        """Return whether a target is meant."""
        if self._port is not None and port != self._port:
            return False
        if self._host == "*":
            return True
        name = host.lower().rstrip(".")
        if self._network is not None:
            try:
                address = ipaddress.ip_address(name.strip("[]"))
            except ValueError:
                return False
            return address.version == self._network.version and address in self._network
        return bool(self._host) and (name == self._host or name.endswith(f".{self._host}"))


def _read(address: str | None) -> Proxy | None:
    if address is None or not address.strip() or address.strip().lower() == DIRECT:
        return None
    try:
        return parse_proxy(address.strip())
    except ValueError as error:
        raise FetchError(FailureKind.PROXY, str(error)) from error


async def open_through(proxy: Proxy, guard: SsrfGuard, host: str, port: int, patience: float) -> socket.socket:
    """Open a connection to a host through a proxy, by CONNECT or SOCKS5; raises FetchError.

    The guard decides about the target. Where the proxy itself is, the operator has decided.
    """
    from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
    from python_socks.async_.asyncio import Proxy as Opener

    target_host = await host_to_ask(proxy, guard, host, port)
    opener = Opener(
        ProxyType.HTTP if proxy.scheme == "http" else ProxyType.SOCKS5,
        await proxy_address(proxy, guard),
        proxy.port,
        proxy.username,
        proxy.password,
        rdns=True,
    )
    try:
        opened = await opener.connect(target_host, port, timeout=patience)
    except ProxyTimeoutError as error:
        # Not known whose fault it is: a proxy that waits for a dead host says nothing either.
        raise FetchError(
            FailureKind.TIMEOUT, f"{host}: no connection within {patience:.0f} s through proxy {proxy}"
        ) from error
    except ProxyConnectionError as error:
        cause = error.__cause__.strerror if isinstance(error.__cause__, OSError) else None
        raise failed(proxy, f"cannot be reached: {(cause or 'no connection').lower()}") from error
    except ProxyError as error:
        raise _refused(proxy, host, error.error_code, str(error)) from error
    except OSError as error:
        raise failed(proxy, f"broke the connection: {error.strerror or error}") from error
    return opened


async def host_to_ask(proxy: Proxy, guard: SsrfGuard, host: str, port: int) -> str:
    """Return what the proxy is asked for: the name where it looks names up, else an address. Raises FetchError."""
    if not proxy.resolves:
        return (await guard.addresses(host, port))[0]
    return await guard.check_for_proxy(
        host, port, known_here=_AT_PROXY_ONLY.fullmatch(host.lower().rstrip(".")) is None
    )


async def proxy_address(proxy: Proxy, guard: SsrfGuard) -> str:
    """Return an address of the proxy itself; raises FetchError."""
    try:
        return (await guard.resolve(proxy.host, proxy.port))[0]
    except FetchError as error:
        raise failed(proxy, "cannot be found: its name has no address here") from error


def failed(proxy: Proxy, what: str) -> FetchError:
    """Return the error of a proxy that does not do its work, which is no fault of any feed."""
    return FetchError(FailureKind.PROXY, f"proxy {proxy} {what}")


def refused(proxy: Proxy, status: int) -> FetchError:
    """Return the error of a proxy that answers with a status of its own."""
    return FetchError(FailureKind.PROXY, f"proxy refused: {status} ({proxy})")


def _refused(proxy: Proxy, host: str, code: int | None, message: str) -> FetchError:
    unreached = _TARGET_UNREACHED if proxy.scheme == "http" else _SOCKS_UNREACHED
    if code in unreached:
        return FetchError(FailureKind.CONNECT, f"{host}: not reached by proxy {proxy}: {message.lower()}"[:200])
    if proxy.scheme == "http" and code is not None:
        return refused(proxy, code)
    return FetchError(FailureKind.PROXY, f"proxy refused: {message.lower()} ({proxy})"[:200])
