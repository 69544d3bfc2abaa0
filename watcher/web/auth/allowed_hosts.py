"""Which host names this server answers to: a name of others that is pointed at us (DNS rebinding) gets nothing.

An address of numbers is always answered: it cannot be pointed anywhere else.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from watcher.settings import Web


def own_names(web: Web) -> frozenset[str]:
    """List the names that are ours: loopback's, the one we listen on, the base address's, and those configured."""
    names = {"localhost", web.host.lower(), *(name.lower() for name in web.hosts)}
    if web.base_url and (host := urlsplit(web.base_url).hostname):
        names.add(host.lower())
    return frozenset(names)


def is_own(host: str, names: frozenset[str]) -> bool:
    """Tell whether a Host header names this server."""
    name = host_name(host)
    return bool(name) and (name in names or name.endswith(".localhost") or _is_address(name))


def host_name(host: str) -> str:
    """Give the name in a Host header, without its port; empty where it makes no sense."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def same_origin(origin: str, host: str, base_url: str | None) -> bool:
    """Tell whether an Origin header is this server: the host that was asked, or the base address a proxy stands at."""
    try:
        netloc = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    ours = {host.lower()} | ({urlsplit(base_url).netloc.lower()} if base_url else set())
    return bool(netloc) and netloc in ours


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
