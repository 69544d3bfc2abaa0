"""Real processes killed at every step of the way in: each entry and each hit is there in the end, and once."""

from __future__ import annotations

import multiprocessing
import signal

import pytest

from tests.pipeline.mortal import main
from tests.pipeline.test_poller import NOON, watch
from tests.web_server import Reply, Server, rss
from watcher.store.database import Database
from watcher.store.entries.search import search_entries
from watcher.store.feeds.leases import list_feed_lease_owners
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.search import find_hits

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.pipeline.mortal"])


def lives(database: Database, point: str, hours: int) -> bool:
    process = PROCESSES.Process(target=main, args=(str(database.path), point, hours))
    process.start()
    process.join(60)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode == 0


@pytest.mark.parametrize("point", ["claimed", "fetched", "read", "settled", "committed"])
def test_a_poll_that_dies_loses_nothing_and_doubles_nothing(sqlite: Database, press: Server, point: str) -> None:
    for name in ("a", "b", "c"):
        press.pages[f"/{name}"] = Reply(rss((name, f"Five Eyes ministers meet at {name}")), headers={"ETag": '"1"'})
    watch(sqlite, *(f"{press.url}/{name}" for name in ("a", "b", "c")))

    died = not lives(sqlite, point, 0)
    ended = lives(sqlite, "", 2)

    assert died
    assert ended
    with sqlite.read() as db:
        assert len(search_entries(db).items) == 3
        assert len(find_hits(db).items) == 3
        assert all(feed.poll.polled_at is not None and feed.poll.polled_at >= NOON for feed in load_feeds(db))
        assert list_feed_lease_owners(db) == frozenset()
