"""Keeps the feeds in line with the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from watcher.model.feed import IDENTITY_VERSION, FeedConfig, FeedState
from watcher.store.database import Db
from watcher.store.feeds.mapping import format_feed_config, locate_feed
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
    configured = {source.url: source for source in sources}
    conceal_feeds(db, configured.values())
    absent, changed, dropped = dict(configured), {}, []
    columns = (feeds.c.url, feeds.c.source, feeds.c.configured, feeds.c.title, feeds.c.fetch_url)
    # Row by row, and only those are kept that are written: a daemon at rest would hold the memory of ten thousand.
    for row in db.execute(select(*columns)):
        source = absent.pop(row.url, None)
        if source is None:
            if row.configured:
                dropped.append(row.url)
        elif not row.configured or row.source != format_feed_config(source):
            changed[row.url] = row
    added = _add_feeds(db, list(absent.values()), now, interval)
    returned = _update_feeds(db, [(configured[url], changed[url]) for url in configured if url in changed], now)
    return FeedSync(added=added, returned=returned, dropped=_drop_feeds(db, dropped))


def _add_feeds(db: Db, sources: Sequence[FeedConfig], now: datetime, interval: timedelta) -> tuple[str, ...]:
    if sources:
        db.execute(insert(feeds), [_build_row(source, now, interval) for source in sources])
    return tuple(source.url for source in sources)


def _update_feeds(db: Db, changed: Sequence[tuple[FeedConfig, Any]], now: datetime) -> tuple[str, ...]:
    """Update the rows of feeds that are configured otherwise now; return the addresses of those that came back."""
    # A feed that comes back, or whose entry in feeds.yaml changed, is due at once: what it is asked with may differ.
    for source, row in changed:
        _update_row(db, source, row, now)
    return tuple(source.url for source, row in changed if not row.configured)


def _drop_feeds(db: Db, urls: Sequence[str]) -> tuple[str, ...]:
    for url in urls:
        db.execute(update(feeds).where(feeds.c.url == url).values(configured=False, lease_until=None))
    return tuple(urls)


def _build_row(source: FeedConfig, now: datetime, interval: timedelta) -> dict[str, Any]:
    return {
        "url": source.url,
        **locate_feed(source.url),
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
        at_home = locate_feed(source.url)
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
