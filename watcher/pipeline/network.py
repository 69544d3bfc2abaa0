"""Tells an outage of our own network from one of theirs: by what other hosts say at the same time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from watcher.model.poll import Failed, FailureKind, Fetched

WINDOW = timedelta(minutes=1)
ENOUGH = 5
"""So many hosts that nobody reaches, and not one that has answered since, make an outage."""
_UNREACHED = {FailureKind.OFFLINE, FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT}
_UNASKED = {FailureKind.REFUSED, FailureKind.RATE_LIMITED}


class Network:
    """Hears how each fetch went, and judges those that reached nobody."""

    def __init__(self) -> None:
        self._answered_at: datetime | None = None
        self._silent: set[str] = set()
        self._down_until: datetime | None = None

    def down(self, now: datetime) -> bool:
        """Tell whether asking is in vain for the moment."""
        return self._down_until is not None and now < self._down_until

    def judged(self, host: str, fetched: Fetched, now: datetime) -> Fetched:
        """Give what came of a fetch, as our own outage (`offline`) where it is one, and only there."""
        if not isinstance(fetched, Failed) or fetched.status is not None or fetched.kind not in _UNREACHED | _UNASKED:
            self._answered_at, self._down_until = now, None
            self._silent.clear()
            return fetched
        if fetched.kind in _UNASKED:
            return fetched
        self._silent.add(host)
        offline = fetched.kind is FailureKind.OFFLINE
        seems = (fetched.seems or FailureKind.CONNECT) if offline else fetched.kind
        # Whoever answered while this host was asked proves that the fault is the host's.
        quiet_since = now - max(fetched.elapsed, WINDOW if offline else timedelta())
        answered = self._answered_at is not None and self._answered_at >= quiet_since
        if not answered and (offline or len(self._silent) >= ENOUGH):
            self._down_until = now + WINDOW
            return replace(fetched, kind=FailureKind.OFFLINE, seems=seems)
        return replace(fetched, kind=seems)
