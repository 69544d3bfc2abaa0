"""Stored times that lie in the future, which only a wrong clock writes, and what is known of our clock's faults.

Times of what happened are never rewritten: it may be today's clock that is wrong. They are ignored where they are read.
Only what was put off into a future that no rule allows is due again at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, func, or_, select, update

from watcher.schedule.clock_steps import ClockStep, format_skew, format_step
from watcher.store.database import Db
from watcher.store.system.key_values import get_value, set_value
from watcher.store.tables import callbacks, digests, feeds, outbox

CLOCK_TOLERANCE = timedelta(minutes=2)
"""Several machines' clocks may differ by so much before a stored time counts as lying in the future."""
MAX_WAIT = timedelta(days=40)
"""Longer than any configuration lets a feed or a subscription at a hub wait."""
MAX_STEPS = 20
SKEW_MAX_AGE = timedelta(minutes=15)
"""A skew is noted again while it lasts; one that was noted longer ago is over, or nobody measures any more."""
UNWATCHED_STEP_INTERVAL = timedelta(days=1)
"""While another machine's clock is ahead, each command sees times in the future: one note a day is enough."""
_NOTE = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescheduled:
    """What had been put off by a clock that was ahead, and is due now: how many of each.

    `ahead` is how far in the future the last of these feeds was polled.
    """

    feeds: int = 0
    deliveries: int = 0
    digests: int = 0
    ahead: timedelta = timedelta()

    @property
    def count(self) -> int:
        """Return how many there were in all."""
        return self.feeds + self.deliveries + self.digests


def reschedule_all(db: Db, now: datetime) -> Rescheduled:
    """Schedule now what a clock that was ahead has put off: polls, deliveries, WebSub subscriptions, slots of digests.

    A digest's slot in the future is moved off by a millisecond: the slot is composed again when it really comes.
    """
    late = now + CLOCK_TOLERANCE
    last_poll = select(func.max(feeds.c.polled_at)).where(feeds.c.polled_at > late)
    polled_at: datetime | None = db.execute(last_poll).scalar()
    due_again = reschedule_feeds(db, now)
    waiting: CursorResult[Any] = db.execute(
        update(outbox)
        .where(outbox.c.state.in_(["pending", "retrying"]), outbox.c.changed_at > late, outbox.c.next_try_at > now)
        .values(next_try_at=now, changed_at=now)
    )
    db.execute(update(callbacks).where(callbacks.c.next_try_at > now + MAX_WAIT).values(next_try_at=now))
    ahead = db.execute(select(digests.c.id, digests.c.slot_at).where(digests.c.slot_at > late)).all()
    slots = [row for row in ahead if not row.slot_at.microsecond]
    for row in slots:
        moved = row.slot_at + timedelta(milliseconds=1)
        db.execute(update(digests).where(digests.c.id == row.id).values(slot_at=moved))
    by = polled_at - now if polled_at is not None else timedelta()
    return Rescheduled(feeds=due_again, deliveries=waiting.rowcount, digests=len(slots), ahead=by)


def reschedule_feeds(db: Db, now: datetime) -> int:
    """Schedule feeds now that a clock which was ahead has put off; return how many."""
    ahead = or_(feeds.c.polled_at > now + CLOCK_TOLERANCE, feeds.c.next_poll_at > now + MAX_WAIT)
    done: CursorResult[Any] = db.execute(update(feeds).where(ahead).values(next_poll_at=now, polled_at=None))
    return done.rowcount


def record_clock_step(db: Db, step: ClockStep) -> None:
    """Remember a step of the clock; the moments of earlier ones are reported in its new time from now on."""
    known = _read(db)
    steps = [(at + step.by, by) for at, by in known.steps]
    _write(db, steps=[*steps, (step.at, step.by)][-MAX_STEPS:], skew=None)


def record_unwatched_step(db: Db, ahead: timedelta, now: datetime) -> None:
    """Remember that the clock was set back by `ahead` while no process watched it, unless a fault is known already."""
    if ahead and not describe_clock_faults(db, now - UNWATCHED_STEP_INTERVAL, now):
        record_clock_step(db, ClockStep(at=now, by=-ahead))


def record_clock_skew(db: Db, skew: timedelta | None, now: datetime) -> None:
    """Remember by how much servers say that our clock is wrong; None where they agree with it."""
    known = _read(db)
    if skew is None and known.skew is None:
        return
    _write(db, steps=known.steps, skew=None if skew is None else (now, skew))


def describe_clock_faults(db: Db, since: datetime, now: datetime) -> tuple[str, ...]:
    """Return a sentence for each fault of the clock since a moment: a skew that lasts, and the latest steps."""
    known = _read(db)
    lines = []
    if known.skew is not None and abs(now - known.skew[0]) <= SKEW_MAX_AGE:
        lines.append(format_skew(known.skew[1]))
    recent = [(at, by) for at, by in known.steps if since < at <= now + CLOCK_TOLERANCE]
    lines += [format_step(ClockStep(at=at, by=by)) for at, by in recent[-3:]]
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class _Known:
    steps: Sequence[tuple[datetime, timedelta]] = ()
    skew: tuple[datetime, timedelta] | None = None


def _read(db: Db) -> _Known:
    kept = json.loads(get_value(db, _NOTE) or "{}")
    skew = kept.get("skew")
    return _Known(tuple(_pair(step) for step in kept.get("steps", ())), _pair(skew) if skew else None)


def _write(db: Db, *, steps: Sequence[tuple[datetime, timedelta]], skew: tuple[datetime, timedelta] | None) -> None:
    kept: dict[str, Any] = {"steps": [[at.isoformat(), by.total_seconds()] for at, by in steps]}
    if skew is not None:
        kept["skew"] = [skew[0].isoformat(), skew[1].total_seconds()]
    set_value(db, _NOTE, json.dumps(kept))


def _pair(kept: Sequence[Any]) -> tuple[datetime, timedelta]:
    return datetime.fromisoformat(kept[0]), timedelta(seconds=kept[1])
