"""Sends what waits in the outbox, a message at a time on each channel; no transaction is open while servers answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from watcher.channels import Blocked, Deferred, Outcome, Refused, Sender, Sent, SlackSender, Uncertain
from watcher.channels.redact import redact_secrets
from watcher.errors import StorageError
from watcher.model.digest import Channel, ChannelKind, Delivery, DeliveryState
from watcher.pipeline.checkpoints import reached
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.store.database import Database, Db
from watcher.store.digests.queries import load_digest
from watcher.store.outbox.blocked_channels import block_channel, find_blocked_channel, unblock_channel
from watcher.store.outbox.queries import (
    claim_abandoned_deliveries,
    claim_delivery,
    expire_deliveries,
    find_thread_ref,
    has_abandoned_deliveries,
    list_waiting_channels,
    record_attempt,
)

log = structlog.get_logger()

LEASE = timedelta(minutes=5)
"""How long a message that is being sent stays with its sender; far longer than any sender waits for an answer."""
RECORD_AGAIN_FIRST = timedelta(seconds=0.5)
RECORD_AGAIN_CAP = timedelta(seconds=10)
"""How long to wait before trying again to record what a message came to."""
RETRY_FIRST = timedelta(minutes=1)
RETRY_CAP = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(hours=24)
TRIES_AT_LEAST = 5
DOUBTS_AT_MOST = 3
"""A message whose fate was unknown so often is not sent again by itself."""

DOWN_AFTER = 3
"""A channel whose other side was out of reach so often in a row is left alone for a while."""

Channels: TypeAlias = Mapping[str, Channel]
OnDelivery: TypeAlias = Callable[[str, str, timedelta], None]
"""Called with the channel of a try to deliver, the state it came to, and how long the other side took."""
Senders: TypeAlias = Mapping[ChannelKind, Sender]


@dataclass(slots=True)
class Delivered:
    """What a round of sending came to, by state."""

    sent: int = 0
    retrying: int = 0
    uncertain: int = 0
    dead: int = 0
    failures: list[tuple[Delivery, str]] = field(default_factory=list)


async def deliver_waiting(
    database: Database,
    channels: Channels,
    senders: Senders,
    clock: Callable[[], datetime],
    *,
    limit: int = 10_000,
    owner: str = "command",
    digest_id: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
    jitter: Callable[[], float] = random.random,
) -> Delivered:
    """Send what is due, `limit` messages at most on each channel, and settle what a dead process left half-sent.

    `digest_id` sends one digest's messages alone. Channels go side by side, the messages of one after each other: a
    process that dies leaves one message of each in doubt. `stopping` is asked before every message.
    """
    done = Delivered()
    round_ = Round(database, channels, senders, clock, jitter, done, owner, digest_id)
    with database.read() as db:
        lost, names = has_abandoned_deliveries(db, clock()), list_waiting_channels(db, clock(), digest_id)
    if lost:
        await asyncio.to_thread(round_.settle_abandoned)
        with database.read() as db:
            names = list_waiting_channels(db, clock(), digest_id)
    await asyncio.gather(*(round_.drain(name, limit, stopping) for name in names))
    return done


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What was stored of a message; `held` is false where the claim was lost meanwhile and nothing was."""

    delivery: Delivery
    state: DeliveryState
    held: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over what waits."""

    database: Database
    channels: Channels
    senders: Senders
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    done: Delivered
    owner: str
    digest_id: int | None = None
    on_delivery: OnDelivery | None = None
    bodies: dict[int, tuple[str, str]] = field(default_factory=dict)
    elapsed: dict[int, timedelta] = field(default_factory=dict)
    storage: StorageMonitor = field(default_factory=StorageMonitor)

    async def drain(self, name: str, limit: int, stopping: Callable[[], bool]) -> bool:
        """Send a channel's messages one after another; what one came to is recorded as the next is taken.

        False where the other side was out of reach several times in a row, or refused the channel itself once: the rest
        is left for later, with all its tries.
        """
        channel = self.channels.get(name)
        before: tuple[Delivery, Outcome] | None = None
        sender: Sender | None = None
        down = 0
        loop = asyncio.get_running_loop()
        try:
            for number in range(limit + 1):
                more = number < limit and down < DOWN_AFTER and not stopping()
                delivery = await self._go_on(name, channel, before, more=more)
                if delivery is None:
                    break
                reached("claimed")
                sender = self.senders.get(delivery.kind)
                begun = loop.time()
                before = delivery, await self._send(delivery, channel, sender)
                self.elapsed[delivery.id] = timedelta(seconds=loop.time() - begun)
                down = DOWN_AFTER if isinstance(before[1], Blocked) else down + 1 if is_down(before[1]) else 0
                reached("sent")
        finally:
            if sender is not None:
                await sender.rest()
        return down < DOWN_AFTER

    async def _go_on(
        self, name: str, channel: Channel | None, before: tuple[Delivery, Outcome] | None, *, more: bool
    ) -> Delivery | None:
        """Record what the last message came to, and take the next one.

        What was handed over has to be recorded, however long the database has no room or is away: the message would
        be sent again.
        """
        pause = RECORD_AGAIN_FIRST
        while True:
            try:
                return await asyncio.to_thread(self._step, name, channel, before, more)
            except StorageError as error:
                if before is None:
                    raise
                self.storage.fail("record", error)
            # Nothing more is begun meanwhile: two of a channel would be in doubt.
            more = False
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, RECORD_AGAIN_CAP)

    def _step(
        self, name: str, channel: Channel | None, before: tuple[Delivery, Outcome] | None, more: bool
    ) -> Delivery | None:
        recorded: _Recorded | None = None
        with self.database.write() as db:
            if before is not None:
                recorded = self._record(db, *before, channel)
            taken = self._claim(db, name) if more else None
            if taken is not None and taken.kind is ChannelKind.EMAIL:
                html, text = self._body(db, taken.digest_id)
                taken = replace(taken, html=html, text=text)
        if recorded is not None:
            self.storage.succeed("record")
            self._report(recorded)
            reached("recorded")
        return taken

    def _claim(self, db: Db, name: str) -> Delivery | None:
        return claim_delivery(
            db, self.clock(), lease_for=LEASE, channel=name, owner=self.owner, digest_id=self.digest_id
        )

    def _body(self, db: Db, digest_id: int) -> tuple[str, str]:
        """Give a digest's HTML and text; many messages in a row are of the same one."""
        if digest_id not in self.bodies:
            found = load_digest(db, digest_id)
            self.bodies.clear()
            self.bodies[digest_id] = found.html, found.text
        return self.bodies[digest_id]

    async def _send(self, delivery: Delivery, channel: Channel | None, sender: Sender | None) -> Outcome:
        if channel is None or sender is None or channel.kind is not delivery.kind:
            return Blocked(
                reason=f"channel {delivery.channel!r} is no longer configured; if it has a new name, write "
                f"`formerly: [{delivery.channel}]` there"
            )
        outcome = await self._hand_over(delivery, channel, sender)
        if isinstance(outcome, Sent):
            return outcome
        # Servers repeat addresses and headers in what they say; what is recorded is shown to readers.
        return replace(outcome, reason=redact_secrets(outcome.reason, channel))

    async def _hand_over(self, delivery: Delivery, channel: Channel, sender: Sender) -> Outcome:
        try:
            thread = await asyncio.to_thread(self._thread, delivery) if delivery.part else None
        except StorageError as error:
            return Deferred(reason=error.fault.value)
        try:
            if delivery.doubts and isinstance(sender, SlackSender) and "token" in channel.options:
                found = await sender.arrived(delivery, channel, thread=thread)
                if isinstance(found, Uncertain) and channel.options.get("on_uncertain", "resend") == "resend":
                    found = None
                if found is not None:
                    return found
            return await sender.send(delivery, channel, thread=thread)
        except Exception as error:
            # The bulkhead of this journey. What was on its way when it broke nobody knows.
            log.exception("delivery failed", delivery=delivery.id, kind=delivery.kind.value)
            return Uncertain(reason=f"internal fault: {type(error).__name__}")

    def _thread(self, delivery: Delivery) -> str | None:
        with self.database.read() as db:
            return find_thread_ref(db, delivery.digest_id, delivery.channel, delivery.recipient)

    def settle_abandoned(self) -> None:
        """Put what a dead process was sending where its channel's policy says."""
        died = Uncertain(reason="the watcher ended while it was sending")
        with self.database.write() as db:
            recorded = [
                self._record(db, delivery, died, self.channels.get(delivery.channel))
                for delivery in claim_abandoned_deliveries(db, self.clock())
            ]
        for each in recorded:
            self._report(each)

    def _record(self, db: Db, delivery: Delivery, outcome: Outcome, channel: Channel | None) -> _Recorded:
        now = self.clock()
        wait = backoff(delivery.attempts, self.jitter())
        reason = None if isinstance(outcome, Sent) else outcome.reason
        next_try_at: datetime | None = None
        ref: str | None = None
        state: DeliveryState
        match outcome:
            case Sent():
                state, ref = DeliveryState.SENT, outcome.ref
            case Refused():
                state = DeliveryState.DEAD
            case Blocked(retry_after=asked):
                next_try_at = now + max(asked or timedelta(), wait)
                given_up = self._is_given_up(db, delivery, outcome.reason, now)
                state = DeliveryState.DEAD if given_up else DeliveryState.RETRYING
            case Deferred(retry_after=asked):
                next_try_at = now + max(asked or timedelta(), wait)
                late = next_try_at - delivery.created_at > GIVEN_UP_AFTER and delivery.attempts >= TRIES_AT_LEAST
                state = DeliveryState.DEAD if late else DeliveryState.RETRYING
            case _:
                again = sends_again(delivery, channel)
                state = DeliveryState.RETRYING if again else DeliveryState.UNCERTAIN
                next_try_at, reason = now + wait, f"perhaps it arrived: {reason}"
        held = record_attempt(
            db, delivery, state, now=now, next_try_at=next_try_at, provider_ref=ref, error=reason,
            doubtful=isinstance(outcome, Uncertain),
        )  # fmt: skip
        if isinstance(outcome, Sent) and find_blocked_channel(db, delivery.channel) is not None:
            unblock_channel(db, delivery.channel)
            log.info("channel accepted again", channel=delivery.channel)
        return _Recorded(delivery, state, held, reason)

    def _report(self, recorded: _Recorded) -> None:
        """Count and log what a message came to, once it is stored."""
        delivery, state, reason, done = recorded.delivery, recorded.state, recorded.reason, self.done
        if recorded.held:
            done.sent += state is DeliveryState.SENT
            done.retrying += state is DeliveryState.RETRYING
            done.uncertain += state is DeliveryState.UNCERTAIN
            done.dead += state is DeliveryState.DEAD
            if reason is not None:
                done.failures.append((delivery, reason))
        if self.on_delivery is not None:
            self.on_delivery(delivery.channel, state.value, self.elapsed.pop(delivery.id, timedelta()))
        facts = {"delivery": delivery.id, "channel": delivery.channel, "kind": delivery.kind.value}
        if state is DeliveryState.SENT:
            log.info("delivery", **facts, state=state.value, held=recorded.held)
        else:
            log.warning("delivery", **facts, state=state.value, held=recorded.held, reason=reason)

    def _is_given_up(self, db: Db, delivery: Delivery, reason: str, now: datetime) -> bool:
        """Note that the channel is refused, and return whether it has been for so long that the message is dead.

        Then all that has waited for as long is: it would only be refused one by one.
        """
        known = find_blocked_channel(db, delivery.channel)
        since = block_channel(db, delivery.channel, reason, now).since
        if known is None:
            log.warning("channel refused", channel=delivery.channel, reason=reason)
        if now - since <= GIVEN_UP_AFTER:
            return False
        self.done.dead += expire_deliveries(db, delivery.channel, now - GIVEN_UP_AFTER, reason, now)
        return now - delivery.created_at > GIVEN_UP_AFTER


def is_down(outcome: Outcome) -> bool:
    """Tell whether the other side was out of reach, whatever the message was."""
    return isinstance(outcome, Uncertain | Blocked) or (isinstance(outcome, Deferred) and outcome.down)


def sends_again(delivery: Delivery, channel: Channel | None) -> bool:
    """Tell what the channel's policy is where nobody knows: send again under the same identity, or leave it standing.

    A file is written whole or not at all, under one name: writing it again changes nothing. A Slack bot asks first
    what arrived.
    """
    if delivery.kind is ChannelKind.FILE:
        return True
    if channel is not None and delivery.kind is ChannelKind.SLACK and "token" in channel.options:
        return delivery.doubts < DOUBTS_AT_MOST
    policy = channel.options.get("on_uncertain", "resend") if channel is not None else "drop"
    return policy == "resend" and delivery.doubts < DOUBTS_AT_MOST


def backoff(attempts: int, jitter: float) -> timedelta:
    """Give the wait before the next try: doubling from a minute to six hours; `jitter` (0..1) takes up to half off."""
    wait = min(RETRY_FIRST * (1 << min(attempts - 1, 12)), RETRY_CAP) if attempts > 0 else RETRY_FIRST
    return wait * (0.5 + jitter / 2)
