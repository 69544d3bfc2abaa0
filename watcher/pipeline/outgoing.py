"""What goes out: digests whose slot has come are composed in one transaction; their messages are sent afterwards."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from watcher import digest as say
from watcher.deliver import Deferred, Outcome, Refused, Sender, Sent, SlackSender, Uncertain, freeze
from watcher.errors import NotFoundError
from watcher.model.digest import Channel, ChannelKind, Coverage, Delivery, DeliveryState, Digest, Subscription
from watcher.model.topic import Topic
from watcher.pipeline.points import reached
from watcher.store import digests, outbox
from watcher.store.engine import Database, Db

log = structlog.get_logger()

CoverageOf = Callable[[Db, datetime, datetime], Coverage]

LEASE = timedelta(minutes=5)
RETRY_FIRST = timedelta(minutes=1)
RETRY_CAP = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Everything that composing needs besides the database: what is configured, and where the page is."""

    subscriptions: Sequence[Subscription]
    channels: Mapping[str, Channel]
    topics: Sequence[Topic]
    coverage_of: CoverageOf
    links: say.Links = field(default_factory=say.Links)
    templates: Path | None = None


@dataclass(slots=True)
class Delivered:
    """What a round of sending came to, by state."""

    sent: int = 0
    retrying: int = 0
    uncertain: int = 0
    dead: int = 0
    failures: list[tuple[Delivery, str]] = field(default_factory=list)


def compose_due(database: Database, press: Press, now: datetime) -> tuple[Digest, ...]:
    """Compose every digest whose slot has come and every alert that has news; each in a transaction of its own."""
    composed = []
    for subscription in press.subscriptions:
        with database.read() as db:
            last = digests.last_slot(db, subscription.name) or digests.begun_at(db, subscription.name)
            slot = say.due_slot(subscription, last, now)
            if slot is None or (subscription.immediate and not _news(db, subscription, now)):
                continue
        try:
            made = _compose(database, press, subscription, slot, now, forced=False)
        except Exception:
            # The bulkhead of this journey: one digest's fault keeps no other back, and its slot stays due.
            log.exception("digest failed", digest=subscription.name)
            continue
        if made is not None:
            composed.append(made)
    return tuple(composed)


def compose_now(database: Database, press: Press, name: str, now: datetime) -> Digest | None:
    """Compose a digest now, outside of its schedule, and send it even if it is empty; raises NotFoundError."""
    return _compose(database, press, _named(press, name), now, now, forced=True)


def preview(db: Db, press: Press, name: str, now: datetime, *, since: datetime | None = None) -> Digest:
    """Say what a digest would hold now; with `since`, what was matched from then on. Raises NotFoundError."""
    return _gather(db, press, _named(press, name), now, now, since=since)


async def deliver_waiting(
    database: Database,
    press: Press,
    senders: Mapping[ChannelKind, Sender],
    clock: Callable[[], datetime],
    *,
    limit: int = 50,
    at_once: int = 8,
    jitter: Callable[[], float] = random.random,
) -> Delivered:
    """Send what is due, and settle what a dead process left half-sent; no transaction is open while servers answer."""
    done = Delivered()
    await _settle_abandoned(database, press, senders, clock, done)
    places = asyncio.Semaphore(at_once)

    async def one(delivery: Delivery) -> None:
        async with places:
            await _send(database, press, senders, delivery, clock, jitter, done)

    while True:
        claimed = await asyncio.to_thread(_claim, database, clock(), limit)
        if not claimed:
            return done
        reached("claimed")
        await asyncio.gather(*(one(delivery) for delivery in claimed))


def drafts(digest: Digest, channels: Sequence[Channel], press: Press, not_before: datetime) -> list[outbox.Draft]:
    """Freeze a digest into messages: one for each recipient, several where a channel needs parts."""
    slot = digest.slot_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    subject = say.subject(digest)
    text, html = say.text(digest, press.links), say.html(digest, press.links, press.templates)
    found: list[outbox.Draft] = []
    for channel in channels:
        for recipient in channel.recipients or (channel.name,):
            payloads: list[str]
            match channel.kind:
                case ChannelKind.EMAIL:
                    first = thread_of(digest.name, recipient)
                    payloads = [freeze(name=digest.name, subject=subject, text=text, html=html, thread=first)]
                case ChannelKind.SLACK:
                    payloads = [freeze(name=digest.name, message=message) for message in say.slack(digest, press.links)]
                case ChannelKind.FILE:
                    forms = {"html": html, "text": text, "markdown": say.markdown(digest, press.links)}
                    forms["json"] = json.dumps(_facts(digest), ensure_ascii=False, indent=1)
                    wanted = channel.options.get("formats", ("html", "text"))
                    assert isinstance(wanted, list | tuple)
                    chosen = {name: forms[name] for name in wanted if name in forms}
                    payloads = [freeze(name=digest.name, slot=slot, **chosen)]
                case ChannelKind.WEBHOOK:
                    payloads = [freeze(**_facts(digest), text=text)]
                case ChannelKind.APPRISE:
                    payloads = [freeze(name=digest.name, subject=subject, markdown=say.markdown(digest, press.links))]
            found += [
                outbox.Draft(
                    channel=channel.name,
                    kind=channel.kind,
                    recipient=recipient,
                    part=part,
                    payload=payload,
                    message_id=message_id(digest, channel, recipient, part),
                    not_before=not_before,
                )
                for part, payload in enumerate(payloads)
            ]
    return found


