"""Stories: puts new hits' entries beside the reports of the same event, and lists what was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, case, delete, func, insert, select, update

from watcher.errors import NotFoundError
from watcher.model.entry import StoredEntry
from watcher.model.found import Filters, Page
from watcher.model.story import Story, Telling
from watcher.store import cursors, entries, hits
from watcher.store.engine import Db
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds, stories, story_marks
from watcher.store.tables import hits as hit_table
from watcher.stories import WINDOW, Candidate, marks, story_text
from watcher.stories import join as choose

NEIGHBOURS = 20
"""How many of the entries that share the most marks are compared word by word."""


def join(db: Db, fresh: Sequence[StoredEntry], now: datetime) -> None:
    """Give each entry a story: that of a like report of the days before `now`, or one of its own.

    `now` is when the reports came: for entries found in the archive, that is in the past.
    """
    for stored in sorted(fresh, key=lambda each: each.id):
        words = story_text(stored.entry)
        signs = marks(words)
        chosen = choose(words, _near(db, signs, now), now)
        if chosen.story_id is None:
            began = insert(stories).values(first_at=now, last_at=now, size=1).returning(stories.c.id)
            story_id = db.execute(began).scalar_one()
        else:
            story_id = chosen.story_id
            first_at = case((stories.c.first_at > now, now), else_=stories.c.first_at)
            last_at = case((stories.c.last_at < now, now), else_=stories.c.last_at)
            grown = {"first_at": first_at, "last_at": last_at, "size": stories.c.size + 1}
            db.execute(update(stories).where(stories.c.id == story_id).values(grown))
        db.execute(update(entry_table).where(entry_table.c.id == stored.id).values(story_id=story_id, copy=chosen.copy))
        if signs:
            db.execute(
                insert(story_marks), [{"mark": mark, "entry_id": stored.id, "seen_at": now} for mark in set(signs)]
            )


def without_story(db: Db, entry_ids: Sequence[int]) -> frozenset[int]:
    """Tell which of some entries belong to no story yet."""
    chosen = select(entry_table.c.id).where(entry_table.c.id.in_(tuple(entry_ids)), entry_table.c.story_id.is_(None))
    return frozenset(db.execute(chosen).scalars())


def get(db: Db, story_id: int) -> Story:
    """Read a story with its tellings, oldest first; raises NotFoundError."""
    row = db.execute(select(stories).where(stories.c.id == story_id)).first()
    if row is None:
        raise NotFoundError("story", str(story_id))
    return _read(db, row)


def page(db: Db, filters: Filters | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[Story]:
    """List stories, the newest first by when they began."""
    filters = filters or Filters()
    place = cursors.read("stories", cursor)
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
        chosen = chosen.where(hits.entry_filters(db, inside, filters).exists())
    rows = db.execute(chosen).all()
    told = tuple(_read(db, row) for row in rows[:limit])
    more = len(rows) > limit
    return Page(items=told, next_cursor=cursors.write("stories", told[-1].id) if more else None)


def forget_marks(db: Db, before: datetime) -> None:
    """Drop the marks of entries that are too old to be joined."""
    db.execute(delete(story_marks).where(story_marks.c.seen_at < before))


def _near(db: Db, signs: Sequence[int], now: datetime) -> tuple[Candidate, ...]:
    if not signs:
        return ()
    shared = (
        select(story_marks.c.entry_id)
        .where(story_marks.c.mark.in_(tuple(signs)), story_marks.c.seen_at.between(now - WINDOW, now + WINDOW))
        .group_by(story_marks.c.entry_id)
        .order_by(func.count().desc(), story_marks.c.entry_id.desc())
        .limit(NEIGHBOURS)
    )
    ids = db.execute(shared).scalars().all()
    if not ids:
        return ()
    rows = db.execute(entries.whole().where(entry_table.c.id.in_(tuple(ids)))).mappings()
    return tuple(
        Candidate(
            story_id=row["story_id"],
            entry_id=row["id"],
            text=story_text(entries.read(row).entry),
            seen_at=row["first_seen_at"],
        )
        for row in rows
        if row["story_id"] is not None
    )


def _read(db: Db, row: Row[Any]) -> Story:
    tellings = db.execute(
        select(
            entry_table.c.id,
            entry_table.c.title,
            entry_table.c.url,
            entry_table.c.first_seen_at,
            entry_table.c.copy,
            feeds.c.name,
        )
        .join(feeds, feeds.c.id == entry_table.c.feed_id)
        .where(entry_table.c.story_id == row.id)
        .order_by(entry_table.c.id)
    )
    return Story(
        id=row.id,
        first_at=row.first_at,
        last_at=row.last_at,
        size=row.size,
        tellings=tuple(
            Telling(
                entry_id=each.id,
                title=each.title,
                url=each.url,
                source=each.name,
                first_seen_at=each.first_seen_at,
                copy=each.copy,
            )
            for each in tellings
        ),
    )
