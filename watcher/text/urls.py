"""Addresses: absolute and safe, canonical for comparing, and where permanent redirects lead."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit, urlunsplit

from watcher.model.poll import Hop

_TRACKERS = re.compile(
    r"(?i)^(?:utm_.*|mtm_.*|itm_.*|at_.*|ns_.*|pk_.*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|mc_cid|mc_eid|"
    r"_hsenc|_hsmi|mkt_tok|srsltid|smid|cmp|cmpid|traffic_source|icid|xtor|ocid|guccounter|oc|ved|igshid|_ga)$"
)
# Most addresses need no taking apart: these two forms come out as they go in, or nearly so.
_ABSOLUTE = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]{0,250}(?::\d{1,4})?/[!-\[\]-~]{0,3000}")
_SIMPLE = re.compile(r"https?://([a-z0-9][a-z0-9.-]{0,250}(?<!\.))(/[A-Za-z0-9/._~-]*)")
_QUERIED = re.compile(r"https?://([a-z0-9][a-z0-9.-]{0,250}(?<!\.))(/[A-Za-z0-9/._~-]*)\?([A-Za-z0-9&=._~-]*)")
_REVISION = re.compile(r"[0-9]{0,3}")
_PARTS = re.compile(r"[\x00-\x20\x7f]")
_SAFE = "/:@!$&'()*+,;=-._~%"
_REDIRECTORS = {("www.google.com", "/url"): ("url", "q"), ("news.google.com", "/news/url"): ("url",)}
_AGGREGATED = re.compile(r"/(?:rss/)?(?:articles|read)/([\w-]{8,4000})$", re.ASCII)
_PERMANENT = {301, 308}
# Public suffixes of two labels that news outlets use; without the full list a registrable domain is a guess, and these
# keep `example.co.uk` from being the site `co.uk`.
_SECOND_LEVEL = {
    "co",
    "com",
    "org",
    "net",
    "gov",
    "gob",
    "gouv",
    "ac",
    "edu",
    "go",
    "or",
    "ne",
    "gc",
    "mil",
    "nom",
    "info",
}
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
_TENANTS = ("blogspot.com", "wordpress.com", "tumblr.com", "substack.com", "medium.com", "github.io", "pages.dev")


def http_url(url: str, base: str | None = None) -> str | None:
    """Give an absolute http(s) address, blanks percent-encoded, or None for what is no such address."""
    if _ABSOLUTE.fullmatch(url) is not None:
        return url
    said = _plain(url)
    try:
        whole = urljoin(base, said) if base else said
        parts = urlsplit(whole)
        host = parts.hostname
        _port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host or len(whole) > 4_000 or "\\" in parts.netloc:
        return None
    return urlunsplit(parts._replace(scheme=parts.scheme.lower()))


def canonical_url(url: str) -> str:
    """Give the address under which two links to one article are one: for comparing, never for fetching.

    No scheme difference, default port, tracking parameters, trailing slash, or fragment that names no place;
    redirectors that carry their target are unwrapped. Applying it twice changes nothing.
    """
    if (simple := _SIMPLE.fullmatch(url)) is not None:
        return f"https://{simple[1]}{simple[2].rstrip('/') or '/'}"
    if (queried := _QUERIED.fullmatch(url)) is not None and not queried[1].endswith("google.com"):
        said = "&".join(pair for pair in queried[3].split("&") if pair and not _TRACKERS.match(pair.split("=", 1)[0]))
        return f"https://{queried[1]}{queried[2].rstrip('/') or '/'}{said and '?'}{said}"
    while (inner := _unwrapped(url)) is not None and len(inner) < len(url):
        url = inner
    try:
        parts = urlsplit(_plain(url))
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return url.strip()
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return url.strip()
    if not host.isascii():
        with contextlib.suppress(UnicodeError):
            host = host.encode("idna").decode()
    where = f"[{host}]" if ":" in host else host
    if port is not None and port not in {80, 443}:
        where = f"{where}:{port}"
    kept = [pair for pair in parts.query.split("&") if pair and not _TRACKERS.match(unquote(pair.split("=", 1)[0]))]
    path = quote(parts.path, safe=_SAFE).rstrip("/") or "/"
    fragment = "" if _is_meaningless(parts.fragment) else quote(parts.fragment, safe=_SAFE + "?")
    return urlunsplit(("https", where.lower(), path, quote("&".join(kept), safe=_SAFE + "?"), fragment))


def _is_meaningless(fragment: str) -> bool:
    """Return whether a fragment only counts revisions (BBC: `#0`, `#1`) or tracks readers (`#xtor=RSS-1`)."""
    if _REVISION.fullmatch(fragment) is not None:
        return True
    pairs = [pair.partition("=") for pair in fragment.split("&")]
    return all(mark and _TRACKERS.match(unquote(name)) for name, mark, _value in pairs)


def article_url(url: str) -> str | None:
    """Give the address of the article behind a link: that inside a redirector; None where an aggregator hides it."""
    while (inner := _unwrapped(url)) is not None and len(inner) < len(url):
        url = inner
    try:
        return None if urlsplit(url).hostname == "news.google.com" else url
    except ValueError:
        return None


def site_of(host: str) -> str:
    """Guess the registrable domain of a host: its last two labels, or three under such as co.uk or blogspot.com."""
    host = host.rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        labels = host.split(".")
    if any(host.endswith(f".{tenant}") for tenant in _TENANTS):
        return ".".join(labels[-3:])
    wide = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if wide else labels[-2:])


def waiting_host(host: str) -> str | None:
    """Give the host whose feeds wait together when one of them is told that it asks too much.

    Tenants of one roof share a limit. None for a bare address and a name without a dot: those are the operator's own,
    and what stands behind them limits each feed by itself.
    """
    host = host.rstrip(".").lower()
    if "." not in host or ":" in host or host.rpartition(".")[2].isdigit():
        return None
    return next((roof for roof in _ROOFS if host == roof or host.endswith(f".{roof}")), host)


def same_site(one: str, other: str) -> bool:
    """Tell whether two addresses belong to one registrable domain."""
    try:
        hosts = [urlsplit(url).hostname or "" for url in (one, other)]
    except ValueError:
        return False
    return site_of(hosts[0]) == site_of(hosts[1]) != ""


def permanent_target(hops: Iterable[Hop], start: str) -> str | None:
    """Give where an unbroken run of permanent redirects (301, 308) from `start` leads, None if nowhere new.

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
    if (found := _AGGREGATED.match(parts.path)) is not None and parts.hostname == "news.google.com":
        return _aggregated(found[1])
    names = _REDIRECTORS.get(((parts.hostname or "").lower(), parts.path))
    if not names:
        return None
    given = dict(parse_qsl(parts.query))
    return next((given[name] for name in names if http_url(given.get(name, ""))), None)


def _aggregated(code: str) -> str | None:
    """Read the address inside an aggregator's link: a protobuf string (field 4) in base64url; newer ones hold none."""
    try:
        said = urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except ValueError:
        return None
    if said[:3] != b"\x08\x13\x22" or len(said) < 5:
        return None
    length, start = (said[3], 4) if said[3] < 0x80 else (said[3] & 0x7F | said[4] << 7, 5)
    inner = said[start : start + length]
    return http_url(inner.decode()) if len(inner) == length and inner.isascii() else None


def _plain(url: str) -> str:
    """Drop the blanks around an address, and what can stand in none; encode the blanks inside."""
    # Once more at the end: a blank may have stood before something that was dropped.
    return _PARTS.sub(_encoded, url.strip()).strip()


def _encoded(found: re.Match[str]) -> str:
    return quote(found[0]) if found[0] == " " else ""
