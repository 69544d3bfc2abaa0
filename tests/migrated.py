"""A SQLite database with the schema and nothing in it, made once in a process and copied for every test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from watcher.store.database import Database
from watcher.store.database.migrate import upgrade_schema


def make_folder() -> Path:
    """Return a new folder; it goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="watcher-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def make_migrated_file() -> Path:
    """Return the file to copy; it goes with the process."""
    path = make_folder() / "watcher.db"
    with Database(f"sqlite:///{path}") as database:
        upgrade_schema(database)
    return path


def copy_migrated(path: Path, filled: Path | None = None) -> None:
    """Copy the database, or one that was `filled` before, to `path`, in a folder that others may not read.

    What is there already stays, as it does when a watcher starts again.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        shutil.copy(filled or make_migrated_file(), path)
