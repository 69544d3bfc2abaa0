"""Decides whether and when a message is sent again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from watcher.channels import CHANNELS
from watcher.channels.outcome import Blocked, Deferred, SendOutcome, Uncertain
from watcher.model.digest import Channel, Delivery

FIRST_RETRY_WAIT = timedelta(minutes=1)
MAX_RETRY_WAIT = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(hours=24)
MIN_ATTEMPTS = 11
"""A message that was not accepted for a day has had at least so many attempts before it is dead.

The day is one of the wall clock, which may have been wrong, or set forward, meanwhile. So many attempts alone take at
least seven hours.
"""
MAX_UNCERTAIN_ATTEMPTS = 3
"""A message whose fate was unknown so often is not sent again without a person."""
MAX_FAILURES_IN_ROW = 3
"""A channel whose server could not be reached so often in a row is paused."""


def is_unreachable(outcome: SendOutcome) -> bool:
    """Return whether the server or the channel failed, whatever the message was."""
    return isinstance(outcome, Uncertain | Blocked) or (isinstance(outcome, Deferred) and outcome.down)


def retries_uncertain(delivery: Delivery, channel: Channel | None) -> bool:
    """Return whether a message that perhaps arrived is tried again under the same identity.

    `channel` is None where it is no longer configured.
    """
    channel_type = CHANNELS.get(delivery.kind)
    if channel_type is not None and channel_type.is_idempotent:
        return True
    if channel is None or delivery.doubts >= MAX_UNCERTAIN_ATTEMPTS:
        return False
    # A sender that can look up what arrived does so first, and repeats nothing.
    can_find_sent = channel.kind == delivery.kind and channel.options.can_find_sent
    return can_find_sent or channel.options.resends_uncertain


def is_given_up(created_at: datetime, now: datetime, attempts: int) -> bool:
    """Return whether a message that was not accepted just now has been tried for long enough."""
    return now - created_at >= GIVE_UP_AFTER and attempts >= MIN_ATTEMPTS


def compute_next_try(created_at: datetime, now: datetime, wait: timedelta, asked_wait: timedelta) -> datetime:
    """Return when a message that was not accepted is tried again: after `wait`, but once more as its day ends.

    Where the server asked for a time (`asked_wait`), never before that.
    """
    last_try_at = created_at + GIVE_UP_AFTER
    next_try_at = now + wait
    if now < last_try_at < next_try_at:
        next_try_at = last_try_at
    return max(next_try_at, now + asked_wait)


def compute_retry_wait(attempts: int, jitter: float) -> timedelta:
    """Return the wait before the next attempt: doubling from a minute to six hours; `jitter` (0..1) halves it at most.

    `attempts` counts those made so far.
    """
    wait = min(FIRST_RETRY_WAIT * (1 << min(attempts - 1, 12)), MAX_RETRY_WAIT) if attempts > 0 else FIRST_RETRY_WAIT
    return wait * (0.5 + jitter / 2)
