"""The rows that pass the filters of a list, as statements that are built once: to build one takes longer than to run
it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Integer, Select, bindparam

from watcher.store.sql.direct_select import DirectSelect
from watcher.store.sql.interface import Db

MAX_ID = 2**62
"""An id above all there will be."""

Build: TypeAlias = "Callable[[PassingStatements], Select[Any]]"


@dataclass(frozen=True, slots=True, eq=False)
class PassingStatements:
    """A selection of `id` and `entry_id`, and statements made of it; `entry_id` may be the same column.

    `is_bound` where each value of the filters is a `bindparam` with a name: the statements go to the driver then.
    """

    chosen: Select[Any]
    id_: ColumnElement[int]
    entry_id: ColumnElement[int]
    is_bound: bool
    _built: dict[Build, Select[Any] | DirectSelect] = field(default_factory=dict)

    def fetch(self, db: Db, build: Build, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of the statement that `build` returns for this selection."""
        statement = self._built.get(build)
        if statement is None:
            statement = self._built[build] = DirectSelect(build(self)) if self.is_bound else build(self)
        if isinstance(statement, DirectSelect):
            return statement.fetch(db, parameters)
        return db.execute(statement, parameters).all()


@dataclass(frozen=True, slots=True)
class PassingRows:
    """The rows that pass some filters: statements, and the values of the filters."""

    statements: PassingStatements
    values: Mapping[str, Any]

    def fetch(self, db: Db, build: Build, **parameters: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement made of the selection."""
        return self.statements.fetch(db, build, {**self.values, **parameters})


def select_between(rows: PassingStatements) -> Select[Any]:
    """Select rows whose ids lie in (`above`, `below`)."""
    return rows.chosen.where(rows.id_ > bindparam("above"), rows.id_ < bindparam("below"))


def select_newest(rows: PassingStatements) -> Select[Any]:
    """Select the highest `limit` ids in (`above`, `below`), highest first."""
    return select_between(rows).order_by(rows.id_.desc()).limit(bindparam("limit", type_=Integer))
