"""Back-off of hosts that several feeds share, and what earlier versions kept of turns at them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, func, or_, select, update

from watcher.model.poll import FailureKind
from watcher.store.database import Db
from watcher.store.tables import feeds, hosts


def defer_host(db: Db, host: str, until: datetime) -> None:
    """Poll no feed of a host, nor of those below it, before a moment."""
    # What somebody is settling just now is left to them: two who waited for each other's feeds would wait for ever.
    waiting = select(feeds.c.id).where(feeds.c.configured, feeds.c.next_poll_at < until, _of(host))
    chosen = waiting.with_for_update(skip_locked=True).scalar_subquery()
    db.execute(update(feeds).where(feeds.c.id.in_(chosen)).values(next_poll_at=until))


def count_rate_limited_feeds(db: Db, host: str, since: datetime) -> int:
    """Count the feeds of a host that were rate limited since a moment."""
    is_limited = feeds.c.error_kind == FailureKind.RATE_LIMITED.value, feeds.c.polled_at >= since, _of(host)
    return db.execute(select(func.count()).select_from(feeds).where(*is_limited)).scalar_one()


def is_any_host_resting(db: Db, since: datetime) -> bool:
    """Return whether turns at a host that an earlier version took last beyond a moment."""
    return db.execute(select(hosts.c.host).where(hosts.c.next_allowed_at > since).limit(1)).first() is not None


def delete_idle_hosts(db: Db, before: datetime) -> int:
    """Drop the turns at hosts that an earlier version kept, once they are over; return how many."""
    done: CursorResult[Any] = db.execute(delete(hosts).where(hosts.c.next_allowed_at < before))
    return done.rowcount


def _of(host: str) -> ColumnElement[bool]:
    return or_(feeds.c.host == host, feeds.c.host.endswith(f".{host}", autoescape=True))
