"""The archive's word index: keeps it, and asks it for entries that may match. `match` decides which ones do.

The index holds the tokens of `text.canon`, so both databases split words as the live matcher does: FTS5 without a copy
of the text on SQLite, a `simple` tsvector with GIN on PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite

from watcher.match import AllOf, AnyOf, Anything, Need, Phrase, Prefix, Token
from watcher.model.entry import StoredEntry
from watcher.store.engine import Db
from watcher.store.tables import entries, meta
from watcher.text.canon import ANALYSER_VERSION, index_text

COUNT_CAP = 5_000
"""Beyond this many candidates a word is called common, and a filter drives the search instead of it."""


def index(db: Db, stored: Sequence[StoredEntry]) -> None:
    """Put entries into the index, in one statement for the whole batch."""
    if not stored:
        return
    batch = [[each.id, tokens_of(each)] for each in stored]
    if db.dialect.name == "sqlite":
        # One statement: FTS5 flushes what it gathered at the end of each.
        db.execute(
            text("INSERT INTO archive (rowid, tokens) SELECT value ->> 0, value ->> 1 FROM json_each(:batch)"),
            {"batch": json.dumps(batch)},
        )
    else:
        db.execute(
            text(
                "INSERT INTO archive (entry_id, tokens) SELECT id, to_tsvector('simple', words)"
                " FROM unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])) AS batch (id, words)"
                " ON CONFLICT (entry_id) DO UPDATE SET tokens = excluded.tokens"
            ),
            {"ids": [row[0] for row in batch], "words": [row[1] for row in batch]},
        )


def forget(db: Db, stored: Iterable[StoredEntry]) -> None:
    """Take entries out of the index; they must be as they were when they were put in, word for word."""
    if db.dialect.name == "sqlite":
        batch = [[each.id, tokens_of(each)] for each in stored]
        db.execute(
            text(
                "INSERT INTO archive (archive, rowid, tokens)"
                " SELECT 'delete', value ->> 0, value ->> 1 FROM json_each(:batch)"
            ),
            {"batch": json.dumps(batch)},
        )
    else:
        db.execute(text("DELETE FROM archive WHERE entry_id = ANY(:ids)"), {"ids": [each.id for each in stored]})


def rebuild(db: Db) -> None:
    """Empty the index; the caller fills it again from the entries."""
    if db.dialect.name == "sqlite":
        db.execute(text("INSERT INTO archive (archive) VALUES ('delete-all')"))
    else:
        db.execute(text("TRUNCATE archive"))


def is_current(db: Db) -> bool:
    """Tell whether the word index was made by this version's analyser."""
    found = db.execute(select(meta.c.value).where(meta.c.key == "analyser")).scalar()
    if found is None:
        return db.execute(select(entries.c.id).limit(1)).first() is None
    return bool(found == str(ANALYSER_VERSION))


def mark_current(db: Db) -> None:
    """Note that the word index is this analyser's."""
    dialect = sqlite if db.dialect.name == "sqlite" else postgresql
    written = dialect.insert(meta).values(key="analyser", value=str(ANALYSER_VERSION))
    db.execute(written.on_conflict_do_update(index_elements=["key"], set_={"value": str(ANALYSER_VERSION)}))


def tokens_of(stored: StoredEntry) -> str:
    """Give the index tokens of an entry's own words."""
    item = stored.entry.item
    return index_text(item.title, item.summary, item.content, item.author, *item.tags)


def expression(db: Db, need: Need) -> str | None:
    """Say a need in the database's own search syntax; None where any entry may match. Tokens are ASCII words."""
    return _fts5(need) if db.dialect.name == "sqlite" else _tsquery(need)


def count_capped(db: Db, wanted: str) -> int:
    """Count candidates, up to COUNT_CAP + 1."""
    if db.dialect.name == "sqlite":
        counted = "SELECT count(*) FROM (SELECT rowid FROM archive WHERE archive MATCH :wanted LIMIT :cap)"
    else:
        counted = (
            "SELECT count(*) FROM (SELECT entry_id FROM archive"
            " WHERE tokens @@ CAST(:wanted AS tsquery) LIMIT :cap) AS some"
        )
    return int(db.execute(text(counted), {"wanted": wanted, "cap": COUNT_CAP + 1}).scalar_one())


