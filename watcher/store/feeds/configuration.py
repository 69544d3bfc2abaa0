"""Keeps the feeds in line with the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from watcher.model.feed import IDENTITY_VERSION, FeedConfig, FeedState
from watcher.store.database import Db
from watcher.store.feeds.mapping import (
    format_feed_config,
    parse_host,
)
from watcher.store.feeds.privacy import conceal_feeds
from watcher.store.sql.dialect import acquire_lock
from watcher.store.system.clock_faults import reschedule_feeds
from watcher.store.tables import feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSync:
    """What a configuration changed: addresses now watched for the first time, again, and no longer."""

    added: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def sync_feeds(db: Db, sources: Iterable[FeedConfig], now: datetime, interval: timedelta) -> FeedSync:
    """Sync the feeds with the configuration: new ones are due at once, absent ones rest and keep their entries."""
    acquire_lock(db, "feeds")
    reschedule_feeds(db, now)
    wanted = {source.url: source for source in sources}
    conceal_feeds(db, wanted.values())
    columns = (feeds.c.url, feeds.c.source, feeds.c.configured, feeds.c.title, feeds.c.fetch_url)
    known = {row.url: row for row in db.execute(select(*columns))}
    added = [_build_row(source, now, interval) for url, source in wanted.items() if url not in known]
    if added:
        db.execute(insert(feeds), added)
    # A feed that comes back, or whose entry in feeds.yaml changed, is due at once: what it is asked with may differ.
    changed = [
        (source, known[url])
        for url, source in wanted.items()
        if url in known and not (known[url].configured and known[url].source == format_feed_config(source))
    ]
    for source, row in changed:
        _update_row(db, source, row, now)
    removed = [url for url, row in known.items() if row.configured and url not in wanted]
    for url in removed:
        db.execute(update(feeds).where(feeds.c.url == url).values(configured=False, lease_until=None))
    return FeedSync(
        added=tuple(str(row["url"]) for row in added),
        returned=tuple(source.url for source, row in changed if not row.configured),
        dropped=tuple(removed),
    )


def _build_row(source: FeedConfig, now: datetime, interval: timedelta) -> dict[str, Any]:
    return {
        "url": source.url,
        "fetch_url": source.url,
        "host": parse_host(source.url),
        "configured": True,
        "source": format_feed_config(source),
        "name": source.title or source.url,
        "state": _resting_state(source),
        "next_poll_at": now,
        "interval": source.interval or interval,
        "identity_version": IDENTITY_VERSION,
    }


def _update_row(db: Db, source: FeedConfig, row: Any, now: datetime) -> None:
    this = feeds.c.url == source.url
    if source.private and row.fetch_url != source.url:
        # It moved while everybody could read it; what it is asked with now belongs to its configured address.
        at_home = {"fetch_url": source.url, "host": parse_host(source.url)}
        db.execute(
            update(feeds).where(this).values(**at_home, move_url=None, move_first_seen_at=None, move_sightings=0)
        )
    db.execute(
        update(feeds)
        .where(this)
        .values(
            source=format_feed_config(source),
            name=source.title or row.title or source.url,
            configured=True,
            state=_resting_state(source),
            next_poll_at=now,
        )
    )


def _resting_state(source: FeedConfig) -> str:
    return (FeedState.ACTIVE if source.enabled else FeedState.PAUSED).value
