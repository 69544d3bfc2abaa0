"""Header fields of HTTP answers that several readers need: Link (RFC 8288) and Retry-After (RFC 9110, 10.2.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_LINK_HEADER_LENGTH = 10_000
"""Characters of a Link header that are read."""
_LINK = re.compile(r"<([^<>]{1,2000})>([^<]*)")
_PARAMETER = re.compile(r""";\s*([\w*-]{1,40})\s*=\s*(?:"([^"]*)"|([^\s;,"]+))""")
_SECONDS = re.compile(r"\d{1,12}(\.\d+)?")
_MAX_SECONDS = 10**7


@dataclass(frozen=True, slots=True)
class HeaderLink:
    """A link of a Link header: its target as it is written, its relations in lower case, its media type."""

    target: str
    relations: frozenset[str]
    media_type: str


def parse_link_header(header: str) -> tuple[HeaderLink, ...]:
    """Return the links of a Link header in its order; what cannot be read is left out.

    Targets may be relative to the address of the answer.
    """
    links: list[HeaderLink] = []
    for target, written in _LINK.findall(header[:MAX_LINK_HEADER_LENGTH]):
        parameters: dict[str, str] = {}
        for name, quoted, token in _PARAMETER.findall(written):
            # RFC 8288, 3.3: of several `rel` the first counts.
            parameters.setdefault(name.lower(), (quoted or token).lower())
        media_type = parameters.get("type", "").partition(";")[0].strip()
        links.append(HeaderLink(target, frozenset(parameters.get("rel", "").split()), media_type))
    return tuple(links)


def parse_retry_after(value: str, sent_at: str = "", now: datetime | None = None) -> timedelta | None:
    """Return how long a server wants not to be asked; None where it says nothing that can be read.

    `value` is seconds or a date. A date is judged against `sent_at`, the Date header of the same answer, so that the
    server's clock may be wrong; without one, against `now`. It is None where the date is over.
    """
    value = value.strip()
    # Some servers send fractions ("1.5"), which the standard does not have.
    if _SECONDS.fullmatch(value) is not None:
        return timedelta(seconds=min(float(value), _MAX_SECONDS))
    until = parse_http_date(value)
    since = parse_http_date(sent_at) or now
    return until - since if until is not None and since is not None and until > since else None


def parse_http_date(value: str) -> datetime | None:
    """Return the moment of an HTTP date (RFC 9110, 5.6.7) in UTC, None for what is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
