"""The word index is derived: whatever happens to it, `db check --repair` makes it anew from the entries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.store.filled import bring, item
from watcher.match import parse_query
from watcher.store.database import Database, Db
from watcher.store.database.maintenance import find_database_faults, is_repairable, repair_database
from watcher.store.entries.search import search_entries


def run(*statements: str) -> Callable[[Db], None]:
    def damage(db: Db) -> None:
        for statement in statements:
            db.execute(text(statement))

    return damage


ON_SQLITE = {
    "rows removed": run("DELETE FROM archive_data WHERE id > 10"),
    "all rows removed": run("DELETE FROM archive_data"),
    "a row zeroed": run("UPDATE archive_data SET block = zeroblob(length(block)) WHERE id > 10"),
    "the counts zeroed": run("UPDATE archive_data SET block = zeroblob(length(block)) WHERE id = 1"),
    "the structure zeroed": run("UPDATE archive_data SET block = zeroblob(length(block)) WHERE id = 10"),
    "rows cut": run("UPDATE archive_data SET block = substr(block, 1, length(block) / 2)"),
    "rows emptied": run("UPDATE archive_data SET block = x''"),
    "sizes removed": run("DELETE FROM archive_docsize WHERE id = 1"),
    "the index of pages removed": run("DELETE FROM archive_idx"),
    "the version changed": run("UPDATE archive_config SET v = 99 WHERE k = 'version'"),
    "a table dropped": run("DROP TABLE archive_data"),
    "another table dropped": run("DROP TABLE archive_docsize"),
    "the configuration dropped": run("DROP TABLE archive_config"),
    "all of it dropped": run("DROP TABLE archive"),
}
ON_POSTGRESQL = {
    "rows removed": run("DELETE FROM archive WHERE entry_id = 1"),
    "all rows removed": run("TRUNCATE archive"),
    "the index dropped": run("DROP INDEX ix_archive_tokens"),
    "the table dropped": run("DROP TABLE archive"),
}


def fill(database: Database) -> None:
    words = [" ".join(f"word{n}x{m}" for m in range(60)) for n in range(1, 30)]
    bring(database, [item(n, f"Harbour storm {word}") for n, word in enumerate(words, 1)])


def search(database: Database) -> int:
    with database.read() as db:
        return len(search_entries(db, parse_query("harbour"), limit=100).items)


def assert_repaired(database: Database) -> None:
    faults = find_database_faults(database)
    repair_database(database)

    assert faults
    assert all(is_repairable(fault) for fault in faults), faults
    assert find_database_faults(database) == ()
    assert search(database) == 29
    bring(database, [item(40, "Harbour again")])
    assert search(database) == 30


@pytest.mark.parametrize("damage", ON_SQLITE)
def test_a_damaged_index_is_found_and_made_anew_on_sqlite(damage: str, sqlite: Database) -> None:
    fill(sqlite)
    with sqlite.write() as db:
        ON_SQLITE[damage](db)

    assert_repaired(sqlite)


@pytest.mark.parametrize("damage", ON_POSTGRESQL)
def test_a_damaged_index_is_found_and_made_anew_on_postgresql(damage: str, postgresql: Database) -> None:
    fill(postgresql)
    with postgresql.write() as db:
        ON_POSTGRESQL[damage](db)

    assert_repaired(postgresql)
