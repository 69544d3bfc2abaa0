"""The way of a digest to its recipients: each message, where it stands, and who wants no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    """Where a delivery stands; only `pending` and `retrying` are taken up again by themselves."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRYING = "retrying"
    UNCERTAIN = "uncertain"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one recipient of one digest: a row of the outbox.

    `payload` is fixed when the digest is composed, and so is `message_id`. `doubts` counts how often nobody could tell
    whether it arrived; `changed_at` is when its state last changed.
    """

    id: int
    digest_id: int
    channel: str
    kind: str
    recipient: str
    part: int
    payload: str
    message_id: str
    state: DeliveryState
    attempts: int
    next_try_at: datetime
    created_at: datetime
    sent_at: datetime | None = None
    provider_ref: str | None = None
    error: str | None = None
    lease: int = 0
    doubts: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscription:
    """Who wants which digest no longer, and where."""

    subscription: str
    channel: str
    recipient: str
