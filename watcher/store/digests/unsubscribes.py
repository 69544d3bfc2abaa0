"""Who wants a digest no longer: kept for good, and honoured by composing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, delete, select, update

from watcher.model.delivery import DeliveryState, Unsubscription
from watcher.store.database import Db
from watcher.store.outbox.mapping import UNSUBSCRIBED_ERROR
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import digests, outbox, unsubscribed


def add_unsubscription(db: Db, leaving: Unsubscription, now: datetime) -> None:
    """Send a recipient this digest no longer; what still waits in the outbox for them ends there. Twice is once."""
    row = {"name": leaving.subscription, "channel": leaving.channel, "recipient": leaving.recipient, "at": now}
    db.execute(get_dialect(db).insert_or_ignore(unsubscribed), row)
    db.execute(
        update(outbox)
        .where(
            outbox.c.digest_id.in_(select(digests.c.id).where(digests.c.name == leaving.subscription)),
            outbox.c.channel == leaving.channel,
            outbox.c.recipient == leaving.recipient,
            outbox.c.state.in_([DeliveryState.PENDING.value, DeliveryState.RETRYING.value]),
        )
        .values(state=DeliveryState.DEAD.value, changed_at=now, error=UNSUBSCRIBED_ERROR)
    )


def delete_unsubscription(db: Db, leaving: Unsubscription) -> bool:
    """Send a recipient a digest again; tells whether they had left."""
    done: CursorResult[Any] = db.execute(
        delete(unsubscribed).where(
            unsubscribed.c.name == leaving.subscription,
            unsubscribed.c.channel == leaving.channel,
            unsubscribed.c.recipient == leaving.recipient,
        )
    )
    return done.rowcount > 0


def list_unsubscribed_recipients(db: Db, name: str) -> frozenset[tuple[str, str]]:
    """Return the (channel, recipient) pairs that unsubscribed from a digest."""
    rows = db.execute(select(unsubscribed.c.channel, unsubscribed.c.recipient).where(unsubscribed.c.name == name))
    return frozenset((row.channel, row.recipient) for row in rows)


def list_unsubscriptions(db: Db) -> Sequence[tuple[Unsubscription, datetime]]:
    """List who left what, and when."""
    rows = db.execute(select(unsubscribed).order_by(unsubscribed.c.name, unsubscribed.c.recipient))
    return [
        (Unsubscription(subscription=row.name, channel=row.channel, recipient=row.recipient), row.at) for row in rows
    ]
