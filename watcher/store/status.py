"""How things stand: the health of feeds, what silence is worth, and the size of what is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from watcher.model.digest import Coverage
from watcher.model.feed import Feed, FeedState
from watcher.schedule import health
from watcher.store import feeds, leases, tallies
from watcher.store.engine import Db
from watcher.store.tables import entries, outbox, polls

NOTES = 8
"""How many feeds a coverage names before it only counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The numbers of the status page. `lag` is how long the most overdue feed has waited for its poll."""

    feeds: Mapping[str, int]
    entries: int
    hits: int
    outbox: Mapping[str, int]
    gaps: int
    lost: int
    lag: timedelta
    last_poll_at: datetime | None


def standing(db: Db, now: datetime) -> Standing:
    """Gather how things stand. `feeds` holds total, fresh, stale, failing, gone, new and paused."""
    watched = feeds.pulses(db)
    tally = Counter(str(health(feed, now)) for feed in watched)
    names = ("fresh", "stale", "failing", "gone", "new", "paused")
    waiting = [now - feed.next_poll_at for feed in watched if feed.state not in {FeedState.GONE, FeedState.PAUSED}]
    states = {row[0]: row[1] for row in db.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))}
    return Standing(
        feeds={"total": len(watched)} | {name: tally.get(name, 0) for name in names},
        entries=tallies.entries(db),
        hits=tallies.hits(db),
        outbox=states,
        gaps=sum(feed.gaps for feed in watched),
        lost=sum(feed.lost for feed in watched),
        lag=max([timedelta(), *waiting]),
        last_poll_at=max((feed.polled_at for feed in watched if feed.polled_at), default=None),
    )


def coverage(db: Db, since: datetime, until: datetime) -> Coverage:
    """Say how much of what should be watched was watched in a window, as seen at its end."""
    watched = feeds.all_configured(db)
    states = [(feed, str(health(feed, until))) for feed in watched]
    tally = Counter(state for _feed, state in states)
    window = polls.c.at > since, polls.c.at <= until
    gaps = db.execute(
        select(polls.c.feed_id, func.count(), func.sum(polls.c.lost))
        .where(*window, polls.c.lost > 0)
        .group_by(polls.c.feed_id)
    ).all()
    gapped = {row[0]: (int(row[1]), int(row[2])) for row in gaps}
    came = select(func.count()).where(entries.c.first_seen_at > since, entries.c.first_seen_at <= until)
    notes = [_note(feed, state, gapped.get(feed.id)) for feed, state in states]
    away = leases.network_away_since(leases.at_work(db, until))
    said = [f"our own network is away since {away:%Y-%m-%d %H:%M} UTC"] if away is not None and away <= until else []
    said += [note for note in notes if note]
    return Coverage(
        feeds=len(watched),
        fresh=tally["fresh"],
        unread=tally["new"],
        stale=tally["stale"],
        failing=tally["failing"],
        gone=tally["gone"],
        gaps=sum(count for count, _lost in gapped.values()),
        lost=sum(lost for _count, lost in gapped.values()),
        entries=db.execute(came).scalar_one(),
        notes=tuple(said[:NOTES]) + ((f"and {len(said) - NOTES} more",) if len(said) > NOTES else ()),
    )


def _note(feed: Feed, state: str, gap: tuple[int, int] | None) -> str:
    said = []
    if state == "failing":
        since = f" since {feed.failing_since:%Y-%m-%d %H:%M} UTC" if feed.failing_since else ""
        said.append(f"failing{since} ({feed.error_kind or 'unknown'})")
    elif state == "stale":
        said.append(f"silent since {feed.new_at:%Y-%m-%d}" if feed.new_at else "silent")
    elif state == "gone":
        said.append("gone")
    if gap is not None:
        said.append(f"about {gap[1]} item{'s' * (gap[1] != 1)} may have been missed")
    return f"{feed.name}: {'; '.join(said)}" if said else ""
