"""The outbox: one row for each message to each recipient, and where it stands. Taken by lease, recorded by token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, RowMapping, func, insert, or_, select, update

from watcher.errors import NotFoundError, UsageError
from watcher.model.digest import ChannelKind, Delivery, DeliveryState
from watcher.model.found import Page
from watcher.store import cursors
from watcher.store.engine import Db
from watcher.store.tables import outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message that is to be sent: the outbox makes a delivery of it."""

    channel: str
    kind: ChannelKind
    recipient: str
    part: int
    payload: str
    message_id: str
    not_before: datetime


def add(db: Db, digest_id: int, drafts: Iterable[Draft], now: datetime) -> int:
    """Put a digest's messages into the outbox, in the transaction that composed it; gives how many."""
    rows = [
        {
            "digest_id": digest_id,
            "channel": draft.channel,
            "kind": draft.kind.value,
            "recipient": draft.recipient,
            "part": draft.part,
            "payload": draft.payload,
            "message_id": draft.message_id,
            "state": DeliveryState.PENDING.value,
            "next_try_at": draft.not_before,
            "created_at": now,
        }
        for draft in drafts
    ]
    if rows:
        db.execute(insert(outbox), rows)
    return len(rows)


def claim(db: Db, now: datetime, *, limit: int, lease_for: timedelta) -> tuple[Delivery, ...]:
    """Take messages whose time has come and hold them for `lease_for`; two callers never get the same one.

    A message that follows another of the same digest and recipient waits until that one is sent.
    """
    earlier = outbox.alias("earlier")
    blocked = (
        select(earlier.c.id)
        .where(
            earlier.c.digest_id == outbox.c.digest_id,
            earlier.c.channel == outbox.c.channel,
            earlier.c.recipient == outbox.c.recipient,
            earlier.c.part < outbox.c.part,
            earlier.c.state.in_(
                [DeliveryState.PENDING.value, DeliveryState.SENDING.value, DeliveryState.RETRYING.value]
            ),
        )
        .exists()
    )
    waiting = outbox.c.state.in_([DeliveryState.PENDING.value, DeliveryState.RETRYING.value])
    chosen = (
        select(outbox.c.id)
        .where(waiting, outbox.c.next_try_at <= now, ~blocked)
        .order_by(outbox.c.next_try_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(outbox)
        .where(outbox.c.id.in_(chosen.scalar_subquery()), waiting)
        .values(
            state=DeliveryState.SENDING.value,
            lease=outbox.c.lease + 1,
            lease_until=now + lease_for,
            attempts=outbox.c.attempts + 1,
        )
        .returning(outbox)
    )
    rows = db.execute(taken).mappings().all()
    return tuple(read(row) for row in sorted(rows, key=lambda row: row["id"]))


def record(
    db: Db,
    delivery: Delivery,
    state: DeliveryState,
    *,
    now: datetime,
    next_try_at: datetime | None = None,
    provider_ref: str | None = None,
    error: str | None = None,
) -> bool:
    """Record what became of a message that this claim held; False where the claim was lost meanwhile."""
    done: CursorResult[Any] = db.execute(
        update(outbox)
        .where(
            outbox.c.id == delivery.id, outbox.c.lease == delivery.lease, outbox.c.state == DeliveryState.SENDING.value
        )
        .values(
            state=state.value,
            next_try_at=next_try_at or delivery.next_try_at,
            sent_at=now if state is DeliveryState.SENT else None,
            provider_ref=provider_ref,
            error=error[:1000] if error else None,
            lease_until=None,
        )
    )
    return done.rowcount == 1


def abandoned(db: Db, now: datetime) -> tuple[Delivery, ...]:
    """Take over messages whose sender died while it was sending: nobody knows whether they arrived.

    They stay `sending` under a new lease; the caller records what is to become of them.
    """
    lost = outbox.c.state == DeliveryState.SENDING.value, outbox.c.lease_until <= now
    taken = (
        update(outbox).where(*lost).values(lease=outbox.c.lease + 1, lease_until=now + timedelta(minutes=1))
    ).returning(outbox)
    return tuple(read(row) for row in db.execute(taken).mappings())


def retry(db: Db, delivery_id: int, now: datetime) -> Delivery:
    """Put a message that is dead or uncertain back in line, at a person's wish, under its old identity.

    Raises NotFoundError, or UsageError where it is not one of those.
    """
    delivery = get(db, delivery_id)
    if delivery.state not in {DeliveryState.DEAD, DeliveryState.UNCERTAIN, DeliveryState.RETRYING}:
        raise UsageError(f"delivery {delivery_id} is {delivery.state.value}; only dead or uncertain ones are retried")
    db.execute(
        update(outbox)
        .where(outbox.c.id == delivery_id)
        .values(state=DeliveryState.PENDING.value, attempts=0, next_try_at=now, error=None, lease_until=None)
    )
    return get(db, delivery_id)


def get(db: Db, delivery_id: int) -> Delivery:
    """Read one delivery; raises NotFoundError."""
    row = db.execute(select(outbox).where(outbox.c.id == delivery_id)).mappings().first()
    if row is None:
        raise NotFoundError("delivery", str(delivery_id))
    return read(row)


def page(
    db: Db,
    *,
    states: Iterable[str] = (),
    digest_id: int | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Delivery]:
    """List deliveries, newest first."""
    place = cursors.read("deliveries", cursor)
    chosen = select(outbox).order_by(outbox.c.id.desc()).limit(limit + 1)
    wanted = tuple(states)
    if place:
        chosen = chosen.where(outbox.c.id < int(place[0]))
    if wanted:
        chosen = chosen.where(outbox.c.state.in_(wanted))
    if digest_id is not None:
        chosen = chosen.where(outbox.c.digest_id == digest_id)
    rows = db.execute(chosen).mappings().all()
    found = tuple(read(row) for row in rows[:limit])
    return Page(items=found, next_cursor=cursors.write("deliveries", found[-1].id) if len(rows) > limit else None)


def counts(db: Db) -> Mapping[str, int]:
    """Count deliveries by state."""
    return {row[0]: row[1] for row in db.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))}


def first_ref(db: Db, digest_id: int, channel: str, recipient: str) -> str | None:
    """Give what the provider called the first message of a digest to a recipient: where its thread hangs."""
    first = select(outbox.c.provider_ref).where(
        outbox.c.digest_id == digest_id,
        outbox.c.channel == channel,
        outbox.c.recipient == recipient,
        outbox.c.part == 0,
    )
    found: str | None = db.execute(first).scalar()
    return found


def next_try_at(db: Db) -> datetime | None:
    """Tell when the next message is to be tried."""
    waiting = or_(outbox.c.state == DeliveryState.PENDING.value, outbox.c.state == DeliveryState.RETRYING.value)
    found: datetime | None = db.execute(select(func.min(outbox.c.next_try_at)).where(waiting)).scalar_one()
    return found


def read(row: RowMapping) -> Delivery:
    """Make a Delivery of a row."""
    return Delivery(
        id=row["id"],
        digest_id=row["digest_id"],
        channel=row["channel"],
        kind=ChannelKind(row["kind"]),
        recipient=row["recipient"],
        part=row["part"],
        payload=row["payload"],
        message_id=row["message_id"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        next_try_at=row["next_try_at"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        provider_ref=row["provider_ref"],
        error=row["error"],
        lease=row["lease"],
    )
