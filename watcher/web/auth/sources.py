"""The source of a request, as limits count it: an IPv4 address, or the /64 of an IPv6 address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
HOST_BITS = 64
"""Bits of an IPv6 address that one network hands out: a client that has one address of a /64 has them all."""


def parse_address(text: str) -> Address | None:
    """Parse an address, with or without a zone; IPv4 in IPv6 counts as IPv4. None where it is not one."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def get_source(text: str) -> str:
    """Return the source that limits count an address under; other text counts as itself."""
    address = parse_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address) >> HOST_BITS << HOST_BITS, 128 - HOST_BITS)))
    return text if address is None else str(address)


class Proxies:
    """The trusted proxies: addresses and networks of `web.trusted_proxies`."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(network) for network in networks)

    def include(self, text: str) -> bool:
        """Return whether an address is one of the trusted proxies."""
        if not self._networks or (address := parse_address(text)) is None:
            return False
        return any(address in network for network in self._networks)
