"""Joins stories when the vectors of their entries have come: reports in other words, and in other languages.

Words place an entry within its poll's transaction; its vector is made later. Then its story is compared with those of
the entries that are nearest to it, and joined to the one that it fits. Each entry that moves is remembered as joined
late (`story_moves`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import bindparam, func, select

from watcher.meaning.background import MIN_OWN_ENTRIES, Background
from watcher.meaning.story_space import PlacedReport, StorySpace, build_space, measure_closeness
from watcher.meaning.vectors import Rows, decode_vectors, stack_vectors
from watcher.model.event import choose_report_time
from watcher.store.database import Db
from watcher.store.entries.queries import MAX_ENTRY_ID, find_first_id_since
from watcher.store.hits.commands import lock_hits
from watcher.store.meaning.embeddings import load_recent_vectors
from watcher.store.meaning.models import StoredModel
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.stories.decisions import load_stories_kept_apart, rename_in_decisions
from watcher.store.stories.moves import MoveKind, move_entries
from watcher.store.tables import embeddings, stories
from watcher.store.tables import entries as entry_table
from watcher.stories.grouping import (
    MAX_COMPARED_MEMBERS,
    ComparePair,
    GroupedReport,
    ReportGroup,
    group_reports,
)
from watcher.stories.pair import Closeness, PairScore, ReportTraits, build_traits, score_pair
from watcher.stories.similarity import MAX_COMPARED_CHARACTERS, STORY_WINDOW, build_story_text

MAX_SEARCHED_ENTRIES = 5_000
"""Entries of stories whose vectors are compared with a new one: the newest of the window, however many it holds."""
MAX_NEIGHBOURS = 12
"""How many of the nearest entries propose their stories."""
MAX_SPACE_ENTRIES = 5_000
"""Recent entries of which the means of languages are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LateJoin:
    """A story that was joined to another once vectors had come, and the entries that went with it."""

    story_id: int
    former_story_id: int
    entry_ids: tuple[int, ...]


def load_story_space(
    db: Db, stored: StoredModel, now: datetime, *, shipped: Background | None = None
) -> StorySpace | None:
    """Return the space in which vectors are compared, from those of recent entries; None without any vector.

    While an archive is small, a few events are much of it, and the rows of `shipped` alone are the background.
    """
    recent = load_recent_vectors(db, stored, now, limit=MAX_SPACE_ENTRIES)
    languages: Mapping[int, str | None] = {
        row.id: row.language for row in db.execute(_LANGUAGES, {"ids": recent.entry_ids})
    }
    size = recent.dimensions
    rows = decode_vectors([recent.vectors[place * size : (place + 1) * size] for place in range(len(recent))])
    # Without any vector there is no mean; with few, the events of the day would count as what is usual.
    usual, spoken = _list_shipped(shipped)
    parts = [part for part in (usual, rows) if part is not None and len(part)]
    if not parts:
        return None
    return build_space(
        np.concatenate(parts),
        [*spoken, *(languages.get(id_) for id_ in recent.entry_ids)],
        background_rows=len(spoken) if spoken and len(recent) < MIN_OWN_ENTRIES else None,
    )


def _list_shipped(shipped: Background | None) -> tuple[Rows | None, Sequence[str | None]]:
    """Return the rows that ship, and the language of each."""
    if shipped is None:
        return None, ()
    return shipped.rows, shipped.languages or [None] * len(shipped.rows)


def join_embedded_entries(
    db: Db, stored: StoredModel, entry_ids: Collection[int], space: StorySpace, now: datetime
) -> tuple[LateJoin, ...]:
    """Join the stories of entries whose vectors have been stored with the stories that they fit.

    Entries without a story, which nothing matched, are left alone. Their order does not matter. Entries that were found
    in the archive are compared with those of their own days.
    """
    lock_hits(db)
    moments = {row.id: row.first_seen_at for row in db.execute(_MOMENTS, {"ids": sorted(set(entry_ids))})}
    return tuple(
        join
        for since, until, joining_ids in _split_by_days(moments, now)
        for join in _join_in_window(db, stored, joining_ids, space, (since, until), now)
    )


def _split_by_days(
    moments: Mapping[int, datetime], now: datetime
) -> Iterator[tuple[datetime, datetime | None, frozenset[int]]]:
    """Yield the times whose stories entries are compared with, each with its entries: the present has no end."""
    recent = frozenset(id_ for id_, moment in moments.items() if moment >= now - STORY_WINDOW)
    if recent:
        yield now - STORY_WINDOW, None, recent
    older = sorted((moment, id_) for id_, moment in moments.items() if id_ not in recent)
    while older:
        first = older[0][0]
        run = [(moment, id_) for moment, id_ in older if moment <= first + STORY_WINDOW]
        older = older[len(run) :]
        yield first - STORY_WINDOW, run[-1][0] + STORY_WINDOW, frozenset(id_ for _moment, id_ in run)


