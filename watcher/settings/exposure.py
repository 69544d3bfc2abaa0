"""Finds what would show the page to others while nobody has to log in."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from watcher.errors import Fault
from watcher.settings.schema import Web
from watcher.settings.yaml_nodes import Listing, Place, Table, find_node

_HOW = "others reach the page there: set web.password or web.token"


def find_exposed(web: Web, root: Table) -> tuple[Fault, ...]:
    """List the places where the page is offered beyond loopback without a password or a token."""
    if web.asks_for_login:
        return ()
    faults = []
    if not is_loopback(web.host):
        faults.append(
            _place(root, "host").fault(f"web.host {web.host} is not loopback, and {_HOW}, or host: 127.0.0.1")
        )
    if web.base_url and not is_loopback(urlsplit(web.base_url).hostname or ""):
        faults.append(_place(root, "base_url").fault(f"web.base_url is not loopback, and {_HOW}"))
    node = find_node(root, ("web", "hosts"))
    for number, name in enumerate(web.hosts):
        if not is_loopback(name):
            place = node.items[number].place if isinstance(node, Listing) else node.place
            faults.append(place.fault(f"web.hosts {name} is not loopback, and {_HOW}"))
    return tuple(faults)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine's own."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _place(root: Table, key: str) -> Place:
    return find_node(root, ("web", key)).place
