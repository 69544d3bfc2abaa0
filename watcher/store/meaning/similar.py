"""Entries by their nearness to a vector, within the filters of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, select

from watcher.model.results import Filters
from watcher.store.database import Db
from watcher.store.filters import filter_entries
from watcher.store.meaning.embeddings import VectorRows, iter_vectors
from watcher.store.meaning.models import find_serving_model
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.tables import entries, hits

Scorer = Callable[[VectorRows], Sequence[tuple[int, float]]]
"""Returns the entries of some rows that are nearest, with their likeness (-1 to 1), in any order."""
MAX_CANDIDATES = 2_000
"""The nearest so many entries are looked at for those that pass the filters."""


def find_nearest_entries(db: Db, score: Scorer, filters: Filters, *, limit: int) -> tuple[tuple[int, float], ...]:
    """Return the nearest entries that pass the filters, with their likeness, the nearest first.

    Nothing where no model has read anything yet.
    """
    serving = find_serving_model(db)
    if serving is None:
        return ()
    nearest: list[tuple[int, float]] = []
    for rows in iter_vectors(db, serving):
        nearest = sorted([*nearest, *score(rows)], key=lambda pair: (-pair[1], -pair[0]))[:MAX_CANDIDATES]
    passing = _filter_ids(db, [entry_id for entry_id, _likeness in nearest], filters)
    return tuple(pair for pair in nearest if pair[0] in passing)[:limit]


def _filter_ids(db: Db, ids: Sequence[int], filters: Filters) -> frozenset[int]:
    chosen = select(entries.c.id).where(any_of(entries.c.id, bindparam("ids", type_=IDS)))
    if filters.since is not None:
        chosen = chosen.where(entries.c.first_seen_at >= filters.since)
    if filters.until is not None:
        chosen = chosen.where(entries.c.first_seen_at < filters.until)
    if filters.topics:
        of_topics = select(hits.c.entry_id).where(hits.c.topic_id.in_(filters.topics))
        chosen = chosen.where(entries.c.id.in_(of_topics))
    return frozenset(db.execute(filter_entries(db, chosen, filters), {"ids": list(ids)}).scalars())
