"""Notes: small facts that the database remembers by name, for work that goes on after a stop."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from watcher.store.database import Db
from watcher.store.tables import meta


def get_value(db: Db, name: str) -> str | None:
    """Read a note; None where there is none."""
    found: str | None = db.execute(select(meta.c.value).where(meta.c.key == name)).scalar()
    return found


def set_value(db: Db, name: str, value: str) -> None:
    """Write a note over the one of that name."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    written = dialect.insert(meta).values(key=name, value=value)
    db.execute(written.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def delete_value(db: Db, name: str) -> None:
    """Forget a note."""
    db.execute(delete(meta).where(meta.c.key == name))
