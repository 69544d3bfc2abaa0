"""The full-text index on SQLite: FTS5 without a copy of the text, and the checks that FTS5 itself does not make."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import inf
from typing import Any

from sqlalchemy import Select, bindparam, text
from sqlalchemy.exc import DBAPIError

from watcher.match import AllOf, AnyOf, Anything, RequiredPhrase, RequiredPrefix, RequiredTerms, RequiredToken
from watcher.store.sql.bulk import any_of
from watcher.store.sql.direct import execute_directly
from watcher.store.sql.expressions import join_expressions
from watcher.store.sql.interface import Db
from watcher.store.sql.passing import MAX_ID, PassingRows, PassingStatements, select_between, select_newest
from watcher.store.sql.types import IDS
from watcher.store.sql.window import Window

_ADD = "INSERT INTO archive (rowid, tokens) VALUES (?, ?)"
_REMOVE = text("""
    INSERT INTO archive (archive, rowid, tokens)
    SELECT 'delete', value ->> 0, value ->> 1 FROM json_each(:batch)
""")
_COUNT_UP_TO = text("SELECT count(*) FROM (SELECT rowid FROM archive WHERE archive MATCH :wanted LIMIT :cap)")
_LIST = text("""
    SELECT rowid FROM archive WHERE archive MATCH :wanted AND rowid < :below AND rowid > :above
    ORDER BY rowid DESC LIMIT :limit
""")
# The plus keeps SQLite from asking the index once for each id.
_FILTER = text("""
    SELECT rowid FROM archive
    WHERE archive MATCH :wanted AND rowid BETWEEN :low AND :high AND +rowid IN (SELECT value FROM json_each(:ids))
""").bindparams(bindparam("ids", type_=IDS))
_RANK = text("""
    SELECT rowid FROM archive WHERE archive MATCH :wanted AND rowid >= (
        SELECT min(rowid) FROM (
            SELECT rowid FROM archive WHERE archive MATCH :wanted ORDER BY rowid DESC LIMIT :newest))
    ORDER BY bm25(archive), rowid DESC LIMIT :limit
""")
_SHADOW_TABLES = ("data", "idx", "content", "docsize", "config")
# As the migrations create them.
_CREATE = (
    "CREATE VIRTUAL TABLE archive USING fts5(tokens, content='', tokenize='ascii')",
    "INSERT INTO archive (archive, rank) VALUES ('automerge', 8)",
)
_FTS5_VERSION = 4
# A page's id begins with its segment's number, at bit 37; the rows up to 10 are the totals and the structure.
_UNREACHABLE = text("""
    SELECT id FROM archive_data WHERE id > 10 AND id >> 37 NOT IN (SELECT segid FROM archive_idx) LIMIT 1
