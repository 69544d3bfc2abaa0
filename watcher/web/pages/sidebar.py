"""The column beside the lists: topics with their counts, the feeds' health, the last digest, messages in doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watcher.digest.slots import find_next_slot
from watcher.model.topic import Topic
from watcher.store.digests.queries import StoredDigest, find_digests
from watcher.store.hits.counts import count_hits_by_day
from watcher.store.system import status
from watcher.web.context import WebContext

CHART_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLine:
    """A topic and its hits of the last days, oldest day first."""

    topic: Topic
    days: tuple[int, ...]

    @property
    def recent(self) -> int:
        """Return the hits of the last seven days."""
        return sum(self.days[-7:])


def get_sidebar(ctx: WebContext) -> dict[str, Any]:
    """Return the values of the side column's templates, cached for some seconds."""
    return ctx.get_cached("sidebar", lambda: _load_sidebar(ctx))


def list_last_days(now: datetime, count: int) -> list[str]:
    """Return the last days as YYYY-MM-DD, oldest first, today (UTC) at the end."""
    return [f"{now - timedelta(days=back):%Y-%m-%d}" for back in range(count - 1, -1, -1)]


def group_by_topic(rows: tuple[tuple[str, str, int], ...]) -> Mapping[str, Mapping[str, int]]:
    """Return counts by topic and day, from rows of (topic, day, count)."""
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for topic_id, day, count in rows:
        counts[topic_id][day] = count
    return counts


def _load_sidebar(ctx: WebContext) -> dict[str, Any]:
    now = ctx.now
    days = list_last_days(now, CHART_DAYS)
    with ctx.app.database.read() as db:
        counts = group_by_topic(count_hits_by_day(db, days[0]))
        summary = status.get_status(db, now)
        latest: tuple[StoredDigest, ...] = find_digests(db, limit=1).items
    topics = tuple(
        TopicLine(topic=topic, days=tuple(counts.get(topic.id, {}).get(day, 0) for day in days))
        for topic in ctx.app.settings.topics
    )
    upcoming = [
        (slot, subscription)
        for subscription in ctx.app.settings.subscriptions
        if (slot := find_next_slot(subscription, now)) is not None
    ]
    return {
        "topic_lines": topics,
        "summary": summary,
        "last_digest": latest[0] if latest else None,
        "next_digest": min(upcoming, key=lambda pair: pair[0]) if upcoming else None,
    }
