"""Says how a feed does: fresh, stale, failing, gone, in one word."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from watcher.model.feed import FeedState, FeedSummary
from watcher.model.poll import FailureKind

STALE_AFTER = 10
"""A feed is stale when it has been silent for so many of its own gaps, and for STALE_LEAST at the least."""
STALE_LEAST = timedelta(days=3)
STALE_UNKNOWN = timedelta(days=30)
UNREAD = timedelta(hours=1)
"""Our own network may be down for so long before its feeds count as unread; none is counted as failed for it."""


class Health(StrEnum):
    """How a feed does, in one word."""

    NEW = "new"
    FRESH = "fresh"
    DEGRADED = "degraded"
    STALE = "stale"
    FAILING = "failing"
    GONE = "gone"
    PAUSED = "paused"


def get_feed_health(feed: FeedSummary, now: datetime) -> Health:
    """Say how a feed does. Stale: it answers, and has been silent far beyond its own rhythm.

    Degraded: it answers, and not all that it serves is stored: more than its budget, or more than is read at once.
    """
    if feed.state is FeedState.PAUSED:
        return Health.PAUSED
    if feed.state is FeedState.GONE or (feed.failures and feed.error_kind == FailureKind.GONE.value):
        return Health.GONE
    if feed.failures or (feed.failing_since is not None and now - feed.failing_since > UNREAD):
        return Health.FAILING
    if feed.succeeded_at is None:
        return Health.NEW
    if feed.is_incomplete:
        return Health.DEGRADED
    last = feed.new_at or feed.baseline_at
    patience = max(STALE_AFTER * feed.publish_interval, STALE_LEAST) if feed.publish_interval else STALE_UNKNOWN
    return Health.STALE if last is not None and now - last > patience else Health.FRESH
