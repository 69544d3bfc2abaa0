"""Days of moments, computed by the database: a list of thousands has few, and each moment costs time to read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).toordinal()


class day_number(FunctionElement[int]):  # noqa: N801  (reads as the SQL that it stands for)
    """The day of a moment, in UTC, counted from 1970: `day_number(column)`."""

    type = Integer()
    name = "day_number"
    inherit_cache = True


@compiles(day_number)
def _compile_epoch(element: day_number, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **options)}) / 86400) AS integer)"


@compiles(day_number, "sqlite")
def _compile_milliseconds(element: day_number, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} / 86400000)"


def parse_day_number(number: int) -> date:
    """Return the day of its number."""
    return date.fromordinal(_EPOCH + number)
