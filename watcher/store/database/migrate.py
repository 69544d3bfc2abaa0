"""Migrates the schema and reports its state; the only module that knows Alembic and where db/ is installed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.sql.schema import SchemaItem

from watcher import private
from watcher.errors import StoreError
from watcher.left_out import import_without
from watcher.store.database import Database, Db
from watcher.store.entries.index_version import mark_index_current
from watcher.store.sql.dialect import acquire_lock

_UPGRADE_LOCK = 7310217543021

if TYPE_CHECKING:
    from alembic.config import Config
_KEPT_ELSEWHERE = ("archive", "procrastinate_")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """The schema's revision and the one that this version of the watcher expects."""

    revision: str | None
    expected: str

    @property
    def current(self) -> bool:
        return self.revision == self.expected


def find_migrations_folder() -> Path:
    """Find the migrations: inside the installed package, or beside it in a clone."""
    package = Path(__file__).resolve().parents[2]
    for place in (package / "_db", package.parent / "db"):
        if (place / "env.py").is_file():
            return place
    raise StoreError("the migrations are missing from this installation; install the watcher again")


def get_schema_state(db: Db) -> SchemaState:
    """Read the schema's revision."""
    revision = None
    if inspect(db).has_table("alembic_version"):
        revision = db.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return SchemaState(revision=revision, expected=_find_head(find_migrations_folder()))


def upgrade_schema(database: Database) -> SchemaState:
    """Upgrade the schema in one transaction; processes that start at the same time wait for each other.

    A SQLite database that holds something is first copied beside itself (`set_aside`). Raises StoreError where the
    database is newer than this version knows.
    """
    with database.read() as db:
        before = get_schema_state(db)
    if before.current:
        return before
    # Mako imports lexers for pages with errors of templates, five megabytes that a daemon would keep.
    with import_without("pygments"):
        from alembic import command

    if before.revision is not None and before.revision not in _known():
        raise StoreError(
            f"database {database} is at revision {before.revision}, which this version does not know: "
            "it was upgraded by a newer watcher"
        )
    if before.revision is not None and database.path is not None:
        _keep(database, former_revision_path(database.path, before.revision))
    with database.write() as db:
        acquire_lock(db, _UPGRADE_LOCK)
        before = get_schema_state(db)
        if before.current:
            return before
        command.upgrade(_config(db), "head")
        if before.revision is None:
            mark_index_current(db)
        return get_schema_state(db)


def former_revision_path(path: Path, revision: str) -> Path:
    """Name the copy of a SQLite database that is kept when it leaves a revision."""
    return path.with_name(f"{path.name}.at-{revision}")


def write_snapshot(database: Database, file: Path) -> None:
    """Write a SQLite database, as it is at this moment, into a new file; those who read and write it go on."""
    with database.open_raw() as connection:
        try:
            private.create_file(file)  # which SQLite fills while it is empty
            # Outside of a transaction, where VACUUM may run.
            connection.execute("VACUUM INTO ?", (str(file),))
        except sqlite3.Error as error:
            raise StoreError(f"{file} cannot be written: {error}") from error


def is_database_empty(db: Db) -> bool:
    """Return whether a database holds no table at all, of ours or of anybody else."""
    return not inspect(db).get_table_names()


def create_schema(database: Database) -> bool:
    """Create the schema where the database is empty; return whether it was. Processes that start at once take turns."""
    with database.read() as db:
        was_empty = is_database_empty(db)
    if was_empty:
        upgrade_schema(database)
    return was_empty


def require_current_schema(database: Database) -> None:
    """Raise StoreError, saying what to do, unless the schema is this version's."""
    with database.read() as db:
        schema = get_schema_state(db)
        empty = schema.revision is None and is_database_empty(db)
    if not schema.current:
        state = "empty" if empty else f"at revision {schema.revision}" if schema.revision else "none of the watcher's"
        raise StoreError(f"database {database} is {state}, expected {schema.expected}: run `watcher db upgrade`")


def find_schema_differences(db: Db) -> tuple[str, ...]:
    """Return how the schema in the database differs from the tables in the code; empty when it does not."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from watcher.store.tables import metadata

    options = {"include_name": _is_compared, "include_object": include_object, "compare_type": True}
    context = MigrationContext.configure(db, opts=options)
    return tuple(str(change) for change in compare_metadata(context, metadata))


def _is_compared(name: str | None, kind: str, _parents: Mapping[str, str | None]) -> bool:
    """Return whether something is looked at in the database at all: a damaged word index could not be."""
    return kind != "table" or not (name or "").startswith(_KEPT_ELSEWHERE)


def include_object(item: SchemaItem, name: str | None, kind: str, reflected: bool, other: SchemaItem | None) -> bool:
    """Leave out of comparisons what is kept elsewhere: the search index, which SQLite keeps as a virtual table with
    shadow tables of its own, and the tables of the engine that several processes share."""
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", None)
    return not (table or "").startswith(_KEPT_ELSEWHERE)


def _config(db: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(find_migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if db is not None:
        config.attributes["connection"] = db
    return config


def _keep(database: Database, file: Path) -> None:
    if file.exists():
        return
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        write_snapshot(database, unfinished)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _known() -> frozenset[str]:
    from alembic.script import ScriptDirectory

    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


@cache
def _find_head(folder: Path) -> str:
    """Return the last revision in a folder: the files begin with it, in order.

    Alembic would read, and compile, every migration for the same answer, which takes longer than most commands.
    """
    return max(file.name.partition("_")[0] for file in (folder / "versions").glob("[0-9]*_*.py"))
