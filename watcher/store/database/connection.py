"""Opens the database and its transactions: pragmas, drivers and time limits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from watcher import private
from watcher.errors import StorageError, StorageFault, StoreError, UsageError
from watcher.store.database.storage_faults import find_storage_fault

Db: TypeAlias = Connection
"""An open transaction. Who opened it commits; nobody else does."""

_SQLITE_PRAGMAS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
    "PRAGMA mmap_size = 268435456",
    # Pages of the log, 32 MB: a page that every transaction touches goes back into the file once in hundreds of them.
    "PRAGMA wal_autocheckpoint = 8000",
)


SUPPORTED_URLS = "use sqlite:///PATH or postgresql://USER@HOST/NAME"
CONNECT_TIMEOUT = 10
"""Seconds to wait for a PostgreSQL server that does not answer at all; without a limit it is minutes."""


_LITTLE_ROOM = 1 << 20


class Database:
    """A SQLite file or a PostgreSQL database; `url` is SQLAlchemy's, with psycopg 3 for any `postgres...` scheme.

    On SQLite a write transaction takes the one write lock at its first breath (BEGIN IMMEDIATE), so it never fails
    half-way; readers see a snapshot and are not held up. Raises UsageError where the address makes no sense, and
    StorageError from a transaction that finds no room, no server or no way in.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self.url = _address(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._durable = durable
        try:
            if self.is_sqlite:
                self._writer = _sqlite(self.url, read_only=False)
                self._reader = _sqlite(self.url, read_only=True)
            else:
                self._writer = create_engine(
                    self.url,
                    pool_size=5,
                    max_overflow=10,
                    pool_pre_ping=True,
                    connect_args={} if "connect_timeout" in self.url.query else {"connect_timeout": CONNECT_TIMEOUT},
                )
                event.listen(self._writer, "connect", _in_utc)
                self._reader = self._writer.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
        except (ArgumentError, ModuleNotFoundError, NoSuchModuleError) as error:
            raise StoreError(f"database {self}: {_plain(error)}") from error

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and care."""
        return self._writer

    @property
    def conninfo(self) -> str:
        """The address as PostgreSQL's own library reads it, password and all."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database, None for a server or a database in memory."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Db]:
        """Open a transaction that may write; it commits when the block ends, and rolls back when it raises.

        `lasting=False` does not wait for the disk: a failure of power, not of the process, may undo the last of these,
        whole and in order. It is for what would be done again, as a poll is; the next lasting one makes them last too.
        """
        # Begun here and not by a listener: an engine that has one looks for more of them at every statement.
        with _translated(self), self._writer.begin() as db:
            if self.is_sqlite:
                level = "FULL" if lasting and self._durable else "NORMAL"
                if db.info.get("synchronous") != level:
                    db.exec_driver_sql(f"PRAGMA synchronous = {level}")
                    db.info["synchronous"] = level
                db.exec_driver_sql("BEGIN IMMEDIATE")
            elif not lasting:
                db.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield db

    @contextmanager
    def read(self) -> Iterator[Db]:
        """Open a transaction that sees one moment and cannot write."""
        with _translated(self), self._reader.begin() as db:
            if self.is_sqlite:
                db.exec_driver_sql("BEGIN")
            yield db

    @contextmanager
    def open_raw(self) -> Iterator[Any]:
        """Open the driver's own connection, outside of any transaction; raises StorageError where that fails."""
        with _translated(self):
            try:
                pooled = self._writer.raw_connection()
            except self._writer.dialect.loaded_dbapi.Error as error:  # SQLAlchemy's own connections wrap it
                raise OperationalError("connect", None, error) from error
        try:
            yield pooled.driver_connection
        finally:
            pooled.close()

    @property
    def shortage(self) -> StorageFault | None:
        """Return that the disk of a SQLite file is full, or so nearly that a write may fail."""
        return StorageFault.FULL if self.path is not None and _is_full(self.path) else None

    def close(self) -> None:
        """Close every connection."""
        self._reader.dispose()
        self._writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def _translated(database: Database) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        message = f"database {database}: {'connection lost' if lost else _plain(error)}"
        fault = find_storage_fault(error)
        if fault is StorageFault.BROKEN and database.path is not None and _is_full(database.path):
            fault = StorageFault.FULL  # what is mapped into memory fails otherwise than what is written
            message = f"database {database}: {fault.value}: {_plain(error)}"
        raise (StoreError(message) if fault is None else StorageError(message, fault)) from error


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LITTLE_ROOM
    except OSError:
        return False


def _plain(error: BaseException) -> str:
    """Return a driver's error in one line, without the statement and its parameters."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).strip().splitlines()
    return lines[0][:300] if lines else type(cause).__name__


def _in_utc(connection: Any, _record: Any) -> None:
    """Have moments come in UTC: each would have to be turned, and a batch of feeds has thousands."""
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _address(url: str) -> URL:
    if "://" not in url:
        url = f"sqlite:///{url}"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise UsageError(f"the database address is no URL: {SUPPORTED_URLS}") from error
    backend = parsed.drivername.split("+", 1)[0]
    if backend in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed.set(drivername="sqlite")
    raise UsageError(f"databases of kind {backend!r} are not supported: {SUPPORTED_URLS}")


def _sqlite(url: URL, *, read_only: bool) -> Engine:
    path = url.database
    if not path or path == ":memory:":
        raise UsageError("the database must be a file: sqlite:///PATH")
    file = Path(path).expanduser()
    try:
        private.make_folder(file.parent)
    except OSError as error:
        raise StoreError(f"database {file}: its folder cannot be made: {error.strerror}") from error
    engine = create_engine(
        url.set(database=str(file)),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=20,
        connect_args={"check_same_thread": False, "timeout": 10},
    )

    @event.listens_for(engine, "do_connect")
    def create(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        # SQLite would make it with the umask's rights; its -wal and -shm files take those of the database.
        with suppress(OSError):  # SQLite says what is wrong
            private.create_file(file)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # pysqlite would open and end transactions by itself; BEGIN is ours (below).
        connection.isolation_level = None
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            # Before the first table, with no effect later: lets `prune` give space back. To set it waits for writers.
            if connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 0:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")

    return engine
