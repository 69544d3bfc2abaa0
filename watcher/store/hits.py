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
from watcher.model.found import Filters, Page, StoredHit
from watcher.model.topic import Hit, Origin
from watcher.store import cursors, engine, entries, filtering, hit_rows, search, tallies
from watcher.store.engine import Db
from watcher.store.many import IDS, one_of, put
from watcher.store.tables import entries as entry_table
from watcher.store.tables import hit_days, hits

SCORED_WINDOW = 2_000
"""`order=score` ranks the newest so many hits that pass the filters, not all there ever were."""
_SPARE = 10
SCAN_CAP = 20_000
"""One call looks at no more than so many hits for a search."""


_THESE = hit_rows.whole().where(one_of(hits.c.id, bindparam("ids", type_=IDS)))


def take_turn(db: Db) -> None:
    """Wait for whoever else adds hits: ids are in order of commit, and stories see each other.

    And nobody waits in a ring for a day's count.
    """
    engine.alone(db, "hits")


def put_new(db: Db, found: Sequence[Hit]) -> None:
    """Store the hits of entries that came in this transaction, once it is our turn."""
    if found:
        put(db, hits, [hit_rows.write(hit) for hit in found])
        tallies.add_hits(db, tallies.by_day(found))


def add(db: Db, found: Sequence[Hit]) -> tuple[Hit, ...]:
    """Store hits; one that is already known gets the evidence of now and keeps its id, moment and label.

    Gives those that are new.
    """
    if not found:
        return ()
    take_turn(db)
    by_pair = {(hit.topic_id, hit.entry_id): hit for hit in found}
    known: dict[int, set[str]] = {}
    for row in db.execute(_KNOWN, {"ids": sorted({hit.entry_id for hit in found})}).all():
        known.setdefault(row.id, set()).add(row.topic_id)
    again = [hit for (topic_id, entry_id), hit in by_pair.items() if topic_id in known.get(entry_id, ())]
    if again:
        db.execute(_SEEN_AGAIN, [hit_rows.again(hit) for hit in again])
    # An entry that is not there any more was pruned while it was matched.
    fresh = [hit for (topic_id, id_), hit in by_pair.items() if id_ in known and topic_id not in known[id_]]
    put_new(db, fresh)
    return tuple(fresh)


