"""What a kind of database needs from outside of a transaction: connections, space, and checks of its file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from sqlalchemy import Engine

from watcher.store.sql.interface import Db

Check: TypeAlias = Callable[[Db], Iterable[str]]
"""Returns what is wrong, each in a line; an error that it raises is damage, too."""


class Backend(ABC):
    """The connections to one database; `reader` opens transactions that cannot write."""

    name: ClassVar[str]
    is_shared: ClassVar[bool]
    """Whether several processes on several machines may use the database."""
    writer: Engine
    reader: Engine
    path: Path | None = None
    """The file of a database that is one."""

    @abstractmethod
    def begin_write(self, db: Db, *, lasting: bool) -> None:
        """Begin a transaction that may write; one that is not `lasting` does not wait for the disk when it commits."""

    @abstractmethod
    def begin_read(self, db: Db) -> None:
        """Begin a transaction that sees one moment."""

    @abstractmethod
    def read_version(self) -> Hashable:
        """Return what is another value after any transaction that changed something, of whichever process.

        To be read before the transaction whose results are kept under it. Raises SQLAlchemyError.
        """

    def close(self) -> None:
        """Close every connection."""
        self.release_connections()

    def release_connections(self) -> None:
        """Close the connections that nobody uses."""
        self.reader.dispose()
        self.writer.dispose()

    @abstractmethod
    def get_size(self, db: Db) -> int:
        """Return the size of the database in bytes."""

    @abstractmethod
    def release_space(self, connection: Any) -> None:
        """Return unused space to the file system, as far as nobody else writes meanwhile.

        `connection` is the driver's own, outside of any transaction.
        """

    @abstractmethod
    def list_integrity_checks(self) -> Mapping[str, Check]:
        """Return, by the label of what they look at, the checks of what the database does not guarantee by itself."""
