"""The queue of deliveries: added with their digest, claimed one at a time, recorded by token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, func, insert, select, update

from watcher.errors import UsageError
from watcher.model.delivery import Delivery, DeliveryState
from watcher.store.database import Db
from watcher.store.outbox.blocked_channels import unblock_channel
from watcher.store.outbox.mapping import read_delivery_row
from watcher.store.outbox.queries import load_delivery
from watcher.store.tables import outbox

WAITING_STATES = [DeliveryState.PENDING.value, DeliveryState.RETRYING.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDraft:
    """A message that is to be sent: the outbox makes a delivery of it."""

    channel: str
    kind: str
    recipient: str
    part: int
    payload: str
    message_id: str
    not_before: datetime


def add_deliveries(db: Db, digest_id: int, drafts: Iterable[DeliveryDraft], now: datetime) -> int:
    """Put a digest's messages into the outbox, in the transaction that composed it; return how many."""
    rows = [
        {
            "digest_id": digest_id,
            "channel": draft.channel,
            "kind": draft.kind,
            "recipient": draft.recipient,
            "part": draft.part,
            "payload": draft.payload,
            "message_id": draft.message_id,
            "state": DeliveryState.PENDING.value,
            "next_try_at": draft.not_before,
            "created_at": now,
            "changed_at": now,
        }
        for draft in drafts
    ]
    if rows:
        db.execute(insert(outbox), rows)
    return len(rows)


def list_waiting_channels(db: Db, now: datetime, digest_id: int | None = None) -> tuple[str, ...]:
    """Name the channels for which a message is due, of any digest or of one."""
    due = select(outbox.c.channel).where(is_waiting(), outbox.c.next_try_at <= now).distinct()
    if digest_id is not None:
        due = due.where(outbox.c.digest_id == digest_id)
    return tuple(sorted(db.execute(due).scalars()))


def claim_delivery(
    db: Db, now: datetime, *, lease_for: timedelta, channel: str, owner: str = "", digest_id: int | None = None
) -> Delivery | None:
    """Take the next message of a channel, and perhaps of one digest, whose time has come; hold it as `owner` for
    `lease_for`.

    Two callers never get the same one. It is one message, not many: what a process holds when it dies is in doubt. A
    message that follows another of the same digest and recipient waits until that one is settled.
    """
    earlier = outbox.alias("earlier")
    blocked = (
        select(earlier.c.id)
        .where(
            earlier.c.digest_id == outbox.c.digest_id,
            earlier.c.channel == outbox.c.channel,
            earlier.c.recipient == outbox.c.recipient,
            earlier.c.part < outbox.c.part,
            earlier.c.state.in_([*WAITING_STATES, DeliveryState.SENDING.value]),
        )
        .exists()
    )
    chosen = (
        select(outbox.c.id)
        .where(is_waiting(), outbox.c.next_try_at <= now, outbox.c.channel == channel, ~blocked)
        .order_by(outbox.c.next_try_at, outbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if digest_id is not None:
        chosen = chosen.where(outbox.c.digest_id == digest_id)
    delivery_id = db.execute(chosen).scalar()
    if delivery_id is None:
        return None
    taken = (
        update(outbox)
        .where(outbox.c.id == delivery_id, is_waiting())
        .values(
            state=DeliveryState.SENDING.value,
            changed_at=now,
            lease=outbox.c.lease + 1,
            lease_until=now + lease_for,
            lease_by=owner,
            attempts=outbox.c.attempts + 1,
        )
        .returning(outbox)
    )
    row = db.execute(taken).mappings().first()
    return read_delivery_row(row) if row is not None else None


def record_attempt(
    db: Db,
    delivery: Delivery,
    state: DeliveryState,
    *,
    now: datetime,
    next_try_at: datetime | None = None,
    provider_ref: str | None = None,
    error: str | None = None,
    doubtful: bool = False,
) -> bool:
    """Record what became of a message that this claim held; False where the claim was lost meanwhile.

    `doubtful` counts one more time that nobody knows whether it arrived.
    """
    done: CursorResult[Any] = db.execute(
        update(outbox)
        .where(
            outbox.c.id == delivery.id, outbox.c.lease == delivery.lease, outbox.c.state == DeliveryState.SENDING.value
        )
        .values(
            state=state.value,
            changed_at=now,
            next_try_at=next_try_at or delivery.next_try_at,
            sent_at=now if state is DeliveryState.SENT else None,
            provider_ref=provider_ref,
            error=error[:1000] if error else None,
            lease_until=None,
            doubts=outbox.c.doubts + int(doubtful),
        )
    )
    return done.rowcount == 1


def requeue_delivery(db: Db, delivery_id: int, now: datetime) -> Delivery:
    """Put a message that is dead or uncertain back in line, at a person's wish, under its old identity.

    Raises NotFoundError, or UsageError where it is not one of those.
    """
    delivery = load_delivery(db, delivery_id)
    if delivery.state not in {DeliveryState.DEAD, DeliveryState.UNCERTAIN, DeliveryState.RETRYING}:
        raise UsageError(f"delivery {delivery_id} is {delivery.state.value}; only dead or uncertain ones are retried")
    # Who sends by hand has repaired the channel: it has a day again.
    unblock_channel(db, delivery.channel)
    db.execute(update(outbox).where(outbox.c.id == delivery_id).values(_back_in_line(now)))
    return load_delivery(db, delivery_id)


def _back_in_line(now: datetime) -> dict[str, Any]:
    pending = DeliveryState.PENDING.value
    return {"state": pending, "changed_at": now, "attempts": 0, "next_try_at": now, "error": None, "lease_until": None}


def requeue_deliveries(db: Db, now: datetime, *, states: Iterable[DeliveryState], channel: str | None = None) -> int:
    """Put all messages of some states, and perhaps of one channel, back in line; returns how many."""
    chosen: ColumnElement[bool] = outbox.c.state.in_([state.value for state in states])
    if channel is not None:
        chosen = and_(chosen, outbox.c.channel == channel)
    for name in db.execute(select(outbox.c.channel).where(chosen).distinct()).scalars().all():
        unblock_channel(db, name)
    done: CursorResult[Any] = db.execute(update(outbox).where(chosen).values(_back_in_line(now)))
    return done.rowcount


def expire_deliveries(db: Db, channel: str, created_before: datetime, reason: str, now: datetime) -> int:
    """Mark what has waited on a channel since before a moment as dead; returns how many messages."""
    waiting = outbox.c.channel == channel, is_waiting(), outbox.c.created_at < created_before
    values = {"state": DeliveryState.DEAD.value, "changed_at": now, "error": reason[:1000]}
    done: CursorResult[Any] = db.execute(update(outbox).where(*waiting).values(values))
    return done.rowcount


def is_waiting() -> ColumnElement[bool]:
    return outbox.c.state.in_(WAITING_STATES)


def get_next_try_at(db: Db) -> datetime | None:
    """Return when the next delivery is to be tried, None where none waits."""
    next_try_at: datetime | None = db.execute(select(func.min(outbox.c.next_try_at)).where(is_waiting())).scalar_one()
    return next_try_at
