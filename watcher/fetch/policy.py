"""How politely and how patiently the watcher fetches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec

from watcher import __version__

HTTP2_MISSING = "HTTP/2 needs h2: pip install 'newsdesk-watcher[http2]'"


def has_http2() -> bool:
    """Return whether HTTP/2 is installed; without it a feed with `http_version: 2` cannot be asked for."""
    return find_spec("h2") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """Limits of one fetch and of all together.

    `total` bounds a fetch from first to last, redirects included and the wait for a host's turn left out; `read` the
    wait for the next bytes. A body that comes with less than `least_rate` bytes a second is given up after
    `slow_after`. `most_wire` and `most_body` are bytes before and after inflating. `per_host` requests run at once,
    `spacing` apart. `allow` opens networks (CIDR) and host names that the guard would refuse.
    `proxy` is the address of the proxy that all goes through, but what `no_proxy` names; `plain_proxy` stands in its
    place for http, and `none` in either stands for a direct way.
    """

    user_agent: str = f"news-watcher/{__version__} (feed reader; contact: see configuration)"
    connect: timedelta = timedelta(seconds=10)
    read: timedelta = timedelta(seconds=15)
    total: timedelta = timedelta(seconds=60)
    resolve: timedelta = timedelta(seconds=5)
    slow_after: timedelta = timedelta(seconds=10)
    least_rate: int = 1024
    most_wire: int = 5 * 2**20
    most_body: int = 16 * 2**20
    most_header: int = 64 * 2**10
    most_redirects: int = 5
    concurrency: int = 64
    per_host: int = 2
    spacing: timedelta = timedelta(seconds=1)
    allow: tuple[str, ...] = ()
    proxy: str | None = None
    plain_proxy: str | None = None
    no_proxy: tuple[str, ...] = ()
