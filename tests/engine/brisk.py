"""A worker in a process that has imported everything already: begins at once, notices a death within seconds."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from watcher import clock, daemon
from watcher.app.bootstrap import open_app
from watcher.cli import logs
from watcher.engine import procrastinate_engine as _ready  # noqa: F401
from watcher.engine.jobs import Heartbeat

HEARTBEAT = Heartbeat(interval=timedelta(seconds=0.5), silent_after=timedelta(seconds=3))


def main(folder: Path, environ: dict[str, str], log: Path, ahead: timedelta) -> None:
    """Run a worker whose wall clock is ahead of the right time."""
    right = clock.now

    def now() -> datetime:
        return right() + ahead

    clock.now = now
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    logs.configure_logging(verbose=True, quiet=False)
    app = open_app(folder, environ)
    try:
        daemon.run(app, page=False, heartbeat=HEARTBEAT)
    finally:
        app.close()
