"""Carries what is kept under a channel's or a digest's old name over to its new one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, update

from watcher.store.database import Db
from watcher.store.outbox.blocked_channels import unblock_channel
from watcher.store.system.key_values import delete_value, get_value, set_value
from watcher.store.tables import digest_items, digests, outbox, unsubscribed

_DIGEST_NOTES = ("digest-begun:", "alarms:", "alarms-looked:")


def rename_channel(db: Db, old: str, new: str) -> bool:
    """Rename a channel in its deliveries, waiting and past, and in its unsubscriptions.

    Returns whether there was anything under the old one.
    """
    moved = db.execute(update(outbox).where(outbox.c.channel == old).values(channel=new)).rowcount
    taken = select(unsubscribed.c.name, unsubscribed.c.recipient).where(unsubscribed.c.channel == new)
    already = {tuple(row) for row in db.execute(taken)}
    for row in db.execute(select(unsubscribed).where(unsubscribed.c.channel == old)).all():
        if (row.name, row.recipient) not in already:
            same = unsubscribed.c.name == row.name, unsubscribed.c.recipient == row.recipient
            this = unsubscribed.c.channel == old, *same
            moved += db.execute(update(unsubscribed).where(*this).values(channel=new)).rowcount
    unblock_channel(db, old)
    return moved > 0


def rename_digest(db: Db, old: str, new: str) -> bool:
    """Rename a digest in its slots, in what it reported, and in its unsubscriptions.

    Returns whether it was renamed: not where nothing is kept under the old name, or something under the new one.
    """
    if db.execute(select(digests.c.id).where(digests.c.name == new).limit(1)).first() is not None:
        return False
    registered_at = get_value(db, f"{_DIGEST_NOTES[0]}{old}")
    moved = db.execute(update(digests).where(digests.c.name == old).values(name=new)).rowcount
    if not moved and registered_at is None:
        return False
    db.execute(update(digest_items).where(digest_items.c.name == old).values(name=new))
    already = {(row.channel, row.recipient) for row in db.execute(_recipients(new))}
    for row in db.execute(_recipients(old)).all():
        if (row.channel, row.recipient) not in already:
            same = unsubscribed.c.channel == row.channel, unsubscribed.c.recipient == row.recipient
            db.execute(update(unsubscribed).where(unsubscribed.c.name == old, *same).values(name=new))
    for prefix in _DIGEST_NOTES:
        if (kept := get_value(db, prefix + old)) is not None:
            set_value(db, prefix + new, kept)
            delete_value(db, prefix + old)
    return True


def _recipients(name: str) -> Select[Any]:
    return select(unsubscribed.c.channel, unsubscribed.c.recipient).where(unsubscribed.c.name == name)
