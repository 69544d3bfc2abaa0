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
    return [[convert(row[name]) if convert else row[name] for name, convert in converters] for row in rows]


def join_names(names: Sequence[str]) -> str:
    """Return column names for a statement, quoted."""
    return ", ".join(f'"{name}"' for name in names)


@cache
def _list_converters(
    dialect: Dialect, table: Table, names: tuple[str, ...]
) -> tuple[tuple[str, Converter | None], ...]:
    """Return each column with the function that converts its values: only types of our own have one."""
    return tuple(
        (name, type_.bind_processor(dialect) if isinstance(type_ := table.c[name].type, TypeDecorator) else None)
        for name in names
    )
