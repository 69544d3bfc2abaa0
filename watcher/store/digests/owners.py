"""Digests of people who have left: they stop, and go on where the person comes back."""

from __future__ import annotations

from collections.abc import Iterable

from watcher.model.subscription import Subscription
from watcher.store.database import Db


def find_stopped_digests(db: Db, subscriptions: Iterable[Subscription]) -> frozenset[str]:
    """Return the names of the digests whose owner is not, or no longer, one of the people."""
    owned = [(subscription.name, subscription.owner) for subscription in subscriptions if subscription.owner]
    if not owned:
        return frozenset()
    from watcher.model.person import make_login
    from watcher.store.people.accounts import list_active_logins

    active = list_active_logins(db)
    return frozenset(name for name, owner in owned if make_login(owner) not in active)
