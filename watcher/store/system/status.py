"""How things stand: the health of feeds, what silence is worth, and the size of what is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from watcher.model.feed import FeedState
from watcher.model.topic import Origin
from watcher.schedule import get_feed_health
from watcher.store.database import Db
from watcher.store.feeds.queries import SummarizedFeed, load_feed_summaries, load_summarized_feeds
from watcher.store.meaning.progress import get_meaning_state
from watcher.store.outbox.queries import count_deliveries_by_state
from watcher.store.system.clock_faults import describe_clock_faults
from watcher.store.system.counters import get_entry_count, get_hit_count
from watcher.store.system.workers import find_network_outage, list_workers
from watcher.store.tables import entries, hits, polls

if TYPE_CHECKING:
    from watcher.model.digest import Coverage

MAX_NOTES = 8
"""How many feeds a coverage names before it only counts."""


CLOCK_FAULTS_FOR = timedelta(days=1)
"""How long the status names a fault of the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSummary:
    """The numbers of the status page. `lag` is how long the most overdue feed has waited for its poll; `clock` has a
    sentence for each fault of our clock lately."""

    feeds: Mapping[str, int]
    entries: int
    hits: int
    outbox: Mapping[str, int]
    gaps: int
    lost: int
    left_out: int
    merged: int
    recovered: int
    lag: timedelta
    last_poll_at: datetime | None
    clock: tuple[str, ...] = ()
    failures: Mapping[str, int] = field(default_factory=dict)


def get_status(db: Db, now: datetime) -> StatusSummary:
    """Gather how things stand. `feeds` holds total, fresh, degraded, stale, failing, gone, new and paused."""
    # Summaries alone: the whole rows of thousands of feeds hold the marks of all their items.
    watched = load_feed_summaries(db)
    tally = Counter(str(get_feed_health(feed, now)) for feed in watched)
    names = ("fresh", "degraded", "stale", "failing", "gone", "new", "paused")
    waiting = [now - feed.next_poll_at for feed in watched if feed.state not in {FeedState.GONE, FeedState.PAUSED}]
    return StatusSummary(
        feeds={"total": len(watched)} | {name: tally.get(name, 0) for name in names},
        entries=get_entry_count(db),
        hits=get_hit_count(db),
        outbox=count_deliveries_by_state(db),
        gaps=sum(feed.gaps for feed in watched),
        lost=sum(feed.lost for feed in watched),
        left_out=sum(feed.left_out for feed in watched),
        merged=sum(feed.merged for feed in watched),
        recovered=sum(feed.recovered for feed in watched),
        lag=max([timedelta(), *waiting]),
        last_poll_at=max((feed.polled_at for feed in watched if feed.polled_at), default=None),
        clock=describe_clock_faults(db, now - CLOCK_FAULTS_FOR, now),
        failures=Counter(feed.error_kind for feed in watched if feed.failures and feed.error_kind),
    )


def measure_coverage(db: Db, since: datetime, until: datetime) -> Coverage:
    """Return how much of what should be watched was watched in a window, as seen at its end."""
    from watcher.model.digest import Coverage  # with the parts of a digest

    watched = load_summarized_feeds(db)
    states = [(feed, str(get_feed_health(feed.summary, until))) for feed in watched]
    tally = Counter(state for _feed, state in states)
    missed = _missed(db, watched, since, until)
    new_entries = select(func.count()).where(entries.c.first_seen_at > since, entries.c.first_seen_at <= until)
    there = _there_already(db, watched, since, until)
    notes = [_note(feed, state, missed.get(feed.id, _Missed()), there.get(feed.id, 0)) for feed, state in states]
    away = find_network_outage(list_workers(db, until))
    lines = [f"our own network is away since {away:%Y-%m-%d %H:%M} UTC"] if away is not None and away <= until else []
    lines += [note[0].upper() + note[1:] for note in describe_clock_faults(db, since, until)]
    lines += [note for note in notes if note]
    return Coverage(
        feeds=len(watched),
        # A degraded feed answers in its rhythm: what it lacks is said beside.
        fresh=tally["fresh"] + tally["degraded"],
        unread=tally["new"],
        stale=tally["stale"],
        failing=tally["failing"],
        gone=tally["gone"],
        gaps=sum(losses.gaps for losses in missed.values()),
        lost=sum(losses.lost for losses in missed.values()),
        left_out=sum(losses.left_out for losses in missed.values()),
        merged=sum(losses.merged for losses in missed.values()),
        recovered=sum(losses.recovered for losses in missed.values()),
        entries=db.execute(new_entries).scalar_one(),
        notes=tuple(lines[:MAX_NOTES]) + ((f"and {len(lines) - MAX_NOTES} more",) if len(lines) > MAX_NOTES else ()),
    )


