"""Feeds that left the configuration, and the feed that goes on in the row of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from watcher.model.feed import Feed, FeedState, PushState, Validators
from watcher.store.database import Db
from watcher.store.feeds.mapping import format_feed_config, locate_feed, read_feed_row
from watcher.store.tables import feeds, polls

SUCCESSION_PERIOD = timedelta(days=90)
"""A feed that has not been polled for longer has left for other reasons than a wrong address."""
MAX_REMOVED_FEEDS = 50


def list_removed_feeds(db: Db, now: datetime) -> Sequence[Feed]:
    """Return the feeds that were read and left the configuration lately, the last one first."""
    rows = db.execute(
        select(feeds)
        .where(~feeds.c.configured, feeds.c.baseline_at.is_not(None), feeds.c.polled_at > now - SUCCESSION_PERIOD)
        .order_by(feeds.c.polled_at.desc(), feeds.c.id.desc())
        .limit(MAX_REMOVED_FEEDS)
    )
    return tuple(read_feed_row(row) for row in rows)


def continue_feed(db: Db, added: Feed, left: Feed, now: datetime) -> Feed | None:
    """Continue an added feed in the row of a removed one, with everything known of it; return the resulting feed.

    Its entries, hits and history stay where they are; the added feed's own row, which has no entries yet, goes. A new
    lease keeps a poll of the former address, if one is under way, from settling here. None where somebody else was
    quicker.
    """
    row = db.execute(select(feeds).where(feeds.c.id == left.id, ~feeds.c.configured).with_for_update()).first()
    if row is None:
        return None
    former = read_feed_row(row)
    heir = replace(
        former,
        config=added.config,
        fetch_url=added.fetch_url,
        state=added.state if added.state is FeedState.PAUSED else FeedState.ACTIVE,
        poll=replace(
            former.poll,
            validators=Validators(),
            body_hash=None,
            next_poll_at=added.poll.next_poll_at,
            failures=0,
            failing_since=None,
            error_kind=None,
            error=None,
            move=None,
        ),
        push=PushState(),
        lease=former.lease + 1,
    )
    db.execute(update(polls).where(polls.c.feed_id == added.id).values(feed_id=heir.id))
    db.execute(delete(feeds).where(feeds.c.id == added.id))
    db.execute(
        update(feeds)
        .where(feeds.c.id == heir.id)
        .values(
            url=heir.config.url,
            source=format_feed_config(heir.config),
            name=heir.name,
            configured=True,
            **locate_feed(heir.fetch_url),
            state=heir.state.value,
            etag=None,
            last_modified=None,
            validators_url=None,
            body_hash=None,
            failures=0,
            failing_since=None,
            error_kind=None,
            error=None,
            move_url=None,
            hub=None,
            topic_url=None,
            pushed_at=None,
            lease=heir.lease,
            lease_until=now + timedelta(minutes=1),
        )
    )
    return heir
