"""How stories spread over topics, sources, languages and days, how many are unread, and the hits to judge them by."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select

from watcher.model.results import Facets, Filters
from watcher.model.triage import Reader, TargetKind
from watcher.store.database import Db
from watcher.store.hits.facets import count_distinct, name_sources, order_days, rank_values
from watcher.store.meaning.judges import select_judge
from watcher.store.sql.bulk import any_of
from watcher.store.sql.kept_statements import KeptStatements
from watcher.store.sql.types import IDS
from watcher.store.stories.queries import filter_stories
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits, stories
from watcher.store.triage.marks import SEEN_FLOOR, bind_reader, is_unread_by_bound_reader

MAX_FACETED_STORIES = 1_000
"""Stories that facets count: those with the latest reports that pass the filters."""
_IDS = bindparam("ids", type_=IDS)
_REPORTS = select(entry_table.c.story_id, entry_table.c.feed_id, entry_table.c.language).where(
    any_of(entry_table.c.story_id, _IDS)
)
_HITS = (
    select(entry_table.c.story_id, hits.c.topic_id, hits.c.id, hits.c.label, hits.c.entry_id)
    .join(hits, hits.c.entry_id == entry_table.c.id)
    .where(any_of(entry_table.c.story_id, _IDS))
)
_JUDGED_HITS = _HITS.add_columns(select_judge(hits, hits.c.label.is_not(None)))
_UNREAD: KeptStatements[Select[Any]] = KeptStatements()


class StoryVerdict(NamedTuple):
    """The hit that a story is judged by for a topic, its label, and who judged it where that is known."""

    topic_id: str
    hit_id: int
    label: str | None
    judged_by: str | None


def count_story_facets(db: Db, filters: Filters) -> Facets:
    """Count the latest MAX_FACETED_STORIES that pass the filters by topic, source, language and day.

    The day is that of the latest report, in UTC.
    A story counts once for each value that any of its reports has.
    """
    latest = select(stories.c.id, stories.c.last_at).order_by(stories.c.last_at.desc(), stories.c.id.desc())
    rows = db.execute(filter_stories(db, latest.limit(MAX_FACETED_STORIES + 1), filters)).all()
    counted = rows[:MAX_FACETED_STORIES]
    ids = {"ids": [row.id for row in counted]}
    reports = db.execute(_REPORTS, ids).all() if counted else []
    hit_rows = db.execute(_HITS, ids).all() if counted else []
    feeds = Counter(feed_id for _story, feed_id in {(row.story_id, row.feed_id) for row in reports})
    return Facets(
        topics=rank_values(count_distinct((row.story_id, row.topic_id) for row in hit_rows)),
        sources=name_sources(db, feeds),
        languages=rank_values(count_distinct((row.story_id, row.language) for row in reports)),
        days=order_days(Counter(row.last_at.date().isoformat() for row in counted)),
        counted=len(counted),
        is_partial=len(rows) > len(counted),
    )


def count_unread_stories(db: Db, filters: Filters, reader: Reader) -> int:
    """Count the unread stories among the latest MAX_FACETED_STORIES that pass the filters."""
    read_or_not = replace(filters, unread_by=None)
    counting = _UNREAD.get(read_or_not, lambda: _select_unread_count(db, read_or_not))
    return int(db.execute(counting, bind_reader(reader)).scalar_one())


def list_judged_hits(db: Db, leads: Mapping[int, int | None]) -> Mapping[int, tuple[StoryVerdict, ...]]:
    """Return the hit of each topic that a story is judged by.

    `leads` maps stories to the report whose headline names them: its hits come first, then those of earlier reports.
    """
    chosen: dict[int, dict[str, StoryVerdict]] = defaultdict(dict)
    rows = db.execute(_JUDGED_HITS, {"ids": list(leads)}).all() if leads else []
    for row in sorted(rows, key=lambda row: (row.entry_id != leads[row.story_id], row.id)):
        verdict = StoryVerdict(row.topic_id, row.id, row.label, row.judged_by)
        chosen[row.story_id].setdefault(row.topic_id, verdict)
    return {story_id: tuple(by_topic.values()) for story_id, by_topic in chosen.items()}


def _select_unread_count(db: Db, filters: Filters) -> Select[Any]:
    latest = (
        select(stories.c.id, stories.c.last_at)
        .where(stories.c.last_at > SEEN_FLOOR)
        .order_by(stories.c.last_at.desc())
        .limit(MAX_FACETED_STORIES)
    )
    window = filter_stories(db, latest, filters).subquery()
    unread = is_unread_by_bound_reader(TargetKind.STORY, window.c.id, window.c.last_at)
    return select(func.count()).select_from(window).where(unread)
