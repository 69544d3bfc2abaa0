"""A Select that is compiled once, and goes to the driver past SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Select, TypeDecorator

from watcher.store.sql.direct import fetch_directly
from watcher.store.sql.interface import Db
from watcher.store.sql.rows import Converter


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement, and what converts the values of parameters and of columns that are not as the driver has them.

    `names` are the parameters in their order, where they have places instead of names. `values` are those that
    SQLAlchemy adds itself, as an OFFSET of 0.
    """

    sql: str
    values: Mapping[str, Any]
    names: Sequence[str] | None
    binders: Sequence[tuple[str, Converter]]
    readers: Sequence[tuple[int, Converter]]


class DirectSelect:
    """A statement of which each parameter is a `bindparam` with a name.

    SQLAlchemy looks for its compiled form at each execution, which takes longer than most lists do.
    """

    def __init__(self, chosen: Select[Any]) -> None:
        self._chosen = chosen
        self._compiled: dict[str, _Compiled] = {}

    def fetch(self, db: Db, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of the statement; parameters that it does not have are left out."""
        compiled = self._compiled.get(db.dialect.name) or self._compile(db)
        values = {**compiled.values, **parameters}
        for name, bind in compiled.binders:
            values[name] = bind(values[name])
        names = compiled.names
        rows = fetch_directly(db, compiled.sql, values if names is None else tuple([values[name] for name in names]))
        if not compiled.readers:
            return rows
        converted = list(map(list, rows))
        for row in converted:
            for place, read in compiled.readers:
                row[place] = read(row[place])
        return converted

    def _compile(self, db: Db) -> _Compiled:
        statement = self._chosen.compile(dialect=db.dialect)
        bound = [(name, column.type) for name, column in statement.binds.items()]
        binders = [(name, type_.dialect_impl(db.dialect).bind_processor(db.dialect)) for name, type_ in bound]
        # Other types come as they are from either driver.
        read_types = [
            (place, column.type.dialect_impl(db.dialect))
            for place, column in enumerate(self._chosen.selected_columns)
            if isinstance(column.type, TypeDecorator | Boolean)
        ]
        readers = [(place, type_.result_processor(db.dialect, None)) for place, type_ in read_types]
        compiled = self._compiled[db.dialect.name] = _Compiled(
            sql=str(statement),
            values={name: value for name, value in statement.params.items() if value is not None},
            names=getattr(statement, "positiontup", None),
            binders=[(name, bind) for name, bind in binders if bind is not None],
            readers=[(place, read) for place, read in readers if read is not None],
        )
        return compiled
