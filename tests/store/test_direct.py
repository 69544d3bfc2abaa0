"""Statements that go past SQLAlchemy do what they do by way of it, and fail in the same way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, bindparam, event, select

from tests.store.filled import NOON, bring, item, stored, topics
from watcher.errors import StorageError, StorageFault, StoreError
from watcher.store.database import Database, Db
from watcher.store.entries.known_entries import load_known_entries
from watcher.store.sql.bulk import any_of
from watcher.store.sql.direct import execute_directly, fetch_directly
from watcher.store.sql.direct_select import DirectSelect
from watcher.store.sql.types import IDS
from watcher.store.stories.queries import find_stories
from watcher.store.tables import entries, feeds, hits, story_marks

REPORTS = [item(number, f"Ministers sign harbour treaty number {number} in Riga") for number in range(4)]
HARBOUR = topics(harbour="harbour")


def fill(database: Database) -> object:
    settled = bring(database, REPORTS, matcher=HARBOUR)
    again = bring(database, [*REPORTS[1:], item(9, "Harbour of Riga frozen over, ships wait")], matcher=HARBOUR)
    with database.write() as db:
        marks = db.execute(select(story_marks).order_by(story_marks.c.mark, story_marks.c.entry_id)).all()
        known = load_known_entries(db, 1, [entry.entry for entry in stored(settled)])
        stories = [[report.title for report in story.reports] for story in find_stories(db).items]
    return marks, known, stories, settled.hits, again.hits


def test_database_is_the_same_whether_somebody_listens_to_statements_or_not(
    sqlite: Database, sqlite_too: Database
) -> None:
    seen: list[str] = []

    def note(_db: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    directly = fill(sqlite)
    event.listen(sqlite_too.engine, "before_cursor_execute", note)

    assert fill(sqlite_too) == directly
    for beginning in ("BEGIN", "INSERT INTO archive", "INSERT INTO entries", "INSERT INTO story_marks", "WITH asked"):
        assert any(statement.startswith(beginning) for statement in seen)


@pytest.mark.parametrize("listener", ["before_execute", "after_execute", "before_cursor_execute"])
def test_readers_pass_sqlalchemy_by_as_long_as_nobody_listens_to_statements(
    database: Database, listener: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_sqlalchemy: list[str] = []
    execute = Connection.exec_driver_sql

    def note(db: Connection, statement: str, *given: object) -> object:
        by_sqlalchemy.append(statement)
        return execute(db, statement, *given)  # type: ignore[arg-type]

    def ask() -> None:
        with database.read() as db:
            assert [tuple(row) for row in fetch_directly(db, "SELECT 7")] == [(7,)]

    monkeypatch.setattr(Connection, "exec_driver_sql", note)

    ask()
    assert "SELECT 7" not in by_sqlalchemy
    event.listen(database.backend.reader, listener, lambda *_given: None)
    ask()
    assert "SELECT 7" in by_sqlalchemy


def test_rows_are_the_same_whether_somebody_listens_or_not(database: Database) -> None:
    settled = bring(database, REPORTS, matcher=HARBOUR)
    offered = [entry.entry for entry in stored(settled)]
    seen: list[str] = []
    with database.write() as db:
        directly = load_known_entries(db, offered[0].feed_id, offered)
    event.listen(database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))

    with database.write() as db:
        assert load_known_entries(db, offered[0].feed_id, offered) == directly
    assert len(directly.by_key) == len(REPORTS)
    assert any(statement.startswith("WITH asked") for statement in seen)


def test_connection_that_is_lost_under_a_statement_is_a_fault_of_storage(postgresql: Database) -> None:
    def lose_connection() -> None:
        with postgresql.write() as db:
            [[process]] = fetch_directly(db, "SELECT pg_backend_pid()")
            with postgresql.read() as other:
                other.exec_driver_sql(f"SELECT pg_terminate_backend({process})")
            fetch_directly(db, "SELECT 1 FROM pg_sleep(0.1)")

    with pytest.raises(StorageError) as raised:
        lose_connection()

    assert raised.value.fault is StorageFault.AWAY
    with postgresql.write() as db:
        assert [list(row) for row in fetch_directly(db, "SELECT 1")] == [[1]]


@pytest.mark.parametrize(
    "work",
    [
        lambda db: fetch_directly(db, "SELECT id FROM nowhere"),
        lambda db: execute_directly(db, "INSERT INTO stories (id) VALUES (?)", [(1,)]),
    ],
)
def test_errors_of_the_driver_are_those_of_the_store_and_name_no_values(
    sqlite: Database, work: Callable[[Db], object]
) -> None:
    with (
        pytest.raises(StoreError, match=r"no such table: nowhere|NOT NULL constraint failed") as raised,
        sqlite.write() as db,
    ):
        work(db)

    assert not isinstance(raised.value, StorageError)


def test_lock_that_somebody_else_holds_is_a_fault_of_storage(sqlite: Database, sqlite_path_wait: None) -> None:
    with sqlite.write(), pytest.raises(StorageError) as raised, sqlite.write():
        pass

    assert raised.value.fault is StorageFault.LOCKED


@pytest.fixture
def sqlite_path_wait(sqlite: Database) -> None:
    """Let a writer wait for a moment only."""

    def shorten(connection: object, *_more: object) -> None:
        connection.execute("PRAGMA busy_timeout = 1")  # type: ignore[attr-defined]

    event.listen(sqlite.engine.pool, "connect", shorten)


def test_direct_selects_return_what_sqlalchemy_does(database: Database) -> None:
    bring(database, [*REPORTS, item(7, "Later", published_at=NOON)], matcher=HARBOUR)
    chosen = (
        select(entries, feeds, hits)
        .join(feeds, feeds.c.id == entries.c.feed_id)
        .outerjoin(hits, hits.c.entry_id == entries.c.id)
        .where(any_of(entries.c.id, bindparam("ids", type_=IDS)), entries.c.first_seen_at >= bindparam("since"))
        .order_by(entries.c.id)
        .limit(bindparam("limit"))
    )
    direct = DirectSelect(chosen)

    for limit in (2, 9):
        values = {"ids": [1, 2, 4, 5], "since": NOON, "limit": limit, "unused": 7}
        with database.read() as db:
            rows = [tuple(row) for row in db.execute(chosen, values)]
            assert [tuple(row) for row in direct.fetch(db, values)] == rows
        assert len(rows) == min(4, limit)
