"""Many values or rows in one statement that stays the same, and prepared, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from sqlalchemy import Boolean, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType

from watcher.store.sql.dialect import get_dialect
from watcher.store.sql.interface import Db


class any_of(FunctionElement[bool]):  # noqa: N801  (reads as the SQL that it stands for)
    """Whether a column is one of many values: `any_of(column, bindparam("ids", type_=IDS))`."""

    type = Boolean()
    name = "any_of"
    inherit_cache = True
    # Else SQLite, which has no truth of its own, is asked `... IN (...) = 1`, and reads the whole table for it.
    _is_implicitly_boolean = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Return the element as it is: SQLAlchemy would compare it with 1 on SQLite, which then reads every row."""
        return self


class among(any_of):  # noqa: N801  (as above)
    """Whether a column is one of the values that a selection returns, which is carried out once.

    PostgreSQL may carry out the selection of `IN (SELECT ...)` for each row. One with FOR UPDATE then passes over the
    rows that the statement itself has updated, and takes others.
    """

    name = "among"
    inherit_cache = True


@compiles(any_of)
def _compile_array(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    return "{} = ANY ({})".format(*_compile_operands(element, compiler, options))


@compiles(any_of, "sqlite")
def _compile_json(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    return "{} IN (SELECT value FROM json_each({}))".format(*_compile_operands(element, compiler, options))  # noqa: S608


@compiles(among)
def _compile_array_of_selection(element: among, compiler: SQLCompiler, **options: Any) -> str:
    return "{} = ANY (ARRAY{})".format(*_compile_operands(element, compiler, options))


@compiles(among, "sqlite")
def _compile_selection(element: among, compiler: SQLCompiler, **options: Any) -> str:
    return "{} IN {}".format(*_compile_operands(element, compiler, options))


def _compile_operands(element: any_of, compiler: SQLCompiler, options: Mapping[str, Any]) -> tuple[str, str]:
    """Return the column and what it is compared with as SQL, in this order: SQLite has parameters by their places."""
    column, values = element.clauses
    return compiler.process(column, **options), compiler.process(values, **options)


def bulk_insert(db: Db, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, which all name the same columns, the quickest way; none of them may be refused."""
    get_dialect(db).bulk_insert(db, table, rows)


def bulk_update(
    db: Db, table: Table, by: Sequence[str], rows: Sequence[Mapping[str, Any]], cleared: Sequence[str]
) -> None:
    """Update rows, each found by its columns `by`, and set `cleared` columns to NULL; all name the same columns."""
    get_dialect(db).bulk_update(db, table, by, rows, cleared)


def reserve_ids(db: Db, table: Table, count: int) -> Sequence[int]:
    """Return the next ids of a table; on SQLite nobody else takes ids before this transaction ends."""
    return get_dialect(db).reserve_ids(db, table, count)
