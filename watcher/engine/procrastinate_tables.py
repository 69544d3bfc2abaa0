"""The tables that procrastinate keeps beside ours."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager

from watcher.errors import StoreError
from watcher.store.database import Database
from watcher.store.sql.dialect import acquire_lock
from watcher.store.system.key_values import get_value, set_value


def create_procrastinate_tables(database: Database) -> None:
    """Create procrastinate's tables, or migrate them to the installed version of it.

    Processes that start at the same time wait for each other. Raises StoreError.
    """
    scripts = sorted(path for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    app = procrastinate.App(
        connector=procrastinate.SyncPsycopgConnector(conninfo=database.conninfo, min_size=1, max_size=1)
    )
    try:
        with app.open(), database.write() as db:
            acquire_lock(db, "procrastinate")
            applied = get_value(db, "procrastinate") or scripts[-1].name
            if not app.check_connection():
                app.schema_manager.apply_schema()
            else:
                for script in (script for script in scripts if script.name > applied):
                    app.connector.get_sync_connector().execute_query(script.read_text("utf-8").replace("%", "%%"))
            set_value(db, "procrastinate", scripts[-1].name)
    except ConnectorException as error:
        raise StoreError(f"database {database}: {format_cause(error)}") from error


def delete_former_jobs(database: Database, queues: Collection[str]) -> None:
    """Delete what an earlier version queued for others than these queues: nobody would take it."""
    with database.write() as db:
        db.exec_driver_sql("DELETE FROM procrastinate_jobs WHERE queue_name <> ALL (%s)", (list(queues),))


def delete_ticks_after(database: Database, moment: datetime) -> None:
    """Delete the records of ticks after a moment: a clock that was ahead has run them before their time."""
    with database.write() as db:
        seconds = round(moment.timestamp())
        db.exec_driver_sql("DELETE FROM procrastinate_periodic_defers WHERE defer_timestamp > %s", (seconds,))


def format_cause(error: Exception) -> str:
    """Return the cause of an error in one line."""
    lines = str(error.__cause__ or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
