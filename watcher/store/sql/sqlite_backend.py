"""A database in a SQLite file: its pragmas, its one writer and its pages."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Hashable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from watcher import private
from watcher.errors import StoreError, UsageError
from watcher.store.sql.backend import Backend, Check
from watcher.store.sql.direct import fetch_directly
from watcher.store.sql.interface import Db

_PRAGMAS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    "PRAGMA mmap_size = 268435456",
    # Pages of the log, 32 MB: a page that every transaction touches goes back into the file once in hundreds of them.
    "PRAGMA wal_autocheckpoint = 8000",
)
PAGES_PER_STEP = 2_000
"""Pages that one transaction gives back."""


class SqliteBackend(Backend):
    """A SQLite file. Raises UsageError where the address names none, StoreError where its folder cannot be made."""

    name = "sqlite"
    is_shared = False

    def __init__(self, url: URL, *, durable: bool) -> None:
        if not url.database or url.database == ":memory:":
            raise UsageError("the database must be a file: sqlite:///PATH")
        self.path: Path = Path(url.database)
        self._durable = durable
        file = self.path.expanduser()
        try:
            private.make_folder(file.parent)
        except OSError as error:
            raise StoreError(f"database {file}: its folder cannot be made: {error.strerror}") from error
        self.writer = _create_engine(url, file, read_only=False)
        self.reader = _create_engine(url, file, read_only=True)
        self._watching: sqlite3.Connection | None = None
        self._watch_lock = threading.Lock()

    def begin_write(self, db: Db, *, lasting: bool) -> None:
        """Take the one write lock, so that the transaction never fails half-way."""
        level = "FULL" if lasting and self._durable else "NORMAL"
        if db.info.get("synchronous") != level:
            db.exec_driver_sql(f"PRAGMA synchronous = {level}")
            db.info["synchronous"] = level
        fetch_directly(db, "BEGIN IMMEDIATE")

    def begin_read(self, db: Db) -> None:
        """Begin a snapshot."""
        db.exec_driver_sql("BEGIN")

    def read_version(self) -> Hashable:
        """Return SQLite's own count of what others changed: of one connection, which never writes itself."""
        with self._watch_lock:
            try:
                if self._watching is None:
                    self._watching = _detach_connection(self.reader)
                return int(self._watching.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error as error:
                raise OperationalError("PRAGMA data_version", None, error) from error

    def close(self) -> None:
        """Close every connection, and the one that watches for changes."""
        with self._watch_lock:
            if self._watching is not None:
                self._watching.close()
                self._watching = None
        super().close()

    def get_size(self, _db: Db) -> int:
        """Return the bytes of the file and its log."""
        files = [self.path, self.path.with_name(self.path.name + "-wal")]
        return sum(file.stat().st_size for file in files if file.exists())

    def release_space(self, connection: Any) -> None:
        """Return free pages to the file system, and let the planner look at its statistics.

        Some pages at a time, for those who wait to write; where the database is busy the rest waits for the next time.
        """
        try:
            while connection.execute("PRAGMA freelist_count").fetchone()[0]:
                # A script, not a statement: executed as one statement the pragma frees a single page.
                connection.executescript(f"BEGIN IMMEDIATE; PRAGMA incremental_vacuum({PAGES_PER_STEP}); COMMIT;")
            connection.execute("PRAGMA optimize")
        except sqlite3.OperationalError:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def list_integrity_checks(self) -> Mapping[str, Check]:
        """Return the checks of the file's pages and of references, which only those who write look after."""
        return {"file": _find_damaged_pages, "reference": _find_broken_references}


def _detach_connection(engine: Engine) -> sqlite3.Connection:
    """Return a connection that no longer belongs to its pool."""
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    pooled.detach()
    assert isinstance(connection, sqlite3.Connection)
    return connection


def _find_damaged_pages(db: Db) -> list[str]:
    return [str(row[0]) for row in db.execute(text("PRAGMA integrity_check(20)")) if row[0] != "ok"]


def _find_broken_references(db: Db) -> list[str]:
    return [str(tuple(row)) for row in db.execute(text("PRAGMA foreign_key_check"))]


def _create_engine(url: URL, file: Path, *, read_only: bool) -> Engine:
    engine = create_engine(
        url.set(database=str(file)),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=20,
        # The connection that was used last holds pages in its cache that are still those of the file.
        pool_use_lifo=True,
        connect_args={"check_same_thread": False, "timeout": 10},
    )

    @event.listens_for(engine, "do_connect")
    def create(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        # SQLite would make it with the umask's rights; its -wal and -shm files take those of the database.
        with suppress(OSError):  # SQLite reports what is wrong
            private.create_file(file)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # pysqlite would open and end transactions by itself; `begin_read` and `begin_write` do.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            # Before the first table, with no effect later: lets `prune` give space back. To set it waits for writers.
            if connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 0:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")

    return engine
