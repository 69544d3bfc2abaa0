"""PostgreSQL: lists are arrays, rows come by COPY or in one JSON document, and writers wait for advisory locks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Insert, LargeBinary, Table, func, select, text
from sqlalchemy.dialects import postgresql

from watcher.errors import StoreError
from watcher.store.sql.direct import fetch_directly
from watcher.store.sql.interface import Db, SqlDialect
from watcher.store.sql.rows import convert_rows, join_names
from watcher.store.sql.types import Length, Moment

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_NEXT_IDS = text("SELECT nextval(CAST(:sequence AS text)) FROM generate_series(1, :count)")
_SET_SEQUENCE = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :highest)")


class PostgresqlDialect(SqlDialect):
    """What PostgreSQL spells differently; see `SqlDialect`."""

    is_shared = True

    def insert_or_ignore(self, table: Table) -> Insert:
        """Return an INSERT ... ON CONFLICT DO NOTHING."""
        return postgresql.insert(table).on_conflict_do_nothing()

    def upsert(self, table: Table, keys: Sequence[str], changes: Mapping[str, Any]) -> Insert:
        """Return an INSERT ... ON CONFLICT DO UPDATE."""
        return postgresql.insert(table).on_conflict_do_update(index_elements=list(keys), set_=dict(changes))

    def bulk_insert(self, db: Db, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows by COPY."""
        names = tuple(rows[0])
        self.insert_values(db, table, names, convert_rows(_DIALECT, table, names, rows))

    def insert_values(self, db: Db, table: Table, names: tuple[str, ...], values: Sequence[Sequence[Any]]) -> None:
        """Insert values by COPY."""
        driver: Any = db.connection.driver_connection
        try:
            with driver.cursor() as cursor:
                with cursor.copy(f'COPY "{table.name}" ({join_names(names)}) FROM STDIN') as copy:
                    for row in values:
                        copy.write_row(row)
        except db.dialect.loaded_dbapi.Error as error:
            raise StoreError(f"rows of {table.name} were refused: {str(error).splitlines()[0]}") from error

    def bulk_update(
        self, db: Db, table: Table, by: Sequence[str], rows: Sequence[Mapping[str, Any]], cleared: Sequence[str]
    ) -> None:
        """Update rows by one statement over a JSON document.

        The driver takes longer over arrays, and much longer over a statement for each row.
        """
        names = tuple(rows[0])
        records = [dict(row) for row in rows]
        for name, format_value in _list_json_formats(table, names):
            for record in records:
                record[name] = format_value(record[name])
        sql = _update_sql(table, tuple(by), names, tuple(cleared))
        db.exec_driver_sql(sql, (json.dumps(records, ensure_ascii=False),))

    def reserve_ids(self, db: Db, table: Table, count: int) -> Sequence[int]:
        """Return ids from the table's sequence."""
        if not count:
            return ()
        return sorted(db.execute(_NEXT_IDS, {"sequence": f"{table.name}_id_seq", "count": count}).scalars())

    def fetch_rows(self, db: Db, sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement from the driver itself."""
        return fetch_directly(db, _spell_parameters(sql), parameters)

    def values_cte(self, name: str, columns: Mapping[str, str]) -> str:
        """Return a WITH clause over one array for each column."""
        arrays = ", ".join(f"CAST(:{name}_{place} AS {type_}[])" for place, type_ in enumerate(columns.values()))
        return f"WITH {name} ({', '.join(columns)}) AS MATERIALIZED (SELECT * FROM unnest({arrays}))"  # noqa: S608

    def bind_rows(self, name: str, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Return the columns of the rows as arrays."""
        return {f"{name}_{place}": list(values) for place, values in enumerate(zip(*rows, strict=True))}

    def values_of(self, parameter: str, column: str, type_: str) -> str:
        """Return the values of an array."""
        return f"unnest(CAST(:{parameter} AS {type_}[])) AS asked ({column})"

    def bind_values(self, values: Sequence[Any]) -> Any:
        """Return an array."""
        return list(values)

    def collect(self, subquery: str, column: str) -> str:
        """Return an array of a subquery's only column."""
        return f"ARRAY({subquery})"

    def read_collected(self, collected: Sequence[Any]) -> Sequence[list[Any]]:
        """Return arrays, which the driver has read."""
        return collected

    def acquire_lock(self, db: Db, name: str | int) -> None:
        """Wait for an advisory lock."""
        key = ":name" if isinstance(name, int) else "hashtext(:name)"
        db.execute(text(f"SELECT pg_advisory_xact_lock({key})"), {"name": name})

    def erase_deleted(self, db: Db) -> None:
        """Do nothing: the server's files are not ours to overwrite."""

    def set_sequences(self, db: Db, tables: Sequence[Table]) -> None:
        """Set the sequence of each table with numbered rows."""
        for table in tables:
            key = table.primary_key.columns.values()
            if len(key) != 1 or key[0].name != "id" or table.c.id.type.python_type is not int:
                continue
            highest = db.execute(select(func.max(table.c.id))).scalar()
            if highest is not None:
                db.execute(_SET_SEQUENCE, {"name": table.name, "highest": highest})


@cache
def _spell_parameters(sql: str) -> str:
    """Return a statement with its parameters as the driver has them: `%(name)s`."""
    return str(text(sql).compile(dialect=_DIALECT))


@cache
def _list_json_formats(table: Table, names: tuple[str, ...]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Return the columns whose values JSON cannot hold as they are, and what formats these."""
    formats: dict[type, Callable[[Any], Any]] = {
        Moment: _format_moment,
        Length: _format_length,
        LargeBinary: _format_bytes,
    }
    return tuple((name, formats[kind]) for name in names if (kind := type(table.c[name].type)) in formats)


# Kept, for the polls of a batch share their moments.
@lru_cache(maxsize=1024)
def _format_moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()


@lru_cache(maxsize=1024)
def _format_length(value: timedelta | None) -> int | None:
    return None if value is None else round(value.total_seconds())


def _format_bytes(value: bytes | None) -> str | None:
    return None if value is None else f"\\x{value.hex()}"


@cache
def _update_sql(table: Table, by: tuple[str, ...], names: tuple[str, ...], cleared: tuple[str, ...]) -> str:
    sets = [f'"{name}" = changed."{name}"' for name in names if name not in by]
    sets += [f'"{name}" = NULL' for name in cleared]
    columns = ", ".join(f'"{name}" {table.c[name].type.compile(_DIALECT)}' for name in names)
    condition = " AND ".join(f'{table.name}."{name}" = changed."{name}"' for name in by)
    records = f"json_to_recordset(%s::json) AS changed({columns})"
    return f"UPDATE {table.name} SET {', '.join(sets)} FROM {records} WHERE {condition}"  # noqa: S608
