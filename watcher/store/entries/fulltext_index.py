"""The full-text index of the archive: indexes entries, and asks for those that may match a query.

`match` decides which of them do. The SQL is in `store.sql`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from watcher.match import EntryText, RequiredTerms
from watcher.model.entry import StoredEntry
from watcher.store.database import Db
from watcher.store.sql.chunks import split_into_chunks
from watcher.store.sql.fulltext import get_fulltext
from watcher.store.sql.passing import PassingRows
from watcher.store.sql.window import Window

MAX_COUNTED_ENTRIES = 5_000
"""Beyond this many matches a filter drives the search instead of the words."""
_FIRST_WINDOW = 4
"""How many times as many rows as matches are wanted are looked at first: most common words stand in fewer."""
_LONGEST_WINDOW = 5_000
_SPARE = 1.25
"""How many times as many rows are looked at as are expected to be needed."""


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


def list_matching_ids(db: Db, expression: str, *, below: int, above: int = 0, limit: int) -> tuple[int, ...]:
    """Return the ids of the newest entries that match, in (above, below), newest first."""
    return get_fulltext(db).list_ids(db, expression, below=below, above=above, limit=limit)


def iter_matching_windows(
    db: Db, expression: str, rows: PassingRows, *, below: int, above: int = 0, step: int
) -> Iterator[Window]:
    """Yield what matches among rows with ids in (above, below), highest ids first, until there are no more.

    As long as that takes less time than to ask the index for all that match, rows are looked through, window by window:
    each is as large as the share of what has matched before it lets `step` matches be expected, and no larger than what
    is left where the rows are as close to each other as before.
    """
    index = get_fulltext(db)
    lookups = index.count_lookups(db, expression, MAX_COUNTED_ENTRIES)
    limit, expected, looked, matched = _FIRST_WINDOW * step, _FIRST_WINDOW * step, 0, 0
    while lookups > expected:
        window = index.filter_window(db, expression, rows, below=below, above=above, limit=limit)
        if window.looked:
            yield window
        if window.looked < limit:
            return
        below = window.lowest
        looked += window.looked
        matched += len(window.matching)
        for_step = (step - matched % step) * looked / max(1, matched)
        left = window.looked * (window.lowest - above) / (1 + window.highest - window.lowest)
        expected = int(_SPARE * min(for_step, left))
        limit = min(_LONGEST_WINDOW, max(step, expected))
    ids = index.list_rows(db, expression, rows, below=below, above=above, cap=MAX_COUNTED_ENTRIES)
    for some in split_into_chunks(sorted(ids, reverse=True), step):
        yield Window(looked=len(some), lowest=some[-1], highest=some[0], matching=tuple(some))


def rank_matching_ids(db: Db, expression: str, *, newest: int, limit: int) -> tuple[int, ...]:
    """Return the ids that fit best among the `newest` matches: bm25 on SQLite, cover density on PostgreSQL."""
    return get_fulltext(db).rank_ids(db, expression, newest=newest, limit=limit)
