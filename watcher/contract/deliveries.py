"""Deliveries and channels: messages to recipients, and the ways they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp

if TYPE_CHECKING:
    from watcher.model import digest as model


class Delivery(TypedDict):
    """A message to one recipient; `doubts` counts the attempts of which nobody knows whether they arrived."""

    id: int
    digest: int
    channel: str
    kind: str
    recipient: str
    part: int
    state: str
    attempts: int
    created_at: str
    next_try_at: str
    sent_at: str | None
    changed_at: str | None
    doubts: int
    message_id: str
    error: str | None


class DeliveryList(TypedDict):
    """A page of deliveries, newest first."""

    deliveries: list[Delivery]
    next_cursor: str | None


class PrintedDeliveries(DeliveryList):
    """What `watcher deliveries --json` prints: a page of deliveries, and how many there are in each state."""

    outbox: dict[str, int]


class RetriedDeliveries(TypedDict):
    """How many deliveries wait to be sent again."""

    retried: int


class BlockedSince(TypedDict):
    """Since when a channel's other side refuses messages, and why."""

    since: str
    reason: str


class Channel(TypedDict):
    """A channel as configured, without its options; `blocked` is null while it is accepted."""

    name: str
    kind: str
    recipients: list[str]
    blocked: BlockedSince | None


class ChannelList(TypedDict):
    """What `watcher channels list --json` prints."""

    channels: list[Channel]


class ChannelStep(TypedDict):
    """A step of a test message and the other side's answer."""

    name: str
    answer: str


class ChannelTestResult(TypedDict):
    """What became of the test message to one recipient; `fault` is null where it was sent, `advice` says what to do."""

    recipient: str
    steps: list[ChannelStep]
    outcome: str
    fault: str | None
    advice: str | None


class ChannelTest(TypedDict):
    """What `watcher channels test --json` prints."""

    channel: str
    kind: str
    results: list[ChannelTestResult]


def encode_delivery(delivery: model.Delivery) -> Delivery:
    """Return a delivery without its payload."""
    return {
        "id": delivery.id,
        "digest": delivery.digest_id,
        "channel": delivery.channel,
        "kind": delivery.kind,
        "recipient": delivery.recipient,
        "part": delivery.part,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "created_at": format_timestamp(delivery.created_at),
        "next_try_at": format_timestamp(delivery.next_try_at),
        "sent_at": format_timestamp(delivery.sent_at),
        "changed_at": format_timestamp(delivery.changed_at),
        "doubts": delivery.doubts,
        "message_id": delivery.message_id,
        "error": delivery.error,
    }


def encode_channel(channel: model.Channel, blocked: BlockedSince | None) -> Channel:
    """Return a channel as configured, and whether its other side refuses it."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "recipients": list(channel.recipients),
        "blocked": blocked,
    }