def message_id(digest: Digest, channel: Channel, recipient: str, part: int) -> str:
    """Derive a message's identity from what it is, so that a repeat is the same message."""
    sender = str(channel.options.get("sender", ""))
    domain = sender.rpartition("@")[2].strip("> ") or "news-watcher.invalid"
    said = f"{digest.name}\x1f{digest.slot_at.isoformat()}\x1f{channel.name}\x1f{recipient}\x1f{part}"
    return f"<{hashlib.blake2b(said.encode(), digest_size=16).hexdigest()}@{domain}>"


def thread_of(name: str, recipient: str) -> str:
    """Give the identity that all digests of a name to a recipient refer to, so that mail readers keep them together."""
    return (
        f"<{hashlib.blake2b(f'{name}|{recipient}'.encode(), digest_size=16).hexdigest()}.thread@news-watcher.invalid>"
    )


def _compose(
    database: Database, press: Press, subscription: Subscription, slot: datetime, now: datetime, *, forced: bool
) -> Digest | None:
    with database.read() as db:
        known = _gather(db, press, subscription, slot, now)
    reached("gathered")
    if subscription.immediate and not known.sections and not forced:
        return None
    with database.write() as db:
        # Gathered again where it counts: what was told meanwhile is told, and what came meanwhile comes along.
        made = _gather(db, press, subscription, slot, now, coverage=known.coverage)
        sent = forced or say.is_sent(made, subscription.empty)
        html = say.html(made, press.links, press.templates) if sent else ""
        digest_id = digests.add(db, made, now, sent=sent, html=html, text=say.text(made, press.links) if sent else "")
        if digest_id is None:
            return None
        if sent:
            channels = [press.channels[name] for name in subscription.channels if name in press.channels]
            quiet = say.quiet_until(subscription.quiet, subscription.timezone, now)
            outbox.add(db, digest_id, drafts(made, channels, press, quiet or now), now)
        reached("composed")
    reached("committed")
    log.info("digest composed", digest=made.name, stories=made.story_count, sent=sent)
    return made


def _gather(
    db: Db,
    press: Press,
    subscription: Subscription,
    slot: datetime,
    now: datetime,
    *,
    since: datetime | None = None,
    coverage: Coverage | None = None,
) -> Digest:
    last = digests.last_slot(db, subscription.name)
    floor = since or now - subscription.max_age
    found = digests.untold(db, subscription, floor, now)
    if subscription.immediate and subscription.cooldown:
        quiet = digests.told_stories(db, subscription.name, now - subscription.cooldown)
        found = tuple(hit for hit in found if hit.story_id is None or hit.story_id not in quiet)
    begun = since or max(last or floor, floor)
    window = (begun, now)
    return say.compose(subscription, slot, found, press.topics, coverage or press.coverage_of(db, begun, now), window)


def _news(db: Db, subscription: Subscription, now: datetime) -> bool:
    return bool(digests.untold(db, subscription, now - subscription.max_age, now))


def _named(press: Press, name: str) -> Subscription:
    for subscription in press.subscriptions:
        if subscription.name == name:
            return subscription
    from difflib import get_close_matches

    near = get_close_matches(name, [subscription.name for subscription in press.subscriptions], 1)
    raise NotFoundError("digest", name, near[0] if near else "")


def _claim(database: Database, now: datetime, limit: int) -> tuple[Delivery, ...]:
    with database.write() as db:
        return outbox.claim(db, now, limit=limit, lease_for=LEASE)


async def _send(
    database: Database,
    press: Press,
    senders: Mapping[ChannelKind, Sender],
    delivery: Delivery,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    done: Delivered,
) -> None:
    channel = press.channels.get(delivery.channel)
    outcome: Outcome
    if channel is None or channel.kind is not delivery.kind:
        outcome = Refused(reason=f"channel {delivery.channel!r} is no longer configured")
    else:
        try:
            thread = await asyncio.to_thread(_thread, database, delivery) if delivery.part else None
            outcome = await senders[delivery.kind].send(delivery, channel, thread=thread)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # The bulkhead of this journey. What was on its way when it broke nobody knows.
            log.exception("delivery failed", delivery=delivery.id, kind=delivery.kind.value)
            outcome = Uncertain(reason=f"internal fault: {type(error).__name__}")
    reached("sent")
    await asyncio.to_thread(_record, database, delivery, outcome, channel, clock(), jitter(), done)
    reached("recorded")