def candidates(db: Db, wanted: str, *, below: int, above: int = 0, limit: int) -> tuple[int, ...]:
    """Give the newest entry ids that may match, in (above, below), newest first."""
    if db.dialect.name == "sqlite":
        chosen = (
            "SELECT rowid FROM archive WHERE archive MATCH :wanted AND rowid < :below AND rowid > :above"
            " ORDER BY rowid DESC LIMIT :limit"
        )
    else:
        chosen = (
            "SELECT entry_id FROM archive WHERE tokens @@ CAST(:wanted AS tsquery)"
            " AND entry_id < :below AND entry_id > :above ORDER BY entry_id DESC LIMIT :limit"
        )
    found = db.execute(text(chosen), {"wanted": wanted, "below": below, "above": above, "limit": limit})
    return tuple(found.scalars())


def among(db: Db, wanted: str, ids: Sequence[int]) -> frozenset[int]:
    """Tell which of some entries may match."""
    if not ids:
        return frozenset()
    if db.dialect.name == "sqlite":
        chosen = text("SELECT rowid FROM archive WHERE archive MATCH :wanted AND rowid BETWEEN :low AND :high")
        rows = db.execute(chosen, {"wanted": wanted, "low": min(ids), "high": max(ids)})
        return frozenset(rows.scalars()) & frozenset(ids)
    chosen = text("SELECT entry_id FROM archive WHERE entry_id IN :ids AND tokens @@ CAST(:wanted AS tsquery)")
    return frozenset(
        db.execute(chosen.bindparams(bindparam("ids", expanding=True)), {"ids": list(ids), "wanted": wanted}).scalars()
    )


def ranked(db: Db, wanted: str, *, newest: int, limit: int) -> tuple[int, ...]:
    """Give the ids that fit best among the `newest` candidates: bm25 on SQLite, cover density on PostgreSQL."""
    if db.dialect.name == "sqlite":
        latest = "SELECT rowid FROM archive WHERE archive MATCH :wanted ORDER BY rowid DESC LIMIT :newest"
        floor = f"SELECT min(rowid) FROM ({latest})"  # noqa: S608
        chosen = (
            f"SELECT rowid FROM archive WHERE archive MATCH :wanted AND rowid >= ({floor})"  # noqa: S608
            " ORDER BY bm25(archive), rowid DESC LIMIT :limit"
        )
    else:
        chosen = (
            "SELECT entry_id FROM (SELECT entry_id, tokens FROM archive WHERE tokens @@ CAST(:wanted AS tsquery)"
            " ORDER BY entry_id DESC LIMIT :newest) AS latest"
            " ORDER BY ts_rank_cd(tokens, CAST(:wanted AS tsquery)) DESC, entry_id DESC LIMIT :limit"
        )
    return tuple(db.execute(text(chosen), {"wanted": wanted, "newest": newest, "limit": limit}).scalars())


def _fts5(need: Need) -> str | None:
    match need:
        case Token(text=token):
            return f'"{token}"'
        case Prefix(text=token):
            return f'"{token}"*'
        case Phrase(tokens=tokens):
            return '"' + " ".join(tokens) + '"'
        case AllOf(parts=parts):
            return _joined(" AND ", [found for part in parts if (found := _fts5(part)) is not None])
        case AnyOf(parts=parts):
            some = [_fts5(part) for part in parts]
            return None if None in some else _joined(" OR ", [found for found in some if found is not None])
        case Anything():
            return None


def _tsquery(need: Need) -> str | None:
    match need:
        case Token(text=token):
            return f"'{token}'"
        case Prefix(text=token):
            return f"'{token}':*"
        case Phrase(tokens=tokens):
            # Not <->: a tsvector keeps 256 places of a word and none beyond 16,383, so a phrase may be there unseen.
            return "(" + " & ".join(f"'{token}'" for token in tokens) + ")"
        case AllOf(parts=parts):
            return _joined(" & ", [found for part in parts if (found := _tsquery(part)) is not None])
        case AnyOf(parts=parts):
            some = [_tsquery(part) for part in parts]
            return None if None in some else _joined(" | ", [found for found in some if found is not None])
        case Anything():
            return None


def _joined(operator: str, parts: Sequence[str]) -> str | None:
    return f"({operator.join(parts)})" if parts else None


def descending(db: Db, wanted: str, *, below: int, above: int = 0, step: int = 200) -> Iterator[tuple[int, ...]]:
    """Walk the candidates newest first, some at a time."""
    while found := candidates(db, wanted, below=below, above=above, limit=step):
        yield found
        below = found[-1]
