"""Hits: kept once for each topic and entry, listed by keyset, judged by people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CursorResult,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

from watcher.errors import NotFoundError
from watcher.match import Query, match_entry, required_terms
from watcher.model.results import Filters, Page, StoredHit
from watcher.model.topic import Hit, Origin
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.database.connection import acquire_advisory_lock
from watcher.store.entries.fulltext_index import (
    filter_matching_ids,
    format_expression,
    is_common_expression,
    list_matching_rows,
)
from watcher.store.entries.queries import MAX_ENTRY_ID, split_into_chunks
from watcher.store.filters import filter_hits
from watcher.store.hits.mapping import build_hit_row, build_update_params, read_hit_row, select_hits
from watcher.store.sql.bulk import IDS, any_of, bulk_insert
from watcher.store.system.counters import add_to_hit_counts, group_by_day
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hit_days, hits

MAX_RANKED_HITS = 2_000
"""`order=score` ranks the newest so many hits that pass the filters, not all there ever were."""
_SPARE = 10
MAX_SCANNED_HITS = 20_000
"""One call looks at no more than so many hits for a search."""


_THESE = select_hits().where(any_of(hits.c.id, bindparam("ids", type_=IDS)))


def lock_hits(db: Db) -> None:
    """Wait for whoever else adds hits: ids are in order of commit, and stories see each other.

    And nobody waits in a ring for a day's count.
    """
    acquire_advisory_lock(db, "hits")


def insert_hits(db: Db, found: Sequence[Hit]) -> None:
    """Store the hits of entries that came in this transaction, once it is our turn."""
    if found:
        bulk_insert(db, hits, [build_hit_row(hit) for hit in found])
        add_to_hit_counts(db, group_by_day(found))


def upsert_hits(db: Db, found: Sequence[Hit]) -> tuple[Hit, ...]:
    """Store hits; one that is already known gets the evidence of now and keeps its id, moment and label.

    Gives those that are new.
    """
    if not found:
        return ()
    lock_hits(db)
    by_pair = {(hit.topic_id, hit.entry_id): hit for hit in found}
    known: dict[int, set[str]] = {}
    for row in db.execute(_KNOWN, {"ids": sorted({hit.entry_id for hit in found})}).all():
        known.setdefault(row.id, set()).add(row.topic_id)
    again = [hit for (topic_id, entry_id), hit in by_pair.items() if topic_id in known.get(entry_id, ())]
    if again:
        db.execute(_SEEN_AGAIN, [build_update_params(hit) for hit in again])
    # An entry that is not there any more was pruned while it was matched.
    fresh = [hit for (topic_id, id_), hit in by_pair.items() if id_ in known and topic_id not in known[id_]]
    insert_hits(db, fresh)
    return tuple(fresh)


def find_hits(
    db: Db,
    filters: Filters | None = None,
    *,
    query: Query | None = None,
    order: str = "new",
    limit: int = 50,
    cursor: str | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Page[StoredHit]:
    """List hits, newest first or (`order="score"`) best first among the newest SCORED_WINDOW that pass.

    A `query` keeps hits whose entry it matches, its evidence beside the topic's; newest first, it stops at what it has
    found where `enough` says so. Raises UsageError for a bad cursor.
    """
    filters = filters or Filters()
    if order == "score":
        return _by_score(db, filters, query, limit, cursor)
    return _newest(db, filters, query, limit, cursor, enough)


def load_hit(db: Db, hit_id: int) -> StoredHit:
    """Read one hit; raises NotFoundError."""
    row = db.execute(select_hits().where(hits.c.id == hit_id)).mappings().first()
    if row is None:
        raise NotFoundError("hit", str(hit_id))
    return read_hit_row(row)


def load_hits(db: Db, ids: Iterable[int]) -> tuple[StoredHit, ...]:
    """Read hits by id, newest first; those that are gone are absent."""
    rows = db.execute(select_hits().where(hits.c.id.in_(tuple(ids))).order_by(hits.c.id.desc())).mappings()
    return tuple(read_hit_row(row) for row in rows)


def get_newest_hit_id(db: Db) -> int:
    """Give the id of the newest hit, 0 where there is none."""
    return int(db.execute(select(func.max(hits.c.id))).scalar() or 0)


def list_hit_ids_after(db: Db, hit_id: int, limit: int) -> tuple[int, ...]:
    """List the ids of the hits that came after one, in order."""
    chosen = select(hits.c.id).where(hits.c.id > hit_id).order_by(hits.c.id).limit(limit)
    return tuple(db.execute(chosen).scalars())


def load_hits_of_entries(db: Db, entry_ids: Iterable[int]) -> tuple[StoredHit, ...]:
    """Read the hits of some entries, in order of id."""
    rows = db.execute(select_hits().where(hits.c.entry_id.in_(tuple(entry_ids))).order_by(hits.c.id)).mappings()
    return tuple(read_hit_row(row) for row in rows)


def set_hit_label(db: Db, hit_id: int, judgement: str | None, now: datetime) -> None:
    """Record a person's judgement (`relevant`, `irrelevant`, or None to take it back); raises NotFoundError."""
    done: CursorResult[Any] = db.execute(
        update(hits).where(hits.c.id == hit_id).values(label=judgement, labelled_at=now if judgement else None)
    )
    if done.rowcount == 0:
        raise NotFoundError("hit", str(hit_id))


