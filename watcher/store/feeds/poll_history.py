"""The history of polls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from watcher.store.database import Db
from watcher.store.sql.bulk import bulk_insert as put_rows
from watcher.store.tables import polls


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """One poll as the history keeps it; `outcome` is `read`, `unchanged` or the kind of failure."""

    feed_id: int
    at: datetime
    outcome: str
    status: int | None = None
    wire_bytes: int = 0
    seen: int = 0
    new: int = 0
    updated: int = 0
    hits: int = 0
    lost: int = 0
    merged: int = 0
    recovered: int = 0
    left_out: int = 0
    elapsed: timedelta = timedelta()
    message: str = ""


def add_polls(db: Db, history: Iterable[PollRecord]) -> None:
    """Add polls to the history."""
    rows = [
        {
            "feed_id": poll.feed_id,
            "at": poll.at,
            "outcome": poll.outcome,
            "status": poll.status,
            "wire_bytes": poll.wire_bytes,
            "seen": poll.seen,
            "new": poll.new,
            "updated": poll.updated,
            "hits": poll.hits,
            "lost": poll.lost,
            "merged": poll.merged,
            "recovered": poll.recovered,
            "left_out": poll.left_out,
            "elapsed_ms": round(poll.elapsed.total_seconds() * 1000),
            "message": poll.message[:500],
        }
        for poll in history
    ]
    if rows:
        put_rows(db, polls, rows)


def load_polls(db: Db, feed_id: int, limit: int = 50) -> tuple[PollRecord, ...]:
    """Read a feed's latest polls, newest first."""
    rows = db.execute(select(polls).where(polls.c.feed_id == feed_id).order_by(polls.c.id.desc()).limit(limit))
    return tuple(
        PollRecord(
            feed_id=row.feed_id,
            at=row.at,
            outcome=row.outcome,
            status=row.status,
            wire_bytes=row.wire_bytes,
            seen=row.seen,
            new=row.new,
            updated=row.updated,
            hits=row.hits,
            lost=row.lost,
            merged=row.merged,
            recovered=row.recovered,
            left_out=row.left_out,
            elapsed=timedelta(milliseconds=row.elapsed_ms),
            message=row.message,
        )
        for row in rows
    )
