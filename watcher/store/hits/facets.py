"""How hits spread over topics, sources, languages and days, and how many are unread: of the newest that pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from watcher.model.results import Facets, FacetValue, Filters
from watcher.model.triage import Reader, TargetKind
from watcher.store.database import Db
from watcher.store.filters import filter_hits, join_filtered_entries
from watcher.store.sql.bulk import any_of
from watcher.store.sql.days import day_number, parse_day_number
from watcher.store.sql.kept_statements import KeptStatements
from watcher.store.sql.types import IDS
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds, hits
from watcher.store.triage.marks import SEEN_FLOOR, bind_reader, is_unread_by_bound_reader

MAX_FACETED_HITS = 2_000
"""Hits that facets count: the newest that pass the filters."""
MAX_COUNTED_HITS = 5_000
"""Hits that a count of unread ones looks at: the newest that pass the filters."""
_NAMES = select(feeds.c.id, feeds.c.name).where(any_of(feeds.c.id, bindparam("ids", type_=IDS)))
_FACETED: KeptStatements[Select[Any]] = KeptStatements()
_UNREAD: KeptStatements[Select[Any]] = KeptStatements()


def count_hit_facets(db: Db, filters: Filters) -> Facets:
    """Count the newest MAX_FACETED_HITS that pass the filters by topic, source, language and day (UTC)."""
    rows = db.execute(_FACETED.get(filters, lambda: _select_faceted(db, filters))).all()
    counted = rows[:MAX_FACETED_HITS]
    # Counted by column: each is one call, where a loop would take as long as the statement.
    topics, days, feed_ids, languages = zip(*counted, strict=True) if counted else ((), (), (), ())
    return Facets(
        topics=rank_values(Counter(topics)),
        sources=name_sources(db, Counter(feed_ids)),
        languages=rank_values(Counter(filter(None, languages))),
        days=order_days({parse_day_number(day).isoformat(): count for day, count in Counter(days).items()}),
        counted=len(counted),
        is_partial=len(rows) > len(counted),
    )


def count_unread_hits(db: Db, filters: Filters, reader: Reader) -> int:
    """Count the entries with unread hits among the newest MAX_COUNTED_HITS that pass the filters."""
    read_or_not = replace(filters, unread_by=None)
    counting = _UNREAD.get(read_or_not, lambda: _select_unread_count(db, read_or_not))
    return int(db.execute(counting, bind_reader(reader)).scalar_one())


def rank_values(counts: Mapping[str, int]) -> tuple[FacetValue, ...]:
    """Return values with their counts, the most frequent first."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetValue(value=value, name=value, count=count) for value, count in ranked)


def name_sources(db: Db, counts: Mapping[int, int]) -> tuple[FacetValue, ...]:
    """Return feeds with their counts, under the names that a list is narrowed by; feeds of one name are one source."""
    names = {row.id: row.name for row in db.execute(_NAMES, {"ids": list(counts)})} if counts else {}
    by_name: Counter[str] = Counter()
    for feed_id, count in counts.items():
        by_name[names.get(feed_id, "")] += count
    del by_name[""]
    return rank_values(by_name)


def order_days(counts: Mapping[str, int]) -> tuple[FacetValue, ...]:
    """Return days (YYYY-MM-DD) with their counts, oldest first."""
    return tuple(FacetValue(value=day, name=day, count=counts[day]) for day in sorted(counts))


def count_distinct(pairs: Iterable[tuple[int, str | None]]) -> Mapping[str, int]:
    """Count in how many rows each value occurs, from pairs of (row, value)."""
    return Counter(value for _row, value in set(pairs) if value)


def _select_faceted(db: Db, filters: Filters) -> Select[Any]:
    newest = (
        select(hits.c.topic_id, day_number(hits.c.matched_at), entry_table.c.feed_id, entry_table.c.language)
        .select_from(hits)
        .join(entry_table, entry_table.c.id == hits.c.entry_id)
        .order_by(hits.c.id.desc())
        .limit(MAX_FACETED_HITS + 1)
    )
    return filter_hits(db, newest, filters)


def _select_unread_count(db: Db, filters: Filters) -> Select[Any]:
    newest = (
        join_filtered_entries(select(hits.c.entry_id, hits.c.matched_at), filters)
        .where(hits.c.matched_at > SEEN_FLOOR)
        .order_by(hits.c.id.desc())
        .limit(MAX_COUNTED_HITS)
    )
    window = filter_hits(db, newest, filters).subquery()
    unread = is_unread_by_bound_reader(TargetKind.ENTRY, window.c.entry_id, window.c.matched_at)
    return select(func.count(window.c.entry_id.distinct())).where(unread)
