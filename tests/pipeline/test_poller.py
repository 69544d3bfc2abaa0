"""A due feed, all the way to its hits, on real sockets and both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email.utils import format_datetime

from tests.moments import NOON
from tests.pipeline.polling import create_poller
from tests.store.filled import document, item
from tests.web_server import Reply, Server, rss
from watcher.fetch import Fetcher, FetchPolicy
from watcher.match import TopicMatcher, compile_topics, parse_query
from watcher.model.feed import FeedConfig, Validators
from watcher.model.poll import PollOutcome, Unchanged
from watcher.model.results import Filters
from watcher.model.topic import Topic
from watcher.pipeline.batch_writer import count_in_batch
from watcher.pipeline.checkpoints import Checkpoint, ignore_checkpoint
from watcher.pipeline.poll_summary import PollSummary
from watcher.schedule import PollLimits
from watcher.store.database import Database
from watcher.store.entries.queries import count_entries, load_entry_versions
from watcher.store.entries.search import search_entries
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.queries import load_feed
from watcher.store.hits.search import find_hits
from watcher.store.stories.queries import find_stories

HOUR = timedelta(hours=1)
EYES = compile_topics([Topic(id="eyes", name="Five Eyes", query='"five eyes"')])


def watch(database: Database, *urls: str) -> None:
    with database.write() as db:
        sync_feeds(db, [FeedConfig(url=url) for url in urls], NOON, timedelta(minutes=15))


def poll(
    database: Database, now: datetime, matcher: TopicMatcher = EYES, *, checkpoint: Checkpoint = ignore_checkpoint
) -> PollSummary:
    async def poll_due() -> PollSummary:
        policy = FetchPolicy(allow=("127.0.0.0/8",), spacing=timedelta(0), total=timedelta(seconds=10))
        async with Fetcher(policy) as fetcher:
            async with create_poller(database, fetcher, matcher, lambda: now, checkpoint=checkpoint) as poller:
                return await poller.run_once()

    return asyncio.run(poll_due())


def test_a_hit_is_stored_with_its_evidence(database: Database, press: Server) -> None:
    press.pages["/feed"] = Reply(rss(("1", "Old news|nothing"), ("2", "Ministers meet|The Five Eyes partners met.")))
    watch(database, f"{press.url}/feed")

    polled = poll(database, NOON)

    assert (polled.due, polled.fetched, polled.new, polled.hits) == (1, 1, 2, 1)
    with database.read() as db:
        [hit] = find_hits(db).items
    assert hit.stored.entry.item.title == "Ministers meet"
    assert hit.stored.baseline
    assert [(e.field, e.text) for e in hit.hit.evidence] == [("summary", "Five Eyes")]


def test_the_second_poll_of_the_same_document_adds_nothing(database: Database, press: Server) -> None:
    press.pages["/feed"] = Reply(rss(("1", "Five Eyes")))
    watch(database, f"{press.url}/feed")
    poll(database, NOON)

    polled = poll(database, NOON + HOUR)

    assert (polled.unchanged, polled.new, polled.hits) == (1, 0, 0)
    with database.read() as db:
        assert count_entries(db) == 1


def test_validators_go_back_as_they_came(database: Database, press: Server) -> None:
    press.pages["/feed"] = Reply(rss(("1", "a")), headers={"ETag": 'W/"odd-gzip', "Last-Modified": "yesterday"})
    watch(database, f"{press.url}/feed")
    poll(database, NOON)
    press.pages["/feed"] = Reply(status=304)

    polled = poll(database, NOON + HOUR)

    assert press.asked[-1][1]["if-none-match"] == 'W/"odd-gzip'
    assert press.asked[-1][1]["if-modified-since"] == "yesterday"
    assert polled.unchanged == 1


def test_a_failing_feed_disturbs_no_other_and_says_what_is_wrong(database: Database, press: Server) -> None:
    press.pages["/good"] = Reply(rss(("1", "Five Eyes")))
    press.pages["/html"] = Reply(b"<!doctype html><html><body>Sorry</body></html>")
    press.pages["/down"] = Reply(status=503)
    watch(database, *(f"{press.url}/{name}" for name in ("good", "html", "down", "absent")))

    polled = poll(database, NOON)

    assert (polled.fetched, polled.failed, polled.hits) == (1, 3, 1)
    kinds = {url.rsplit("/", 1)[1]: kind.value for url, kind, _message in polled.failures}
    assert kinds == {"html": "html", "down": "http", "absent": "not-found"}
    with database.read() as db:
        assert load_feed(db, f"{press.url}/html").poll.failures == 1


def test_an_edited_item_is_a_version_of_one_entry(database: Database, press: Server) -> None:
    press.pages["/feed"] = Reply(rss(("1", "Ministers meet")))
    watch(database, f"{press.url}/feed")
    poll(database, NOON)
    press.pages["/feed"] = Reply(rss(("1", "Five Eyes ministers meet")))

    polled = poll(database, NOON + HOUR)

    assert (polled.new, polled.updated, polled.hits) == (0, 1, 1)
    with database.read() as db:
        [hit] = find_hits(db).items
        assert hit.stored.version == 2
        assert [version["title"] for version in load_entry_versions(db, hit.stored.id)] == ["Ministers meet"]
        assert search_entries(db, parse_query("eyes")).items[0].stored.id == hit.stored.id


def test_a_document_that_shares_nothing_with_the_last_one_is_a_gap(database: Database, press: Server) -> None:
    press.pages["/feed"] = Reply(rss(("1", "one"), ("2", "two")))
    watch(database, f"{press.url}/feed")
    poll(database, NOON)
    press.pages["/feed"] = Reply(rss(("8", "eight"), ("9", "nine")))

    polled = poll(database, NOON + HOUR)

    assert polled.lost >= 1
    with database.read() as db:
        feed = load_feed(db, f"{press.url}/feed")
    assert feed.stats.gaps == 1
    assert feed.poll.interval == PollLimits().minimum


def test_guids_that_all_change_bring_no_news(database: Database, press: Server) -> None:
    press.pages["/feed"] = Reply(rss(*((str(n), f"Five Eyes {n}") for n in range(6))))
    watch(database, f"{press.url}/feed")
    poll(database, NOON)
    body = rss(*((str(n), f"Five Eyes {n}") for n in range(6)))
    press.pages["/feed"] = Reply(body.replace(b"'false'>", b"'false'>renamed-"))

    polled = poll(database, NOON + HOUR)

    assert (polled.new, polled.hits, polled.lost) == (0, 0, 0)
    assert poll(database, NOON + 2 * HOUR).new == 0


def test_copies_in_several_outlets_are_one_story(database: Database, press: Server) -> None:
    said = (
        "Five Eyes partners weigh limits on what they share with Washington|Officials are reviewing what they pass on."
    )
    press.pages["/a"] = Reply(rss(("1", said)))
    press.pages["/b"] = Reply(rss(("2", said)))
    press.pages["/c"] = Reply(
        rss(("3", "Five Eyes of a potato sold at auction|A farmer in the north was amazed today."))
    )
    watch(database, *(f"{press.url}/{name}" for name in "abc"))

    poll(database, NOON)

    with database.read() as db:
        told = find_stories(db).items
    assert sorted(story.size for story in told) == [1, 2]
    assert sum(report.copy for story in told for report in story.reports) == 1


def test_a_report_is_a_copy_also_when_its_original_is_polled_after_it(database: Database, press: Server) -> None:
    text = (
        "Five Eyes partners weigh limits on what they share with Washington|Officials are reviewing what they pass on."
    )
    original, reprint = (
        rss((guid, text)).replace(
            b"<item>", f"<item><pubDate>{format_datetime(NOON - hours * HOUR)}</pubDate>".encode()
        )
        for guid, hours in (("1", 3), ("2", 1))
    )
    press.pages["/original"], press.pages["/reprint"] = Reply(rss()), Reply(reprint)
    watch(database, f"{press.url}/original", f"{press.url}/reprint")
    poll(database, NOON)
    press.pages["/original"] = Reply(original)

    poll(database, NOON + 2 * HOUR)

    with database.read() as db:
        [story] = find_stories(db).items
    copies = {report.url.rsplit("/", 1)[1]: report.copy for report in story.reports}
    assert copies == {"1": False, "2": True}


def test_a_claim_that_was_lost_stores_nothing(database: Database, press: Server) -> None:
    press.pages["/feed"] = Reply(rss(("1", "Five Eyes")))
    watch(database, f"{press.url}/feed")

    def overtaken(_headers: dict[str, str]) -> Reply:
        with database.write() as db:
            claim_due_feeds(db, NOON + HOUR, limit=1, lease_for=HOUR, owner="somebody else")
        return Reply(rss(("1", "Five Eyes")))

    press.pages["/feed"] = overtaken

    polled = poll(database, NOON)

    assert (polled.new, polled.hits) == (0, 0)
    with database.read() as db:
        assert count_entries(db) == 0


def test_filters_and_pages_reach_every_hit_once(database: Database, press: Server) -> None:
    press.pages["/feed"] = Reply(rss(*((str(n), f"Five Eyes report number {n}") for n in range(25))))
    watch(database, f"{press.url}/feed")
    poll(database, NOON)

    seen: list[int] = []
    cursor = None
    with database.read() as db:
        while True:
            page = find_hits(db, Filters(topics=("eyes",)), limit=10, cursor=cursor)
            seen += [hit.id for hit in page.items]
            if (cursor := page.next_cursor) is None:
                break
        found = search_entries(db, parse_query("number")).items

    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)
    assert len(found) == 25


def test_a_flood_goes_into_several_transactions_and_what_is_known_unread_does_not_count() -> None:
    def read(count: int, *, known: bool = False) -> PollOutcome:
        return document("https://flood.example/feed", [item(n, "Tides", repeated=known) for n in range(count)])

    quiet = Unchanged(by="304", validators=Validators())

    assert count_in_batch([read(200)] * 5) == 2
    assert count_in_batch([quiet, read(200), quiet, read(200), quiet, read(200)]) == 5
    assert count_in_batch([read(3_000), quiet]) == 1
    assert count_in_batch([read(3_000, known=True), read(400)]) == 2
    assert count_in_batch([quiet] * 40) == 40
