"""Lists and loads stories with their articles."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, assert_never

from sqlalchemy import BigInteger, ColumnElement, Integer, Row, Select, and_, bindparam, func, or_, select

from watcher.errors import NotFoundError, UsageError
from watcher.model.results import Filters, Page
from watcher.model.story import Story, StoryArticle, StoryOrder
from watcher.model.triage import TargetKind
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.filters import filter_entries
from watcher.store.sql.bulk import any_of
from watcher.store.sql.kept_statements import KeptStatements
from watcher.store.sql.types import IDS
from watcher.store.stories.moves import find_current_story
from watcher.store.tables import entries as entry_table
from watcher.store.tables import feeds, stories
from watcher.store.tables import hits as hit_table
from watcher.store.triage.marks import is_starred, is_unread

MAX_RANKED = 5_000
"""How many stories are ranked by their outlets, which have to be counted."""
_LISTS = KeptStatements[Select[Any]]()
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
    with_topics: bool = True,
) -> Page[Story]:
    """List stories: by their latest report, by when they began, or by their outlets, always the most first.

    By outlets only the MAX_RANKED stories with the latest reports are ranked. `with_topics=False` is for who does not
    look at the topics of reports. Raises UsageError for a strange cursor.
    """
    # Each order has a key of its own, and with it a cursor and a condition for the rows behind that.
    filters = filters or Filters()
    parameters: dict[str, Any] = {"most": limit + 1}
    match order:
        case StoryOrder.NEW:
            if place := parse_cursor("stories", cursor):
                parameters |= {"id": int(place[0])}
        case StoryOrder.ACTIVE:
            if place := _parse_place("active-stories", cursor, 2):
                parameters |= {"key": _parse_moment(place[0]), "id": place[1]}
        case StoryOrder.OUTLETS:
            if place := _parse_place("outlet-stories", cursor, 2):
                parameters |= {"key": place[0], "id": place[1]}
        case _:
            assert_never(order)
    goes_on = bool(place)
    chosen = _LISTS.get(filters, lambda: _select_page(db, filters, order, goes_on=goes_on), order, goes_on)
    rows = db.execute(chosen, parameters).all()
    next_cursor = _format_place(order, rows[limit - 1]) if len(rows) > limit else None
    return Page(items=_read(db, rows[:limit], with_topics=with_topics), next_cursor=next_cursor)


def _select_page(db: Db, filters: Filters, order: StoryOrder, *, goes_on: bool) -> Select[Any]:
    """Select `most` stories in an order; where the list goes on, those behind the last of the page before."""
    chosen = filter_stories(db, select(stories), filters)
    id_ = bindparam("id", type_=stories.c.id.type)
    match order:
        case StoryOrder.NEW:
            chosen = (chosen.where(stories.c.id < id_) if goes_on else chosen).order_by(stories.c.id.desc())
        case StoryOrder.ACTIVE:
            last_at = bindparam("key", type_=stories.c.last_at.type)
            behind = _follows(stories.c.last_at, last_at, stories.c.id, id_)
            chosen = chosen.where(behind) if goes_on else chosen
            chosen = chosen.order_by(stories.c.last_at.desc(), stories.c.id.desc())
        case StoryOrder.OUTLETS:
            ranked = _rank_by_outlets(chosen).subquery()
            behind = _follows(ranked.c.outlets, bindparam("key", type_=BigInteger), ranked.c.id, id_)
            chosen = select(ranked).where(behind) if goes_on else select(ranked)
            chosen = chosen.order_by(ranked.c.outlets.desc(), ranked.c.id.desc())
        case _:
            assert_never(order)
    return chosen.limit(bindparam("most", type_=Integer))


def _format_place(order: StoryOrder, row: Row[Any]) -> str:
    """Return the cursor of a story in a list of this order."""
    match order:
        case StoryOrder.NEW:
            return format_cursor("stories", row.id)
        case StoryOrder.ACTIVE:
            return format_cursor("active-stories", _format_moment(row.last_at), row.id)
        case StoryOrder.OUTLETS:
            return format_cursor("outlet-stories", row.outlets, row.id)
        case _:
            assert_never(order)


def _follows(
    column: ColumnElement[Any], value: ColumnElement[Any], id_column: ColumnElement[int], id_: ColumnElement[int]
) -> ColumnElement[bool]:
    """Return whether a row comes after the last of the page before."""
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


# A row for each topic of an article, so that both are read by one statement.
_ARTICLES_WITH_TOPICS = _ARTICLES.outerjoin(hit_table, hit_table.c.entry_id == entry_table.c.id).add_columns(
    hit_table.c.id.label("hit_id"), hit_table.c.topic_id
)


def _read(db: Db, rows: Sequence[Row[Any]], *, with_topics: bool = True) -> tuple[Story, ...]:
    """Return the stories of their rows; all their articles and topics are read in one statement."""
    articles: dict[int, list[StoryArticle]] = {row.id: [] for row in rows}
    chosen = _ARTICLES_WITH_TOPICS if with_topics else _ARTICLES
    article_rows = sorted(db.execute(chosen, {"ids": list(articles)}).all(), key=itemgetter(0)) if articles else ()
    # By their places: to read the columns by name takes as long as the statement.
    for _id, same in groupby(article_rows, key=itemgetter(0)):
        of_article = list(same)
        id_, story_id, title, url, first_seen_at, copy, language, source = of_article[0][:8]
        articles[story_id].append(
            StoryArticle(
                entry_id=id_,
                title=title,
                url=url,
                source=source,
                first_seen_at=first_seen_at,
                copy=copy,
                language=language,
                topics=_list_topics(of_article) if with_topics else (),
            )
        )
    return tuple(
        Story(id=row.id, first_at=row.first_at, last_at=row.last_at, size=row.size, reports=tuple(articles[row.id]))
        for row in rows
    )


def _list_topics(of_article: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """Return the topics of an article's rows, in the order of its hits; none where its one row has no hit."""
    # Rows without a hit have no id to sort by: then there is only one.
    by_hit = sorted(of_article, key=itemgetter(8)) if len(of_article) > 1 else of_article
    return tuple(row[9] for row in by_hit if row[9] is not None)
