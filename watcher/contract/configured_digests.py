"""Digests as configured: apart from their content, which lists and the status do not need."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp

if TYPE_CHECKING:
    from watcher.model.delivery import Unsubscription as ModelUnsubscription
    from watcher.model.subscription import Subscription


class ConfiguredDigest(TypedDict):
    """A digest as configured, and when it was and will be composed.

    `owner` is the person whose own digest it is, empty for one of the desk's; `stopped` says that the person has left.
    """

    name: str
    schedule: str
    timezone: str
    topics: list[str]
    channels: list[str]
    owner: str
    stopped: bool
    last_at: str | None
    next_at: str | None


class Unsubscription(TypedDict):
    """A recipient who no longer wants a digest on a channel."""

    channel: str
    recipient: str
    at: str


class DigestSubscribers(ConfiguredDigest):
    """A digest as configured, and who unsubscribed from it."""

    unsubscribed: list[Unsubscription]


def encode_subscription(
    subscription: Subscription, *, last_at: datetime | None, next_at: datetime | None, stopped: bool = False
) -> ConfiguredDigest:
    """Return a digest as configured, with its last and its next slot; one that is `stopped` has no next one."""
    return {
        "name": subscription.name,
        "schedule": subscription.schedule,
        "timezone": subscription.timezone,
        "topics": list(subscription.topics),
        "channels": list(subscription.channels),
        "owner": subscription.owner,
        "stopped": stopped,
        "last_at": format_timestamp(last_at),
        "next_at": None if stopped else format_timestamp(next_at),
    }


def encode_unsubscription(unsubscription: ModelUnsubscription, at: datetime) -> Unsubscription:
    """Return who unsubscribed, and when."""
    return {"channel": unsubscription.channel, "recipient": unsubscription.recipient, "at": format_timestamp(at)}
