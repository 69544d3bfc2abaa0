"""Who runs the steps, and when: a metronome in one process, or a queue that any number of processes share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from watcher.engine.jobs import Engine, Jobs
from watcher.errors import UsageError
from watcher.settings import EngineName
from watcher.store.database import Database


def make_engine(name: EngineName, steps: Jobs) -> Engine:
    """Make the engine of that name; raises UsageError where what it needs is not installed."""
    match name:
        case EngineName.LOCAL:
            from watcher.engine.apscheduler_engine import ApschedulerEngine

            return ApschedulerEngine(steps)
        case EngineName.PROCRASTINATE:
            with _installed(name):
                from watcher.engine.procrastinate_engine import ProcrastinateEngine

                return ProcrastinateEngine(steps)


def prepare(name: EngineName, database: Database) -> None:
    """Make the tables that an engine keeps beside ours, or bring them up to date; raises UsageError or StoreError."""
    if name is EngineName.PROCRASTINATE:
        with _installed(name):
            from watcher.engine import procrastinate_tables

            procrastinate_tables.prepare(database)


@contextmanager
def _installed(name: EngineName) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(f"`engine: {name}` needs {error.name}: pip install 'newsdesk-watcher[cluster]'") from error