def _join_in_window(
    db: Db,
    stored: StoredModel,
    joining_ids: frozenset[int],
    space: StorySpace,
    times: tuple[datetime, datetime | None],
    now: datetime,
) -> tuple[LateJoin, ...]:
    """Join the stories of entries with those that had reports within some time."""
    window = _load_window(db, stored, joining_ids, *times)
    story_of = {entry_id: story_id for entry_id, story_id, _language, _vector in window}
    fresh = [entry_id for entry_id in story_of if entry_id in joining_ids]
    if not fresh:
        return ()
    # Neighbours propose stories; the newest members of those decide.
    neighbours = _find_neighbours(fresh, window, space)
    touched = {story_of[entry_id] for some in (fresh, *neighbours.values()) for entry_id in some}
    reports = _load_reports(db, stored, space, sorted(touched))
    groups = _group(reports, neighbours, load_stories_kept_apart(db, touched))
    return tuple(join for group in groups if len(group.story_ids) > 1 for join in _join(db, group.story_ids, now))


def _group(
    reports: Sequence[_Report], neighbours: Mapping[int, Sequence[int]], apart: frozenset[frozenset[int]]
) -> Sequence[ReportGroup]:
    number_of = {report.entry_id: number for number, report in enumerate(reports)}
    grouped = [GroupedReport(key=r.key, story_id=r.story_id, is_fresh=r.entry_id in neighbours) for r in reports]
    # An entry that is no longer among the newest members of its story stands for nothing.
    near = {
        number_of[entry_id]: [number_of[other] for other in others if other in number_of]
        for entry_id, others in neighbours.items()
        if entry_id in number_of
    }
    return group_reports(grouped, near, _build_comparison(reports), apart=apart)


@dataclass(frozen=True, slots=True)
class _Report:
    entry_id: int
    story_id: int
    traits: ReportTraits
    key: tuple[datetime, str, str]
    placed: PlacedReport | None


_IDS = bindparam("ids", type_=IDS)
_MOMENTS = select(entry_table.c.id, entry_table.c.first_seen_at).where(
    any_of(entry_table.c.id, _IDS), entry_table.c.story_id.is_not(None)
)
_LANGUAGES = select(entry_table.c.id, entry_table.c.language).where(any_of(entry_table.c.id, _IDS))
_REST = func.substr(
    func.coalesce(func.nullif(entry_table.c.summary, ""), entry_table.c.content), 1, MAX_COMPARED_CHARACTERS
).label("rest")
_RANK = func.row_number().over(partition_by=entry_table.c.story_id, order_by=entry_table.c.id.desc()).label("place")
_MEMBERS = select(entry_table.c.id.label("id"), _RANK).where(any_of(entry_table.c.story_id, _IDS)).subquery()
_REPORTS = (
    select(
        entry_table.c.id,
        entry_table.c.story_id,
        entry_table.c.feed_id,
        entry_table.c.title,
        _REST,
        entry_table.c.language,
        entry_table.c.first_seen_at,
        entry_table.c.published_at,
        embeddings.c.vector,
    )
    .join(_MEMBERS, _MEMBERS.c.id == entry_table.c.id)
    .outerjoin(embeddings, (embeddings.c.entry_id == entry_table.c.id) & (embeddings.c.model_id == bindparam("model")))
    .where(_MEMBERS.c.place <= MAX_COMPARED_MEMBERS)
    .order_by(entry_table.c.id)
)


_LIVELIEST = (
    select(stories.c.id)
    .where(stories.c.last_at >= bindparam("since"))
    .order_by(stories.c.last_at.desc(), stories.c.id.desc())
    .limit(MAX_SEARCHED_ENTRIES)
)
_OF_THAT_TIME = (
    select(stories.c.id)
    .where(stories.c.last_at >= bindparam("since"), stories.c.first_at <= bindparam("until"))
    .order_by(stories.c.last_at, stories.c.id)
    .limit(MAX_SEARCHED_ENTRIES)
)
# `+ 0` keeps SQLite from ranges of ids and from the index of a model's vectors, which hold all entries of the window.
_OF_STORIES = select(entry_table.c.id).where(
    any_of(entry_table.c.story_id, _IDS),
    entry_table.c.story_id.is_not(None),
    entry_table.c.id + 0 >= bindparam("first"),
    entry_table.c.id + 0 < bindparam("end"),
)
_WINDOW = (
    select(entry_table.c.id, entry_table.c.story_id, entry_table.c.language, embeddings.c.vector)
    .join(embeddings, (embeddings.c.entry_id == entry_table.c.id) & (embeddings.c.model_id + 0 == bindparam("model")))
    .where(any_of(entry_table.c.id, _IDS), entry_table.c.story_id.is_not(None), func.length(embeddings.c.vector) > 0)
    .order_by(entry_table.c.id)
)


