"""Finds the SQL dialect of a database."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, literal_column

from watcher.store.database.connection import Db
from watcher.store.sql.interface import SqlDialect


def get_dialect(db: Db) -> SqlDialect:
    """Return the dialect of the database that a transaction is open on."""
    return _load_dialect(db.dialect.name)


def excluded(column: str) -> ColumnElement[Any]:
    """Return what an upsert would have inserted into a column."""
    return literal_column(f"excluded.{column}")


@cache
def _load_dialect(name: str) -> SqlDialect:
    # Imported when first needed: PostgreSQL's part of SQLAlchemy takes long to load.
    if name == "sqlite":
        from watcher.store.sql.sqlite import SqliteDialect

        return SqliteDialect()
    from watcher.store.sql.postgresql import PostgresqlDialect

    return PostgresqlDialect()


def acquire_lock(db: Db, name: str | int) -> None:
    """Wait until nobody else holds the lock of this name; it lasts to the end of the transaction."""
    get_dialect(db).acquire_lock(db, name)
