"""Logins to the page, by the hash of the id in the cookie. A reader of the database can make no cookie of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select, update

from watcher.model.person import StoredSession
from watcher.store.database import Db
from watcher.store.tables import sessions


def add_session(db: Db, session: StoredSession, expired_before: datetime) -> None:
    """Store a login, and delete those that began before a moment: their cookies have expired."""
    db.execute(delete(sessions).where(sessions.c.created_at < expired_before))
    db.execute(
        insert(sessions).values(
            id_hash=session.id,
            person=session.person,
            secret_mark=session.secret_mark,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            last_seen_from=session.last_seen_from,
            agent=session.agent,
        )
    )


def find_session(db: Db, id_hash: str) -> StoredSession | None:
    """Return a login that has not ended, None where there is none."""
    row = db.execute(select(sessions).where(sessions.c.id_hash == id_hash, sessions.c.ended_at.is_(None))).first()
    return None if row is None else _read_session(row._asdict())


def list_sessions(db: Db, person: str | None = None) -> tuple[StoredSession, ...]:
    """List the logins that have not ended, of one person or of all, the one that was seen last first."""
    chosen = select(sessions).where(sessions.c.ended_at.is_(None)).order_by(sessions.c.last_seen_at.desc())
    if person is not None:
        chosen = chosen.where(sessions.c.person == person)
    return tuple(_read_session(row._asdict()) for row in db.execute(chosen))


def touch_session(db: Db, id_hash: str, at: datetime, source: str) -> None:
    """Store when, and where from, a login was seen."""
    db.execute(update(sessions).where(sessions.c.id_hash == id_hash).values(last_seen_at=at, last_seen_from=source))


def end_sessions(db: Db, person: str, now: datetime, *, only: str | None = None, except_id: str | None = None) -> int:
    """End the logins of a person, one (`only`) or all but one (`except_id`), and return how many ended."""
    ended = update(sessions).where(sessions.c.person == person, sessions.c.ended_at.is_(None)).values(ended_at=now)
    if only is not None:
        ended = ended.where(sessions.c.id_hash == only)
    if except_id is not None:
        ended = ended.where(sessions.c.id_hash != except_id)
    return int(db.execute(ended).rowcount)


def _read_session(row: dict[str, object]) -> StoredSession:
    values = {name: value for name, value in row.items() if name not in ("id_hash", "ended_at")}
    return StoredSession(id=str(row["id_hash"]), **values)  # type: ignore[arg-type]
