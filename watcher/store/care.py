"""Care of the database: what is wrong with it, its sizes, and what is derived from the rest made anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func, select, text

from watcher.store import entries, migrate, search, tallies
from watcher.store.engine import Database, Db
from watcher.store.tables import entries as entry_table
from watcher.store.tables import metadata
from watcher.text.canon import ANALYSER_VERSION

BATCH = 500
"""Rows that one transaction indexes: the write lock is held for tens of milliseconds."""

PAGES = 2_000
"""Pages that one transaction gives back."""

Progress = Callable[[int], None]


def give_back(database: Database) -> None:
    """Return free pages to the file system (SQLite), and let the planner look at its statistics.

    Some pages at a time, for those who wait to write; where the database is busy the rest waits for the next time.
    """
    if database.path is None:
        return
    raw = database.engine.raw_connection()
    connection: Any = raw.driver_connection
    try:
        while connection.execute("PRAGMA freelist_count").fetchone()[0]:
            # A script, not a statement: executed as one statement the pragma frees a single page.
            connection.executescript(f"BEGIN IMMEDIATE; PRAGMA incremental_vacuum({PAGES}); COMMIT;")
        connection.execute("PRAGMA optimize")
    except sqlite3.OperationalError:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    finally:
        raw.close()


def check(database: Database) -> tuple[str, ...]:
    """Look for damage: the file, the schema, references, and the word index. Gives what is wrong, empty when sound."""
    with database.read() as db:
        standing = migrate.standing(db)
        if not standing.current:
            return (f"schema is at {standing.revision or 'nothing'}, expected {standing.expected}",)
        wrong = [f"schema: {difference}" for difference in migrate.differences(db)]
        if database.is_sqlite:
            wrong += [f"file: {row[0]}" for row in db.execute(text("PRAGMA integrity_check(20)")) if row[0] != "ok"]
            wrong += [f"reference: {tuple(row)}" for row in db.execute(text("PRAGMA foreign_key_check"))]
        wrong += [*_check_index(db), *tallies.wrong(db)]
    if database.is_sqlite:
        with database.write() as db:
            db.execute(text("INSERT INTO archive (archive) VALUES ('integrity-check')"))
    return tuple(wrong)


def stats(database: Database) -> Mapping[str, Any]:
    """Count the rows of every table and measure the database."""
    with database.read() as db:
        rows = {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name != "archive"
        }
        standing = migrate.standing(db)
    return {
        "rows": rows,
        "bytes": size_of(database),
        "revision": standing.revision,
        "analyser": ANALYSER_VERSION,
        "engine": "sqlite" if database.is_sqlite else "postgresql",
    }


def size_of(database: Database) -> int:
    """Measure the database, in bytes: the file and its log on SQLite."""
    if database.path is not None:
        files = [database.path, database.path.with_name(database.path.name + "-wal")]
        return sum(file.stat().st_size for file in files if file.exists())
    with database.read() as db:
        return int(db.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def reindex(database: Database, progress: Progress = lambda _done: None) -> int:
    """Make the word index anew from the stored entries; searches are incomplete while it runs."""
    with database.write() as db:
        search.rebuild(db)
    last, done = 0, 0
    while True:
        with database.write() as db:
            some = entries.iterate(db, after_id=last, limit=BATCH)
            search.index(db, some)
            if not some:
                search.mark_current(db)
                return done
        last = some[-1].id
        done += len(some)
        progress(done)


def is_mendable(fault: str) -> bool:
    """Tell whether `repair` can do something about what `check` found."""
    return fault.startswith(("index:", "counts:"))


def repair(database: Database, progress: Progress = lambda _done: None) -> None:
    """Make anew what is derived from the rest: the word index and the counts."""
    reindex(database, progress)
    with database.write() as db:
        tallies.recount(db)


def _check_index(db: Db) -> list[str]:
    kept = db.execute(select(func.count()).select_from(entry_table)).scalar_one()
    table = "archive_docsize" if db.dialect.name == "sqlite" else "archive"
    indexed = db.execute(select(func.count()).select_from(text(table))).scalar_one()
    wrong = [] if kept == indexed else [f"index: holds {indexed} entries of {kept}; run `watcher db check --repair`"]
    if not search.is_current(db):
        wrong.append("index: made by another version's analyser; run `watcher db check --repair`")
    return wrong
