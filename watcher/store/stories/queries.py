"""Lists and loads stories with their articles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, or_, select

from watcher.errors import NotFoundError, UsageError
from watcher.model.results import Filters, Page
from watcher.model.story import Story, StoryArticle, StoryOrder
from watcher.model.triage import TargetKind
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.filters import filter_entries
from watcher.store.sql.bulk import any_of
from watcher.store.sql.types import IDS
from watcher.store.stories.moves import find_current_story
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds, stories
from watcher.store.tables import hits as hit_table
from watcher.store.triage.marks import is_starred, is_unread

MAX_RANKED = 5_000
"""How many stories are ranked by their outlets, which have to be counted."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STORY_IDS = select(entry_table.c.id, entry_table.c.story_id).where(
    any_of(entry_table.c.id, bindparam("ids", type_=IDS)), entry_table.c.story_id.is_not(None)
)


def load_story(db: Db, story_id: int) -> Story:
    """Read a story with its reports, oldest first; raises NotFoundError.

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


def load_story_ids(db: Db, entry_ids: Collection[int]) -> Mapping[int, int]:
    """Return the story of each of some entries that has one."""
    rows = db.execute(_STORY_IDS, {"ids": list(entry_ids)}).all()
    return {row.id: row.story_id for row in rows}


def find_stories(
    db: Db,
    filters: Filters | None = None,
    *,
    order: StoryOrder = StoryOrder.NEW,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Story]:
    """List stories: by their latest report, by when they began, or by their outlets, always the most first.

    By outlets only the MAX_RANKED stories with the latest reports are ranked. Raises UsageError for a strange cursor.
    """
    # Each order has a key of its own, and with it a cursor and a condition for the rows behind that.
    chosen = filter_stories(db, select(stories), filters or Filters())
    match order:
        case StoryOrder.NEW:
            place = parse_cursor("stories", cursor)
            if place:
                chosen = chosen.where(stories.c.id < int(place[0]))
            rows = db.execute(chosen.order_by(stories.c.id.desc()).limit(limit + 1)).all()
            cursors = [format_cursor("stories", row.id) for row in rows]
        case StoryOrder.ACTIVE:
            if place := _parse_place("active-stories", cursor, 2):
                last_at = _parse_moment(place[0])
                chosen = chosen.where(_follows(stories.c.last_at, last_at, stories.c.id, place[1]))
            rows = db.execute(chosen.order_by(stories.c.last_at.desc(), stories.c.id.desc()).limit(limit + 1)).all()
            cursors = [format_cursor("active-stories", _format_moment(row.last_at), row.id) for row in rows]
        case StoryOrder.OUTLETS:
            ranked = _rank_by_outlets(chosen).subquery()
            page_rows = select(ranked)
            if place := _parse_place("outlet-stories", cursor, 2):
                page_rows = page_rows.where(_follows(ranked.c.outlets, place[0], ranked.c.id, place[1]))
            rows = db.execute(page_rows.order_by(ranked.c.outlets.desc(), ranked.c.id.desc()).limit(limit + 1)).all()
            cursors = [format_cursor("outlet-stories", row.outlets, row.id) for row in rows]
        case _:
            assert_never(order)
    return Page(items=_read(db, rows[:limit]), next_cursor=cursors[limit - 1] if len(rows) > limit else None)


def _follows(column: ColumnElement[Any], value: object, id_column: ColumnElement[int], id_: int) -> ColumnElement[bool]:
    """Return whether a row comes after the last of the page before; each value takes the type of its column."""
    return or_(column < value, and_(column == value, id_column < id_))


def filter_stories(db: Db, chosen: Select[Any], filters: Filters) -> Select[Any]:
    """Narrow a question that has the stories table in it."""
    if filters.since is not None:
        chosen = chosen.where(stories.c.last_at >= filters.since)
    if filters.until is not None:
        chosen = chosen.where(stories.c.first_at < filters.until)
    if filters.unread_by is not None:
        chosen = chosen.where(is_unread(filters.unread_by, TargetKind.STORY, stories.c.id, stories.c.last_at))
    if filters.starred_by is not None:
        chosen = chosen.where(is_starred(filters.starred_by, TargetKind.STORY, stories.c.id))
    if filters.topics or filters.sources or filters.languages:
        inside: Select[Any] = (
            select(entry_table.c.id)
            .join(hit_table, hit_table.c.entry_id == entry_table.c.id)
            .where(entry_table.c.story_id == stories.c.id)
        )
        if filters.topics:
            inside = inside.where(hit_table.c.topic_id.in_(filters.topics))
        chosen = chosen.where(filter_entries(db, inside, filters).exists())
    return chosen


def _rank_by_outlets(chosen: Select[Any]) -> Select[Any]:
    """Return the most recent of some stories, with the number of their outlets."""
    recent = chosen.order_by(stories.c.last_at.desc(), stories.c.id.desc()).limit(MAX_RANKED).subquery()
    outlets = (
        select(func.count(entry_table.c.feed_id.distinct()))
        .where(entry_table.c.story_id == recent.c.id)
        .scalar_subquery()
    )
    return select(recent, outlets.label("outlets"))


def _parse_place(kind: str, cursor: str | None, length: int) -> tuple[int, ...]:
    place = parse_cursor(kind, cursor)
    if place and len(place) != length:
        raise UsageError("this cursor cannot be read; start the list again without it")
    return tuple(int(part) for part in place)


def _format_moment(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _parse_moment(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise UsageError("this cursor cannot be read; start the list again without it") from error


_ARTICLES = (
    select(
        entry_table.c.id,
        entry_table.c.story_id,
        entry_table.c.title,
        entry_table.c.url,
        entry_table.c.first_seen_at,
        entry_table.c.copy,
        entry_table.c.language,
        feeds.c.name,
    )
    .join(feeds, feeds.c.id == entry_table.c.feed_id)
    .where(any_of(entry_table.c.story_id, bindparam("ids", type_=IDS)))
)


_TOPICS = (
    select(hit_table.c.entry_id, hit_table.c.topic_id)
    .join(entry_table, entry_table.c.id == hit_table.c.entry_id)
    .where(any_of(entry_table.c.story_id, bindparam("ids", type_=IDS)))
    .order_by(hit_table.c.id)
)


def _read(db: Db, rows: Sequence[Row[Any]]) -> tuple[Story, ...]:
    """Return the stories of their rows; all their articles and topics are read in two statements."""
    articles: dict[int, list[StoryArticle]] = {row.id: [] for row in rows}
    topics: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for entry_id, topic_id in db.execute(_TOPICS, {"ids": list(articles)}) if articles else ():
        topics[entry_id] += (topic_id,)
    for row in sorted(db.execute(_ARTICLES, {"ids": list(articles)}), key=lambda row: row.id) if articles else ():
        articles[row.story_id].append(
            StoryArticle(
                entry_id=row.id,
                title=row.title,
                url=row.url,
                source=row.name,
                first_seen_at=row.first_seen_at,
                copy=row.copy,
                language=row.language,
                topics=topics.get(row.id, ()),
            )
        )
    return tuple(
        Story(id=row.id, first_at=row.first_at, last_at=row.last_at, size=row.size, reports=tuple(articles[row.id]))
        for row in rows
    )
