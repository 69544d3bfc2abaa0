"""Who runs the steps, and when: a metronome in one process, or a queue that any number of processes share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from watcher.engine.steps import Engine, Steps
from watcher.errors import UsageError
from watcher.settings import EngineName
from watcher.store.database import Database


def make_engine(name: EngineName, steps: Steps) -> Engine:
    """Make the engine of that name; raises UsageError where what it needs is not installed."""
    match name:
        case EngineName.LOCAL:
            from watcher.engine.local import Local

            return Local(steps)
        case EngineName.PROCRASTINATE:
            with _installed(name):
                from watcher.engine.procrastinate import Cluster

                return Cluster(steps)


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
