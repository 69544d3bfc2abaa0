"""Reads what is stored for its meaning, with progress: for commands that wait until that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.cli import output

if TYPE_CHECKING:
    from watcher.app.bootstrap import App


def read_stored_entries(application: App) -> None:
    """Read every entry that is not read yet, with progress. Raises EncoderUnavailable, UsageError without encoder."""
    import os
    import socket

    from watcher import clock
    from watcher.app.meaning import ReadingService
    from watcher.pipeline.lease_recovery import COMMAND_PREFIX

    owner = f"{COMMAND_PREFIX} {socket.gethostname()}:{os.getpid()}"
    service = ReadingService(application, clock.now, clock.monotonic, owner=owner)
    try:
        with output.show_progress("Reading for meaning") as on_progress:
            service.read_everything(on_progress)
    finally:
        service.close()
