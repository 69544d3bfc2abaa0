"""Topics as they were watched: every version of each, so that a hit can say which one found it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, insert, select, update

from watcher.store.database import Db
from watcher.store.tables import (
    hit_days,
    hits,
    judgements,
    offered_hits,
    proposals,
    topic_heads,
    topic_versions,
    topics,
)

_TABLES_BY_TOPIC: tuple[Table, ...] = (
    hits, hit_days, judgements, offered_hits, proposals, topic_heads, topic_versions
)  # fmt: skip
"""The tables with a column `topic_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedTopic:
    """A topic's text and the version that stands for its meaning."""

    id: str
    name: str
    query: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicVersion:
    """A meaning that a topic had since some moment (UTC)."""

    version: str
    query: str
    since_at: datetime


def sync_topics(db: Db, watched: Iterable[WatchedTopic], now: datetime) -> tuple[str, ...]:
    """Note what is watched from now on; return the topics that mean something else than before, or are new."""
    # `changed_at` moves with the meaning (`version`) alone: a new name or spelling finds the same hits.
    known = {row.id: row for row in db.execute(select(topics))}
    watched_topics = {topic.id: topic for topic in watched}
    changed = []
    for topic in watched_topics.values():
        row = known.get(topic.id)
        values = {"name": topic.name, "query": topic.query, "version": topic.version, "active": True}
        if row is None:
            db.execute(insert(topics).values(id=topic.id, changed_at=now, **values))
        elif (row.name, row.query, row.version, row.active) != (topic.name, topic.query, topic.version, True):
            changed_at = now if row.version != topic.version else row.changed_at
            db.execute(update(topics).where(topics.c.id == topic.id).values(changed_at=changed_at, **values))
        if row is None or row.version != topic.version:
            changed.append(topic.id)
            same_version = topic_versions.c.topic_id == topic.id, topic_versions.c.version == topic.version
            if db.execute(select(topic_versions.c.version).where(*same_version)).first() is None:
                db.execute(
                    insert(topic_versions).values(
                        topic_id=topic.id, version=topic.version, query=topic.query, since_at=now
                    )
                )
    for topic_id, row in known.items():
        if row.active and topic_id not in watched_topics:
            db.execute(update(topics).where(topics.c.id == topic_id).values(active=False))
    return tuple(changed)


def load_topic_versions(db: Db, topic_id: str) -> tuple[TopicVersion, ...]:
    """List the meanings a topic has had, oldest first."""
    rows = db.execute(
        select(topic_versions).where(topic_versions.c.topic_id == topic_id).order_by(topic_versions.c.since_at)
    )
    return tuple(TopicVersion(version=row.version, query=row.query, since_at=row.since_at) for row in rows)


def rename_topic(db: Db, old: str, new: str) -> bool:
    """Carry over what is stored under a topic's old id to its new one.

    Returns whether there was anything: not where nothing is kept under the old id, or something under the new one.
    """
    known = set(db.execute(select(topics.c.id).where(topics.c.id.in_((old, new)))).scalars())
    if old not in known or new in known:
        return False
    for table in _TABLES_BY_TOPIC:
        db.execute(update(table).where(table.c.topic_id == old).values(topic_id=new))
    db.execute(update(topics).where(topics.c.id == old).values(id=new))
    return True
