"""Heartbeats of daemons and workers; each expires after some seconds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from watcher.store.database import Database, Db
from watcher.store.sql.dialect import excluded, get_dialect
from watcher.store.tables import leases

MAX_HEARTBEAT_LEASE = timedelta(hours=1)
"""No heartbeat lasts longer: one that ends further ahead was recorded under a wrong clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process that was at work not long ago; `until` is when it would be given up.

    `away_since` is since when it reaches nobody at all, None while it has a network. `shares_hosts` is false for those
    of earlier versions, which lease no shards of hosts.
    """

    name: str
    owner: str
    until: datetime
    away_since: datetime | None = None
    shares_hosts: bool = False


def record_heartbeat(
    database: Database, name: str, owner: str, now: datetime, lasts: timedelta, away_since: datetime | None = None
) -> None:
    """Record that a worker is alive until `now + lasts`, and since when it has no network."""
    with database.write() as db:
        away = {} if away_since is None else {"away_since": away_since.isoformat()}
        note = json.dumps({"shares_hosts": True} | away)
        row = {"owner": owner, "until": now + lasts, "note": note}
        upsert = get_dialect(db).upsert(leases, ["name"], {column: excluded(column) for column in row})
        db.execute(upsert, {"name": name, "token": 1, **row})


def remove_worker(db: Db, name: str) -> None:
    """Remove a worker that ends."""
    db.execute(delete(leases).where(leases.c.name == name))


def expire_workers(db: Db, now: datetime) -> frozenset[str]:
    """Delete workers whose heartbeat expired; return their owners. One that was only slow reports again."""
    silent = or_(leases.c.until < now, leases.c.until > now + MAX_HEARTBEAT_LEASE)
    return frozenset(db.execute(delete(leases).where(silent).returning(leases.c.owner)).scalars())


def list_workers(db: Db, now: datetime) -> tuple[Worker, ...]:
    """Return the workers whose heartbeat has not expired, by name."""
    rows = db.execute(
        select(leases).where(leases.c.until.between(now, now + MAX_HEARTBEAT_LEASE)).order_by(leases.c.name)
    )
    return tuple(Worker(name=row.name, owner=row.owner, until=row.until, **_read_note(row.note)) for row in rows)


def find_network_outage(workers: Iterable[Worker]) -> datetime | None:
    """Return since when no process at work reaches anybody; None while one does, or nobody is at work."""
    since = [worker.away_since for worker in workers]
    return max((moment for moment in since if moment is not None), default=None) if all(since) else None


def _read_note(note: str) -> dict[str, Any]:
    written = json.loads(note) if note else {}
    away_since = written.get("away_since")
    return {
        "away_since": datetime.fromisoformat(away_since) if away_since else None,
        "shares_hosts": bool(written.get("shares_hosts")),
    }
