"""Reports as they are compared with each other when entries are put into stories: new ones, and stored ones.

A stored report is a neighbour of many others, so that a process keeps those that it has read. What may have changed of
them since, by whichever process, is looked up in each transaction: the texts are read again where it did.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, bindparam, func, select

from watcher.model.entry import StoredEntry
from watcher.model.event import choose_report_time
from watcher.store.database import Db
from watcher.store.sql.bulk import any_of
from watcher.store.sql.dialect import get_dialect
from watcher.store.sql.interface import SqlDialect
from watcher.store.sql.types import IDS, bind_moment, read_moment
from watcher.store.tables import entries as entry_table
from watcher.stories.grouping import ReportKey
from watcher.stories.pair import ReportTraits, build_traits
from watcher.stories.similarity import (
    MAX_COMPARED_CHARACTERS,
    ReportWords,
    build_story_text,
    compute_blocking_keys,
    extract_story_text,
    split_words,
)

MAX_KEPT_REPORTS = 2_048
"""So many stored reports are kept of a database: when there are more, they are read anew."""


@dataclass(frozen=True, slots=True)
class ComparedReport:
    """An entry as it is compared with others: entries that share no blocking key are not compared."""

    entry_id: int
    traits: ReportTraits
    words: ReportWords
    blocking_keys: frozenset[int]
    key: ReportKey
    story_id: int | None = None


_State: TypeAlias = tuple[Any, ...]
"""What the driver returns as a row of `_select_states`: an entry's story, and all that a change of its text changes."""
_Kept: TypeAlias = dict[int, tuple[_State, ComparedReport]]

_kept_reports: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()
_TEXTS = select(
    entry_table.c.id,
    entry_table.c.story_id,
    entry_table.c.title,
    func.substr(
        func.coalesce(func.nullif(entry_table.c.summary, ""), entry_table.c.content), 1, MAX_COMPARED_CHARACTERS
    ).label("rest"),
    entry_table.c.first_seen_at,
    entry_table.c.published_at,
    entry_table.c.language,
    entry_table.c.feed_id,
).where(any_of(entry_table.c.id, bindparam("ids", type_=IDS)), entry_table.c.story_id.is_not(None))


def build_fresh_report(stored: StoredEntry) -> ComparedReport:
    """Return the report of an entry that gets a story."""
    entry = stored.entry
    story_text = extract_story_text(entry)
    reported_at = choose_report_time(entry.item.published_at, stored.first_seen_at)
    return ComparedReport(
        stored.id,
        build_traits(story_text, entry.item.language),
        split_words(story_text),
        frozenset(compute_blocking_keys(story_text)),
        (reported_at, story_text, f"{entry.feed_id} {entry.key}"),
    )


def keep_reports(
    db: Db, stored: Sequence[StoredEntry], reports: Sequence[ComparedReport], stories: Sequence[int]
) -> None:
    """Keep the reports of entries that have just got their stories, as `load_candidates` would read them.

    Where the transaction is rolled back, they are of no use and do no harm.
    """
    kept = _make_room(db, len(reports))
    for entry, report, story_id in zip(stored, reports, stories, strict=True):
        feed_id, item = entry.entry.feed_id, entry.entry.item
        moments = [bind_moment(moment, db.dialect) for moment in (entry.first_seen_at, item.published_at)]
        # SQLite cuts moments to milliseconds.
        first_seen_at, published_at = (read_moment(moment, db.dialect) for moment in moments)
        reported_at = choose_report_time(published_at, first_seen_at or entry.first_seen_at)
        key = (reported_at, report.traits.text, f"{feed_id} {entry.id}")
        state = (entry.id, story_id, entry.version, feed_id, *moments, entry.entry.content_hash)
        kept[entry.id] = state, ComparedReport(entry.id, report.traits, report.words, frozenset(), key, story_id)


def load_candidates(db: Db, entry_ids: Collection[int]) -> Mapping[int, ComparedReport]:
    """Return the reports of those of some entries that have a story."""
    if not entry_ids:
        return {}
    dialect = get_dialect(db)
    states = dialect.fetch_rows(db, _select_states(dialect), {"ids": dialect.bind_values(list(entry_ids))})
    kept = _kept_reports.setdefault(db.engine, {})
    candidates: dict[int, ComparedReport] = {}
    unread: dict[int, _State] = {}
    for row in states:
        entry_id, state = row[0], tuple(row)
        known = kept.get(entry_id)
        if known is not None and known[0] == state:
            candidates[entry_id] = known[1]
        else:
            unread[entry_id] = state
    if unread:
        kept = _make_room(db, len(unread))
        for text_row in db.execute(_TEXTS, {"ids": list(unread)}).all():
            candidate = candidates[text_row.id] = _read_candidate(text_row)
            kept[text_row.id] = unread[text_row.id], candidate
    return candidates


def _make_room(db: Db, count: int) -> _Kept:
    """Return the reports that are kept of a database, so few that there is room for more."""
    kept = _kept_reports.setdefault(db.engine, {})
    if len(kept) + count > MAX_KEPT_REPORTS:
        kept.clear()
    return kept


@cache
def _select_states(dialect: SqlDialect) -> str:
    """Return the statement that finds what may have changed of entries with a story since they were read.

    An edit raises the version. The rest tells apart two entries that have had one id: that of an entry which was rolled
    back, or deleted as the newest, goes to another one.
    """
    columns = "id, story_id, version, feed_id, first_seen_at, published_at, content_hash".replace(", ", ", known.")
    asked = dialect.values_of("ids", "asked_id", "bigint")
    condition = "known.id = asked.asked_id AND known.story_id IS NOT NULL"
    return f"SELECT known.{columns} FROM {asked} CROSS JOIN entries AS known WHERE {condition}"  # noqa: S608


def _read_candidate(row: Any) -> ComparedReport:
    story_text = build_story_text(row.title, row.rest, "")
    reported_at = choose_report_time(row.published_at, row.first_seen_at)
    traits = build_traits(story_text, row.language)
    key = (reported_at, story_text, f"{row.feed_id} {row.id}")
    return ComparedReport(row.id, traits, split_words(story_text), frozenset(), key, row.story_id)
