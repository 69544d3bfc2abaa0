"""Hits backfilled from the archive or from the first documents of feeds: the next digest offers them, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select

from watcher.model.topic import Origin
from watcher.store.database import Db
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import entries, hits, offered_hits

KEPT_FOR = timedelta(days=60)


def offer_hits(db: Db, topic_id: str, matched_at: datetime, published_after: datetime) -> None:
    """Offer the hits of a topic that were found by one replay; digests report each once, as any hit.

    Of what feeds held when they were first read, only items newer than `published_after` are offered.
    """
    db.execute(delete(offered_hits).where(offered_hits.c.matched_at < matched_at - KEPT_FOR))
    row = {"topic_id": topic_id, "matched_at": matched_at, "published_after": published_after}
    db.execute(get_dialect(db).insert_or_ignore(offered_hits).values(row))


def offer_first_hits(db: Db, published_after: datetime) -> int:
    """Offer the hits in what feeds held when they were first read and that is newer; return how many there are."""
    newer = func.coalesce(entries.c.published_at, entries.c.first_seen_at) >= published_after
    chosen = (
        select(hits.c.topic_id, hits.c.matched_at, func.count())
        .select_from(hits.join(entries))
        .where(entries.c.baseline, ~entries.c.quarantined, hits.c.origin == Origin.LIVE.value, newer)
        .group_by(hits.c.topic_id, hits.c.matched_at)
    )
    rows = db.execute(chosen).all()
    for topic_id, matched_at, _count in rows:
        offer_hits(db, topic_id, matched_at, published_after)
    return sum(count for _topic_id, _matched_at, count in rows)


def is_offered() -> ColumnElement[bool]:
    """Return the condition that a hit, of a query that has its entry, is offered."""
    newer = func.coalesce(entries.c.published_at, entries.c.first_seen_at) >= offered_hits.c.published_after
    return exists().where(
        and_(offered_hits.c.topic_id == hits.c.topic_id, offered_hits.c.matched_at == hits.c.matched_at),
        or_(~entries.c.baseline, offered_hits.c.published_after.is_(None), newer),
    )
