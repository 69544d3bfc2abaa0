"""The tables that procrastinate keeps beside ours, and what a fault of theirs says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager

from watcher.errors import StoreError
from watcher.store.database import Database
from watcher.store.database.connection import acquire_advisory_lock
from watcher.store.system.key_values import get_value, set_value


def prepare(database: Database) -> None:
    """Bring procrastinate's own tables, which live beside the watcher's, to the installed version of it.

    Starters that come at the same time wait for each other. Raises StoreError.
    """
    scripts = sorted(path for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    app = procrastinate.App(
        connector=procrastinate.SyncPsycopgConnector(conninfo=database.conninfo, min_size=1, max_size=1)
    )
    try:
        with app.open(), database.write() as db:
            acquire_advisory_lock(db, "procrastinate")
            done = get_value(db, "procrastinate") or scripts[-1].name
            if not app.check_connection():
                app.schema_manager.apply_schema()
            else:
                for script in (each for each in scripts if each.name > done):
                    app.connector.get_sync_connector().execute_query(script.read_text("utf-8").replace("%", "%%"))
            set_value(db, "procrastinate", scripts[-1].name)
    except ConnectorException as error:
        raise StoreError(f"database {database}: {plain(error)}") from error


def forget_ticks_after(database: Database, moment: datetime) -> None:
    """Forget the periodic ticks of after a moment: a clock that was ahead has run them before their time."""
    with database.write() as db:
        seconds = round(moment.timestamp())
        db.exec_driver_sql("DELETE FROM procrastinate_periodic_defers WHERE defer_timestamp > %s", (seconds,))


def plain(error: Exception) -> str:
    """Say a fault in one line."""
    lines = str(error.__cause__ or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
