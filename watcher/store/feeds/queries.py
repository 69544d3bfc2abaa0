"""Feeds and the memory of polling them, and the history of polls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, bindparam, func, insert, or_, select, update

from watcher.errors import NotFoundError
from watcher.model.feed import IDENTITY_VERSION, Feed, FeedConfig, FeedState, FeedSummary
from watcher.model.poll import FailureKind
from watcher.store.database import Db
from watcher.store.database.connection import acquire_advisory_lock
from watcher.store.feeds.mapping import (
    UNPOLLED_STATES,
    changed_columns,
    format_feed_config,
    parse_host,
    read_feed_row,
)
from watcher.store.feeds.privacy import conceal_feeds
from watcher.store.sql.bulk import IDS, TEXTS, any_of, bulk_update
from watcher.store.sql.bulk import bulk_insert as put_rows
from watcher.store.system.clock_faults import reschedule_feeds
from watcher.store.tables import feeds, polls
from watcher.text.redact import redact_url

_UNASKED: dict[str, Any] = {
    "etag": None,
    "last_modified": None,
    "validators_url": None,
    "body_hash": None,
    "conditional": True,
}
_SUMMARY = select(
    feeds.c.state,
    feeds.c.next_poll_at,
    feeds.c.polled_at,
    feeds.c.succeeded_at,
    feeds.c.failures,
    feeds.c.failing_since,
    feeds.c.error_kind,
    feeds.c.rhythm,
    feeds.c.new_at,
    feeds.c.baseline_at,
    feeds.c.gaps,
    feeds.c.lost,
    feeds.c.merged,
    feeds.c.recovered,
    feeds.c.left_out,
    or_(feeds.c.left_unmarked > 0, feeds.c.left_marks.is_not(None)).label("is_incomplete"),
).where(feeds.c.configured)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSync:
    """What a configuration changed: addresses now watched for the first time, again, and no longer."""

    added: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


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


def sync_feeds(db: Db, sources: Iterable[FeedConfig], now: datetime, interval: timedelta) -> FeedSync:
    """Make the feeds those of the configuration: new ones are due at once, absent ones rest with all they brought."""
    acquire_advisory_lock(db, "feeds")
    reschedule_feeds(db, now)
    wanted = {source.url: source for source in sources}
    conceal_feeds(db, wanted.values())
    columns = (feeds.c.url, feeds.c.source, feeds.c.configured, feeds.c.title, feeds.c.fetch_url)
    known = {row.url: row for row in db.execute(select(*columns))}
    added = [
        {
            "url": url,
            "fetch_url": url,
            "host": parse_host(url),
            "configured": True,
            "source": format_feed_config(source),
            "name": source.title or url,
            "state": _resting_state(source),
            "next_poll_at": now,
            "interval": source.interval or interval,
            "identity_version": IDENTITY_VERSION,
        }
        for url, source in wanted.items()
        if url not in known
    ]
    if added:
        db.execute(insert(feeds), added)
    returned: list[str] = []
    for url, source in wanted.items():
        row = known.get(url)
        if row is None or (row.configured and row.source == format_feed_config(source)):
            continue
        if source.private and row.fetch_url != url:
            # It moved while everybody could read it; what it is asked with now belongs to its configured address.
            db.execute(
                update(feeds)
                .where(feeds.c.url == url)
                .values(fetch_url=url, host=parse_host(url), move_url=None, move_first_seen_at=None, move_sightings=0)
            )
        db.execute(
            update(feeds)
            .where(feeds.c.url == url)
            .values(
                source=format_feed_config(source),
                name=source.title or row.title or url,
                configured=True,
                state=_resting_state(source),
                next_poll_at=now,
            )
        )
        if not row.configured:
            returned.append(url)
    dropped = [url for url, row in known.items() if row.configured and url not in wanted]
    for url in dropped:
        db.execute(update(feeds).where(feeds.c.url == url).values(configured=False, lease_until=None))
    return FeedSync(added=tuple(str(row["url"]) for row in added), returned=tuple(returned), dropped=tuple(dropped))


def clear_item_marks(db: Db, feed_ids: Iterable[int]) -> None:
    """Forget how the items of some feeds stood: entries of them are pruned, and those are to be looked up."""
    some = any_of(feeds.c.id, bindparam("ids", type_=IDS))
    db.execute(update(feeds).where(some).values(item_marks=None), {"ids": tuple(feed_ids)})


def save_polled_feeds(db: Db, learnt: Iterable[tuple[Feed, Feed]]) -> None:
    """Store what polls taught, each feed as it was and as it is, and end the leases; nothing of those that were lost.

    One statement for all that changed alike.
    """
    alike: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for before, after in learnt:
        row = {"id": after.id, "lease": after.lease} | changed_columns(before, after)
        alike[tuple(row)].append(row)
    for rows in alike.values():
        bulk_update(db, feeds, ("id", "lease"), rows, cleared=("lease_until", "lease_by"))


def load_feed(db: Db, url: str) -> Feed:
    """Read one feed by its configured address; raises NotFoundError."""
    row = db.execute(select(feeds).where(feeds.c.url == url)).first()
    if row is None:
        raise NotFoundError("feed", redact_url(url))
    return read_feed_row(row)


def load_feeds(db: Db) -> tuple[Feed, ...]:
    """Read every feed of the configuration, by name."""
    rows = db.execute(select(feeds).where(feeds.c.configured).order_by(feeds.c.name, feeds.c.id))
    return tuple(read_feed_row(row) for row in rows)


def load_feed_summaries(db: Db) -> tuple[FeedSummary, ...]:
    """Return the summaries of all configured feeds, in no order: what health and the status page need of them."""
    return tuple(
        FeedSummary(
            state=FeedState(row.state),
            next_poll_at=row.next_poll_at,
            polled_at=row.polled_at,
            succeeded_at=row.succeeded_at,
            failures=row.failures,
            failing_since=row.failing_since,
            error_kind=row.error_kind,
            publish_interval=row.rhythm,
            new_at=row.new_at,
            baseline_at=row.baseline_at,
            gaps=row.gaps,
            lost=row.lost,
            merged=row.merged,
            recovered=row.recovered,
            left_out=row.left_out,
            is_incomplete=bool(row.is_incomplete),
        )
        for row in db.execute(_SUMMARY).all()
    )


def count_entries_by_feed(db: Db) -> Mapping[int, int]:
    """Tell how many entries of each feed are stored."""
    return {row[0]: row[1] for row in db.execute(select(feeds.c.id, feeds.c.entries))}


def next_due_at(db: Db) -> datetime | None:
    """Tell when the next feed is due; None where no feed is polled."""
    soonest = select(func.min(feeds.c.next_poll_at)).where(feeds.c.configured, feeds.c.state.not_in(UNPOLLED_STATES))
    found: datetime | None = db.execute(soonest).scalar_one()
    return found


def schedule_feeds_now(db: Db, urls: Iterable[str], now: datetime, *, kind: FailureKind | None = None) -> None:
    """Poll some feeds at once, unless they are paused: what they are asked with has changed.

    With a `kind` only those that fail so.
    """
    due = [any_of(feeds.c.url, bindparam("urls", type_=TEXTS)), feeds.c.state != FeedState.PAUSED.value]
    if kind is not None:
        due += [feeds.c.failures > 0, feeds.c.error_kind == kind.value]
    changed = update(feeds).where(*due).values(state=FeedState.ACTIVE.value, next_poll_at=now)
    db.execute(changed, {"urls": tuple(urls)})


def resume_feed(db: Db, url: str, now: datetime) -> None:
    """Poll a gone or backed-off feed again from now on, its failures forgotten; raises NotFoundError.

    It is asked for all that it has, as if for the first time: validators may be what its server stumbles over.
    """
    done: CursorResult[Any] = db.execute(
        update(feeds)
        .where(feeds.c.url == url)
        .values(state=FeedState.ACTIVE.value, next_poll_at=now, failures=0, failing_since=None, **_UNASKED)
    )
    if done.rowcount == 0:
        raise NotFoundError("feed", redact_url(url))


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


def _resting_state(source: FeedConfig) -> str:
    return (FeedState.ACTIVE if source.enabled else FeedState.PAUSED).value
