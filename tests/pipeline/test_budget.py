"""What one feed stores in a day is bounded; the excess is counted, and what is still served is stored the next day."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.moments import NOON
from tests.pipeline.polling import create_poller
from tests.web_server import Reply, Server, rss
from watcher.digest.format_helpers import format_coverage
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import TopicMatcher, compile_topics
from watcher.model.feed import Budget, Feed, FeedConfig
from watcher.model.topic import Topic
from watcher.pipeline.feed_claims import FeedSelection
from watcher.pipeline.poll_summary import PollSummary
from watcher.schedule import PollLimits, get_feed_health
from watcher.store.database import Database
from watcher.store.entries.queries import count_entries, load_entries_after
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.poll_history import PollRecord, load_polls
from watcher.store.feeds.queries import load_feed
from watcher.store.hits.search import find_hits
from watcher.store.system.status import get_status, measure_coverage
from watcher.store.tables import entry_versions

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WALRUS = compile_topics([Topic(id="walrus", name="Walrus", query="walrus")])


class Desk:
    """One feed that is polled with a budget."""

    def __init__(self, database: Database, press: Server, budget: Budget, own: Budget | None = None) -> None:
        self.database = database
        self.press = press
        self.budget = budget
        self.url = f"{press.url}/feed"
        with database.write() as db:
            sync_feeds(db, [FeedConfig(url=self.url, budget=own)], NOON, HOUR)

    def serve(self, body: bytes, *, etag: str = "") -> None:
        def answer(headers: dict[str, str]) -> Reply:
            known = etag and headers.get("if-none-match") == etag
            return Reply(status=304) if known else Reply(body, headers={"ETag": etag} if etag else {})

        self.press.pages["/feed"] = answer

    def poll(self, now: datetime, matcher: TopicMatcher = WALRUS) -> PollSummary:
        async def cycle() -> PollSummary:
            policy = FetchPolicy(
                allow=("127.0.0.0/8",), spacing=timedelta(0), total=timedelta(seconds=60), most_wire=16 << 20
            )
            limits = PollLimits(budget=self.budget)
            async with Fetcher(policy) as fetcher:
                async with create_poller(self.database, fetcher, matcher, lambda: now, limits=limits) as poller:
                    return await poller.run_once(FeedSelection(urls=(self.url,)))

        return asyncio.run(cycle())

    @property
    def feed(self) -> Feed:
        with self.database.read() as db:
            return load_feed(db, self.url)

    @property
    def history(self) -> Sequence[PollRecord]:
        with self.database.read() as db:
            return load_polls(db, self.feed.id)

    def titles(self) -> list[str]:
        with self.database.read() as db:
            return sorted(stored.entry.item.title for stored in load_entries_after(db))


def numbered(*numbers: int, title: str = "Report") -> bytes:
    return rss(*((f"g{number}", f"{title} {number}") for number in numbers))


def test_the_first_items_of_a_document_are_stored_and_the_rest_the_next_day(database: Database, press: Server) -> None:
    desk = Desk(database, press, Budget(entries=4))
    desk.serve(numbered(*range(10)), etag='"a"')

    first = desk.poll(NOON)
    stored = desk.titles()
    same_day = desk.poll(NOON + HOUR)
    next_day = desk.poll(NOON + DAY)
    after = desk.feed
    third_day = desk.poll(NOON + 2 * DAY)

    assert (first.new, first.left_out) == (4, 6)
    assert stored == [f"Report {number}" for number in range(4)]
    assert (same_day.unchanged, same_day.new, same_day.left_out) == (1, 0, 0)
    assert (next_day.new, next_day.left_out, after.stats.left_out) == (4, 2, 2)
    assert (third_day.new, third_day.left_out) == (2, 0)
    assert desk.titles() == [f"Report {number}" for number in range(10)]
    assert (desk.feed.stats.left_out, str(get_feed_health(desk.feed.summary, NOON + 2 * DAY))) == (0, "fresh")
    assert [poll.left_out for poll in desk.history] == [0, 2, 0, 6]


def test_the_same_day_asks_with_validators_and_the_next_day_without(database: Database, press: Server) -> None:
    desk = Desk(database, press, Budget(entries=1))
    desk.serve(numbered(1, 2, 3), etag='"a"')

    desk.poll(NOON)
    desk.poll(NOON + HOUR)
    desk.poll(NOON + DAY)
    desk.poll(NOON + DAY + HOUR)

    asked = [headers.get("if-none-match") for _path, headers in press.asked]
    assert asked == [None, '"a"', None, '"a"']


def test_what_the_first_document_held_is_baseline_whenever_it_is_stored(database: Database, press: Server) -> None:
    desk = Desk(database, press, Budget(entries=2))
    old = [("g1", "Walrus one"), ("g2", "Walrus two"), ("g3", "Walrus three"), ("g4", "Walrus four")]
    desk.serve(rss(*old))
    desk.poll(NOON)
    desk.serve(rss(("g5", "Walrus news"), *old))

    desk.poll(NOON + DAY)
    desk.poll(NOON + 2 * DAY)

    with database.read() as db:
        hits = {hit.stored.entry.item.title: hit.stored.baseline for hit in find_hits(db).items}
    assert hits == {title: title != "Walrus news" for title in ("Walrus news", *(title for _guid, title in old))}


def test_an_item_that_is_served_all_day_is_left_out_once(database: Database, press: Server) -> None:
    desk = Desk(database, press, Budget(entries=2))
    desk.serve(numbered(1, 2))
    desk.poll(NOON)
    for hour in range(1, 4):
        desk.serve(numbered(*range(10, 10 + hour), 1, 2))
        desk.poll(NOON + hour * HOUR)

    assert [poll.left_out for poll in desk.history] == [1, 1, 1, 0]
    assert desk.feed.stats.left_out == 3


@pytest.mark.parametrize("budget", [pytest.param(Budget(entries=3_000), marks=pytest.mark.slow), Budget(entries=500)])
def test_large_documents_with_new_ids_at_each_poll_fill_the_budget_and_no_more(
    database: Database, press: Server, budget: Budget
) -> None:
    desk = Desk(database, press, budget)
    text = "word " * 690
    for turn in range(3):
        desk.serve(rss(*((f"t{turn}-{n}", f"Turn {turn}, report {n}|{text}") for n in range(2_000))))
        desk.poll(NOON + turn * timedelta(minutes=15))

    with database.read() as db:
        assert count_entries(db) == budget.entries
        known = measure_coverage(db, NOON - HOUR, NOON + HOUR)
        standing = get_status(db, NOON + HOUR)
    assert desk.feed.stats.left_out == known.left_out == standing.left_out == 6_000 - budget.entries
    assert known.bad
    assert f"{6_000 - budget.entries:,} items were not stored and may be missing" in format_coverage(known)
    assert f"{6_000 - budget.entries:,} items not stored" in known.notes[0]
    assert standing.feeds["degraded"] == 1


def test_a_flood_of_edits_is_stored_up_to_the_budget_and_the_last_text_the_next_day(
    database: Database, press: Server
) -> None:
    desk = Desk(database, press, Budget(versions=25))
    for turn in range(5):
        desk.serve(rss(*((f"g{n}", f"Standing {n}|text of turn {turn}") for n in range(10))))
        desk.poll(NOON + turn * HOUR)
    with database.read() as db:
        versions = db.execute(select(func.count()).select_from(entry_versions)).scalar_one()
    today = desk.feed

    desk.poll(NOON + DAY)

    assert (versions, today.budget_use.versions) == (25, 25)
    assert [poll.left_out for poll in desk.history] == [0, 10, 5, 0, 0, 0]
    assert today.stats.left_out == 15
    with database.read() as db:
        assert {stored.entry.item.summary for stored in load_entries_after(db)} == {"text of turn 4"}
    # Ten of the fifteen are stored now, the five texts that were replaced meanwhile never were.
    assert desk.feed.stats.left_out == 5


def test_a_feed_may_have_a_budget_of_its_own(sqlite: Database, press: Server) -> None:
    desk = Desk(sqlite, press, Budget(entries=2), own=Budget(entries=8))
    desk.serve(numbered(*range(10)))

    assert desk.poll(NOON).new == 8


def test_the_newest_by_date_are_stored_first_where_all_have_dates(sqlite: Database, press: Server) -> None:
    desk = Desk(sqlite, press, Budget(entries=2))
    items = "".join(
        f"<item><guid>d{day}</guid><title>Day {day}</title><pubDate>{day:02} Feb 2026 10:00:00 GMT</pubDate></item>"
        for day in range(1, 8)
    )
    desk.serve(f"<rss version='2.0'><channel><title>Old first</title>{items}</channel></rss>".encode())

    desk.poll(NOON)

    assert desk.titles() == ["Day 6", "Day 7"]


def test_a_warning_is_logged_once_a_day(sqlite: Database, press: Server, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(sqlite, press, Budget(entries=1))
    warnings = []
    for hour in (0, 1, 2, 24, 25):
        desk.serve(numbered(*range(100 * hour, 100 * hour + 5)))
        capsys.readouterr()
        desk.poll(NOON + hour * HOUR)
        output = capsys.readouterr()
        warnings.append((output.out + output.err).count("items left out"))

    assert warnings == [1, 0, 0, 1, 0]
    assert all("beyond the daily budget" in poll.message for poll in desk.history)


@pytest.mark.parametrize("newest_last", [False, True])
def test_of_more_items_than_are_read_at_once_the_next_polls_read_on(
    database: Database, press: Server, newest_last: bool
) -> None:
    desk = Desk(database, press, Budget())
    numbers = list(range(2_601))
    desk.serve(numbered(*numbers), etag='"a"')

    first = desk.poll(NOON)
    between = str(get_feed_health(desk.feed.summary, NOON))
    second = desk.poll(NOON + HOUR)
    third = desk.poll(NOON + 2 * HOUR)
    desk.serve(
        rss(*[(f"g{n}", f"Report {n}") for n in numbers], ("x", "A walrus at last"))
        if newest_last
        else rss(("x", "A walrus at last"), *[(f"g{n}", f"Report {n}") for n in numbers]),
        etag='"b"',
    )
    fourth = desk.poll(NOON + 3 * HOUR)

    assert (first.new, first.left_out, between) == (2_000, 601, "degraded")
    assert (second.new, second.left_out) == (601, 0)
    assert (third.unchanged, third.new) == (1, 0)
    assert (fourth.new, fourth.hits) == (1, 1)
    assert (desk.feed.stats.left_out, str(get_feed_health(desk.feed.summary, NOON + 3 * HOUR))) == (0, "fresh")
    with database.read() as db:
        [hit] = find_hits(db).items
        assert not hit.stored.baseline
        assert sum(stored.baseline for stored in load_entries_after(db, limit=5_000)) == 2_601


def test_a_poll_that_fails_on_the_next_day_is_made_up_for_by_the_one_after(sqlite: Database, press: Server) -> None:
    desk = Desk(sqlite, press, Budget(entries=2))
    desk.serve(numbered(1, 2, 3), etag='"a"')
    desk.poll(NOON)
    press.pages["/feed"] = Reply(status=500)
    desk.poll(NOON + DAY)
    desk.serve(numbered(1, 2, 3), etag='"a"')

    desk.poll(NOON + DAY + HOUR)

    assert desk.titles() == ["Report 1", "Report 2", "Report 3"]


def test_marks_of_items_that_were_left_out_survive_the_database(database: Database, press: Server) -> None:
    desk = Desk(database, press, Budget(entries=1))
    desk.serve(numbered(1, 2, 3))
    desk.poll(NOON)

    feed = desk.feed

    assert (len(feed.document.left_marks), feed.document.left_marks, feed.budget_use.day) == (
        2,
        feed.document.baseline_marks,
        "2026-03-02",
    )
