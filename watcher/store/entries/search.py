"""Search over every stored entry in the topic language: the index proposes, `match` decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Select, bindparam, func, select

from watcher.match import Query, RequiredTerms, build_entry_matcher, required_terms
from watcher.model.entry import StoredEntry
from watcher.model.results import Filters, Page, SearchResult
from watcher.model.topic import Evidence
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.entries.fulltext_index import (
    format_expression,
    iter_matching_windows,
    list_matching_ids,
    rank_matching_ids,
)
from watcher.store.entries.mapping import ENTRY_NAMES, read_entry_values, select_entries
from watcher.store.entries.queries import MAX_ENTRY_ID, find_first_id_since
from watcher.store.filters import filter_entries, find_feed_ids
from watcher.store.sql.bulk import any_of
from watcher.store.sql.chunks import split_into_chunks
from watcher.store.sql.direct_select import DirectSelect
from watcher.store.sql.passing import PassingRows, PassingStatements, select_newest
from watcher.store.sql.types import IDS
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits as hit_table
from watcher.store.tables import stories

MAX_RANKED_ENTRIES = 2_000
"""`order="score"` ranks the newest so many candidates."""
MAX_SCANNED_ENTRIES = 20_000
"""One call reads no more than so many entries."""
MAX_EXPRESSION_LENGTH = 200_000
"""Beyond so many characters a question to the index costs more than reading the entries."""
_SPARE = 10
"""How many more than asked for are read at first: some candidates do not match."""
_LONGEST_STEP = 1_000
_Row: TypeAlias = tuple[StoredEntry, int | None, int]
"""An entry, its story and how many reports that has."""
_EntryMatcher: TypeAlias = Callable[[StoredEntry], tuple[Evidence, ...] | None]
_IDS = bindparam("ids", type_=IDS)
_WHOLE = select_entries().outerjoin(stories, stories.c.id == entry_table.c.story_id)
_THESE = DirectSelect(
    _WHOLE.with_only_columns(
        *(_WHOLE.selected_columns[name] for name in ENTRY_NAMES), entry_table.c.story_id, stories.c.size
    ).where(any_of(entry_table.c.id, _IDS))
)


def search_entries(
    db: Db,
    query: Query | None = None,
    filters: Filters | None = None,
    *,
    order: str = "new",
    limit: int = 50,
    cursor: str | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Page[SearchResult]:
    """Find entries, newest first or (`order="score"`, no cursor) best first among the newest MAX_RANKED_ENTRIES.

    Stops at what it has found where `enough` says so, which is asked only where there is a query. Raises UsageError for
    a cursor of another list.
    """
    filters = filters or Filters()
    place = parse_cursor("entries", cursor)
    below = int(place[0]) if place else MAX_ENTRY_ID
    expression = format_expression(db, required_terms(query)) if query else None
    if order == "score" and query is not None and expression is not None:
        return _ranked(db, query, expression, filters, limit)
    candidates = _walk(db, expression, filters, below, limit)
    if query is None:
        return _scan(candidates, lambda _stored: (), limit, enough=lambda: False)
    return _scan(candidates, build_entry_matcher(query), limit, enough)


def _scan(
    candidates: Iterator[Sequence[_Row]], match_entry: _EntryMatcher, limit: int, enough: Callable[[], bool]
) -> Page[SearchResult]:
    """Return the first candidates that match, at most `limit`, and where the search goes on."""
    # The index proposes, `match` decides. One entry more than asked for shows whether the list goes on.
    results: list[SearchResult] = []
    scanned = 0
    for batch in candidates:
        for row in batch:
            if (evidence := match_entry(row[0])) is None:
                continue
            results.append(_build_result(row, evidence))
            if len(results) > limit:
                kept = tuple(results[:limit])
                return Page(items=kept, next_cursor=format_cursor("entries", kept[-1].stored.id))
        scanned += len(batch)
        if batch and (scanned >= MAX_SCANNED_ENTRIES or enough()):
            last = batch[-1][0]
            return Page(
                items=tuple(results),
                next_cursor=format_cursor("entries", last.id),
                searched_back_to=last.first_seen_at,
            )
    return Page(items=tuple(results))


def find_id_range(db: Db, since: datetime | None = None, until: datetime | None = None) -> tuple[int, int]:
    """Turn [since, until) of `first_seen_at` into ids: those of the time lie in (above, below)."""
    return _id_range(db, Filters(since=since, until=until), MAX_ENTRY_ID)


def list_candidate_ids(db: Db, need: RequiredTerms, above: int, below: int, limit: int = 2**31) -> tuple[int, ...]:
    """List ids in (above, below) of entries that may hold what is needed, newest first; any where nobody can say.

    The whole list at once: PostgreSQL would begin its search anew for each piece of it.
    """
    expression = format_expression(db, need)
    if expression is not None and len(expression) <= MAX_EXPRESSION_LENGTH:
        return list_matching_ids(db, expression, below=below, above=above, limit=limit)
    chosen = select(entry_table.c.id).where(entry_table.c.id > above, entry_table.c.id < below)
    return tuple(db.execute(chosen.order_by(entry_table.c.id.desc()).limit(limit)).scalars())


def count_entries_in_range(db: Db, above: int, below: int) -> int:
    """Count the entries whose ids lie in (above, below)."""
    chosen = select(func.count()).select_from(entry_table).where(entry_table.c.id > above, entry_table.c.id < below)
    return db.execute(chosen).scalar_one()


def count_languages_in_range(db: Db, above: int, below: int) -> Mapping[str | None, int]:
    """Count the entries whose ids lie in (above, below) by their language."""
    counted = select(entry_table.c.language, func.count()).where(entry_table.c.id > above, entry_table.c.id < below)
    return {row[0]: int(row[1]) for row in db.execute(counted.group_by(entry_table.c.language))}


def _walk(db: Db, expression: str | None, filters: Filters, below: int, limit: int) -> Iterator[Sequence[_Row]]:
    """Yield entries that may match, newest first, in batches, driven by whichever of word and filter is rarer."""
    above, below = _id_range(db, filters, below)
    narrowed = filters != Filters(since=filters.since, until=filters.until)
    step = limit + _SPARE
    if expression is not None and not narrowed:
        while ids := list_matching_ids(db, expression, below=below, above=above, limit=step):
            below = ids[-1]
            yield _read(db, ids)
            step = min(2 * step, _LONGEST_STEP)
        return
    passing = _find_passing(db, filters)
    if passing is None:
        return
    if expression is not None:
        for window in iter_matching_windows(db, expression, passing, below=below, above=above, step=step):
            for some in split_into_chunks(window.matching, step):
                yield _read(db, some)
        return
    while rows := passing.fetch(db, select_newest, below=below, above=above, limit=step):
        below = rows[-1][0]
        yield _read(db, [row[0] for row in rows])
        step = min(2 * step, _LONGEST_STEP)


def _find_passing(db: Db, filters: Filters) -> PassingRows | None:
    """Return the entries that pass all filters but the times; None where a source is not known."""
    feed_ids = find_feed_ids(db, filters.sources) if filters.sources else ()
    if filters.sources and not feed_ids:
        return None
    if max(len(filters.topics), len(feed_ids), len(filters.languages)) > 1:
        return PassingRows(_select_passing(db, filters), {})
    values: dict[str, Any] = {
        "topic": next(iter(filters.topics), None),
        "feed": next(iter(feed_ids), None),
        "story": filters.story,
        "language": next(iter(filters.languages), None),
        "baseline": filters.baseline,
    }
    values = {name: value for name, value in values.items() if value is not None}
    return PassingRows(_build_passing(tuple(values)), values)


def _select_passing(db: Db, filters: Filters) -> PassingStatements:
    """Build the statements for filters of which one has several values."""
    if len(filters.topics) != 1:
        id_ = entry_table.c.id
        chosen = _narrow(db, select(id_.label("id"), id_.label("entry_id")), filters)
    else:
        id_ = hit_table.c.entry_id
        matching = select(id_.label("id"), id_.label("entry_id")).join(entry_table, entry_table.c.id == id_)
        chosen = filter_entries(db, matching.where(hit_table.c.topic_id == filters.topics[0]), filters)
    return PassingStatements(chosen, id_, id_, is_bound=False)


@cache
def _build_passing(names: tuple[str, ...]) -> PassingStatements:
    """Build the statements for filters that have one value each, under these names."""
    conditions = {
        "feed": entry_table.c.feed_id == bindparam("feed"),
        "story": entry_table.c.story_id == bindparam("story"),
        "language": entry_table.c.language == bindparam("language"),
        "baseline": entry_table.c.baseline == bindparam("baseline"),
    }
    about_entries = [conditions[name] for name in names if name in conditions]
    # One topic's hits are read from their own index.
    id_ = hit_table.c.entry_id if "topic" in names else entry_table.c.id
    chosen = select(id_.label("id"), id_.label("entry_id"))
    if "topic" in names:
        chosen = chosen.where(hit_table.c.topic_id == bindparam("topic"))
        if about_entries:
            chosen = chosen.join(entry_table, entry_table.c.id == id_)
    return PassingStatements(chosen.where(*about_entries), id_, id_, is_bound=True)


def _passing(db: Db, ids: Sequence[int], filters: Filters) -> Sequence[int]:
    """Return those of some ids that pass the filters, newest first."""
    chosen = _narrow(db, select(entry_table.c.id).where(any_of(entry_table.c.id, _IDS)), filters)
    return sorted(db.execute(chosen, {"ids": ids}).scalars(), reverse=True)


def _ranked(db: Db, query: Query, expression: str, filters: Filters, limit: int) -> Page[SearchResult]:
    # Ranked first and filtered then: the database ranks only by words.
    ids = rank_matching_ids(db, expression, newest=MAX_RANKED_ENTRIES, limit=MAX_RANKED_ENTRIES)
    if filters != Filters():
        above, below = _id_range(db, filters, MAX_ENTRY_ID)
        passing = {id_ for id_ in _passing(db, ids, filters) if above < id_ < below}
        ids = tuple(id_ for id_ in ids if id_ in passing)
    find = build_entry_matcher(query)
    results: list[SearchResult] = []
    for some in split_into_chunks(ids, limit + _SPARE):
        rows = {row[0].id: row for row in _read(db, some)}
        for entry_id in some:
            if (row := rows.get(entry_id)) is None or (evidence := find(row[0])) is None:
                continue
            results.append(_build_result(row, evidence))
            if len(results) == limit:
                return Page(items=tuple(results))
    return Page(items=tuple(results))


def _id_range(db: Db, filters: Filters, below: int) -> tuple[int, int]:
    """Turn times into ids, which are in order of discovery."""
    above = 0
    if filters.since is not None:
        above = min(below, find_first_id_since(db, filters.since) - 1)
    if filters.until is not None:
        below = min(below, find_first_id_since(db, filters.until))
    return above, below


def _narrow(db: Db, chosen: Select[Any], filters: Filters) -> Select[Any]:
    if filters.topics:
        matching = select(hit_table.c.id).where(
            hit_table.c.entry_id == entry_table.c.id, hit_table.c.topic_id.in_(filters.topics)
        )
        chosen = chosen.where(matching.exists())
    return filter_entries(db, chosen, filters)


def _read(db: Db, ids: Sequence[int]) -> list[_Row]:
    """Read entries, newest first, each with its story."""
    # Sorted here: asked for an order, SQLite would walk all entries in it and look each up among the ids.
    rows = sorted(_THESE.fetch(db, {"ids": ids}), key=itemgetter(0), reverse=True)
    return [(read_entry_values(row), row[-2], 1 if row[-1] is None else row[-1]) for row in rows]


def load_results(db: Db, ids: Sequence[int]) -> Mapping[int, SearchResult]:
    """Return entries with their stories, by id, as a search lists them; those that are not stored are left out."""
    return {row[0].id: _build_result(row, ()) for row in _read(db, ids)}


def _build_result(row: _Row, evidence: tuple[Evidence, ...]) -> SearchResult:
    stored, story_id, story_size = row
    return SearchResult(stored=stored, evidence=evidence, story_id=story_id, story_size=story_size)
