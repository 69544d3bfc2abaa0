"""Puts the entries of new hits beside the reports of the same event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain

from sqlalchemy import TextClause, bindparam, case, delete, func, select, text, update

from watcher.model.entry import StoredEntry
from watcher.store.database import Db
from watcher.store.entries.mapping import StoryAssignment
from watcher.store.entries.queries import MAX_ENTRY_ID, find_first_id_since
from watcher.store.sql.bulk import any_of, bulk_insert, reserve_ids
from watcher.store.sql.dialect import get_dialect
from watcher.store.sql.interface import SqlDialect
from watcher.store.sql.types import IDS
from watcher.store.tables import entries as entry_table
from watcher.store.tables import stories, story_marks
from watcher.stories import (
    MAX_COMPARED_CHARACTERS,
    STORY_WINDOW,
    StoryCandidate,
    build_story_text,
    choose_story,
    compute_blocking_keys,
    extract_story_text,
)

MAX_COMPARED_ENTRIES = 12
"""How many of the entries that share the most marks are compared word by word."""
MAX_ENTRIES_PER_MARK = 50
"""How many entries a mark brings to mind, the newest that have it."""


def assign_stories(db: Db, known: Sequence[StoredEntry], now: datetime) -> None:
    """Choose stories for stored entries (`choose_stories`) and store the choice in their rows."""
    if assignments := choose_stories(db, known, now):
        rows = [
            {"entry": id_, "story": assignment.story_id, "is_copy": assignment.copy}
            for id_, assignment in assignments.items()
        ]
        db.execute(_SET_STORY, rows)


def choose_stories(db: Db, fresh: Sequence[StoredEntry], now: datetime) -> Mapping[int, StoryAssignment]:
    """Choose a story for each entry: that of a like report of the days before `now`, or one of its own.

    `now` is when the reports came: for entries found in the archive, that is in the past. A handful of statements for
    all, and the same outcome as one after the other: an entry is also compared with those before it in the batch. The
    entries need not be stored yet; whoever adds hits has taken a turn.
    """
    if not fresh:
        return {}
    reports = [_Report.of(stored) for stored in sorted(fresh, key=lambda report: report.id)]
    shared_marks = _count_shared_marks(db, reports, now)
    # Entries of the batch are compared with those before them as well, so that a batch groups as one by one would.
    for number, report in enumerate(reports):
        shared_marks[number].update({other.entry_id: len(report.marks & other.marks) for other in reports[:number]})
    nearest = [_nearest(some) for some in shared_marks]
    known = _candidates(db, {entry_id for some in nearest for entry_id in some})
    sizes: Counter[int] = Counter()
    new_stories = 0
    for number, report in enumerate(reports):
        chosen = choose_story(report.words, [known[entry_id] for entry_id in nearest[number] if entry_id in known], now)
        if chosen.story_id is None:
            new_stories += 1
        report.story_id = -new_stories if chosen.story_id is None else chosen.story_id
        report.copy = chosen.copy
        sizes[report.story_id] += 1
        known[report.entry_id] = StoryCandidate(
            story_id=report.story_id, entry_id=report.entry_id, text=report.words, seen_at=report.seen_at
        )
    ids = _begin(db, [sizes[-number] for number in range(1, new_stories + 1)], now)
    _grow(db, {story_id: size for story_id, size in sizes.items() if story_id > 0}, now)
    rows = [{"mark": mark, "entry_id": report.entry_id} for report in reports for mark in sorted(report.marks)]
    if rows:
        bulk_insert(db, story_marks, rows)
    return {
        report.entry_id: StoryAssignment(
            ids[-report.story_id - 1] if report.story_id < 0 else report.story_id, report.copy
        )
        for report in reports
    }


def filter_without_story(db: Db, entry_ids: Sequence[int]) -> frozenset[int]:
    """Return those of some entries that belong to no story yet."""
    return frozenset(db.execute(_WITHOUT_STORY, {"ids": entry_ids}).scalars())


def prune_story_marks(db: Db, before: datetime) -> None:
    """Drop the marks of entries that are too old to be joined."""
    db.execute(delete(story_marks).where(story_marks.c.entry_id < find_first_id_since(db, before)))


@dataclass(slots=True)
class _Report:
    """An entry on its way into a story; a negative `story_id` is one that has yet to begin."""

    entry_id: int
    words: str
    marks: frozenset[int]
    seen_at: datetime
    story_id: int = 0
    copy: bool = False

    @classmethod
    def of(cls, stored: StoredEntry) -> _Report:
        words = extract_story_text(stored.entry)
        return cls(stored.id, words, frozenset(compute_blocking_keys(words)), stored.first_seen_at)


_MOMENT = stories.c.first_at.type
_NOW = bindparam("now", type_=_MOMENT)
_WITHOUT_STORY = select(entry_table.c.id).where(
    any_of(entry_table.c.id, bindparam("ids", type_=IDS)), entry_table.c.story_id.is_(None)
)
_SET_STORY = (
    update(entry_table)
    .where(entry_table.c.id == bindparam("entry"))
    .values(story_id=bindparam("story"), copy=bindparam("is_copy"))
)
_GROW = (
    update(stories)
    .where(stories.c.id == bindparam("story"))
    .values(
        first_at=case((stories.c.first_at > _NOW, _NOW), else_=stories.c.first_at),
        last_at=case((stories.c.last_at < _NOW, _NOW), else_=stories.c.last_at),
        size=stories.c.size + bindparam("more"),
    )
)
_TEXTS = select(
    entry_table.c.id,
    entry_table.c.story_id,
    entry_table.c.title,
    func.substr(
        func.coalesce(func.nullif(entry_table.c.summary, ""), entry_table.c.content), 1, MAX_COMPARED_CHARACTERS
    ).label("rest"),
    entry_table.c.first_seen_at,
).where(any_of(entry_table.c.id, bindparam("ids", type_=IDS)))


def _first_since(moment: str) -> str:
    first = f"SELECT id FROM entries WHERE first_seen_at >= :{moment} ORDER BY first_seen_at, id LIMIT 1"  # noqa: S608
    return f"coalesce(({first}), {MAX_ENTRY_ID})"


# The newest holders of each mark: a word that is in every other headline would bring thousands and tell nothing.
_HELD = f"""
    SELECT entry_id FROM story_marks AS known
    WHERE known.mark = asked.mark AND entry_id >= (SELECT {_first_since("since")})
        AND entry_id < (SELECT {_first_since("until")})
    ORDER BY entry_id DESC LIMIT {MAX_ENTRIES_PER_MARK}"""  # noqa: S608


@cache
def _select_holders(dialect: SqlDialect) -> TextClause:
    """Return the statement that finds, for each mark, the latest entries that have it."""
    sql = (
        f"SELECT asked.mark, {dialect.collect(_HELD, 'entry_id')} FROM {dialect.values_of('marks', 'mark', 'integer')}"  # noqa: S608
    )
    return text(sql).bindparams(bindparam("since", type_=_MOMENT), bindparam("until", type_=_MOMENT))


def _count_shared_marks(db: Db, reports: Sequence[_Report], now: datetime) -> list[Counter[int]]:
    """For each entry, count the marks that stored ones share with it."""
    marks = sorted({mark for report in reports for mark in report.marks})
    if not marks:
        return [Counter() for _ in reports]
    dialect = get_dialect(db)
    window = {"since": now - STORY_WINDOW, "until": now + STORY_WINDOW}
    rows = db.execute(_select_holders(dialect), {**window, "marks": dialect.bind_values(marks)}).all()
    holders = {mark: dialect.read_collected(entry_ids) for mark, entry_ids in rows}
    return [Counter(chain.from_iterable(holders[mark] for mark in report.marks)) for report in reports]


def _nearest(shared: Counter[int]) -> list[int]:
    """Choose those who share the most, the newer of two that share as much."""
    most = [(count, entry_id) for entry_id, count in shared.items() if count > 1]
    if len(most) < MAX_COMPARED_ENTRIES:
        most = [(count, entry_id) for entry_id, count in shared.items() if count]
    return [entry_id for _count, entry_id in sorted(most, reverse=True)[:MAX_COMPARED_ENTRIES]]


def _candidates(db: Db, entry_ids: Collection[int]) -> dict[int, StoryCandidate]:
    if not entry_ids:
        return {}
    rows = db.execute(_TEXTS, {"ids": entry_ids}).all()
    return {
        row.id: StoryCandidate(
            story_id=row.story_id,
            entry_id=row.id,
            text=build_story_text(row.title, row.rest, ""),
            seen_at=row.first_seen_at,
        )
        for row in rows
        if row.story_id is not None
    }


def _begin(db: Db, sizes: Sequence[int], now: datetime) -> Sequence[int]:
    if not sizes:
        return ()
    ids = reserve_ids(db, stories, len(sizes))
    new_stories = zip(ids, sizes, strict=True)
    bulk_insert(db, stories, [{"id": id_, "first_at": now, "last_at": now, "size": size} for id_, size in new_stories])
    return ids


def _grow(db: Db, more: Mapping[int, int], now: datetime) -> None:
    if more:
        db.execute(_GROW, [{"story": story_id, "more": size, "now": now} for story_id, size in sorted(more.items())])