def _load_window(
    db: Db, stored: StoredModel, entry_ids: Collection[int], since: datetime, until: datetime | None
) -> Sequence[Any]:
    """Return id, story, language and vector of the newest entries with stories, and of those in question."""
    # By way of the stories: few of a million entries may have one, and none of the others is looked at.
    if until is None:
        story_ids = db.execute(_LIVELIEST, {"since": since}).scalars().all()
    else:
        story_ids = db.execute(_OF_THAT_TIME, {"since": since, "until": until}).scalars().all()
    ids = {
        "first": find_first_id_since(db, since),
        "end": MAX_ENTRY_ID if until is None else find_first_id_since(db, until),
    }
    of_stories = db.execute(_OF_STORIES, {"ids": story_ids, **ids}).scalars().all()
    window_ids = {*sorted(of_stories, reverse=True)[:MAX_SEARCHED_ENTRIES], *entry_ids}
    return db.execute(_WINDOW, {"ids": sorted(window_ids), "model": stored.id}).all()


def _place(window: Sequence[Any], space: StorySpace) -> list[PlacedReport]:
    vectors = decode_vectors([row.vector for row in window])
    return space.place(vectors, [row.language for row in window])


def _find_neighbours(fresh: Sequence[int], window: Sequence[Any], space: StorySpace) -> dict[int, list[int]]:
    """Return the nearest entries of each fresh one, by cosine."""
    ids, _story_ids, languages, vectors = zip(*window, strict=True)
    place_of = {id_: place for place, id_ in enumerate(ids)}
    cosines = space.measure_cosines(stack_vectors(vectors), languages, [place_of[id_] for id_ in fresh])
    count = min(MAX_NEIGHBOURS + 1, len(ids))
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    return {
        entry_id: [ids[place] for place in sorted(places) if ids[place] != entry_id]
        for entry_id, places in zip(fresh, nearest.tolist(), strict=True)
    }


def _load_reports(db: Db, stored: StoredModel, space: StorySpace, story_ids: Sequence[int]) -> list[_Report]:
    """Return the newest members of stories, with the vectors of those that have one."""
    rows = db.execute(_REPORTS, {"ids": story_ids, "model": stored.id}).all()
    with_vector = [row for row in rows if row.vector]
    placed = dict(zip((row.id for row in with_vector), _place(with_vector, space), strict=True))
    return [_build_report(row, placed.get(row.id)) for row in rows]


def _build_report(row: Any, placed: PlacedReport | None) -> _Report:
    text = build_story_text(row.title, row.rest, "")
    reported_at = choose_report_time(row.published_at, row.first_seen_at)
    key = (reported_at, text, f"{row.feed_id} {row.id}")
    return _Report(row.id, row.story_id, build_traits(text, row.language), key, placed)


def _build_comparison(reports: Sequence[_Report]) -> ComparePair:
    @cache
    def compare_ordered(number: int, other: int) -> PairScore:
        report, other_report = reports[number], reports[other]
        closeness = None
        if report.placed is not None and other_report.placed is not None:
            closeness = Closeness(*measure_closeness(report.placed, other_report.placed))
        return score_pair(report.traits, other_report.traits, closeness)

    return lambda number, other: compare_ordered(min(number, other), max(number, other))


def _join(db: Db, story_ids: Sequence[int], now: datetime) -> list[LateJoin]:
    """Move all entries of stories into the oldest of them."""
    target, *others = story_ids
    joins = []
    for story_id in others:
        entry_ids = tuple(db.execute(_ENTRY_IDS, {"story": story_id}).scalars())
        move_entries(db, entry_ids, target, MoveKind.LATE, now)
        rename_in_decisions(db, story_id, target)
        joins.append(LateJoin(story_id=target, former_story_id=story_id, entry_ids=entry_ids))
    return joins


_ENTRY_IDS = select(entry_table.c.id).where(entry_table.c.story_id == bindparam("story")).order_by(entry_table.c.id)
