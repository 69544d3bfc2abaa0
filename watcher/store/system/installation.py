"""The identity of this database among all watchers."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from watcher.store.database import Db
from watcher.store.tables import meta


def get_installation_id(db: Db) -> str:
    """Give the name of this database among all watchers: it keeps two of them from sending under one identity."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    db.execute(dialect.insert(meta).values(key="installation", value=secrets.token_hex(8)).on_conflict_do_nothing())
    return str(db.execute(select(meta.c.value).where(meta.c.key == "installation")).scalar_one())
