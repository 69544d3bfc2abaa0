"""Feeds and the memory of polling them: what is due, who may settle it, and the history of polls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    CursorResult,
    Row,
    any_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from watcher.errors import NotFoundError
from watcher.model.feed import Feed, FeedState, Source
from watcher.store.engine import Db, alone
from watcher.store.feed_rows import host_of, is_routine, read, routine, write, write_source
from watcher.store.tables import feeds, polls

_ASTRAY = timedelta(hours=2)
_LONGEST = timedelta(days=40)
"""Longer than any configuration lets a feed wait."""
_LONGEST_LEASE = timedelta(minutes=30)
"""Longer than anybody is given a feed for; those who give it may allow different times."""
_SOME = Source(url="")
_PULSE = (
    feeds.c.id,
    feeds.c.state,
    feeds.c.next_poll_at,
    feeds.c.rhythm,
    feeds.c.polled_at,
    feeds.c.succeeded_at,
    feeds.c.new_at,
    feeds.c.baseline_at,
    feeds.c.failures,
    feeds.c.failing_since,
    feeds.c.error_kind,
    feeds.c.gaps,
    feeds.c.lost,
)
_UNPOLLED = (FeedState.GONE.value, FeedState.PAUSED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a configuration changed: addresses now watched for the first time, again, and no longer."""

    added: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
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
    elapsed: timedelta = timedelta()
    message: str = ""


