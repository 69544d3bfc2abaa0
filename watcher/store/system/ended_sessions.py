"""Sessions of the page that were logged out, kept until they would have expired: a restart must not revive them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from watcher.store.database import Db
from watcher.store.system.key_values import set_value
from watcher.store.tables import meta

_PREFIX = "session-ended:"


def add_ended_session(db: Db, session_id: str, until: datetime, now: datetime) -> None:
    """Note that a session was logged out, and drop the notes of those that have expired since."""
    expired = [key for key, value in _rows(db) if datetime.fromisoformat(value) <= now]
    db.execute(delete(meta).where(meta.c.key.in_(expired)))
    set_value(db, _PREFIX + session_id, until.isoformat())


def list_ended_sessions(db: Db) -> frozenset[str]:
    """List the ids of the sessions that were logged out."""
    return frozenset(key.removeprefix(_PREFIX) for key, _value in _rows(db))


def _rows(db: Db) -> list[tuple[str, str]]:
    chosen = select(meta.c.key, meta.c.value).where(meta.c.key.startswith(_PREFIX, autoescape=True))
    return [(row.key, row.value) for row in db.execute(chosen)]
