"""Counts of hits by topic and day, from the daily summary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import (
    func,
    select,
)

from watcher.model.topic import Origin
from watcher.store.database import Db
from watcher.store.tables import hit_days, hits


def count_hits_by_topic(db: Db) -> Mapping[str, int]:
    """Count the hits of each topic, from the daily summary."""
    rows = db.execute(select(hit_days.c.topic_id, func.sum(hit_days.c.hits)).group_by(hit_days.c.topic_id))
    return {topic_id: int(hit_count) for topic_id, hit_count in rows}


def get_latest_hit_times(db: Db) -> Mapping[str, datetime]:
    """Return when the newest hit of each topic was matched, by topic id."""
    topic_ids = db.execute(select(hit_days.c.topic_id).distinct()).scalars().all()
    last: dict[str, datetime] = {}
    for topic_id in topic_ids:
        newest = select(hits.c.matched_at).where(hits.c.topic_id == topic_id).order_by(hits.c.id.desc()).limit(1)
        if (moment := db.execute(newest).scalar()) is not None:
            last[topic_id] = moment
    return last


def count_hits_by_day(db: Db, since: str) -> tuple[tuple[str, str, int], ...]:
    """List (topic, day, live hits) from a day on (YYYY-MM-DD, UTC), for charts; backfill is left out."""
    rows = db.execute(
        select(hit_days.c.topic_id, hit_days.c.day, func.sum(hit_days.c.hits))
        .where(hit_days.c.day >= since, hit_days.c.origin != Origin.BACKFILL.value)
        .group_by(hit_days.c.topic_id, hit_days.c.day)
        .order_by(hit_days.c.topic_id, hit_days.c.day)
    )
    return tuple((topic_id, day, int(hit_count)) for topic_id, day, hit_count in rows)
