"""What a dead process held is taken up again: at once where its death is known, else when its lease runs out."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from datetime import datetime

from watcher.store.database import Database
from watcher.store.feeds.leases import list_feed_lease_owners, release_feeds_of_owners
from watcher.store.outbox.queries import expire_leases_of_owners, list_delivery_lease_owners
from watcher.store.system.workers import expire_workers

COMMAND = "command"
"""What the name of a holder begins with that is no daemon: a command that a person runs beside one."""


def take_over(database: Database, is_dead: Callable[[str], bool], now: datetime) -> tuple[int, int]:
    """End the leases of holders that are dead; gives how many feeds and how many messages they held."""
    with database.read() as db:
        held_feeds, held_messages = list_feed_lease_owners(db), list_delivery_lease_owners(db)
    dead = {owner for owner in held_feeds | held_messages if is_dead(owner)}
    if not dead:
        return 0, 0
    with database.write() as db:
        return release_feeds_of_owners(db, dead), expire_leases_of_owners(db, dead, now)


def free_feeds_of_owners(database: Database, owners: Iterable[str]) -> int:
    """End the leases on feeds of some holders, dead or not, at a person's wish; return how many.

    What a holder that lives still stores of them is not taken, and no harm is done.
    """
    with database.write() as db:
        return release_feeds_of_owners(db, owners)


def recover_silent_leases(database: Database, now: datetime) -> tuple[int, int]:
    """End the leases of those who said that they were at work and say so no longer; gives how many of each.

    One who was only slow loses them as well: what it then settles is not taken, and no harm is done.
    """
    with database.write() as db:
        silent = expire_workers(db, now)
        return (release_feeds_of_owners(db, silent), expire_leases_of_owners(db, silent, now)) if silent else (0, 0)


def is_dead(owner: str, me: str = "", *, alone: bool = False) -> bool:
    """Return whether the process that goes by a name is dead. `alone`: no other daemon can be at work here."""
    host, _, number = owner.rpartition(":")
    if owner == me or (alone and not owner.startswith(COMMAND)):
        return True
    if host.removeprefix(COMMAND).strip() != socket.gethostname() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
