"""A database on a PostgreSQL server: its driver, its pool and its sessions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from sqlalchemy import URL, create_engine, event, text

from watcher.store.sql.backend import Backend, Check
from watcher.store.sql.interface import Db
from watcher.store.tables import metadata
from watcher.store.tables.base import set_postgresql_options

CONNECT_TIMEOUT = 10
"""Seconds to wait for a server that does not answer at all; without a limit it is minutes."""
_MAX_IDLE_SECONDS = 30
"""Nothing that a poll computes between two statements takes as long."""
_NOT_LASTING = (
    "SELECT set_config('synchronous_commit', 'off', true), "
    f"set_config('idle_in_transaction_session_timeout', '{_MAX_IDLE_SECONDS}s', true)"
)


class PostgresqlBackend(Backend):
    """A PostgreSQL database, which several processes may use."""

    name = "postgresql"
    is_shared = True

    def __init__(self, url: URL) -> None:
        set_postgresql_options(metadata.tables.values())
        self.writer = create_engine(
            url,
            pool_size=5,
            max_overflow=10,
            pool_pre_ping=True,
            connect_args={} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT},
        )
        event.listen(self.writer, "connect", _set_time_zone)
        self.reader = self.writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def begin_write(self, db: Db, *, lasting: bool) -> None:
        """Begin nothing, as the driver does that; let a commit that need not last not wait for the disk.

        Those are transactions of polls, which wait for each other: a process that is held up or cut off within one, and
        that others have taken the feeds of by then, may not keep its locks.
        """
        if not lasting:
            db.exec_driver_sql(_NOT_LASTING)

    def begin_read(self, _db: Db) -> None:
        """Do nothing: the reader's isolation level makes it a snapshot."""

    def read_version(self) -> Hashable:
        """Return which transactions are visible, which changes with each that commits after it wrote something."""
        with self.reader.begin() as db:
            return str(db.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one())

    def get_size(self, db: Db) -> int:
        """Return what the server says that the database takes."""
        return int(db.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

    def release_space(self, _connection: Any) -> None:
        """Do nothing: the server does so by itself (autovacuum)."""

    def list_integrity_checks(self) -> Mapping[str, Check]:
        """Return none: the server checks its pages, and each reference when it is written."""
        return {}


def _set_time_zone(connection: Any, _record: Any) -> None:
    """Have moments come in UTC: each would have to be turned, and a batch of feeds has thousands."""
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()
