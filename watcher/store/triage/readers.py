"""When a person was here, and from when on things are unread for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from watcher.model.triage import FIRST_VISIT_SPAN, UNREAD_FOR, Reader
from watcher.store.database import Db
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import readers

VISIT_GAP = timedelta(minutes=30)
"""Who comes again after this time makes a new visit."""
ACTIVITY_INTERVAL = timedelta(minutes=5)
"""How often a visit that goes on is recorded."""
_ONE = select(readers).where(readers.c.person == bindparam("person"))


def load_reader(db: Db, person: str, now: datetime) -> Reader:
    """Return a person with what is unread for them; for a stranger, what came within FIRST_VISIT_SPAN."""
    floor = now - UNREAD_FOR
    row = db.execute(_ONE, {"person": person}).first()
    if row is None:
        return Reader(person=person, seen_before=now - FIRST_VISIT_SPAN, seen_floor=floor)
    # A visit in the future was dated by a wrong clock.
    last_visit_at = row.last_visit_at if row.last_visit_at is not None and row.last_visit_at <= now else None
    return Reader(
        person=person,
        seen_before=max(floor, min(row.seen_before, now)),
        seen_floor=floor,
        last_visit_at=last_visit_at,
    )


def is_visit_due(db: Db, person: str, now: datetime) -> bool:
    """Return whether a person's visit is to be recorded: once in ACTIVITY_INTERVAL."""
    active_at = db.execute(select(readers.c.active_at).where(readers.c.person == person)).scalar()
    return active_at is None or not timedelta() <= now - active_at < ACTIVITY_INTERVAL


def record_visit(db: Db, person: str, now: datetime) -> None:
    """Record that a person is here; what was seen before their first visit is set then."""
    first = {"person": person, "seen_before": now - FIRST_VISIT_SPAN, "active_at": now}
    db.execute(get_dialect(db).insert_or_ignore(readers).values(first))
    is_reader = readers.c.person == person
    db.execute(
        update(readers)
        .where(is_reader, readers.c.active_at < now - VISIT_GAP)
        .values(last_visit_at=readers.c.active_at, active_at=now)
    )
    db.execute(update(readers).where(is_reader, readers.c.active_at < now).values(active_at=now))


def list_readers(db: Db, limit: int = 200) -> tuple[str, ...]:
    """List the people who were here, in order of their names."""
    return tuple(db.execute(select(readers.c.person).order_by(readers.c.person).limit(limit)).scalars())
