"""Maintains the database: finds what is wrong with it, measures it, and rebuilds what is derived from the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import func, select

from watcher.errors import StoreError
from watcher.store.database import Database, Db
from watcher.store.database.migrate import find_schema_differences, get_schema_state
from watcher.store.entries.fulltext_index import index_entries
from watcher.store.entries.index_version import is_index_current, mark_index_current
from watcher.store.entries.queries import load_entries_after
from watcher.store.sql.fulltext import get_fulltext
from watcher.store.system.counters import find_wrong_counters, rebuild_counters
from watcher.store.tables import entries as entry_table
from watcher.store.tables import metadata
from watcher.text.analyser import ANALYSER_VERSION

ENTRIES_PER_BATCH = 500
"""Rows that one transaction indexes: the write lock is held for tens of milliseconds."""

Progress = Callable[[int], None]
_LABELS = ("schema:", "file:", "reference:", "index:", "counts:")
_REPAIR = "; run `watcher db check --repair`"


def release_space(database: Database) -> None:
    """Return unused space to the file system, as far as nobody else writes meanwhile."""
    with database.open_raw() as connection:
        database.backend.release_space(connection)


def find_database_faults(database: Database) -> tuple[str, ...]:
    """Return what is wrong with the file, the schema, references, the word index and the counts; empty when sound.

    Each part is looked at by itself: what is too damaged to be read is a fault like any other.
    """
    # Each part is checked in a transaction of its own: what is damaged raises, and hides nothing of the others.
    with database.read() as db:
        standing = get_schema_state(db)
    if not standing.current:
        return (f"schema is at {standing.revision or 'nothing'}, expected {standing.expected}",)
    parts: list[tuple[str, Callable[[Db], Iterable[str]]]] = [("schema", find_schema_differences)]
    parts += database.backend.list_integrity_checks().items()
    parts += [("index", _check_index), ("counts", find_wrong_counters)]
    wrong = [fault for label, part in parts for fault in _look(database, label, part)]
    if not any(is_index_fault(fault) for fault in wrong):
        try:
            with database.write() as db:
                wrong += [f"index: {fault}{_REPAIR}" for fault in get_fulltext(db).validate(db)]
        except StoreError as error:
            wrong.append(f"index: damaged ({_reason(database, error)}){_REPAIR}")
    return tuple(dict.fromkeys(wrong))


def get_database_stats(database: Database) -> Mapping[str, Any]:
    """Count the rows of every table and measure the database."""
    with database.read() as db:
        rows = {
            table.name: db.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name != "archive"
        }
        standing = get_schema_state(db)
    return {
        "rows": rows,
        "bytes": get_database_size(database),
        "revision": standing.revision,
        "analyser": ANALYSER_VERSION,
        "engine": database.backend.name,
    }


def get_database_size(database: Database) -> int:
    """Measure the database, in bytes: the file and its log on SQLite."""
    with database.read() as db:
        return database.backend.get_size(db)


def reindex_entries(database: Database, progress: Progress = lambda _done: None, *, anew: bool = False) -> int:
    """Fill the word index from the stored entries, in tables made `anew` where they may be damaged; return how many.

    Searches are incomplete while it runs. What is stored meanwhile is put into the index where it is stored.
    """
    with database.write() as db:
        index = get_fulltext(db)
        index.recreate(db) if anew else index.clear(db)
        newest = db.execute(select(func.max(entry_table.c.id))).scalar_one() or 0
    last, done = 0, 0
    while True:
        with database.write() as db:
            batch = [
                entry for entry in load_entries_after(db, after_id=last, limit=ENTRIES_PER_BATCH) if entry.id <= newest
            ]
            index_entries(db, batch)
            if not batch:
                mark_index_current(db)
                return done
        last = batch[-1].id
        done += len(batch)
        progress(done)


def is_index_fault(fault: str) -> bool:
    """Return whether a fault that `check` found concerns the word index."""
    return fault.startswith("index:")


def is_repairable(fault: str) -> bool:
    """Return whether `repair_database` can repair what `find_database_faults` found."""
    return is_index_fault(fault) or fault.startswith("counts:")


def repair_database(database: Database, progress: Progress = lambda _done: None) -> None:
    """Rebuild what is derived from the rest: the full-text index and the counters."""
    reindex_entries(database, progress, anew=True)
    with database.write() as db:
        rebuild_counters(db)


def _look(database: Database, label: str, part: Callable[[Db], Iterable[str]]) -> list[str]:
    """Return the faults of one part, each under its label; a part that cannot be read is one."""
    try:
        with database.read() as db:
            return [_label_fault(label, fault) for fault in part(db)]
    except StoreError as error:
        about_index = label == "index" or any(word in str(error) for word in ("archive", "fts5"))
        label, remedy = ("index", _REPAIR) if about_index else (label, "")
        return [f"{label}: cannot be read ({_reason(database, error)}){remedy}"]


def _label_fault(label: str, fault: str) -> str:
    # SQLite looks into the word index as well when it checks the file, and names its table.
    if label == "file" and "archive" in fault:
        return f"index: {fault}{_REPAIR}"
    return fault if fault.startswith(_LABELS) else f"{label}: {fault}"


def _check_index(db: Db) -> list[str]:
    kept = db.execute(select(func.count()).select_from(entry_table)).scalar_one()
    wrong = [f"index: {fault}{_REPAIR}" for fault in get_fulltext(db).find_faults(db, kept)]
    if not is_index_current(db):
        wrong.append(f"index: made by another version's analyser{_REPAIR}")
    return wrong


def _reason(database: Database, error: StoreError) -> str:
    """Return what a fault says, without the name of the database, which stands above it."""
    return str(error).removeprefix(f"database {database}: ")
