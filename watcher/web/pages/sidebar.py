"""What stands beside the lists: topics with their counts, feeds' health, the last digest, messages that did not go."""

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
from watcher.store.system.status import get_status
from watcher.web.context import WebContext

DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicLine:
    """A topic and its hits of the last days, oldest day first."""

    topic: Topic
    days: tuple[int, ...]

    @property
    def recent(self) -> int:
        return sum(self.days[-7:])


def desk(ctx: WebContext) -> dict[str, Any]:
    """Gather what stands beside the lists; remembered for some seconds, as many pages ask for it."""
    return ctx.remembered("desk", lambda: _gather(ctx))


def last_days(now: datetime, count: int) -> list[str]:
    """List the last days as YYYY-MM-DD, oldest first, today at the end."""
    return [f"{now - timedelta(days=back):%Y-%m-%d}" for back in range(count - 1, -1, -1)]


def by_day(per_day: tuple[tuple[str, str, int], ...]) -> Mapping[str, Mapping[str, int]]:
    """Turn (topic, day, count) into counts by topic and day."""
    counted: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for topic_id, day, count in per_day:
        counted[topic_id][day] = count
    return counted


def _gather(ctx: WebContext) -> dict[str, Any]:
    now = ctx.now
    days = last_days(now, DAYS)
    with ctx.app.database.read() as db:
        counted = by_day(count_hits_by_day(db, days[0]))
        known = get_status(db, now)
        last: tuple[StoredDigest, ...] = find_digests(db, limit=1).items
    topics = [
        TopicLine(topic=topic, days=tuple(counted.get(topic.id, {}).get(day, 0) for day in days))
        for topic in ctx.app.settings.topics
    ]
    coming = [
        (slot, each) for each in ctx.app.settings.subscriptions if (slot := find_next_slot(each, now)) is not None
    ]
    return {
        "topic_lines": topics,
        "standing": known,
        "last_digest": last[0] if last else None,
        "next_digest": min(coming, key=lambda pair: pair[0]) if coming else None,
    }
