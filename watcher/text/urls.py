"""Addresses: absolute and safe, canonical for comparing, and where permanent redirects lead."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote, urljoin, urlsplit, urlunsplit

from watcher.text.tracking_parameters import SESSION_IN_PATH, drop_trackers

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

    from watcher.model.poll import Redirect

# Most addresses need not be parsed: these two forms come out as they go in, or nearly so.
_ABSOLUTE = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]{0,250}(?::\d{1,4})?/[!-\[\]-~]{0,3000}")
_SIMPLE = re.compile(r"https?://([a-z0-9][a-z0-9.-]{0,250}(?<!\.))(/[A-Za-z0-9/._~-]*)")
_QUERIED = re.compile(r"https?://([a-z0-9][a-z0-9.-]{0,250}(?<!\.))(/[A-Za-z0-9/._~-]*)\?([A-Za-z0-9&=._~-]*)")
_REVISION = re.compile(r"[0-9]{0,3}")
_PARTS = re.compile(r"[\x00-\x20\x7f]")
_SAFE = "/:@!$&'()*+,;=-._~%"
_REDIRECTORS = {("www.google.com", "/url"): ("url", "q"), ("news.google.com", "/news/url"): ("url",)}
_AGGREGATED = re.compile(r"/(?:rss/)?(?:articles|read)/([\w-]{8,4000})$", re.ASCII)
_PERMANENT = {301, 308}
_ROOFS = (
    "tumblr.com",
    "reddit.com",
    "substack.com",
    "medium.com",
    "wordpress.com",
    "blogspot.com",
    "feedburner.com",
    "youtube.com",
)
# Hosts of many outlets that have not asked for a place on the public suffix list.
_TENANTS = (
    "wordpress.com", "tumblr.com", "substack.com", "medium.com", "livejournal.com", "over-blog.com", "typepad.com",
    "ghost.io", "beehiiv.com", "blogspot.co.uk",
)  # fmt: skip


def http_url(url: str, base: str | None = None) -> str | None:
    """Return an absolute http(s) address, blanks percent-encoded, or None for what is no such address."""
    if _ABSOLUTE.fullmatch(url) is not None:
        return url
    written = _encode_blanks(url)
    try:
        whole = urljoin(base, written) if base else written
        parts = urlsplit(whole)
        host = parts.hostname
        _port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host or len(whole) > 4_000 or "\\" in parts.netloc:
        return None
    # Once more without blanks at its end: an empty fragment may have stood behind one.
    return urlunsplit(parts._replace(scheme=parts.scheme.lower())).strip()


def canonical_url(url: str) -> str:
    """Return the address under which two links to one article are one: for comparing, never for fetching.

    No scheme difference, default port, tracking parameters, session, order of parameters, trailing slash, or fragment
    that names no place; redirectors that carry their target are unwrapped. Applying it twice changes nothing.
    """
    if (simple := _SIMPLE.fullmatch(url)) is not None:
        return f"https://{simple[1]}{simple[2].rstrip('/') or '/'}"
    if (queried := _QUERIED.fullmatch(url)) is not None and not queried[1].endswith("google.com"):
        query = _normal_query(queried[3], queried[1])
        return f"https://{queried[1]}{queried[2].rstrip('/') or '/'}{query and '?'}{query}"
    url, netloc, parts = unwrap_address(url)
    if parts is None:
        return url
    path = quote(SESSION_IN_PATH.sub("", parts.path), safe=_SAFE).rstrip("/") or "/"
    query = _normal_query(quote(parts.query, safe=_SAFE + "?"), netloc.partition(":")[0])
    fragment = "" if _is_meaningless(parts.fragment) else quote(parts.fragment, safe=_SAFE + "?")
    return urlunsplit(("https", netloc, path, query, fragment))


def unwrap_address(url: str) -> tuple[str, str, SplitResult | None]:
    """Return the address inside redirectors, its host in ASCII and lower case with any unusual port, and its parts.

    The parts are None, and the address is only trimmed, where it is no http(s) address.
    """
    # Redirectors may carry each other; each step is shorter, so that no circle goes on for ever.
    while (inner := _unwrapped(url)) is not None and len(inner) < len(url):
        url = inner
    try:
        parts = urlsplit(_encode_blanks(url))
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return url.strip(), "", None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return url.strip(), "", None
    if not host.isascii():
        with contextlib.suppress(UnicodeError):
            host = host.encode("idna").decode()
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port not in {80, 443}:
        netloc = f"{netloc}:{port}"
    return url, netloc.lower(), parts


def _normal_query(query: str, host: str) -> str:
    """Return a query without tracking parameters, in the order of its names; those of one name keep theirs."""
    if "&" not in query:
        return "&".join(drop_trackers((query,), host))
    return "&".join(sorted(drop_trackers(query.split("&"), host), key=lambda pair: pair.partition("=")[0]))


def _is_meaningless(fragment: str) -> bool:
    """Return whether a fragment only counts revisions (BBC: `#0`, `#1`) or tracks readers (`#xtor=RSS-1`)."""
    if _REVISION.fullmatch(fragment) is not None:
        return True
    pairs = fragment.split("&")
    return all("=" in pair for pair in pairs) and not drop_trackers(pairs, "")


def article_url(url: str) -> str | None:
    """Return the address of the article behind a link: that inside a redirector; None where an aggregator hides it."""
    while (inner := _unwrapped(url)) is not None and len(inner) < len(url):
        url = inner
    try:
        return None if urlsplit(url).hostname == "news.google.com" else url
    except ValueError:
        return None


def site_of(host: str) -> str:
    """Return the registrable domain of a host by the public suffix list, a private suffix's tenants each their own.

    A bare address, a name without a dot and a public suffix are sites of their own.
    """
    host = host.rstrip(".").lower()
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(host))
    if not host.isascii():
        with contextlib.suppress(UnicodeError):
            host = host.encode("idna").decode()
    if (roof := next((roof for roof in _TENANTS if host.endswith(f".{roof}")), None)) is not None:
        return ".".join(host.split(".")[-roof.count(".") - 2 :])
    return _public_suffixes().privatesuffix(host) or host


@cache
def _public_suffixes() -> PublicSuffixList:
    # Loaded with the first call: the list of its 10,000 rules takes a tenth of a second to read.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def waiting_host(host: str) -> str | None:
    """Return the host whose feeds wait together when the server of one of them asks for a pause.

    Tenants of one roof share a limit. None for a bare address and a name without a dot: those are the operator's own,
    and what stands behind them limits each feed by itself.
    """
    host = host.rstrip(".").lower()
    if "." not in host or ":" in host or host.rpartition(".")[2].isdigit():
        return None
    return next((roof for roof in _ROOFS if host == roof or host.endswith(f".{roof}")), host)


def is_same_site(first: str, second: str) -> bool:
    """Return whether two addresses belong to one registrable domain."""
    try:
        hosts = [urlsplit(url).hostname or "" for url in (first, second)]
    except ValueError:
        return False
    return site_of(hosts[0]) == site_of(hosts[1]) != ""


def permanent_target(hops: Iterable[Redirect], start: str) -> str | None:
    """Return where an unbroken run of permanent redirects (301, 308) from `start` leads, None if nowhere new.

    Never from https back to http (RFC 9110, 15.4; a downgrade is somebody else's wish).
    """
    target = start
    for hop in hops:
        if hop.status not in _PERMANENT:
            break
        target = hop.url
    if target == start or (start.startswith("https:") and not target.startswith("https:")):
        return None
    return target


def _unwrapped(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if (link := _AGGREGATED.match(parts.path)) is not None and parts.hostname == "news.google.com":
        return _decode_aggregated(link[1])
    names = _REDIRECTORS.get(((parts.hostname or "").lower(), parts.path))
    if not names:
        return None
    parameters = dict(parse_qsl(parts.query))
    return next((parameters[name] for name in names if http_url(parameters.get(name, ""))), None)


def _decode_aggregated(code: str) -> str | None:
    """Return the address in an aggregator's link: a protobuf string (field 4) in base64url; newer ones hold none."""
    try:
        message = urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except ValueError:
        return None
    if message[:3] != b"\x08\x13\x22" or len(message) < 5:
        return None
    # The length is a varint of one byte or two.
    length, start = (message[3], 4) if message[3] < 0x80 else (message[3] & 0x7F | message[4] << 7, 5)
    inner = message[start : start + length]
    return http_url(inner.decode()) if len(inner) == length and inner.isascii() else None


def _encode_blanks(url: str) -> str:
    """Return an address without blanks around it and what no address can hold; blanks inside are encoded."""
    # Once more at the end: a blank may have stood before something that was dropped.
    return _PARTS.sub(_encoded, url.strip()).strip()


def _encoded(match: re.Match[str]) -> str:
    return quote(match[0]) if match[0] == " " else ""
