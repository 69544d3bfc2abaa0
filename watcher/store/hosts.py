"""Hosts that several feeds share: who waits when one of them is told that it asks too much."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update

from watcher.model.poll import FailureKind
from watcher.store.engine import Db
from watcher.store.tables import feeds


def rest(db: Db, host: str, until: datetime) -> None:
    """Poll no feed of a host, nor of those below it, before a moment."""
    waiting = feeds.c.configured, feeds.c.next_poll_at < until, _of(host)
    db.execute(update(feeds).where(*waiting).values(next_poll_at=until))


def refused(db: Db, host: str, since: datetime) -> int:
    """Count the feeds of a host that have been told to wait since a moment."""
    told = feeds.c.error_kind == FailureKind.RATE_LIMITED.value, feeds.c.polled_at >= since, _of(host)
    return db.execute(select(func.count()).select_from(feeds).where(*told)).scalar_one()


def _of(host: str) -> ColumnElement[bool]:
    return or_(feeds.c.host == host, feeds.c.host.endswith(f".{host}", autoescape=True))
