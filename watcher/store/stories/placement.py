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
"""How many of the entries that share the most blocking keys are compared word by word."""
MAX_ENTRIES_PER_KEY = 50
"""How many entries one blocking key proposes, the newest that have it."""


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
    nearest = _find_nearest(db, reports, now)
    candidates = _load_candidates(db, set(chain.from_iterable(nearest)))
    provisional = _assign_provisionally(reports, nearest, candidates, now)
    sizes = Counter(assignment.story_id for assignment in provisional.values())
    new_ids = _add_stories(db, {story_id: size for story_id, size in sizes.items() if story_id < 0}, now)
    _grow_stories(db, {story_id: size for story_id, size in sizes.items() if story_id > 0}, now)
    _add_blocking_keys(db, reports)
    return {
        entry_id: assignment._replace(story_id=new_ids.get(assignment.story_id, assignment.story_id))
        for entry_id, assignment in provisional.items()
    }


def filter_without_story(db: Db, entry_ids: Sequence[int]) -> frozenset[int]:
    """Return those of some entries that belong to no story yet."""
    return frozenset(db.execute(_WITHOUT_STORY, {"ids": entry_ids}).scalars())


def prune_story_marks(db: Db, before: datetime) -> None:
    """Delete the blocking keys of entries that are too old for others to join their stories."""
    db.execute(delete(story_marks).where(story_marks.c.entry_id < find_first_id_since(db, before)))


@dataclass(frozen=True, slots=True)
class _Report:
    """An entry as it is compared with others: entries that share no blocking key are not compared."""

    entry_id: int
    text: str
    blocking_keys: frozenset[int]
    seen_at: datetime

    @classmethod
    def of(cls, stored: StoredEntry) -> _Report:
        text = extract_story_text(stored.entry)
        return cls(stored.id, text, frozenset(compute_blocking_keys(text)), stored.first_seen_at)


def _assign_provisionally(
    reports: Sequence[_Report],
    nearest: Sequence[Sequence[int]],
    candidates: Mapping[int, StoryCandidate],
    now: datetime,
) -> Mapping[int, StoryAssignment]:
    """Choose a story for each report, one after the other; a new story has a negative number until it is stored."""
    known = dict(candidates)
    assigned: dict[int, StoryAssignment] = {}
    next_new = -1
    for report, entry_ids in zip(reports, nearest, strict=True):
        match = choose_story(report.text, [known[entry_id] for entry_id in entry_ids if entry_id in known], now)
        story_id = next_new if match.story_id is None else match.story_id
        next_new -= match.story_id is None
        assigned[report.entry_id] = StoryAssignment(story_id, match.copy)
        known[report.entry_id] = StoryCandidate(
            story_id=story_id, entry_id=report.entry_id, text=report.text, seen_at=report.seen_at
        )
    return assigned


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


# The newest holders of each key: a word that is in every other headline would bring thousands and distinguish nothing.
_HELD = f"""
    SELECT entry_id FROM story_marks AS known
    WHERE known.mark = asked.blocking_key AND entry_id >= (SELECT {_first_since("since")})
        AND entry_id < (SELECT {_first_since("until")})
    ORDER BY entry_id DESC LIMIT {MAX_ENTRIES_PER_KEY}"""  # noqa: S608


@cache
def _select_holders(dialect: SqlDialect) -> TextClause:
    """Return the statement that finds, for each blocking key, the latest entries that have it."""
    keys = dialect.values_of("keys", "blocking_key", "integer")
    sql = f"SELECT asked.blocking_key, {dialect.collect(_HELD, 'entry_id')} FROM {keys}"  # noqa: S608
    return text(sql).bindparams(bindparam("since", type_=_MOMENT), bindparam("until", type_=_MOMENT))


def _find_nearest(db: Db, reports: Sequence[_Report], now: datetime) -> list[list[int]]:
    """List, for each report, the stored entries and the reports before it that share the most blocking keys with it."""
    holders = _find_holders(db, sorted(set().union(*(report.blocking_keys for report in reports))), now)
    nearest: list[list[int]] = []
    # Reports of the batch are compared with those before them as well, so that a batch groups as one by one would.
    for number, report in enumerate(reports):
        shared = Counter(chain.from_iterable(holders[key] for key in report.blocking_keys))
        keys = report.blocking_keys
        shared.update({other.entry_id: len(keys & other.blocking_keys) for other in reports[:number]})
        nearest.append(_choose_nearest(shared))
    return nearest


def _find_holders(db: Db, blocking_keys: Sequence[int], now: datetime) -> Mapping[int, Sequence[int]]:
    """Return, for each blocking key, the latest entries that have it."""
    if not blocking_keys:
        return {}
    dialect = get_dialect(db)
    window = {"since": now - STORY_WINDOW, "until": now + STORY_WINDOW}
    rows = db.execute(_select_holders(dialect), {**window, "keys": dialect.bind_values(blocking_keys)}).all()
    return {key: dialect.read_collected(entry_ids) for key, entry_ids in rows}


def _choose_nearest(shared: Counter[int]) -> list[int]:
    """Choose those who share the most, the newer of two that share as much."""
    most = [(count, entry_id) for entry_id, count in shared.items() if count > 1]
    if len(most) < MAX_COMPARED_ENTRIES:
        most = [(count, entry_id) for entry_id, count in shared.items() if count]
    return [entry_id for _count, entry_id in sorted(most, reverse=True)[:MAX_COMPARED_ENTRIES]]


def _load_candidates(db: Db, entry_ids: Collection[int]) -> dict[int, StoryCandidate]:
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


def _add_stories(db: Db, sizes: Mapping[int, int], now: datetime) -> Mapping[int, int]:
    """Add stories of some sizes, and return their ids, both by provisional number."""
    if not sizes:
        return {}
    numbers = sorted(sizes, reverse=True)
    new_ids = dict(zip(numbers, reserve_ids(db, stories, len(sizes)), strict=True))
    rows = [{"id": new_ids[number], "first_at": now, "last_at": now, "size": sizes[number]} for number in numbers]
    bulk_insert(db, stories, rows)
    return new_ids


def _grow_stories(db: Db, more: Mapping[int, int], now: datetime) -> None:
    if more:
        db.execute(_GROW, [{"story": story_id, "more": size, "now": now} for story_id, size in sorted(more.items())])


def _add_blocking_keys(db: Db, reports: Sequence[_Report]) -> None:
    rows = [{"mark": key, "entry_id": report.entry_id} for report in reports for key in sorted(report.blocking_keys)]
    if rows:
        bulk_insert(db, story_marks, rows)
