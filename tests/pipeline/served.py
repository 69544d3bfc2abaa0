"""One feed whose document a test writes, read and settled as a poll would, without a server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from html import escape

from sqlalchemy import select

from tests.moments import NOON
from tests.pipeline.polling import ingest_poll
from watcher.match import TopicMatcher, compile_topics
from watcher.model.feed import Feed, FeedConfig, Validators
from watcher.model.poll import Document, Modified
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.outcomes import parse_response
from watcher.store.database import Database
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.feeds.leases import claim_due_feeds
from watcher.store.feeds.queries import load_feed
from watcher.store.tables import entries, entry_versions

HOUR = timedelta(hours=1)
NO_TOPICS: TopicMatcher = compile_topics([])


@dataclass(frozen=True)
class News:
    """An item as a publisher writes it."""

    title: str
    guid: str | None = None
    link: str | None = None
    text: str = ""
    date: datetime | None = None

    def xml(self) -> str:
        parts = [f"<title>{escape(self.title)}</title><description>{escape(self.text)}</description>"]
        parts += [f"<guid isPermaLink='false'>{escape(self.guid)}</guid>"] if self.guid else []
        parts += [f"<link>{escape(self.link)}</link>"] if self.link else []
        parts += [f"<pubDate>{format_datetime(self.date)}</pubDate>"] if self.date else []
        return f"<item>{''.join(parts)}</item>"


class Served:
    """A feed and what is stored of it."""

    def __init__(self, database: Database, url: str = "https://post.example/feed") -> None:
        self.database = database
        self.url = url
        self.now = NOON
        self.repeated: list[bool] = []
        with database.write() as db:
            sync_feeds(db, [FeedConfig(url=url)], NOON, HOUR)

    def poll(self, *items: News, matcher: TopicMatcher = NO_TOPICS, status: int = 200) -> IngestResult:
        """Read a document of these items, an hour after the last."""
        self.now += HOUR
        return self.settle(self.body(items), matcher, status)

    def settle(self, body: bytes, matcher: TopicMatcher = NO_TOPICS, status: int = 200) -> IngestResult:
        document = Document(
            url=self.url,
            final_url=self.url,
            status=status,
            headers={},
            body=body,
            body_hash=sha256(body + str(self.now).encode()).digest(),
            validators=Validators(),
        )
        with self.database.write() as db:
            [held] = claim_due_feeds(db, self.now, limit=1, lease_for=HOUR, urls=[self.url])
            outcome = parse_response(held, document)
            assert isinstance(outcome, Modified)
            self.repeated = [item.repeated for item in outcome.parsed.items]
            return ingest_poll(db, held, outcome, matcher, self.now)

    @staticmethod
    def body(items: Iterable[News]) -> bytes:
        written = "".join(item.xml() for item in items)
        return f"<rss version='2.0'><channel><title>Post</title>{written}</channel></rss>".encode()

    @property
    def feed(self) -> Feed:
        with self.database.read() as db:
            return load_feed(db, self.url)

    @property
    def titles(self) -> list[str]:
        with self.database.read() as db:
            rows = db.execute(select(entries.c.title).where(entries.c.feed_id == self.feed.id).order_by(entries.c.id))
            return list(rows.scalars())

    @property
    def texts(self) -> set[tuple[str, str]]:
        """Name every headline with its text that is held, be it as an earlier version."""
        mine = entries.c.feed_id == self.feed.id
        with self.database.read() as db:
            now = db.execute(select(entries.c.title, entries.c.summary).where(mine)).all()
            earlier = select(entry_versions.c.title, entry_versions.c.summary)
            before = db.execute(earlier.join(entries, entries.c.id == entry_versions.c.entry_id).where(mine)).all()
        return {(row.title, row.summary) for row in (*now, *before)}
