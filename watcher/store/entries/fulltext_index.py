"""The archive's word index: keeps it, and asks it for entries that may match. `match` decides which ones do.

The index holds the tokens of `text.canon`, so both databases split words as the live matcher does: FTS5 without a copy
of the text on SQLite, a `simple` tsvector with GIN on PostgreSQL.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, bindparam, column, select, text
from sqlalchemy.dialects import postgresql, sqlite

from watcher.match import AllOf, AnyOf, Anything, RequiredPhrase, RequiredPrefix, RequiredTerms, RequiredToken
from watcher.model.entry import StoredEntry
from watcher.store.database import Db
from watcher.store.sql.bulk import IDS, any_of
from watcher.store.tables import entries, meta
from watcher.text.tokenizer import ANALYSER_VERSION, index_text

_LONG = "qqlong"
"""Stands in a tsvector whose text has more places than it keeps: 256 of a word, and none beyond 16,383."""
_MOST_PLACES, _MOST_OF_A_WORD = 16_000, 250
MAX_COUNTED_ENTRIES = 5_000
"""Beyond this many candidates a word is called common, and a filter drives the search instead of it."""


_ADD_ON_SQLITE = text("INSERT INTO archive (rowid, tokens) SELECT value ->> 0, value ->> 1 FROM json_each(:batch)")
_ADD_ON_POSTGRESQL = text("""
    INSERT INTO archive (entry_id, tokens) SELECT id, to_tsvector('simple', words)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])) AS batch (id, words)
    ON CONFLICT (entry_id) DO UPDATE SET tokens = excluded.tokens
""")
_FORGET_ON_SQLITE = text("""
    INSERT INTO archive (archive, rowid, tokens)
    SELECT 'delete', value ->> 0, value ->> 1 FROM json_each(:batch)
""")
_FORGET_ON_POSTGRESQL = text("DELETE FROM archive WHERE entry_id = ANY(:ids)")


_COUNTED = text("SELECT count(*) FROM (SELECT rowid FROM archive WHERE archive MATCH :wanted LIMIT :cap)")
# What the planner expects: to count them would be to search for them.
_EXPECTED = text("""
    EXPLAIN (FORMAT JSON)
    SELECT 1 FROM archive WHERE tokens @@ CAST(:wanted AS tsquery) UNION ALL SELECT 1 FROM archive
""")
_NEWEST_ON_SQLITE = text("""
    SELECT rowid FROM archive WHERE archive MATCH :wanted AND rowid < :below AND rowid > :above
    ORDER BY rowid DESC LIMIT :limit
""")
_LAST = text("SELECT max(entry_id) FROM archive")
# Two ways to the newest few, of which the planner would choose the wrong one: for the first the word index is asked for
# all there are, for the second the newest entries are looked through. The offset keeps the two conditions apart.
_GATHERED = text("""
    WITH found AS MATERIALIZED (SELECT entry_id FROM archive WHERE tokens @@ CAST(:wanted AS tsquery))
    SELECT entry_id FROM found WHERE entry_id < :below AND entry_id > :above ORDER BY entry_id DESC LIMIT :limit
""")
_WALKED = text("""
    SELECT entry_id FROM (
        SELECT entry_id, tokens FROM archive WHERE entry_id < :below AND entry_id > :above
        ORDER BY entry_id DESC OFFSET 0
    ) AS latest WHERE tokens @@ CAST(:wanted AS tsquery) LIMIT :limit
""")
_RANKED_ON_SQLITE = text("""
    SELECT rowid FROM archive WHERE archive MATCH :wanted AND rowid >= (
        SELECT min(rowid) FROM (
            SELECT rowid FROM archive WHERE archive MATCH :wanted ORDER BY rowid DESC LIMIT :newest))
    ORDER BY bm25(archive), rowid DESC LIMIT :limit
""")
_RANKED_ON_POSTGRESQL = text("""
    SELECT entry_id FROM archive WHERE entry_id = ANY(:ids)
    ORDER BY ts_rank_cd(tokens, CAST(:wanted AS tsquery)) DESC, entry_id DESC LIMIT :limit
