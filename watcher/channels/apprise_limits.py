"""How much the service behind an Apprise address takes in one message."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

CONVERTED = 0.8
"""The share of the limit that is used: what Apprise makes of Markdown for a service is longer than the Markdown."""
SMALLEST_BODY = 120
"""No service takes less; a smaller limit in the library means that it has no body."""


@dataclass(frozen=True, slots=True)
class AppriseLimits:
    """Characters of a message, counted as UTF-16 units, which is how the strictest services count."""

    title: int
    body: int


@lru_cache(maxsize=256)
def find_limits(address: str) -> AppriseLimits | None:
    """Return the limits of an address's service; None where Apprise is not installed or does not know it."""
    try:
        import apprise
    except ModuleNotFoundError:
        return None
    service = apprise.Apprise.instantiate(address)
    if service is None or service.body_maxlen < SMALLEST_BODY:
        return None
    # Where a service has no title, Apprise puts it in front of the body.
    title = service.title_maxlen or 100
    body = service.body_maxlen - (0 if service.title_maxlen else title + 16)
    return AppriseLimits(title=title, body=int(body * CONVERTED))


def pick_address(urls: object, recipient: str) -> str | None:
    """Return the address that a delivery's recipient (`tgram-2`) numbers; None where it is no longer configured."""
    number = recipient.rpartition("-")[2]
    index = int(number) - 1 if number.isdigit() else 0
    return str(urls[index]) if isinstance(urls, list | tuple) and 0 <= index < len(urls) else None
