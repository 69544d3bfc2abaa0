"""Answers to requests that carry an Idempotency-Key: sent again, such a request is answered and not done again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from watcher.store.database import Db
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import repeatable_requests

KEPT_FOR = timedelta(days=1)
ABANDONED_AFTER = timedelta(minutes=5)
"""After this time a request without an answer counts as never made: its process ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An earlier request and its answer; `status` is 0 while it is being answered."""

    fingerprint: str
    status: int
    body: str
    etag: str


def claim_request(db: Db, key: str, fingerprint: str, now: datetime) -> Answer | None:
    """Note that a request is being answered and return None; return the earlier one where its key is known."""
    table = repeatable_requests
    db.execute(delete(table).where(table.c.created_at < now - KEPT_FOR))
    db.execute(delete(table).where(table.c.key == key, table.c.status == 0, table.c.created_at < now - ABANDONED_AFTER))
    row = {"key": key, "fingerprint": fingerprint, "status": 0, "created_at": now}
    inserted = get_dialect(db).insert_or_ignore(table).values(row).returning(table.c.key)
    if db.execute(inserted).first() is not None:
        return None
    known = db.execute(select(table).where(table.c.key == key)).one()
    return Answer(fingerprint=known.fingerprint, status=known.status, body=known.body, etag=known.etag)


def store_answer(db: Db, key: str, *, status: int, body: str, etag: str) -> None:
    """Keep the answer to a request."""
    table = repeatable_requests
    db.execute(update(table).where(table.c.key == key).values(status=status, body=body, etag=etag))


def release_request(db: Db, key: str) -> None:
    """Forget a request that failed: it may be made again."""
    db.execute(delete(repeatable_requests).where(repeatable_requests.c.key == key))
