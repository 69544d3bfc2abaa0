"""Channels that the other side refuses altogether: since when, and why. Kept as notes until a message goes through."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from watcher.store.database import Db
from watcher.store.system.key_values import delete_value, get_value, set_value
from watcher.store.tables import meta

_PREFIX = "blocked-channel:"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedChannel:
    """A channel that takes no message, with the reason of the last try."""

    channel: str
    since: datetime
    reason: str


def find_blocked_channel(db: Db, channel: str) -> BlockedChannel | None:
    """Return what is known of a channel's refusal, None where it is not refused."""
    kept = get_value(db, _PREFIX + channel)
    return _read(channel, kept) if kept is not None else None


def block_channel(db: Db, channel: str, reason: str, now: datetime) -> BlockedChannel:
    """Note that a channel was refused just now; returns it with the moment when that began."""
    known = find_blocked_channel(db, channel)
    since = min(known.since, now) if known is not None else now
    set_value(db, _PREFIX + channel, json.dumps({"since": since.isoformat(), "reason": reason}, ensure_ascii=False))
    return BlockedChannel(channel=channel, since=since, reason=reason)


def unblock_channel(db: Db, channel: str) -> None:
    """Forget that a channel was refused: a message went through, or a person repaired it."""
    delete_value(db, _PREFIX + channel)


def list_blocked_channels(db: Db) -> tuple[BlockedChannel, ...]:
    """List the channels that are refused, by name."""
    chosen = select(meta).where(meta.c.key.startswith(_PREFIX, autoescape=True)).order_by(meta.c.key)
    return tuple(_read(row.key.removeprefix(_PREFIX), row.value) for row in db.execute(chosen))


def _read(channel: str, kept: str) -> BlockedChannel:
    values = json.loads(kept)
    return BlockedChannel(channel=channel, since=datetime.fromisoformat(values["since"]), reason=str(values["reason"]))
