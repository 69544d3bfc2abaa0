"""SQLite: lists are JSON, rows go to the driver in one call, and there is one writer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import sqlite

from watcher.store.sql.direct import execute_directly, fetch_directly
from watcher.store.sql.interface import Db, SqlDialect
from watcher.store.sql.rows import convert_rows, join_names

_DIALECT = sqlite.dialect()


class SqliteDialect(SqlDialect):
    """What SQLite spells differently; see `SqlDialect`."""

    is_shared = False

    def insert_or_ignore(self, table: Table) -> Insert:
        """Return an INSERT ... ON CONFLICT DO NOTHING."""
        return sqlite.insert(table).on_conflict_do_nothing()

    def upsert(self, table: Table, keys: Sequence[str], changes: Mapping[str, Any]) -> Insert:
        """Return an INSERT ... ON CONFLICT DO UPDATE."""
        return sqlite.insert(table).on_conflict_do_update(index_elements=list(keys), set_=dict(changes))

    def bulk_insert(self, db: Db, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows with one prepared statement."""
        names = tuple(rows[0])
        self.insert_values(db, table, names, convert_rows(_DIALECT, table, names, rows))

    def insert_values(self, db: Db, table: Table, names: tuple[str, ...], values: Sequence[Sequence[Any]]) -> None:
        """Insert values with one prepared statement."""
        execute_directly(db, _insert_sql(table, names), values)

    def bulk_update(
        self, db: Db, table: Table, by: Sequence[str], rows: Sequence[Mapping[str, Any]], cleared: Sequence[str]
    ) -> None:
        """Update rows with one prepared statement."""
        names = tuple(rows[0])
        values = convert_rows(_DIALECT, table, names, rows)
        order = [names.index(name) for name in (*(name for name in names if name not in by), *by)]
        sql = _update_sql(table, tuple(by), names, tuple(cleared))
        execute_directly(db, sql, [[row[place] for place in order] for row in values])

    def reserve_ids(self, db: Db, table: Table, count: int) -> Sequence[int]:
        """Return the ids after the highest: nobody else writes before this transaction ends."""
        if not count:
            return ()
        [[highest]] = fetch_directly(db, f"SELECT coalesce(max(id), 0) FROM {table.name}")  # noqa: S608
        return range(highest + 1, highest + 1 + count)

    def fetch_rows(self, db: Db, sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement from the driver itself."""
        return fetch_directly(db, sql, parameters)

    def values_cte(self, name: str, columns: Mapping[str, str]) -> str:
        """Return a WITH clause over a JSON list of lists; without MATERIALIZED it would be read once for each use."""
        values = ", ".join(f"value ->> {place}" for place in range(len(columns)))
        return f"WITH {name} ({', '.join(columns)}) AS MATERIALIZED (SELECT {values} FROM json_each(:{name}))"  # noqa: S608

    def bind_rows(self, name: str, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Return the rows as one JSON list."""
        return {name: json.dumps(rows)}

    def values_of(self, parameter: str, column: str, type_: str) -> str:
        """Return the values of a JSON list; SQLite needs no type."""
        return f"(SELECT value AS {column} FROM json_each(:{parameter})) AS asked"  # noqa: S608

    def bind_values(self, values: Sequence[Any]) -> Any:
        """Return a JSON list."""
        return json.dumps(values)

    def collect(self, subquery: str, column: str) -> str:
        """Return a JSON list of a subquery's column."""
        return f"(SELECT json_group_array({column}) FROM ({subquery}))"  # noqa: S608

    def read_collected(self, collected: Sequence[Any]) -> Sequence[list[Any]]:
        """Return the values of JSON lists: read as one list of lists, in a third of the time."""
        values: list[list[Any]] = json.loads(f"[{','.join(collected)}]")
        return values

    def acquire_lock(self, db: Db, name: str | int) -> None:
        """Do nothing: a transaction that writes holds the one write lock."""

    def erase_deleted(self, db: Db) -> None:
        """Overwrite deleted content with zeros; else it stays readable in the file until something takes its place."""
        db.exec_driver_sql("PRAGMA secure_delete = ON")

    def set_sequences(self, db: Db, tables: Sequence[Table]) -> None:
        """Do nothing: SQLite takes the id after the highest."""


@cache
def _insert_sql(table: Table, names: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({join_names(names)}) VALUES ({marks})"  # noqa: S608


@cache
def _update_sql(table: Table, by: tuple[str, ...], names: tuple[str, ...], cleared: tuple[str, ...]) -> str:
    sets = [f'"{name}" = ?' for name in names if name not in by] + [f'"{name}" = NULL' for name in cleared]
    condition = " AND ".join(f'"{name}" = ?' for name in by)
    return f"UPDATE {table.name} SET {', '.join(sets)} WHERE {condition}"  # noqa: S608
