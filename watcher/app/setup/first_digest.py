"""The first digest, at once: every feed is read, what the topics found in the last days is offered, and it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from watcher.app.bootstrap import App
from watcher.app.pipeline import build_pipeline, build_poller, build_shards
from watcher.contract import setup as contract
from watcher.errors import WatcherError
from watcher.fetch import Fetcher
from watcher.pipeline.digests import compose_now
from watcher.pipeline.feed_claims import DUE_FEEDS
from watcher.pipeline.shard_loans import borrow_shards
from watcher.store.feeds.queries import load_feeds
from watcher.store.hits.offers import offer_first_hits

DEFAULT_DAYS = 3
MAX_DAYS = 30
READING_LIMIT = timedelta(seconds=90)
"""How long the first digest waits for slow feeds."""
_PAUSE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDigest:
    """How far a first digest is."""

    state: Literal["none", "reading", "composing", "sent", "failed"] = "none"
    feeds: int = 0
    feeds_read: int = 0
    hits: int = 0
    stories: int = 0
    digest_id: int | None = None
    fault: str | None = None


async def send_first_digest(
    app: App,
    fetcher: Fetcher,
    clock: Callable[[], datetime],
    digest: str | None,
    days: int,
    *,
    owner: str,
    report: Callable[[FirstDigest], None],
) -> FirstDigest:
    """Read every feed, and compose a digest of what was published in the last days; without `digest` it is read only.

    The messages wait in the outbox for the process that delivers. `owner` is the process for the leases of feeds.
    `report` is called with each step; a failure is reported, and not raised.
    """
    progress = FirstDigest(state="reading", feeds=len([feed for feed in app.settings.sources if feed.enabled]))
    report(progress)
    try:
        progress = await _read_feeds(app, fetcher, clock, owner, progress, report)
        if digest is None or not days:
            progress = replace(progress, state="none")
        else:
            report(progress := replace(progress, state="composing"))
            progress = await asyncio.to_thread(_compose, app, digest, days, clock(), progress)
    except WatcherError as error:
        progress = replace(progress, state="failed", fault=str(error))
    report(progress)
    return progress


def encode_first_digest(progress: FirstDigest) -> contract.FirstDigest:
    """Return how far a first digest is, as JSON."""
    return {
        "state": progress.state,
        "feeds": progress.feeds,
        "feeds_read": progress.feeds_read,
        "hits": progress.hits,
        "stories": progress.stories,
        "digest": progress.digest_id,
        "fault": progress.fault,
    }


async def _read_feeds(
    app: App,
    fetcher: Fetcher,
    clock: Callable[[], datetime],
    owner: str,
    progress: FirstDigest,
    report: Callable[[FirstDigest], None],
) -> FirstDigest:
    """Poll what nobody else polls, and wait until each feed was read once, or for READING_LIMIT."""
    shards = build_shards(app, fetcher, clock, owner=owner)
    pipeline = build_pipeline(app, fetcher, clock, owner=owner, shards=shards)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + READING_LIMIT.total_seconds()
    # What other processes may ask is theirs to poll, and is not waited for.
    async with (
        borrow_shards(app.database, shards, DUE_FEEDS, clock, patience=timedelta()),
        build_poller(app, pipeline, retry_writes_for=timedelta(seconds=10)) as poller,
    ):
        polling = asyncio.create_task(poller.run_once())
        while True:
            progress = replace(progress, feeds_read=await asyncio.to_thread(_count_read_feeds, app))
            report(progress)
            if progress.feeds_read >= progress.feeds or loop.time() >= deadline:
                break
            if polling.done():
                polling.result()  # a failure of the database ends the wait
            await asyncio.sleep(_PAUSE)
        polling.cancel()
    return progress


def _count_read_feeds(app: App) -> int:
    """Return how many feeds were asked at least once, whatever they answered."""
    configured = {source.url for source in app.settings.sources if source.enabled}
    with app.database.read() as db:
        feeds = load_feeds(db)
    return sum(feed.config.url in configured and feed.poll.polled_at is not None for feed in feeds)


def _compose(app: App, digest: str, days: int, now: datetime, progress: FirstDigest) -> FirstDigest:
    with app.database.write() as db:
        hits = offer_first_hits(db, now - timedelta(days=min(days, MAX_DAYS)))
    composed = compose_now(app.database, app.press(), digest, now)
    if composed is None:
        return replace(progress, state="failed", hits=hits, fault="this digest is being composed by another process")
    return replace(progress, state="sent", hits=hits, stories=composed.story_count, digest_id=composed.id)
