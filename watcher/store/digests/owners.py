"""Digests of people who have left: they stop, and go on where the person comes back."""

from __future__ import annotations

from collections.abc import Iterable

from watcher.model.digest import Subscription
from watcher.model.person import make_login
from watcher.store.database import Db
from watcher.store.people.accounts import list_active_logins


def find_stopped_digests(db: Db, subscriptions: Iterable[Subscription]) -> frozenset[str]:
    """Return the names of the digests whose owner is not, or no longer, one of the people."""
    owned = [
        (subscription.name, make_login(subscription.owner)) for subscription in subscriptions if subscription.owner
    ]
    if not owned:
        return frozenset()
    active = list_active_logins(db)
    return frozenset(name for name, login in owned if login not in active)
