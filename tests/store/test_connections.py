"""Connections that nobody uses are closed when asked; those in use go on, and others are opened when needed."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from watcher.store.database import Database
from watcher.store.system.key_values import get_value, set_value


def count_open(path: Path) -> int:
    """Return how often this process has a file open."""
    return sum(link.exists() and link.samefile(path) for link in Path("/proc/self/fd").iterdir())


def test_idle_connections_are_closed_and_the_transaction_that_is_open_ends_as_it_would(database: Database) -> None:
    with database.write() as db:
        set_value(db, "ferry", "late")
        database.release_connections()
        set_value(db, "harbour", "closed")
    with database.read() as db:
        found = get_value(db, "ferry"), get_value(db, "harbour")

    assert found == ("late", "closed")


def test_what_others_change_is_noticed_by_the_connection_that_watches_for_it(database: Database) -> None:
    versions = [database.read_version()]
    for number in range(3):
        with database.write() as db:
            set_value(db, "ferry", str(number))
        database.release_connections()
        versions.append(database.read_version())

    assert len(set(versions)) == 4


def test_the_file_is_not_held_open_by_connections_that_were_released(tmp_path: Path) -> None:
    path = tmp_path / "watcher.db"
    with Database(f"sqlite:///{path}") as database:
        with database.read() as db:
            db.execute(text("SELECT 1"))
        with database.write() as db:
            db.execute(text("SELECT 1"))
        before = count_open(path)
        database.release_connections()

        assert (before, count_open(path)) == (2, 0)
