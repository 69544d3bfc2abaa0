"""Who is at work: daemons and workers say so every few seconds, and what they say expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from watcher.store.engine import Database, Db
from watcher.store.tables import leases

LONGEST = timedelta(hours=1)
"""Nobody says for longer that they are at work: what lies further ahead was said under a wrong clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process that was at work not long ago; `until` is when it would be given up."""

    name: str
    owner: str
    until: datetime
    note: str = ""


def beat(database: Database, name: str, owner: str, now: datetime, lasts: timedelta, note: str = "") -> None:
    """Say that somebody is at work until `now + lasts`."""
    with database.write() as db:
        dialect = sqlite if db.dialect.name == "sqlite" else postgresql
        row = {"owner": owner, "until": now + lasts, "note": note}
        said = dialect.insert(leases).values(name=name, token=1, **row)
        db.execute(said.on_conflict_do_update(index_elements=["name"], set_=row))


def leave(db: Db, name: str) -> None:
    """Say that somebody is at work no longer."""
    db.execute(delete(leases).where(leases.c.name == name))


def bury(db: Db, now: datetime) -> frozenset[str]:
    """Forget those who have been silent for too long; gives who they were. One who was only slow will beat again."""
    silent = or_(leases.c.until < now, leases.c.until > now + LONGEST)
    return frozenset(db.execute(delete(leases).where(silent).returning(leases.c.owner)).scalars())


def at_work(db: Db, now: datetime) -> tuple[Worker, ...]:
    """List who is at work."""
    rows = db.execute(select(leases).where(leases.c.until.between(now, now + LONGEST)).order_by(leases.c.name))
    return tuple(Worker(name=row.name, owner=row.owner, until=row.until, note=row.note) for row in rows)
