"""Addresses on their way: where a redirect leads, who asks, and what of an address is sent."""

from __future__ import annotations

import base64
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind


def redirected(url: str, location: str) -> str:
    """Give where an answer's Location leads; raises FetchError (`redirect`, `refused`)."""
    said = location.strip()
    if not said:
        raise FetchError(FailureKind.REDIRECT, "a redirect that says not where to")
    try:
        target = urlsplit(urljoin(bare(url), said))
        host = target.hostname
        _port = target.port
    except ValueError as error:
        raise FetchError(FailureKind.REDIRECT, "a redirect to no address") from error
    if target.scheme not in {"http", "https"} or not host:
        raise FetchError(FailureKind.REFUSED, f"a redirect to {target.scheme or 'nowhere'}:, which is not fetched")
    # Credentials in a redirect would be sent to whom it pleases; fragments are the browser's.
    return urlunsplit(target._replace(netloc=target.netloc.rpartition("@")[2], fragment=""))


def credentials(url: str) -> str | None:
    """Give what an address says of who asks, as the header that says so."""
    if "@" not in url or "@" not in (netloc := urlsplit(url).netloc):
        return None
    user, _, password = netloc.rpartition("@")[0].partition(":")
    return f"Basic {base64.b64encode(f'{unquote(user)}:{unquote(password)}'.encode()).decode()}"


def bare(url: str) -> str:
    """Give an address without credentials and fragment."""
    if "@" not in url and "#" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def origin(url: str) -> tuple[str, str]:
    """Give scheme and host with its port: within them credentials may be sent."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()
