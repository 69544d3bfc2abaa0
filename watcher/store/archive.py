"""Search over every stored entry in the topic language: the index proposes, `match` decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from watcher.match import Need, Query, find, needs
from watcher.model.entry import StoredEntry
from watcher.model.found import Filters, Match, Page
from watcher.store import cursors, entries, hits, search
from watcher.store.engine import Db
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hits as hit_table
from watcher.store.tables import stories

RANKED_WINDOW = 2_000
"""`order="score"` ranks the newest so many candidates."""
SCAN_CAP = 20_000
"""One call reads no more than so many entries."""
LONGEST_EXPRESSION = 200_000
"""Beyond so many characters a question to the index costs more than reading the entries."""
_STEP = 100


def page(
    db: Db,
    query: Query | None = None,
    filters: Filters | None = None,
    *,
    order: str = "new",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Match]:
    """Find entries, newest first or (`order="score"`, no cursor) best first among the newest RANKED_WINDOW candidates.

    Raises UsageError for a cursor of another list.
    """
    filters = filters or Filters()
    place = cursors.read("entries", cursor)
    below = int(place[0]) if place else 2**62
    wanted = search.expression(db, needs(query)) if query else None
    if order == "score" and query is not None and wanted is not None:
        return _ranked(db, query, wanted, filters, limit)
    found: list[Match] = []
    looked = 0
    last: StoredEntry | None = None
    for batch in _walk(db, wanted, filters, below, limit):
        for stored, story in batch:
            last = stored
            evidence = find(query, stored) if query else ()
            if evidence is None:
                continue
            found.append(Match(stored=stored, evidence=evidence, story_id=story))
            if len(found) > limit:
                kept = found[:limit]
                return Page(items=_sized(db, kept), next_cursor=cursors.write("entries", kept[-1].stored.id))
        looked += len(batch)
        if looked >= SCAN_CAP and last is not None:
            return Page(
                items=_sized(db, found),
                next_cursor=cursors.write("entries", last.id),
                searched_back_to=last.first_seen_at,
            )
    return Page(items=_sized(db, found))


def bounds(db: Db, since: datetime | None = None, until: datetime | None = None) -> tuple[int, int]:
    """Turn [since, until) of `first_seen_at` into ids: those of the time lie in (above, below)."""
    return _id_range(db, Filters(since=since, until=until), 2**62)


def likely(db: Db, need: Need, above: int, below: int, limit: int = 2**31) -> tuple[int, ...]:
    """List ids in (above, below) of entries that may hold what is needed, newest first; any where nobody can say.

    The whole list at once: PostgreSQL would begin its search anew for each piece of it.
    """
    wanted = search.expression(db, need)
    if wanted is not None and len(wanted) <= LONGEST_EXPRESSION:
        return search.candidates(db, wanted, below=below, above=above, limit=limit)
    chosen = select(entry_table.c.id).where(entry_table.c.id > above, entry_table.c.id < below)
    return tuple(db.execute(chosen.order_by(entry_table.c.id.desc()).limit(limit)).scalars())


def count(db: Db, above: int, below: int) -> int:
    """Count the entries whose ids lie in (above, below)."""
    chosen = select(func.count()).select_from(entry_table).where(entry_table.c.id > above, entry_table.c.id < below)
    return db.execute(chosen).scalar_one()


def languages(db: Db, above: int, below: int) -> Mapping[str | None, int]:
    """Count the entries whose ids lie in (above, below) by their language."""
    counted = select(entry_table.c.language, func.count()).where(entry_table.c.id > above, entry_table.c.id < below)
    return {row[0]: int(row[1]) for row in db.execute(counted.group_by(entry_table.c.language))}


def _walk(
    db: Db, wanted: str | None, filters: Filters, below: int, limit: int
) -> Iterator[list[tuple[StoredEntry, int | None]]]:
    """Give entries that may match, newest first, some at a time, driven by whichever of word and filter is rarer."""
    above, below = _id_range(db, filters, below)
    narrowed = bool(filters.topics or filters.sources or filters.story is not None or filters.languages)
    step = max(_STEP, limit + 1)
    if wanted is not None and (not narrowed or search.count_capped(db, wanted) <= search.COUNT_CAP):
        steps = step if not narrowed else search.COUNT_CAP
        for ids in search.descending(db, wanted, below=below, above=above, step=steps):
            chosen = _narrow(db, _whole().where(entry_table.c.id.in_(ids)), filters)
            yield _read(db, chosen.order_by(entry_table.c.id.desc()))
        return
    while True:
        some = _narrow(db, _ids(filters), filters).where(entry_table.c.id < below, entry_table.c.id > above)
        size = step if wanted is None else 1_000
        ids = tuple(db.execute(some.order_by(entry_table.c.id.desc()).limit(size)).scalars())
        if not ids:
            return
        likely = tuple(search.among(db, wanted, ids)) if wanted is not None else ids
        if likely:
            yield _read(db, _whole().where(entry_table.c.id.in_(likely)).order_by(entry_table.c.id.desc()))
        below = ids[-1]


def _ranked(db: Db, query: Query, wanted: str, filters: Filters, limit: int) -> Page[Match]:
    ids = search.ranked(db, wanted, newest=RANKED_WINDOW, limit=RANKED_WINDOW)
    found: list[Match] = []
    for some in entries.chunks(ids, max(_STEP, limit)):
        chosen = _narrow(db, _whole().where(entry_table.c.id.in_(tuple(some))), filters)
        above, below = _id_range(db, filters, 2**62)
        chosen = chosen.where(entry_table.c.id > above, entry_table.c.id < below)
        rows = {stored.id: (stored, story) for stored, story in _read(db, chosen)}
        for entry_id in some:
            if (row := rows.get(entry_id)) is None or (evidence := find(query, row[0])) is None:
                continue
            found.append(Match(stored=row[0], evidence=evidence, story_id=row[1]))
            if len(found) == limit:
                return Page(items=_sized(db, found))
    return Page(items=_sized(db, found))


def _id_range(db: Db, filters: Filters, below: int) -> tuple[int, int]:
    """Turn times into ids, which are in order of discovery."""
    above = 0
    if filters.since is not None:
        above = min(below, entries.first_id_since(db, filters.since) - 1)
    if filters.until is not None:
        below = min(below, entries.first_id_since(db, filters.until))
    return above, below


def _ids(filters: Filters) -> Select[Any]:
    if not filters.topics:
        return select(entry_table.c.id)
    told = select(hit_table.c.entry_id).where(hit_table.c.topic_id.in_(filters.topics))
    return select(entry_table.c.id).where(entry_table.c.id.in_(told))


def _whole() -> Select[Any]:
    return entries.whole()


def _narrow(db: Db, chosen: Select[Any], filters: Filters) -> Select[Any]:
    if filters.topics:
        told = select(hit_table.c.id).where(
            hit_table.c.entry_id == entry_table.c.id, hit_table.c.topic_id.in_(filters.topics)
        )
        chosen = chosen.where(told.exists())
    return hits.entry_filters(db, chosen, filters)


def _read(db: Db, chosen: Select[Any]) -> list[tuple[StoredEntry, int | None]]:
    return [(entries.read(row), row["story_id"]) for row in db.execute(chosen).mappings()]


def _sized(db: Db, found: list[Match]) -> tuple[Match, ...]:
    sizes = _sizes(db, {match.story_id for match in found if match.story_id is not None})
    return tuple(
        Match(
            stored=match.stored,
            evidence=match.evidence,
            story_id=match.story_id,
            story_size=sizes.get(match.story_id or 0, 1),
        )
        for match in found
    )


def _sizes(db: Db, story_ids: set[int]) -> Mapping[int, int]:
    if not story_ids:
        return {}
    rows = db.execute(select(stories.c.id, stories.c.size).where(stories.c.id.in_(story_ids)))
    return {row.id: row.size for row in rows}
