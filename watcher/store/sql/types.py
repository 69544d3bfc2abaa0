"""Column types of our own: moments, lengths of time, ids, index tokens, and many values in one parameter."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

Id = BigInteger().with_variant(Integer, "sqlite")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment: timestamptz on PostgreSQL, milliseconds since 1970 on SQLite, which has no such type."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type on a database."""
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return a moment as the driver takes it."""
        if value is None or dialect.name == "postgresql":
            return value
        return (value - _EPOCH) // _MILLISECOND

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return the function that turns what the driver returns into a moment, None where it is one.

        PostgreSQL's driver returns moments in the time zone of the session, which each connection sets to UTC.
        """
        # Not `process_result_value`, which costs two calls more: a row of a feed has ten moments.
        return None if dialect.name == "postgresql" else _from_milliseconds


def _from_milliseconds(value: int | None) -> datetime | None:
    if value is None:
        return None
    seconds, milliseconds = divmod(value, 1000)
    # Whole numbers in their places: by its names a timedelta takes twice as long, and a row of a feed has many.
    return _EPOCH + timedelta(0, seconds, 1000 * milliseconds)


def bind_moment(moment: datetime | None, dialect: Dialect) -> Any:
    """Return a moment as the driver of a database takes it."""
    return _MOMENT.process_bind_param(moment, dialect)


def read_moment(value: Any, dialect: Dialect) -> datetime | None:
    """Return the moment of what the driver of a database returned."""
    moment: datetime | None = value if dialect.name == "postgresql" else _from_milliseconds(value)
    return moment


_MOMENT = Moment()


class Length(TypeDecorator[timedelta]):
    """A length of time, stored as whole seconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> Any:
        """Return a length in seconds."""
        return None if value is None else round(value.total_seconds())

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], timedelta | None]:
        """Return the function that turns seconds into a length."""
        return _from_seconds


# Kept, for feeds have few different ones.
@lru_cache(maxsize=1024)
def _from_seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)


class IndexTokens(TypeDecorator[str]):
    """The words of an entry in the full-text index: a tsvector on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type on a database."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(Text())
        from sqlalchemy.dialects.postgresql import TSVECTOR  # takes long to load where nobody needs it

        return dialect.type_descriptor(TSVECTOR())


class ValueList(TypeDecorator[Collection[Any]]):
    """Many texts or numbers in one parameter: an array on PostgreSQL, a JSON list on SQLite."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[Text] | type[BigInteger]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the parameter's type on a database."""
        return dialect.type_descriptor(ARRAY(self.kind) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        """Return the values as the driver takes them."""
        if value is None:
            return None
        return list(value) if dialect.name == "postgresql" else json.dumps(list(value), ensure_ascii=False)


IDS = ValueList(BigInteger)
TEXTS = ValueList(Text)
