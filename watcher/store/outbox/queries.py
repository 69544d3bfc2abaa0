"""The outbox: one row for each message to each recipient, and where it stands. Taken by lease, recorded by token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select

from watcher.errors import NotFoundError
from watcher.model.delivery import Delivery, DeliveryState
from watcher.model.page import Page
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.outbox.mapping import UNSUBSCRIBED_ERROR, read_delivery_row
from watcher.store.tables import digests, outbox


def list_known_channels(db: Db) -> frozenset[str]:
    """Return the names of all channels that ever had a message."""
    return frozenset(db.execute(select(outbox.c.channel).distinct()).scalars())


def load_delivery(db: Db, delivery_id: int) -> Delivery:
    """Read one delivery; raises NotFoundError."""
    row = db.execute(select(outbox).where(outbox.c.id == delivery_id)).mappings().first()
    if row is None:
        raise NotFoundError("delivery", str(delivery_id))
    return read_delivery_row(row)


def find_deliveries(
    db: Db,
    *,
    states: Iterable[str] = (),
    digest_id: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Delivery]:
    """List deliveries, newest first."""
    place = parse_cursor("deliveries", cursor)
    chosen = select(outbox).order_by(outbox.c.id.desc()).limit(limit + 1)
    chosen_states = tuple(states)
    if place:
        chosen = chosen.where(outbox.c.id < int(place[0]))
    if chosen_states:
        chosen = chosen.where(outbox.c.state.in_(chosen_states))
    if digest_id is not None:
        chosen = chosen.where(outbox.c.digest_id == digest_id)
    rows = db.execute(chosen).mappings().all()
    deliveries = tuple(read_delivery_row(row) for row in rows[:limit])
    return Page(
        items=deliveries, next_cursor=format_cursor("deliveries", deliveries[-1].id) if len(rows) > limit else None
    )


def count_deliveries_by_state(db: Db) -> Mapping[str, int]:
    """Count deliveries by state."""
    return {row[0]: row[1] for row in db.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))}


def count_deliveries_by_channel(db: Db) -> Mapping[tuple[str, str], int]:
    """Count deliveries by channel and state."""
    chosen = select(outbox.c.channel, outbox.c.state, func.count()).group_by(outbox.c.channel, outbox.c.state)
    return {(row[0], row[1]): row[2] for row in db.execute(chosen)}


def count_failures_since(db: Db, since: datetime) -> tuple[tuple[str, str, DeliveryState, int], ...]:
    """Count what became dead or uncertain since a moment, by digest and channel; who unsubscribed is no failure."""
    rows = db.execute(
        select(digests.c.name, outbox.c.channel, outbox.c.state, func.count())
        .join(digests, digests.c.id == outbox.c.digest_id)
        .where(
            outbox.c.state.in_([DeliveryState.DEAD.value, DeliveryState.UNCERTAIN.value]),
            outbox.c.changed_at > since,
            func.coalesce(outbox.c.error, "") != UNSUBSCRIBED_ERROR,
        )
        .group_by(digests.c.name, outbox.c.channel, outbox.c.state)
        .order_by(digests.c.name, outbox.c.channel, outbox.c.state)
    )
    return tuple((row[0], row[1], DeliveryState(row[2]), row[3]) for row in rows)


def find_thread_ref(db: Db, digest_id: int, channel: str, recipient: str) -> str | None:
    """Return the provider's id of a digest's first message to a recipient: its thread starts there."""
    first = select(outbox.c.provider_ref).where(
        outbox.c.digest_id == digest_id,
        outbox.c.channel == channel,
        outbox.c.recipient == recipient,
        outbox.c.part == 0,
    )
    thread_ref: str | None = db.execute(first).scalar()
    return thread_ref
