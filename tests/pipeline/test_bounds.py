"""Hostile documents among sound ones, in one cycle of polls: each fails by itself, and no other feed waits for it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.moments import NOON
from tests.pipeline.polling import create_poller
from tests.reading.hostile import costly, document
from tests.web_server import Reply, Server, rss
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import compile_topics
from watcher.model.feed import FeedConfig, FeedState
from watcher.model.topic import Topic
from watcher.pipeline.feed_check import check_feeds
from watcher.pipeline.feed_claims import FeedSelection
from watcher.pipeline.ingest import IngestResult
from watcher.pipeline.poll_summary import PollSummary
from watcher.reading.limits import WHOLE_DOCUMENT
from watcher.store.database import Database
from watcher.store.entries.queries import count_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import load_feed

pytestmark = pytest.mark.anyio

EYES = compile_topics([Topic(id="eyes", name="Five Eyes", query='"five eyes"')])
POLICY = FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0), total=timedelta(seconds=30), most_wire=16 * 2**20)
HOSTILE = {
    "fonts": document("HTML: fonts reopened in paragraphs", 380_000),
    "namespaces": document("namespaces on the root, markup in an item", 78_000),
    "prefixes": document("undeclared prefixes", 900_000),
    "broken": document("broken in each item", 400_000),
    "sections": document("sections without an end in XML", 900_000),
    "depth": document("elements in elements", 900_000),
    "brackets": document("stray brackets", 500_000),
    "costly": costly(13_000_000),
}
SOUND_FEEDS = 12
BROKEN = rss(("1", "Five Eyes|one")).replace(b"one", b"one<br>two")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class _Cycle:
    """Polls everything once, and notes when each feed was stored and how late the event loop was."""

    def __init__(self, database: Database) -> None:
        self.stored_after: dict[str, float] = {}
        self.worst_delay = 0.0
        self._database = database
        self._started = 0.0

    async def run(self) -> PollSummary:
        async with Fetcher(POLICY) as fetcher:
            poller = create_poller(self._database, fetcher, EYES, lambda: NOON, on_ingested=self._note)
            async with poller:
                self._started = time.monotonic()
                probe = asyncio.create_task(self._probe())
                polled = await poller.run_once(FeedSelection(include_all=True))
                probe.cancel()
                return polled

    def _note(self, settled: IngestResult) -> None:
        name = settled.before.config.url.rsplit("/", 1)[1]
        self.stored_after[name] = time.monotonic() - self._started

    async def _probe(self) -> None:
        while True:
            started = time.monotonic()
            await asyncio.sleep(0.02)
            self.worst_delay = max(self.worst_delay, time.monotonic() - started - 0.02)


def watch(database: Database, press: Server, *names: str) -> None:
    with database.write() as db:
        sync_feeds(db, [FeedConfig(url=f"{press.url}/{name}") for name in names], NOON, timedelta(minutes=15))


async def test_hostile_feeds_delay_no_other_feed_and_hold_up_nothing(sqlite: Database, press: Server) -> None:
    sound = [f"sound{number}" for number in range(SOUND_FEEDS)]
    press.pages |= {f"/{name}": Reply(body) for name, body in HOSTILE.items()}
    press.pages |= {f"/{name}": Reply(rss((name, f"{name}|Five Eyes"))) for name in sound}
    press.pages["/broken-only"] = Reply(BROKEN)
    # Every other one is hostile, so that all kinds are at work when the last sound feed is fetched.
    watch(sqlite, press, *HOSTILE, *sound, "broken-only")
    cycle = _Cycle(sqlite)

    polled = await cycle.run()

    assert polled.due == len(HOSTILE) + SOUND_FEEDS + 1
    # A second for the feeds themselves and another at most for the hostile ones; machines that test are often busy.
    assert max(cycle.stored_after[name] for name in sound) < 4
    assert cycle.stored_after["broken-only"] < 8
    assert cycle.worst_delay < 1
    failed = {url.rsplit("/", 1)[1] for url, _kind, _message in polled.failures}
    assert {"costly"} <= failed <= set(HOSTILE)


async def test_feed_beyond_its_bounds_keeps_its_items_and_is_named_in_its_health(
    sqlite: Database, press: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Interrupted in the midst of an item, as happens on a busy machine, nobody would have counted the rest.
    monkeypatch.setattr("watcher.reading.reader.WHOLE_DOCUMENT", replace(WHOLE_DOCUMENT, soft=8, hard=10))
    press.pages["/costly"] = Reply(HOSTILE["costly"], headers={"ETag": '"1"'})
    watch(sqlite, press, "costly")

    polled = await _Cycle(sqlite).run()

    [(_url, kind, message)] = polled.failures
    assert kind == "parse"
    assert message.startswith("reading took more than 2.6 s of CPU and was stopped: ")
    assert polled.new > 50
    with sqlite.read() as db:
        feed = load_feed(db, f"{press.url}/costly")
        [poll] = load_polls(db, feed.id)
        assert count_entries(db) == polled.new
    assert (feed.state, feed.poll.failures, feed.poll.error) == (FeedState.BACKOFF, 1, message)
    # Asked again, it sends all of it again.
    assert (feed.poll.body_hash, feed.poll.validators.etag) == (None, None)
    assert (poll.outcome, poll.new) == ("parse", polled.new)
    assert message in poll.message
    assert "more items than are read" in poll.message


async def test_trial_of_a_feed_beyond_its_bounds_fails_with_the_reason(press: Server) -> None:
    press.pages["/costly"] = Reply(HOSTILE["costly"])

    async with Fetcher(POLICY) as fetcher:
        [trial] = await check_feeds(fetcher, [FeedConfig(url=f"{press.url}/costly")])

    assert (trial.ok, trial.kind) == (False, "parse")
    assert "was stopped" in trial.message
    assert trial.items > 50


async def test_stopping_waits_for_no_reading_and_gives_its_feeds_back(sqlite: Database, press: Server) -> None:
    press.pages |= {f"/{number}": Reply(HOSTILE["costly"]) for number in range(4)}
    watch(sqlite, press, *"0123")

    async with Fetcher(POLICY) as fetcher:
        async with create_poller(sqlite, fetcher, EYES, lambda: NOON) as poller:
            assert await poller.start_due() == 4
            await asyncio.sleep(2)
            started = time.monotonic()
            await poller.drain(timedelta(seconds=25))
    seconds = time.monotonic() - started

    assert seconds < 3
    with sqlite.read() as db:
        known = [load_feed(db, f"{press.url}/{number}") for number in range(4)]
    assert [feed.poll.failures for feed in known] == [0] * 4
    assert all(feed.poll.next_poll_at <= NOON for feed in known)
