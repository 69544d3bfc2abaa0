"""The identity of this database among all watchers."""

from __future__ import annotations

import secrets

from sqlalchemy import select

from watcher.store.database import Db
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import meta


def find_installation_id(db: Db) -> str | None:
    """Return the identity of this database; None where it has none yet (`get_installation_id` creates it)."""
    installation_id: str | None = db.execute(select(meta.c.value).where(meta.c.key == "installation")).scalar()
    return installation_id


def get_installation_id(db: Db) -> str:
    """Return the identity of this database, created when first asked for: no two installations send under one."""
    db.execute(get_dialect(db).insert_or_ignore(meta), {"key": "installation", "value": secrets.token_hex(8)})
    return str(db.execute(select(meta.c.value).where(meta.c.key == "installation")).scalar_one())
