"""The full-text index of the archive: indexes entries, and asks for those that may match a query.

`match` decides which of them do. The SQL is in `store.sql`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select

from watcher.match import EntryText, RequiredTerms
from watcher.model.entry import StoredEntry
from watcher.store.database import Db
from watcher.store.sql.fulltext import get_fulltext
from watcher.store.sql.window import Window

MAX_COUNTED_ENTRIES = 5_000
"""Beyond this many matches a word is called common, and a filter drives the search instead of it."""
_FIRST_WINDOW = 4
"""How many times as many rows as matches are wanted are looked at first: most common words stand in fewer."""
_LONGEST_WINDOW = 5_000


def index_entries(db: Db, stored: Sequence[StoredEntry], tokenized: Sequence[str] | None = None) -> None:
    """Put entries into the index, in one statement for the whole batch.

    `tokenized` are their index tokens (`tokenize_entry`), where they are known already.
    """
    if not stored:
        return
    texts = map(tokenize_entry, stored) if tokenized is None else tokenized
    get_fulltext(db).add(db, [(entry.id, text) for entry, text in zip(stored, texts, strict=True)])


def unindex_entries(db: Db, stored: Iterable[StoredEntry]) -> None:
    """Take entries out of the index; they must be as they were when they were put in, word for word."""
    get_fulltext(db).remove(db, [(entry.id, tokenize_entry(entry)) for entry in stored])


def tokenize_entry(stored: StoredEntry) -> str:
    """Return the index tokens of an entry's own words, with spaces between."""
    return EntryText(stored).format_index_text()


def format_expression(db: Db, terms: RequiredTerms) -> str | None:
    """Return the terms in the database's own search syntax; None where any entry may match."""
    return get_fulltext(db).format_expression(terms)


def is_common_expression(db: Db, expression: str) -> bool:
    """Return whether there are more matches than MAX_COUNTED_ENTRIES, or about so many."""
    return get_fulltext(db).is_common(db, expression, MAX_COUNTED_ENTRIES)


def list_matching_ids(db: Db, expression: str, *, below: int, above: int = 0, limit: int) -> tuple[int, ...]:
    """Return the ids of the newest entries that match, in (above, below), newest first."""
    return get_fulltext(db).list_ids(db, expression, below=below, above=above, limit=limit)


def list_matching_rows(
    db: Db, expression: str, chosen: Select[Any], entry_id: ColumnElement[int]
) -> Sequence[Row[Any]]:
    """Return the rows of a selection whose entry matches, for what is not common; `entry_id` is the entry's column."""
    return get_fulltext(db).list_rows(db, expression, chosen, entry_id, MAX_COUNTED_ENTRIES)


def iter_matching_windows(
    db: Db, expression: str, select_rows: Callable[[int, int], Select[Any]], *, below: int, step: int
) -> Iterator[Window]:
    """Yield what matches among rows, highest ids first, window by window, until there are no more.

    `select_rows(below, limit)` selects the columns `id` and `entry_id` of the highest ids. A window is as large as the
    share of what has matched before it lets `step` matches be expected.
    """
    limit, looked, matched = _FIRST_WINDOW * step, 0, 0
    while (window := get_fulltext(db).filter_window(db, expression, select_rows(below, limit))).looked:
        yield window
        below = window.lowest
        looked += window.looked
        matched += len(window.matching)
        missing = step - matched % step
        limit = min(_LONGEST_WINDOW, max(step, int(1.25 * missing * looked / max(1, matched))))


def rank_matching_ids(db: Db, expression: str, *, newest: int, limit: int) -> tuple[int, ...]:
    """Return the ids that fit best among the `newest` matches: bm25 on SQLite, cover density on PostgreSQL."""
    return get_fulltext(db).rank_ids(db, expression, newest=newest, limit=limit)
