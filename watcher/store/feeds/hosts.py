"""Per-host back-off and request slots, for hosts that several feeds share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, func, or_, select, update

from watcher.model.feed import Feed
from watcher.model.poll import FailureKind
from watcher.store.database import Db
from watcher.store.feeds.mapping import parse_host
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import feeds, hosts

MAX_RESERVATION = timedelta(hours=6)
"""Nobody takes turns further ahead than this."""


def get_feed_host(feed: Feed) -> str:
    """Name the host that a feed is fetched from."""
    return parse_host(feed.fetch_url)


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


def reserve_host_slots(db: Db, wanted: Mapping[str, int], now: datetime, spacing: timedelta) -> Mapping[str, datetime]:
    """Take so many turns at each host, `spacing` apart; return the moment of the first at each.

    Turns that are taken next, in whichever process, come after them.
    """
    if not wanted:
        return {}
    # In one order for everybody, so that two who want the same hosts wait for each other and never crosswise.
    names = sorted(wanted)
    new = [{"host": name, "next_allowed_at": now} for name in names]
    db.execute(get_dialect(db).insert_or_ignore(hosts), new)
    rows = db.execute(select(hosts).where(hosts.c.host.in_(names)).order_by(hosts.c.host).with_for_update())
    # Turns that are taken further ahead than any could be were taken under a wrong clock.
    first = {
        row.host: max(now, row.next_allowed_at) if row.next_allowed_at < now + MAX_RESERVATION else now for row in rows
    }
    moved = update(hosts).where(hosts.c.host == bindparam("name")).values(next_allowed_at=bindparam("until"))
    db.execute(moved, [{"name": name, "until": first[name] + wanted[name] * spacing} for name in names])
    return first


def delete_idle_hosts(db: Db, before: datetime) -> int:
    """Drop hosts that were free again before a moment; return how many."""
    done: CursorResult[Any] = db.execute(delete(hosts).where(hosts.c.next_allowed_at < before))
    return done.rowcount


def _of(host: str) -> ColumnElement[bool]:
    return or_(feeds.c.host == host, feeds.c.host.endswith(f".{host}", autoescape=True))
