"""Addresses of requests: where a redirect leads, the login in one, and what of one is sent."""

from __future__ import annotations

import base64
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

import httpx

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind


def resolve_redirect(url: str, location: str) -> str:
    """Return where an answer's Location leads, in ASCII; raises FetchError (`redirect`, `refused`).

    `location` is the header's bytes as latin-1. Bytes that are UTF-8 are UTF-8, as to browsers and curl; others stay
    the bytes that they are. Blanks and what else an address cannot hold are percent-encoded.
    """
    written = location.strip(" \t\r\n")  # no other blanks: their bytes may be the end of a letter
    if not written:
        raise FetchError(FailureKind.REDIRECT, "a redirect that says not where to")
    raw = written.encode("latin-1", "replace")
    try:
        joined = urljoin(strip_url(url), _read_location(raw))
        target = urlsplit(joined)
        host = target.hostname
        port = target.port
    except ValueError as error:
        raise FetchError(FailureKind.REDIRECT, "a redirect to no address") from error
    if target.scheme not in {"http", "https"} or not host:
        raise FetchError(FailureKind.REFUSED, f"a redirect to {target.scheme or 'nowhere'}:, which is not fetched")
    name = _to_ascii(host)
    # Credentials in a redirect would be sent to whom it pleases; fragments are the browser's.
    return urlunsplit(
        target._replace(
            netloc=name if port is None else f"{name}:{port}",
            path=_quote(target.path),
            query=_quote(target.query),
            fragment="",
        )
    )


def _read_location(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # Some old encoding: the server wants its own bytes back.
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)


def _to_ascii(host: str) -> str:
    if ":" in host:
        return f"[{host}]"
    try:
        return host if host.isascii() else httpx.URL(scheme="http", host=host).raw_host.decode("ascii")
    except httpx.InvalidURL as error:
        raise FetchError(FailureKind.REDIRECT, "a redirect to a host that has no name") from error


def _quote(part: str) -> str:
    # What is encoded already stays so: a lone % is the server's own affair.
    return quote(part, safe="/%:@!$&'()*+,;=-._~?[]|^`{}")


def format_authorization(url: str) -> str | None:
    """Return the login in an address as the value of an Authorization header (RFC 7617), None without one."""
    if "@" not in url or "@" not in (netloc := urlsplit(url).netloc):
        return None
    user, _, password = netloc.rpartition("@")[0].partition(":")
    return f"Basic {base64.b64encode(f'{unquote(user)}:{unquote(password)}'.encode()).decode()}"


def strip_url(url: str) -> str:
    """Return an address without credentials and fragment."""
    if "@" not in url and "#" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def get_host(url: str) -> str:
    """Return the host of an address."""
    return urlsplit(url).hostname or ""


def is_same_origin(url: str, start: str) -> bool:
    """Return whether an address is of the origin of another, so that it may get what belongs to that one.

    The step from http to https on the usual ports is within it: servers redirect so, and the secret is safer after it.
    """
    if url == start:
        return True
    target, origin = urlsplit(url), urlsplit(start)
    if target.hostname != origin.hostname:
        return False
    ports = {"http": 80, "https": 443}
    ways = (
        (origin.scheme, origin.port or ports.get(origin.scheme)),
        (target.scheme, target.port or ports.get(target.scheme)),
    )
    return ways[0] == ways[1] or ways == (("http", 80), ("https", 443))
