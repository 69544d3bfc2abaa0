"""The configured digests with their last and next times, as the command, the API and the status list them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from watcher.contract.configured_digests import ConfiguredDigest, encode_subscription
from watcher.digest.slots import find_next_slot
from watcher.model.subscription import Subscription
from watcher.store.database import Db
from watcher.store.digests.owners import find_stopped_digests
from watcher.store.digests.slots import get_last_slots


def list_configured_digests(db: Db, subscriptions: Iterable[Subscription], now: datetime) -> list[ConfiguredDigest]:
    """Return digests as configured; one whose owner has left has stopped."""
    listed = tuple(subscriptions)
    last_slots, stopped = get_last_slots(db, now), find_stopped_digests(db, listed)
    return [
        encode_subscription(
            subscription,
            last_at=last_slots.get(subscription.name),
            next_at=find_next_slot(subscription, now),
            stopped=subscription.name in stopped,
        )
        for subscription in listed
    ]
