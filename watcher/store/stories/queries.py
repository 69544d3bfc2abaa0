"""Stories: puts new hits' entries beside the reports of the same event, and lists what was told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Row, Select, bindparam, case, delete, func, select, text, update

from watcher.errors import NotFoundError
from watcher.model.entry import StoredEntry
from watcher.model.results import Filters, Page
from watcher.model.story import Story, StoryArticle
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.entries.queries import MAX_ENTRY_ID, StoryAssignment, find_first_id_since
from watcher.store.filters import filter_entries
from watcher.store.sql.bulk import IDS, any_of, bulk_insert, reserve_ids
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds, stories, story_marks
from watcher.store.tables import hits as hit_table
from watcher.stories import (
    MAX_COMPARED_CHARACTERS,
    STORY_WINDOW,
    StoryCandidate,
    build_story_text,
    compute_blocking_keys,
    extract_story_text,
)
from watcher.stories import choose_story as choose

MAX_COMPARED_ENTRIES = 12
"""How many of the entries that share the most marks are compared word by word."""
MAX_ENTRIES_PER_MARK = 50
"""How many entries a mark brings to mind, the newest that have it."""


def assign_stories(db: Db, known: Sequence[StoredEntry], now: datetime) -> None:
    """Give stored entries their stories: `place`, and their rows say so."""
    if homes := choose_stories(db, known, now):
        rows = [{"entry": id_, "story": home.story_id, "is_copy": home.copy} for id_, home in homes.items()]
        db.execute(_PLACED, rows)


def choose_stories(db: Db, fresh: Sequence[StoredEntry], now: datetime) -> Mapping[int, StoryAssignment]:
    """Choose a story for each entry: that of a like report of the days before `now`, or one of its own.

    `now` is when the reports came: for entries found in the archive, that is in the past. A handful of statements for
    all, and the same outcome as one after the other: an entry is also compared with those before it in the batch. The
    entries need not be stored yet; whoever adds hits has taken a turn.
    """
    if not fresh:
        return {}
    told = [_Told.of(stored) for stored in sorted(fresh, key=lambda each: each.id)]
    near = _near(db, told, now)
    for number, each in enumerate(told):
        near[number].update({other.entry_id: len(each.signs & other.signs) for other in told[:number]})
    nearest = [_nearest(some) for some in near]
    known = _candidates(db, {entry_id for some in nearest for entry_id in some})
    sizes: Counter[int] = Counter()
    begun = 0
    for number, each in enumerate(told):
        chosen = choose(each.words, [known[entry_id] for entry_id in nearest[number] if entry_id in known], now)
        if chosen.story_id is None:
            begun += 1
        each.story_id = -begun if chosen.story_id is None else chosen.story_id
        each.copy = chosen.copy
        sizes[each.story_id] += 1
        known[each.entry_id] = StoryCandidate(
            story_id=each.story_id, entry_id=each.entry_id, text=each.words, seen_at=each.seen_at
        )
    ids = _begin(db, [sizes[-number] for number in range(1, begun + 1)], now)
    _grow(db, {story_id: size for story_id, size in sizes.items() if story_id > 0}, now)
    rows = [{"mark": mark, "entry_id": each.entry_id} for each in told for mark in sorted(each.signs)]
    if rows:
        bulk_insert(db, story_marks, rows)
    return {
        each.entry_id: StoryAssignment(ids[-each.story_id - 1] if each.story_id < 0 else each.story_id, each.copy)
        for each in told
    }


def filter_without_story(db: Db, entry_ids: Sequence[int]) -> frozenset[int]:
    """Tell which of some entries belong to no story yet."""
    return frozenset(db.execute(_HOMELESS, {"ids": entry_ids}).scalars())


def load_story(db: Db, story_id: int) -> Story:
    """Read a story with its tellings, oldest first; raises NotFoundError."""
    row = db.execute(select(stories).where(stories.c.id == story_id)).first()
    if row is None:
        raise NotFoundError("story", str(story_id))
    return _read(db, [row])[0]


def find_story_of_entry(db: Db, entry_id: int) -> Story | None:
    """Read the story that an entry belongs to, if any."""
    story_id = db.execute(select(entry_table.c.story_id).where(entry_table.c.id == entry_id)).scalar()
    return load_story(db, story_id) if story_id is not None else None


def find_stories(db: Db, filters: Filters | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[Story]:
    """List stories, the newest first by when they began."""
    filters = filters or Filters()
    place = parse_cursor("stories", cursor)
    chosen = select(stories).order_by(stories.c.id.desc()).limit(limit + 1)
    if place:
        chosen = chosen.where(stories.c.id < int(place[0]))
    if filters.since is not None:
        chosen = chosen.where(stories.c.last_at >= filters.since)
    if filters.until is not None:
        chosen = chosen.where(stories.c.first_at < filters.until)
    if filters.topics or filters.sources or filters.languages:
        inside: Select[Any] = (
            select(entry_table.c.id)
            .join(hit_table, hit_table.c.entry_id == entry_table.c.id)
            .where(entry_table.c.story_id == stories.c.id)
        )
        if filters.topics:
            inside = inside.where(hit_table.c.topic_id.in_(filters.topics))
        chosen = chosen.where(filter_entries(db, inside, filters).exists())
    rows = db.execute(chosen).all()
    told = _read(db, rows[:limit])
    more = len(rows) > limit
    return Page(items=told, next_cursor=format_cursor("stories", told[-1].id) if more else None)


def prune_story_marks(db: Db, before: datetime) -> None:
    """Drop the marks of entries that are too old to be joined."""
    db.execute(delete(story_marks).where(story_marks.c.entry_id < find_first_id_since(db, before)))


@dataclass(slots=True)
class _Told:
    """An entry on its way into a story; a negative `story_id` is one that has yet to begin."""

    entry_id: int
    words: str
    signs: frozenset[int]
    seen_at: datetime
    story_id: int = 0
    copy: bool = False

    @classmethod
    def of(cls, stored: StoredEntry) -> _Told:
        words = extract_story_text(stored.entry)
        return cls(stored.id, words, frozenset(compute_blocking_keys(words)), stored.first_seen_at)


_MOMENT = stories.c.first_at.type
_NOW = bindparam("now", type_=_MOMENT)
_HOMELESS = select(entry_table.c.id).where(
    any_of(entry_table.c.id, bindparam("ids", type_=IDS)), entry_table.c.story_id.is_(None)
)
_PLACED = (
    update(entry_table)
    .where(entry_table.c.id == bindparam("entry"))
    .values(story_id=bindparam("story"), copy=bindparam("is_copy"))
)
_GROWN = (
    update(stories)
    .where(stories.c.id == bindparam("story"))
    .values(
        first_at=case((stories.c.first_at > _NOW, _NOW), else_=stories.c.first_at),
        last_at=case((stories.c.last_at < _NOW, _NOW), else_=stories.c.last_at),
        size=stories.c.size + bindparam("more"),
    )
)
_TOLD = select(
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
_HOLDERS = {
    kind: text(holders).bindparams(bindparam("since", type_=_MOMENT), bindparam("until", type_=_MOMENT))
    for kind, holders in {
        "sqlite": f"""
            SELECT asked.mark, (SELECT json_group_array(entry_id) FROM ({_HELD}))
            FROM (SELECT value AS mark FROM json_each(:marks)) AS asked""",  # noqa: S608
        "postgresql": f"""
            SELECT asked.mark, ARRAY({_HELD}) FROM unnest(CAST(:marks AS integer[])) AS asked (mark)""",  # noqa: S608
    }.items()
}


def _near(db: Db, told: Sequence[_Told], now: datetime) -> list[Counter[int]]:
    """For each entry, count the marks that stored ones share with it."""
    signs = sorted({mark for each in told for mark in each.signs})
    if not signs:
        return [Counter() for _ in told]
    sqlite = db.dialect.name == "sqlite"
    asked = {"since": now - STORY_WINDOW, "until": now + STORY_WINDOW, "marks": json.dumps(signs) if sqlite else signs}
    rows = db.execute(_HOLDERS[db.dialect.name], asked).all()
    holders = {mark: json.loads(some) if sqlite else some for mark, some in rows}
    return [Counter(chain.from_iterable(holders[mark] for mark in each.signs)) for each in told]


def _nearest(shared: Counter[int]) -> list[int]:
    """Choose those who share the most, the newer of two that share as much."""
    most = [(count, entry_id) for entry_id, count in shared.items() if count > 1]
    if len(most) < MAX_COMPARED_ENTRIES:
        most = [(count, entry_id) for entry_id, count in shared.items() if count]
    return [entry_id for _count, entry_id in sorted(most, reverse=True)[:MAX_COMPARED_ENTRIES]]


def _candidates(db: Db, entry_ids: Collection[int]) -> dict[int, StoryCandidate]:
    if not entry_ids:
        return {}
    rows = db.execute(_TOLD, {"ids": entry_ids}).all()
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
    begun = zip(ids, sizes, strict=True)
    bulk_insert(db, stories, [{"id": id_, "first_at": now, "last_at": now, "size": size} for id_, size in begun])
    return ids


def _grow(db: Db, more: Mapping[int, int], now: datetime) -> None:
    if more:
        db.execute(_GROWN, [{"story": story_id, "more": size, "now": now} for story_id, size in sorted(more.items())])


_TELLINGS = (
    select(
        entry_table.c.id,
        entry_table.c.story_id,
        entry_table.c.title,
        entry_table.c.url,
        entry_table.c.first_seen_at,
        entry_table.c.copy,
        feeds.c.name,
    )
    .join(feeds, feeds.c.id == entry_table.c.feed_id)
    .where(any_of(entry_table.c.story_id, bindparam("ids", type_=IDS)))
)


def _read(db: Db, rows: Sequence[Row[Any]]) -> tuple[Story, ...]:
    """Make stories of their rows, all their tellings read at once."""
    told: dict[int, list[StoryArticle]] = {row.id: [] for row in rows}
    for each in sorted(db.execute(_TELLINGS, {"ids": list(told)}), key=lambda each: each.id) if told else ():
        told[each.story_id].append(
            StoryArticle(
                entry_id=each.id,
                title=each.title,
                url=each.url,
                source=each.name,
                first_seen_at=each.first_seen_at,
                copy=each.copy,
            )
        )
    return tuple(
        Story(id=row.id, first_at=row.first_at, last_at=row.last_at, size=row.size, tellings=tuple(told[row.id]))
        for row in rows
    )
