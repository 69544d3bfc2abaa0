"""Opens the database and its transactions, and translates errors of the libraries below."""

from __future__ import annotations

import shutil
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError

from watcher.errors import StorageError, StorageFault, StoreError, UsageError
from watcher.store.database.storage_faults import find_storage_fault
from watcher.store.sql.backend import Backend
from watcher.store.sql.dialect import open_backend
from watcher.store.sql.interface import Db

SUPPORTED_URLS = "use sqlite:///PATH or postgresql://USER@HOST/NAME"
_LITTLE_ROOM = 1 << 20


class Database:
    """A SQLite file or a PostgreSQL database; `url` is SQLAlchemy's, with psycopg 3 for any `postgres...` scheme.

    On SQLite a write transaction takes the one write lock at its beginning (BEGIN IMMEDIATE), so it never fails
    half-way; readers see a snapshot and are not held up. Raises UsageError where the address makes no sense, and
    StorageError from a transaction that finds no room, no server or no way in.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self.url = _address(url)
        try:
            self._backend = open_backend(self.url, durable=durable)
        except (ArgumentError, ModuleNotFoundError, NoSuchModuleError) as error:
            raise StoreError(f"database {self}: {_plain(error)}") from error

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and maintenance."""
        return self._backend.writer

    @property
    def backend(self) -> Backend:
        """What this kind of database needs from outside of a transaction."""
        return self._backend

    @property
    def is_shared(self) -> bool:
        """Whether several processes on several machines may use the database."""
        return self._backend.is_shared

    @property
    def conninfo(self) -> str:
        """The address as PostgreSQL's own library reads it, password and all."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database, None for a server or a database in memory."""
        return self._backend.path

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Db]:
        """Open a transaction that may write; it commits when the block ends, and rolls back when it raises.

        `lasting=False` does not wait for the disk: a failure of power, not of the process, may undo the last of these,
        whole and in order. It is for what would be done again, as a poll is; the next lasting one makes them last too.
        """
        # Begun here and not by a listener: an engine that has one looks for more of them at every statement.
        with _translated(self), self._backend.writer.begin() as db:
            self._backend.begin_write(db, lasting=lasting)
            yield db

    @contextmanager
    def read(self) -> Iterator[Db]:
        """Open a transaction that sees one moment and cannot write."""
        with _translated(self), self._backend.reader.begin() as db:
            self._backend.begin_read(db)
            yield db

    def read_version(self) -> Hashable:
        """Return what is another value after any transaction that changed something, of whichever process.

        What a transaction reads that is begun afterwards may be kept for as long as the value is the same.
        """
        with _translated(self):
            return self._backend.read_version()

    @contextmanager
    def open_raw(self) -> Iterator[Any]:
        """Open the driver's own connection, outside of any transaction; raises StorageError where that fails."""
        with _translated(self):
            try:
                pooled = self._backend.writer.raw_connection()
            except self._backend.writer.dialect.loaded_dbapi.Error as error:  # SQLAlchemy's own connections wrap it
                raise OperationalError("connect", None, error) from error
        try:
            yield pooled.driver_connection
        finally:
            pooled.close()

    @property
    def shortage(self) -> StorageFault | None:
        """Return that the disk of a SQLite file is full, or so nearly that a write may fail."""
        return StorageFault.FULL if self.path is not None and _is_full(self.path) else None

    def release_connections(self) -> None:
        """Close the connections that nobody uses, and free the pages that they keep; new ones are opened when needed.

        For after a look at everything: the memory of so much is not needed again.
        """
        self._backend.release_connections()

    def close(self) -> None:
        """Close every connection."""
        self._backend.close()

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
