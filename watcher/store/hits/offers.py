"""Hits that were brought in from the archive and are offered to the next digest, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists

from watcher.store.database import Db
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import hits, offered_hits

KEPT_FOR = timedelta(days=60)


def offer_hits(db: Db, topic_id: str, matched_at: datetime) -> None:
    """Offer the hits of a topic that were found by one replay; digests report each once, as any hit."""
    db.execute(delete(offered_hits).where(offered_hits.c.matched_at < matched_at - KEPT_FOR))
    row = {"topic_id": topic_id, "matched_at": matched_at}
    db.execute(get_dialect(db).insert_or_ignore(offered_hits).values(row))


def is_offered() -> ColumnElement[bool]:
    """Return the condition that a hit is offered."""
    return exists().where(offered_hits.c.topic_id == hits.c.topic_id, offered_hits.c.matched_at == hits.c.matched_at)
