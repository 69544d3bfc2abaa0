"""The leases of deliveries, and those whose sender died."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, or_, select, update

from watcher.model.delivery import Delivery, DeliveryState
from watcher.store.database import Db
from watcher.store.outbox.mapping import read_delivery_row
from watcher.store.tables import outbox

MAX_DELIVERY_LEASE = timedelta(hours=1)
"""Longer than any sender holds a message."""


def list_delivery_lease_owners(db: Db) -> frozenset[str]:
    """Name who holds messages."""
    held = select(outbox.c.lease_by).where(
        outbox.c.state == DeliveryState.SENDING.value, outbox.c.lease_by.is_not(None)
    )
    return frozenset(db.execute(held.distinct()).scalars())


def expire_leases_of_owners(db: Db, owners: Iterable[str], now: datetime) -> int:
    """End what some hold, who are known to be dead; what they were sending is then as abandoned as after its time."""
    held = (
        outbox.c.state == DeliveryState.SENDING.value,
        outbox.c.lease_by.in_(tuple(owners)),
        outbox.c.lease_until > now,
    )
    done: CursorResult[Any] = db.execute(update(outbox).where(*held).values(lease_until=now))
    return done.rowcount


def has_abandoned_deliveries(db: Db, now: datetime) -> bool:
    """Return whether a sender died while it was sending."""
    return db.execute(select(outbox.c.id).where(*_lost(now)).limit(1)).first() is not None


def claim_abandoned_deliveries(db: Db, now: datetime) -> tuple[Delivery, ...]:
    """Take over messages whose sender died while it was sending: nobody knows whether they arrived.

    They stay `sending` under a new lease; the caller records what is to become of them.
    """
    taken = (
        update(outbox).where(*_lost(now)).values(lease=outbox.c.lease + 1, lease_until=now + timedelta(minutes=1))
    ).returning(outbox)
    return tuple(read_delivery_row(row) for row in db.execute(taken).mappings())


def _lost(now: datetime) -> tuple[ColumnElement[bool], ...]:
    # A lease that ends later than any could was given while a clock was wrong.
    ended = or_(outbox.c.lease_until <= now, outbox.c.lease_until > now + MAX_DELIVERY_LEASE)
    return outbox.c.state == DeliveryState.SENDING.value, ended
