"""Polls in a process that ends itself (kill -9) at a named point."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

from tests.pipeline.test_poller import NOON, poll
from watcher.pipeline.lease_recovery import recover_leases
from watcher.store.database import Database


def main(url: str, point: str, hours: int) -> None:
    """Poll what is due, `hours` after noon; die at `point`, if one is named."""

    def end(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    now = NOON + timedelta(hours=hours)
    with Database(url) as database:
        recover_leases(database, lambda _owner: True, now)
        poll(database, now, checkpoint=end)
