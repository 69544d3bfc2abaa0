"""Runs the jobs of a process: by a timer of its own, or by a queue that any number of processes share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from watcher.engine.jobs import Engine, Jobs
from watcher.errors import UsageError
from watcher.settings import EngineName
from watcher.store.database import Database


def create_engine(name: EngineName, jobs: Jobs) -> Engine:
    """Return the engine of that name. Raises UsageError where what it needs is not installed."""
    match name:
        case EngineName.LOCAL:
            from watcher.engine.apscheduler_engine import ApschedulerEngine

            return ApschedulerEngine(jobs)
        case EngineName.PROCRASTINATE:
            with _require_installed(name):
                from watcher.engine.procrastinate_engine import ProcrastinateEngine

                return ProcrastinateEngine(jobs)


def create_engine_tables(name: EngineName, database: Database) -> None:
    """Create the tables that an engine keeps beside ours, or migrate them. Raises UsageError or StoreError."""
    if name is EngineName.PROCRASTINATE:
        with _require_installed(name):
            from watcher.engine import procrastinate_tables

            procrastinate_tables.create_procrastinate_tables(database)


@contextmanager
def _require_installed(name: EngineName) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(f"`engine: {name}` needs {error.name}: pip install 'newsdesk-watcher[cluster]'") from error
