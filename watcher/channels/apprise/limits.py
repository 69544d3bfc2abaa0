"""How long a message the service behind an Apprise address takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

USED_SHARE = 0.8
"""The share of the limit that is used: what Apprise makes of Markdown for a service is longer than the Markdown."""
MIN_BODY_LENGTH = 120
"""No service takes less; a smaller limit in the library means that the service has no body."""


@dataclass(frozen=True, slots=True)
class AppriseLimits:
    """Lengths of a message in UTF-16 units, which is how the strictest services count."""

    title: int
    body: int


@lru_cache(maxsize=256)
def find_limits(url: str) -> AppriseLimits | None:
    """Return the limits of an address's service; None where Apprise is not installed or does not know it."""
    try:
        import apprise
    except ModuleNotFoundError:
        return None
    service = apprise.Apprise.instantiate(url)
    if service is None or service.body_maxlen < MIN_BODY_LENGTH:
        return None
    # Where a service has no title, Apprise puts it in front of the body.
    title = service.title_maxlen or 100
    body = service.body_maxlen - (0 if service.title_maxlen else title + 16)
    return AppriseLimits(title=title, body=int(body * USED_SHARE))
