"""The stored feeds follow the configuration."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from tests.moments import NOON
from watcher.model.feed import FeedConfig
from watcher.store.database import Database
from watcher.store.feeds.configuration import FeedSync, sync_feeds
from watcher.store.tables import feeds

HOUR = timedelta(hours=1)


def test_a_sync_adds_takes_back_and_drops_feeds_and_leaves_the_others_as_they_are(database: Database) -> None:
    a, b, c, d = (FeedConfig(url=f"https://{name}.example/feed") for name in "abcd")
    with database.write() as db:
        sync_feeds(db, [a, b, c], NOON, HOUR)
        assert sync_feeds(db, [b, c], NOON, HOUR) == FeedSync(dropped=(a.url,))
        db.execute(update(feeds).values(next_poll_at=NOON + HOUR))

        changed = sync_feeds(db, [d, replace(c, title="Harbour"), a], NOON, HOUR)

        assert changed == FeedSync(added=(d.url,), returned=(a.url,), dropped=(b.url,))
        due = select(feeds.c.url).where(feeds.c.next_poll_at == NOON).order_by(feeds.c.url)
        assert db.execute(due).scalars().all() == [a.url, c.url, d.url]
        assert sync_feeds(db, [d, replace(c, title="Harbour"), a], NOON, HOUR) == FeedSync()
