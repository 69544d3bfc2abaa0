"""Which slots of a subscription were composed, and since when it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from watcher.store.database import Db
from watcher.store.sql.dialect import get_dialect
from watcher.store.tables import digests, meta

_REGISTERED = "digest-begun:"


def get_last_slot(db: Db, name: str, now: datetime) -> datetime | None:
    """Return the latest slot that was composed for a subscription; one in the future, of a wrong clock, is ignored."""
    composed = select(func.max(digests.c.slot_at)).where(digests.c.name == name, digests.c.slot_at <= now)
    last_slot: datetime | None = db.execute(composed).scalar_one()
    return last_slot


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSlot:
    """When a subscription was first known, and the latest slot that was composed for it, None where there is none."""

    registered_at: datetime
    last: datetime | None


def load_known_slots(db: Db, names: Iterable[str], now: datetime) -> Mapping[str, KnownSlot]:
    """Return what is known of subscriptions, by name; new ones are not in it. Slots in the future are ignored."""
    keys = {f"{_REGISTERED}{name}": name for name in names}
    last = (
        select(func.max(digests.c.slot_at))
        .where(digests.c.name == func.substr(meta.c.key, len(_REGISTERED) + 1), digests.c.slot_at <= now)
        .correlate(meta)
        .scalar_subquery()
    )
    chosen = select(meta.c.key, meta.c.value, last.label("last")).where(meta.c.key.in_(keys))
    return {
        keys[row.key]: KnownSlot(registered_at=datetime.fromisoformat(row.value), last=row.last)
        for row in db.execute(chosen)
    }


def get_last_digest_id(db: Db, name: str) -> int:
    """Return the id of the digest that was composed last for a subscription, 0 where there is none."""
    last_id: int | None = db.execute(select(func.max(digests.c.id)).where(digests.c.name == name)).scalar_one()
    return last_id or 0


def get_last_slots(db: Db, now: datetime) -> Mapping[str, datetime]:
    """Return the latest slot of every subscription there ever was; those in the future are ignored."""
    composed = select(digests.c.name, func.max(digests.c.slot_at)).where(digests.c.slot_at <= now)
    return {row[0]: row[1] for row in db.execute(composed.group_by(digests.c.name))}


def register_subscriptions(db: Db, names: Iterable[str], now: datetime) -> None:
    """Note when subscriptions were first known, so that a first slot that passes while nobody runs is not lost."""
    rows = [{"key": f"{_REGISTERED}{name}", "value": now.isoformat()} for name in sorted(set(names))]
    if rows:
        db.execute(get_dialect(db).insert_or_ignore(meta), rows)


def get_registered_at(db: Db, name: str) -> datetime | None:
    """Return when a subscription was first known, None where it is new."""
    registered_at = db.execute(select(meta.c.value).where(meta.c.key == f"{_REGISTERED}{name}")).scalar()
    return datetime.fromisoformat(registered_at) if registered_at else None


def list_registered_subscriptions(db: Db) -> frozenset[str]:
    """Return the names of all subscriptions that were ever known."""
    chosen = select(meta.c.key).where(meta.c.key.startswith(_REGISTERED, autoescape=True))
    return frozenset(key.removeprefix(_REGISTERED) for key in db.execute(chosen).scalars())
