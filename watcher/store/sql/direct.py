"""Statements that go to the driver past SQLAlchemy, which takes longer over most of them than SQLite does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from watcher.store.sql.interface import Db

_STATEMENT_EVENTS = ("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute")


def fetch_directly(db: Db, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> Sequence[Sequence[Any]]:
    """Execute a statement and return its rows, in which values are the driver's; none where it has none."""
    if _is_listened_to(db):
        result = db.exec_driver_sql(sql, parameters or None)
        return result.all() if result.returns_rows else ()
    with _translated(db, sql):
        rows: list[tuple[Any, ...]] = _get_driver(db).execute(sql, parameters).fetchall()
        return rows


def execute_directly(db: Db, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Execute a statement once for each row of parameters."""
    if not rows:
        return
    if _is_listened_to(db):
        db.exec_driver_sql(sql, list(map(tuple, rows)))
        return
    with _translated(db, sql):
        _get_driver(db).executemany(sql, rows)


def _is_listened_to(db: Db) -> bool:
    # Listeners are shown statements by SQLAlchemy alone; it asks in this way whether there are any of whatever.
    if not (db._has_events or db.engine._has_events):
        return False
    # PostgreSQL's reader has one, which sets the isolation level and is shown no statement.
    return any(getattr(place.dispatch, name) for place in (db, db.engine) for name in _STATEMENT_EVENTS)


def _get_driver(db: Db) -> Any:
    return db.connection.driver_connection


@contextmanager
def _translated(db: Db, sql: str) -> Iterator[None]:
    """Raise an error of the driver as SQLAlchemy does; the parameters are not part of it."""
    driver_error = db.dialect.loaded_dbapi.Error
    try:
        yield
    except driver_error as error:
        raise DBAPIError.instance(sql, None, error, driver_error, dialect=db.dialect) from error
