"""What SQLite and PostgreSQL spell differently, as one interface: everything else in the store is written once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, Insert, Table

Db: TypeAlias = Connection
"""An open transaction. Who opened it commits; nobody else does."""


class SqlDialect(ABC):
    """The SQL of one kind of database, for what SQLAlchemy does not level out."""

    is_shared: bool
    """Whether several processes on several machines may use one database."""

    @abstractmethod
    def insert_or_ignore(self, table: Table) -> Insert:
        """Return an INSERT that leaves rows as they are whose key is there already."""

    @abstractmethod
    def upsert(self, table: Table, keys: Sequence[str], changes: Mapping[str, Any]) -> Insert:
        """Return an INSERT that changes rows whose key is there already; `excluded` names what would be inserted."""

    @abstractmethod
    def bulk_insert(self, db: Db, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, which all name the same columns, the quickest way; none of them may be refused."""

    @abstractmethod
    def insert_values(self, db: Db, table: Table, names: tuple[str, ...], values: Sequence[Sequence[Any]]) -> None:
        """Insert rows of columns in the order of `names`, with values as the driver takes them."""

    @abstractmethod
    def bulk_update(
        self, db: Db, table: Table, by: Sequence[str], rows: Sequence[Mapping[str, Any]], cleared: Sequence[str]
    ) -> None:
        """Update rows, each found by its columns `by`, and set `cleared` columns to NULL; all name the same columns."""

    @abstractmethod
    def reserve_ids(self, db: Db, table: Table, count: int) -> Sequence[int]:
        """Return the next `count` ids of a table, which nobody else gets."""

    @abstractmethod
    def fetch_rows(self, db: Db, sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement with parameters by name (`:name`), the quickest way.

        Values are as the driver takes and returns them: see `bind_moment` and `read_moment`.
        """

    @abstractmethod
    def values_cte(self, name: str, columns: Mapping[str, str]) -> str:
        """Return a WITH clause that makes rows of parameters: columns by name with their PostgreSQL type."""

    @abstractmethod
    def bind_rows(self, name: str, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Return the parameters of a `values_cte` of this name."""

    @abstractmethod
    def values_of(self, parameter: str, column: str, type_: str) -> str:
        """Return a FROM item, named `asked`, with the values of a list parameter in a column."""

    @abstractmethod
    def bind_values(self, values: Sequence[Any]) -> Any:
        """Return a list parameter for `values_of`."""

    @abstractmethod
    def collect(self, subquery: str, column: str) -> str:
        """Return an expression that collects a subquery's column in one value."""

    @abstractmethod
    def read_collected(self, collected: Sequence[Any]) -> Sequence[list[Any]]:
        """Return the values that `collect` collected in each of some rows, as new lists."""

    @abstractmethod
    def acquire_lock(self, db: Db, name: str | int) -> None:
        """Wait until nobody else holds the lock of this name; it lasts to the end of the transaction."""

    @abstractmethod
    def erase_deleted(self, db: Db) -> None:
        """Leave no trace in the database's file of what this transaction overwrites or deletes."""

    @abstractmethod
    def set_sequences(self, db: Db, tables: Sequence[Table]) -> None:
        """Set the sequences of tables to their highest stored id."""
