"""Lists of hits, entries and stories: one query and one parser for the command, the API and the pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from watcher.errors import NotFoundError, UsageError
from watcher.model.results import Filters
from watcher.model.story import StoryOrder
from watcher.text.suggest import find_nearest

if TYPE_CHECKING:
    from watcher.match import Query
    from watcher.model.page import Page
    from watcher.model.results import SearchResult, StoredHit
    from watcher.model.story import Story
    from watcher.model.triage import Reader
    from watcher.store.database import Db

LABELS = ("relevant", "irrelevant", "none")
ORDERS = ("new", "score")
STORY_ORDERS = tuple(StoryOrder)
FOUND_BY = ("words", "meaning", "all")
LAST_VISIT = "last-visit"
"""As a time: when the reader was here before."""
_AGO = re.compile(r"(?i)^\s*(\d{1,6})\s*(s|m|min|h|d|w)\s*(ago)?\s*$")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawListQuery:
    """What a list is asked for, as typed; empty means no restriction. `found_by` concerns hits alone.

    `orders` are the orders that the list has, its usual one first. `reader` is whose read state and stars count;
    without one, `unread`, `starred` and the time `last-visit` are refused.
    """

    search: str | None = None
    topics: Sequence[str] = ()
    sources: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    story: int | None = None
    languages: Sequence[str] = ()
    labels: Sequence[str] = ()
    origins: Sequence[str] = ()
    found_by: str = "words"
    baseline: bool | None = None
    unread: bool = False
    starred: bool = False
    reader: Reader | None = None
    order: str = "new"
    orders: Sequence[str] = ORDERS
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A list's filters, search, order and place, parsed. `cursor` is `next_cursor` of the page before."""

    filters: Filters = field(default_factory=Filters)
    search: Query | None = None
    order: str = "new"
    limit: int = 50
    cursor: str | None = None


def parse_list_query(
    raw: RawListQuery, topic_ids: Iterable[str], now: datetime, parse_search: Callable[[str], Query]
) -> ListQuery:
    """Parse a list's query; `parse_search` parses the topic language.

    Raises NotFoundError for an unknown topic, UsageError for an invalid time, label or order, and what `parse_search`
    raises.
    """
    if raw.order not in raw.orders:
        raise UsageError(f"{raw.order!r} is not an order. Use one of: {', '.join(raw.orders)}.")
    return ListQuery(
        filters=_parse_filters(raw, list(topic_ids), now),
        search=parse_search(raw.search) if raw.search and raw.search.strip() else None,
        order=raw.order,
        limit=raw.limit,
        cursor=raw.cursor,
    )


def parse_list_query_with_sets(
    raw: RawListQuery, topic_ids: Iterable[str], now: datetime, sets: Mapping[str, str]
) -> ListQuery:
    """Parse a list's query whose search may use these sets. Raises what `parse_list_query` raises, and QueryError."""

    def parse_search(text: str) -> Query:
        from watcher.match import parse_query  # imported for a search: most lists have none

        return parse_query(text, sets)

    return parse_list_query(raw, topic_ids, now, parse_search)


def list_hits(db: Db, query: ListQuery, stop: Callable[[], bool] = lambda: False) -> Page[StoredHit]:
    """Return a page of stored hits; the search ends early where `stop` returns True. Raises UsageError."""
    from watcher.store.hits.search import find_hits  # each list imports its own questions alone

    return find_hits(
        db,
        query.filters,
        query=query.search,
        order=query.order,
        limit=query.limit,
        cursor=query.cursor,
        enough=stop,
    )


def search_entries(db: Db, query: ListQuery, stop: Callable[[], bool] = lambda: False) -> Page[SearchResult]:
    """Return a page of stored entries; the search ends early where `stop` returns True. Raises UsageError."""
    from watcher.store.entries import search  # with the matcher, which other lists do without

    return search.search_entries(
        db,
        query.search,
        query.filters,
        order=query.order,
        limit=query.limit,
        cursor=query.cursor,
        enough=stop,
    )


