"""What is known of feeds when their next documents come: by key, by address, by headline, and what was pruned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import Text, and_, bindparam, delete, insert, select, update

from watcher.identify import KnownEntries, build_shared_key, build_specific_keys, hash_title, is_named_by
from watcher.model.entry import Entry
from watcher.model.poll import KnownEntry, PrunedEntry, RememberedEntry
from watcher.store.database import Db
from watcher.store.entries.key_hashes import hash_key
from watcher.store.entries.mapping import format_usual_key, restore_key
from watcher.store.sql.bulk import any_of
from watcher.store.sql.dialect import get_dialect
from watcher.store.sql.interface import SqlDialect
from watcher.store.sql.types import IDS, TEXTS, read_moment
from watcher.store.tables import aliases, tombstones

MAX_RECENT = 200
"""How many of a feed's latest entries tell what is old news for it."""

MAX_SIMILAR = 100
"""How many entries with one headline or one address are compared with a new item: the latest."""

MIN_ITEMS_OF_FIRST_DOCUMENT = 8
"""Of a feed with so many items to look up it is asked first whether anything is known of it at all."""

TOMBSTONE_TOUCH_INTERVAL = timedelta(hours=12)

_Asked = tuple[int, int, int, str]
"""A place among what is asked, a feed, a mark, and the text that it stands for or what it is a mark of."""
_ASKED_COLUMNS = {"place": "integer", "feed": "bigint", "mark": "bigint", "said": "text"}
_FACTS = """known.id, known.key, known.key_mark, coalesce(known.canonical_url, known.url) AS canonical_url,
        CASE WHEN known.permalink THEN known.url ELSE coalesce(known.guid, known.url) END AS raw_id,
        known.content_hash, known.title, known.version, known.published_at"""
_BY_KEY = f"""
    SELECT place, 0 AS how, {_FACTS} FROM asked CROSS JOIN entries AS known
    WHERE known.feed_id = asked.feed AND known.key_mark = asked.mark
    UNION ALL
    SELECT place, CASE WHEN other.key = asked.said THEN 1 ELSE 3 END, {_FACTS}
    FROM asked CROSS JOIN aliases AS other CROSS JOIN entries AS known
    WHERE other.feed_id = asked.feed AND other.key IN (asked.said, '{build_shared_key("")}' || asked.said)
        AND known.id = other.entry_id
    UNION ALL
    SELECT place, CASE WHEN gone.key = asked.said THEN 2 ELSE 4 END, 0, gone.key, 0, NULL, NULL, gone.content_hash, '',
        1, NULL
    FROM asked CROSS JOIN tombstones AS gone
    WHERE gone.feed_id = asked.feed AND gone.key IN (asked.said, '{build_shared_key("")}' || asked.said)"""  # noqa: S608


class _Found(NamedTuple):
    """A row of `_BY_KEY` or `_ALIKE`."""

    place: int
    how: int
    id: int
    key: str | None
    key_mark: int
    canonical_url: str | None
    raw_id: str | None
    content_hash: bytes
    title: str
    version: int
    published_at: datetime | None


_SHARED = {3, 4}
"""How an id is found that has stood on several items: by what was noted of it, not by an entry of its own."""
# In no order: asked for one, SQLite would walk every entry of the feed in it.
_ALIKE = f"""
    SELECT place, 0, {_FACTS} FROM asked CROSS JOIN entries AS known
    WHERE asked.said = 'address' AND known.feed_id = asked.feed AND known.url_mark = asked.mark
    UNION ALL
    SELECT place, 0, {_FACTS} FROM asked CROSS JOIN entries AS known
    WHERE asked.said = 'key' AND known.feed_id = asked.feed AND known.key_mark = asked.mark
    UNION ALL
    SELECT place, 0, {_FACTS} FROM asked CROSS JOIN entries AS known
    WHERE asked.said = 'headline' AND known.feed_id = asked.feed AND known.title_mark = asked.mark"""  # noqa: S608


_WITHOUT_ENTRIES = """
    WHERE NOT EXISTS (SELECT 1 FROM entries AS known WHERE known.feed_id = asked.feed)
        AND NOT EXISTS (SELECT 1 FROM aliases AS other WHERE other.feed_id = asked.feed)
        AND NOT EXISTS (SELECT 1 FROM tombstones AS gone WHERE gone.feed_id = asked.feed)"""
