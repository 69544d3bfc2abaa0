"""Lists and searches stored hits by keyset, newest or best first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Float,
    Integer,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    or_,
    select,
)

from watcher.model.results import Filters, Page, StoredHit
from watcher.model.topic import Evidence
from watcher.store.cursors import format_cursor, parse_cursor
from watcher.store.database import Db
from watcher.store.entries.mapping import read_entry_row
from watcher.store.entries.queries import MAX_ENTRY_ID
from watcher.store.filters import filter_hits, join_filtered_entries
from watcher.store.hits.mapping import read_hit_row, select_hits
from watcher.store.sql.bulk import any_of
from watcher.store.sql.chunks import split_into_chunks
from watcher.store.sql.kept_statements import KeptStatements
from watcher.store.sql.passing import PassingRows, PassingStatements, select_newest
from watcher.store.sql.types import IDS
from watcher.store.sql.window import Window
from watcher.store.tables import hits

if TYPE_CHECKING:
    # Lists without a search match nothing: the matcher is imported by the functions that have a query.
    from watcher.match import Query

MAX_RANKED_HITS = 2_000
"""`order=score` ranks the newest so many hits that pass the filters, not all there ever were."""
RELEVANCE_WEIGHT = 0.75
"""Of a hit's rank: how well its meaning fits; the rest is its score by words. Without relevance the score alone."""
_SPARE = 10
MAX_SCANNED_HITS = 20_000
"""One call looks at no more than so many hits for a search."""


_RANK = case(
    (hits.c.relevance.is_(None), hits.c.score),
    else_=RELEVANCE_WEIGHT * hits.c.relevance + (1 - RELEVANCE_WEIGHT) * hits.c.score,
)
_THESE = select_hits().where(any_of(hits.c.id, bindparam("ids", type_=IDS)))
_NEWEST, _BEST = KeptStatements[Select[Any]](), KeptStatements[Select[Any]]()
_PASSING = KeptStatements[PassingStatements]()
_RowReader: TypeAlias = Callable[[RowMapping], StoredHit | None]


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
    """List hits, newest first or (`order="score"`) best first among the newest MAX_RANKED_HITS that pass.

    A `query` keeps hits whose entry it matches, its evidence beside the topic's; newest first, it stops at what it has
    found where `enough` says so. Raises UsageError for a bad cursor.
    """
    filters = filters or Filters()
    if order == "score":
        return _by_score(db, filters, query, limit, cursor)
    return _newest(db, filters, query, limit, cursor, enough)


def _newest(
    db: Db, filters: Filters, query: Query | None, limit: int, cursor: str | None, enough: Callable[[], bool]
) -> Page[StoredHit]:
    place = parse_cursor("hits", cursor)
    below = int(place[0]) if place else MAX_ENTRY_ID
    if query is None:
        chosen = _NEWEST.get(filters, lambda: _select_newest(db, filters))
        rows = db.execute(chosen, {"below": below, "most": limit + 1}).mappings().all()
        return _cut([read_hit_row(row) for row in rows], limit)
    page_hits: list[StoredHit] = []
    looked = 0
    search = _make_searcher(query)
    # The index proposes, `match` decides; a call that looked at enough hits returns a cursor to go on from.
    for window in _likely(db, filters, query, below, limit):
        for some in split_into_chunks(window.matching, limit + _SPARE):
            for row in _load_rows(db, some):
                if (hit := search(row)) is None:
                    continue
                page_hits.append(hit)
                if len(page_hits) > limit:
                    return _cut(page_hits, limit)
        looked += window.looked
        if looked >= MAX_SCANNED_HITS or enough():
            moment = select(hits.c.matched_at).where(hits.c.id == window.lowest)
            return Page(
                items=tuple(page_hits),
                next_cursor=format_cursor("hits", window.lowest),
                searched_back_to=db.execute(moment).scalar_one(),
            )
    return Page(items=tuple(page_hits))


def _select_newest(db: Db, filters: Filters) -> Select[Any]:
    """Select the newest `most` hits below an id that pass the filters."""
    # Chosen by their ids alone: else SQLite may walk all entries, and sort the whole rows of those with a hit.
    passing = filter_hits(db, _pairs(filters), filters).where(hits.c.id < bindparam("below"))
    newest = passing.order_by(hits.c.id.desc()).limit(bindparam("most", type_=Integer)).with_only_columns(hits.c.id)
    return select_hits().where(hits.c.id.in_(newest.scalar_subquery())).order_by(hits.c.id.desc())


