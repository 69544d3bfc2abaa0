"""How many hits topics bring in a day, today and on the days before: what an alarm about volume is judged by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, select

from watcher.model.digest import TopicVolume
from watcher.model.topic import Origin
from watcher.store.database import Db
from watcher.store.system.key_values import get_value, set_value
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hit_days, topic_versions, topics
from watcher.store.tables import hits as hit_table

DAY = timedelta(days=1)
BASELINE_DAYS = 28
"""Days that make what is usual."""


def measure_volumes(db: Db, names: Mapping[str, str], now: datetime) -> dict[str, TopicVolume]:
    """Count each topic's live hits of the last 24 hours, and of the days before on which feeds were read.

    A day counts only from when the topic meant what it means now, and only whole. Hits of a feed's first poll
    or of a replay are not new: they are left out of the last day, where it would count most.
    """
    until = datetime.combine((now - DAY).astimezone(UTC).date(), time(), UTC)
    read = [day for n in range(1, BASELINE_DAYS + 1) if _was_read(db, day := until - n * DAY)]
    today = _was_read(db, now - DAY)
    if not read or not today:
        return {}
    meaning = (
        select(topics.c.id, topic_versions.c.since_at)
        .join(topic_versions, topic_versions.c.topic_id == topics.c.id)
        .where(topic_versions.c.version == topics.c.version)
    )
    since = {row.id: row.since_at for row in db.execute(meaning)}
    days = _per_day(db, names, min(read))
    hit_counts = (
        select(hit_table.c.topic_id, func.count().label("hits"))
        .join(entry_table, entry_table.c.id == hit_table.c.entry_id)
        .where(hit_table.c.matched_at > now - DAY, hit_table.c.matched_at <= now)
        .where(hit_table.c.origin == Origin.LIVE.value, ~entry_table.c.baseline, ~entry_table.c.quarantined)
        .where(hit_table.c.topic_id.in_(names))
        .group_by(hit_table.c.topic_id)
    )
    counts = {row.topic_id: int(row.hits) for row in db.execute(hit_counts)}
    return {
        topic_id: TopicVolume(
            topic=name,
            count=counts.get(topic_id, 0),
            days=tuple(days[topic_id].get(f"{day:%Y-%m-%d}", 0) for day in read if day >= since.get(topic_id, now)),
        )
        for topic_id, name in names.items()
    }


def list_recent_alarms(db: Db, name: str, now: datetime) -> frozenset[str]:
    """Return the topics whose volume a digest reported within a day: it does not repeat itself."""
    text = get_value(db, f"alarms:{name}") or ""
    lines = (line.split(" ", 1) for line in text.splitlines())
    return frozenset(topic_id for moment, topic_id in lines if now - DAY < datetime.fromisoformat(moment) <= now)


def record_alarms(db: Db, name: str, topic_ids: Collection[str], before: Collection[str], now: datetime) -> None:
    """Record which topics' volume a digest reports now; `before` are those that it reported within a day."""
    text = get_value(db, f"alarms:{name}") or ""
    kept = [line for line in text.splitlines() if line.split(" ", 1)[1] in before]
    set_value(db, f"alarms:{name}", "\n".join([*kept, *(f"{now.isoformat()} {topic_id}" for topic_id in topic_ids)]))


def is_volume_check_due(db: Db, name: str, now: datetime) -> bool:
    """Return whether the volume was last checked for an alert an hour ago or longer."""
    looked = get_value(db, f"alarms-looked:{name}")
    return looked is None or not now - timedelta(hours=1) < datetime.fromisoformat(looked) <= now


def record_volume_check(db: Db, name: str, now: datetime) -> None:
    """Record that the volume was checked now."""
    set_value(db, f"alarms-looked:{name}", now.isoformat())


def _was_read(db: Db, begin: datetime) -> bool:
    """Return whether anything new was read in the day that begins at a moment: else its silence proves nothing."""
    new_entries = select(entry_table.c.id).where(
        entry_table.c.first_seen_at >= begin, entry_table.c.first_seen_at < begin + DAY
    )
    return db.execute(new_entries.limit(1)).first() is not None


def _per_day(db: Db, names: Collection[str], since: datetime) -> dict[str, dict[str, int]]:
    days: dict[str, dict[str, int]] = defaultdict(dict)
    rows = db.execute(
        select(hit_days.c.topic_id, hit_days.c.day, hit_days.c.hits).where(
            hit_days.c.topic_id.in_(names),
            hit_days.c.day >= f"{since:%Y-%m-%d}",
            hit_days.c.origin == Origin.LIVE.value,
        )
    )
    for row in rows:
        days[row.topic_id][row.day] = int(row.hits)
    return days