_LATEST = f"""
    SELECT asked.feed, (SELECT max(published_at) FROM (SELECT published_at FROM entries
            WHERE feed_id = asked.feed ORDER BY id DESC LIMIT {MAX_RECENT}) AS latest) AS newest,
        (SELECT count(*) FROM (SELECT id FROM entries
            WHERE feed_id = asked.feed LIMIT {MAX_RECENT}) AS latest) AS number
    FROM """  # noqa: S608


@cache
def _with_asked(dialect: SqlDialect, question: str) -> str:
    return dialect.values_cte("asked", _ASKED_COLUMNS) + question


@cache
def _select_latest(dialect: SqlDialect) -> str:
    return _LATEST + dialect.values_of("feeds", "feed", "bigint")


@cache
def _select_without_entries(dialect: SqlDialect) -> str:
    source = dialect.values_of("feeds", "feed", "bigint")
    return f"SELECT asked.feed FROM {source} {_WITHOUT_ENTRIES}"  # noqa: S608


_THESE_ALIASES = and_(
    any_of(aliases.c.feed_id, bindparam("feeds", type_=IDS)), any_of(aliases.c.key, bindparam("keys", type_=TEXTS))
)
_ALIASED = select(aliases.c.feed_id, aliases.c.key).where(_THESE_ALIASES)
_EARLIER_ALIASES = delete(aliases).where(
    any_of(aliases.c.entry_id, bindparam("ids", type_=IDS)), ~aliases.c.key.startswith(build_shared_key(""))
)
_GONE_UNDER_NEW_KEY = insert(tombstones).from_select(
    ["feed_id", "key", "seen_at", "content_hash"],
    select(tombstones.c.feed_id, bindparam("new", type_=Text), tombstones.c.seen_at, tombstones.c.content_hash).where(
        tombstones.c.feed_id == bindparam("feed"), tombstones.c.key == bindparam("former")
    ),
)
_STILL_LISTED = (
    update(tombstones)
    .where(
        tombstones.c.feed_id == bindparam("feed"),
        tombstones.c.key == bindparam("listed"),
        tombstones.c.seen_at < bindparam("noted"),
    )
    .values(seen_at=bindparam("now"))
)
_STILL_IN_DOCUMENT = (
    update(tombstones)
    .where(
        tombstones.c.feed_id == bindparam("feed"),
        tombstones.c.seen_at > bindparam("listed_since"),
        tombstones.c.seen_at < bindparam("noted"),
    )
    .values(seen_at=bindparam("now"))
)


@dataclass(slots=True)
class _DocumentLookup:
    """What has been found so far of what is known of one document's entries."""

    feed_id: int
    offered: Sequence[Entry]
    by_key: dict[str, tuple[int, KnownEntry]] = field(default_factory=dict)
    """Known entries by key, each with how it was found (`_BY_KEY`): the smaller number is the better find."""
    by_url: dict[str, list[RememberedEntry]] = field(default_factory=dict)
    by_title: dict[str, list[RememberedEntry]] = field(default_factory=dict)
    newest_published_at: datetime | None = None
    entry_count: int = 0
    counts: Counter[str] = field(init=False)
    changed: list[Entry] = field(init=False)
    """Those that are not repeated word for word, and so not known already; and those that share their ids."""

    def __post_init__(self) -> None:
        self.counts = Counter(entry.key for entry in self.offered)
        self.changed = [entry for entry in self.offered if not entry.item.repeated or self.counts[entry.key] > 1]

    def list_keys(self) -> Iterator[str]:
        """Return the keys by which entries are looked up at first."""
        for entry in self.changed:
            yield entry.key
            if self.counts[entry.key] > 1:
                yield from build_specific_keys(entry)
            if entry.former_key not in {None, entry.key}:
                yield str(entry.former_key)

    def list_specific_keys(self) -> Iterator[str]:
        """Return the keys of entries that are alone with their ids in this document, while others have had them."""
        for entry in self.changed:
            if self.counts[entry.key] == 1 and self._shares_id(entry):
                yield from build_specific_keys(entry)

    def list_unknown(self) -> list[Entry]:
        """Return the entries that no key has found so far."""
        return [entry for entry in self.changed if not entry.item.repeated and not self._is_named(entry)]

    def list_repeated_keys(self) -> Iterator[str]:
        """Return the keys of what is repeated word for word, where an unknown entry is like a known one."""
        if any(self.by_url.values()) or any(self.by_title.values()):
            yield from (entry.key for entry in self.offered if entry.item.repeated)

    def to_known_entries(self) -> KnownEntries:
        return KnownEntries(
            by_key={key: known for key, (_how, known) in self.by_key.items()},
            by_url={url: similar for url, similar in self.by_url.items() if similar},
            by_title={title: similar for title, similar in self.by_title.items() if similar},
            newest_published_at=self.newest_published_at,
            entry_count=self.entry_count,
        )

    def _is_named(self, entry: Entry) -> bool:
        if self.counts[entry.key] > 1 or self._shares_id(entry):
            return any(key in self.by_key for key in build_specific_keys(entry))
        return entry.key in self.by_key

    def _shares_id(self, entry: Entry) -> bool:
        known = self.by_key.get(entry.key)
        return build_shared_key(entry.key) in self.by_key or (known is not None and not is_named_by(entry, known[1]))


