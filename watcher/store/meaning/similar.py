"""Of entries that are near to a vector, those within the filters of a list."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from watcher.model.results import Filters
from watcher.store.database import Db
from watcher.store.filters import filter_entries
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.tables import entries, hits


def filter_ids(db: Db, ids: Sequence[int], filters: Filters) -> frozenset[int]:
    """Return those of the entries that pass the filters."""
    chosen = select(entries.c.id).where(any_of(entries.c.id, bindparam("ids", type_=IDS)))
    if filters.since is not None:
        chosen = chosen.where(entries.c.first_seen_at >= filters.since)
    if filters.until is not None:
        chosen = chosen.where(entries.c.first_seen_at < filters.until)
    if filters.topics:
        of_topics = select(hits.c.entry_id).where(hits.c.topic_id.in_(filters.topics))
        chosen = chosen.where(entries.c.id.in_(of_topics))
    return frozenset(db.execute(filter_entries(db, chosen, filters), {"ids": list(ids)}).scalars())
