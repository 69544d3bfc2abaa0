"""What can stand in the way of a poll."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """What stood in the way, as one word for lists and metrics."""

    DNS = "dns"
    OFFLINE = "offline"  # our own network, not the feed: never counted against it
    PROXY = "proxy"  # the proxy that requests go through, not the feed: never counted against it
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    REFUSED = "refused"  # an address or scheme that the guard does not let us dial
    TOO_LARGE = "too-large"
    ENCODING = "encoding"  # a content coding that is broken, unasked for or a bomb
    TRUNCATED = "truncated"
    REDIRECT = "redirect"
    HTTP = "http"  # any other status that is no success
    RATE_LIMITED = "rate-limited"  # 429, or 503 with Retry-After
    FORBIDDEN = "forbidden"  # 401, 403, 451
    CHALLENGE = "challenge"  # a bot check in place of the feed
    NOT_FOUND = "not-found"
    GONE = "gone"
    EMPTY = "empty"
    HTML = "html"
    NOT_FEED = "not-feed"
    PARSE = "parse"
