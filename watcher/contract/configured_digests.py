"""Digests as configured: apart from their content, which lists and the status do not need."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from watcher.contract.timestamps import format_timestamp
from watcher.model.digest import Subscription


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
