"""What this process has done since it began, counted for its own metrics: polls by outcome, deliveries by channel."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram

_POLL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_DELIVERY_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Activity:
    """Counters of one process. Rates of several processes are added up by the scraper of them all."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._polls = Counter(
            "watcher_polls", "Polls of this process, by outcome.", ["outcome"], registry=self.registry
        )
        self._poll_seconds = Histogram(
            "watcher_poll_duration_seconds",
            "How long a feed's server took, redirects included.",
            buckets=_POLL_BUCKETS,
            registry=self.registry,
        )
        self._entries = Counter(
            "watcher_entries_stored", "Entries that this process stored, new or edited.", ["kind"],
            registry=self.registry,
        )  # fmt: skip
        self._read = Counter(
            "watcher_entries_embedded", "Entries that this process read for their meaning.", registry=self.registry
        )
        self._deliveries = Counter(
            "watcher_deliveries",
            "Tries of this process to deliver a message, by channel and the state they came to.",
            ["channel", "state"],
            registry=self.registry,
        )
        self._delivery_seconds = Histogram(
            "watcher_delivery_duration_seconds",
            "How long the other side of a channel took for a message.",
            ["channel"],
            buckets=_DELIVERY_BUCKETS,
            registry=self.registry,
        )

    def count_poll(self, outcome: str, elapsed: timedelta, new: int, edited: int) -> None:
        """Count a poll that is stored: `outcome` is `read`, `unchanged` or the kind of failure."""
        self._polls.labels(outcome).inc()
        self._poll_seconds.observe(elapsed.total_seconds())
        if new:
            self._entries.labels("new").inc(new)
        if edited:
            self._entries.labels("edited").inc(edited)

    def count_read_entries(self, count: int) -> None:
        """Count entries that were read for their meaning."""
        self._read.inc(count)

    def count_delivery(self, channel: str, state: str, elapsed: timedelta) -> None:
        """Count a try to deliver a message."""
        self._deliveries.labels(channel, state).inc()
        self._delivery_seconds.labels(channel).observe(elapsed.total_seconds())
