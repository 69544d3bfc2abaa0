"""Stores subscriptions at hubs, lists the feeds that want one, and resumes polling once pushes come no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, RowMapping, Select, delete, insert, select, update

from watcher.model.feed import FeedState
from watcher.model.websub import NewWebSubSubscription, WebSubState, WebSubSubscription
from watcher.store.database import Db
from watcher.store.tables import callbacks, feeds


def list_hubs_by_feed(db: Db) -> Mapping[int, tuple[str, str]]:
    """Return hub and topic of feeds that name them, by feed id; a feed's first poll comes before its first push."""
    chosen = select(feeds.c.id, feeds.c.hub, feeds.c.topic_url).where(
        feeds.c.configured,
        feeds.c.state.not_in((FeedState.GONE.value, FeedState.PAUSED.value)),
        feeds.c.hub.is_not(None),
        feeds.c.topic_url.is_not(None),
        # A topic that would hold a secret is stored without it, and no hub knows it so.
        feeds.c.topic_url.not_like("%***%"),
        feeds.c.topic_url.not_like("%${%"),
        feeds.c.baseline_at.is_not(None),
    )
    return {row.id: (row.hub, row.topic_url) for row in db.execute(chosen)}


def list_websub_subscriptions(db: Db) -> tuple[WebSubSubscription, ...]:
    """Return all subscriptions."""
    return tuple(_read(row) for row in db.execute(_whole().order_by(callbacks.c.id)).mappings())


def find_websub_subscription(db: Db, token: str) -> WebSubSubscription | None:
    """Return the subscription with a token; None where there is none."""
    row = db.execute(_whole().where(callbacks.c.token == token)).mappings().first()
    return None if row is None else _read(row)


def list_due_websub_subscriptions(db: Db, now: datetime, limit: int) -> tuple[WebSubSubscription, ...]:
    """Return subscriptions whose hub is to be asked something, the longest overdue first."""
    chosen = _whole().where(callbacks.c.next_try_at <= now).order_by(callbacks.c.next_try_at, callbacks.c.id)
    return tuple(_read(row) for row in db.execute(chosen.limit(limit)).mappings())


def claim_websub_subscription(db: Db, subscription: WebSubSubscription, until: datetime) -> bool:
    """Claim a due subscription for asking its hub, once more not before `until`; False where it is claimed already."""
    mine = callbacks.c.token == subscription.token, callbacks.c.next_try_at == subscription.next_try_at
    done: CursorResult[Any] = db.execute(
        update(callbacks).where(*mine).values(next_try_at=until, failures=callbacks.c.failures + 1)
    )
    return done.rowcount == 1


def add_websub_subscription(db: Db, new: NewWebSubSubscription) -> None:
    """Store a new subscription, which its hub has yet to be asked for."""
    db.execute(insert(callbacks).values(**asdict(new), state=WebSubState.ASKED.value))


def update_websub_subscription(db: Db, subscription: WebSubSubscription) -> None:
    """Store what became of a subscription."""
    db.execute(update(callbacks).where(callbacks.c.token == subscription.token).values(**_write(subscription)))


def record_websub_error(db: Db, subscription: WebSubSubscription, error: str) -> None:
    """Store why a hub refused."""
    db.execute(update(callbacks).where(callbacks.c.token == subscription.token).values(error=error[:300]))


def delete_websub_subscription(db: Db, subscription: WebSubSubscription) -> None:
    """Delete a subscription; what its hub still sends is answered with 404."""
    db.execute(delete(callbacks).where(callbacks.c.token == subscription.token))


def stop_push(db: Db, feed_id: int, now: datetime) -> None:
    """Poll a feed at its own rhythm again, from now on, since pushes come no more."""
    pushed = feeds.c.id == feed_id, feeds.c.pushed_at.is_not(None)
    db.execute(update(feeds).where(*pushed, feeds.c.next_poll_at > now).values(next_poll_at=now))
    db.execute(update(feeds).where(*pushed).values(pushed_at=None))


def schedule_feed_now(db: Db, feed_id: int, now: datetime) -> None:
    """Schedule a feed now: what was pushed could not be read."""
    db.execute(update(feeds).where(feeds.c.id == feed_id, feeds.c.next_poll_at > now).values(next_poll_at=now))


def count_websub_subscriptions(db: Db) -> Mapping[str, int]:
    """Count subscriptions by state."""
    states = [row.state for row in db.execute(select(callbacks.c.state))]
    return {state.value: states.count(state.value) for state in WebSubState}


def _whole() -> Select[Any]:
    return select(callbacks, feeds.c.url.label("feed_url")).join(feeds, feeds.c.id == callbacks.c.feed_id)


def _write(subscription: WebSubSubscription) -> dict[str, Any]:
    return {
        "secret": subscription.secret,
        "hub": subscription.hub,
        "topic": subscription.topic,
        "state": subscription.state.value,
        "next_try_at": subscription.next_try_at,
        "expires_at": subscription.expires_at,
        "failures": subscription.failures,
        "error": subscription.error[:300],
    }


def _read(row: RowMapping) -> WebSubSubscription:
    return WebSubSubscription(
        feed_id=row["feed_id"],
        feed_url=row["feed_url"],
        token=row["token"],
        secret=row["secret"],
        hub=row["hub"],
        topic=row["topic"],
        state=WebSubState(row["state"]),
        next_try_at=row["next_try_at"],
        expires_at=row["expires_at"],
        failures=row["failures"],
        error=row["error"],
    )
