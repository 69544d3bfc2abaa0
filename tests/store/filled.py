"""Puts entries into a database the way a poll would, without a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.moments import NOON
from tests.pipeline.polling import ingest_poll
from watcher.match import TopicMatcher, compile_topics
from watcher.model.entry import Item, StoredEntry
from watcher.model.feed import FeedConfig, Validators
from watcher.model.poll import Document, Modified, ParsedFeed, PollingHints
from watcher.model.topic import Topic
from watcher.pipeline.ingest_result import IngestResult
from watcher.store.database import Database
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.queries import load_feeds

FEED = "https://harbour.example/feed.xml"
NOTHING = compile_topics([])


def topics(**queries: str) -> TopicMatcher:
    return compile_topics([Topic(id=id_, name=id_, query=query) for id_, query in queries.items()])


def item(number: int, title: str, summary: str = "", **more: object) -> Item:
    return Item(guid=f"g{number}", url=f"https://harbour.example/{number}", title=title, summary=summary, **more)  # type: ignore[arg-type]


def document(url: str, items: Sequence[Item]) -> Modified:
    return Modified(
        document=Document(
            url=url,
            final_url=url,
            status=200,
            headers={},
            body=b"x",
            body_hash=repr(items).encode(),
            validators=Validators(),
        ),
        parsed=ParsedFeed(items=tuple(items), title="The Harbour Post"),
        hints=PollingHints(),
    )


def bring(
    database: Database,
    items: Sequence[Item],
    *,
    now: datetime = NOON,
    matcher: TopicMatcher = NOTHING,
    feed: str = FEED,
    title: str = "",
) -> IngestResult:
    """Settle a document of these items for a feed, as a poll at `now` would."""
    with database.write() as db:
        known = {known_feed.config for known_feed in load_feeds(db)}
        if feed not in {source.url for source in known}:
            sync_feeds(db, [*known, FeedConfig(url=feed, title=title)], now, timedelta(minutes=15))
        [claimed] = claim_due_feeds(db, now, limit=1, lease_for=timedelta(minutes=1), urls=[feed])
        return ingest_poll(db, claimed, document(feed, items), matcher, now)


def stored(settled: IngestResult) -> list[StoredEntry]:
    return list(settled.new)
