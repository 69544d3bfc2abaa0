"""Who runs the steps, and when: a metronome in one process, or a queue that any number of processes share."""

from __future__ import annotations

from watcher.engine.steps import Engine, Steps
from watcher.errors import UsageError
from watcher.settings import EngineName


def make_engine(name: EngineName, steps: Steps) -> Engine:
    """Make the engine of that name; raises UsageError where what it needs is not installed."""
    match name:
        case EngineName.LOCAL:
            from watcher.engine.local import Local

            return Local(steps)
        case EngineName.PROCRASTINATE:
            try:
                from watcher.engine.procrastinate import Cluster
            except ModuleNotFoundError as error:
                said = f"`engine: {name}` needs {error.name}: pip install 'news-watcher[cluster]'"
                raise UsageError(said) from error
            return Cluster(steps)
