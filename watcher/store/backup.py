"""Moves a whole database: into a file while the daemon runs, back from it, and from SQLite to PostgreSQL.

A backup is always a SQLite file, whichever database it came from, and can be restored into either.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Table, func, select, text

from watcher.errors import StoreError
from watcher.store import care, migrate
from watcher.store.engine import Database, Db
from watcher.store.tables import feeds, meta, metadata

BATCH = 1_000

Progress = Callable[[str, int], None]


def backup(database: Database, file: Path, progress: Progress = lambda _table, _rows: None) -> None:
    """Write all of one moment into a new SQLite file; raises StoreError where the file exists or cannot be written."""
    if file.exists():
        raise StoreError(f"{file} exists; a backup never overwrites")
    if not file.parent.is_dir():
        raise StoreError(f"{file.parent} is no folder")
    unfinished = file.with_name(file.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        if database.is_sqlite:
            # Outside of a transaction, where VACUUM may run; it reads one moment and holds nobody up.
            raw = database.engine.raw_connection()
            try:
                raw.driver_connection.execute("VACUUM INTO ?", (str(unfinished),))  # type: ignore[union-attr]
            finally:
                raw.close()
        else:
            with Database(f"sqlite:///{unfinished}", durable=False) as target:
                migrate.upgrade(target)
                copy(database, target, progress)
        unfinished.rename(file)
    finally:
        for rest in (unfinished, Path(f"{unfinished}-wal"), Path(f"{unfinished}-shm")):
            rest.unlink(missing_ok=True)


def restore(database: Database, file: Path, progress: Progress = lambda _table, _rows: None) -> None:
    """Fill an empty database from a backup, brought up to this version's schema on the way.

    Raises StoreError where the file is no backup or the database holds feeds already: restoring into what is in use
    would mix two memories.
    """
    if not file.is_file():
        raise StoreError(f"{file} is no file")
    with Database(f"sqlite:///{file}") as source:
        with source.read() as db:
            if migrate.standing(db).revision is None:
                raise StoreError(f"{file} is no backup of a watcher's database")
        migrate.upgrade(source)
        migrate.upgrade(database)
        copy(source, database, progress)


def copy(source: Database, target: Database, progress: Progress = lambda _table, _rows: None) -> None:
    """Copy every row of one moment into an empty database at the same schema; raises StoreError where it is not empty.

    All of it lands in one transaction: an interrupted copy leaves the target as empty as it was.
    """
    with source.read() as reading, target.write() as writing:
        if not database_is_empty(writing):
            raise StoreError(f"database {target} holds feeds already; copy into an empty one")
        writing.execute(meta.delete())  # a new database knows its analyser; the source knows more
        for table in metadata.sorted_tables:
            if table.name != "archive":
                _copy_table(reading, writing, table, progress)
        if not target.is_sqlite:
            _set_sequences(writing)
    care.reindex(target, lambda done: progress("archive", done))


def database_is_empty(db: Db) -> bool:
    """Tell whether nothing was ever watched with this database."""
    return db.execute(select(func.count()).select_from(feeds)).scalar_one() == 0


def _copy_table(reading: Db, writing: Db, table: Table, progress: Progress) -> None:
    rows = reading.execution_options(stream_results=True, yield_per=BATCH).execute(select(table)).mappings()
    done = 0
    for some in rows.partitions(BATCH):
        writing.execute(table.insert(), [dict(row) for row in some])
        done += len(some)
        progress(table.name, done)


def _set_sequences(db: Db) -> None:
    for table in metadata.sorted_tables:
        key = table.primary_key.columns.values()
        if len(key) == 1 and key[0].name == "id" and table.c.id.type.python_type is int:
            highest = db.execute(select(func.max(table.c.id))).scalar()
            if highest is not None:
                name = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :highest)")
                db.execute(name, {"name": table.name, "highest": highest})
