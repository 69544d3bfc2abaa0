"""Tells an outage of our own network from one of theirs: by what other hosts say at the same time."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.model.poll import Failed, FailureKind, Fetched

WINDOW = timedelta(minutes=1)
MOST_REMEMBERED = 5_000
ENOUGH = 5
"""So many hosts that nobody reaches make an outage, where no other has answered since, or fewer than they are."""
_UNREACHED = {FailureKind.OFFLINE, FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.TIMEOUT}
_UNASKED = {FailureKind.REFUSED, FailureKind.RATE_LIMITED}


class Network:
    """Hears how each fetch went, over the last minute, and judges those that reached nobody."""

    def __init__(self) -> None:
        self._heard: deque[tuple[datetime, str, bool]] = deque()
        self._answered: Counter[str] = Counter()
        self._silent: Counter[str] = Counter()
        self._since_answer: set[str] = set()
        self._down_until: datetime | None = None

    def down(self, now: datetime) -> bool:
        """Tell whether asking is in vain for the moment."""
        return self._down_until is not None and now < self._down_until

    def judged(self, host: str, fetched: Fetched, now: datetime) -> Fetched:
        """Give what came of a fetch, as our own outage (`offline`) where it is one, and only there."""
        if not isinstance(fetched, Failed) or fetched.status is not None or fetched.kind not in _UNREACHED | _UNASKED:
            self._hear(host, True, now)
            return fetched
        if fetched.kind in _UNASKED:
            return fetched
        self._hear(host, False, now)
        alone = fetched.kind is FailureKind.OFFLINE and not self._answered
        many = len(self._silent) >= ENOUGH and len(self._silent) > len(self._answered)
        if alone or many or len(self._since_answer) >= ENOUGH:
            self._down_until = now + WINDOW
            seems = fetched.seems or fetched.kind
            return replace(fetched, kind=FailureKind.OFFLINE, seems=seems)
        if fetched.kind is FailureKind.OFFLINE:
            return replace(fetched, kind=fetched.seems or FailureKind.CONNECT)
        return fetched

    def _hear(self, host: str, answered: bool, now: datetime) -> None:
        if answered:
            self._since_answer.clear()
            self._down_until = None
        else:
            self._since_answer.add(host)
        self._heard.append((now, host, answered))
        (self._answered if answered else self._silent)[host] += 1
        while self._heard and (self._heard[0][0] <= now - WINDOW or len(self._heard) > MOST_REMEMBERED):
            _at, old, was = self._heard.popleft()
            tally = self._answered if was else self._silent
            tally[old] -= 1
            if not tally[old]:
                del tally[old]
