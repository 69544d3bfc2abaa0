"""Finds out which proxies requests go through: `fetch.proxy` rules, else the environment does as for curl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher.errors import Fault
from watcher.model.proxy import DIRECT, parse_proxy
from watcher.settings.schema import ENVIRONMENT, Fetch
from watcher.settings.yaml_nodes import Place

LOOPBACK = ("localhost", "127.0.0.0/8", "::1")
"""What no proxy of the environment is asked for: there it would be the proxy's own machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxy for all requests, the one for http where that is another, and what is asked for directly."""

    proxy: str | None = field(default=None, repr=False)
    plain: str | None = field(default=None, repr=False)
    without: tuple[str, ...] = ()


def read_proxies(fetch: Fetch, environ: Mapping[str, str], place: Place, faults: list[Fault]) -> Proxies:
    """Return the proxies in force; a variable of the environment that is no proxy's address is a fault."""
    named = _variable(environ, "NO_PROXY")[1].replace(",", " ").split()
    without = tuple(fetch.no_proxy if fetch.no_proxy is not None else named)
    configured = fetch.proxy.get_secret_value() if fetch.proxy is not None else ENVIRONMENT
    if configured != ENVIRONMENT:
        return Proxies(proxy=configured, without=without)
    secure = _address(environ, "HTTPS_PROXY", place, faults)
    plain = _address(environ, "HTTP_PROXY", place, faults)
    if secure is None and plain is None:
        return Proxies()
    return Proxies(proxy=secure or DIRECT, plain=plain or DIRECT, without=(*without, *LOOPBACK))


def _address(environ: Mapping[str, str], name: str, place: Place, faults: list[Fault]) -> str | None:
    for variable in (name, "ALL_PROXY"):
        written, value = _variable(environ, variable)
        if not value:
            continue
        try:
            parse_proxy(value)
        except ValueError as error:
            faults.append(place.fault(f"environment variable {written}: {error}; `fetch.proxy: none` ignores it"))
            return None
        return value
    return None


def _variable(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return a variable as it is written, and its value: in small letters first, as curl does."""
    for written in (name.lower(), name):
        if value := environ.get(written, "").strip():
            return written, value
    return name, ""
