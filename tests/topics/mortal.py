"""Replays in a process that ends itself (kill -9) in the middle."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.store.filled import NOON, topics
from watcher.store.database import Database, Db
from watcher.topics.archive_scan import ArchiveScan
from watcher.topics.replay import replay_topics

QUERIES = {"port": "harbour", "sea": "storm"}


class Doomed(Database):
    """A database whose process ends just before the n-th write would be committed, or just after."""

    left = 0
    before = True

    @contextmanager
    def write(self) -> Iterator[Db]:
        with super().write() as db:
            yield db
            self.left -= 1
            if self.before and self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, writes: int, before: bool) -> None:
    """Replay, and die at the given write; never, for 0."""
    with Doomed(url) as database:
        database.left, database.before = writes, before
        replay_topics(ArchiveScan(database), topics(**QUERIES), NOON)
