"""The metadata that all tables belong to, with the names of their constraints and indexes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import MetaData, Table, text
from sqlalchemy.sql.base import DialectKWArgs

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


_POSTGRESQL = "postgresql"


def partial_index(condition: str) -> dict[str, Any]:
    """Return the options of an Index that holds only the rows of a condition, on either database."""
    return {"sqlite_where": text(condition), **on_postgresql(where=text(condition))}


def on_postgresql(**options: object) -> dict[str, Any]:
    """Return options that a Table or an Index has on PostgreSQL alone; `set_postgresql_options` puts them into force.

    As arguments they would be looked up in SQLAlchemy's PostgreSQL dialect, which takes a fifth of the time that
    SQLAlchemy takes to load, also where the database is a SQLite file.
    """
    return {"info": {_POSTGRESQL: options}}


def set_postgresql_options(tables: Iterable[Table]) -> None:
    """Set the options of tables and their indexes for PostgreSQL, before anything is created or compared there."""
    for table in tables:
        for item in (table, *table.indexes):
            if options := item.info.get(_POSTGRESQL):
                assert isinstance(item, DialectKWArgs)
                item.dialect_options[_POSTGRESQL].update(options)