def count_hits_by_topic(db: Db) -> Mapping[str, int]:
    """Count the hits of each topic, from the daily summary."""
    rows = db.execute(select(hit_days.c.topic_id, func.sum(hit_days.c.hits)).group_by(hit_days.c.topic_id))
    return {topic_id: int(found) for topic_id, found in rows}


def get_latest_hit_times(db: Db) -> Mapping[str, datetime]:
    """Tell when each topic was last hit."""
    topic_ids = db.execute(select(hit_days.c.topic_id).distinct()).scalars().all()
    last: dict[str, datetime] = {}
    for topic_id in topic_ids:
        newest = select(hits.c.matched_at).where(hits.c.topic_id == topic_id).order_by(hits.c.id.desc()).limit(1)
        if (moment := db.execute(newest).scalar()) is not None:
            last[topic_id] = moment
    return last


def count_hits_by_day(db: Db, since: str) -> tuple[tuple[str, str, int], ...]:
    """List (topic, day, live hits) from a day on (YYYY-MM-DD, UTC), for charts; backfill is left out."""
    rows = db.execute(
        select(hit_days.c.topic_id, hit_days.c.day, func.sum(hit_days.c.hits))
        .where(hit_days.c.day >= since, hit_days.c.origin != Origin.BACKFILL.value)
        .group_by(hit_days.c.topic_id, hit_days.c.day)
        .order_by(hit_days.c.topic_id, hit_days.c.day)
    )
    return tuple((topic_id, day, int(found)) for topic_id, day, found in rows)


def _newest(
    db: Db, filters: Filters, query: Query | None, limit: int, cursor: str | None, enough: Callable[[], bool]
) -> Page[StoredHit]:
    place = parse_cursor("hits", cursor)
    below = int(place[0]) if place else MAX_ENTRY_ID
    if query is None:
        chosen = (
            filter_hits(db, select_hits(), filters).where(hits.c.id < below).order_by(hits.c.id.desc()).limit(limit + 1)
        )
        return _cut([read_hit_row(row) for row in db.execute(chosen).mappings().all()], limit)
    found: list[StoredHit] = []
    looked = 0
    for some in _likely(db, filters, query, below, limit):
        rows = db.execute(_THESE, {"ids": [hit_id for hit_id, may in some.items() if may]}).mappings().all()
        for hit in sorted(map(read_hit_row, rows), key=lambda hit: -hit.id):
            if match_entry(query, hit.stored) is None:
                continue
            found.append(hit)
            if len(found) > limit:
                return _cut(found, limit)
        looked += len(some)
        if looked >= MAX_SCANNED_HITS or enough():
            last = min(some)
            return Page(
                items=tuple(found),
                next_cursor=format_cursor("hits", last),
                searched_back_to=db.execute(select(hits.c.matched_at).where(hits.c.id == last)).scalar_one(),
            )
    return Page(items=tuple(found))


