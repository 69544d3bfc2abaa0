"""Entries whose vectors are stored and whose stories are still to be joined, by the process that read them.

They are stored with the vectors, in one transaction: what a process leaves behind when it is killed, another joins.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select

from watcher.store.database import Db
from watcher.store.system.key_values import delete_value, set_value
from watcher.store.tables import meta

ABANDONED_AFTER = timedelta(minutes=10)
"""Joining follows within seconds, and within a few minutes where all that is stored is read at once."""
_PREFIX = "stories-to-join:"


def save_pending_joins(db: Db, owner: str, entry_ids: Collection[int], now: datetime) -> None:
    """Remember which entries a process has still to join, in place of what it had before."""
    set_value(db, _PREFIX + owner, json.dumps({"at": now.isoformat(), "entries": sorted(entry_ids)}))


def delete_pending_joins(db: Db, owner: str) -> None:
    """Forget what a process had to join: it is done."""
    delete_value(db, _PREFIX + owner)


def take_abandoned_joins(db: Db, now: datetime, owner: str) -> tuple[int, ...]:
    """Return the entries that processes left unjoined, and make them those of `owner`.

    A time in the future was written under a wrong clock: it counts as abandoned as well.
    """
    chosen = select(meta).where(meta.c.key.startswith(_PREFIX, autoescape=True)).order_by(meta.c.key)
    entry_ids: set[int] = set()
    for row in db.execute(chosen.with_for_update()).all():
        kept = json.loads(row.value)
        if timedelta() <= now - datetime.fromisoformat(kept["at"]) < ABANDONED_AFTER:
            continue
        entry_ids.update(kept["entries"])
        delete_value(db, row.key)
    if entry_ids:
        save_pending_joins(db, owner, entry_ids, now)
    return tuple(sorted(entry_ids))