""").bindparams(bindparam("ids", type_=IDS))
_GATHERING = 10
"""How many times as long as to look at one entry it takes to be led to one by the word index; measured."""
_FOUND = (
    text("SELECT entry_id FROM archive WHERE tokens @@ CAST(:wanted AS tsquery)")
    .columns(column("entry_id", BigInteger))
    .cte("found")
    .prefix_with("MATERIALIZED")
)
# The plus keeps SQLite from asking the index once for each id.
_AMONG_ON_SQLITE = text("""
    SELECT rowid FROM archive
    WHERE archive MATCH :wanted AND rowid BETWEEN :low AND :high AND +rowid IN (SELECT value FROM json_each(:ids))
""").bindparams(bindparam("ids", type_=IDS))
_AMONG_ON_POSTGRESQL = text("""
    SELECT entry_id FROM archive WHERE entry_id = ANY(:ids) AND tokens @@ CAST(:wanted AS tsquery)
""").bindparams(bindparam("ids", type_=IDS))


def index_entries(db: Db, stored: Sequence[StoredEntry]) -> None:
    """Put entries into the index, in one statement for the whole batch."""
    if not stored:
        return
    batch = [(each.id, tokenize_entry(each)) for each in stored]
    if db.dialect.name == "sqlite":
        # One statement: FTS5 flushes what it gathered at the end of each.
        db.execute(_ADD_ON_SQLITE, {"batch": json.dumps(batch)})
    else:
        ids, words = zip(*batch, strict=True)
        db.execute(_ADD_ON_POSTGRESQL, {"ids": list(ids), "words": [_marked_if_long(said) for said in words]})


def unindex_entries(db: Db, stored: Iterable[StoredEntry]) -> None:
    """Take entries out of the index; they must be as they were when they were put in, word for word."""
    if db.dialect.name == "sqlite":
        db.execute(_FORGET_ON_SQLITE, {"batch": json.dumps([(each.id, tokenize_entry(each)) for each in stored])})
    else:
        db.execute(_FORGET_ON_POSTGRESQL, {"ids": [each.id for each in stored]})


def is_index_current(db: Db) -> bool:
    """Tell whether the word index was made by this version's analyser."""
    found = db.execute(select(meta.c.value).where(meta.c.key == "analyser")).scalar()
    if found is None:
        return db.execute(select(entries.c.id).limit(1)).first() is None
    return bool(found == str(ANALYSER_VERSION))


def mark_index_current(db: Db) -> None:
    """Note that the word index is this analyser's."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    written = dialect.insert(meta).values(key="analyser", value=str(ANALYSER_VERSION))
    db.execute(written.on_conflict_do_update(index_elements=["key"], set_={"value": str(ANALYSER_VERSION)}))


def tokenize_entry(stored: StoredEntry) -> str:
    """Give the index tokens of an entry's own words."""
    item = stored.entry.item
    return index_text(item.title, item.summary, item.content, item.author, *item.tags)


def format_expression(db: Db, need: RequiredTerms) -> str | None:
    """Say a need in the database's own search syntax; None where any entry may match. Tokens are ASCII words."""
    return _fts5(need) if db.dialect.name == "sqlite" else _tsquery(need)


def is_common_expression(db: Db, wanted: str) -> bool:
    """Tell whether there are more than COUNT_CAP candidates, or about so many."""
    if db.dialect.name == "sqlite":
        counted = db.execute(_COUNTED, {"wanted": wanted, "cap": MAX_COUNTED_ENTRIES + 1}).scalar_one()
        return bool(counted > MAX_COUNTED_ENTRIES)
    return _expected(db, wanted)[0] > MAX_COUNTED_ENTRIES


