"""Changes of feeds: what polls taught, and what a person asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, bindparam, update

from watcher.errors import NotFoundError
from watcher.model.feed import Feed, FeedState
from watcher.model.poll import FailureKind
from watcher.store.database import Db
from watcher.store.feeds.mapping import (
    changed_columns,
)
from watcher.store.sql.bulk import any_of, bulk_update
from watcher.store.sql.types import IDS, TEXTS
from watcher.store.tables import feeds
from watcher.text.redact import redact_url

_UNASKED: dict[str, Any] = {
    "etag": None,
    "last_modified": None,
    "validators_url": None,
    "body_hash": None,
    "conditional": True,
}


def clear_item_marks(db: Db, feed_ids: Iterable[int]) -> None:
    """Forget how the items of some feeds stood: entries of them are pruned, and those are to be looked up."""
    some = any_of(feeds.c.id, bindparam("ids", type_=IDS))
    db.execute(update(feeds).where(some).values(item_marks=None), {"ids": tuple(feed_ids)})


def save_polled_feeds(db: Db, learnt: Iterable[tuple[Feed, Feed]]) -> None:
    """Store what polls taught, each feed as it was and as it is, and end the leases; nothing of those that were lost.

    One statement for all that changed alike.
    """
    alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for before, after in learnt:
        row = {"id": after.id, "lease": after.lease} | changed_columns(before, after)
        alike[tuple(row)].append(row)
    for rows in alike.values():
        bulk_update(db, feeds, ("id", "lease"), rows, cleared=("lease_until", "lease_by"))


def schedule_feeds_now(db: Db, urls: Iterable[str], now: datetime, *, kind: FailureKind | None = None) -> None:
    """Poll some feeds at once, unless they are paused: what they are asked with has changed.

    With a `kind` only those that fail so.
    """
    due = [any_of(feeds.c.url, bindparam("urls", type_=TEXTS)), feeds.c.state != FeedState.PAUSED.value]
    if kind is not None:
        due += [feeds.c.failures > 0, feeds.c.error_kind == kind.value]
    changed = update(feeds).where(*due).values(state=FeedState.ACTIVE.value, next_poll_at=now)
    db.execute(changed, {"urls": tuple(urls)})


def resume_feed(db: Db, url: str, now: datetime) -> None:
    """Poll a gone or backed-off feed again from now on, its failures forgotten; raises NotFoundError.

    It is asked for all that it has, as if for the first time: validators may be what its server stumbles over.
    """
    done: CursorResult[Any] = db.execute(
        update(feeds)
        .where(feeds.c.url == url)
        .values(state=FeedState.ACTIVE.value, next_poll_at=now, failures=0, failing_since=None, **_UNASKED)
    )
    if done.rowcount == 0:
        raise NotFoundError("feed", redact_url(url))
