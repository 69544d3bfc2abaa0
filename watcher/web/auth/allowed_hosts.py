"""The host names that this server answers to; others may point at it by DNS rebinding.

IP addresses are always answered: they cannot point anywhere else.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from watcher.settings import Web


def list_own_hosts(web: Web) -> frozenset[str]:
    """Return the names of this server: loopback, the address it listens on, the base URL's, and those configured."""
    names = {"localhost", web.host.lower(), *(name.lower() for name in web.hosts)}
    if web.base_url and (host := urlsplit(web.base_url).hostname):
        names.add(host.lower())
    return frozenset(names)


def is_own_host(host: str, names: frozenset[str]) -> bool:
    """Return whether a Host header names this server."""
    name = parse_host(host)
    return bool(name) and (name in names or name.endswith(".localhost") or _is_address(name))


def parse_host(host: str) -> str:
    """Return the name in a Host header, without its port; empty where it is malformed."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def is_same_origin(origin: str, host: str, base_url: str | None) -> bool:
    """Return whether an Origin header is this server: the request's host, or the base URL that a proxy serves."""
    try:
        netloc = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    own = {host.lower()} | ({urlsplit(base_url).netloc.lower()} if base_url else set())
    return bool(netloc) and netloc in own


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
