"""The health of a feed in one word, from its statistics."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from watcher.model.failure import FailureKind
from watcher.model.feed import FeedState, FeedSummary

STALE_AFTER_INTERVALS = 10
"""A feed is stale when it has been silent for so many of its publishing intervals, and for MIN_STALE_AFTER."""
MIN_STALE_AFTER = timedelta(days=3)
STALE_AFTER_UNKNOWN_INTERVAL = timedelta(days=30)
OFFLINE_TOLERANCE = timedelta(hours=1)
"""Our own network may be down for so long before its feeds count as unread; none is counted as failed for it."""


class Health(StrEnum):
    """The health of a feed."""

    NEW = "new"
    FRESH = "fresh"
    DEGRADED = "degraded"
    STALE = "stale"
    FAILING = "failing"
    GONE = "gone"
    PAUSED = "paused"


def get_feed_health(feed: FeedSummary, now: datetime) -> Health:
    """Return the health of a feed. Stale: it answers, and has been silent far beyond its publishing interval.

    Degraded: it answers, and not all that it serves is stored: more than its budget, or more than is read at once.
    """
    if feed.state is FeedState.PAUSED:
        return Health.PAUSED
    # 410 counts at once, though it retires a feed only after days.
    if feed.state is FeedState.GONE or (feed.failures and feed.error_kind == FailureKind.GONE.value):
        return Health.GONE
    if feed.failures or (feed.failing_since is not None and now - feed.failing_since > OFFLINE_TOLERANCE):
        return Health.FAILING
    if feed.succeeded_at is None:
        return Health.NEW
    if feed.is_incomplete:
        return Health.DEGRADED
    last = feed.new_at or feed.baseline_at
    stale_after = (
        max(STALE_AFTER_INTERVALS * feed.publish_interval, MIN_STALE_AFTER)
        if feed.publish_interval
        else STALE_AFTER_UNKNOWN_INTERVAL
    )
    return Health.STALE if last is not None and now - last > stale_after else Health.FRESH