def _load_rows(db: Db, ids: Sequence[int]) -> Sequence[RowMapping]:
    """Return the rows of some hits, newest first; those that are gone are absent."""
    rows = db.execute(_THESE, {"ids": ids}).mappings().all() if ids else ()
    return sorted(rows, key=itemgetter("hit_id"), reverse=True)


def _likely(db: Db, filters: Filters, query: Query, below: int, limit: int) -> Iterator[Window]:
    """Walk the hits that pass the filters, newest first, in windows of which each holds those that may match."""
    from watcher.match import required_terms
    from watcher.store.entries.fulltext_index import format_expression, iter_matching_windows

    wanted = format_expression(db, required_terms(query))
    rows = PassingRows(_PASSING.get(filters, lambda: _build_passing(db, filters)), {})
    step = limit + _SPARE
    if wanted is not None:
        yield from iter_matching_windows(db, wanted, rows, below=below, step=step)
        return
    while newest := rows.fetch(db, select_newest, below=below, above=0, limit=step):
        hit_ids = tuple(row[0] for row in newest)
        below = hit_ids[-1]
        yield Window(looked=len(hit_ids), lowest=below, highest=hit_ids[0], matching=hit_ids)
        step = min(2 * step, 1_000)


def _build_passing(db: Db, filters: Filters) -> PassingStatements:
    chosen = filter_hits(db, _pairs(filters), filters)
    return PassingStatements(chosen, hits.c.id, hits.c.entry_id, is_bound=False)


def _pairs(filters: Filters) -> Select[Any]:
    """Select hits by their ids, and beside them what the filters ask of."""
    return join_filtered_entries(select(hits.c.id, hits.c.entry_id), filters)


def _cut(page_hits: list[StoredHit], limit: int) -> Page[StoredHit]:
    kept = tuple(page_hits[:limit])
    return Page(items=kept, next_cursor=format_cursor("hits", kept[-1].id) if len(page_hits) > limit else None)


def _by_score(db: Db, filters: Filters, query: Query | None, limit: int, cursor: str | None) -> Page[StoredHit]:
    place = parse_cursor("hits-score", cursor)
    best = _BEST.get(filters, lambda: _select_best(db, filters, goes_on=bool(place)), bool(place))
    parameters: dict[str, Any] = {"most": limit + 1 if query is None else MAX_RANKED_HITS}
    if place:
        parameters |= {"rank": place[0], "below": int(place[1])}
    page_hits: list[StoredHit] = []
    search: _RowReader = read_hit_row if query is None else _make_searcher(query)
    ranks: dict[int, float] = {row.id: row.rank for row in db.execute(best, parameters)}
    for some in split_into_chunks(list(ranks), limit + _SPARE):
        rows = db.execute(_THESE, {"ids": some}).mappings().all()
        for row in sorted(rows, key=lambda row: (-ranks[row["hit_id"]], -row["hit_id"])):
            if (hit := search(row)) is None:
                continue
            page_hits.append(hit)
            if len(page_hits) > limit:
                last = page_hits[limit - 1]
                cursor = format_cursor("hits-score", float(ranks[last.id]), last.id)
                return Page(items=tuple(page_hits[:limit]), next_cursor=cursor)
    return Page(items=tuple(page_hits))


def _select_best(db: Db, filters: Filters, *, goes_on: bool) -> Select[Any]:
    """Select the ids and ranks of the best `most` of the newest hits that pass the filters; behind a hit's place."""
    newest = filter_hits(db, _pairs(filters).add_columns(_RANK.label("rank")), filters).order_by(hits.c.id.desc())
    window = newest.limit(MAX_RANKED_HITS).subquery()
    best = select(window.c.id, window.c.rank).order_by(window.c.rank.desc(), window.c.id.desc())
    if goes_on:
        rank, below = bindparam("rank", type_=Float), bindparam("below", type_=BigInteger)
        best = best.where(or_(window.c.rank < rank, and_(window.c.rank == rank, window.c.id < below)))
    return best.limit(bindparam("most", type_=Integer))


def _make_searcher(query: Query) -> _RowReader:
    """Return what reads a hit's row with the evidence of a search; None where it does not match.

    An entry is matched once.
    """
    from watcher.match import build_entry_matcher

    find_evidence = build_entry_matcher(query)
    known: dict[int, tuple[Evidence, ...] | None] = {}

    def search(row: RowMapping) -> StoredHit | None:
        """Return the hit of a row with the words that the search found."""
        stored = read_entry_row(row)
        if stored.id not in known:
            known[stored.id] = find_evidence(stored)
        evidence = known[stored.id]
        return None if evidence is None else read_hit_row(row, stored, evidence)

    return search