def measure_whole_coverage(db: Db, since: datetime, until: datetime) -> Coverage:
    """Return the same, and what of the archive is not read for its meaning yet."""
    coverage, meaning = measure_coverage(db, since, until), get_meaning_state(db)
    if meaning is None or not meaning.backlog:
        return coverage
    seconds = round(meaning.remaining.total_seconds()) if meaning.remaining is not None else None
    return replace(coverage, meaning_backlog=meaning.backlog, meaning_seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missed:
    """What a feed's polls in a window say of items that may be missing, or were merged."""

    gaps: int = 0
    lost: int = 0
    left_out: int = 0
    merged: int = 0
    recovered: int = 0


def _missed(db: Db, watched: Sequence[SummarizedFeed], since: datetime, until: datetime) -> Mapping[int, _Missed]:
    """Return what may be missing of each feed.

    What was left out and is stored by now is not missing. A repetition that stands in every document of a window is
    one repetition.
    """
    rows = db.execute(
        select(
            polls.c.feed_id,
            func.sum(case((polls.c.lost > 0, 1), else_=0)),
            func.sum(polls.c.lost),
            func.sum(polls.c.left_out),
            func.max(polls.c.merged),
            func.sum(polls.c.recovered),
        )
        .where(polls.c.at > since, polls.c.at <= until)
        .where(polls.c.lost + polls.c.left_out + polls.c.merged + polls.c.recovered > 0)
        .group_by(polls.c.feed_id)
    ).all()
    still_left = {feed.id: feed.summary.left_out for feed in watched}
    return {
        row[0]: _Missed(
            gaps=int(row[1]),
            lost=int(row[2]),
            left_out=min(int(row[3]), still_left.get(row[0], 0)),
            merged=int(row[4]),
            recovered=int(row[5]),
        )
        for row in rows
    }


def _there_already(db: Db, watched: Sequence[SummarizedFeed], since: datetime, until: datetime) -> Mapping[int, int]:
    """Count the hits that feeds brought with their first documents in a window, where others were watched before.

    No digest reports these hits, though a feed that was added may be one that failed for days under another address.
    """
    first_read = [(feed.id, at) for feed in watched if (at := feed.summary.baseline_at) is not None]
    watched_since = min((at for _id, at in first_read), default=until)
    added = [feed_id for feed_id, at in first_read if since < at <= until]
    if not added or watched_since > since:
        return {}
    rows = db.execute(
        select(entries.c.feed_id, func.count(hits.c.entry_id.distinct()))
        .join(hits, hits.c.entry_id == entries.c.id)
        .where(hits.c.matched_at > since, hits.c.matched_at <= until, hits.c.origin == Origin.LIVE.value)
        .where(entries.c.baseline, entries.c.feed_id.in_(added))
        .group_by(entries.c.feed_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def _note(feed: SummarizedFeed, state: str, missed: _Missed, there: int) -> str:
    # Only what makes silence doubtful is worth a note; fresh feeds have none.
    lines, summary = [], feed.summary
    if state == "failing":
        since = f" since {summary.failing_since:%Y-%m-%d %H:%M} UTC" if summary.failing_since else ""
        lines.append(f"failing{since} ({summary.error_kind or 'unknown'})")
    elif state == "stale":
        lines.append(f"silent since {summary.new_at:%Y-%m-%d}" if summary.new_at else "silent")
    elif state == "gone":
        lines.append("gone")
    if missed.gaps:
        lines.append(f"about {missed.lost} item{'s' * (missed.lost != 1)} may have been missed")
    if missed.left_out:
        lines.append(f"{missed.left_out:,} item{'s' * (missed.left_out != 1)} not stored")
    if there:
        lines.append(f"{there} {'hit was' if there == 1 else 'hits were'} there already when it was first read")
    return f"{feed.name}: {'; '.join(lines)}" if lines else ""
