"""A feed under a corrected address goes on from what is known of it; an unrelated one begins with a baseline."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import yaml

from tests.moments import NOON
from tests.pipeline.polling import create_poller
from tests.web_server import Reply, Server
from watcher.app.bootstrap import App
from watcher.digest.format_helpers import format_coverage
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import compile_topics
from watcher.model.feed import Feed, FeedConfig
from watcher.model.topic import Topic
from watcher.pipeline.digests import compose_due
from watcher.pipeline.feed_claims import FeedSelection
from watcher.settings import load
from watcher.store.database import Database
from watcher.store.digests.slots import register_subscriptions
from watcher.store.entries.queries import count_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.poll_history import load_polls
from watcher.store.feeds.queries import load_feed, load_feeds
from watcher.store.hits.search import find_hits
from watcher.store.system.status import measure_coverage

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WALRUS = compile_topics([Topic(id="walrus", name="Walrus", query="walrus")])
Written = tuple[str, str, datetime | None]


def rss(*items: Written, place: str = "https://harbour.example") -> Reply:
    written = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><link>{place}/{guid}</link><title>{title}</title>"
        + (f"<pubDate>{format_datetime(date)}</pubDate>" if date else "")
        + "</item>"
        for guid, title, date in items
    )
    return Reply(f"<rss version='2.0'><channel><title>Post</title>{written}</channel></rss>".encode())


def reports(first: int, last: int, now: datetime, *, dated: bool = True) -> list[Written]:
    """Write reports, the newest first, two hours between them; every one of them is a hit."""
    return [
        (f"r{n}", f"Walrus report {n}", now - (last - n) * 2 * HOUR if dated else None)
        for n in range(last, first - 1, -1)
    ]


class Desk:
    def __init__(self, database: Database, press: Server) -> None:
        self.database = database
        self.press = press
        self.now = NOON

    def watch(self, *paths: str) -> None:
        sources = [FeedConfig(url=path if "://" in path else f"{self.press.url}{path}") for path in paths]
        with self.database.write() as db:
            sync_feeds(db, sources, self.now, HOUR)

    def poll(self, after: timedelta = timedelta()) -> None:
        self.now += after
        now = self.now

        async def cycle() -> None:
            policy = FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0), total=timedelta(seconds=20))
            async with Fetcher(policy) as fetcher:
                async with create_poller(self.database, fetcher, WALRUS, lambda: now) as poller:
                    await poller.run_once(FeedSelection(include_all=True))

        asyncio.run(cycle())

    def fail(self, path: str, *, days: int = 3) -> None:
        """Let a feed fail for days."""
        self.press.pages[path] = Reply(status=404)
        for _day in range(days):
            self.poll(DAY)

    def news(self) -> list[str]:
        """List the headlines of hits that are reported: those that are no baseline, the oldest first."""
        with self.database.read() as db:
            news = [hit.stored for hit in find_hits(db, limit=200).items if not hit.stored.baseline]
        return [stored.entry.item.title for stored in sorted(news, key=lambda stored: -stored.id)]

    def known(self) -> int:
        with self.database.read() as db:
            return count_entries(db)

    def get(self, path: str) -> Feed:
        with self.database.read() as db:
            return load_feed(db, f"{self.press.url}{path}")

    def messages(self, path: str) -> str:
        feed = self.get(path)
        with self.database.read() as db:
            return " | ".join(poll.message for poll in load_polls(db, feed.id))


@pytest.fixture
def desk(database: Database, press: Server) -> Desk:
    return Desk(database, press)


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("/rss", "/feed", id="another path"),
        pytest.param("/feeds/news.xml", "/feeds/news.rss", id="another ending"),
        pytest.param("/News/", "/news", id="another spelling"),
    ],
)
def test_what_was_published_while_the_feed_failed_is_news(desk: Desk, before: str, after: str, dated: bool) -> None:
    desk.press.pages[before] = rss(*reports(1, 6, NOON, dated=dated))
    desk.watch(before)
    desk.poll()
    desk.fail(before)
    desk.press.pages[after] = rss(*reports(4, 9, desk.now, dated=dated))
    desk.watch(after)

    desk.poll(HOUR)

    assert sorted(desk.news()) == ["Walrus report 7", "Walrus report 8", "Walrus report 9"]
    assert desk.known() == 9
    feed = desk.get(after)
    assert (feed.poll.failures, feed.fetch_url, feed.stats.baseline_at) == (0, f"{desk.press.url}{after}", NOON)
    assert f"goes on from {desk.press.url}{before}" in desk.messages(after)
    desk.poll(HOUR)
    assert desk.known() == 9


def test_another_spelling_goes_on_even_where_days_left_nothing_in_common(desk: Desk) -> None:
    desk.press.pages["/rss.xml"] = rss(*reports(1, 3, NOON))
    desk.watch("/rss.xml")
    desk.poll()
    desk.fail("/rss.xml", days=5)
    desk.press.pages["/rss"] = rss(*reports(20, 22, desk.now))
    desk.watch("/rss")

    desk.poll(HOUR)

    assert len(desk.news()) == 3
    assert desk.get("/rss").stats.lost > 0


@pytest.mark.parametrize("failing", [True, False])
def test_an_unrelated_feed_of_the_same_host_begins_with_a_baseline(desk: Desk, failing: bool) -> None:
    desk.press.pages["/sport.xml"] = rss(*reports(1, 5, NOON))
    desk.press.pages["/politics.xml"] = rss(*[(f"p{n}", f"Walrus politics {n}", NOON) for n in range(5)])
    desk.watch("/sport.xml")
    desk.poll()
    if failing:
        desk.fail("/sport.xml")
    desk.watch("/politics.xml")

    desk.poll(HOUR)

    assert desk.news() == []
    assert desk.known() == 10
    assert desk.get("/politics.xml").stats.baseline_at == desk.now


def test_feeds_that_count_from_one_share_nothing_by_that(desk: Desk) -> None:
    desk.press.pages["/a"] = rss(*[(str(n), f"Walrus of A {n}", NOON) for n in range(5)], place="https://a.example/x")
    desk.press.pages["/b"] = rss(*[(str(n), f"Walrus of B {n}", NOON) for n in range(5)], place="https://b.example/y")
    desk.watch("/a")
    desk.poll()
    desk.fail("/a")
    desk.watch("/b")

    desk.poll(HOUR)

    assert desk.news() == []


def test_one_item_that_a_living_outlet_passes_around_is_no_proof(desk: Desk) -> None:
    passed = ("both", "Walrus in both", NOON)
    desk.press.pages["/sport"] = rss(*reports(1, 9, NOON), passed)
    desk.press.pages["/world"] = rss(passed, *[(f"w{n}", f"Walrus world {n}", NOON + HOUR) for n in range(9)])
    desk.watch("/sport")
    desk.poll()
    desk.watch("/world")

    desk.poll(2 * HOUR)

    assert desk.news() == []


def test_a_feed_that_is_still_watched_is_nobodys_past(desk: Desk) -> None:
    desk.press.pages["/a"] = rss(*reports(1, 5, NOON))
    desk.press.pages["/b"] = rss(*reports(3, 8, NOON))
    desk.watch("/a")
    desk.poll()
    desk.watch("/a", "/b")

    desk.poll(HOUR)

    assert desk.news() == []
    assert desk.known() == 11


def test_what_only_the_new_address_shows_of_old_is_baseline(desk: Desk) -> None:
    desk.press.pages["/short"] = rss(*reports(10, 12, NOON - HOUR))
    desk.watch("/short")
    desk.poll()
    desk.fail("/short", days=1)
    long = [(f"old{n}", f"Walrus of old {n}", NOON - 30 * DAY) for n in range(4)]
    desk.press.pages["/long"] = rss(("now", "Walrus today", desk.now), *reports(10, 12, NOON - HOUR), *long)
    desk.watch("/long")

    desk.poll(HOUR)

    assert desk.news() == ["Walrus today"]


def test_the_best_of_several_that_left_is_gone_on_from(desk: Desk) -> None:
    desk.press.pages["/one"] = rss(*reports(1, 3, NOON), *[(f"x{n}", f"Other {n}", NOON) for n in range(3)])
    desk.press.pages["/two"] = rss(*reports(1, 6, NOON))
    desk.watch("/one", "/two")
    desk.poll()
    desk.press.pages["/three"] = rss(*reports(2, 7, NOON))
    desk.watch("/three")

    desk.poll(HOUR)

    assert desk.news() == ["Walrus report 7"]
    assert f"goes on from {desk.press.url}/two" in desk.messages("/three")


def test_history_hits_and_health_go_on_under_the_new_address(desk: Desk) -> None:
    desk.press.pages["/a"] = rss(*reports(1, 5, NOON))
    desk.watch("/a")
    desk.poll()
    desk.fail("/a")
    desk.press.pages["/b"] = rss(*reports(2, 7, desk.now))
    desk.watch("/b")

    desk.poll(HOUR)

    with desk.database.read() as db:
        assert [feed.config.url for feed in load_feeds(db)] == [f"{desk.press.url}/b"]
        hits = find_hits(db).items
        outcomes = [poll.outcome for poll in load_polls(db, desk.get("/b").id)]
    assert {hit.stored.entry.feed_url for hit in hits} == {f"{desk.press.url}/b"}
    assert outcomes == ["read", "not-found", "not-found", "not-found", "read"]


def test_hits_of_a_feed_that_was_added_later_are_named_in_the_coverage(desk: Desk) -> None:
    desk.press.pages["/first"] = rss(("a", "Nothing", NOON))
    desk.press.pages["/second"] = rss(*[(f"s{n}", f"Walrus {n}", NOON) for n in range(3)])
    desk.watch("/first")
    desk.poll()
    with desk.database.read() as db:
        start = measure_coverage(db, NOON - DAY, NOON)
    desk.watch("/first", "/second")
    desk.poll(DAY)

    with desk.database.read() as db:
        known = measure_coverage(db, NOON + HOUR, desk.now)

    assert start.notes == ()
    assert known.notes == ("Post: 3 hits were there already when it was first read",)
    assert "new items read" in format_coverage(known)


def test_an_alert_goes_out_for_what_came_meanwhile_through_the_configuration(
    database: Database, press: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "config"
    folder.mkdir()

    def write(path: str) -> None:
        (folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": [f"{press.url}{path}"]}), "utf-8")

    settings = {"channels": {"files": {"kind": "file", "folder": "out"}}, "fetch": {"allow": ["127.0.0.0/8"]}}
    alerts = [{"name": "alerts", "schedule": "immediate", "channels": ["files"]}]
    (folder / "watcher.yaml").write_text(yaml.safe_dump(settings | {"digests": alerts}), "utf-8")
    (folder / "topics.yaml").write_text(yaml.safe_dump({"topics": [{"id": "walrus", "query": "walrus"}]}), "utf-8")
    desk = Desk(database, press)
    press.pages["/rss"] = rss(*reports(1, 6, NOON))
    write("/rss")
    app = App(load(folder, {}), database, {})
    app.sync(NOON)
    with database.write() as db:
        register_subscriptions(db, ["alerts"], NOON)
    desk.poll()
    desk.fail("/rss")
    press.pages["/feed"] = rss(*reports(4, 9, desk.now))
    write("/feed")
    app.reload()
    app.sync(desk.now)
    desk.poll(HOUR)

    composed = compose_due(database, app.press(), desk.now)

    assert sorted(_titles(composed)) == ["Walrus report 7", "Walrus report 8", "Walrus report 9"]


def _titles(composed: Sequence[object]) -> list[str]:
    lines = [line for digest in composed for section in digest.sections for line in section.stories]  # type: ignore[attr-defined]
    return [hit.title for line in lines for hit in (line.lead, *line.others)]
