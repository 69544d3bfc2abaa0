"""Inserts that may meet a row that is there already: ON CONFLICT, as each database's dialect of SQLAlchemy has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Table

from watcher.store.database import Db

if TYPE_CHECKING:
    from sqlalchemy.dialects.sqlite import Insert


def insert_or(db: Db, table: Table) -> Insert:
    """Return an INSERT that takes `on_conflict_do_nothing` and `on_conflict_do_update`, for the database at hand."""
    return make_insert(db.dialect.name, table)


def make_insert(dialect: str, table: Table) -> Insert:
    """Return such an INSERT for a dialect (`sqlite` or `postgresql`); no other dialect is imported.

    That of PostgreSQL takes a tenth of the time in which a command on SQLite is done.
    """
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    # Another class with the same two methods.
    return postgresql.insert(table)  # type: ignore[return-value]
