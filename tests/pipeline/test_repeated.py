"""Items that stand in a document as they stood in the last one are known unread, and nothing is missed for that."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from tests.feed_builder import change_feed
from tests.moments import NOON
from tests.pipeline.polling import ingest_poll
from watcher.match import TopicMatcher, compile_topics
from watcher.model.feed import FeedConfig, Validators
from watcher.model.poll import Document, Modified
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.outcomes import parse_response
from watcher.store.database import Database
from watcher.store.database.pruning import Retention, prune_database
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds, filter_held_feeds

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
URL = "https://post.example/feed"
NO_TOPICS: TopicMatcher = compile_topics([])


def rss(*items: tuple[str, str, str]) -> bytes:
    written = "".join(
        f"<item><guid>{guid}</guid><title>{title}</title><description>{text}</description></item>"
        for guid, title, text in items
    )
    return f"<rss version='2.0'><channel><title>Post</title>{written}</channel></rss>".encode()


class Polls:
    """One feed that is polled again and again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOON
        with database.write() as db:
            sync_feeds(db, [FeedConfig(url=URL)], NOON, HOUR)

    def read(self, *items: tuple[str, str, str]) -> IngestResult:
        self.now += HOUR
        body = rss(*items)
        document = Document(
            url=URL,
            final_url=URL,
            status=200,
            headers={},
            body=body,
            body_hash=sha256(body).digest(),
            validators=Validators(),
        )
        with self.database.write() as db:
            [held] = claim_due_feeds(db, self.now, limit=1, lease_for=HOUR, urls=[URL])
            outcome = parse_response(held, document)
            assert isinstance(outcome, Modified)
            self.repeated = [item.repeated for item in outcome.parsed.items]
            return ingest_poll(db, held, outcome, NO_TOPICS, self.now)


A, B, C = ("a", "Harbour closed", "All day."), ("b", "Bridge open", "Since noon."), ("c", "Fog", "In the west.")


@pytest.fixture
def polls(database: Database) -> Polls:
    return Polls(database)


def test_what_stands_as_it_stood_is_not_read_again(polls: Polls) -> None:
    polls.read(A, B)

    again = polls.read(C, A, B)

    assert polls.repeated == [False, True, True]
    assert [stored.entry.item.title for stored in again.new] == ["Fog"]
    assert (again.seen, len(again.edited), again.lost) == (3, 0, 0)


def test_an_item_that_says_something_else_is_read_and_is_an_edit(polls: Polls) -> None:
    polls.read(A, B)
    polls.read(C, A, B)

    edited = polls.read(C, (A[0], A[1], "Until further notice."), B).edited

    assert polls.repeated == [True, False, True]
    assert [(stored.entry.item.summary, stored.version) for stored in edited] == [("Until further notice.", 2)]


def test_a_new_item_with_the_headline_of_one_that_is_still_listed_is_news(polls: Polls) -> None:
    polls.read(A, B)

    again = polls.read(("other", A[1], "A second time."), A, B)

    assert polls.repeated == [False, True, True]
    assert [stored.entry.key for stored in again.new] == ["guid:other"]


def test_an_item_that_left_and_came_back_is_known(polls: Polls) -> None:
    polls.read(A, B)
    polls.read(C, B)

    again = polls.read(C, A, B)

    assert polls.repeated == [True, False, True]
    assert (len(again.new), len(again.edited)) == (0, 0)


def test_what_is_pruned_is_looked_up_as_long_as_it_is_listed(polls: Polls) -> None:
    polls.read(A, B)
    prune_database(polls.database, Retention(entries=DAY, hits=DAY), polls.now + 2 * DAY)
    polls.now += 2 * DAY

    after = polls.read(C, A, B)
    later = polls.read((C[0], C[1], "In the east."), A, B)

    assert [stored.entry.item.title for stored in after.new] == ["Fog"]
    assert polls.repeated == [False, False, False]
    assert (len(later.new), len(later.edited)) == (0, 1)


def test_what_was_pruned_while_a_poll_was_under_way_is_not_known_by_its_mark(polls: Polls) -> None:
    polls.read(A, B)
    with polls.database.write() as db:
        [held] = claim_due_feeds(db, polls.now + 2 * DAY, limit=1, lease_for=HOUR, urls=[URL])
    assert held.document.item_marks
    prune_database(polls.database, Retention(entries=DAY, hits=DAY), polls.now + 2 * DAY)

    with polls.database.write() as db:
        [now] = filter_held_feeds(db, [held]).values()

    assert now == change_feed(held, item_marks=frozenset())
