"""What goes out: digests whose slot has come and alerts that have news, each composed in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from watcher.digest.compose import compose_digest, should_send
from watcher.digest.format_helpers import Links, format_subject
from watcher.digest.html import render_html
from watcher.digest.plain import render_text
from watcher.digest.slots import find_due_slot, find_quiet_end
from watcher.errors import NotFoundError, StorageError
from watcher.model.digest import Channel, Coverage, Delivery, Digest, Subscription
from watcher.model.topic import Topic
from watcher.pipeline import delivery, digest_notes
from watcher.pipeline.checkpoints import reached
from watcher.pipeline.delivery import Delivered, Senders
from watcher.pipeline.messages import build_messages
from watcher.store.database import Database, Db
from watcher.store.digests.queries import (
    add_digest,
    get_installation_id,
    get_last_slot,
    get_registered_at,
    has_unreported_hits,
    load_edited_hits,
    load_unreported_hits,
    lock_subscription,
    register_subscriptions,
)
from watcher.store.digests.unsubscribes import list_unsubscribed_recipients
from watcher.store.hits.volume import is_volume_check_due, list_recent_alarms, record_alarms, record_volume_check
from watcher.store.outbox import queries as outbox
from watcher.store.outbox.queries import add_deliveries
from watcher.text.suggest import find_nearest

log = structlog.get_logger()

CoverageOf = Callable[[Db, datetime, datetime], Coverage]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestContext:
    """Everything that composing needs besides the database: what is configured, and where the page is."""

    subscriptions: Sequence[Subscription]
    channels: Mapping[str, Channel]
    topics: Sequence[Topic]
    coverage_of: CoverageOf
    links: Links = field(default_factory=Links)
    templates: Path | None = None


def compose_due(database: Database, press: DigestContext, now: datetime) -> tuple[Digest, ...]:
    """Compose every digest whose slot has come and every alert that has news; each in a transaction of its own."""
    composed = []
    for subscription in press.subscriptions:
        try:
            slot = _due(database, press, subscription, now)
            made = _compose(database, press, subscription, slot, now, forced=False) if slot is not None else None
        except StorageError:
            raise
        except Exception:
            # The bulkhead of this journey: one digest's fault keeps no other back, and its slot stays due.
            log.exception("digest failed", digest=subscription.name)
            continue
        if made is not None:
            composed.append(made)
    return tuple(composed)


def compose_now(
    database: Database, press: DigestContext, name: str, now: datetime, *, through_quiet: bool = True
) -> Digest | None:
    """Compose a digest now, outside of its schedule, and send it even if it is empty; raises NotFoundError.

    `through_quiet` sends it in its quiet hours as well.
    """
    return _compose(database, press, _named(press, name), now, now, forced=True, through_quiet=through_quiet)


def preview_digest(db: Db, press: DigestContext, name: str, now: datetime, *, since: datetime | None = None) -> Digest:
    """Say what a digest would hold now; `since` is how far back it may reach. Raises NotFoundError."""
    subscription = _named(press, name)
    begun = since or _begun(db, subscription, now)
    known = _Known(
        press.coverage_of(db, begun, now),
        digest_notes.list_volume_alarms(db, subscription, press.topics, now),
        () if subscription.immediate else digest_notes.list_failed_deliveries(db, begun),
    )
    return _gather(db, press, subscription, now, now, known, since=since)


async def deliver_waiting(
    database: Database, press: DigestContext, senders: Senders, clock: Callable[[], datetime], **how: Any
) -> Delivered:
    """Send what is due on the channels that are configured; `how` is what `delivery.deliver_waiting` takes."""
    return await delivery.deliver_waiting(database, press.channels, senders, clock, **how)


def resend_delivery(database: Database, delivery_id: int, now: datetime) -> Delivery:
    """Put a message that is dead or uncertain back in line; raises NotFoundError or UsageError."""
    with database.write() as db:
        return outbox.retry_delivery(db, delivery_id, now)


def _due(database: Database, press: DigestContext, subscription: Subscription, now: datetime) -> datetime | None:
    """Give the slot to compose for, if one has come; a subscription that is new counts from now on.

    Quiet hours hold an alert's news together, so that their end brings one message.
    """
    with database.read() as db:
        begun = get_registered_at(db, subscription.name)
        # Times in the future were written by a clock that was ahead, and hold nothing back.
        last = get_last_slot(db, subscription.name, now) or (begun if begun is not None and begun <= now else None)
    if begun is None:
        with database.write() as db:
            register_subscriptions(db, [subscription.name], now)
        return None if subscription.immediate else find_due_slot(subscription, last, now)
    if not subscription.immediate:
        return find_due_slot(subscription, last, now)
    if find_quiet_end(subscription.quiet, subscription.timezone, now) is not None:
        return None
    with database.read() as db:
        if has_unreported_hits(db, subscription, _floor(db, subscription, now), now):
            return now
        looks = subscription.alarms and is_volume_check_due(db, subscription.name, now)
        found = looks and digest_notes.list_volume_alarms(db, subscription, press.topics, now)
    if looks:
        with database.write() as db:
            record_volume_check(db, subscription.name, now)
    return now if found else None


def _compose(
    database: Database,
    press: DigestContext,
    subscription: Subscription,
    slot: datetime,
    now: datetime,
    *,
    forced: bool,
    through_quiet: bool = False,
) -> Digest | None:
    with database.read() as db:
        known = _Known(
            press.coverage_of(db, _begun(db, subscription, now), now),
            digest_notes.list_volume_alarms(db, subscription, press.topics, now),
            () if subscription.immediate else digest_notes.list_failed_deliveries(db, _begun(db, subscription, now)),
        )
    reached("gathered")
    with database.write() as db:
        lock_subscription(db, subscription.name)
        # What was told meanwhile is told, and what came meanwhile comes along.
        made = _gather(db, press, subscription, slot, now, known)
        if subscription.immediate and not made.sections and not made.alarms and not forced:
            return None
        sent = forced or should_send(made, subscription.empty)
        html = render_html(made, press.links, press.templates) if sent else ""
        text = render_text(made, press.links, press.templates) if sent else ""
        digest_id = add_digest(db, made, now, sent=sent, html=html, text=text, subject=format_subject(made))
        if digest_id is None:
            return None
        if sent:
            channels = [press.channels[name] for name in subscription.channels if name in press.channels]
            quiet = None if through_quiet else find_quiet_end(subscription.quiet, subscription.timezone, now)
            messages = build_messages(
                made, channels, press.links, press.templates,
                installation=get_installation_id(db), not_before=quiet or now,
                left=list_unsubscribed_recipients(db, made.name), html=html, text=text,
            )  # fmt: skip
            add_deliveries(db, digest_id, messages, now)
        if known.alarms:
            before = list_recent_alarms(db, subscription.name, now)
            record_alarms(db, subscription.name, known.alarms, before, now)
        reached("composed")
    reached("committed")
    log.info("digest composed", digest=made.name, stories=made.story_count, sent=sent)
    return replace(made, id=digest_id)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a digest says beside its stories; it is asked for before the transaction that counts."""

    coverage: Coverage
    alarms: Mapping[str, str]
    troubles: tuple[str, ...]


