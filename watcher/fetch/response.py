"""What an answer's status and headers mean: the kind of failure, and when the server wants to be asked again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from watcher.model.poll import Failed, FailureKind, Redirect
from watcher.parse.bot_check import has_bot_check
from watcher.text.http_headers import parse_retry_after

MAX_RETRY_AFTER = timedelta(days=1)
"""No server makes a feed wait longer than this, whatever it asks for."""
ERROR_BODY_BYTES = 4096
"""How much of the body of an answer that is no success is read."""
_FEED = re.compile(rb"(?i)<(?:[a-z][\w.-]{0,30}:)?(?:rss|feed|rdf)[\s>]")
_KINDS = {
    401: FailureKind.FORBIDDEN,
    403: FailureKind.FORBIDDEN,
    404: FailureKind.NOT_FOUND,
    407: FailureKind.FORBIDDEN,
    410: FailureKind.GONE,
    429: FailureKind.RATE_LIMITED,
    451: FailureKind.FORBIDDEN,
}


def to_failed(
    status: int, headers: Mapping[str, str], start: bytes, hops: tuple[Redirect, ...], now: datetime | None = None
) -> Failed:
    """Return the failure that an answer without success is; `start` is the beginning of its body, decompressed."""
    retry_after = read_retry_after(headers, now)
    kind = _KINDS.get(status, FailureKind.HTTP)
    if is_bot_check(headers, start):
        kind = FailureKind.CHALLENGE
    elif status == 503 and retry_after is not None:
        # 503 without Retry-After is an outage, not a limit (RFC 9110, 15.6.4).
        kind = FailureKind.RATE_LIMITED
    message = {
        FailureKind.CHALLENGE: f"a bot check in place of the feed (HTTP {status})",
        FailureKind.RATE_LIMITED: f"asked to wait (HTTP {status})",
        FailureKind.GONE: "gone for good (HTTP 410)",
    }.get(kind, f"HTTP {status}")
    return Failed(kind=kind, message=message, status=status, retry_after=retry_after, hops=hops)


def read_retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """Return what Retry-After asks for, at most `MAX_RETRY_AFTER`; a date is judged against the answer's own Date."""
    wait = parse_retry_after(headers.get("retry-after", ""), headers.get("date", ""), now)
    return min(wait, MAX_RETRY_AFTER) if wait is not None else None


def is_bot_check(headers: Mapping[str, str], start: bytes) -> bool:
    """Return whether an answer wants to see a browser, not a feed reader."""
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return True
    if _FEED.search(start[:4096]) is not None or start.lstrip()[:1] == b"{":
        # A feed is a feed, whatever its items speak of and whatever let it through.
        return False
    looks_html = b"<html" in start[:2048].lower() or "text/html" in headers.get("content-type", "").lower()
    return looks_html and (has_bot_check(start[:16384]) or "x-datadome" in headers)
