"""Who polls a feed: what is due is claimed under a token, and only the claim that still stands may settle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import CursorResult, Row, Update, bindparam, func, not_, or_, select, tuple_, update

from watcher.model.feed import Feed
from watcher.store.database import Db
from watcher.store.feeds.mapping import UNPOLLED_STATES
from watcher.store.feeds.row_reader import read_feed_rows
from watcher.store.sql.bulk import among, any_of
from watcher.store.sql.dialect import get_dialect
from watcher.store.sql.types import IDS, TEXTS, Moment
from watcher.store.tables import feeds

_LONGEST_LEASE = timedelta(minutes=30)
"""Longer than anybody is given a feed for; those who give it may allow different times."""
_NOW = bindparam("now", type_=Moment)
_FREE = or_(
    feeds.c.lease_until.is_(None),
    feeds.c.lease_until <= _NOW,
    # A lease that ends later than any could was given while a clock was wrong.
    feeds.c.lease_until > bindparam("ever", type_=Moment),
)
_HELD = (
    select(feeds.c.id, feeds.c.lease, feeds.c.item_marks.is_(None).label("forgotten"))
    .where(any_of(feeds.c.id, bindparam("ids", type_=IDS)))
    .order_by(feeds.c.id)
    .with_for_update()
)
# By their places: a name is looked up in each row.
_NEXT_POLL_AT, _HOST = (itemgetter(feeds.c.keys().index(name)) for name in ("next_poll_at", "host"))
_IN_OWN_SHARDS = (
    any_of(feeds.c.shard, bindparam("shards", type_=IDS)),
    not_(any_of(feeds.c.id, bindparam("in_flight", type_=IDS))),
)


@dataclass(frozen=True, slots=True)
class OwnShards:
    """The shards of hosts that a process holds, which nobody else claims feeds of, and its feeds `in_flight`, by id."""

    shards: Collection[int]
    in_flight: Collection[int] = ()


def claim_due_feeds(
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
    own: OwnShards | None = None,
) -> tuple[Feed, ...]:
    """Take feeds whose time has come, longest overdue first, and hold each for `lease_for`.

    With `per_host` no host gets more feeds than that, counting those that are `busy` already, and none that another
    owner is busy with: five hundred feeds of one host, each waiting for its turn, must not keep all others waiting.

    `urls` takes those feeds whether due or not (paused and gone ones too: a person asks); `everything` takes every feed
    that is polled at all. `polled_before` leaves out what was polled since. A feed that somebody else holds is left to
    them; two callers never get the same feed. With `own` shards only feeds of these are taken, and none in flight.
    """
    asked = _bind_selection(urls, polled_before, own)
    asked |= {"now": now, "ever": now + _LONGEST_LEASE, "until": now + lease_for, "owner": owner}
    which = "named" if urls is not None else "all" if everything else "due"
    shared = own is None and per_host is not None and get_dialect(db).is_shared
    tally = Counter(busy or {})
    kept: list[Row[Any]] = []
    # Each round leaves out the hosts that are full by now: with a limit per host, a round may take too many of one.
    while len(kept) < limit:
        full = [host for host, count in tally.items() if per_host is not None and count >= per_host]
        claim = _claim(which, since=polled_before is not None, shared=shared, crowded=bool(full), own=own is not None)
        rows = db.execute(claim, asked | {"most": limit - len(kept)} | ({"full": full} if full else {})).all()
        within, beyond = _divide(sorted(rows, key=_NEXT_POLL_AT), tally, per_host)
        kept += within
        if not beyond:
            break
        db.execute(update(feeds).where(feeds.c.id.in_(beyond)).values(lease_until=None, lease_by=None))
    return read_feed_rows(kept)


def _bind_selection(
    urls: Iterable[str] | None, polled_before: datetime | None, own: OwnShards | None
) -> dict[str, Any]:
    """Return the parameters of those conditions of a claim that it need not have."""
    asked: dict[str, Any] = {} if urls is None else {"urls": tuple(urls)}
    if polled_before is not None:
        asked["polled_before"] = polled_before
    if own is not None:
        asked |= {"shards": own.shards, "in_flight": own.in_flight}
    return asked


def _divide(rows: Sequence[Row[Any]], tally: Counter[str], per_host: int | None) -> tuple[list[Row[Any]], list[int]]:
    """Return the rows within the limit for each host, and the ids of those beyond; `tally` counts the claims so far."""
    if per_host is None:
        return list(rows), []
    within: list[Row[Any]] = []
    beyond: list[int] = []
    for row in rows:
        host = _HOST(row)
        tally[host] += 1
        if tally[host] <= per_host:
            within.append(row)
        else:
            beyond.append(row.id)
    return within, beyond


@cache
def _claim(which: str, *, since: bool, shared: bool, crowded: bool, own: bool) -> Update:
    """Return the statement for a kind of claim; cached, since building it takes longer than running it."""
    chosen = select(feeds.c.id).where(feeds.c.configured, _FREE)
    match which:
        case "named":
            chosen = chosen.where(any_of(feeds.c.url, bindparam("urls", type_=TEXTS)))
        case "all":
            chosen = chosen.where(feeds.c.state.not_in(UNPOLLED_STATES))
        case _:
            chosen = chosen.where(feeds.c.state.not_in(UNPOLLED_STATES), feeds.c.next_poll_at <= _NOW)
    if since:
        earlier = feeds.c.polled_at < bindparam("polled_before", type_=Moment)
        chosen = chosen.where(or_(feeds.c.polled_at.is_(None), earlier))
    if own:
        chosen = chosen.where(*_IN_OWN_SHARDS)
    if shared:
        theirs = select(feeds.c.host).where(feeds.c.lease_until > _NOW, feeds.c.lease_by != bindparam("owner"))
        chosen = chosen.where(feeds.c.host.not_in(theirs))
    if crowded:
        chosen = chosen.where(not_(any_of(feeds.c.host, bindparam("full", type_=TEXTS))))
    chosen = chosen.order_by(feeds.c.next_poll_at).limit(bindparam("most")).with_for_update(skip_locked=True)
    return (
        update(feeds)
        .where(among(feeds.c.id, chosen.scalar_subquery()), _FREE)
        .values(lease=feeds.c.lease + 1, lease_until=bindparam("until"), lease_by=bindparam("owner"))
        .returning(feeds)
    )


def release_feeds(db: Db, held: Iterable[Feed]) -> None:
    """Release feeds that were claimed and not polled; they stay due."""
    if claims := [(feed.id, feed.lease) for feed in held]:
        db.execute(update(feeds).where(tuple_(feeds.c.id, feeds.c.lease).in_(claims)).values(lease_until=None))


def filter_held_feeds(db: Db, claimed: Iterable[Feed]) -> Mapping[int, Feed]:
    """Return the feeds whose claim still stands, by id, and lock their rows until the transaction ends.

    Where entries were pruned meanwhile, items that are repeated are not known by their marks any more.
    """
    known = {feed.id: feed for feed in claimed}
    held: dict[int, Feed] = {}
    for id_, lease, is_forgotten in db.execute(_HELD, {"ids": known.keys()}).all():
        feed = known[id_]
        if feed.lease == lease:
            held[id_] = _without_item_marks(feed) if is_forgotten and feed.document.item_marks else feed
    return held


def _without_item_marks(feed: Feed) -> Feed:
    return replace(feed, document=replace(feed.document, item_marks=frozenset()))


def list_feed_lease_owners(db: Db) -> frozenset[str]:
    """Name who holds feeds."""
    held = select(feeds.c.lease_by).where(feeds.c.lease_until.is_not(None), feeds.c.lease_by.is_not(None))
    return frozenset(db.execute(held.distinct()).scalars())


@dataclass(frozen=True, slots=True)
class FeedLease:
    """Feeds that somebody holds, and until when at the latest."""

    owner: str
    feeds: int
    until: datetime


def list_feed_leases(
    db: Db, now: datetime, *, urls: Iterable[str] | None = None, everything: bool = False
) -> tuple[FeedLease, ...]:
    """List who holds feeds that `claim_due` would take: those that are due, some by address, or all that are polled."""
    chosen = [feeds.c.configured, feeds.c.lease_until > now, feeds.c.lease_until <= now + _LONGEST_LEASE]
    if urls is not None:
        chosen.append(feeds.c.url.in_(tuple(urls)))
    else:
        chosen.append(feeds.c.state.not_in(UNPOLLED_STATES))
        if not everything:
            chosen.append(feeds.c.next_poll_at <= now)
    owner = func.coalesce(feeds.c.lease_by, "").label("owner")
    counted = select(owner, func.count().label("feeds"), func.max(feeds.c.lease_until).label("until"))
    rows = db.execute(counted.where(*chosen).group_by(owner).order_by(owner))
    return tuple(FeedLease(row.owner, row.feeds, row.until) for row in rows)


def release_feeds_of_owners(db: Db, owners: Iterable[str]) -> int:
    """Free what some hold, who are known to be dead; it is due as it was."""
    held = feeds.c.lease_until.is_not(None), feeds.c.lease_by.in_(tuple(owners))
    done: CursorResult[Any] = db.execute(update(feeds).where(*held).values(lease_until=None, lease_by=None))
    return done.rowcount
