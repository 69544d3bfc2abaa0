"""A process that reads for meaning until nothing is left; tests kill it at any moment."""

from __future__ import annotations

import os
import socket
import sys
import time
from datetime import timedelta

from tests.moments import NOON
from tests.pipeline.word_encoder import WordEncoder
from watcher.meaning.vectors import Rows
from watcher.model.topic import Topic
from watcher.pipeline.embedding import MeaningReader, ReadingOptions
from watcher.pipeline.lease_recovery import is_owner_dead, recover_leases
from watcher.store.database import Database

PORT = Topic(id="port", name="Port", query="", about=("dockers strike at the harbour",), proposals=3)


class SlowEncoder(WordEncoder):
    """Takes a while for each text, so that a kill finds it at work."""

    def encode_passages(self, texts: list[str]) -> Rows:  # type: ignore[override]
        """Return a unit row for each text, later."""
        time.sleep(0.002 * len(texts))
        return super().encode_passages(texts)


def main(url: str) -> None:
    """Take over what dead processes had claimed, and read until nothing is left."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    with Database(url, durable=False) as database:
        recover_leases(database, lambda other: is_owner_dead(other, owner), NOON)
        reader = MeaningReader(
            database,
            SlowEncoder(),
            lambda: ReadingOptions(topics=(PORT,)),
            lambda: NOON,
            time.monotonic,
            owner=owner,
            is_busy=lambda: False,
        )
        while reader.run_for(timedelta(seconds=1)):
            pass


if __name__ == "__main__":
    main(sys.argv[1])
