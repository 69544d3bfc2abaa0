"""Lists and loads stories with their articles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, select

from watcher.errors import NotFoundError
from watcher.model.results import Filters, Page
from watcher.model.story import Story, StoryArticle
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.filters import filter_entries
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.stories.moves import find_current_story
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds, stories
from watcher.store.tables import hits as hit_table


def load_story(db: Db, story_id: int) -> Story:
    """Read a story with its tellings, oldest first; raises NotFoundError.

    An id whose story was joined to another leads to that one.
    """
    row = db.execute(select(stories).where(stories.c.id == story_id)).first()
    if row is None and (current := find_current_story(db, story_id)) is not None:
        row = db.execute(select(stories).where(stories.c.id == current)).first()
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
    found = _read(db, rows[:limit])
    more = len(rows) > limit
    return Page(items=found, next_cursor=format_cursor("stories", found[-1].id) if more else None)


_ARTICLES = (
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
    """Return the stories of their rows; all their articles are read in one statement."""
    articles: dict[int, list[StoryArticle]] = {row.id: [] for row in rows}
    for row in sorted(db.execute(_ARTICLES, {"ids": list(articles)}), key=lambda row: row.id) if articles else ():
        articles[row.story_id].append(
            StoryArticle(
                entry_id=row.id,
                title=row.title,
                url=row.url,
                source=row.name,
                first_seen_at=row.first_seen_at,
                copy=row.copy,
            )
        )
    return tuple(
        Story(id=row.id, first_at=row.first_at, last_at=row.last_at, size=row.size, tellings=tuple(articles[row.id]))
        for row in rows
    )
