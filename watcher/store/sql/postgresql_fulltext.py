"""The full-text index on PostgreSQL: a `simple` tsvector for each entry, with GIN."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, ColumnElement, Dialect, Select, Text, bindparam, cast, column, func, select, text
from sqlalchemy.dialects.postgresql import TSQUERY

from watcher.match import AllOf, AnyOf, Anything, RequiredPhrase, RequiredPrefix, RequiredTerms, RequiredToken
from watcher.store.sql.direct import fetch_directly
from watcher.store.sql.expressions import join_expressions
from watcher.store.sql.interface import Db
from watcher.store.sql.passing import MAX_ID, PassingRows, PassingStatements, select_between, select_newest
from watcher.store.sql.types import IDS
from watcher.store.sql.window import Window
from watcher.store.tables import archive

_LONG = "qqlong"
"""Stands in a tsvector whose text has more positions than it keeps: 256 of a word, and none beyond 16,383."""
_MAX_POSITION, _MAX_POSITIONS_OF_A_WORD = 16_000, 250
_LOOKUP_COST = 10
"""How many times as long as looking at one entry it takes to be led to one by the index; measured."""
_MATCHES_PER_LOOKUP = 2
"""How many matches the index lists while one row is looked up by its key; measured."""

_ADD = text("""
    INSERT INTO archive (entry_id, tokens) SELECT id, to_tsvector('simple', words)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])) AS batch (id, words)
    ON CONFLICT (entry_id) DO UPDATE SET tokens = excluded.tokens
""")
_REMOVE = text("DELETE FROM archive WHERE entry_id = ANY(:ids)")
# What the planner expects: to count the matches would be to search for them.
_EXPLAIN = """
    EXPLAIN (FORMAT JSON)
    SELECT 1 FROM archive WHERE tokens @@ CAST(%(wanted)s AS tsquery) UNION ALL SELECT 1 FROM archive
"""
_HIGHEST = "SELECT max(entry_id) FROM archive"
# Two ways to the newest few, of which the planner would choose the wrong one: for the first the index is asked for all
# that match, for the second the newest entries are looked through. The offset keeps the two conditions apart.
_LIST_BY_INDEX = """
    WITH matching AS MATERIALIZED (SELECT entry_id FROM archive WHERE tokens @@ (SELECT CAST(%(wanted)s AS tsquery)))
    SELECT entry_id FROM matching WHERE entry_id < %(below)s AND entry_id > %(above)s
    ORDER BY entry_id DESC LIMIT %(limit)s
"""
_LIST_BY_SCAN = """
    SELECT entry_id FROM (
        SELECT entry_id, tokens FROM archive WHERE entry_id < %(below)s AND entry_id > %(above)s
        ORDER BY entry_id DESC OFFSET 0
    ) AS latest WHERE tokens @@ CAST(%(wanted)s AS tsquery) LIMIT %(limit)s
"""
_RANK = text("""
    SELECT entry_id FROM archive WHERE entry_id = ANY(:ids)
    ORDER BY ts_rank_cd(tokens, CAST(:wanted AS tsquery)) DESC, entry_id DESC LIMIT :limit
