"""Many values or rows in one statement that stays the same, and prepared, however many there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Self

from sqlalchemy import (
    Boolean,
    Dialect,
    Select,
    Table,
    Text,
    TypeDecorator,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import BigInteger, TypeEngine

from watcher.errors import StoreError
from watcher.store.database import Db

_DIALECTS: Mapping[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
}


class Many(TypeDecorator[Collection[Any]]):
    """Many texts or numbers: an array on PostgreSQL, a JSON list on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[Text] | type[BigInteger]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.kind) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value), ensure_ascii=False)


IDS = Many(BigInteger)
TEXTS = Many(Text)


class any_of(FunctionElement[bool]):  # noqa: N801  (reads as the question it asks)
    """Ask whether a column is one of many: `one_of(column, bindparam("ids", type_=IDS))`."""

    type = Boolean()
    name = "one_of"
    inherit_cache = True
    # Else SQLite, which has no truth of its own, is asked `... IN (...) = 1`, and reads the whole table for it.
    _is_implicitly_boolean = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Stand as it is: SQLAlchemy would compare it with 1 on SQLite, which then looks at every row."""
        return self


@compiles(any_of)
def _any(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, many = element.clauses
    return f"{compiler.process(column, **options)} = ANY ({compiler.process(many, **options)})"


@compiles(any_of, "sqlite")
def _each(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, many = element.clauses
    asked = compiler.process(many, **options)
    return f"{compiler.process(column, **options)} IN (SELECT value FROM json_each({asked}))"  # noqa: S608


def bulk_insert(db: Db, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, which all name the same columns, by the quickest way there is; none of them may be refused."""
    names = tuple(rows[0])
    values = _values(db, table, names, rows)
    if db.dialect.name == "sqlite":
        # Not by SQLAlchemy, which would look at each value of each row once more.
        db.exec_driver_sql(_insert(table, names), [tuple(some) for some in values])
        return
    raw: Any = db.connection.driver_connection
    try:
        with raw.cursor() as cursor, cursor.copy(f"COPY {table.name} ({_listed(names)}) FROM STDIN") as copy:
            for some in values:
                copy.write_row(some)
    except db.dialect.loaded_dbapi.Error as error:
        raise StoreError(f"rows of {table.name} were refused: {str(error).splitlines()[0]}") from error


def bulk_update(
    db: Db, table: Table, by: Sequence[str], rows: Sequence[Mapping[str, Any]], cleared: Sequence[str]
) -> None:
    """Change rows, each found by some of its columns to the rest of them, and clear some; all name the same columns."""
    names = tuple(rows[0])
    values = _values(db, table, names, rows)
    said = _update(table, tuple(by), names, tuple(cleared), db.dialect.name)
    if db.dialect.name == "sqlite":
        order = [names.index(name) for name in (*(name for name in names if name not in by), *by)]
        db.exec_driver_sql(said, [tuple(some[place] for place in order) for some in values])
    else:
        # One text for all of them: the driver takes longer over arrays, and much longer over a statement a row.
        listed = [dict(zip(names, some, strict=True)) for some in values]
        db.exec_driver_sql(said, (json.dumps(listed, ensure_ascii=False, default=_in_json),))


def _values(db: Db, table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    written = _written(table, names, db.dialect.name)
    return [[write(row[name]) if write else row[name] for name, write in written] for row in rows]


def reserve_ids(db: Db, table: Table, count: int) -> Sequence[int]:
    """Take the next ids of a table; on SQLite nobody else does before this transaction ends."""
    if not count:
        return ()
    if db.dialect.name == "sqlite":
        last = db.execute(_newest(table)).scalar() or 0
        return range(last + 1, last + 1 + count)
    return sorted(db.execute(_NEXT, {"sequence": f"{table.name}_id_seq", "count": count}).scalars())


_NEXT = text("SELECT nextval(CAST(:sequence AS text)) FROM generate_series(1, :count)")


@cache
def _newest(table: Table) -> Select[Any]:
    return select(func.max(table.c.id))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


@cache
def _insert(table: Table, names: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({_listed(names)}) VALUES ({marks})"  # noqa: S608


def _in_json(value: datetime | bytes) -> str:
    return value.isoformat() if isinstance(value, datetime) else f"\\x{value.hex()}"


@cache
def _update(table: Table, by: tuple[str, ...], names: tuple[str, ...], cleared: tuple[str, ...], kind: str) -> str:
    changed = [name for name in names if name not in by]
    if kind == "sqlite":
        sets = [f'"{name}" = ?' for name in changed] + [f'"{name}" = NULL' for name in cleared]
        found = " AND ".join(f'"{name}" = ?' for name in by)
        return f"UPDATE {table.name} SET {', '.join(sets)} WHERE {found}"  # noqa: S608
    sets = [f'"{name}" = many."{name}"' for name in changed] + [f'"{name}" = NULL' for name in cleared]
    shape = ", ".join(f'"{name}" {table.c[name].type.compile(_DIALECTS[kind])}' for name in names)
    found = " AND ".join(f'{table.name}."{name}" = many."{name}"' for name in by)
    source = f"json_to_recordset(%s::json) AS many({shape})"
    return f"UPDATE {table.name} SET {', '.join(sets)} FROM {source} WHERE {found}"  # noqa: S608


@cache
def _written(table: Table, names: tuple[str, ...], kind: str) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """Tell how the values of columns are written: those of our own types otherwise than they are."""
    dialect = _DIALECTS[kind]
    return tuple(
        (name, type_.bind_processor(dialect) if isinstance(type_ := table.c[name].type, TypeDecorator) else None)
        for name in names
    )
