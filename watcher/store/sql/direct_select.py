"""A Select that is compiled once, and whose rows come from the driver as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select

from watcher.store.sql.direct import fetch_directly
from watcher.store.sql.interface import Db


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement, the names of its parameters in their order where they go by places, and the columns whose values a
    function converts."""

    sql: str
    names: Sequence[str] | None
    converters: Sequence[tuple[int, Callable[[Any], Any]]]


class DirectSelect:
    """A statement of which each parameter is a `bindparam` with a name.

    SQLAlchemy looks for its compiled form at each execution, which takes longer than most lists do. Parameters are as
    the driver takes them (`SqlDialect.bind_values`, `bind_moment`); the values of rows are those of the column's type.
    """

    def __init__(self, chosen: Select[Any]) -> None:
        self._chosen = chosen
        self._compiled: dict[str, _Compiled] = {}

    def fetch(self, db: Db, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of the statement."""
        compiled = self._compiled.get(db.dialect.name) or self._compile(db)
        names = compiled.names
        values = parameters if names is None else tuple([parameters[name] for name in names])
        rows = fetch_directly(db, compiled.sql, values)
        if not compiled.converters:
            return rows
        converted = list(map(list, rows))
        for row in converted:
            for place, convert in compiled.converters:
                row[place] = convert(row[place])
        return converted

    def _compile(self, db: Db) -> _Compiled:
        statement = self._chosen.compile(dialect=db.dialect)
        processors = [
            column.type.dialect_impl(db.dialect).result_processor(db.dialect, None)
            for column in self._chosen.selected_columns
        ]
        compiled = self._compiled[db.dialect.name] = _Compiled(
            sql=str(statement),
            names=getattr(statement, "positiontup", None),
            converters=[(place, convert) for place, convert in enumerate(processors) if convert is not None],
        )
        return compiled