""").bindparams(bindparam("ids", type_=IDS))
# The words are hidden from the planner: for words that it takes for rarer than most it would make a new plan each time,
# and read the statistics of all words for it, which takes longer than to list a rare one.
_MATCHING = (
    text("SELECT entry_id FROM archive WHERE tokens @@ (SELECT CAST(:wanted AS tsquery))")
    .columns(column("entry_id", BigInteger))
    .cte("matching")
    .prefix_with("MATERIALIZED")
)
_IS_MATCH = archive.c.tokens.bool_op("@@")(cast(bindparam("wanted", type_=Text), TSQUERY))
_COUNT = text("SELECT count(*) FROM archive")
_IS_VALID = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_archive_tokens')")


@dataclass(slots=True)
class _Estimate:
    """How many entries match, of how many, and how often that was used."""

    matches: int
    total: int
    uses: int = 0


_ESTIMATES: WeakKeyDictionary[Dialect, dict[str, _Estimate]] = WeakKeyDictionary()
"""By expression, of each database: it has a dialect of its own."""
_MAX_KEPT, _MAX_USES = 1_000, 30


class PostgresqlFulltext:
    """The table `archive`; see `FulltextIndex`."""

    def add(self, db: Db, tokens: Sequence[tuple[int, str]]) -> None:
        """Index entries in one statement."""
        ids, words = zip(*tokens, strict=True)
        db.execute(_ADD, {"ids": list(ids), "words": [_with_marker(text_) for text_ in words]})

    def remove(self, db: Db, tokens: Sequence[tuple[int, str]]) -> None:
        """Delete the entries' rows."""
        db.execute(_REMOVE, {"ids": [entry_id for entry_id, _words in tokens]})

    def format_expression(self, terms: RequiredTerms) -> str | None:
        """Return a tsquery; None where any entry may match."""
        match terms:
            case RequiredToken(text=token):
                return f"'{token}'"
            case RequiredPrefix(text=token):
                return f"'{token}':*"
            case RequiredPhrase(tokens=tokens):
                adjacent = " <-> ".join(f"'{token}'" for token in tokens)
                anywhere = " & ".join(f"'{token}'" for token in (*tokens, _LONG))
                return f"({adjacent} | ({anywhere}))"
            case AllOf(parts=parts):
                return join_expressions(" & ", [self.format_expression(part) for part in parts])
            case AnyOf(parts=parts):
                # A part that any entry may match makes the whole one that any entry may match.
                expressions = [self.format_expression(part) for part in parts]
                return None if None in expressions else join_expressions(" | ", expressions)
            case Anything():
                return None

    def count_lookups(self, db: Db, expression: str, cap: int) -> float:
        """Ask the planner how many match."""
        matches, _total = _estimate(db, expression)
        return inf if matches > cap else matches / _MATCHES_PER_LOOKUP

    def list_ids(self, db: Db, expression: str, *, below: int, above: int, limit: int) -> tuple[int, ...]:
        """Return the highest ids that match, by the index or by a scan from the end, whichever costs less."""
        matches, total = _estimate(db, expression)
        per_match = max(1, total // matches)  # so many entries have to be looked at to find one
        ids: list[int] = []
        top: int | None = None
        while missing := limit - len(ids):
            values = {"wanted": expression, "below": below if top is None else top, "above": above, "limit": missing}
            if _LOOKUP_COST * matches <= missing * per_match:
                return *ids, *_fetch_ids(db, _LIST_BY_INDEX, values)
            if top is None:
                top = min(below, (fetch_directly(db, _HIGHEST)[0][0] or 0) + 1)
            if top - 1 <= above:
                break
            # Not without end: the planner may think a rare word common, or a phrase.
            floor = max(above, top - 1 - 4 * missing * per_match)
            more = _fetch_ids(db, _LIST_BY_SCAN, values | {"below": top, "above": floor})
            ids += more
            per_match = (top - floor) // max(1, len(more))
            top = floor + 1
        return tuple(ids)

    def list_rows(
        self, db: Db, expression: str, rows: PassingRows, *, below: int, above: int, cap: int
    ) -> Sequence[int]:
        """Join the selection with the matches."""
        # Without bounds where there are none: of a range between two parameters the planner expects few rows, and walks
        # all that there are.
        build = _select_matching_between if above > 0 or below < MAX_ID else _select_matching
        return [row[0] for row in rows.fetch(db, build, wanted=expression, below=below, above=above)]

    def filter_window(
        self, db: Db, expression: str, rows: PassingRows, *, below: int, above: int, limit: int
    ) -> Window:
        """Look each row up in one statement, so that only what matches is sent."""
        [(looked, lowest, highest, matching)] = rows.fetch(
            db, _select_window, wanted=expression, below=below, above=above, limit=limit
        )
        matching_ids = tuple(sorted(matching or (), reverse=True))
        return Window(looked=looked, lowest=lowest or 0, highest=highest or 0, matching=matching_ids)

    def rank_ids(self, db: Db, expression: str, *, newest: int, limit: int) -> tuple[int, ...]:
        """Rank by cover density."""
        ids = self.list_ids(db, expression, below=MAX_ID, above=0, limit=newest)
        values = {"wanted": expression, "newest": newest, "limit": limit, "ids": list(ids)}
        return tuple(db.execute(_RANK, values).scalars())

    def clear(self, db: Db) -> None:
        """Empty the table."""
        db.execute(text("TRUNCATE archive"))

    def recreate(self, db: Db) -> None:
        """Drop the table and create it anew, as the migrations do."""
        db.execute(text("DROP TABLE IF EXISTS archive"))
        archive.create(db)
        db.execute(text("ALTER TABLE archive ALTER COLUMN tokens SET STATISTICS 500"))

    def find_faults(self, db: Db, entries: int) -> list[str]:
        """Compare the number of rows, and ask whether the index is finished."""
        indexed = db.execute(_COUNT).scalar_one()
        faults = [] if entries == indexed else [f"holds {indexed} entries of {entries}"]
        if db.execute(_IS_VALID).scalar() is not True:
            faults.append("the index of its words is missing or unfinished")
        return faults

    def validate(self, db: Db) -> list[str]:
        """Return nothing: the server checks its own pages."""
        return []


def _select_matching(rows: PassingStatements) -> Select[Any]:
    return rows.chosen.where(rows.entry_id.in_(select(_MATCHING.c.entry_id)))


def _select_matching_between(rows: PassingStatements) -> Select[Any]:
    return select_between(rows).where(rows.entry_id.in_(select(_MATCHING.c.entry_id)))


def _select_window(rows: PassingStatements) -> Select[Any]:
    """Select how many rows there are, their lowest and highest id and the ids of those whose entry matches."""
    passing = select_newest(rows).subquery("passing")
    # A scalar subquery is looked up by the key, row by row, whatever the planner thinks of the words.
    is_match = select(_IS_MATCH).where(archive.c.entry_id == passing.c.entry_id).scalar_subquery()
    matching: ColumnElement[Any] = func.array_agg(passing.c.id, type_=IDS).filter(is_match)
    return select(func.count(), func.min(passing.c.id), func.max(passing.c.id), matching)


def _fetch_ids(db: Db, sql: str, values: Mapping[str, Any]) -> list[int]:
    return [id_ for [id_] in fetch_directly(db, sql, values)]


def _estimate(db: Db, expression: str) -> tuple[int, int]:
    """Return about how many entries match, and about how many there are; at least one.

    To ask takes as long as to list a rare word. So an estimate is kept for some searches: for the next pages of a list,
    and for the same words with other filters.
    """
    kept = _ESTIMATES.setdefault(db.dialect, {})
    known = kept.get(expression)
    if known is None or known.uses >= _MAX_USES:
        [([plan],)] = fetch_directly(db, _EXPLAIN, {"wanted": expression})
        matches, total = (max(1, part["Plan Rows"]) for part in plan["Plan"]["Plans"])
        if len(kept) >= _MAX_KEPT:
            kept.clear()
        known = kept[expression] = _Estimate(matches, total)
    known.uses += 1
    return known.matches, known.total


def _with_marker(words: str) -> str:
    """Mark a text in which a phrase may occur though its positions are not known."""
    if len(words) < 2 * _MAX_POSITIONS_OF_A_WORD:
        return words
    tokens = words.split()
    is_long = len(tokens) > _MAX_POSITION or max(Counter(tokens).values()) > _MAX_POSITIONS_OF_A_WORD
    return f"{words} {_LONG}" if is_long else words