def _likely(db: Db, filters: Filters, query: Query, below: int, limit: int) -> Iterator[Mapping[int, bool]]:
    """Walk the hits that pass the filters, newest first: for each, whether its entry may match the query."""
    wanted = format_expression(db, required_terms(query))
    chosen = filter_hits(db, _pairs(filters), filters)
    if wanted is not None and not is_common_expression(db, wanted):
        theirs = list_matching_rows(db, wanted, chosen.where(hits.c.id < below), hits.c.entry_id)
        for some in split_into_chunks(sorted((row.id for row in theirs), reverse=True), limit + _SPARE):
            yield dict.fromkeys(some, True)
        return
    step = limit + _SPARE
    while rows := db.execute(chosen.where(hits.c.id < below).order_by(hits.c.id.desc()).limit(step)).all():
        below = rows[-1].id
        may = filter_matching_ids(db, wanted, [row.entry_id for row in rows]) if wanted is not None else None
        yield {row.id: may is None or row.entry_id in may for row in rows}
        step = min(2 * step, 1_000)


def _pairs(filters: Filters) -> Select[Any]:
    """Select hits by their ids, and beside them what the filters ask of."""
    pairs = select(hits.c.id, hits.c.entry_id)
    about_entries = filters.sources or filters.languages or filters.story is not None or filters.baseline is not None
    return pairs.join(entry_table, entry_table.c.id == hits.c.entry_id) if about_entries else pairs


def _cut(found: list[StoredHit], limit: int) -> Page[StoredHit]:
    kept = tuple(found[:limit])
    return Page(items=kept, next_cursor=format_cursor("hits", kept[-1].id) if len(found) > limit else None)


def _by_score(db: Db, filters: Filters, query: Query | None, limit: int, cursor: str | None) -> Page[StoredHit]:
    place = parse_cursor("hits-score", cursor)
    newest = filter_hits(db, _pairs(filters).add_columns(hits.c.score), filters).order_by(hits.c.id.desc())
    window = newest.limit(MAX_RANKED_HITS).subquery()
    best = select(window.c.id).order_by(window.c.score.desc(), window.c.id.desc())
    if place:
        score, below = place[0], int(place[1])
        best = best.where(or_(window.c.score < score, and_(window.c.score == score, window.c.id < below)))
    if query is None:
        best = best.limit(limit + 1)
    found: list[StoredHit] = []
    for some in split_into_chunks(db.execute(best).scalars().all(), limit + _SPARE):
        rows = db.execute(_THESE, {"ids": some}).mappings().all()
        for hit in sorted(map(read_hit_row, rows), key=lambda hit: (-hit.hit.score, -hit.id)):
            if query is not None and match_entry(query, hit.stored) is None:
                continue
            found.append(hit)
            if len(found) > limit:
                last = found[limit - 1]
                return Page(
                    items=tuple(found[:limit]), next_cursor=format_cursor("hits-score", float(last.hit.score), last.id)
                )
    return Page(items=tuple(found))


_KNOWN = (
    select(entry_table.c.id, hits.c.topic_id)
    .outerjoin(hits, hits.c.entry_id == entry_table.c.id)
    .where(any_of(entry_table.c.id, bindparam("ids", type_=IDS)))
)
_SEEN_AGAIN = (
    update(hits)
    .where(hits.c.topic_id == bindparam("topic"), hits.c.entry_id == bindparam("entry"))
    .values(evidence=bindparam("shown"), score=bindparam("worth"), topic_version=bindparam("version"))
)