def load_known_entries(db: Db, feed_id: int, candidates: Sequence[Entry]) -> KnownEntries:
    """Gather what is known of one document's entries."""
    return load_known_entries_of_feeds(db, [(feed_id, candidates)])[0]


def load_known_entries_of_feeds(db: Db, offered: Sequence[tuple[int, Sequence[Entry]]]) -> tuple[KnownEntries, ...]:
    """Gather what is known of the entries of several documents, each of another feed, in the documents' order.

    By key, and for the unknown ones by address and by headline. An entry that was pruned while its feed still lists it
    counts as known and unchanged, so that it does not return. What is repeated word for word is looked up only where an
    unknown entry is like a known one, which may be one of the repeated.
    """
    # Four rounds, each one statement for all documents: by key; by more specific keys where an id is shared; by
    # address and headline for what is still unknown; and repeated items of documents in which that found something.
    documents = [_DocumentLookup(feed_id, entries) for feed_id, entries in offered]
    lookups = _drop_first_documents(db, documents)
    _find_by_keys(db, [(lookup, key) for lookup in lookups for key in lookup.list_keys()])
    _find_by_keys(db, [(lookup, key) for lookup in lookups for key in lookup.list_specific_keys()])
    unknown = [(lookup, entry) for lookup in lookups for entry in lookup.list_unknown()]
    _find_similar(db, unknown)
    _find_by_keys(db, [(lookup, key) for lookup in lookups for key in lookup.list_repeated_keys()])
    _read_latest(db, {lookup.feed_id: lookup for lookup, _entry in unknown})
    return tuple(document.to_known_entries() for document in documents)


def _drop_first_documents(db: Db, lookups: Sequence[_DocumentLookup]) -> Sequence[_DocumentLookup]:
    """Return the lookups without those of feeds of which nothing is stored: there is nothing to be found for them."""
    large = [lookup.feed_id for lookup in lookups if len(lookup.changed) >= MIN_ITEMS_OF_FIRST_DOCUMENT]
    if not large:
        return lookups
    dialect = get_dialect(db)
    parameters = {"feeds": dialect.bind_values(large)}
    without = {feed_id for [feed_id] in dialect.fetch_rows(db, _select_without_entries(dialect), parameters)}
    return [lookup for lookup in lookups if lookup.feed_id not in without]


def _find_by_keys(db: Db, places: Sequence[tuple[_DocumentLookup, str]]) -> None:
    """Find entries by keys: their own before another that they had, and that before a tombstone."""
    lookup_rows = [(place, lookup.feed_id, hash_key(key), key) for place, (lookup, key) in enumerate(places)]
    for row in _rows(db, _BY_KEY, lookup_rows):
        lookup, key = places[row.place]
        known_key = build_shared_key(key) if row.how in _SHARED else key
        before = lookup.by_key.get(known_key)
        if before is None or row.how < before[0]:
            lookup.by_key[known_key] = row.how, _read_known(row, key if row.how == 0 else None)


def _find_similar(db: Db, places: Sequence[tuple[_DocumentLookup, Entry]]) -> None:
    """Find entries that have the addresses and the headlines of others, the oldest first."""
    similar_by_question: dict[tuple[int, int, str], list[RememberedEntry]] = {}
    for lookup, entry in places:
        feed_id = lookup.feed_id
        if (url := entry.canonical_url) and url not in lookup.by_url:
            similar = similar_by_question[feed_id, hash_key(url), "address"] = lookup.by_url[url] = []
            # An entry whose key is its address is found by that.
            if entry.key != format_usual_key(url):
                similar_by_question[feed_id, hash_key(format_usual_key(url)), "key"] = similar
        if (title := hash_title(entry.item.title)) and title not in lookup.by_title:
            similar_by_question[feed_id, hash_key(title), "headline"] = lookup.by_title[title] = []
    results = list(similar_by_question.values())
    lookup_rows = [(place, *question) for place, question in enumerate(similar_by_question)]
    for row in sorted(_rows(db, _ALIKE, lookup_rows), key=lambda row: row.id):
        results[row.place].append(_read_remembered(row))
    for similar in results:
        del similar[:-MAX_SIMILAR]


