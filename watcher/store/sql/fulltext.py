"""The full-text index as each database keeps it. It proposes entries; `match` decides which ones match.

It holds the index tokens of `text.tokenizer`, so that both databases split words as the live matcher does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol

from watcher.match import RequiredTerms
from watcher.store.sql.interface import Db
from watcher.store.sql.passing import PassingRows
from watcher.store.sql.window import Window


class FulltextIndex(Protocol):
    """The full-text index of one kind of database. An `expression` is in its own search syntax."""

    def add(self, db: Db, tokens: Sequence[tuple[int, str]]) -> None:
        """Index entries, each by id with its index tokens."""

    def remove(self, db: Db, tokens: Sequence[tuple[int, str]]) -> None:
        """Take entries out of the index; their tokens have to be those that were put in."""

    def format_expression(self, terms: RequiredTerms) -> str | None:
        """Return an expression for terms, which are ASCII tokens; None where any entry may match."""

    def count_lookups(self, db: Db, expression: str, cap: int) -> float:
        """Return how many rows can be looked up one by one while the index lists all that match.

        Infinity where that is no way, as more entries match than `cap`.
        """

    def list_ids(self, db: Db, expression: str, *, below: int, above: int, limit: int) -> tuple[int, ...]:
        """Return the highest ids of entries that match in (above, below), highest first."""

    def list_rows(
        self, db: Db, expression: str, rows: PassingRows, *, below: int, above: int, cap: int
    ) -> Sequence[int]:
        """Return the ids in (above, below) of rows whose entry matches, where no more than `cap` entries do."""

    def filter_window(
        self, db: Db, expression: str, rows: PassingRows, *, below: int, above: int, limit: int
    ) -> Window:
        """Look through the highest `limit` ids in (above, below)."""

    def rank_ids(self, db: Db, expression: str, *, newest: int, limit: int) -> tuple[int, ...]:
        """Return the ids that fit best among the `newest` that match, best first."""

    def clear(self, db: Db) -> None:
        """Empty the index."""

    def recreate(self, db: Db) -> None:
        """Drop the index, however damaged it is, and create an empty one."""

    def find_faults(self, db: Db, entries: int) -> list[str]:
        """Return what is wrong with an index that should hold so many entries; an error it raises is damage, too."""

    def validate(self, db: Db) -> list[str]:
        """Return what is wrong inside the index. It needs the write lock; an error it raises is damage, too."""


def get_fulltext(db: Db) -> FulltextIndex:
    """Return the full-text index of the database that a transaction is open on."""
    return _load_fulltext(db.dialect.name)


@cache
def _load_fulltext(name: str) -> FulltextIndex:
    if name == "sqlite":
        from watcher.store.sql.sqlite_fulltext import SqliteFulltext

        return SqliteFulltext()
    from watcher.store.sql.postgresql_fulltext import PostgresqlFulltext

    return PostgresqlFulltext()
