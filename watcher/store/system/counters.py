"""What is counted as it comes and goes, so that nobody counts a million rows to show a number or draw a chart.

Entries are counted on their feed's row, which the transaction that settles a poll holds anyway; hits by topic and day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TypeAlias

from sqlalchemy import Insert, bindparam, case, delete, func, insert, select, update

from watcher.model.topic import Hit
from watcher.store.database import Db
from watcher.store.sql.dialect import acquire_lock, excluded, get_dialect
from watcher.store.sql.interface import SqlDialect
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds, hit_days, stories
from watcher.store.tables import hits as hit_table

DayKey: TypeAlias = tuple[str, str, str]
"""Topic, day (YYYY-MM-DD of `matched_at` in UTC), origin."""

_ADD_ENTRIES = update(feeds).where(feeds.c.id == bindparam("feed")).values(entries=feeds.c.entries + bindparam("more"))
_SHRINK = (
    update(stories)
    .where(stories.c.id == bindparam("story"))
    .values(size=case((stories.c.size > bindparam("less"), stories.c.size - bindparam("less")), else_=0))
)


def get_entry_count(db: Db) -> int:
    """Return how many entries are stored."""
    return int(db.execute(select(func.coalesce(func.sum(feeds.c.entries), 0))).scalar_one())


def get_hit_count(db: Db) -> int:
    """Return how many hits are stored."""
    return int(db.execute(select(func.coalesce(func.sum(hit_days.c.hits), 0))).scalar_one())


def add_to_entry_counts(db: Db, more: Mapping[int, int]) -> None:
    """Count entries that were stored, or with negative numbers taken away, by their feed's id."""
    db.execute(_ADD_ENTRIES, [{"feed": feed_id, "more": more[feed_id]} for feed_id in sorted(more)])


def group_by_day(new_hits: Iterable[Hit]) -> Counter[DayKey]:
    """Sort hits by what they are counted under."""
    return Counter((hit.topic_id, f"{hit.matched_at:%Y-%m-%d}", hit.origin.value) for hit in new_hits)


def add_to_hit_counts(db: Db, more: Mapping[DayKey, int]) -> None:
    """Count hits that were stored, or with negative numbers taken away."""
    db.execute(_add_hits(get_dialect(db)), [_day(key, more[key]) for key in sorted(more)])


@cache
def _add_hits(dialect: SqlDialect) -> Insert:
    return dialect.upsert(hit_days, ["topic_id", "day", "origin"], {"hits": hit_days.c.hits + excluded("hits")})


def shrink_stories(db: Db, less: Mapping[int, int]) -> None:
    """Subtract reports that were deleted from the sizes of their stories."""
    if less:
        db.execute(_SHRINK, [{"story": story_id, "less": less[story_id]} for story_id in sorted(less)])


def rebuild_counters(db: Db) -> None:
    """Count everything anew, while nobody adds to it."""
    db.execute(select(feeds.c.id).order_by(feeds.c.id).with_for_update()).all()
    acquire_lock(db, "hits")
    counted = select(func.count()).where(entry_table.c.feed_id == feeds.c.id).scalar_subquery()
    db.execute(update(feeds).values(entries=counted))
    sizes = select(func.count()).where(entry_table.c.story_id == stories.c.id).scalar_subquery()
    db.execute(update(stories).values(size=sizes))
    db.execute(delete(hit_days))
    if days := _days(db):
        db.execute(insert(hit_days), [_day(key, hit_count) for key, hit_count in days.items()])


def find_wrong_counters(db: Db) -> tuple[str, ...]:
    """Return a line for each kind of counter that differs from what is stored."""
    faults = []
    counted = select(entry_table.c.feed_id, func.count()).group_by(entry_table.c.feed_id)
    real = {row[0]: row[1] for row in db.execute(counted)}
    wrong = [row for row in db.execute(select(feeds.c.id, feeds.c.entries)) if real.get(row.id, 0) != row.entries]
    if wrong:
        faults.append(f"counts: the entries of {len(wrong)} feeds are counted wrongly")
    known = {(row.topic_id, row.day, row.origin): row.hits for row in db.execute(select(hit_days)) if row.hits}
    days = _days(db)
    if len(differ := {key for key in known.keys() | days.keys() if known.get(key) != days.get(key)}):
        faults.append(f"counts: the hits of {len(differ)} days of topics are counted wrongly")
    return tuple(faults)


def _days(db: Db) -> Counter[DayKey]:
    tally: Counter[DayKey] = Counter()
    chosen = select(hit_table.c.topic_id, hit_table.c.matched_at, hit_table.c.origin)
    for row in db.execute(chosen, execution_options={"yield_per": 5_000}):
        tally[(row.topic_id, f"{row.matched_at:%Y-%m-%d}", row.origin)] += 1
    return tally


def _day(key: DayKey, hit_count: int) -> dict[str, object]:
    return {"topic_id": key[0], "day": key[1], "origin": key[2], "hits": hit_count}
