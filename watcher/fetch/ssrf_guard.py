"""Decides which addresses may be dialled. The address that is checked is the one that is dialled, so that a name which
changes its answer between the two (DNS rebinding) gains nothing."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache
from typing import TypeAlias

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""Returns the addresses of a host name, as text; raises OSError."""

# What Python's is_global lets through, or did in some version.
_REFUSED4 = tuple(
    ipaddress.IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL6 = ipaddress.IPv6Network("2000::/3")
_REFUSED6 = tuple(
    ipaddress.IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "64:ff9b::/96")
)


_LOCAL_NAMES = re.compile(
    r"[^.]*|(?:.*\.)?(?:localhost|local|localdomain|internal|intranet|private|corp|home|lan|home\.arpa)"
)
"""Names of a network of one's own: a proxy would look them up in its own."""
_PROXY_PATIENCE = 2.0
_UNKNOWN_FOR = 60.0
"""Seconds in which a name service that does not answer is not asked again about names that a proxy looks up."""


class SsrfGuard:
    """Checks hosts against the public internet and what the operator opened (`allow`: networks and host names)."""

    def __init__(
        self, allow: Iterable[str] = (), resolver: Resolver | None = None, patience: timedelta = timedelta(seconds=5)
    ) -> None:
        self._patience = patience.total_seconds()
        self._networks: list[Network] = []
        self._hosts: set[str] = set()
        self._unknown_until = 0.0
        for allowed in allow:
            try:
                self._networks.append(ipaddress.ip_network(allowed, strict=False))
            except ValueError:
                self._hosts.add(allowed.lower().rstrip("."))
        self._resolve = resolver or _system_resolver()
        # The same few thousand addresses are dialled again and again, and each is held against two dozen networks.
        self._refusal = lru_cache(maxsize=8192)(self._find_refusal)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve a host and check every answer; raises FetchError (`dns`, `offline`, `refused`).

        One refused answer refuses the host: a name that is half inside is not to be trusted with the other half.
        """
        literal = _literal(host)
        addresses = await self.resolve(host, port) if literal is None else [str(literal)]
        self._check(host, addresses, literal)
        return addresses

    async def check_for_proxy(self, host: str, port: int, *, known_here: bool = True) -> str:
        """Check a host that a proxy will look up and return what to ask the proxy for; raises FetchError (`refused`).

        What is found here counts as without a proxy. A name that only the proxy knows may be asked for, unless it is
        one of a network of one's own; with `known_here` false it is not looked up here at all.
        """
        name = host.lower().rstrip(".")
        if (literal := _literal(host)) is not None:
            self._check(host, [str(literal)], literal)
            return str(literal)  # 010.0.0.1 is not the same address to everyone
        if name in self._hosts:
            return host
        local = _LOCAL_NAMES.fullmatch(name) is not None
        addresses = await self._resolve_for_proxy(host, port) if known_here else []
        self._check(host, addresses, None)
        if local and not (addresses and all(self._opened(ipaddress.ip_address(address)) for address in addresses)):
            raise FetchError(FailureKind.REFUSED, f"{host} is a name of a local network (fetch.allow opens it)")
        return host

    async def _resolve_for_proxy(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host as far as they are known here, where names may not be known at all."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._unknown_until:
            return []
        try:
            return await self.resolve(host, port, min(self._patience, _PROXY_PATIENCE))
        except FetchError as error:
            if error.kind is FailureKind.OFFLINE:
                self._unknown_until = loop.time() + _UNKNOWN_FOR
            return []

    def _check(self, host: str, addresses: Iterable[str], literal: Address | None) -> None:
        if host.lower().rstrip(".") in self._hosts:
            return
        for address in addresses:
            reason = self.refusal(address) if literal is None else self._refusal(literal)
            if reason is not None:
                raise FetchError(FailureKind.REFUSED, f"{host}: {address} is {reason} (fetch.allow opens it)")

    async def resolve(self, host: str, port: int, patience: float | None = None) -> list[str]:
        """Resolve a host, whatever its addresses are; raises FetchError (`dns`, `offline`)."""
        if (literal := _literal(host)) is not None:
            return [str(literal)]
        try:
            async with asyncio.timeout(patience or self._patience):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            message = f"{host}: no answer from the name server"
            raise FetchError(FailureKind.OFFLINE, message, seems=FailureKind.DNS) from error
        except OSError as error:
            # "Try again" may be a name server of theirs that is ill, or that none of ours can be reached.
            kind = FailureKind.OFFLINE if getattr(error, "errno", None) == socket.EAI_AGAIN else FailureKind.DNS
            message = f"{host}: name not found ({_describe(error)})"
            raise FetchError(kind, message, seems=FailureKind.DNS) from error
        if not addresses:
            raise FetchError(FailureKind.DNS, f"{host}: name has no address")
        return addresses

    def refusal(self, address: str) -> str | None:
        """Return why an address may not be dialled, None where it may."""
        try:
            parsed = ipaddress.ip_address(address.split("%", 1)[0])
        except ValueError:
            return "no address"
        return self._refusal(parsed)

    def _find_refusal(self, parsed: Address) -> str | None:
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return None if self._opened(parsed) else _reason(parsed)

    def _opened(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._networks)


def _reason(address: Address) -> str | None:
    # The registries of special addresses (RFC 6890) change, and Python's tables with its version: both are asked.
    if address.is_loopback:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    if isinstance(address, ipaddress.IPv4Address):
        if address.is_private or not address.is_global or any(address in network for network in _REFUSED4):
            return "a private or reserved address"
        return None
    if address not in _GLOBAL6 or any(address in network for network in _REFUSED6):
        return "a private or reserved address"
    return None


@lru_cache(maxsize=8192)
def _literal(host: str) -> Address | None:
    """Read a host that is an address; also in the old forms (127.1, 0x7f000001) that resolvers understand."""
    try:
        return ipaddress.ip_address(host.strip("[]").split("%", 1)[0])
    except ValueError:
        pass
    if host and all(part[:1].isdigit() for part in host.split(".")):
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return None


def _system_resolver() -> Resolver:
    # Threads of its own: the default executor has so few that some dead name servers would stall every feed.
    threads = ThreadPoolExecutor(32, thread_name_prefix="resolver")

    async def resolve(host: str, port: int) -> list[str]:
        """Return the addresses of a host in the system's order, each once; raises OSError."""
        loop = asyncio.get_running_loop()
        try:
            addresses = await loop.run_in_executor(
                threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            )
        except UnicodeError as error:
            raise OSError(str(error)) from error
        return list(dict.fromkeys(str(info[4][0]) for info in addresses))

    return resolve


def _describe(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
