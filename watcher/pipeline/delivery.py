"""Sends the messages of the outbox, one at a time on each channel; no transaction is open while servers answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from watcher.channels import CHANNELS
from watcher.channels.base import DigestBody, OutgoingMessage, Sender
from watcher.channels.outcome import Blocked, Deferred, Refused, SendOutcome, Sent, Uncertain
from watcher.channels.redact import redact_secrets
from watcher.channels.senders import Senders
from watcher.errors import StorageError
from watcher.model.digest import Channel, Delivery, DeliveryState
from watcher.pipeline.checkpoints import Checkpoint, ignore_checkpoint
from watcher.pipeline.delivery_policy import (
    GIVE_UP_AFTER,
    MAX_FAILURES_IN_ROW,
    compute_next_try,
    compute_retry_wait,
    is_given_up,
    is_unreachable,
    retries_uncertain,
)
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.store.database import Database, Db
from watcher.store.digests.queries import load_digest
from watcher.store.outbox.blocked_channels import block_channel, find_blocked_channel, unblock_channel
from watcher.store.outbox.leases import claim_abandoned_deliveries, has_abandoned_deliveries
from watcher.store.outbox.queries import find_thread_ref
from watcher.store.outbox.queue import claim_delivery, expire_deliveries, list_waiting_channels, record_attempt

log = structlog.get_logger()

CLAIM_LEASE = timedelta(minutes=5)
"""How long a message that is being sent belongs to its sender; far longer than any sender waits for an answer."""
FIRST_RECORD_WAIT = timedelta(seconds=0.5)
MAX_RECORD_WAIT = timedelta(seconds=10)
"""The wait before the next attempt to record what became of a message."""
MAX_MESSAGES_PER_ROUND = 10_000

Channels: TypeAlias = Mapping[str, Channel]
OnDelivery: TypeAlias = Callable[[str, str, timedelta], None]
"""Called with the channel of an attempt, the state after it, and how long the server took."""


@dataclass(slots=True)
class DeliverySummary:
    """What became of the messages of a round, by state."""

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
    limit: int = MAX_MESSAGES_PER_ROUND,
    owner: str = "command",
    digest_id: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
    jitter: Callable[[], float] = random.random,
    checkpoint: Checkpoint = ignore_checkpoint,
) -> DeliverySummary:
    """Send what is due, at most `limit` messages on each channel, and settle what a dead process left half-sent.

    `digest_id` restricts the round to one digest. Channels are served side by side, the messages of one in turn: a
    process that dies leaves one message of each in doubt. `stopping` is called before each message, `checkpoint` at
    named points of each.
    """
    summary = DeliverySummary()
    round_ = DeliveryRound(database, channels, senders, clock, jitter, summary, owner, digest_id, checkpoint=checkpoint)
    has_abandoned, names = await asyncio.to_thread(read_waiting, database, clock(), digest_id)
    if has_abandoned:
        await asyncio.to_thread(round_.settle_abandoned)
        _has_abandoned, names = await asyncio.to_thread(read_waiting, database, clock(), digest_id)
    await asyncio.gather(*(round_.drain(name, limit, stopping) for name in names))
    return summary


def read_waiting(database: Database, now: datetime, digest_id: int | None = None) -> tuple[bool, tuple[str, ...]]:
    """Return whether a sender died while it was sending, and the channels on which a message is due."""
    with database.read() as db:
        return has_abandoned_deliveries(db, now), list_waiting_channels(db, now, digest_id)


@dataclass(frozen=True, slots=True)
class _ClaimedDelivery:
    """A delivery that nobody else sends for a time, and what its sender is handed."""

    delivery: Delivery
    message: OutgoingMessage


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What was stored of a message; `held` is false where the claim was lost meanwhile and nothing was."""

    delivery: Delivery
    state: DeliveryState
    held: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class DeliveryRound:
    """One pass over the messages that are due."""

    database: Database
    channels: Channels
    senders: Senders
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    summary: DeliverySummary
    owner: str
    digest_id: int | None = None
    on_delivery: OnDelivery | None = None
    bodies: dict[int, DigestBody] = field(default_factory=dict)
    elapsed: dict[int, timedelta] = field(default_factory=dict)
    storage: StorageMonitor = field(default_factory=StorageMonitor)
    checkpoint: Checkpoint = ignore_checkpoint
    is_clock_doubted: Callable[[], bool] = lambda: False

    async def drain(self, name: str, limit: int, stopping: Callable[[], bool]) -> bool:
        """Send a channel's messages one after another; each outcome is recorded as the next message is claimed.

        Returns False where the server could not be reached several times in a row, or refused the channel itself: the
        rest is left for later, with all its attempts.
        """
        channel = self.channels.get(name)
        last: tuple[Delivery, SendOutcome] | None = None
        sender: Sender | None = None
        failures = 0
        loop = asyncio.get_running_loop()
        try:
            for number in range(limit + 1):
                more = number < limit and failures < MAX_FAILURES_IN_ROW and not stopping()
                claimed = await self._record_and_claim(name, channel, last, more=more)
                if claimed is None:
                    break
                self.checkpoint("claimed")
                delivery = claimed.delivery
                sender = self._find_sender(delivery, channel)
                started_at = loop.time()
                outcome = await self._send(claimed, channel, sender)
                self.elapsed[delivery.id] = timedelta(seconds=loop.time() - started_at)
                last = delivery, outcome
                if isinstance(outcome, Blocked):
                    failures = MAX_FAILURES_IN_ROW
                else:
                    failures = failures + 1 if is_unreachable(outcome) else 0
                self.checkpoint("sent")
        finally:
            if sender is not None:
                await sender.close_idle()
        return failures < MAX_FAILURES_IN_ROW

    def _find_sender(self, delivery: Delivery, channel: Channel | None) -> Sender | None:
        """Return the sender of a message; None where its channel is gone or is now of another kind."""
        if channel is None or channel.kind != delivery.kind:
            return None
        return self.senders.find_sender(channel)

    async def _record_and_claim(
        self, name: str, channel: Channel | None, last: tuple[Delivery, SendOutcome] | None, *, more: bool
    ) -> _ClaimedDelivery | None:
        """Record what became of the last message, and claim the next one.

        What was handed over has to be recorded, however long the database is full or away: the message would be sent
        again.
        """
        wait = FIRST_RECORD_WAIT
        while True:
            try:
                return await asyncio.to_thread(self._step, name, channel, last, more)
            except StorageError as error:
                if last is None:
                    raise
                self.storage.fail("record", error)
            # Nothing more is claimed meanwhile: two messages of a channel would be in doubt.
            more = False
            await asyncio.sleep(wait.total_seconds())
            wait = min(2 * wait, MAX_RECORD_WAIT)

    def _step(
        self, name: str, channel: Channel | None, last: tuple[Delivery, SendOutcome] | None, more: bool
    ) -> _ClaimedDelivery | None:
        recorded: _Recorded | None = None
        with self.database.write() as db:
            if last is not None:
                recorded = self._record(db, *last, channel)
            claimed = self._claim(db, name) if more else None
        if recorded is not None:
            self.storage.succeed("record")
            self._report(recorded)
            self.checkpoint("recorded")
        return claimed

    def _claim(self, db: Db, name: str) -> _ClaimedDelivery | None:
        delivery = claim_delivery(
            db, self.clock(), lease_for=CLAIM_LEASE, channel=name, owner=self.owner, digest_id=self.digest_id
        )
        if delivery is None:
            return None
        thread: str | None = None
        if delivery.part:
            thread = find_thread_ref(db, delivery.digest_id, delivery.channel, delivery.recipient)
        channel_type = CHANNELS.get(delivery.kind)
        needs_body = channel_type is not None and channel_type.needs_digest_body
        body = self._read_body(db, delivery.digest_id) if needs_body else None
        message = OutgoingMessage(
            recipient=delivery.recipient,
            payload=delivery.payload,
            message_id=delivery.message_id,
            created_at=delivery.created_at,
            thread=thread,
            body=body,
        )
        return _ClaimedDelivery(delivery, message)

    def _read_body(self, db: Db, digest_id: int) -> DigestBody:
        """Return a digest's HTML and text; many messages in a row are of the same digest."""
        if digest_id not in self.bodies:
            digest = load_digest(db, digest_id)
            self.bodies.clear()
            self.bodies[digest_id] = DigestBody(html=digest.html, text=digest.text)
        return self.bodies[digest_id]

    async def _send(self, claimed: _ClaimedDelivery, channel: Channel | None, sender: Sender | None) -> SendOutcome:
        if channel is None or sender is None:
            name = claimed.delivery.channel
            return Blocked(
                reason=f"channel {name!r} is no longer configured; if it has a new name, write `formerly: [{name}]` "
                "there"
            )
        outcome = await self._hand_over(claimed, channel, sender)
        if isinstance(outcome, Sent):
            return outcome
        # Servers repeat addresses and headers in their answers; what is recorded is shown to readers.
        return replace(outcome, reason=redact_secrets(outcome.reason, channel))

    async def _hand_over(self, claimed: _ClaimedDelivery, channel: Channel, sender: Sender) -> SendOutcome:
        """Send a message; one that perhaps arrived is looked up first, where the sender can do so."""
        try:
            if claimed.delivery.doubts:
                earlier = await sender.find_sent(claimed.message)
                is_sent_anyway = isinstance(earlier, Uncertain) and channel.options.resends_uncertain
                if earlier is not None and not is_sent_anyway:
                    return earlier
            return await sender.send(claimed.message)
        except Exception as error:
            # One message's fault stops no other. Whether this one was on its way when it happened, nobody knows.
            log.exception("delivery failed", delivery=claimed.delivery.id, kind=claimed.delivery.kind)
            return Uncertain(reason=f"internal fault: {type(error).__name__}")

    def settle_abandoned(self) -> None:
        """Record what a dead process was sending as uncertain; its channel's policy decides what follows."""
        outcome = Uncertain(reason="the watcher ended while it was sending")
        with self.database.write() as db:
            recorded = [
                self._record(db, delivery, outcome, self.channels.get(delivery.channel))
                for delivery in claim_abandoned_deliveries(db, self.clock())
            ]
        for record in recorded:
            self._report(record)

    def _record(self, db: Db, delivery: Delivery, outcome: SendOutcome, channel: Channel | None) -> _Recorded:
        now = self.clock()
        wait = compute_retry_wait(delivery.attempts, self.jitter())
        reason = None if isinstance(outcome, Sent) else outcome.reason
        next_try_at: datetime | None = None
        ref: str | None = None
        state: DeliveryState
        match outcome:
            case Sent():
                state, ref = DeliveryState.SENT, outcome.ref
            case Refused():
                state = DeliveryState.DEAD
            case Blocked(retry_after=retry_after):
                next_try_at = now + max(retry_after or timedelta(), wait)
                is_dead = self._record_refusal(db, delivery, outcome.reason, now)
                state = DeliveryState.DEAD if is_dead else DeliveryState.RETRYING
            case Deferred(retry_after=retry_after):
                # A channel that was away for a day may still get a message that was tried a few times only.
                next_try_at = compute_next_try(delivery.created_at, now, wait, retry_after or timedelta())
                is_late = is_given_up(delivery.created_at, now, delivery.attempts) and not self.is_clock_doubted()
                state = DeliveryState.DEAD if is_late else DeliveryState.RETRYING
            case Uncertain():
                # It was handed over: only the channel's policy may send it a second time.
                again = retries_uncertain(delivery, channel)
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
        """Count and log what became of a message, once it is stored."""
        delivery, state, reason, summary = recorded.delivery, recorded.state, recorded.reason, self.summary
        if recorded.held:
            summary.sent += state is DeliveryState.SENT
            summary.retrying += state is DeliveryState.RETRYING
            summary.uncertain += state is DeliveryState.UNCERTAIN
            summary.dead += state is DeliveryState.DEAD
            if reason is not None:
                summary.failures.append((delivery, reason))
        if self.on_delivery is not None:
            self.on_delivery(delivery.channel, state.value, self.elapsed.pop(delivery.id, timedelta()))
        facts = {"delivery": delivery.id, "channel": delivery.channel, "kind": delivery.kind}
        if state is DeliveryState.SENT:
            log.info("delivery", **facts, state=state.value, held=recorded.held)
        else:
            log.warning("delivery", **facts, state=state.value, held=recorded.held, reason=reason)

    def _record_refusal(self, db: Db, delivery: Delivery, reason: str, now: datetime) -> bool:
        """Record that the channel is refused; return whether it has been for so long that the message is dead.

        Then all messages that have waited for as long are dead: each would only be refused in turn.
        """
        known = find_blocked_channel(db, delivery.channel)
        since = block_channel(db, delivery.channel, reason, now).since
        if known is None:
            log.warning("channel refused", channel=delivery.channel, reason=reason)
        if now - since <= GIVE_UP_AFTER or self.is_clock_doubted():
            return False
        self.summary.dead += expire_deliveries(db, delivery.channel, now - GIVE_UP_AFTER, reason, now)
        return now - delivery.created_at > GIVE_UP_AFTER
