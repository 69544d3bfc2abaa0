"""Our side of a subscription at a hub (WebSub, W3C Recommendation of 2018): where it calls back, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WebSubState(StrEnum):
    """How far a subscription is: asked for, verified and live, denied by the hub, or on its way out."""

    ASKED = "asked"
    LIVE = "live"
    DENIED = "denied"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebSubSubscription:
    """A subscription that is to be stored and asked for at `next_try_at`; its fields are those of the stored one."""

    feed_id: int
    token: str
    secret: str
    hub: str
    topic: str
    next_try_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSubSubscription:
    """An address that a hub calls with a feed's news.

    `token` is the part of the address that nobody can guess, and identifies the subscription; `secret` signs what the
    hub sends. `next_try_at` is when the hub is asked next: to subscribe, to renew at four fifths of the lease, or to
    leave.
    """

    feed_id: int
    feed_url: str
    token: str
    secret: str
    hub: str
    topic: str
    state: WebSubState = WebSubState.ASKED
    next_try_at: datetime
    expires_at: datetime | None = None
    failures: int = 0
    error: str = ""