""")
_COUNT = text("SELECT count(*) FROM archive_docsize")


class SqliteFulltext:
    """The FTS5 table `archive`; see `FulltextIndex`."""

    def add(self, db: Db, tokens: Sequence[tuple[int, str]]) -> None:
        """Index entries with one prepared statement: as JSON, the words would be written and read once more."""
        execute_directly(db, _ADD, tokens)

    def remove(self, db: Db, tokens: Sequence[tuple[int, str]]) -> None:
        """Take entries out; FTS5 keeps no text, and has to be given what they held."""
        db.execute(_REMOVE, {"batch": json.dumps(tokens)})

    def format_expression(self, terms: RequiredTerms) -> str | None:
        """Return an FTS5 expression; None where any entry may match."""
        match terms:
            case RequiredToken(text=token):
                return f'"{token}"'
            case RequiredPrefix(text=token):
                return f'"{token}"*'
            case RequiredPhrase(tokens=tokens):
                return '"' + " ".join(tokens) + '"'
            case AllOf(parts=parts):
                return join_expressions(" AND ", [self.format_expression(part) for part in parts])
            case AnyOf(parts=parts):
                # A part that any entry may match makes the whole one that any entry may match.
                expressions = [self.format_expression(part) for part in parts]
                return None if None in expressions else join_expressions(" OR ", expressions)
            case Anything():
                return None

    def count_lookups(self, db: Db, expression: str, cap: int) -> float:
        """Count the matches up to the cap: FTS5 lists so many in no time."""
        return inf if db.execute(_COUNT_UP_TO, {"wanted": expression, "cap": cap + 1}).scalar_one() > cap else 0

    def list_ids(self, db: Db, expression: str, *, below: int, above: int, limit: int) -> tuple[int, ...]:
        """Return the highest ids that match: FTS5 lists them in this order."""
        values = {"wanted": expression, "below": below, "above": above, "limit": limit}
        return tuple(db.execute(_LIST, values).scalars())

    def list_rows(
        self, db: Db, expression: str, rows: PassingRows, *, below: int, above: int, cap: int
    ) -> Sequence[int]:
        """List the ids of entries first: joined, SQLite would ask the index once for each row."""
        entry_ids = self.list_ids(db, expression, below=MAX_ID, above=0, limit=cap)
        return [row[0] for row in rows.fetch(db, _select_of_entries, below=below, above=above, ids=entry_ids)]

    def filter_window(
        self, db: Db, expression: str, rows: PassingRows, *, below: int, above: int, limit: int
    ) -> Window:
        """Read the rows, then ask for their entries: joined, SQLite would ask the index once for each row."""
        chosen_rows = rows.fetch(db, select_newest, below=below, above=above, limit=limit)
        if not chosen_rows:
            return Window(looked=0, lowest=0, highest=0, matching=())
        entry_ids = [entry_id for _id, entry_id in chosen_rows]
        values = {"wanted": expression, "ids": entry_ids, "low": min(entry_ids), "high": max(entry_ids)}
        may = frozenset(db.execute(_FILTER, values).scalars())
        matching = tuple(id_ for id_, entry_id in chosen_rows if entry_id in may)
        return Window(looked=len(chosen_rows), lowest=chosen_rows[-1][0], highest=chosen_rows[0][0], matching=matching)

    def rank_ids(self, db: Db, expression: str, *, newest: int, limit: int) -> tuple[int, ...]:
        """Rank by bm25."""
        return tuple(db.execute(_RANK, {"wanted": expression, "newest": newest, "limit": limit}).scalars())

    def clear(self, db: Db) -> None:
        """Empty the table."""
        db.execute(text("INSERT INTO archive (archive) VALUES ('delete-all')"))

    def recreate(self, db: Db) -> None:
        """Drop the table and its shadow tables, and create it anew."""
        _drop(db)
        for statement in _CREATE:
            db.execute(text(statement))

    def find_faults(self, db: Db, entries: int) -> list[str]:
        """Compare the tables with each other and with the number of entries."""
        indexed = db.execute(_COUNT).scalar_one()
        faults = [] if entries == indexed else [f"holds {indexed} entries of {entries}"]
        if db.execute(text("SELECT v FROM archive_config WHERE k = 'version'")).scalar() != _FTS5_VERSION:
            faults.append("its settings are damaged")
        if db.execute(_UNREACHABLE).first() is not None:
            faults.append("pages of it cannot be reached")
        if indexed and _read_totals(db)[0] != indexed:
            faults.append("its totals are damaged")
        return faults

    def validate(self, db: Db) -> list[str]:
        """Check the form of the index, and count its words.

        Of an index that keeps no text SQLite checks the form alone: pages that are missing altogether are noticed by
        the number of words that are found.
        """
        db.execute(text("INSERT INTO archive (archive) VALUES ('integrity-check')"))
        db.execute(text("CREATE VIRTUAL TABLE temp.archive_words USING fts5vocab('main', 'archive', 'row')"))
        try:
            counted = db.execute(text("SELECT coalesce(sum(cnt), 0) FROM temp.archive_words")).scalar_one()
        finally:
            db.execute(text("DROP TABLE temp.archive_words"))
        _entries, words = _read_totals(db)
        return [] if counted == words else [f"holds {counted} words of {words}"]


def _select_of_entries(rows: PassingStatements) -> Select[Any]:
    return select_between(rows).where(any_of(rows.entry_id, bindparam("ids", type_=IDS)))


def _read_totals(db: Db) -> tuple[int, int]:
    """Return how many entries and words FTS5 counts; ranking and taking out go by them."""
    block = db.execute(text("SELECT block FROM archive_data WHERE id = 1")).scalar()
    numbers = _read_varints(block or b"")
    return (numbers[0], numbers[1]) if len(numbers) >= 2 else (0, 0)


def _read_varints(block: bytes) -> list[int]:
    """Return the numbers of a block as SQLite writes them: seven bits a byte, the highest first."""
    numbers, number = [], 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    return numbers


def _drop(db: Db) -> None:
    try:
        db.execute(text("DROP TABLE IF EXISTS archive"))
        return
    except DBAPIError:
        # FTS5 opens a table before it drops it, which it cannot where a table of its own is missing or unreadable.
        db.execute(text("PRAGMA writable_schema = ON"))
    try:
        db.execute(text("DELETE FROM sqlite_master WHERE type = 'table' AND name = 'archive'"))
    finally:
        # Reads the schema anew as well.
        db.execute(text("PRAGMA writable_schema = RESET"))
    for name in _SHADOW_TABLES:
        db.execute(text(f"DROP TABLE IF EXISTS archive_{name}"))
