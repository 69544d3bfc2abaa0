"""The outbox: one row for each message to each recipient, and where it stands. Taken by lease, recorded by token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, RowMapping, and_, func, insert, or_, select, update

from watcher.errors import NotFoundError, UsageError
from watcher.model.digest import Delivery, DeliveryState
from watcher.model.results import Page
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.outbox.blocked_channels import unblock_channel
from watcher.store.tables import digests, outbox

UNSUBSCRIBED_ERROR = "the recipient unsubscribed"
MAX_DELIVERY_LEASE = timedelta(hours=1)
"""Longer than any sender holds a message."""
_WAITING = [DeliveryState.PENDING.value, DeliveryState.RETRYING.value]


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
    """Put a digest's messages into the outbox, in the transaction that composed it; gives how many."""
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
    due = select(outbox.c.channel).where(_waiting(), outbox.c.next_try_at <= now).distinct()
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
            earlier.c.state.in_([*_WAITING, DeliveryState.SENDING.value]),
        )
        .exists()
    )
    chosen = (
        select(outbox.c.id)
        .where(_waiting(), outbox.c.next_try_at <= now, outbox.c.channel == channel, ~blocked)
        .order_by(outbox.c.next_try_at, outbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if digest_id is not None:
        chosen = chosen.where(outbox.c.digest_id == digest_id)
    found = db.execute(chosen).scalar()
    if found is None:
        return None
    taken = (
        update(outbox)
        .where(outbox.c.id == found, _waiting())
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
    """Tell whether a sender died while it was sending."""
    return db.execute(select(outbox.c.id).where(*_lost(now)).limit(1)).first() is not None


def claim_abandoned_deliveries(db: Db, now: datetime) -> tuple[Delivery, ...]:
    """Take over messages whose sender died while it was sending: nobody knows whether they arrived.

    They stay `sending` under a new lease; the caller records what is to become of them.
    """
    taken = (
        update(outbox).where(*_lost(now)).values(lease=outbox.c.lease + 1, lease_until=now + timedelta(minutes=1))
    ).returning(outbox)
    return tuple(read_delivery_row(row) for row in db.execute(taken).mappings())


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


def list_known_channels(db: Db) -> frozenset[str]:
    """Return the names of all channels that ever had a message."""
    return frozenset(db.execute(select(outbox.c.channel).distinct()).scalars())


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
    waiting = outbox.c.channel == channel, _waiting(), outbox.c.created_at < created_before
    values = {"state": DeliveryState.DEAD.value, "changed_at": now, "error": reason[:1000]}
    done: CursorResult[Any] = db.execute(update(outbox).where(*waiting).values(values))
    return done.rowcount


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
    wanted = tuple(states)
    if place:
        chosen = chosen.where(outbox.c.id < int(place[0]))
    if wanted:
        chosen = chosen.where(outbox.c.state.in_(wanted))
    if digest_id is not None:
        chosen = chosen.where(outbox.c.digest_id == digest_id)
    rows = db.execute(chosen).mappings().all()
    found = tuple(read_delivery_row(row) for row in rows[:limit])
    return Page(items=found, next_cursor=format_cursor("deliveries", found[-1].id) if len(rows) > limit else None)


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
    """Give what the provider called the first message of a digest to a recipient: where its thread hangs."""
    first = select(outbox.c.provider_ref).where(
        outbox.c.digest_id == digest_id,
        outbox.c.channel == channel,
        outbox.c.recipient == recipient,
        outbox.c.part == 0,
    )
    found: str | None = db.execute(first).scalar()
    return found


def _lost(now: datetime) -> tuple[ColumnElement[bool], ...]:
    # A lease that ends later than any could was given while a clock was wrong.
    ended = or_(outbox.c.lease_until <= now, outbox.c.lease_until > now + MAX_DELIVERY_LEASE)
    return outbox.c.state == DeliveryState.SENDING.value, ended


def _waiting() -> ColumnElement[bool]:
    return outbox.c.state.in_(_WAITING)


def get_next_try_at(db: Db) -> datetime | None:
    """Tell when the next message is to be tried."""
    found: datetime | None = db.execute(select(func.min(outbox.c.next_try_at)).where(_waiting())).scalar_one()
    return found


def read_delivery_row(row: RowMapping) -> Delivery:
    """Make a Delivery of a row."""
    return Delivery(
        id=row["id"],
        digest_id=row["digest_id"],
        channel=row["channel"],
        kind=row["kind"],
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
        doubts=row["doubts"],
        changed_at=row["changed_at"],
    )
