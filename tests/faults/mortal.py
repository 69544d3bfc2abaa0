"""Polls in a process of its own, which may end itself (kill -9) at a named point."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

from tests.faults.machine import NOON, Machine
from watcher.store.database import Database


def main(url: str, point: str, passes: int, minutes: int, owner: str) -> None:
    """Poll what is due so many minutes after noon; die at `point`, when it was passed `passes` times before."""
    left = passes

    def end(name: str) -> None:
        nonlocal left
        if name == point:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    with Database(url) as database, Machine(database, owner=owner, checkpoint=end) as machine:
        machine.poll(NOON + timedelta(minutes=minutes), due_only=True)