def list_stories(db: Db, query: ListQuery, *, with_topics: bool = True) -> Page[Story]:
    """Return a page of stories in the order that is asked for, with the topics of their reports. Raises UsageError."""
    from watcher.store.stories.queries import find_stories

    return find_stories(
        db,
        query.filters,
        order=StoryOrder(query.order),
        limit=query.limit,
        cursor=query.cursor,
        with_topics=with_topics,
    )


def parse_time(text: str, now: datetime) -> datetime:
    """Parse a time as people type it: `7d`, `36h`, `2026-11-01`, `2026-11-01T08:00Z`, `yesterday`, `monday`, `now`.

    Days begin at 00:00 UTC, a weekday is the latest one (today's where it is that day), and a time without a zone is
    UTC. Raises UsageError.
    """
    words = text.strip().lower()
    if (ago := _AGO.match(words)) is not None:
        try:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError as error:
            raise _invalid_time(text) from error
    midnight = datetime.combine(now.date(), time(), UTC)
    if words in _WEEKDAYS:
        return midnight - timedelta(days=(now.weekday() - _WEEKDAYS.index(words)) % 7)
    if words in {"now", "today", "yesterday"}:
        return {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}[words]
    try:
        if len(words) == 10:
            return datetime.combine(date.fromisoformat(words), time(), UTC)
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _invalid_time(text) from error


def parse_period(since: str | None, until: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Parse the two ends of a period, [since, until); None where an end is open. Raises UsageError."""
    begin = parse_time(since, now) if since else None
    end = parse_time(until, now) if until else None
    if begin is not None and end is not None and begin >= end:
        raise UsageError("`since` is not before `until`")
    return begin, end


def _parse_filters(raw: RawListQuery, topic_ids: list[str], now: datetime) -> Filters:
    _check_values(raw, topic_ids)
    since, until = parse_period(_resolve_visit(raw.since, raw), _resolve_visit(raw.until, raw), now)
    return Filters(
        topics=tuple(raw.topics),
        sources=tuple(raw.sources),
        since=since,
        until=until,
        story=raw.story,
        languages=tuple(raw.languages),
        labels=tuple(raw.labels),
        origins=tuple(raw.origins),
        found_by=() if raw.found_by == "all" else (raw.found_by,),
        baseline=raw.baseline,
        unread_by=raw.reader if raw.unread else None,
        starred_by=raw.reader.person if raw.starred and raw.reader is not None else None,
    )


def _check_values(raw: RawListQuery, topic_ids: list[str]) -> None:
    """Raise NotFoundError for an unknown topic, UsageError for other values that a list cannot be narrowed by."""
    for topic in raw.topics:
        if topic not in topic_ids:
            raise NotFoundError("topic", topic, find_nearest(topic, topic_ids) or "")
    for label in raw.labels:
        if label not in LABELS:
            raise UsageError(f"{label!r} is not a label. Use one of: {', '.join(LABELS)}.")
    if raw.found_by not in FOUND_BY:
        raise UsageError(f"{raw.found_by!r} is not valid for found_by. Use one of: {', '.join(FOUND_BY)}.")
    # Three restrictions are about a person; a list for nobody cannot have them.
    if raw.reader is None and (raw.unread or raw.starred or LAST_VISIT in {raw.since, raw.until}):
        raise UsageError("Nobody is named whose read state and stars count here.")


def _resolve_visit(text: str | None, raw: RawListQuery) -> str | None:
    """Return a time as typed; in place of LAST_VISIT when the reader's former visit ended, or what was seen by then."""
    if text != LAST_VISIT or raw.reader is None:
        return text
    return (raw.reader.last_visit_at or raw.reader.seen_before).isoformat()


def _invalid_time(text: str) -> UsageError:
    return UsageError(f"{text!r} is not a time. Write 7d, 36h, 2026-11-01, 2026-11-01T08:00Z or yesterday.")