def _read_latest(db: Db, lookups: Mapping[int, _DocumentLookup]) -> None:
    """Read how many entries each feed has, and when the newest of them was published."""
    if not lookups:
        return
    dialect = get_dialect(db)
    parameters = {"feeds": dialect.bind_values(list(lookups))}
    for feed_id, newest, number in dialect.fetch_rows(db, _select_latest(dialect), parameters):
        lookups[feed_id].newest_published_at = read_moment(newest, db.dialect)
        lookups[feed_id].entry_count = number


def add_aliases(db: Db, migrated: Iterable[tuple[int, int, str]], changing: Collection[int] = ()) -> None:
    """Remember that known entries now come under other keys as well: each a feed, an entry and its new key.

    Of `changing` feeds, whose ids change all the time, only the last key of an entry is kept beside its own.
    """
    rows = {(feed_id, key): entry_id for feed_id, entry_id, key in migrated}
    # Feeds whose ids change with each poll would add an alias a poll for each entry, for ever.
    if not rows:
        return
    if fleeting := sorted({entry_id for (feed_id, _key), entry_id in rows.items() if feed_id in changing}):
        db.execute(_EARLIER_ALIASES, {"ids": fleeting})
    parameters = {"feeds": sorted({feed_id for feed_id, _key in rows}), "keys": sorted({key for _feed_id, key in rows})}
    already = {(row.feed_id, row.key) for row in db.execute(_ALIASED, parameters)}
    fresh = [
        {"feed_id": feed_id, "key": key, "entry_id": entry_id}
        for (feed_id, key), entry_id in rows.items()
        if (feed_id, key) not in already
    ]
    if fresh:
        db.execute(insert(aliases), fresh)


def add_tombstone_keys(db: Db, pruned_keys: Iterable[tuple[int, str, str]]) -> None:
    """Remember pruned entries under the keys that they would have today: each a feed, the former key and the new."""
    rows = [{"feed": feed_id, "former": former, "new": new} for feed_id, former, new in pruned_keys if former != new]
    if rows:
        db.execute(_GONE_UNDER_NEW_KEY, rows)


def touch_tombstones(db: Db, listed: Iterable[tuple[int, str]], now: datetime) -> None:
    """Note, once in a while, which pruned entries their feeds still list, by key, so that their tombstones stay."""
    rows = [
        {"feed": feed_id, "listed": key, "now": now, "noted": now - TOMBSTONE_TOUCH_INTERVAL} for feed_id, key in listed
    ]
    if rows:
        db.execute(_STILL_LISTED, rows)


def touch_tombstones_of_unchanged(db: Db, unchanged: Iterable[tuple[int, datetime | None]], now: datetime) -> None:
    """Note, once in a while, that documents which have not changed list the pruned entries that they listed before.

    Each is a feed whose document was sent whole and was the same, and when it was last read before.
    """
    # A listed one was noted less than two intervals before the last reading: within one of the reading of its interval.
    interval = TOMBSTONE_TOUCH_INTERVAL
    rows = [
        {"feed": feed_id, "listed_since": read_at - 2 * interval, "now": now, "noted": now - interval}
        for feed_id, read_at in unchanged
        if read_at is not None
        and read_at.timestamp() // interval.total_seconds() != now.timestamp() // interval.total_seconds()
    ]
    if rows:
        db.execute(_STILL_IN_DOCUMENT, rows)


def _rows(db: Db, question: str, lookup_rows: Sequence[_Asked]) -> Sequence[_Found]:
    if not lookup_rows:
        return ()
    dialect = get_dialect(db)
    rows = dialect.fetch_rows(db, _with_asked(dialect, question), dialect.bind_rows("asked", lookup_rows))
    return [_Found._make((*facts, read_moment(published_at, db.dialect))) for *facts, published_at in rows]


def _read_known(row: _Found, key: str | None = None) -> KnownEntry:
    # A tombstone comes with the id 0, and has neither headline nor date.
    return _read_remembered(row, key) if row.id else PrunedEntry(key=key or str(row.key), content_hash=row.content_hash)


def _read_remembered(row: _Found, key: str | None = None) -> RememberedEntry:
    return RememberedEntry(
        id=row.id,
        key=key or restore_key(row.key, row.raw_id, row.canonical_url, row.key_mark),
        canonical_url=row.canonical_url,
        content_hash=row.content_hash,
        title=row.title,
        published_at=row.published_at,
        version=row.version,
        raw_id=row.raw_id,
    )
