"""A small archive to tell of, and a press to tell it with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import insert, select

from tests.moments import NOON
from watcher.channels import CHANNELS
from watcher.channels.base import SenderContext
from watcher.channels.senders import Senders
from watcher.digest.links import Links
from watcher.model.digest import Channel, Coverage, Subscription
from watcher.model.feed import FeedConfig
from watcher.model.topic import Evidence, Hit, Origin, Topic
from watcher.pipeline.digests import DigestContext
from watcher.store.database import Database, Db
from watcher.store.entries.key_hashes import hash_key
from watcher.store.feeds.configuration import sync_feeds
from watcher.store.hits.commands import upsert_hits
from watcher.store.hits.queries import load_hits_of_entries
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds as feed_table

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TOPICS = (Topic(id="eyes", name="Five Eyes", query='"five eyes"'), Topic(id="grid", name="Grid", query="grid"))
FULL = Coverage(feeds=1, fresh=1, entries=3)


def found(
    database: Database,
    *titles: str,
    at: datetime = NOON,
    topic: str = "eyes",
    story: int | None = None,
    origin: Origin = Origin.LIVE,
    baseline: bool = False,
    outlet: str = "Northern Post",
) -> tuple[int, ...]:
    """Store entries and a hit for each; gives the hits' ids."""
    with database.write() as db:
        feed_id = _feed(db, outlet)
        return tuple(_hit(db, feed_id, title, at, topic, story, origin, baseline) for title in titles)


def _feed(db: Db, outlet: str) -> int:
    url = f"https://{outlet.lower().replace(' ', '-')}.example/feed"
    known = db.execute(select(feed_table.c.id).where(feed_table.c.url == url)).scalar()
    if known is None:
        sync_feeds(db, [FeedConfig(url=url, title=outlet)], NOON - timedelta(days=30), timedelta(minutes=15))
        known = db.execute(select(feed_table.c.id).where(feed_table.c.url == url)).scalar_one()
    return int(known)


def _hit(
    db: Db, feed_id: int, title: str, at: datetime, topic: str, story: int | None, origin: Origin, baseline: bool
) -> int:
    key = f"{title}-{at.timestamp()}"
    added = insert(entry_table).values(
        feed_id=feed_id,
        key=key,
        key_mark=hash_key(key),
        url=f"https://news.example/{abs(hash(title)) % 10**9}",
        title=title,
        summary=f"What is known of it: {title}.",
        first_seen_at=at,
        content_hash=b"hash",
        story_id=story,
        baseline=baseline,
    )
    entry_id = int(db.execute(added.returning(entry_table.c.id)).scalar_one())
    evidence = (Evidence(field="title", start=0, end=4, text=title[:4], clause="first words"),)
    hit = Hit(
        topic_id=topic,
        topic_version="v1",
        entry_id=entry_id,
        evidence=evidence,
        score=0.5,
        matched_at=at,
        origin=origin,
    )
    upsert_hits(db, [hit])
    return load_hits_of_entries(db, [entry_id])[-1].id


def daily(**how: object) -> Subscription:
    given: dict[str, object] = {"name": "daily", "schedule": "0 7 * * *", "channels": ("files",), "title": "The day"}
    return Subscription(**(given | how))  # type: ignore[arg-type]


def alerts(**how: object) -> Subscription:
    given: dict[str, object] = {"name": "alerts", "schedule": "immediate", "channels": ("files",)}
    return Subscription(**(given | how))  # type: ignore[arg-type]


def channel(name: str, kind: str, *recipients: str, **options: object) -> Channel:
    """Make a channel; its recipients are those that its options name where none are given."""
    model = CHANNELS[kind].options_model(**options)
    return Channel(name=name, kind=kind, recipients=recipients or model.recipients, options=model)


def senders(http: httpx.AsyncClient, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Senders:
    """Make senders that leave no time between two messages; receivers compare `clock` with their own."""
    return Senders(SenderContext(http=http, clock=clock, message_spacing=timedelta()))


def files(folder: Path | str = "digests") -> Channel:
    return channel("files", "file", "digests", folder=str(folder), formats=("html", "text"))


def mail(port: int, *to: str, **options: object) -> Channel:
    given: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "News watcher <watcher@desk.example>",
        "timeout": timedelta(seconds=2),
    }
    return channel("mail", "email", to=to or ("a@desk.example",), **(given | options))


def press(
    subscriptions: Iterable[Subscription], channels: Iterable[Channel] = (), coverage: Coverage = FULL
) -> DigestContext:
    return DigestContext(
        subscriptions=tuple(subscriptions),
        channels={channel.name: channel for channel in (channels or (files(),))},
        topics=TOPICS,
        coverage_of=lambda _db, _since, _until: coverage,
        links=Links(base_url="https://watch.example"),
    )
