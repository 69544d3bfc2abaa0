"""Judgements of people on hits: read back to measure topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from watcher.model.results import StoredHit
from watcher.store.database import Db
from watcher.store.hits.mapping import read_hit_row, select_hits
from watcher.store.sql.chunks import split_into_chunks
from watcher.store.tables import hits


def load_labelled_hits(
    db: Db, *, after_id: int = 0, limit: int = 500, topic_id: str | None = None
) -> tuple[StoredHit, ...]:
    """Read the next judged hits in order of id, of one topic or of all: those after `after_id`."""
    chosen = select_hits().where(hits.c.label.is_not(None), hits.c.id > after_id).order_by(hits.c.id).limit(limit)
    if topic_id is not None:
        chosen = chosen.where(hits.c.topic_id == topic_id)
    return tuple(read_hit_row(row) for row in db.execute(chosen).mappings())


def find_hit_labels(db: Db, topic_id: str, entry_ids: Sequence[int]) -> Mapping[int, tuple[int, str | None]]:
    """Return which of some entries are hits of a topic, as entry id to (hit id, label)."""
    hit_labels: dict[int, tuple[int, str | None]] = {}
    for some in split_into_chunks(entry_ids, 500):
        chosen = select(hits.c.entry_id, hits.c.id, hits.c.label)
        rows = db.execute(chosen.where(hits.c.topic_id == topic_id, hits.c.entry_id.in_(tuple(some))))
        hit_labels |= {row.entry_id: (row.id, row.label) for row in rows}
    return hit_labels


def count_labels(db: Db) -> Mapping[str, Mapping[str, int]]:
    """Count the judgements of each topic: topic to label to number."""
    chosen = select(hits.c.topic_id, hits.c.label, func.count()).where(hits.c.label.is_not(None))
    counted: dict[str, dict[str, int]] = {}
    for topic_id, label, number in db.execute(chosen.group_by(hits.c.topic_id, hits.c.label)):
        counted.setdefault(topic_id, {})[label] = int(number)
    return counted
