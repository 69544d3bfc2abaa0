"""How well a topic's meaning fits its hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update

from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.tables import hits


def find_topics_of_entries(db: Db, entry_ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """Return the topics that some entries are hits of, by entry."""
    chosen = select(hits.c.entry_id, hits.c.topic_id).where(any_of(hits.c.entry_id, bindparam("ids", type_=IDS)))
    topics: dict[int, tuple[str, ...]] = {}
    for row in db.execute(chosen, {"ids": list(entry_ids)}):
        topics[row.entry_id] = (*topics.get(row.entry_id, ()), row.topic_id)
    return topics


def list_recent_hit_entries(db: Db, topic_id: str, since: datetime, *, limit: int = 2_000) -> tuple[int, ...]:
    """Return the entries of a topic's hits since a moment, the newest `limit`."""
    recent = hits.c.topic_id == topic_id, hits.c.matched_at >= since
    chosen = select(hits.c.entry_id).where(*recent).order_by(hits.c.id.desc()).limit(limit)
    return tuple(db.execute(chosen).scalars())


def set_relevance(db: Db, relevance: Mapping[tuple[str, int], float]) -> None:
    """Store how well hits fit, by topic and entry, from 0 to 1."""
    if relevance:
        rows = [
            {"topic": topic_id, "entry": entry_id, "fits": value}
            for (topic_id, entry_id), value in sorted(relevance.items())
        ]
        db.execute(
            update(hits)
            .where(hits.c.topic_id == bindparam("topic"), hits.c.entry_id == bindparam("entry"))
            .values(relevance=bindparam("fits")),
            rows,
        )