def list_matching_ids(db: Db, wanted: str, *, below: int, above: int = 0, limit: int) -> tuple[int, ...]:
    """Give the newest entry ids that may match, in (above, below), newest first."""
    asked = {"wanted": wanted, "below": below, "above": above, "limit": limit}
    if db.dialect.name == "sqlite":
        return tuple(db.execute(_NEWEST_ON_SQLITE, asked).scalars())
    some, total = _expected(db, wanted)
    each = max(1, total // some)  # so many have to be looked at to find one
    found: list[int] = []
    top = min(below, (db.execute(_LAST).scalar() or 0) + 1)
    while (missing := limit - len(found)) and top - 1 > above:
        asked |= {"limit": missing, "below": top, "above": above}
        if _GATHERING * some <= missing * each:
            return *found, *db.execute(_GATHERED, asked).scalars()
        # Not without end: the planner may think a rare word common, or a phrase.
        asked["above"] = floor = max(above, top - 1 - 4 * missing * each)
        more = db.execute(_WALKED, asked).scalars().all()
        found += more
        each = (top - floor) // max(1, len(more))
        top = floor + 1
    return tuple(found)


def list_matching_rows(db: Db, wanted: str, chosen: Select[Any], entry_id: ColumnElement[int]) -> Sequence[Row[Any]]:
    """Give the rows of a selection whose entry may match, for what is not common; `entry_id` is the entry's column."""
    if db.dialect.name == "sqlite":
        ids = list_matching_ids(db, wanted, below=2**62, limit=MAX_COUNTED_ENTRIES)
        return db.execute(chosen.where(any_of(entry_id, bindparam("ids", type_=IDS))), {"ids": ids}).all()
    return db.execute(chosen.where(entry_id.in_(select(_FOUND.c.entry_id))), {"wanted": wanted}).all()


def filter_matching_ids(db: Db, wanted: str, ids: Sequence[int]) -> frozenset[int]:
    """Tell which of some entries may match."""
    if not ids:
        return frozenset()
    asked: dict[str, object] = {"wanted": wanted, "ids": ids}
    if db.dialect.name == "sqlite":
        asked |= {"low": min(ids), "high": max(ids)}
        return frozenset(db.execute(_AMONG_ON_SQLITE, asked).scalars())
    return frozenset(db.execute(_AMONG_ON_POSTGRESQL, asked).scalars())


def rank_matching_ids(db: Db, wanted: str, *, newest: int, limit: int) -> tuple[int, ...]:
    """Give the ids that fit best among the `newest` candidates: bm25 on SQLite, cover density on PostgreSQL."""
    asked: dict[str, object] = {"wanted": wanted, "newest": newest, "limit": limit}
    if db.dialect.name == "sqlite":
        return tuple(db.execute(_RANKED_ON_SQLITE, asked).scalars())
    asked["ids"] = list(list_matching_ids(db, wanted, below=2**62, limit=newest))
    return tuple(db.execute(_RANKED_ON_POSTGRESQL, asked).scalars())


def _expected(db: Db, wanted: str) -> tuple[int, int]:
    """Tell about how many candidates there are, and about how many entries; at least one."""
    [plan] = db.execute(_EXPECTED, {"wanted": wanted}).scalar_one()
    some, total = (max(1, part["Plan Rows"]) for part in plan["Plan"]["Plans"])
    return some, total


def _fts5(need: RequiredTerms) -> str | None:
    match need:
        case RequiredToken(text=token):
            return f'"{token}"'
        case RequiredPrefix(text=token):
            return f'"{token}"*'
        case RequiredPhrase(tokens=tokens):
            return '"' + " ".join(tokens) + '"'
        case AllOf(parts=parts):
            return _joined(" AND ", [found for part in parts if (found := _fts5(part)) is not None])
        case AnyOf(parts=parts):
            some = [_fts5(part) for part in parts]
            return None if None in some else _joined(" OR ", [found for found in some if found is not None])
        case Anything():
            return None


def _tsquery(need: RequiredTerms) -> str | None:
    match need:
        case RequiredToken(text=token):
            return f"'{token}'"
        case RequiredPrefix(text=token):
            return f"'{token}':*"
        case RequiredPhrase(tokens=tokens):
            side_by_side = " <-> ".join(f"'{token}'" for token in tokens)
            anywhere = " & ".join(f"'{token}'" for token in (*tokens, _LONG))
            return f"({side_by_side} | ({anywhere}))"
        case AllOf(parts=parts):
            return _joined(" & ", [found for part in parts if (found := _tsquery(part)) is not None])
        case AnyOf(parts=parts):
            some = [_tsquery(part) for part in parts]
            return None if None in some else _joined(" | ", [found for found in some if found is not None])
        case Anything():
            return None


def _marked_if_long(words: str) -> str:
    """Mark a text in which a phrase may be there though its places are not known."""
    if len(words) < 2 * _MOST_OF_A_WORD:
        return words
    said = words.split()
    crowded = len(said) > _MOST_PLACES or max(Counter(said).values()) > _MOST_OF_A_WORD
    return f"{words} {_LONG}" if crowded else words


def _joined(operator: str, parts: Sequence[str]) -> str | None:
    return f"({operator.join(parts)})" if parts else None
