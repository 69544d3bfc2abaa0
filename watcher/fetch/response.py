"""Judges an answer by its status and head: what kind of failure it is, and when the server wants to be asked again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from watcher.model.poll import Failed, FailureKind, Redirect

LONGEST_WAIT = timedelta(days=1)
DRAINED = 4096
_FEED = re.compile(rb"(?i)<(?:[a-z][\w.-]{0,30}:)?(?:rss|feed|rdf)[\s>]")
_CHALLENGE = re.compile(
    rb"(?i)just a moment\.\.\.|cf-chl|challenge-platform|attention required! \| cloudflare|_incapsula_resource|"
    rb"ddos-guard|datadome|px-captcha|sucuri website firewall|checking your browser|enable javascript and cookies"
)


def failure(
    status: int, headers: Mapping[str, str], start: bytes, hops: tuple[Redirect, ...], now: datetime | None = None
) -> Failed:
    """Make a Failed of an answer that is no success; `start` is the beginning of its body, inflated."""
    retry = retry_after(headers, now)
    kind = FailureKind.HTTP
    if is_challenge(headers, start):
        kind = FailureKind.CHALLENGE
    elif status == 429 or (status == 503 and retry is not None):
        kind = FailureKind.RATE_LIMITED
    elif status in {401, 403, 407, 451}:
        kind = FailureKind.FORBIDDEN
    elif status == 404:
        kind = FailureKind.NOT_FOUND
    elif status == 410:
        kind = FailureKind.GONE
    said = {
        FailureKind.CHALLENGE: f"a bot check in place of the feed (HTTP {status})",
        FailureKind.RATE_LIMITED: f"asked to wait (HTTP {status})",
        FailureKind.GONE: "gone for good (HTTP 410)",
    }.get(kind, f"HTTP {status}")
    return Failed(kind=kind, message=said, status=status, retry_after=retry, hops=hops)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """Read Retry-After (RFC 9110, 10.2.3): seconds, or a date judged against the answer's own Date. At most a day."""
    said = headers.get("retry-after", "").strip()
    if not said:
        return None
    if re.fullmatch(r"\d{1,12}(\.\d+)?", said):
        return min(timedelta(seconds=min(float(said), 10**7)), LONGEST_WAIT)
    until = _date(said)
    if until is None:
        return None
    since = _date(headers.get("date", "")) or now or datetime.now(UTC)
    return min(until - since, LONGEST_WAIT) if until > since else None


def is_challenge(headers: Mapping[str, str], start: bytes) -> bool:
    """Tell whether somebody wants to see a browser, not a feed reader."""
    if headers.get("cf-mitigated", "").lower() == "challenge":
        return True
    if _FEED.search(start[:4096]) is not None or start.lstrip()[:1] == b"{":
        # A feed is a feed, whatever its items speak of and whoever let it through.
        return False
    looks_html = b"<html" in start[:2048].lower() or "text/html" in headers.get("content-type", "").lower()
    return looks_html and (_CHALLENGE.search(start[:16384]) is not None or "x-datadome" in headers)


def _date(said: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(said)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
