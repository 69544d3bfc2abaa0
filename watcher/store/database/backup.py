"""Moves a whole database: into a file while the daemon runs, back from it, and from SQLite to PostgreSQL.

A backup is always a SQLite file, whichever database it came from, and can be restored into either.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Table, func, select

from watcher.errors import StoreError
from watcher.store.database import Database, Db
from watcher.store.database.migrate import get_schema_state, require_current_schema, upgrade_schema, write_snapshot
from watcher.store.entries.fulltext_index import index_entries
from watcher.store.entries.index_version import mark_index_current
from watcher.store.entries.queries import load_entries_after
from watcher.store.sql.bulk import bulk_insert
from watcher.store.sql.dialect import get_dialect
from watcher.store.sql.fulltext import get_fulltext
from watcher.store.tables import digests, metadata
from watcher.store.tables import entries as entry_table

ROWS_PER_BATCH = 2_000

Progress = Callable[[int, int], None]
"""Hears how many rows are done, and of how many."""


def back_up_database(database: Database, file: Path, progress: Progress = lambda _done, _total: None) -> None:
    """Write all of one moment into a new SQLite file; raises StoreError where the file exists or cannot be written."""
    if file.exists():
        raise StoreError(f"{file} exists; a backup never overwrites")
    if not file.parent.is_dir():
        raise StoreError(f"{file.parent} is no folder")
    unfinished = file.with_name(file.name + ".unfinished")
    _remove(unfinished)
    try:
        if database.path is not None:
            write_snapshot(database, unfinished)
        else:
            with Database(f"sqlite:///{unfinished}", durable=False) as target:
                upgrade_schema(target)
                copy_database(database, target, progress)
        unfinished.rename(file)
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}") from error
    finally:
        _remove(unfinished)


def restore_database(
    database: Database, file: Path, progress: Progress = lambda _done, _total: None
) -> Mapping[str, int]:
    """Fill an unused database from a backup, which is left as it is; return the rows of each table.

    A backup of an older version is migrated to the current schema. Raises StoreError where the file is no
    backup, or the database is in use already: restoring into it would mix two memories.
    """
    if not file.is_file():
        raise StoreError(f"{file} is no file")
    upgrade_schema(database)
    with database.read() as db:
        _require_unused(database, db)
    parent_folder = database.path.parent if database.path is not None else None
    with tempfile.TemporaryDirectory(prefix="watcher-restore-", dir=parent_folder) as folder:
        copied = Path(folder, "backup.db")
        _copy_file(file, copied)
        with Database(f"sqlite:///{copied}", durable=False) as source:
            with source.read() as db:
                if get_schema_state(db).revision is None:
                    raise StoreError(f"{file} is no backup of a watcher's database")
            upgrade_schema(source)
            if database.path is not None:
                return _replace(database, source, progress)
            return copy_database(source, database, progress)


def copy_database(
    source: Database, target: Database, progress: Progress = lambda _done, _total: None
) -> Mapping[str, int]:
    """Copy every row of one moment into an unused database at the same schema, and index it; return the rows of each
    table. Raises StoreError where the target is in use.

    All of it lands in one transaction: an interrupted copy leaves the target as it was.
    """
    require_current_schema(source)
    # One snapshot is read and one transaction written: parents before children, so that references hold at each row.
    with source.read() as reading, target.write() as writing:
        _require_unused(target, writing)
        tables = [table for table in metadata.sorted_tables if table.name != "archive"]
        for table in reversed(tables):
            writing.execute(table.delete())
        rows = {table.name: _count(reading, table) for table in tables}
        total, done = sum(rows.values()) + rows["entries"], 0
        for table in tables:
            for some in _read(reading, table):
                bulk_insert(writing, table, [row._mapping for row in some])
                done += len(some)
                progress(done, total)
        get_dialect(writing).set_sequences(writing, metadata.sorted_tables)
        get_fulltext(writing).clear(writing)
        last = 0
        while some_entries := load_entries_after(writing, after_id=last, limit=ROWS_PER_BATCH):
            index_entries(writing, some_entries)
            last = some_entries[-1].id
            done += len(some_entries)
            progress(done, total)
        mark_index_current(writing)
        arrived = {table.name: _count(writing, table) for table in tables}
        if lost := [name for name in rows if name != "meta" and rows[name] != arrived[name]]:
            raise StoreError(f"copying lost rows of {', '.join(lost)}; nothing was copied")
    return arrived


def is_database_unused(db: Db) -> bool:
    """Return whether a database holds neither an entry nor a digest yet."""
    return not any(db.execute(select(table.c.id).limit(1)).first() for table in (entry_table, digests))


def _require_unused(database: Database, db: Db) -> None:
    if not is_database_unused(db):
        raise StoreError(f"database {database} is in use already: it holds entries or digests; choose an empty one")


def _copy_file(file: Path, target: Path) -> None:
    """Copy a SQLite file as it is at one moment, from a folder that may allow no writing."""
    # Without a log beside it nothing is missing from the file, and SQLite need not make files of its own there.
    logged = Path(f"{file}-wal").exists()
    address = f"file:{quote(str(file.absolute()))}?mode=ro{'' if logged else '&immutable=1'}"
    try:
        with (
            closing(sqlite3.connect(address, uri=True)) as backup,
            closing(sqlite3.connect(target)) as copy,
        ):
            backup.backup(copy)
    except sqlite3.Error as error:
        raise StoreError(f"{file} is no backup of a watcher's database: {error}") from error


def _replace(database: Database, source: Database, progress: Progress) -> Mapping[str, int]:
    """Put a SQLite file's contents in the place of another's, index and all, in one transaction."""
    assert source.path is not None
    source.close()
    with database.open_raw() as connection:
        try:
            with closing(sqlite3.connect(source.path)) as backup:
                backup.backup(
                    connection, pages=10_000, progress=lambda _status, left, total: progress(total - left, total)
                )
        except sqlite3.Error as error:
            raise StoreError(f"database {database}: {error}") from error
    with database.read() as db:
        return {table.name: _count(db, table) for table in metadata.sorted_tables if table.name != "archive"}


def _read(db: Db, table: Table) -> Any:
    rows = db.execute(select(table), execution_options={"stream_results": True, "yield_per": ROWS_PER_BATCH})
    return rows.partitions(ROWS_PER_BATCH)


def _count(db: Db, table: Table) -> int:
    return db.execute(select(func.count()).select_from(table)).scalar_one()


def _remove(file: Path) -> None:
    for part in (file, Path(f"{file}-wal"), Path(f"{file}-shm"), Path(f"{file}-journal")):
        part.unlink(missing_ok=True)
