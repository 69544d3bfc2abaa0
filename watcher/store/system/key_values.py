"""Notes: small facts that the database remembers by name, for work that goes on after a stop."""

from __future__ import annotations

from sqlalchemy import delete, select

from watcher.store.database import Db
from watcher.store.sql.dialect import excluded, get_dialect
from watcher.store.tables import meta


def get_value(db: Db, name: str) -> str | None:
    """Read a note; None where there is none."""
    value: str | None = db.execute(select(meta.c.value).where(meta.c.key == name)).scalar()
    return value


def set_value(db: Db, name: str, value: str) -> None:
    """Write a note over the one of that name."""
    upsert = get_dialect(db).upsert(meta, ["key"], {"value": excluded("value")})
    db.execute(upsert, {"key": name, "value": value})


def delete_value(db: Db, name: str) -> None:
    """Forget a note."""
    db.execute(delete(meta).where(meta.c.key == name))