def _thread(database: Database, delivery: Delivery) -> str | None:
    with database.read() as db:
        return outbox.first_ref(db, delivery.digest_id, delivery.channel, delivery.recipient)


def _record(
    database: Database,
    delivery: Delivery,
    outcome: Outcome,
    channel: Channel | None,
    now: datetime,
    jitter: float,
    done: Delivered,
) -> None:
    with database.write() as db:
        match outcome:
            case Sent(ref=ref):
                kept = outbox.record(db, delivery, DeliveryState.SENT, now=now, provider_ref=ref)
                done.sent += kept
            case Refused(reason=reason):
                kept = outbox.record(db, delivery, DeliveryState.DEAD, now=now, error=reason)
                done.dead += kept
                done.failures.append((delivery, reason))
            case Deferred(reason=reason, retry_after=retry_after):
                wait = max(retry_after or timedelta(), backoff(delivery.attempts, jitter))
                late = now + wait - delivery.created_at > GIVEN_UP_AFTER and delivery.attempts >= 5
                state = DeliveryState.DEAD if late else DeliveryState.RETRYING
                kept = outbox.record(db, delivery, state, now=now, next_try_at=now + wait, error=reason)
                done.dead += kept and late
                done.retrying += kept and not late
                done.failures.append((delivery, reason))
            case Uncertain(reason=reason):
                _settle_uncertain(db, delivery, channel, reason, now, jitter, done)
    log.info("delivery", delivery=delivery.id, kind=delivery.kind.value, outcome=type(outcome).__name__.lower())


def _settle_uncertain(
    db: Db,
    delivery: Delivery,
    channel: Channel | None,
    reason: str,
    now: datetime,
    jitter: float,
    done: Delivered,
) -> None:
    """Do what the channel's policy says where nobody knows: send again under the same identity, or leave it at that."""
    again = channel is not None and channel.options.get("on_uncertain", "resend") == "resend" and delivery.attempts < 4
    # A file is written whole or not at all, under one name: writing it again changes nothing.
    again = again or delivery.kind is ChannelKind.FILE
    state = DeliveryState.RETRYING if again and delivery.kind in _SAME_TWICE else DeliveryState.UNCERTAIN
    wait = backoff(delivery.attempts, jitter)
    said = f"perhaps it arrived: {reason}"
    if outbox.record(db, delivery, state, now=now, next_try_at=now + wait, error=said):
        done.uncertain += state is DeliveryState.UNCERTAIN
        done.retrying += state is DeliveryState.RETRYING
        done.failures.append((delivery, said))


_SAME_TWICE = {ChannelKind.EMAIL, ChannelKind.WEBHOOK, ChannelKind.FILE}
"""Kinds in which a repeat carries the identity of the first, so that the other side can tell."""


async def _settle_abandoned(
    database: Database,
    press: Press,
    senders: Mapping[ChannelKind, Sender],
    clock: Callable[[], datetime],
    done: Delivered,
) -> None:
    def take() -> tuple[Delivery, ...]:
        with database.write() as db:
            return outbox.abandoned(db, clock())

    for delivery in await asyncio.to_thread(take):
        channel = press.channels.get(delivery.channel)
        sender = senders.get(delivery.kind)
        outcome: Outcome = Uncertain(reason="the watcher ended while it was sending")
        if channel is not None and isinstance(sender, SlackSender) and (ref := await sender.arrived(delivery, channel)):
            outcome = Sent(ref=ref)
        await asyncio.to_thread(_record, database, delivery, outcome, channel, clock(), 0.5, done)


def backoff(attempts: int, jitter: float) -> timedelta:
    """Give the wait before the next try: doubling from a minute to six hours, with full jitter above a half."""
    wait = min(RETRY_FIRST * (1 << min(attempts - 1, 12)), RETRY_CAP) if attempts > 0 else RETRY_FIRST
    return wait * (0.5 + jitter / 2)


def _facts(digest: Digest) -> dict[str, object]:
    """Say a digest as plain JSON values."""
    return {
        "name": digest.name,
        "title": digest.title,
        "slot": digest.slot_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "window": [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in digest.window],
        "coverage": say.coverage_line(digest.coverage),
        "topics": [
            {
                "id": section.topic_id,
                "name": section.name,
                "more": section.more,
                "stories": [
                    {
                        "title": line.lead.title,
                        "url": line.lead.url,
                        "outlets": list(line.outlets),
                        "score": line.lead.score,
                        "first_seen_at": line.lead.first_seen_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                        "hits": [hit.hit_id for hit in (line.lead, *line.others)],
                    }
                    for line in section.stories
                ],
            }
            for section in digest.sections
        ],
    }
