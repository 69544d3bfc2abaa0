"""Frees what dead processes hold: at once where the death is certain, else when a lease or a heartbeat expires."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from watcher.store.database import Database
from watcher.store.feeds.leases import list_feed_lease_owners, release_feeds_of_owners
from watcher.store.feeds.shards import get_process_name, list_shard_owners, lock_host_shards, release_shards_of_owners
from watcher.store.meaning.backlog import list_claim_owners, release_claims
from watcher.store.outbox.leases import expire_leases_of_owners, list_delivery_lease_owners
from watcher.store.system.workers import expire_workers

COMMAND_PREFIX = "command"
"""Begins the name of an owner that is no daemon: a command that a person runs beside one."""


class RecoveredLeases(NamedTuple):
    """How many feeds and messages were freed."""

    feeds: int = 0
    messages: int = 0


def recover_leases(database: Database, is_dead: Callable[[str], bool], now: datetime) -> RecoveredLeases:
    """End the leases of owners that are dead, and return how many there were."""
    with database.read() as db:
        feed_owners, message_owners = list_feed_lease_owners(db), list_delivery_lease_owners(db)
        reading_owners = list_claim_owners(db)
        shard_owners = list_shard_owners(db) if database.is_shared else frozenset()
    if dead_shard_owners := {owner for owner in shard_owners if is_dead(get_process_name(owner))}:
        with database.write() as db:
            release_shards_of_owners(db, dead_shard_owners, lock_host_shards(db))
    dead = {owner for owner in feed_owners | message_owners | reading_owners if is_dead(owner)}
    if not dead:
        return RecoveredLeases()
    with database.write() as db:
        release_claims(db, dead)
        return RecoveredLeases(release_feeds_of_owners(db, dead), expire_leases_of_owners(db, dead, now))


def free_feeds_of_owners(database: Database, owners: Iterable[str]) -> int:
    """End the leases on feeds of some owners, dead or not, because a person asked for it; return how many.

    What an owner that lives still stores of them is refused by its claim's token, and no harm is done.
    """
    with database.write() as db:
        return release_feeds_of_owners(db, owners)


def recover_silent_leases(database: Database, now: datetime) -> RecoveredLeases:
    """End the leases of processes whose heartbeat has expired, and return how many there were.

    A process that was only slow loses them as well: what it then stores is refused, and no harm is done.
    """
    with database.write() as db:
        silent = expire_workers(db, now)
        if not silent:
            return RecoveredLeases()
        release_claims(db, silent)
        return RecoveredLeases(release_feeds_of_owners(db, silent), expire_leases_of_owners(db, silent, now))


def is_owner_dead(owner: str, own_name: str = "", *, is_only_daemon: bool = False) -> bool:
    """Return whether the process that goes by `owner` is dead, as far as this machine can tell.

    `own_name` is this process's: it holds nothing yet, so what goes by its name belonged to an earlier process.
    `is_only_daemon` means that no other daemon can be at work on the database.
    """
    host, _, pid = owner.rpartition(":")
    if owner == own_name or (is_only_daemon and not owner.startswith(COMMAND_PREFIX)):
        return True
    if host.removeprefix(COMMAND_PREFIX).strip() != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)  # signal 0 asks only whether the process exists
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