def page(
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


def get(db: Db, hit_id: int) -> StoredHit:
    """Read one hit; raises NotFoundError."""
    row = db.execute(hit_rows.whole().where(hits.c.id == hit_id)).mappings().first()
    if row is None:
        raise NotFoundError("hit", str(hit_id))
    return hit_rows.read(row)


def get_many(db: Db, ids: Iterable[int]) -> tuple[StoredHit, ...]:
    """Read hits by id, newest first; those that are gone are absent."""
    rows = db.execute(hit_rows.whole().where(hits.c.id.in_(tuple(ids))).order_by(hits.c.id.desc())).mappings()
    return tuple(hit_rows.read(row) for row in rows)


def newest_id(db: Db) -> int:
    """Give the id of the newest hit, 0 where there is none."""
    return int(db.execute(select(func.max(hits.c.id))).scalar() or 0)


def ids_after(db: Db, hit_id: int, limit: int) -> tuple[int, ...]:
    """List the ids of the hits that came after one, in order."""
    chosen = select(hits.c.id).where(hits.c.id > hit_id).order_by(hits.c.id).limit(limit)
    return tuple(db.execute(chosen).scalars())


def of_entries(db: Db, entry_ids: Iterable[int]) -> tuple[StoredHit, ...]:
    """Read the hits of some entries, in order of id."""
    rows = db.execute(hit_rows.whole().where(hits.c.entry_id.in_(tuple(entry_ids))).order_by(hits.c.id)).mappings()
    return tuple(hit_rows.read(row) for row in rows)


def label(db: Db, hit_id: int, judgement: str | None, now: datetime) -> None:
    """Record a person's judgement (`relevant`, `irrelevant`, or None to take it back); raises NotFoundError."""
    done: CursorResult[Any] = db.execute(
        update(hits).where(hits.c.id == hit_id).values(label=judgement, labelled_at=now if judgement else None)
    )
    if done.rowcount == 0:
        raise NotFoundError("hit", str(hit_id))


def counts(db: Db) -> Mapping[str, int]:
    """Count the hits of each topic, from the daily summary."""
    rows = db.execute(select(hit_days.c.topic_id, func.sum(hit_days.c.hits)).group_by(hit_days.c.topic_id))
    return {topic_id: int(found) for topic_id, found in rows}


def latest(db: Db) -> Mapping[str, datetime]:
    """Tell when each topic was last hit."""
    topic_ids = db.execute(select(hit_days.c.topic_id).distinct()).scalars().all()
    last: dict[str, datetime] = {}
    for topic_id in topic_ids:
        newest = select(hits.c.matched_at).where(hits.c.topic_id == topic_id).order_by(hits.c.id.desc()).limit(1)
        if (moment := db.execute(newest).scalar()) is not None:
            last[topic_id] = moment
    return last


def per_day(db: Db, since: str) -> tuple[tuple[str, str, int], ...]:
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
    place = cursors.read("hits", cursor)
    below = int(place[0]) if place else entries.BEYOND
    if query is None:
        chosen = (
            filtering.by_hit(db, hit_rows.whole(), filters)
            .where(hits.c.id < below)
            .order_by(hits.c.id.desc())
            .limit(limit + 1)
        )
        return _cut([hit_rows.read(row) for row in db.execute(chosen).mappings().all()], limit)
    found: list[StoredHit] = []
    looked = 0
    for some in _likely(db, filters, query, below, limit):
        rows = db.execute(_THESE, {"ids": [hit_id for hit_id, may in some.items() if may]}).mappings().all()
        for hit in sorted(map(hit_rows.read, rows), key=lambda hit: -hit.id):
            if match_entry(query, hit.stored) is None:
                continue
            found.append(hit)
            if len(found) > limit:
                return _cut(found, limit)
        looked += len(some)
        if looked >= SCAN_CAP or enough():
            last = min(some)
            return Page(
                items=tuple(found),
                next_cursor=cursors.write("hits", last),
                searched_back_to=db.execute(select(hits.c.matched_at).where(hits.c.id == last)).scalar_one(),
            )
    return Page(items=tuple(found))


def _likely(db: Db, filters: Filters, query: Query, below: int, limit: int) -> Iterator[Mapping[int, bool]]:
    """Walk the hits that pass the filters, newest first: for each, whether its entry may match the query."""
    wanted = search.expression(db, required_terms(query))
    chosen = filtering.by_hit(db, _pairs(filters), filters)
    if wanted is not None and not search.is_common(db, wanted):
        theirs = search.common_to(db, wanted, chosen.where(hits.c.id < below), hits.c.entry_id)
        for some in entries.chunks(sorted((row.id for row in theirs), reverse=True), limit + _SPARE):
            yield dict.fromkeys(some, True)
        return
    step = limit + _SPARE
    while rows := db.execute(chosen.where(hits.c.id < below).order_by(hits.c.id.desc()).limit(step)).all():
        below = rows[-1].id
        may = search.among(db, wanted, [row.entry_id for row in rows]) if wanted is not None else None
        yield {row.id: may is None or row.entry_id in may for row in rows}
        step = min(2 * step, 1_000)


def _pairs(filters: Filters) -> Select[Any]:
    """Select hits by their ids, and beside them what the filters ask of."""
    pairs = select(hits.c.id, hits.c.entry_id)
    about_entries = filters.sources or filters.languages or filters.story is not None or filters.baseline is not None
    return pairs.join(entry_table, entry_table.c.id == hits.c.entry_id) if about_entries else pairs


def _cut(found: list[StoredHit], limit: int) -> Page[StoredHit]:
    kept = tuple(found[:limit])
    return Page(items=kept, next_cursor=cursors.write("hits", kept[-1].id) if len(found) > limit else None)


def _by_score(db: Db, filters: Filters, query: Query | None, limit: int, cursor: str | None) -> Page[StoredHit]:
    place = cursors.read("hits-score", cursor)
    newest = filtering.by_hit(db, _pairs(filters).add_columns(hits.c.score), filters).order_by(hits.c.id.desc())
    window = newest.limit(SCORED_WINDOW).subquery()
    best = select(window.c.id).order_by(window.c.score.desc(), window.c.id.desc())
    if place:
        score, below = place[0], int(place[1])
        best = best.where(or_(window.c.score < score, and_(window.c.score == score, window.c.id < below)))
    if query is None:
        best = best.limit(limit + 1)
    found: list[StoredHit] = []
    for some in entries.chunks(db.execute(best).scalars().all(), limit + _SPARE):
        rows = db.execute(_THESE, {"ids": some}).mappings().all()
        for hit in sorted(map(hit_rows.read, rows), key=lambda hit: (-hit.hit.score, -hit.id)):
            if query is not None and match_entry(query, hit.stored) is None:
                continue
            found.append(hit)
            if len(found) > limit:
                last = found[limit - 1]
                return Page(
                    items=tuple(found[:limit]), next_cursor=cursors.write("hits-score", float(last.hit.score), last.id)
                )
    return Page(items=tuple(found))


_KNOWN = (
    select(entry_table.c.id, hits.c.topic_id)
    .outerjoin(hits, hits.c.entry_id == entry_table.c.id)
    .where(one_of(entry_table.c.id, bindparam("ids", type_=IDS)))
)
_SEEN_AGAIN = (
    update(hits)
    .where(hits.c.topic_id == bindparam("topic"), hits.c.entry_id == bindparam("entry"))
    .values(evidence=bindparam("shown"), score=bindparam("worth"), topic_version=bindparam("version"))
)
