"""Limits how many feeds of one host are polled at a time. Pure: it counts, and knows neither clock nor server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

WAITING_PER_HOST = 2
"""Feeds of a host that may wait for their turn beside those that are fetched: the next one is at hand at once."""


class HostGate:
    """Counts the feeds in flight by host; `max_per_host` is None where hosts are not limited.

    A host with spacing between requests takes its feeds one after another. If all its due feeds were claimed at once,
    they would fill the poller while they wait, and the feeds of all other hosts would wait with them.
    """

    def __init__(self, max_per_host: int | None) -> None:
        self.max_per_host = max_per_host
        self._in_flight: Counter[str] = Counter()

    @property
    def in_flight(self) -> Mapping[str, int]:
        """Return how many feeds of each host are in flight; hosts with none are absent."""
        return dict(self._in_flight)

    @property
    def is_any_full(self) -> bool:
        """Return whether a host has as many feeds in flight as it may: more of them may be due."""
        return self.max_per_host is not None and any(count >= self.max_per_host for count in self._in_flight.values())

    def enter(self, host: str) -> None:
        """Count a feed of a host as in flight."""
        self._in_flight[host] += 1

    def leave(self, host: str) -> None:
        """Count a feed of a host as done."""
        self._in_flight[host] -= 1
        if not self._in_flight[host]:
            del self._in_flight[host]
