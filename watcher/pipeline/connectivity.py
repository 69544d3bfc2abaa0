"""Tells an outage of our own network from one of theirs: by what other hosts say at the same time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from watcher.model.poll import Failed, FailureKind, FetchResult

WINDOW = timedelta(minutes=1)
ENOUGH = 5
"""So many hosts that nobody reaches, and not one that has answered since, make an outage."""
SEVERAL = 3
"""So many are enough where the fault looks like ours: no name service, no way out, no proxy."""
SETTLED = timedelta(seconds=3)
"""How long fewer hosts, which are all that are asked, have to be silent: others may just be about to answer."""
_OURS = {FailureKind.OFFLINE, FailureKind.PROXY}
_UNREACHED = _OURS | {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT}
_UNASKED = {FailureKind.REFUSED, FailureKind.RATE_LIMITED}


class ConnectivityMonitor:
    """Hears how each fetch went, and judges those that reached nobody."""

    def __init__(self) -> None:
        self._away_since: datetime | None = None
        self._answered_at: datetime | None = None
        self._answered: set[str] = set()
        self._silent: dict[str, bool] = {}
        """Hosts that were not reached since the last answer, and whether that looks like a fault of ours."""
        self._silent_since: datetime | None = None
        self._down_until: datetime | None = None

    def down(self, now: datetime) -> bool:
        """Tell whether asking is in vain for the moment."""
        return self._down_until is not None and now < self._down_until

    def away_since(self, now: datetime) -> datetime | None:
        """Return since when our own network is away, None while it is there as far as is known.

        People are shown this, so it takes more than one feed is judged by: several hosts, or all that there are.
        """
        everyone = bool(self._silent) and self._answered <= self._silent.keys() and self._down_until is not None
        if self._away_since is None and everyone and self._silent_since is not None:
            self._away_since = self._silent_since if now - self._silent_since >= SETTLED else None
        return self._away_since

    def judged(self, host: str, fetched: FetchResult, now: datetime) -> FetchResult:
        """Give what came of a fetch, as our own outage (`offline`) where it is one, and only there."""
        if not isinstance(fetched, Failed) or fetched.status is not None or fetched.kind not in _UNREACHED | _UNASKED:
            self._hear(host, now)
            return fetched
        if fetched.kind in _UNASKED:
            return fetched
        ours = fetched.kind in _OURS
        self._silent[host] = ours
        self._silent_since = self._silent_since or now - fetched.elapsed
        seems = (fetched.seems or FailureKind.CONNECT) if fetched.kind is FailureKind.OFFLINE else fetched.kind
        # Whoever answered while this host was asked proves that the fault is the host's.
        meanwhile = self._answered_at is not None and self._answered_at >= now - fetched.elapsed
        lately = self._answered_at is not None and self._answered_at >= now - max(fetched.elapsed, WINDOW)
        several = sum(self._silent.values()) >= SEVERAL
        if not meanwhile and (len(self._silent) >= ENOUGH or (ours and (several or not lately))):
            self._down_until = now + WINDOW
            if several or len(self._silent) >= ENOUGH:
                self._away_since = self._away_since or self._silent_since
            return replace(fetched, kind=FailureKind.OFFLINE, seems=seems)
        return replace(fetched, kind=seems)

    def _hear(self, host: str, now: datetime) -> None:
        self._answered_at, self._down_until, self._away_since = now, None, None
        self._answered.add(host)
        self._silent.clear()
        self._silent_since = None
