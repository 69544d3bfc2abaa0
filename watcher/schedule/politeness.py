"""What servers and documents say about how often to poll (RFC 9111 freshness beside the document's own hints)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from watcher.model.poll import ParsedFeed, PollingHints
from watcher.text.http_headers import parse_http_date


def collect_hints(headers: Mapping[str, str], parsed: ParsedFeed | None) -> PollingHints:
    """Return what a server and its document say about polling; `headers` have lower-case names."""
    fresh_for = parse_freshness(headers)
    return PollingHints(fresh_for=fresh_for) if parsed is None else replace(parsed.hints, fresh_for=fresh_for)


def parse_freshness(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long an answer stays fresh (RFC 9111, 4.2): max-age less Age, else Expires less the answer's Date."""
    control = headers.get("cache-control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return None
    if (max_age := re.search(r"(?<![\w-])max-age\s*=\s*\"?(\d{1,10})", control)) is not None:
        age = headers.get("age", "").strip()
        spent = int(age) if age.isdigit() and len(age) < 10 else 0
        return timedelta(seconds=max(0, min(int(max_age[1]), 10**8) - spent)) or None
    # Most answers have a Date and no Expires, and a date takes long to parse.
    if "expires" not in headers:
        return None
    expires, date = parse_http_date(headers["expires"]), parse_http_date(headers.get("date", ""))
    if expires is None or date is None or expires <= date:
        return None
    return expires - date
