"""Distinguishes an outage of our own network from a server's: by what other hosts answer at the same time. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from watcher.model.poll import Failed, FailureKind, FetchResult

OUTAGE_WINDOW = timedelta(minutes=1)
"""How long an outage is assumed after the fetch that showed it, and how long an answer speaks against one."""
MIN_SILENT_HOSTS = 5
"""So many hosts that nobody reaches, and not one that has answered since, make an outage."""
MIN_LOCAL_FAULTS = 3
"""So many are enough where the fault looks like ours: no name service, no route, no proxy."""
SILENCE_BEFORE_REPORT = timedelta(seconds=3)
"""How long fewer hosts, which are all that are polled, have to be silent: others may just be about to answer."""
_LOCAL_FAULTS = {FailureKind.OFFLINE, FailureKind.PROXY}
_UNREACHED = _LOCAL_FAULTS | {FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT}
_NOT_ASKED = {FailureKind.REFUSED, FailureKind.RATE_LIMITED}


class ConnectivityMonitor:
    """Follows fetches, and judges those that reached nobody. Moments are those of the caller's clock."""

    def __init__(self) -> None:
        self._away_since: datetime | None = None
        self._answered_at: datetime | None = None
        self._answered: set[str] = set()
        self._silent: dict[str, bool] = {}
        """Hosts that were not reached since the last answer, and whether that looks like a fault of ours."""
        self._silent_since: datetime | None = None
        self._down_until: datetime | None = None

    def is_down(self, now: datetime) -> bool:
        """Return whether requests are in vain for the moment."""
        return self._down_until is not None and now < self._down_until

    def away_since(self, now: datetime) -> datetime | None:
        """Return since when our own network is away, None while it is there as far as is known.

        People are shown this, so it takes more than a single fetch is judged by: several hosts, or all that there are.
        """
        is_everyone_silent = bool(self._silent) and self._answered <= self._silent.keys()
        is_outage = is_everyone_silent and self._down_until is not None
        if self._away_since is None and is_outage and self._silent_since is not None:
            self._away_since = self._silent_since if now - self._silent_since >= SILENCE_BEFORE_REPORT else None
        return self._away_since

    def judge(self, host: str, fetched: FetchResult, now: datetime) -> FetchResult:
        """Return a fetch that has just ended, as our own outage (OFFLINE) where it is one, and only there.

        Any answer, be it an error, proves that the network is there. A request that was not made proves nothing.
        """
        if isinstance(fetched, Failed) and fetched.status is None:
            if fetched.kind in _NOT_ASKED:
                return fetched
            if fetched.kind in _UNREACHED:
                return self._judge_unreached(host, fetched, now)
        self._note_answer(host, now)
        return fetched

    def _judge_unreached(self, host: str, failed: Failed, now: datetime) -> Failed:
        is_local_fault = failed.kind in _LOCAL_FAULTS
        self._silent[host] = is_local_fault
        self._silent_since = self._silent_since or now - failed.elapsed
        kind = (failed.seems or FailureKind.CONNECT) if failed.kind is FailureKind.OFFLINE else failed.kind
        has_many_local_faults = sum(self._silent.values()) >= MIN_LOCAL_FAULTS
        has_many_silent = len(self._silent) >= MIN_SILENT_HOSTS
        # A host that answered while this one was asked proves that the fault is this one's.
        if self._has_answered_within(failed.elapsed, now):
            return replace(failed, kind=kind)
        # One local fault is an outage only where nobody has answered lately: a resolver may fail for one name alone.
        is_quiet = not self._has_answered_within(max(failed.elapsed, OUTAGE_WINDOW), now)
        if not has_many_silent and not (is_local_fault and (has_many_local_faults or is_quiet)):
            return replace(failed, kind=kind)
        self._down_until = now + OUTAGE_WINDOW
        if has_many_local_faults or has_many_silent:
            self._away_since = self._away_since or self._silent_since
        return replace(failed, kind=FailureKind.OFFLINE, seems=kind)

    def _has_answered_within(self, duration: timedelta, now: datetime) -> bool:
        return self._answered_at is not None and self._answered_at >= now - duration

    def _note_answer(self, host: str, now: datetime) -> None:
        self._answered_at, self._down_until, self._away_since = now, None, None
        self._answered.add(host)
        self._silent.clear()
        self._silent_since = None
