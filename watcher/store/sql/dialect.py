"""Finds what is written for one kind of database: its dialect, its connections.

Each kind is imported when it is first needed: PostgreSQL's part of SQLAlchemy takes long to load.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import URL, ColumnElement, literal_column

from watcher.store.sql.backend import Backend
from watcher.store.sql.interface import Db, SqlDialect


def get_dialect(db: Db) -> SqlDialect:
    """Return the dialect of the database that a transaction is open on."""
    return _load_dialect(db.dialect.name)


def open_backend(url: URL, *, durable: bool) -> Backend:
    """Return the connections for an address; a file that is not `durable` need not outlive a failure of power."""
    if url.get_backend_name() == "sqlite":
        from watcher.store.sql.sqlite_backend import SqliteBackend

        return SqliteBackend(url, durable=durable)
    from watcher.store.sql.postgresql_backend import PostgresqlBackend

    return PostgresqlBackend(url)


def excluded(column: str) -> ColumnElement[Any]:
    """Return what an upsert would have inserted into a column."""
    return literal_column(f"excluded.{column}")


@cache
def _load_dialect(name: str) -> SqlDialect:
    if name == "sqlite":
        from watcher.store.sql.sqlite import SqliteDialect

        return SqliteDialect()
    from watcher.store.sql.postgresql import PostgresqlDialect

    return PostgresqlDialect()


def acquire_lock(db: Db, name: str | int) -> None:
    """Wait until nobody else holds the lock of this name; it lasts to the end of the transaction."""
    get_dialect(db).acquire_lock(db, name)