def _gather(
    db: Db,
    press: DigestContext,
    subscription: Subscription,
    slot: datetime,
    now: datetime,
    known: _Known,
    *,
    since: datetime | None = None,
) -> Digest:
    floor = since or _floor(db, subscription, now)
    found = load_unreported_hits(db, subscription, floor, now)
    if not subscription.immediate:
        found += load_edited_hits(db, subscription, floor)
    window = since or _begun(db, subscription, now), now
    return compose_digest(
        subscription, slot, found, press.topics, known.coverage, window,
        alarms=tuple(known.alarms.values()), troubles=known.troubles,
    )  # fmt: skip


def _begun(db: Db, subscription: Subscription, now: datetime) -> datetime:
    """Say where a digest's window begins: at its last slot, and no further back than it may reach."""
    floor = _floor(db, subscription, now)
    return max(get_last_slot(db, subscription.name, now) or floor, floor)


def _floor(db: Db, subscription: Subscription, now: datetime) -> datetime:
    """Say how far back a digest may reach; an alert never behind the moment it was set up."""
    floor = now - subscription.max_age
    begun = get_registered_at(db, subscription.name) if subscription.immediate else None
    return max(floor, begun) if begun is not None and begun <= now else floor


def _named(press: DigestContext, name: str) -> Subscription:
    for subscription in press.subscriptions:
        if subscription.name == name:
            return subscription
    nearest = find_nearest(name, [subscription.name for subscription in press.subscriptions])
    raise NotFoundError("digest", name, nearest or "")
