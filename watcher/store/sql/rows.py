"""Converts rows for statements that go to the driver past SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Dialect, Table, TypeDecorator

Converter: TypeAlias = Callable[[Any], Any]


def convert_rows(
    dialect: Dialect, table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> list[list[Any]]:
    """Return the values of rows in the order of `names`, as the driver takes them."""
    converters = _list_converters(dialect, table, names)
    values = [[row[name] for name in names] for row in rows]
    # Few columns have anything to convert.
    for place, convert in converters:
        for row_values in values:
            row_values[place] = convert(row_values[place])
    return values


def join_names(names: Sequence[str]) -> str:
    """Return column names for a statement, quoted."""
    return ", ".join(f'"{name}"' for name in names)


@cache
def _list_converters(dialect: Dialect, table: Table, names: tuple[str, ...]) -> tuple[tuple[int, Converter], ...]:
    """Return the places of columns whose values a function converts, and that: only types of our own have one."""
    return tuple(
        (place, convert)
        for place, name in enumerate(names)
        if isinstance(type_ := table.c[name].type, TypeDecorator)
        and (convert := type_.bind_processor(dialect)) is not None
    )