def sync(db: Db, sources: Iterable[Source], now: datetime, interval: timedelta) -> Synced:
    """Make the feeds those of the configuration: new ones are due at once, absent ones rest with all they brought."""
    alone(db, "feeds")
    known = {row.url: row for row in db.execute(select(feeds.c.url, feeds.c.source, feeds.c.configured, feeds.c.title))}
    wanted = {source.url: source for source in sources}
    # What a clock that was wrong has put off for years is due now.
    astray = or_(feeds.c.polled_at > now + _ASTRAY, feeds.c.next_poll_at > now + _LONGEST)
    db.execute(update(feeds).where(astray).values(next_poll_at=now, polled_at=None))
    added = [
        {
            "url": url,
            "fetch_url": url,
            "host": host_of(url),
            "configured": True,
            "source": write_source(source),
            "name": source.title or url,
            "state": _resting_state(source),
            "next_poll_at": now,
            "interval": source.interval or interval,
        }
        for url, source in wanted.items()
        if url not in known
    ]
    if added:
        db.execute(insert(feeds), added)
    returned: list[str] = []
    for url, source in wanted.items():
        row = known.get(url)
        if row is None or (row.configured and row.source == write_source(source)):
            continue
        db.execute(
            update(feeds)
            .where(feeds.c.url == url)
            .values(
                source=write_source(source),
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
    return Synced(added=tuple(str(row["url"]) for row in added), returned=tuple(returned), dropped=tuple(dropped))


def claim_due(
    db: Db,
    now: datetime,
    *,
    limit: int,
    lease_for: timedelta,
    owner: str = "",
    urls: Iterable[str] | None = None,
    everything: bool = False,
    polled_before: datetime | None = None,
    busy: Mapping[str, int] | None = None,
    per_host: int | None = None,
) -> tuple[Feed, ...]:
    """Take feeds whose time has come, longest overdue first, and hold each for `lease_for`.

    With `per_host` no host gets more feeds than that, counting those that are `busy` already, and none that another
    owner is busy with: five hundred feeds of one host, each waiting for its turn, must not keep all others waiting.

    `urls` takes those feeds whether due or not (paused and gone ones too: a person asks); `everything` takes every feed
    that is polled at all. `polled_before` leaves out what was polled since. A feed that somebody else holds is left to
    them; two callers never get the same feed.
    """
    # A lease that ends later than any could was given while a clock was wrong.
    free = or_(feeds.c.lease_until.is_(None), feeds.c.lease_until <= now, feeds.c.lease_until > now + _LONGEST_LEASE)
    chosen = select(feeds.c.id).where(feeds.c.configured, free)
    if urls is not None:
        chosen = chosen.where(feeds.c.url.in_(tuple(urls)))
    else:
        chosen = chosen.where(feeds.c.state.not_in(_UNPOLLED))
        if not everything:
            chosen = chosen.where(feeds.c.next_poll_at <= now)
    if polled_before is not None:
        chosen = chosen.where(or_(feeds.c.polled_at.is_(None), feeds.c.polled_at < polled_before))
    if per_host is not None and db.dialect.name == "postgresql":
        theirs = select(feeds.c.host).where(feeds.c.lease_until > now, feeds.c.lease_by != owner)
        chosen = chosen.where(feeds.c.host.not_in(theirs))
    tally = Counter(busy or {})
    kept: list[Row[Any]] = []
    while len(kept) < limit:
        full = [host for host, count in tally.items() if per_host is not None and count >= per_host]
        open_ = chosen.where(feeds.c.host.not_in(full)) if full else chosen
        open_ = open_.order_by(feeds.c.next_poll_at).limit(limit - len(kept)).with_for_update(skip_locked=True)
        taken = (
            update(feeds)
            .where(feeds.c.id.in_(open_.scalar_subquery()), free)
            .values(lease=feeds.c.lease + 1, lease_until=now + lease_for, lease_by=owner)
            .returning(feeds)
        )
        too_many: list[int] = []
        for row in sorted(db.execute(taken).all(), key=lambda row: row.next_poll_at):
            tally[row.host] += 1
            if per_host is None or tally[row.host] <= per_host:
                kept.append(row)
            else:
                too_many.append(row.id)
        if not too_many:
            break
        db.execute(update(feeds).where(feeds.c.id.in_(too_many)).values(lease_until=None, lease_by=None))
    return tuple(read(row) for row in kept)


def take(
    db: Db, claims: Iterable[tuple[int, int]], now: datetime, *, lease_for: timedelta, owner: str
) -> tuple[Feed, ...]:
    """Take over feeds that were claimed for whoever comes, each by its id and the claim's token, under a new one.

    A claim that was taken, given back or settled meanwhile gives nothing: of two who come with it one gets the feed.
    """
    wanted = tuple(claims)
    taken = (
        update(feeds)
        .where(tuple_(feeds.c.id, feeds.c.lease).in_(wanted), feeds.c.lease_until.is_not(None), feeds.c.configured)
        .values(lease=feeds.c.lease + 1, lease_until=now + lease_for, lease_by=owner)
        .returning(feeds)
    )
    found = {row.id: read(row) for row in db.execute(taken)} if wanted else {}
    return tuple(found[feed_id] for feed_id, _token in wanted if feed_id in found)


def release(db: Db, held: Iterable[Feed]) -> None:
    """Give back feeds that were taken and not polled; they stay due."""
    if claims := [(feed.id, feed.lease) for feed in held]:
        db.execute(update(feeds).where(tuple_(feeds.c.id, feeds.c.lease).in_(claims)).values(lease_until=None))


def holders(db: Db) -> frozenset[str]:
    """Name who holds feeds."""
    held = select(feeds.c.lease_by).where(feeds.c.lease_until.is_not(None), feeds.c.lease_by.is_not(None))
    return frozenset(db.execute(held.distinct()).scalars())


def end_leases(db: Db, owners: Iterable[str]) -> int:
    """Free what some hold, who are known to be dead; it is due as it was."""
    held = feeds.c.lease_until.is_not(None), feeds.c.lease_by.in_(tuple(owners))
    done: CursorResult[Any] = db.execute(update(feeds).where(*held).values(lease_until=None, lease_by=None))
    return done.rowcount


def still_held(db: Db, claimed: Iterable[Feed]) -> Mapping[int, Feed]:
    """Give the claims that are still those that may settle, by feed id; locks them until the transaction ends.

    Where entries were pruned meanwhile, items that are repeated are not known by their marks any more.
    """
    known = {feed.id: feed for feed in claimed}
    forgotten = feeds.c.item_marks.is_(None).label("forgotten")
    rows = select(feeds.c.id, feeds.c.lease, forgotten).where(_among(db, feeds.c.id, known)).order_by(feeds.c.id)
    held = [row for row in db.execute(rows.with_for_update()) if known[row.id].lease == row.lease]
    return {
        row.id: replace(known[row.id], item_marks=frozenset())
        if row.forgotten and known[row.id].item_marks
        else known[row.id]
        for row in held
    }


def forget_items(db: Db, feed_ids: Iterable[int]) -> None:
    """Forget how the items of some feeds stood: entries of them are pruned, and those are to be looked up."""
    db.execute(update(feeds).where(_among(db, feeds.c.id, feed_ids)).values(item_marks=None))


def put(db: Db, learnt: Iterable[tuple[Feed, Feed]]) -> None:
    """Store what polls taught, each feed as it was and as it is, and end the leases; nothing of those that were lost.

    One statement for many: on PostgreSQL a round trip each would be most of the work. Most polls bring no news, and
    write no more than when and how they went.
    """
    whole: list[dict[str, Any]] = []
    passing: list[dict[str, Any]] = []
    for before, feed in learnt:
        claim = {"claimed": feed.id, "token": feed.lease, "lease_until": None, "lease_by": None}
        if is_routine(before, feed):
            passing.append(routine(feed) | claim)
        else:
            whole.append(write(feed) | claim)
    held = feeds.c.id == bindparam("claimed"), feeds.c.lease == bindparam("token")
    for rows in (whole, passing):
        if rows:
            db.execute(update(feeds).where(*held), rows)


def get(db: Db, url: str) -> Feed:
    """Read one feed by its configured address; raises NotFoundError."""
    row = db.execute(select(feeds).where(feeds.c.url == url)).first()
    if row is None:
        raise NotFoundError("feed", url)
    return read(row)


def all_configured(db: Db) -> tuple[Feed, ...]:
    """Read every feed of the configuration, by name."""
    rows = db.execute(select(feeds).where(feeds.c.configured).order_by(feeds.c.name, feeds.c.id))
    return tuple(read(row) for row in rows)


def pulses(db: Db) -> tuple[Feed, ...]:
    """Read of every feed of the configuration what its health and the sums of the status page need, and no more."""
    chosen = select(*_PULSE).where(feeds.c.configured)
    return tuple(
        Feed(
            id=row.id,
            source=_SOME,
            fetch_url="",
            state=FeedState(row.state),
            next_poll_at=row.next_poll_at,
            rhythm=row.rhythm,
            polled_at=row.polled_at,
            succeeded_at=row.succeeded_at,
            new_at=row.new_at,
            baseline_at=row.baseline_at,
            failures=row.failures,
            failing_since=row.failing_since,
            error_kind=row.error_kind,
            gaps=row.gaps,
            lost=row.lost,
        )
        for row in db.execute(chosen).all()
    )


def entry_counts(db: Db) -> Mapping[int, int]:
    """Tell how many entries of each feed are stored."""
    return {row[0]: row[1] for row in db.execute(select(feeds.c.id, feeds.c.entries))}


def next_due_at(db: Db) -> datetime | None:
    """Tell when the next feed is due; None where no feed is polled."""
    soonest = select(func.min(feeds.c.next_poll_at)).where(feeds.c.configured, feeds.c.state.not_in(_UNPOLLED))
    found: datetime | None = db.execute(soonest).scalar_one()
    return found


def resume(db: Db, url: str, now: datetime) -> None:
    """Poll a gone or backed-off feed again from now on, its failures forgotten; raises NotFoundError."""
    done: CursorResult[Any] = db.execute(
        update(feeds)
        .where(feeds.c.url == url)
        .values(state=FeedState.ACTIVE.value, next_poll_at=now, failures=0, failing_since=None)
    )
    if done.rowcount == 0:
        raise NotFoundError("feed", url)


def record(db: Db, history: Iterable[Poll]) -> None:
    """Add polls to the history."""
    rows = [
        asdict(poll) | {"elapsed_ms": round(poll.elapsed.total_seconds() * 1000), "message": poll.message[:500]}
        for poll in history
    ]
    for row in rows:
        del row["elapsed"]
    if rows:
        db.execute(insert(polls), rows)


def history(db: Db, feed_id: int, limit: int = 50) -> tuple[Poll, ...]:
    """Read a feed's latest polls, newest first."""
    rows = db.execute(select(polls).where(polls.c.feed_id == feed_id).order_by(polls.c.id.desc()).limit(limit))
    return tuple(
        Poll(
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
            elapsed=timedelta(milliseconds=row.elapsed_ms),
            message=row.message,
        )
        for row in rows
    )


def _resting_state(source: Source) -> str:
    return (FeedState.ACTIVE if source.enabled else FeedState.PAUSED).value


def _among(db: Db, column: ColumnElement[int], values: Iterable[int]) -> ColumnElement[bool]:
    """Say that a column is one of many: as one array where the database takes it, not as so many parameters."""
    listed = list(values)
    if db.dialect.name == "postgresql":
        return column == any_(literal(listed, ARRAY(BigInteger)))
    return column.in_(listed)
